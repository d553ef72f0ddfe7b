//! The sockets of one database server that this process may use, shared by all tenants on it.
//!
//! Each open tenant reserves one for its lane (at most half of them all), readers borrow from the rest.
//! An unused reader stays open for its tenant for a while; when the budget is out, the one unused for
//! longest is closed at once, whosever it is. Whoever finds none waits in order of arrival.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::sync::oneshot;

use super::nodes::Node;
use crate::error::{Error, Result};

/// Until the server has told its limit: the lane and the reader of the tenant that asks it.
const UNTIL_TOLD: u32 = 2;
const TOLD_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// The budget of one server.
pub(super) struct Sockets {
    /// Host and port.
    pub place: Place,
    share_percent: u32,
    node: Arc<Node>,
    server_max: AtomicU32,
    told_at: Mutex<Option<Instant>>,
    state: Mutex<State>,
    /// Asked when somebody must wait: closes a tenant that nobody uses.
    on_pressure: Box<dyn Fn(&Place) + Send + Sync>,
}

/// Host and port of a server.
pub(super) type Place = (String, u16);

#[derive(Default)]
struct State {
    used: u32,
    lanes: u32,
    tick: u64,
    idle: BTreeMap<u64, Idle>,
    readers: VecDeque<Waiter>,
    waiting_lanes: VecDeque<Waiter>,
}

struct Idle {
    source: u64,
    connection: DatabaseConnection,
    since: Instant,
}

struct Waiter {
    source: u64,
    grant: oneshot::Sender<Grant>,
}

/// What a reader gets: an open connection, or leave to open one.
#[derive(Debug)]
pub(super) struct Grant {
    pub connection: Option<DatabaseConnection>,
    pub permit: Permit,
}

/// One socket of the budget; given back when dropped.
pub(super) struct Permit {
    sockets: Arc<Sockets>,
    is_lane: bool,
    /// Dropping it gives nothing back: an unused connection still counts.
    is_kept: bool,
}

impl fmt::Debug for Sockets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Sockets").field(&self.place).finish()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Permit").field(&self.sockets.place).finish()
    }
}

impl Sockets {
    pub fn new(
        place: Place,
        share_percent: u32,
        node: Arc<Node>,
        on_pressure: Box<dyn Fn(&Place) + Send + Sync>,
    ) -> Self {
        Self {
            place,
            share_percent,
            node,
            server_max: AtomicU32::new(0),
            told_at: Mutex::new(None),
            state: Mutex::default(),
            on_pressure,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Most sockets of this process now: its share among the living processes.
    pub fn limit(&self) -> u32 {
        let server_max = self.server_max.load(Ordering::Relaxed);
        if server_max == 0 {
            return UNTIL_TOLD;
        }
        let ours = u64::from(server_max) * u64::from(self.share_percent) / 100;
        let share = ours / u64::from(self.node.live());
        u32::try_from(share).unwrap_or(u32::MAX).max(2)
    }

    /// Whether somebody waits for a socket.
    pub fn is_wanted(&self) -> bool {
        let state = self.state();
        !state.readers.is_empty() || !state.waiting_lanes.is_empty()
    }

    /// A connection of this source, or leave to open one.
    ///
    /// # Errors
    /// [`Error::Throttled`] when none is free in time.
    pub async fn reader(self: &Arc<Self>, source: u64, wait: Duration) -> Result<Grant> {
        let limit = self.limit();
        let granted = {
            let mut state = self.state();
            let own = state.idle.iter().rev().find(|(_, idle)| idle.source == source);
            if let Some(key) = own.map(|(key, _)| *key) {
                let connection = state.idle.remove(&key).map(|idle| idle.connection);
                return Ok(Grant { connection, permit: self.permit(false) });
            }
            if state.used < limit {
                state.used += 1;
                return Ok(Grant { connection: None, permit: self.permit(false) });
            }
            match state.idle.pop_first() {
                Some((_, oldest)) => Err(oldest.connection),
                None => {
                    let (grant, granted) = oneshot::channel();
                    state.readers.push_back(Waiter { source, grant });
                    Ok(granted)
                }
            }
        };
        match granted {
            Err(oldest) => {
                let permit = self.permit(false);
                close(oldest).await;
                Ok(Grant { connection: None, permit })
            }
            Ok(granted) => self.wait(granted, wait).await,
        }
    }

    /// Reserves the socket of a tenant's lane.
    ///
    /// # Errors
    /// [`Error::Throttled`] when none is free in time.
    pub async fn lane(self: &Arc<Self>, wait: Duration) -> Result<Permit> {
        let limit = self.limit();
        let granted = {
            let mut state = self.state();
            let has_room = state.lanes < lanes_of(limit);
            if has_room && state.used < limit {
                state.used += 1;
                state.lanes += 1;
                return Ok(self.permit(true));
            }
            match if has_room { state.idle.pop_first() } else { None } {
                Some((_, oldest)) => {
                    state.lanes += 1;
                    Err(oldest.connection)
                }
                None => {
                    let (grant, granted) = oneshot::channel();
                    state.waiting_lanes.push_back(Waiter { source: 0, grant });
                    Ok(granted)
                }
            }
        };
        match granted {
            Err(oldest) => {
                let permit = self.permit(true);
                close(oldest).await;
                Ok(permit)
            }
            Ok(granted) => Ok(self.wait(granted, wait).await?.permit),
        }
    }

    async fn wait(&self, granted: oneshot::Receiver<Grant>, wait: Duration) -> Result<Grant> {
        metrics::counter!("daybook_socket_waits_total").increment(1);
        (self.on_pressure)(&self.place);
        match tokio::time::timeout(wait, granted).await {
            Ok(Ok(grant)) => Ok(grant),
            Ok(Err(_)) | Err(_) => Err(Error::Throttled { retry_after_ms: 1_000 }),
        }
    }

    fn permit(self: &Arc<Self>, is_lane: bool) -> Permit {
        Permit { sockets: Arc::clone(self), is_lane, is_kept: false }
    }

    /// Takes a reader back: for the next of the same tenant, or closed where others wait.
    pub fn give_back(
        self: &Arc<Self>,
        source: u64,
        connection: DatabaseConnection,
        mut permit: Permit,
    ) {
        let limit = self.limit();
        let mut state = self.state();
        while state.readers.front().is_some_and(|waiter| waiter.grant.is_closed()) {
            state.readers.pop_front();
        }
        let is_same = state.readers.front().is_some_and(|waiter| waiter.source == source);
        if is_same && let Some(waiter) = state.readers.pop_front() {
            drop(state);
            let unwanted = waiter.grant.send(Grant { connection: Some(connection), permit });
            if let Err(Grant { connection: Some(connection), permit }) = unwanted {
                self.give_back(source, connection, permit);
            }
            return;
        }
        let is_wanted = !state.readers.is_empty() || !state.waiting_lanes.is_empty();
        if is_wanted || state.used > limit {
            drop(state);
            close_then(connection, permit);
            return;
        }
        state.tick += 1;
        let key = state.tick;
        state.idle.insert(key, Idle { source, connection, since: Instant::now() });
        // The unused connection goes on counting.
        permit.is_kept = true;
    }

    fn release(self: &Arc<Self>, is_lane: bool) {
        let limit = self.limit();
        let next = {
            let mut state = self.state();
            state.used = state.used.saturating_sub(1);
            if is_lane {
                state.lanes = state.lanes.saturating_sub(1);
            }
            state.next(limit)
        };
        if let Some((waiter, is_lane)) = next {
            let grant = Grant { connection: None, permit: self.permit(is_lane) };
            // If nobody waits any more, dropping the grant asks for the next.
            drop(waiter.grant.send(grant));
        }
    }

    /// Takes the unused connections of one source out, to be closed.
    pub fn take_idle(self: &Arc<Self>, source: u64) -> Vec<(DatabaseConnection, Permit)> {
        self.take_where(|idle| idle.source == source)
    }

    /// Closes what was unused for longer than `idle_for`, and follows a limit that has changed.
    pub async fn prune(self: &Arc<Self>, idle_for: Duration) {
        for (connection, permit) in self.take_where(|idle| idle.since.elapsed() >= idle_for) {
            close(connection).await;
            drop(permit);
        }
        self.serve_waiting();
    }

    fn take_where(
        self: &Arc<Self>,
        test: impl Fn(&Idle) -> bool,
    ) -> Vec<(DatabaseConnection, Permit)> {
        let mut state = self.state();
        let taken = state.idle.extract_if(.., |_, idle| test(idle));
        taken.map(|(_, idle)| (idle.connection, self.permit(false))).collect()
    }

    /// Asks the server for its limit over a connection to it, now and then.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn ask_limit(self: &Arc<Self>, connection: &DatabaseConnection) -> Result<()> {
        {
            let mut told_at = self.told_at.lock().unwrap_or_else(PoisonError::into_inner);
            if told_at.is_some_and(|at| at.elapsed() < TOLD_AGAIN_AFTER) {
                return Ok(());
            }
            *told_at = Some(Instant::now());
        }
        let backend = connection.get_database_backend();
        let text = if backend == DbBackend::Postgres {
            "SELECT CAST(setting AS BIGINT) FROM pg_settings WHERE name = 'max_connections'"
        } else {
            "SELECT CAST(@@max_connections AS SIGNED)"
        };
        let row = connection.query_one_raw(Statement::from_string(backend, text)).await?;
        if let Some(row) = row {
            let most: i64 = row.try_get_by_index(0)?;
            self.server_max.store(u32::try_from(most).unwrap_or(0), Ordering::Relaxed);
            self.serve_waiting();
        }
        Ok(())
    }

    /// Gives out what a limit that has risen leaves room for.
    fn serve_waiting(self: &Arc<Self>) {
        let limit = self.limit();
        loop {
            let next = self.state().next(limit);
            let Some((waiter, is_lane)) = next else { return };
            let grant = Grant { connection: None, permit: self.permit(is_lane) };
            drop(waiter.grant.send(grant));
        }
    }
}

impl State {
    /// Who gets the socket that has just become free; it is counted as used again.
    fn next(&mut self, limit: u32) -> Option<(Waiter, bool)> {
        if self.used >= limit {
            return None;
        }
        let reader = next_open(&mut self.readers);
        let (waiter, is_lane) = match reader {
            Some(waiter) => (waiter, false),
            None if self.lanes < lanes_of(limit) => (next_open(&mut self.waiting_lanes)?, true),
            None => return None,
        };
        self.used += 1;
        if is_lane {
            self.lanes += 1;
        }
        Some((waiter, is_lane))
    }
}

fn next_open(waiting: &mut VecDeque<Waiter>) -> Option<Waiter> {
    while let Some(waiter) = waiting.pop_front() {
        if !waiter.grant.is_closed() {
            return Some(waiter);
        }
    }
    None
}

/// Lanes may take half of the sockets: what is left is enough for readers to move.
fn lanes_of(limit: u32) -> u32 {
    (limit / 2).max(1)
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_kept {
            self.sockets.release(self.is_lane);
        }
    }
}

async fn close(connection: DatabaseConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "a reading connection did not close cleanly");
    }
}

/// Closes a connection and then gives its socket to the next, from a place that cannot wait.
fn close_then(connection: DatabaseConnection, permit: Permit) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => {
            runtime.spawn(async move {
                close(connection).await;
                drop(permit);
            });
        }
        Err(_) => drop((connection, permit)),
    }
}
