//! Opens connections, each with the limits and settings that its use needs.

use std::{sync::Arc, time::Duration};

use daybook_entity::master::tenant::Engine;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use secrecy::ExposeSecret;
use sqlx::{
    ConnectOptions as _, Executor,
    mysql::{MySqlConnectOptions, MySqlSslMode},
    postgres::{PgConnectOptions, PgSslMode},
    sqlite,
};

use super::{
    files,
    reach::{self, Failure},
    slow,
    target::{ServerTarget, Target},
};
use crate::{
    config::TlsMode,
    error::{Error, Result},
};

/// What bounds a session that writes, in milliseconds, and how durable a SQLite commit is.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// Longest wait for a lock (or for SQLite's writer).
    pub lock_wait_ms: u64,
    /// Longest a transaction may stand idle before the server ends it.
    pub idle_transaction_ms: u64,
    /// `synchronous=FULL` (true) or `NORMAL`.
    pub sqlite_full: bool,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { lock_wait_ms: 8_000, idle_transaction_ms: 5_000, sqlite_full: true }
    }
}

/// How a connection will be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The one connection that writes.
    Write,
    /// The one connection of a lane. All that it asks, and all that foreign keys ask for it, finds rows by
    /// their keys. A plan lives as long as the session, and one made while a table was small would read
    /// the whole of it for ever after, so PostgreSQL's planner is told not to.
    Lane,
    /// Reads only; SQLite enforces it.
    Read,
}

impl Use {
    fn writes(self) -> bool {
        self != Self::Read
    }
}

/// Opens a pool of at most `most` connections to an existing database. Of a server, a first connection
/// stands when this returns; why there is none is told within [`reach::BOUND`].
///
/// # Errors
/// [`Error::Unavailable`] when it cannot be reached.
pub async fn open(
    target: &Target,
    using: Use,
    most: u32,
    limits: SessionLimits,
) -> Result<DatabaseConnection> {
    let opened = try_open(target, using, most, limits).await;
    opened.map_err(|failure| Error::Unavailable(failure.text))
}

/// [`open`], with what a failure means.
pub(super) async fn try_open(
    target: &Target,
    using: Use,
    most: u32,
    limits: SessionLimits,
) -> std::result::Result<DatabaseConnection, Failure> {
    let mut options = match target {
        Target::Sqlite { path } => {
            if using.writes() {
                let path = path.clone();
                let made = files::blocking(move || files::make_private(&path)).await;
                made.map_err(|error| Failure::other(error.cause().unwrap_or_default()))?;
            }
            let mut options = ConnectOptions::new("sqlite::memory:");
            let path = path.clone();
            options.map_sqlx_sqlite_opts(move |_| sqlite_options(&path, using, limits));
            options
        }
        Target::Server(server) => server_options(server, using, limits),
    };
    let lock_wait = Duration::from_millis(limits.lock_wait_ms.max(1_000));
    // The one connection of a lane or a reader is waited for only when it must be made anew.
    let wait = match target {
        Target::Server(_) if most == 1 => reach::BOUND,
        Target::Server(_) => lock_wait.max(reach::BOUND),
        Target::Sqlite { .. } => lock_wait,
    };
    options
        .min_connections(0)
        .max_connections(most)
        .acquire_timeout(wait)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .record_stmt_in_spans(false);
    if matches!(target, Target::Server(_)) {
        options.test_before_acquire_if_idle_for(Duration::from_secs(30));
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that opens connections")]
    let opening = Box::pin(Database::connect(options));
    let mut connection = match target {
        Target::Sqlite { .. } => {
            opening.await.map_err(|error| Failure::other(format!("{}: {error}", target.label())))?
        }
        Target::Server(server) => {
            let attempt = Box::pin(sign_in(server, using, limits));
            reach::first_of(server, opening, attempt).await?
        }
    };
    connection.set_metric_callback(|told| slow::observe(&told.statement.sql, told.elapsed));
    Ok(connection)
}

/// Signs in once and leaves again, to learn why a pool gets no connection.
async fn sign_in(server: &ServerTarget, using: Use, limits: SessionLimits) -> sqlx::Result<()> {
    use sqlx::Connection as _;
    match server.engine {
        Engine::Postgres => postgres_options(server, using, limits).connect().await?.close().await,
        _ => mysql_options(server).connect().await?.close().await,
    }
}

fn sqlite_options(
    path: &std::path::Path,
    using: Use,
    limits: SessionLimits,
) -> sqlite::SqliteConnectOptions {
    let synchronous = if limits.sqlite_full {
        sqlite::SqliteSynchronous::Full
    } else {
        sqlite::SqliteSynchronous::Normal
    };
    // SQLite takes a name that begins like this for a URL.
    let path = if path.to_string_lossy().starts_with("file:") {
        std::path::Path::new(".").join(path)
    } else {
        path.to_owned()
    };
    let options = sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(using.writes())
        .journal_mode(sqlite::SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(limits.lock_wait_ms))
        .statement_cache_capacity(200)
        // SQLite's thread hands rows over one by one: with room for a page it never waits for the reader.
        .row_buffer_size(1_024)
        .pragma("recursive_triggers", "ON")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging();
    match using {
        Use::Write | Use::Lane => options,
        Use::Read => options.pragma("query_only", "ON"),
    }
}

fn server_options(server: &ServerTarget, using: Use, limits: SessionLimits) -> ConnectOptions {
    let server = Arc::new(server.clone());
    match server.engine {
        Engine::Postgres => {
            let mut options = ConnectOptions::new("postgres://localhost");
            options.map_sqlx_postgres_opts(move |_| postgres_options(&server, using, limits));
            options
        }
        _ => {
            let mut options = ConnectOptions::new("mysql://localhost");
            options.map_sqlx_mysql_opts(move |_| mysql_options(&server));
            options.map_sqlx_mysql_pool_opts(move |pool| {
                pool.after_connect(move |connection, _| {
                    Box::pin(async move {
                        // As a statement of its own: before 11.1 MariaDB has no variable of this name.
                        let isolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
                        connection.execute(isolation).await?;
                        connection.execute(sqlx::AssertSqlSafe(mysql_session(limits))).await?;
                        // MySQL ends an idle transaction otherwise; only MariaDB knows this one.
                        let idle = limits.idle_transaction_ms.div_ceil(1_000);
                        let idle = format!("SET SESSION idle_write_transaction_timeout = {idle}");
                        connection.execute(sqlx::AssertSqlSafe(idle)).await.ok();
                        Ok(())
                    })
                })
            });
            options
        }
    }
}

/// Statements hold values, and some of them passwords: the driver logs none, whatever the level.
fn postgres_options(server: &ServerTarget, using: Use, limits: SessionLimits) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&server.host)
        .port(server.port)
        .username(&server.user)
        .password(server.password.expose_secret())
        .database(&server.database)
        .application_name("daybook")
        .statement_cache_capacity(200)
        .ssl_mode(match server.tls.towards(&server.host) {
            TlsMode::Disable => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyCa,
            TlsMode::VerifyFull => PgSslMode::VerifyFull,
        })
        .options([
            ("lock_timeout", limits.lock_wait_ms.to_string()),
            ("idle_in_transaction_session_timeout", limits.idle_transaction_ms.to_string()),
            ("timezone", "UTC".to_owned()),
            // Statements here take milliseconds; compiling one would take tens of them.
            ("jit", "off".to_owned()),
        ])
        .disable_statement_logging();
    let options = match using {
        Use::Lane => options.options([("enable_seqscan", "off")]),
        Use::Write | Use::Read => options,
    };
    match &server.tls.root {
        Some(root) => options.ssl_root_cert(root),
        None => options,
    }
}

/// As [`postgres_options`], for MySQL and MariaDB.
fn mysql_options(server: &ServerTarget) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new()
        .host(&server.host)
        .port(server.port)
        .username(&server.user)
        .charset("utf8mb4")
        .statement_cache_capacity(200)
        // Without TLS, MySQL 8 takes no password that it has not seen lately; so it is tried everywhere.
        .ssl_mode(match server.tls.mode.unwrap_or(TlsMode::Prefer) {
            TlsMode::Disable => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
            TlsMode::VerifyFull => MySqlSslMode::VerifyIdentity,
        })
        .disable_statement_logging();
    // An empty password is none: hashed and sent, MySQL would take it for a wrong one.
    let password = server.password.expose_secret();
    if !password.is_empty() {
        options = options.password(password);
    }
    if !server.database.is_empty() {
        options = options.database(&server.database);
    }
    match &server.tls.root {
        Some(root) => options.ssl_ca(root),
        None => options,
    }
}

fn mysql_session(limits: SessionLimits) -> String {
    let lock_wait = limits.lock_wait_ms.div_ceil(1_000).max(1);
    format!(
        "SET SESSION innodb_lock_wait_timeout = {lock_wait}, time_zone = '+00:00', \
         sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
NO_ENGINE_SUBSTITUTION'"
    )
}
