//! The database's own guards: posted tables refuse change, locked periods refuse entry.
//!
//! The application never tries either; these hold against a hand that reaches round it. The three
//! engines raise the same words, [`POSTED_IS_POSTED`], [`PERIOD_LOCKED`] and [`HARD_LOCK_STAYS`].

mod period;

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

pub use period::{
    HARD_LOCK_STAYS, PERIOD_LOCKED, hard_locks_stay, hard_locks_yield, lock_periods,
    lock_periods_and_years,
};

use crate::ddl::run;

/// What a database says when a posted row would be changed, deleted or replaced.
pub const POSTED_IS_POSTED: &str = "POSTED_IS_POSTED";

/// A table whose rows are only ever inserted.
#[derive(Debug, Clone, Copy)]
pub struct InsertOnly {
    /// The table's name.
    pub table: &'static str,
    /// Every unique key, primary key first, as column lists.
    pub unique_keys: &'static [&'static [&'static str]],
}

/// Makes tables insert-only, and closes the ways round it that each engine has.
///
/// SQLite: `REPLACE` deletes without a trigger, so a row that repeats a unique key is refused before
/// it is inserted. PostgreSQL: `TRUNCATE` has a trigger of its own. MySQL/MariaDB: `TRUNCATE` runs no
/// trigger, but is refused while another table refers to this one: an empty guard table does.
///
/// # Errors
/// What the database says of a statement.
pub async fn protect(manager: &SchemaManager<'_>, tables: &[InsertOnly]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        run(
            manager,
            &format!(
                "CREATE OR REPLACE FUNCTION daybook_posted() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION '{POSTED_IS_POSTED}' USING ERRCODE = 'DB001'; END $$"
            ),
        )
        .await?;
    }
    for guarded in tables {
        let table = guarded.table;
        match manager.get_database_backend() {
            DbBackend::Sqlite => protect_sqlite(manager, guarded).await?,
            DbBackend::MySql => protect_mysql(manager, guarded).await?,
            _ => {
                for (suffix, event, each) in [
                    ("no_change", "UPDATE OR DELETE", "ROW"),
                    ("no_truncate", "TRUNCATE", "STATEMENT"),
                ] {
                    run(manager, &format!("DROP TRIGGER IF EXISTS {table}_{suffix} ON {table}"))
                        .await?;
                    run(
                        manager,
                        &format!(
                            "CREATE TRIGGER {table}_{suffix} BEFORE {event} ON {table} \
                             FOR EACH {each} EXECUTE FUNCTION daybook_posted()"
                        ),
                    )
                    .await?;
                }
            }
        }
    }
    Ok(())
}

async fn protect_sqlite(manager: &SchemaManager<'_>, guarded: &InsertOnly) -> Result<(), DbErr> {
    let table = guarded.table;
    let raise = format!("BEGIN SELECT RAISE(ABORT, '{POSTED_IS_POSTED}'); END");
    for event in ["UPDATE", "DELETE"] {
        let name = format!("{table}_no_{}", event.to_lowercase());
        run(
            manager,
            &format!("CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {table} {raise}"),
        )
        .await?;
    }
    let repeats: Vec<String> = guarded
        .unique_keys
        .iter()
        .map(|columns| {
            let same: Vec<String> =
                columns.iter().map(|column| format!("{column} = NEW.{column}")).collect();
            format!("EXISTS (SELECT 1 FROM {table} WHERE {})", same.join(" AND "))
        })
        .collect();
    run(
        manager,
        &format!(
            "CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} WHEN {} {raise}",
            repeats.join(" OR ")
        ),
    )
    .await
}

async fn protect_mysql(manager: &SchemaManager<'_>, guarded: &InsertOnly) -> Result<(), DbErr> {
    let table = guarded.table;
    for event in ["UPDATE", "DELETE"] {
        let name = format!("{table}_no_{}", event.to_lowercase());
        run(manager, &format!("DROP TRIGGER IF EXISTS {name}")).await?;
        run(
            manager,
            &format!(
                "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW \
                 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{POSTED_IS_POSTED}'"
            ),
        )
        .await?;
    }
    let key = guarded.unique_keys.first().and_then(|key| key.first()).copied().unwrap_or("id");
    run(
        manager,
        &format!(
            "CREATE TABLE IF NOT EXISTS {table}_guard (id BIGINT NOT NULL PRIMARY KEY, \
             FOREIGN KEY (id) REFERENCES {table} ({key})) ENGINE=InnoDB"
        ),
    )
    .await
}

/// Drops what [`protect`] made beside the table itself, before the tables are dropped.
///
/// # Errors
/// What the database says of a statement.
pub async fn unprotect(manager: &SchemaManager<'_>, tables: &[InsertOnly]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::MySql {
        for guarded in tables {
            run(manager, &format!("DROP TABLE IF EXISTS {}_guard", guarded.table)).await?;
        }
    }
    Ok(())
}
