//! The two shared databases, main and master: one connection that writes, a few that read.

use daybook_entity::master::tenant::Engine;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::{
    connect::{self, SessionLimits, Use},
    slow::timed,
    target::Target,
};
use crate::error::Result;

/// An open main or master database.
#[derive(Debug, Clone)]
pub struct ControlDb {
    target: Target,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

/// A transaction on a [`ControlDb`]; dropped without [`ControlTxn::commit`], it rolls back.
#[derive(Debug)]
pub struct ControlTxn(DatabaseTransaction);

impl ControlDb {
    /// Opens an existing database. On a server both sides share one small pool.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when it cannot be reached.
    pub async fn open(target: Target, limits: SessionLimits) -> Result<Self> {
        let (writer, reader) = match target {
            Target::Sqlite { .. } => {
                let writer = connect::open(&target, Use::Write, 1, limits).await?;
                (writer, connect::open(&target, Use::Read, 4, limits).await?)
            }
            Target::Server(_) => {
                let pool = connect::open(&target, Use::Write, SERVER_CONNECTIONS, limits).await?;
                (pool.clone(), pool)
            }
        };
        Ok(Self { target, writer, reader })
    }

    /// For reading outside a transaction.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For single statements that write and for migrations; prefer [`ControlDb::begin`].
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction that will write (SQLite takes the write lock at once).
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when the writer is not free in time.
    pub async fn begin(&self) -> Result<ControlTxn> {
        Ok(ControlTxn(begin_write(&self.writer, self.target.engine()).await?))
    }

    /// Where it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Closes the connections, checkpointing a SQLite file.
    pub async fn close(&self) {
        for connection in [&self.reader, &self.writer] {
            if let Err(error) = connection.close_by_ref().await {
                tracing::warn!(%error, "a control database did not close cleanly");
            }
        }
    }
}

/// Connections to main or master that one process opens on a server.
pub const SERVER_CONNECTIONS: u32 = 6;

impl ControlTxn {
    /// The connection to run statements on.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.0
    }

    /// Makes the changes permanent.
    ///
    /// # Errors
    /// Whatever the database says; then nothing was stored, or the answer was lost.
    pub async fn commit(self) -> Result<()> {
        Ok(timed("commit", self.0.commit()).await?)
    }
}

/// Begins a transaction that will write: SQLite's write lock is taken at once, because a reader that
/// turns into a writer is refused without waiting. Servers run at READ COMMITTED (set per session on
/// MySQL, the default of PostgreSQL).
///
/// # Errors
/// When the connection or the lock is not to be had in time.
pub async fn begin_write(
    connection: &DatabaseConnection,
    engine: Engine,
) -> Result<DatabaseTransaction> {
    let transaction = match engine {
        Engine::Sqlite => {
            let options = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            };
            timed("begin", connection.begin_with_options(options)).await?
        }
        _ =>
        {
            #[expect(clippy::disallowed_methods, reason = "the one place that begins writing")]
            timed("begin", connection.begin()).await?
        }
    };
    Ok(transaction)
}
