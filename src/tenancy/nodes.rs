//! The processes that share the databases: each leases a number, which its ids carry, and knows how
//! many others live, so that together they take no more sockets than a server has.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use daybook_domain::id::NODE_MAX;
use daybook_entity::master::node::node_lease;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Value};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::Clock,
    db::{ControlDb, ControlTxn, sql, time},
    error::{Error, Result},
    lane::Ids,
};

/// How numbers are leased.
#[derive(Debug, Clone, Copy)]
pub struct NodeSettings {
    /// A lease's length; it is renewed after each third of it.
    pub lease: Duration,
    /// How long a number rests after its lease before another process gets it.
    pub rest: Duration,
    /// How often the living processes are counted.
    pub count_every: Duration,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            rest: Duration::from_secs(60),
            count_every: Duration::from_secs(10),
        }
    }
}

/// This process among the others.
#[derive(Debug)]
pub struct Node {
    master: ControlDb,
    clock: Clock,
    settings: NodeSettings,
    holder: String,
    purpose: String,
    ids: Arc<Ids>,
    number: AtomicU32,
    live: Arc<AtomicU32>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Leased {
    number: u16,
    /// By this machine's clock, taken before the database was asked: never later than the truth.
    until: i64,
}

impl Node {
    /// Leases a number and keeps it until [`Node::leave`]. `purpose` tells people what the process
    /// is (`SERVE`, `WORKER`, `TOOL`).
    ///
    /// # Errors
    /// [`Error::Unavailable`] when master cannot be written or all numbers are taken.
    pub async fn join(
        master: ControlDb,
        clock: Clock,
        settings: NodeSettings,
        purpose: &str,
    ) -> Result<Arc<Self>> {
        let holder = holder()?;
        let leased = take(&master, &clock, settings, &holder, purpose).await?;
        let node = Arc::new(Self {
            ids: Arc::new(Ids::new(clock.clone(), leased.number, leased.until)),
            master,
            clock,
            settings,
            holder,
            purpose: purpose.to_owned(),
            number: AtomicU32::new(u32::from(leased.number)),
            live: Arc::new(AtomicU32::new(1)),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        node.count().await?;
        let keeper = Arc::clone(&node);
        node.tasks.spawn(async move {
            let stop = keeper.stop.clone();
            stop.run_until_cancelled(keeper.keep(leased.until)).await;
        });
        Ok(node)
    }

    /// The process's source of ids.
    pub fn ids(&self) -> &Arc<Ids> {
        &self.ids
    }

    /// The number that its ids carry.
    pub fn number(&self) -> u32 {
        self.number.load(Ordering::Relaxed)
    }

    /// How many processes live, this one included; at least 1.
    pub fn live(&self) -> u32 {
        self.live.load(Ordering::Relaxed).max(1)
    }

    /// Gives the number back. Nothing may be written after this.
    pub async fn leave(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.ids.renewed_until(0);
        if let Err(error) = self.give_back().await {
            tracing::warn!(cause = ?error.cause(), "the node number was not given back");
        }
    }

    async fn give_back(&self) -> Result<()> {
        let txn = self.master.begin().await?;
        let now = time::read(txn.conn(), self.clock.now_ms()).await?;
        let end = "UPDATE node_leases SET holder = NULL, leased_until = ?, rests_until = ? \
             WHERE node = ? AND holder = ?";
        let values = [
            now.into(),
            now.saturating_add(millis(self.settings.rest)).into(),
            i64::from(self.number()).into(),
            self.holder.as_str().into(),
        ];
        let backend = txn.conn().get_database_backend();
        txn.conn().execute_raw(sql::statement(backend, end, values)).await?;
        txn.commit().await
    }

    /// Renews when a third of the lease is over, by the wall clock (which the ids follow) or by the
    /// monotonic one, whichever says so first.
    async fn keep(&self, mut until: i64) {
        let lease = self.settings.lease;
        let third = lease / 3;
        let mut renewed = Instant::now();
        let mut counted = Instant::now();
        loop {
            tokio::time::sleep(third.min(Duration::from_millis(250))).await;
            let left = until.saturating_sub(self.clock.now_ms());
            if renewed.elapsed() >= third || left <= millis(lease - third) {
                match self.renew().await {
                    Ok(leased) => {
                        until = leased.until;
                        renewed = Instant::now();
                    }
                    Err(error) => {
                        tracing::warn!(cause = ?error.cause(), "the node's lease was not renewed");
                        tokio::time::sleep(third.min(Duration::from_secs(1))).await;
                    }
                }
            }
            if counted.elapsed() >= self.settings.count_every {
                counted = Instant::now();
                if let Err(error) = self.count().await {
                    tracing::warn!(cause = ?error.cause(), "the live processes were not counted");
                }
            }
        }
    }

    /// Renews the lease. A number that another process holds by now is given up for a new one.
    async fn renew(&self) -> Result<Leased> {
        let local = self.clock.now_ms();
        let txn = self.master.begin().await?;
        let now = time::read(txn.conn(), local).await?;
        let leased_until = now.saturating_add(millis(self.settings.lease));
        let renew = "UPDATE node_leases SET leased_until = ?, rests_until = ? \
             WHERE node = ? AND holder = ?";
        let values = [
            leased_until.into(),
            leased_until.saturating_add(millis(self.settings.rest)).into(),
            i64::from(self.number()).into(),
            self.holder.as_str().into(),
        ];
        let backend = txn.conn().get_database_backend();
        let done = txn.conn().execute_raw(sql::statement(backend, renew, values)).await?;
        txn.commit().await?;
        if done.rows_affected() == 1 {
            let until = local.saturating_add(millis(self.settings.lease));
            self.ids.renewed_until(until);
            let number = u16::try_from(self.number()).unwrap_or(NODE_MAX);
            return Ok(Leased { number, until });
        }
        tracing::warn!(number = self.number(), "the node number was lost; taking another");
        let leased =
            take(&self.master, &self.clock, self.settings, &self.holder, &self.purpose).await?;
        self.number.store(u32::from(leased.number), Ordering::Relaxed);
        self.ids.renumbered(leased.number, leased.until);
        Ok(leased)
    }

    async fn count(&self) -> Result<()> {
        let reader = self.master.reader();
        let now = time::read(reader, self.clock.now_ms()).await?;
        let live = node_lease::Entity::find()
            .filter(node_lease::Column::LeasedUntil.gt(now))
            .filter(node_lease::Column::Holder.is_not_null())
            .count(reader)
            .await?;
        let live = u32::try_from(live).unwrap_or(u32::MAX).max(1);
        self.live.store(live, Ordering::Relaxed);
        metrics::gauge!("daybook_nodes_live").set(f64::from(live));
        Ok(())
    }
}

/// Takes the smallest number that is free and has rested. Racing processes take turns at the one row
/// of `master_state`, so that two never see the same number free.
async fn take(
    master: &ControlDb,
    clock: &Clock,
    settings: NodeSettings,
    holder: &str,
    purpose: &str,
) -> Result<Leased> {
    let local = clock.now_ms();
    let txn = master.begin().await?;
    let conn = txn.conn();
    let backend = conn.get_database_backend();
    let turn = format!("SELECT id FROM master_state WHERE id = 1{}", sql::for_update(backend));
    conn.query_one_raw(sql::statement(backend, &turn, [])).await?;
    let now = time::read(conn, local).await?;
    let known = node_lease::Entity::find().all(conn).await?;
    let resting =
        |number: i64| known.iter().any(|lease| lease.node == number && lease.rests_until > now);
    let number = (0..=i64::from(NODE_MAX))
        .find(|number| !resting(*number))
        .ok_or_else(|| Error::Unavailable("all node numbers are taken".into()))?;
    let is_listed = known.iter().any(|lease| lease.node == number);
    let leased_until = now.saturating_add(millis(settings.lease));
    write(&txn, number, is_listed, holder, purpose, leased_until, settings).await?;
    txn.commit().await?;
    let number = u16::try_from(number).unwrap_or(NODE_MAX);
    Ok(Leased { number, until: local.saturating_add(millis(settings.lease)) })
}

async fn write(
    txn: &ControlTxn,
    number: i64,
    is_listed: bool,
    holder: &str,
    purpose: &str,
    leased_until: i64,
    settings: NodeSettings,
) -> Result<()> {
    let text = if is_listed {
        "UPDATE node_leases SET holder = ?, purpose = ?, leased_until = ?, rests_until = ? \
         WHERE node = ?"
    } else {
        "INSERT INTO node_leases (holder, purpose, leased_until, rests_until, node) \
         VALUES (?, ?, ?, ?, ?)"
    };
    let values: [Value; 5] = [
        holder.into(),
        purpose.into(),
        leased_until.into(),
        leased_until.saturating_add(millis(settings.rest)).into(),
        number.into(),
    ];
    let backend = txn.conn().get_database_backend();
    txn.conn().execute_raw(sql::statement(backend, text, values)).await?;
    Ok(())
}

/// A name that no other process has.
fn holder() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Internal(format!("no random numbers: {error}")))?;
    Ok(hex::encode(bytes))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
