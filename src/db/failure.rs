//! What a database's failure means: gone for now, refused by a guard, or a broken promise.

use daybook_migration::guard::{PERIOD_LOCKED, POSTED_IS_POSTED};
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// A guard of the database that refused a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// The date lies in a locked period.
    PeriodLocked,
    /// A posted row would have been changed or replaced.
    PostedIsPosted,
}

/// Which guard refused, if one did. The three engines raise the same words.
pub fn guard(error: &DbErr) -> Option<Guard> {
    let text = error.to_string();
    if text.contains(PERIOD_LOCKED) {
        Some(Guard::PeriodLocked)
    } else if text.contains(POSTED_IS_POSTED) {
        Some(Guard::PostedIsPosted)
    } else {
        None
    }
}

/// Whether a unique key refused the row.
pub fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether the database cannot serve now (gone, busy, full) and a retry may succeed.
pub fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            match cause.as_ref() {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => true,
                sqlx::Error::Database(said) => {
                    said.code().is_some_and(|code| is_passing(code.as_ref()))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Codes of conditions that pass: busy or full SQLite (5, 6, 10, 13 and their extensions), PostgreSQL
/// classes 08, 53, 57P and lock or idle time-outs, MySQL lock waits, shutdown and full disk.
pub(super) fn is_passing(code: &str) -> bool {
    if let Ok(number) = code.parse::<u32>()
        && code.len() != 5
    {
        return matches!(number & 0xff, 5 | 6 | 10 | 13) && number < 10_000
            || matches!(number, 1040 | 1053 | 1205 | 1213 | 1021 | 3024 | 4031);
    }
    code.starts_with("08")
        || code.starts_with("53")
        || code.starts_with("57P")
        || matches!(code, "55P03" | "25P03" | "40P01" | "40001" | "70100" | "HY000")
}
