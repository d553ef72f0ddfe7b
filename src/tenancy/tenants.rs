//! The open tenants: who is open, who is leased, and who must make room.
//!
//! Each tenant that is open, being opened or being closed holds one of `open_max` places. Callers of a
//! tenant that is being opened wait for that one opening; a failure is told to all of them and not
//! remembered. Only a tenant without a lease is closed, the one unused for longest first.
//!
//! The map's lock is held for moments only: nothing is awaited, sent or dropped under it that could
//! come back to it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use daybook_domain::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    anchors::Anchors,
    hub::Hub,
    lease::Lease,
    map::{Leaving, Map, Opened, Slot, State},
    marks::Marks,
    nodes::Node,
    route::Route,
    routing::{Routing, Stale},
    settings::Settings,
    sockets::{Place, Sockets},
    standing::Standing,
    stats::{Counts, Stats},
};
use crate::{
    clock::Clock,
    error::{Error, Result},
};

/// All tenants that this process has open.
pub(super) struct Tenants {
    pub(super) me: Weak<Self>,
    pub(super) map: Mutex<Map>,
    pub(super) places: Arc<Semaphore>,
    pub(super) servers: Mutex<HashMap<Place, Arc<Sockets>>>,
    pub(super) counts: Counts,
    pub(super) parts: Parts,
}

/// What opening a tenant draws on.
pub(super) struct Parts {
    pub settings: Settings,
    pub clock: Clock,
    pub node: Arc<Node>,
    pub routing: Arc<Routing>,
    pub standing: Arc<Standing>,
    pub hub: Hub,
    pub marks: Arc<Marks>,
    pub anchors: Arc<Anchors>,
}

impl fmt::Debug for Tenants {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tenants").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Tenants {
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            map: Mutex::default(),
            places: Arc::new(Semaphore::new(parts.settings.open_max.max(1))),
            servers: Mutex::default(),
            counts: Counts::default(),
            parts,
        })
    }

    pub(super) fn map(&self) -> MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lease on the tenant of this route; opens it where it is not open.
    ///
    /// # Errors
    /// [`Error::Throttled`] when no place becomes free in time, or why it cannot be opened.
    pub async fn lease(&self, route: &Arc<Route>) -> Result<Lease> {
        let (sender, answer) = oneshot::channel();
        let mut leaving = None;
        let mut is_new = false;
        {
            let mut map = self.map();
            if map.is_closing {
                return Err(closing());
            }
            match map.slots.get_mut(&route.id) {
                Some(slot) => {
                    if let State::Open(opened) = &slot.state
                        && !opened.tenant.route.is_same_place(route)
                    {
                        slot.must_leave = true;
                    }
                    if let (State::Open(_), false) = (&slot.state, slot.must_leave) {
                        if let Some(lease) = self.take(&mut map, route) {
                            drop(map);
                            self.counts.hit();
                            return Ok(lease);
                        }
                    } else {
                        slot.waiting.push(sender);
                        leaving = map.take_unleased(route.id);
                    }
                }
                None => {
                    map.slots.insert(route.id, Slot::opening(sender));
                    is_new = true;
                }
            }
        }
        self.drain_all(leaving);
        if is_new {
            self.start_opening(route.id);
        }
        let settings = &self.parts.settings;
        let bound = settings.lease_wait.saturating_add(settings.open_wait);
        match tokio::time::timeout(bound, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(closing()),
            Err(_) => Err(Error::Throttled { retry_after_ms: 1_000 }),
        }
    }

    /// One more lease on an open tenant.
    pub(super) fn take(&self, map: &mut Map, route: &Arc<Route>) -> Option<Lease> {
        let Some(Slot { state: State::Open(opened), .. }) = map.slots.get_mut(&route.id) else {
            return None;
        };
        opened.leases += 1;
        if let Some(key) = opened.idle_key.take() {
            map.idle.remove(&key);
        }
        let (me, id) = (self.me.clone(), route.id);
        let on_return = Box::new(move || {
            if let Some(tenants) = me.upgrade() {
                tenants.give_back(id);
            }
        });
        Some(Lease::new(Arc::clone(&opened.tenant), Arc::clone(route), on_return))
    }

    fn give_back(&self, id: TenantId) {
        let leaving: Vec<Leaving> = {
            let mut map = self.map();
            let Some(slot) = map.slots.get_mut(&id) else { return };
            let State::Open(opened) = &mut slot.state else { return };
            opened.leases = opened.leases.saturating_sub(1);
            if opened.leases > 0 {
                return;
            }
            opened.idle_since = Instant::now();
            let is_wanted =
                opened.tenant.sockets.as_ref().is_some_and(|sockets| sockets.is_wanted());
            let must_leave = slot.must_leave || is_wanted;
            map.rest(id);
            if must_leave {
                map.take_unleased_now(id).into_iter().collect()
            } else {
                map.make_room()
            }
        };
        self.drain_all(leaving);
    }

    pub(super) fn drain_all(&self, leaving: impl IntoIterator<Item = Leaving>) {
        for Leaving { id, opened } in leaving {
            if let Some(tenants) = self.me.upgrade() {
                tokio::spawn(tenants.drain(id, opened));
            }
        }
    }

    async fn drain(self: Arc<Self>, id: TenantId, opened: Opened) {
        match Arc::into_inner(opened.tenant) {
            Some(tenant) => {
                if let Err(error) = tokio::spawn(tenant.close()).await {
                    tracing::error!(tenant = %id, %error, "a tenant's closing ended badly");
                }
            }
            None => tracing::error!(tenant = %id, "a tenant without a lease was still held"),
        }
        self.counts.evicted();
        self.vacate(id, opened.place);
        self.map().draining -= 1;
        if self.closed(id) {
            self.start_opening(id);
        }
    }

    /// Gives a place back in one moment with its slot's note of it, so that no reading of the slots
    /// shows more places than there are.
    pub(super) fn vacate(&self, id: TenantId, place: OwnedSemaphorePermit) {
        let mut map = self.map();
        if let Some(slot) = map.slots.get_mut(&id) {
            slot.state = State::Opening { has_place: false };
        }
        self.counts.exit();
        drop(place);
    }

    /// A tenant is closed now. True when somebody waits for it: its slot says that it is being opened.
    pub(super) fn closed(&self, id: TenantId) -> bool {
        let (gone, refused, is_wanted, leaving) = {
            let mut map = self.map();
            let is_closing = map.is_closing;
            let Some(slot) = map.slots.get_mut(&id) else { return false };
            slot.must_leave = false;
            slot.waiting.retain(|waiter| !waiter.is_closed());
            let gone = std::mem::take(&mut slot.leaving);
            let mut refused = Vec::new();
            if is_closing {
                refused = std::mem::take(&mut slot.waiting);
            }
            let is_wanted = !slot.waiting.is_empty();
            if is_wanted {
                slot.state = State::Opening { has_place: false };
            } else {
                map.slots.remove(&id);
            }
            (gone, refused, is_wanted, map.make_room())
        };
        self.drain_all(leaving);
        for waiter in refused {
            drop(waiter.send(Err(closing())));
        }
        for waiter in gone {
            waiter.send(()).ok();
        }
        is_wanted
    }

    /// Closes a tenant as soon as nobody holds it; new callers wait until it is opened again.
    pub fn leave(&self, id: TenantId) {
        let leaving = {
            let mut map = self.map();
            if let Some(slot) = map.slots.get_mut(&id)
                && !matches!(slot.state, State::Draining)
            {
                slot.must_leave = true;
            }
            map.take_unleased(id)
        };
        self.drain_all(leaving);
    }

    /// As [`Tenants::leave`], and waits until it is closed.
    pub async fn evict(&self, id: TenantId) {
        let gone = {
            let mut map = self.map();
            let Some(slot) = map.slots.get_mut(&id) else { return };
            let (sender, gone) = oneshot::channel();
            slot.leaving.push(sender);
            gone
        };
        self.leave(id);
        gone.await.ok();
    }

    /// Another node says that a tenant's events go up to this number.
    pub fn told(&self, id: TenantId, change_seq: i64) {
        if let Some(Slot { state: State::Open(opened), .. }) = self.map().slots.get(&id) {
            opened.tenant.told(change_seq);
        }
    }

    /// Lets go of tenants that changed rows have moved, suspended or taken out of service.
    ///
    /// # Errors
    /// When their new rows cannot be read.
    pub async fn reconsider(&self, stale: &Stale) -> Result<()> {
        let mut found = Vec::new();
        {
            let mut map = self.map();
            for (id, slot) in &mut map.slots {
                match &slot.state {
                    State::Open(opened) => {
                        let server = opened.tenant.route.server;
                        if stale.tenants.contains(id) || stale.servers.contains(&server) {
                            found.push((*id, Arc::clone(&opened.tenant.route)));
                        }
                    }
                    // Its route may have been read before the change.
                    State::Opening { .. } if stale.tenants.contains(id) => slot.must_leave = true,
                    State::Opening { .. } | State::Draining => {}
                }
            }
        }
        for (id, opened_by) in found {
            match self.parts.routing.route(id).await {
                Ok(route) if route.is_same_place(&opened_by) => {}
                Ok(_) | Err(Error::TenantNotFound) => self.leave(id),
                Err(error) => {
                    self.leave(id);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Closes tenants and readers that nobody has used for a while.
    pub async fn tidy(&self) {
        let (idle_close, reader_idle) =
            (self.parts.settings.idle_close, self.parts.settings.reader_idle);
        let (leaving, readers) = {
            let mut map = self.map();
            let leaving = map.take_idle_since(idle_close);
            let readers = map.slots.values().filter_map(|slot| match &slot.state {
                State::Open(opened) => Some(opened.tenant.readers.clone()),
                State::Opening { .. } | State::Draining => None,
            });
            (leaving, readers.collect::<Vec<_>>())
        };
        self.drain_all(leaving);
        for tenant in readers {
            tenant.prune(reader_idle).await;
        }
        let servers: Vec<_> = self.servers().values().cloned().collect();
        for server in servers {
            server.prune(reader_idle).await;
        }
    }

    /// Takes no more callers and closes all, waiting for their leases no longer than `bound`. False
    /// when some were still held then.
    pub async fn close_all(&self, bound: Duration) -> bool {
        let ids: Vec<TenantId> = {
            let mut map = self.map();
            map.is_closing = true;
            map.slots.keys().copied().collect()
        };
        let all = futures_util::future::join_all(ids.into_iter().map(|id| self.evict(id)));
        tokio::time::timeout(bound, all).await.is_ok()
    }

    /// How things stand.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        for slot in self.map().slots.values() {
            match &slot.state {
                State::Opening { has_place: true } => stats.opening += 1,
                State::Opening { has_place: false } => {}
                State::Open(opened) => {
                    stats.open += 1;
                    if opened.leases > 0 {
                        stats.leased += 1;
                    }
                }
                State::Draining => stats.draining += 1,
            }
        }
        self.counts.fill(stats)
    }

    fn servers(&self) -> MutexGuard<'_, HashMap<Place, Arc<Sockets>>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The budget of a server.
    pub fn sockets(&self, place: Place) -> Arc<Sockets> {
        let mut servers = self.servers();
        let budget = servers.entry(place.clone()).or_insert_with(|| {
            let me = self.me.clone();
            let on_pressure = Box::new(move |place: &Place| {
                if let Some(tenants) = me.upgrade() {
                    tenants.relieve(place);
                }
            });
            let share = self.parts.settings.socket_share_percent;
            Arc::new(Sockets::new(place, share, Arc::clone(&self.parts.node), on_pressure))
        });
        Arc::clone(budget)
    }

    /// Closes the tenant of a server that is unused for longest, for the sake of its sockets.
    fn relieve(&self, place: &Place) {
        let leaving = {
            let mut map = self.map();
            let oldest = map.idle.values().copied().find(|id| match map.slots.get(id) {
                Some(Slot { state: State::Open(opened), .. }) => {
                    opened.tenant.place() == Some(place)
                }
                _ => false,
            });
            oldest.and_then(|id| map.take_unleased_now(id))
        };
        self.drain_all(leaving);
    }
}

/// What callers are told at the end.
pub(super) fn closing() -> Error {
    Error::Unavailable("the server is shutting down".into())
}
