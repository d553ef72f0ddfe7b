//! Anchors in master: where the edit log of each tenant that was written to ended at an instant.
//!
//! Whoever rewrites a tenant's log from some row on, hashes and all, cannot make the new hashes meet the
//! anchors. The lane tells the end of each commit, so no database is opened for this, and none is held.

use std::time::Duration;

use daybook_domain::{chain::ChainHash, id::TenantId};
use sea_orm::ConnectionTrait;

use super::newest::{Newest, Row};
use crate::{
    clock::Clock,
    db::{ControlDb, sql::statement},
    error::Result,
};

/// Gathers the newest end of each log and appends them together.
#[derive(Debug)]
pub(super) struct Anchors {
    master: ControlDb,
    clock: Clock,
    waiting: Newest<ChainHash>,
}

/// Rows of one transaction: others write to master too.
const ROWS_MAX: usize = 256;

/// A row that another process has appended is left as it is; so is that of a tenant that is gone.
const APPEND: &str = "INSERT INTO chain_anchors (tenant_id, chain_seq, chain_hash, anchored_at) \
     SELECT ?, ?, ?, ? FROM tenant_master WHERE id = ? AND NOT EXISTS \
     (SELECT 1 FROM chain_anchors WHERE tenant_id = ? AND chain_seq = ?)";

impl Anchors {
    pub fn new(master: ControlDb, clock: Clock) -> Self {
        Self { master, clock, waiting: Newest::default() }
    }

    /// Notes that a tenant's log ends there now.
    pub fn note(&self, tenant: TenantId, chain_seq: i64, hash: ChainHash) {
        self.waiting.note(tenant, chain_seq, hash);
    }

    /// Appends what waits, every `every`, until it is dropped.
    pub async fn keep_appending(&self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            if let Err(error) = self.flush().await {
                tracing::warn!(cause = ?error.cause(), "anchors of edit logs wait for master");
            }
        }
    }

    /// Appends what waits now.
    ///
    /// # Errors
    /// When master cannot be written; what was not appended still waits.
    pub async fn flush(&self) -> Result<()> {
        let mut failed = None;
        for chunk in self.waiting.rows().chunks(ROWS_MAX) {
            match self.append(chunk).await {
                Ok(()) => self.waiting.written(chunk),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn append(&self, ends: &[Row<ChainHash>]) -> Result<()> {
        let now = self.clock.now_ms();
        let txn = self.master.begin().await?;
        for (tenant, (chain_seq, hash)) in ends {
            let (tenant, seq) = (tenant.get(), *chain_seq);
            let values = [
                tenant.into(),
                seq.into(),
                hash.to_hex().into(),
                now.into(),
                tenant.into(),
                tenant.into(),
                seq.into(),
            ];
            let append = statement(txn.conn().get_database_backend(), APPEND, values);
            txn.conn().execute_raw(append).await?;
        }
        txn.commit().await
    }
}
