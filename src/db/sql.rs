//! The few places where the engines' SQL differs, in one spelling each.

use sea_orm::{DbBackend, Statement, Value};

/// A statement whose `?` marks are written as the engine wants them (`$1`, `$2` … on PostgreSQL).
///
/// The text must not hold a question mark of its own.
pub fn statement(
    backend: DbBackend,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(backend, marks(backend, sql), values)
}

/// The text with the engine's own marks.
pub fn marks(backend: DbBackend, sql: &str) -> String {
    if backend != DbBackend::Postgres {
        return sql.to_owned();
    }
    let mut text = String::with_capacity(sql.len() + 16);
    for (count, part) in sql.split('?').enumerate() {
        if count > 0 {
            text.push('$');
            text.push_str(&count.to_string());
        }
        text.push_str(part);
    }
    text
}

/// The sum of a BIGINT expression as BIGINT: servers widen it to a decimal otherwise.
/// NULL where there are no rows; read it as `Option<i64>`.
pub fn sum(backend: DbBackend, expression: &str) -> String {
    let kind = if backend == DbBackend::MySql { "SIGNED" } else { "BIGINT" };
    format!("CAST(SUM({expression}) AS {kind})")
}

/// `?, ?, …` for a list of `count` values.
pub fn list(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// Ends a SELECT that locks its rows (SQLite's write transaction holds the lock already).
pub fn for_update(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Sqlite { "" } else { " FOR UPDATE" }
}

/// What LIKE matches texts with, where they contain this one; the clause ends in `ESCAPE '!'`. Signs
/// that LIKE reads as wildcards stand for themselves.
pub fn containing(text: &str) -> String {
    let plain = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{plain}%")
}
