//! The fence: the one row that every transaction on a tenant's database locks first.

use daybook_domain::{chain::ChainHash, id::TenantId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};

use crate::{
    db::sql::for_update,
    error::{Error, Result},
};

/// What the `lane` row says, read under its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// Whose database this is; zero in a template.
    pub tenant: TenantId,
    /// Raised by a restore, a move or a migration copy: older routes are stale then.
    pub epoch: i64,
    /// False while the database is being copied.
    pub accepts_writes: bool,
    /// Counts changes of users, roles, keys and sessions.
    pub access_seq: i64,
    /// Counts changes of what postings are judged by.
    pub settings_seq: i64,
    /// Number of the newest event.
    pub change_seq: i64,
    /// Instant of the newest transaction.
    pub last_recorded_at: i64,
    /// Number of the newest audit row.
    pub chain_seq: i64,
    /// Its hash.
    pub chain_hash: ChainHash,
}

const READ: &str = "SELECT tenant_id, epoch, accepts_writes, access_seq, settings_seq, change_seq, \
     last_recorded_at, chain_seq, chain_hash FROM lane WHERE id = 1";

impl Fence {
    /// Locks the row and reads it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the lock is not to be had in time.
    pub async fn lock(txn: &DatabaseTransaction) -> Result<Self> {
        let lock = for_update(txn.get_database_backend());
        Self::query(txn, &format!("{READ}{lock}")).await
    }

    /// Reads the row without locking it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read(connection: &impl ConnectionTrait) -> Result<Self> {
        Self::query(connection, READ).await
    }

    async fn query(connection: &impl ConnectionTrait, sql: &str) -> Result<Self> {
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection
            .query_one_raw(statement)
            .await?
            .ok_or_else(|| Error::Internal("the lane row is missing".into()))?;
        let hash: String = row.try_get_by_index(8)?;
        Ok(Self {
            tenant: TenantId::new(row.try_get_by_index(0)?),
            epoch: row.try_get_by_index(1)?,
            accepts_writes: row.try_get_by_index(2)?,
            access_seq: row.try_get_by_index(3)?,
            settings_seq: row.try_get_by_index(4)?,
            change_seq: row.try_get_by_index(5)?,
            last_recorded_at: row.try_get_by_index(6)?,
            chain_seq: row.try_get_by_index(7)?,
            chain_hash: ChainHash::from_hex(&hash)
                .ok_or_else(|| Error::Internal("the lane's chain hash is malformed".into()))?,
        })
    }
}
