//! Read transactions that see one state of the database from their first to their last query.

use daybook_entity::master::tenant::Engine;
use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use crate::error::Result;

/// Begins a transaction that only reads. The state it sees is fixed by its first query.
///
/// # Errors
/// When no connection is to be had, or the database cannot be reached.
pub async fn begin(connection: &DatabaseConnection, engine: Engine) -> Result<DatabaseTransaction> {
    let options = match engine {
        Engine::Sqlite => TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
            ..TransactionOptions::default()
        },
        Engine::Postgres | Engine::Mysql => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        },
    };
    Ok(connection.begin_with_options(options).await?)
}
