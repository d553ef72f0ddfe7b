//! Runs table definitions written in the SQL that the three engines share.
//!
//! Tokens in the text stand for what differs: `{pk}` is the type of a 64-bit primary key (SQLite's
//! `INTEGER`, which is the row's own key there), `{text}` a text without a practical bound, `{bytes}` bytes up
//! to several million.
//! MySQL does not roll definitions back, so each statement may be run again after a failure.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// A migration of that name, in one transaction where the engine has such: its way up, and its way down.
#[macro_export]
macro_rules! migration {
    (name: $name:literal, up: |$up:ident| { $($does:tt)* }, down: |$down:ident| { $($undoes:tt)* }) => {
        /// This migration.
        #[derive(Debug)]
        pub struct Migration;

        impl sea_orm_migration::MigrationName for Migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(
                &self,
                $up: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::DbErr> {
                $($does)*
            }

            async fn down(
                &self,
                $down: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::DbErr> {
                $($undoes)*
            }
        }
    };
}

/// A migration whose way up is a list of tables and indexes, and whose way down drops the tables.
#[macro_export]
macro_rules! tables {
    (name: $name:literal, tables: [$($table:expr),* $(,)?], indexes: [$($index:expr),* $(,)?]
     $(, after: $after:path)? $(, before_down: $before_down:path)?) => {
        $crate::migration! {
            name: $name,
            up: |manager| {
                $($crate::ddl::create(manager, $table).await?;)*
                $($crate::ddl::index(manager, $index).await?;)*
                $($after(manager).await?;)?
                Ok(())
            },
            down: |manager| {
                $($before_down(manager).await?;)?
                $crate::ddl::drop_all(manager, &[$($table),*]).await
            }
        }
    };
}

/// A migration that adds one column to a table, and on the way back takes it away.
#[macro_export]
macro_rules! column {
    (name: $name:literal, table: $table:literal, column: $column:literal,
     definition: $definition:literal $(,)?) => {
        $crate::migration! {
            name: $name,
            up: |manager| { $crate::ddl::add_column(manager, $table, $column, $definition).await },
            down: |manager| { $crate::ddl::drop_column(manager, $table, $column).await }
        }
    };
}

/// A migration that adds one index, and on the way back takes it away.
#[macro_export]
macro_rules! index {
    (name: $name:literal, index: $index:expr $(,)?) => {
        $crate::migration! {
            name: $name,
            up: |manager| { $crate::ddl::index(manager, $index).await },
            down: |manager| { $crate::ddl::drop_index(manager, $index).await }
        }
    };
}

/// Name and columns of a table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The table's name.
    pub name: &'static str,
    /// Columns and constraints, as they stand between the parentheses.
    pub columns: &'static str,
}

/// An index beyond those that constraints bring.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// The index's name, unique in the database.
    pub name: &'static str,
    /// The table it belongs to.
    pub table: &'static str,
    /// Column list.
    pub columns: &'static str,
}

/// Creates a table that is not there yet.
///
/// # Errors
/// What the database says of the statement.
pub async fn create(manager: &SchemaManager<'_>, table: Table) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    let (pk, text, bytes, tail) = match backend {
        DbBackend::Sqlite => ("INTEGER", "TEXT", "BLOB", ""),
        DbBackend::MySql => (
            "BIGINT",
            "LONGTEXT",
            "MEDIUMBLOB",
            " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ),
        _ => ("BIGINT", "TEXT", "BYTEA", ""),
    };
    let columns = table.columns.replace("{pk}", pk).replace("{text}", text);
    let columns = columns.replace("{bytes}", bytes);
    let name = table.name;
    run(manager, &format!("CREATE TABLE IF NOT EXISTS {name} ({columns}){tail}")).await
}

/// Creates an index that is not there yet.
///
/// # Errors
/// What the database says of the statement.
pub async fn index(manager: &SchemaManager<'_>, index: Index) -> Result<(), DbErr> {
    let Index { name, table, columns } = index;
    if manager.has_index(table, name).await? {
        return Ok(());
    }
    run(manager, &format!("CREATE INDEX {name} ON {table} ({columns})")).await
}

/// Drops an index that is still there.
///
/// # Errors
/// What the database says of the statement.
pub async fn drop_index(manager: &SchemaManager<'_>, index: Index) -> Result<(), DbErr> {
    let Index { name, table, .. } = index;
    if !manager.has_index(table, name).await? {
        return Ok(());
    }
    let of_table = match manager.get_database_backend() {
        DbBackend::MySql => format!(" ON {table}"),
        _ => String::new(),
    };
    run(manager, &format!("DROP INDEX {name}{of_table}")).await
}

/// Adds a column that is not there yet.
///
/// # Errors
/// What the database says of the statement.
pub async fn add_column(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
    definition: &str,
) -> Result<(), DbErr> {
    if manager.has_column(table, column).await? {
        return Ok(());
    }
    run(manager, &format!("ALTER TABLE {table} ADD COLUMN {column} {definition}")).await
}

/// Drops a column that is still there.
///
/// # Errors
/// What the database says of the statement.
pub async fn drop_column(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
) -> Result<(), DbErr> {
    if !manager.has_column(table, column).await? {
        return Ok(());
    }
    run(manager, &format!("ALTER TABLE {table} DROP COLUMN {column}")).await
}

/// Drops tables, the last first, so that no reference points at a dropped one.
///
/// # Errors
/// What the database says of the statement.
pub async fn drop_all(manager: &SchemaManager<'_>, tables: &[Table]) -> Result<(), DbErr> {
    for table in tables.iter().rev() {
        run(manager, &format!("DROP TABLE IF EXISTS {}", table.name)).await?;
    }
    Ok(())
}

/// Runs one statement as it stands, outside the prepared-statement protocol
/// (MySQL refuses `CREATE TRIGGER` inside it).
///
/// # Errors
/// What the database says of the statement.
pub async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(sql).await.map(|_| ())
}
