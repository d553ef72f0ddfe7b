//! Writing to the main database: every act of the platform's office leaves a row in its own log.
//!
//! The row `admin_chain` is locked first, as the fence is in a tenant: rows of the log are numbered and
//! chained under it, and `access_seq` tells other nodes that somebody's rights changed.

use daybook_domain::chain::{ChainHash, link};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};

use super::Office;
use crate::{
    db::{
        ControlDb, ControlTxn,
        sql::{for_update, statement},
    },
    error::{Error, Result},
    lane::{Actor, Change, Ids, canonical},
};

/// A transaction on the main database that holds the chain's row. Dropped without
/// [`OfficeWriting::commit`], nothing of it is stored.
#[derive(Debug)]
pub struct OfficeWriting {
    txn: ControlTxn,
    actor: Actor,
    recorded_at: i64,
    chain_seq: i64,
    chain_hash: ChainHash,
    access_seq: i64,
}

impl Office {
    /// Begins a transaction on the main database, in somebody's name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database or the lock is not to be had in time.
    pub async fn write(&self, actor: Actor) -> Result<OfficeWriting> {
        OfficeWriting::begin(&self.main, &self.ids, actor).await
    }
}

impl OfficeWriting {
    /// Begins a transaction on a main database.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database or the lock is not to be had in time.
    pub async fn begin(main: &ControlDb, ids: &Ids, actor: Actor) -> Result<Self> {
        let txn = main.begin().await?;
        let backend = txn.conn().get_database_backend();
        let sql = format!(
            "SELECT chain_seq, chain_hash, last_recorded_at, access_seq FROM admin_chain \
             WHERE id = 1{}",
            for_update(backend)
        );
        let row = txn
            .conn()
            .query_one_raw(Statement::from_string(backend, sql))
            .await?
            .ok_or_else(|| Error::Internal("the row of admin_chain is missing".into()))?;
        let hash: String = row.try_get_by_index(1)?;
        let last_recorded_at: i64 = row.try_get_by_index(2)?;
        Ok(Self {
            actor,
            recorded_at: ids.clock().now_ms().max(last_recorded_at),
            chain_seq: row.try_get_by_index(0)?,
            chain_hash: ChainHash::from_hex(&hash)
                .ok_or_else(|| Error::Internal("the office's chain hash is malformed".into()))?,
            access_seq: row.try_get_by_index(3)?,
            txn,
        })
    }

    /// The connection, for reading and writing the office's other rows.
    pub fn conn(&self) -> &DatabaseTransaction {
        self.txn.conn()
    }

    /// The one instant of this transaction, UTC milliseconds.
    pub fn recorded_at(&self) -> i64 {
        self.recorded_at
    }

    /// Writes a row of the office's log.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit(&mut self, change: &Change) -> Result<()> {
        let seq = self.chain_seq + 1;
        let text = canonical::audit(&self.actor, self.recorded_at, change);
        let hash = link(self.chain_hash, seq, &text);
        let sql = "INSERT INTO admin_audit_logs (seq, recorded_at, actor_kind, actor_id, \
             request_id, action, subject_type, subject_id, canonical, hash) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = [
            seq.into(),
            self.recorded_at.into(),
            self.actor.kind().into(),
            self.actor.id().into(),
            self.actor.request_id.clone().into(),
            change.action.into(),
            change.subject_type.into(),
            change.subject.into(),
            text.into(),
            hash.to_hex().into(),
        ];
        let backend = self.conn().get_database_backend();
        self.conn().execute_raw(statement(backend, sql, values)).await?;
        self.chain_seq = seq;
        self.chain_hash = hash;
        Ok(())
    }

    /// Tells that somebody's role, status or session changes: cached access is read anew everywhere.
    pub fn access_changes(&mut self) {
        self.access_seq += 1;
    }

    /// Moves the chain on and commits.
    ///
    /// # Errors
    /// What the database says; then nothing was stored, or the answer was lost.
    pub async fn commit(self) -> Result<()> {
        let sql = "UPDATE admin_chain SET chain_seq = ?, chain_hash = ?, last_recorded_at = ?, \
             access_seq = ? WHERE id = 1";
        let values = [
            self.chain_seq.into(),
            self.chain_hash.to_hex().into(),
            self.recorded_at.into(),
            self.access_seq.into(),
        ];
        let backend = self.conn().get_database_backend();
        self.conn().execute_raw(statement(backend, sql, values)).await?;
        self.txn.commit().await
    }
}
