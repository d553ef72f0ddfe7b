//! One connection to any engine, spoken to by prepared statements through sqlx alone.
//!
//! This is the raw side: no object mapper and no pool stand between a statement and its database.

use std::{str::FromStr, sync::Arc, time::Duration};

use chrono::NaiveDate;
use sea_orm::DbBackend;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Row as _,
    mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow},
    postgres::{PgConnectOptions, PgConnection, PgRow, PgSslMode},
    sqlite::{
        SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous,
    },
};

use crate::{
    Outcome,
    engine::{Engine, Place},
};

/// A value that is bound.
#[derive(Debug, Clone)]
pub enum Cell {
    Big(i64),
    Int(i32),
    Small(i16),
    Text(Arc<str>),
    Date(NaiveDate),
    Bool(bool),
    NoBig,
    NoText,
    NoDate,
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Big(value)
    }
}
impl From<i32> for Cell {
    fn from(value: i32) -> Self {
        Self::Int(value)
    }
}
impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<NaiveDate> for Cell {
    fn from(value: NaiveDate) -> Self {
        Self::Date(value)
    }
}
impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}
impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

/// A statement's text with the engine's own marks, written once and prepared once per connection.
#[derive(Debug, Clone)]
pub struct Script(Arc<str>);

impl Script {
    /// From a text with `?` marks.
    pub fn new(engine: Engine, text: &str) -> Self {
        Self(daybook::db::sql::marks(engine.backend(), text).into())
    }

    /// Several statements as one, which only SQLite can prepare.
    pub fn joined(scripts: &[&Script]) -> Self {
        let texts: Vec<&str> = scripts.iter().map(|script| script.0.as_ref()).collect();
        Self(texts.join("; ").into())
    }
}

/// An open connection.
#[derive(Debug)]
pub enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Mysql(MySqlConnection),
}

/// A row that was read.
#[derive(Debug)]
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    Mysql(MySqlRow),
}

macro_rules! bound {
    ($engine:ty, $script:expr, $cells:expr) => {{
        let mut query = sqlx::query::<$engine>(AssertSqlSafe(Arc::clone(&$script.0)));
        for cell in $cells {
            query = match cell {
                Cell::Big(value) => query.bind(*value),
                Cell::Int(value) => query.bind(*value),
                Cell::Small(value) => query.bind(*value),
                Cell::Text(value) => query.bind(Arc::clone(value)),
                Cell::Date(value) => query.bind(*value),
                Cell::Bool(value) => query.bind(*value),
                Cell::NoBig => query.bind(None::<i64>),
                Cell::NoText => query.bind(None::<String>),
                Cell::NoDate => query.bind(None::<NaiveDate>),
            };
        }
        query
    }};
}

macro_rules! column {
    ($name:ident, $kind:ty) => {
        pub fn $name(&self, index: usize) -> Outcome<$kind> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(index)?,
                Self::Postgres(row) => row.try_get(index)?,
                Self::Mysql(row) => row.try_get(index)?,
            })
        }
    };
}

impl Row {
    column!(big, i64);
    column!(maybe_big, Option<i64>);
    column!(text, String);
    column!(date, NaiveDate);
}

impl Connection {
    /// Opens a connection as the server does: the same journal, durability and isolation.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open(place: &Place) -> Outcome<Self> {
        match place {
            Place::File(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(Duration::from_secs(30))
                    .pragma("recursive_triggers", "ON")
                    .pragma("temp_store", "MEMORY");
                Ok(Self::Sqlite(options.disable_statement_logging().connect().await?))
            }
            Place::Server { engine: Engine::Postgres, url, database } => {
                // As the server does on this machine: without TLS.
                let options = PgConnectOptions::from_str(url)?
                    .database(database)
                    .ssl_mode(PgSslMode::Disable);
                Ok(Self::Postgres(options.disable_statement_logging().connect().await?))
            }
            Place::Server { url, database, .. } => {
                let options = MySqlConnectOptions::from_str(url)?.charset("utf8mb4");
                let options =
                    if database.is_empty() { options } else { options.database(database) };
                let mut connection = options.disable_statement_logging().connect().await?;
                for session in [
                    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
                    "SET SESSION innodb_lock_wait_timeout = 30",
                ] {
                    sqlx::raw_sql(session).execute(&mut connection).await?;
                }
                Ok(Self::Mysql(connection))
            }
        }
    }

    /// Runs a text as it stands, outside the prepared-statement protocol.
    ///
    /// # Errors
    /// What the database says.
    pub async fn command(&mut self, text: &'static str) -> Outcome<()> {
        match self {
            Self::Sqlite(connection) => {
                sqlx::raw_sql(text).execute(connection).await.map(|_| ())?
            }
            Self::Postgres(connection) => {
                sqlx::raw_sql(text).execute(connection).await.map(|_| ())?;
            }
            Self::Mysql(connection) => sqlx::raw_sql(text).execute(connection).await.map(|_| ())?,
        }
        Ok(())
    }

    /// As [`Connection::command`], with a text made at run time from names of our own.
    ///
    /// # Errors
    /// What the database says.
    pub async fn definition(&mut self, text: String) -> Outcome<()> {
        let sql = sqlx::raw_sql(AssertSqlSafe(text));
        match self {
            Self::Sqlite(connection) => sql.execute(connection).await.map(|_| ())?,
            Self::Postgres(connection) => sql.execute(connection).await.map(|_| ())?,
            Self::Mysql(connection) => sql.execute(connection).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Runs a prepared statement; the answer is MySQL's `LAST_INSERT_ID`, elsewhere zero.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&mut self, script: &Script, cells: &[Cell]) -> Outcome<u64> {
        Ok(match self {
            Self::Sqlite(connection) => {
                bound!(sqlx::Sqlite, script, cells).execute(connection).await.map(|_| 0)?
            }
            Self::Postgres(connection) => {
                bound!(sqlx::Postgres, script, cells).execute(connection).await.map(|_| 0)?
            }
            Self::Mysql(connection) => {
                bound!(sqlx::MySql, script, cells).execute(connection).await?.last_insert_id()
            }
        })
    }

    /// Reads all rows of a prepared statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rows(&mut self, script: &Script, cells: &[Cell]) -> Outcome<Vec<Row>> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let rows = bound!(sqlx::Sqlite, script, cells).fetch_all(connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(connection) => {
                let rows = bound!(sqlx::Postgres, script, cells).fetch_all(connection).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            Self::Mysql(connection) => {
                let rows = bound!(sqlx::MySql, script, cells).fetch_all(connection).await?;
                rows.into_iter().map(Row::Mysql).collect()
            }
        })
    }

    /// Reads the one row of a prepared statement.
    ///
    /// # Errors
    /// What the database says, or that there is no row.
    pub async fn row(&mut self, script: &Script, cells: &[Cell]) -> Outcome<Row> {
        self.rows(script, cells).await?.pop().ok_or_else(|| format!("no row: {}", script.0).into())
    }

    /// Closes it in good order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(self) -> Outcome<()> {
        match self {
            Self::Sqlite(connection) => connection.close().await?,
            Self::Postgres(connection) => connection.close().await?,
            Self::Mysql(connection) => connection.close().await?,
        }
        Ok(())
    }
}

impl Engine {
    /// The engine as the library under test names it.
    pub fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
            Self::Mariadb => DbBackend::MySql,
        }
    }
}
