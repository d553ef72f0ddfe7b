//! Marks in main by which other nodes and workers hear of this node's commits.

use std::time::Duration;

use daybook_domain::id::TenantId;
use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::{
    gather::Gather,
    newest::{Newest, Row},
};
use crate::{
    clock::Clock,
    db::{ControlDb, sql::statement},
    error::Result,
};

/// Gathers the newest event of each tenant and writes them together.
#[derive(Debug)]
pub(super) struct Marks {
    main: ControlDb,
    clock: Clock,
    waiting: Newest<()>,
    wanted: Newest<()>,
    announcing: Gather<TenantId>,
}

/// Rows of one statement.
const ROWS_MAX: usize = 256;

impl Marks {
    pub fn new(main: ControlDb, clock: Clock) -> Self {
        Self {
            main,
            clock,
            waiting: Newest::default(),
            wanted: Newest::default(),
            announcing: Gather::default(),
        }
    }

    /// Notes that a tenant's events go up to `change_seq`.
    pub fn note(&self, tenant: TenantId, change_seq: i64) {
        self.waiting.note(tenant, change_seq, ());
    }

    /// Notes that an event up to `change_seq` is one that workers wait for.
    pub fn want(&self, tenant: TenantId, change_seq: i64) {
        self.wanted.note(tenant, change_seq, ());
    }

    /// Writes what waits, every `every`, until it is dropped.
    pub async fn keep_writing(&self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            if let Err(error) = self.flush().await {
                tracing::warn!(cause = ?error.cause(), "marks of new events wait for main");
            }
        }
    }

    /// Writes what waits now.
    ///
    /// # Errors
    /// When main cannot be written; what was not written still waits.
    pub async fn flush(&self) -> Result<()> {
        let mut failed = None;
        for chunk in self.waiting.rows().chunks(ROWS_MAX) {
            match self.write(chunk).await {
                Ok(()) => self.waiting.written(chunk),
                Err(error) => failed = Some(error),
            }
        }
        for one in self.wanted.rows() {
            match self.write_wanted(one).await {
                Ok(()) => self.wanted.written(&[one]),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The row is there: the lane announced itself before it wrote.
    async fn write_wanted(&self, (tenant, (change_seq, ())): Row<()>) -> Result<()> {
        let writer = self.main.writer();
        let sql = "UPDATE outbox_pending SET wanted_seq = ? WHERE tenant_id = ? AND wanted_seq < ?";
        let values = [change_seq.into(), tenant.get().into(), change_seq.into()];
        writer.execute_raw(statement(writer.get_database_backend(), sql, values)).await?;
        Ok(())
    }

    async fn write(&self, marks: &[Row<()>]) -> Result<()> {
        let writer = self.main.writer();
        let backend = writer.get_database_backend();
        let now = self.clock.now_ms();
        let rows = vec!["(?, ?, ?)"; marks.len()].join(", ");
        let merge = match backend {
            DbBackend::MySql => {
                "ON DUPLICATE KEY UPDATE change_seq = GREATEST(change_seq, VALUES(change_seq)), \
                 marked_at = VALUES(marked_at)"
            }
            DbBackend::Sqlite => {
                "ON CONFLICT (tenant_id) DO UPDATE SET \
                 change_seq = MAX(tenant_changes.change_seq, excluded.change_seq), \
                 marked_at = excluded.marked_at"
            }
            _ => {
                "ON CONFLICT (tenant_id) DO UPDATE SET \
                 change_seq = GREATEST(tenant_changes.change_seq, excluded.change_seq), \
                 marked_at = excluded.marked_at"
            }
        };
        let text = format!(
            "INSERT INTO tenant_changes (tenant_id, change_seq, marked_at) VALUES {rows} {merge}"
        );
        let values = marks.iter().flat_map(|(tenant, (change_seq, ()))| {
            [Value::from(tenant.get()), Value::from(*change_seq), Value::from(now)]
        });
        writer.execute_raw(statement(backend, &text, values)).await?;
        Ok(())
    }

    /// Tells workers that this tenant's outbox may soon hold events, and raises the generation, so
    /// that one who clears an older mark clears nothing. Returns once that is committed; all who ask
    /// while a commit runs share the next one, since main has one writer for every tenant.
    ///
    /// # Errors
    /// When main cannot be written.
    pub async fn announce(&self, tenant: TenantId) -> Result<()> {
        self.announcing.join(tenant, |tenants| self.raise(tenants)).await
    }

    /// Raises the generation of these tenants, given in the order of the key.
    async fn raise(&self, tenants: Vec<TenantId>) -> Result<()> {
        let (writer, now) = (self.main.writer(), self.clock.now_ms());
        let backend = writer.get_database_backend();
        let merge = match backend {
            DbBackend::MySql => {
                "ON DUPLICATE KEY UPDATE generation = generation + 1, pending = TRUE, \
                 updated_at = VALUES(updated_at)"
            }
            _ => {
                "ON CONFLICT (tenant_id) DO UPDATE SET \
                 generation = outbox_pending.generation + 1, pending = TRUE, \
                 updated_at = excluded.updated_at"
            }
        };
        for chunk in tenants.chunks(ROWS_MAX) {
            let rows = vec!["(?, 1, TRUE, ?)"; chunk.len()].join(", ");
            let text = format!(
                "INSERT INTO outbox_pending (tenant_id, generation, pending, updated_at) \
                 VALUES {rows} {merge}"
            );
            let values = chunk.iter().flat_map(|tenant| [tenant.get().into(), now.into()]);
            writer.execute_raw(statement(backend, &text, values)).await?;
        }
        Ok(())
    }

    /// How many commits announcing took.
    #[cfg(test)]
    pub fn announcements(&self) -> usize {
        self.announcing.rounds()
    }
}
