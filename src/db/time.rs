//! The database server's own clock.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::error::{Error, Result};

/// An expression for the server's present instant in UTC milliseconds, as BIGINT. SQLite has none
/// other than this machine's.
pub fn now(backend: DbBackend) -> Option<&'static str> {
    match backend {
        DbBackend::Postgres => Some("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"),
        DbBackend::MySql => Some("CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)"),
        _ => None,
    }
}

/// The server's present instant in UTC milliseconds; `local` where it has no clock of its own.
///
/// # Errors
/// When the database cannot be asked.
pub async fn read(connection: &impl ConnectionTrait, local: i64) -> Result<i64> {
    let backend = connection.get_database_backend();
    let Some(now) = now(backend) else { return Ok(local) };
    let ask = Statement::from_string(backend, format!("SELECT {now}"));
    let row = connection.query_one_raw(ask).await?;
    let row = row.ok_or_else(|| Error::Internal("the server did not tell its time".into()))?;
    Ok(row.try_get_by_index(0)?)
}
