//! Marks changes of the routing table, so that every node reads the changed rows anew.

use sea_orm::ConnectionTrait;

use crate::{
    db::{ControlTxn, sql::statement},
    error::{Error, Result},
};

/// Raises the routing version inside a transaction on master and returns it: the value for
/// `changed_in` of the rows that change with it. Holds the row until the commit, so that versions
/// become visible in their order.
///
/// # Errors
/// What the database says.
pub async fn touch(txn: &ControlTxn) -> Result<i64> {
    raise(txn, "routing_version").await
}

/// Raises the catalogue version, so that every node reads the shared structure anew.
///
/// # Errors
/// What the database says.
pub async fn touch_catalogue(txn: &ControlTxn) -> Result<i64> {
    raise(txn, "catalogue_version").await
}

async fn raise(txn: &ControlTxn, column: &str) -> Result<i64> {
    let backend = txn.conn().get_database_backend();
    let update = format!("UPDATE master_state SET {column} = {column} + 1 WHERE id = 1");
    txn.conn().execute_raw(statement(backend, &update, [])).await?;
    let read = format!("SELECT {column} FROM master_state WHERE id = 1");
    let row = txn
        .conn()
        .query_one_raw(statement(backend, &read, []))
        .await?
        .ok_or_else(|| Error::Internal("the row of master_state is missing".into()))?;
    Ok(row.try_get_by_index(0)?)
}
