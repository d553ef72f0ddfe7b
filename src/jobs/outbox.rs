//! Reads tenants' outboxes and hands their events to those who wait for them.
//!
//! Main says which tenants may have events. A lane announces itself there before it writes, and again after
//! a minute (`lane::ANNOUNCED_FOR_MS`); the mark of a tenant is taken back only where the last announcement
//! is much older than that, the outbox was read to its end since, and no lane has announced itself meanwhile
//! (its generation is compared). So whatever a process did before it died is found, without opening a
//! tenant over and over in which nothing happens. What is for workers is told to main at once besides.

use std::{sync::Arc, time::Duration};

use daybook_domain::{chain::Canonical, id::TenantId};
use daybook_entity::main::work::outbox_pending;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, EntityTrait, Value};

use super::{Handler, Job, Outcome, recurring::DueListener};
use crate::{
    db::sql::{list, statement},
    error::{Error, Result},
    lane::{ANNOUNCED_FOR_MS, Actor, Change, Fence, Writing},
    office::{Office, queue::NewJob},
    tenancy::{Lease, Tenancy},
};

/// The kind of these jobs.
const KIND: &str = "OUTBOX";
/// Tenants with a mark are looked at again after this time, whatever is told of them.
const LOOK_AGAIN_MS: i64 = 2 * ANNOUNCED_FOR_MS;
/// A mark this old stands for no lane that may still write.
const SILENT_MS: i64 = 2 * ANNOUNCED_FOR_MS;
/// Most tenants that one look finds.
const TENANTS_MAX: u64 = 200;
/// Events that are read at once.
const EVENTS_MAX: usize = 200;
/// Events that one transaction removes.
const REMOVED_MAX: i64 = 2_000;
/// Kept events wait for so long beyond their time that they go together.
const REMOVE_EVERY_MS: i64 = 24 * 3_600_000;
/// How long a tenant waits whose database is being changed.
const CHANGING_MS: i64 = 60_000;

/// An event of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Its number.
    pub change_seq: i64,
    /// Its kind.
    pub kind: String,
}

/// Waits for events of some kinds. It may hear of one twice.
pub(super) trait Listener: Send + Sync {
    /// Which kinds. Those that are to be heard at once stand in `lane::writing::FOR_WORKERS` too.
    fn kinds(&self) -> &'static [&'static str];

    /// Hears of some events of a tenant, in order; at least one.
    fn hear<'a>(&'a self, db: &'a Lease, events: &'a [&'a Event]) -> BoxFuture<'a, Result<()>>;
}

/// Reads outboxes.
pub(super) struct OutboxHandler {
    listeners: Vec<Box<dyn Listener>>,
    office: Arc<Office>,
    tenancy: Arc<Tenancy>,
    keep_ms: i64,
}

impl OutboxHandler {
    pub fn new(office: &Arc<Office>, tenancy: &Arc<Tenancy>, keep: Duration) -> Self {
        let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let listeners: Vec<Box<dyn Listener>> = vec![Box::new(DueListener::new(office))];
        Self { listeners, office: Arc::clone(office), tenancy: Arc::clone(tenancy), keep_ms }
    }

    async fn tenants_due(&self) -> Result<Vec<NewJob>> {
        let now = self.office.clock.now_ms();
        let sql = format!(
            "SELECT tenant_id FROM outbox_pending WHERE pending = TRUE \
             AND (wanted_seq > handled_seq OR handled_at < ?) ORDER BY handled_at LIMIT {TENANTS_MAX}"
        );
        let reader = self.office.main.reader();
        let ask = statement(
            reader.get_database_backend(),
            &sql,
            [now.saturating_sub(LOOK_AGAIN_MS).into()],
        );
        let mut due = Vec::new();
        for row in reader.query_all_raw(ask).await? {
            due.push(NewJob {
                kind: KIND,
                tenant: Some(TenantId::new(row.try_get_by_index(0)?)),
                key: String::new(),
                payload: String::new(),
                due_at: now,
            });
        }
        Ok(due)
    }

    async fn read_outbox(&self, tenant: TenantId) -> Result<Outcome> {
        let found =
            outbox_pending::Entity::find_by_id(tenant).one(self.office.main.writer()).await?;
        let Some(mark) = found.filter(|mark| mark.pending) else { return Ok(Outcome::Done) };
        let began = self.office.clock.now_ms();
        let db = match self.tenancy.lease_any_status(tenant).await {
            // Nobody will ever read it.
            Err(Error::TenantNotFound) => {
                self.clear(&mark).await?;
                return Ok(Outcome::Done);
            }
            Err(Error::TenantUpgrading) => return Ok(Outcome::Later(CHANGING_MS)),
            leased => leased?,
        };
        let fence = Fence::read(db.reader().await?.conn()).await?;
        // After a restore numbers count anew: what is still there is handled once more.
        let is_same = fence.epoch == mark.handled_epoch;
        let after = if is_same { mark.handled_seq } else { 0 };
        self.hand_on(&db, after, fence.change_seq).await?;
        self.note(&mark, &fence, began).await?;
        if mark.updated_at < began.saturating_sub(SILENT_MS) {
            self.clear(&mark).await?;
        }
        self.remove_old(&db, fence.change_seq).await?;
        Ok(Outcome::Done)
    }

    /// Hands the events after a number, up to another one, to those who wait for them, in order.
    async fn hand_on(&self, db: &Lease, after: i64, through: i64) -> Result<()> {
        let kinds: Vec<&'static str> =
            self.listeners.iter().flat_map(|one| one.kinds().iter().copied()).collect();
        let mut after = after;
        loop {
            let events = read_events(db, &kinds, after, through).await?;
            let Some(newest) = events.last().map(|event| event.change_seq) else { return Ok(()) };
            for listener in &self.listeners {
                let is_for = |event: &&Event| listener.kinds().contains(&event.kind.as_str());
                let heard: Vec<&Event> = events.iter().filter(is_for).collect();
                if !heard.is_empty() {
                    listener.hear(db, &heard).await?;
                }
            }
            if events.len() < EVENTS_MAX {
                return Ok(());
            }
            after = newest;
        }
    }

    async fn note(&self, mark: &outbox_pending::Model, fence: &Fence, began: i64) -> Result<()> {
        let sql = "UPDATE outbox_pending SET handled_seq = ?, handled_epoch = ?, handled_at = ?, \
                   wanted_seq = CASE WHEN wanted_seq <= ? THEN 0 ELSE wanted_seq END \
                   WHERE tenant_id = ?";
        let values = [
            fence.change_seq.into(),
            fence.epoch.into(),
            began.into(),
            fence.change_seq.max(mark.wanted_seq).into(),
            mark.tenant_id.get().into(),
        ];
        let writer = self.office.main.writer();
        writer.execute_raw(statement(writer.get_database_backend(), sql, values)).await?;
        Ok(())
    }

    /// Takes the mark back, unless a lane has announced itself since it was read.
    async fn clear(&self, mark: &outbox_pending::Model) -> Result<()> {
        let sql =
            "UPDATE outbox_pending SET pending = FALSE WHERE tenant_id = ? AND generation = ?";
        let values = [mark.tenant_id.get().into(), mark.generation.into()];
        let writer = self.office.main.writer();
        writer.execute_raw(statement(writer.get_database_backend(), sql, values)).await?;
        Ok(())
    }

    /// Removes events that were handled and that no subscriber is to read any more: some at a time, and
    /// none before a day's worth can go.
    async fn remove_old(&self, db: &Lease, handled: i64) -> Result<()> {
        let before = self.office.clock.now_ms().saturating_sub(self.keep_ms);
        let oldest = {
            let reader = db.reader().await?;
            let sql = "SELECT recorded_at FROM outbox ORDER BY change_seq LIMIT 1";
            let backend = reader.conn().get_database_backend();
            match reader.conn().query_one_raw(statement(backend, sql, [])).await? {
                Some(row) => row.try_get_by_index::<i64>(0)?,
                None => return Ok(()),
            }
        };
        if oldest >= before.saturating_sub(REMOVE_EVERY_MS) {
            return Ok(());
        }
        while db
            .lane()
            .write(Actor::system(), move |writing| {
                Box::pin(async move { remove(writing, handled, before).await })
            })
            .await?
        {}
        Ok(())
    }
}

/// Removes some; whether there may be more.
async fn remove(writing: &mut Writing, handled: i64, before: i64) -> Result<bool> {
    let backend = writing.conn().get_database_backend();
    let sql = format!(
        "SELECT change_seq FROM outbox WHERE change_seq <= ? AND recorded_at < ? \
         ORDER BY change_seq LIMIT {REMOVED_MAX}"
    );
    let ask = statement(backend, &sql, [handled.into(), before.into()]);
    let rows = writing.conn().query_all_raw(ask).await?;
    let Some(last) = rows.last() else { return Ok(false) };
    let through: i64 = last.try_get_by_index(0)?;
    let sql = "DELETE FROM outbox WHERE change_seq <= ?";
    writing.conn().execute_raw(statement(backend, sql, [through.into()])).await?;
    writing.audit(Change {
        action: "OUTBOX_TRIMMED",
        subject_type: "Outbox",
        subject: None,
        business: None,
        canonical: Canonical::new().int("through", through).finish(),
    });
    Ok(i64::try_from(rows.len()).unwrap_or(i64::MAX) == REMOVED_MAX)
}

/// Events of these kinds in a range, in order.
async fn read_events(
    db: &Lease,
    kinds: &[&'static str],
    after: i64,
    through: i64,
) -> Result<Vec<Event>> {
    let reader = db.reader().await?;
    let sql = format!(
        "SELECT change_seq, kind FROM outbox WHERE change_seq > ? AND change_seq <= ? \
         AND kind IN ({}) ORDER BY change_seq LIMIT {EVENTS_MAX}",
        list(kinds.len())
    );
    let range = [Value::from(after), Value::from(through)];
    let values = range.into_iter().chain(kinds.iter().copied().map(Value::from));
    let conn = reader.conn();
    let mut found = Vec::new();
    for row in conn.query_all_raw(statement(conn.get_database_backend(), &sql, values)).await? {
        found.push(Event { change_seq: row.try_get_by_index(0)?, kind: row.try_get_by_index(1)? });
    }
    Ok(found)
}

impl Handler for OutboxHandler {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn due(&self) -> BoxFuture<'_, Result<Vec<NewJob>>> {
        Box::pin(self.tenants_due())
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            match job.tenant_id {
                Some(tenant) => self.read_outbox(tenant).await,
                None => Ok(Outcome::Done),
            }
        })
    }
}
