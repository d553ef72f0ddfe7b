//! Connections for reading one tenant's database.

use std::sync::Arc;

use sea_orm::DatabaseConnection;

use crate::error::Result;

/// A tenant's readers.
#[derive(Debug)]
pub struct Readers {
    pool: DatabaseConnection,
}

/// A connection for reading, given back when dropped.
#[derive(Debug)]
pub struct Reader {
    connection: DatabaseConnection,
}

impl Readers {
    /// Readers over a pool of their own.
    pub fn over(pool: DatabaseConnection) -> Self {
        Self { pool }
    }

    /// Takes a connection.
    ///
    /// # Errors
    /// When none is free in time.
    pub async fn take(&self) -> Result<Reader> {
        Ok(Reader { connection: self.pool.clone() })
    }
}

impl Reader {
    /// The connection.
    pub fn conn(&self) -> &DatabaseConnection {
        &self.connection
    }
}

/// Reads that all see one state of the database.
#[derive(Debug)]
pub struct Snapshot(sea_orm::DatabaseTransaction);

impl Snapshot {
    /// The connection.
    pub fn conn(&self) -> &sea_orm::DatabaseTransaction {
        &self.0
    }
}

impl Reader {
    /// Begins reading one state of the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        use sea_orm::TransactionTrait;
        Ok(Snapshot(self.connection.begin().await?))
    }
}

impl AsRef<DatabaseConnection> for Reader {
    fn as_ref(&self) -> &DatabaseConnection {
        &self.connection
    }
}

/// Kept so that a shared pool can be named by several readers.
pub type SharedReaders = Arc<Readers>;
