//! A place where databases are made and dropped: a server with an administrator's rights, or a folder.
//!
//! Dropping is guarded: only names of this installation's own form can be dropped ([`Names::may_drop`]).
//! Texts that go into statements are quoted here, and nowhere else.

use std::{path::PathBuf, time::Duration};

use daybook_entity::master::tenant::Engine;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult};

use super::{
    connect::{self, SessionLimits, Use},
    files,
    names::Names,
    sql::statement,
    target::{ServerTarget, Target},
};
use crate::error::{Error, Result};

/// Connections that administrative work may use on one server.
const CONNECTIONS: u32 = 4;
/// Longest wait for a lock in administrative work: creating a database waits for its template.
const LOCK_WAIT_MS: u64 = 60_000;
/// Longest wait for a connection that was opened earlier to prove itself.
const PING_WAIT: Duration = Duration::from_secs(1);
/// A dropped database's sessions are ended this often before giving up.
const DROP_TRIES: u32 = 5;

/// A server or a folder, opened for administrative work.
#[derive(Debug)]
pub struct Server {
    place: Place,
    names: Names,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Server { target: ServerTarget, pool: DatabaseConnection },
}

/// A database that [`Server::databases`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Bytes it takes on disk; servers estimate.
    pub size_bytes: i64,
}

impl Server {
    /// Opens a folder of SQLite files, making it where it is missing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the folder cannot be made.
    pub fn folder(path: PathBuf, names: Names) -> Result<Self> {
        files::make_folder(&path)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
        Ok(Self { place: Place::Folder(path), names })
    }

    /// Signs in to a server; which database the target names does not matter.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached or refuses.
    pub async fn open(target: &ServerTarget, names: Names) -> Result<Self> {
        let pool = open_office(target, CONNECTIONS, LOCK_WAIT_MS).await?;
        Ok(Self { place: Place::Server { target: target.clone(), pool }, names })
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        match &self.place {
            Place::Folder(_) => Engine::Sqlite,
            Place::Server { target, .. } => target.engine,
        }
    }

    /// The forms of names here.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The folder, where this is one.
    pub fn path(&self) -> Option<&PathBuf> {
        match &self.place {
            Place::Folder(path) => Some(path),
            Place::Server { .. } => None,
        }
    }

    /// One database here, reached with the administrator's rights.
    pub fn database(&self, name: &str) -> Target {
        match &self.place {
            Place::Folder(path) => Target::Sqlite { path: path.join(format!("{name}.sqlite")) },
            Place::Server { target, .. } => {
                Target::Server(ServerTarget { database: name.to_owned(), ..target.clone() })
            }
        }
    }

    /// Whether a database of this name exists.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn exists(&self, name: &str) -> Result<bool> {
        match &self.place {
            Place::Folder(path) => Ok(path.join(format!("{name}.sqlite")).exists()),
            Place::Server { target, pool } => {
                let sql = match target.engine {
                    Engine::Postgres => "SELECT 1 FROM pg_database WHERE datname = ?",
                    _ => "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?",
                };
                let ask = statement(pool.get_database_backend(), sql, [name.into()]);
                Ok(pool.query_one_raw(ask).await?.is_some())
            }
        }
    }

    /// Creates an empty database. On PostgreSQL only its owner may connect to it, and texts are
    /// compared by code point, as on the other engines.
    ///
    /// # Errors
    /// When the server refuses, also because it exists.
    pub async fn create(&self, name: &str) -> Result<()> {
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => {
                let name = quoted(Engine::Postgres, name);
                self.run(&format!(
                    "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' \
                     LC_COLLATE 'C' LC_CTYPE 'C'"
                ))
                .await?;
                self.run(&format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC")).await
            }
            Engine::Mysql => {
                self.run(&format!(
                    "CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                    quoted(Engine::Mysql, name)
                ))
                .await
            }
        }
    }

    /// Copies a PostgreSQL template. The copy takes no connections yet, because it does not inherit
    /// that PUBLIC may not connect: see [`Server::admit`].
    ///
    /// # Errors
    /// When the server refuses, also while somebody is connected to the template.
    pub async fn create_from_template(&self, template: &str, name: &str) -> Result<()> {
        let copy = quoted(Engine::Postgres, name);
        let template = quoted(Engine::Postgres, template);
        self.run(&format!("CREATE DATABASE {copy} TEMPLATE {template} ALLOW_CONNECTIONS false"))
            .await?;
        self.run(&format!("REVOKE ALL ON DATABASE {copy} FROM PUBLIC")).await
    }

    /// Lets connections in to a PostgreSQL database (or keeps them out).
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn admit(&self, name: &str, admits: bool) -> Result<()> {
        let name = quoted(Engine::Postgres, name);
        self.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {admits}")).await
    }

    /// Whether a PostgreSQL database takes connections.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn admits(&self, name: &str) -> Result<bool> {
        let sql = "SELECT datallowconn FROM pg_database WHERE datname = ?";
        Ok(match self.row(sql, [name.into()]).await? {
            Some(row) => row.try_get_by_index(0)?,
            None => false,
        })
    }

    /// Takes the right to connect from PUBLIC (PostgreSQL; elsewhere nobody has it).
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn keep_public_out(&self, name: &str) -> Result<()> {
        match self.engine() {
            Engine::Postgres if self.lets_public_in(name).await? => {
                let sql = format!(
                    "REVOKE ALL ON DATABASE {} FROM PUBLIC",
                    quoted(Engine::Postgres, name)
                );
                match self.run(&sql).await {
                    // Of two at the same moment the server refuses one; the other has done it.
                    Err(_) if !self.lets_public_in(name).await? => Ok(()),
                    outcome => outcome,
                }
            }
            _ => Ok(()),
        }
    }

    async fn lets_public_in(&self, name: &str) -> Result<bool> {
        let sql = "SELECT has_database_privilege('public', CAST(? AS TEXT), 'CONNECT, TEMPORARY')";
        Ok(match self.row(sql, [name.into()]).await? {
            Some(row) => row.try_get_by_index(0)?,
            None => false,
        })
    }

    /// Marks a PostgreSQL database as a finished template, or takes the mark back.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn mark_template(&self, name: &str, is_template: bool) -> Result<()> {
        let name = quoted(Engine::Postgres, name);
        self.run(&format!("ALTER DATABASE {name} IS_TEMPLATE {is_template}")).await
    }

    /// Whether a PostgreSQL database bears the mark of a finished template.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn is_marked_template(&self, name: &str) -> Result<bool> {
        let sql = "SELECT datistemplate FROM pg_database WHERE datname = ?";
        Ok(match self.row(sql, [name.into()]).await? {
            Some(row) => row.try_get_by_index(0)?,
            None => false,
        })
    }

    /// Drops a database with all that is in it, ending its sessions first. None there is no failure.
    ///
    /// # Errors
    /// [`Error::Internal`] for a name that is not of this installation's form; else what the server says.
    pub async fn drop_database(&self, name: &str) -> Result<()> {
        if !self.names.may_drop(name) {
            return Err(Error::Internal(format!("{name} is not a database of ours to drop")));
        }
        match &self.place {
            Place::Folder(path) => files::remove_database(path, name).await,
            Place::Server { target, .. } if target.engine == Engine::Postgres => {
                self.drop_postgres(name).await
            }
            Place::Server { .. } => {
                self.run(&format!("DROP DATABASE IF EXISTS {}", quoted(Engine::Mysql, name))).await
            }
        }
    }

    async fn drop_postgres(&self, name: &str) -> Result<()> {
        if !self.exists(name).await? {
            return Ok(());
        }
        if self.is_marked_template(name).await? {
            self.mark_template(name, false).await?;
        }
        let sql =
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(Engine::Postgres, name));
        let mut left = DROP_TRIES;
        loop {
            left = left.saturating_sub(1);
            match self.run(&sql).await {
                Err(Error::Database(_)) if left > 0 => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Ends the sessions of one database, this connection's apart (servers).
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn end_sessions(&self, name: &str) -> Result<()> {
        if self.engine() == Engine::Postgres {
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE datname = ? AND pid <> pg_backend_pid()";
            self.row(sql, [name.into()]).await?;
        }
        Ok(())
    }

    /// Tenants' databases and templates of this installation, by name, with their sizes.
    ///
    /// # Errors
    /// When the server or folder cannot be read.
    pub async fn databases(&self) -> Result<Vec<Found>> {
        let mut found = match &self.place {
            Place::Folder(path) => files::databases(path).await?,
            Place::Server { target, .. } => {
                let sql = match target.engine {
                    Engine::Postgres => {
                        "SELECT datname::text, pg_database_size(oid) FROM pg_database \
                         WHERE starts_with(datname::text, ?)"
                    }
                    _ => {
                        "SELECT s.schema_name, CAST(COALESCE(SUM(t.data_length + t.index_length), 0) \
                         AS SIGNED) FROM information_schema.schemata s \
                         LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name \
                         WHERE LEFT(s.schema_name, CHAR_LENGTH(?)) = ? GROUP BY s.schema_name"
                    }
                };
                let prefix = self.names.prefix();
                let values = if target.engine == Engine::Postgres {
                    vec![prefix.into()]
                } else {
                    vec![prefix.clone().into(), prefix.into()]
                };
                let mut found = Vec::new();
                for row in self.rows(sql, values).await? {
                    found.push(Found {
                        name: row.try_get_by_index(0)?,
                        size_bytes: row.try_get_by_index(1)?,
                    });
                }
                found
            }
        };
        found.retain(|one| self.names.may_drop(&one.name));
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// Bytes that one database takes; nothing where there is none.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn size(&self, name: &str) -> Result<Option<i64>> {
        let sql = match &self.place {
            Place::Folder(path) => return files::size(&path.join(format!("{name}.sqlite"))).await,
            Place::Server { target, .. } if target.engine == Engine::Postgres => {
                "SELECT pg_database_size(oid) FROM pg_database WHERE datname = ?"
            }
            Place::Server { .. } => {
                "SELECT CAST(SUM(data_length + index_length) AS SIGNED) \
                 FROM information_schema.tables WHERE table_schema = ?"
            }
        };
        Ok(match self.row(sql, [name.into()]).await? {
            Some(row) => row.try_get_by_index(0)?,
            None => None,
        })
    }

    /// What the server calls its version.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn version(&self) -> Result<String> {
        match &self.place {
            Place::Folder(_) => sqlite_version().await,
            Place::Server { pool, .. } => version_of(pool).await,
        }
    }

    /// Most connections that the server takes at once; nothing for a folder.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn max_connections(&self) -> Result<Option<i64>> {
        let sql = match self.engine() {
            Engine::Sqlite => return Ok(None),
            Engine::Postgres => {
                "SELECT setting::bigint FROM pg_settings WHERE name = 'max_connections'"
            }
            Engine::Mysql => "SELECT CAST(@@global.max_connections AS SIGNED)",
        };
        Ok(match self.row(sql, []).await? {
            Some(row) => Some(row.try_get_by_index(0)?),
            None => None,
        })
    }

    /// Whether it still answers, within a bound. While all connections are at work, somebody signs in
    /// anew to find out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn answers(&self) -> Result<()> {
        let Place::Server { target, pool } = &self.place else { return Ok(()) };
        match tokio::time::timeout(PING_WAIT, pool.ping()).await {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                let fresh = open_office(target, 1, LOCK_WAIT_MS).await?;
                Ok(fresh.close().await?)
            }
        }
    }

    /// Closes the connections.
    pub async fn close(&self) {
        if let Place::Server { pool, .. } = &self.place
            && let Err(error) = pool.close_by_ref().await
        {
            tracing::warn!(%error, "a server's connections did not close cleanly");
        }
    }

    /// Runs one statement outside the prepared-statement protocol, which refuses some of these.
    pub(crate) async fn run(&self, sql: &str) -> Result<()> {
        match &self.place {
            Place::Folder(_) => Err(Error::Internal("a folder runs no statements".into())),
            Place::Server { pool, .. } => Ok(pool.execute_unprepared(sql).await.map(|_| ())?),
        }
    }

    pub(super) async fn row<const N: usize>(
        &self,
        sql: &str,
        values: [sea_orm::Value; N],
    ) -> Result<Option<QueryResult>> {
        Ok(self.rows(sql, values.into()).await?.into_iter().next())
    }

    pub(super) async fn rows(
        &self,
        sql: &str,
        values: Vec<sea_orm::Value>,
    ) -> Result<Vec<QueryResult>> {
        match &self.place {
            Place::Folder(_) => Ok(Vec::new()),
            Place::Server { pool, .. } => {
                Ok(pool.query_all_raw(statement(pool.get_database_backend(), sql, values)).await?)
            }
        }
    }
}

/// Signs in to a server without depending on any database of ours: PostgreSQL always needs one, and
/// `postgres` is there for this; where it may not be used, the target's own must exist.
pub(super) async fn open_office(
    target: &ServerTarget,
    most: u32,
    lock_wait_ms: u64,
) -> Result<DatabaseConnection> {
    let limits = SessionLimits { lock_wait_ms, ..SessionLimits::default() };
    let office = match target.engine {
        Engine::Postgres => "postgres",
        _ => "",
    };
    let first = Target::Server(ServerTarget { database: office.to_owned(), ..target.clone() });
    match connect::try_open(&first, Use::Write, most, limits).await {
        Err(refused)
            if refused.is_answer
                && target.engine == Engine::Postgres
                && !target.database.is_empty() =>
        {
            connect::open(&Target::Server(target.clone()), Use::Write, most, limits).await
        }
        outcome => outcome.map_err(|failure| Error::Unavailable(failure.text)),
    }
}

/// What a database's engine calls its version.
///
/// # Errors
/// When it cannot be asked.
pub async fn version_of(connection: &DatabaseConnection) -> Result<String> {
    let backend = connection.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => "SELECT 'SQLite ' || sqlite_version()",
        DbBackend::MySql => "SELECT version()",
        _ => "SELECT 'PostgreSQL ' || current_setting('server_version')",
    };
    let row = connection
        .query_one_raw(statement(backend, sql, []))
        .await?
        .ok_or_else(|| Error::Database(DbErr::RecordNotFound("version".into())))?;
    Ok(row.try_get_by_index(0)?)
}

async fn sqlite_version() -> Result<String> {
    let memory = Target::Sqlite { path: ":memory:".into() };
    let connection = connect::open(&memory, Use::Write, 1, SessionLimits::default()).await?;
    let version = version_of(&connection).await;
    connection.close().await.ok();
    version
}

/// A name as the engine wants it in a statement.
pub(super) fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Mysql => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A text as a literal; passwords are made of letters and digits, so nothing is ever escaped.
pub(super) fn literal(text: &str) -> Result<String> {
    if text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_') {
        Ok(format!("'{text}'"))
    } else {
        Err(Error::Internal("a literal holds more than letters and digits".into()))
    }
}
