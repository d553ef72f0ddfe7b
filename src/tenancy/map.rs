//! Which tenants are open, being opened or being closed, and in which order those without a lease
//! were last used. Plain bookkeeping: nothing here waits, opens or closes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use daybook_domain::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{lease::Lease, open::OpenTenant};
use crate::error::Result;

/// The slots, by tenant.
#[derive(Default)]
pub(super) struct Map {
    pub slots: HashMap<TenantId, Slot>,
    /// Open tenants without a lease, in the order of their last use.
    pub idle: BTreeMap<u64, TenantId>,
    pub tick: u64,
    /// Openings that wait for a place.
    pub wanting: usize,
    pub draining: usize,
    pub is_closing: bool,
}

/// One tenant that is not closed.
pub(super) struct Slot {
    pub state: State,
    /// Callers who get a lease when it is open, or are told why not.
    pub waiting: Vec<oneshot::Sender<Result<Lease>>>,
    /// Callers who want to know when it is closed.
    pub leaving: Vec<oneshot::Sender<()>>,
    /// It is to be closed as soon as nobody holds it.
    pub must_leave: bool,
}

/// How far it is.
pub(super) enum State {
    Opening { has_place: bool },
    Open(Opened),
    Draining,
}

/// An open tenant, who holds it, and its place.
pub(super) struct Opened {
    pub tenant: Arc<OpenTenant>,
    pub place: OwnedSemaphorePermit,
    pub leases: usize,
    /// Key in `idle` while there is no lease.
    pub idle_key: Option<u64>,
    pub idle_since: Instant,
}

/// What was taken out of the map to be closed.
pub(super) struct Leaving {
    pub id: TenantId,
    pub opened: Opened,
}

impl Slot {
    /// The slot of a tenant that is to be opened for a first caller.
    pub fn opening(waiter: oneshot::Sender<Result<Lease>>) -> Self {
        Self {
            state: State::Opening { has_place: false },
            waiting: vec![waiter],
            leaving: Vec::new(),
            must_leave: false,
        }
    }
}

impl Map {
    /// Notes that an open tenant without a lease was used just now.
    pub fn rest(&mut self, id: TenantId) {
        self.tick += 1;
        if let Some(Slot { state: State::Open(opened), .. }) = self.slots.get_mut(&id)
            && opened.leases == 0
            && opened.idle_key.is_none()
        {
            opened.idle_key = Some(self.tick);
            self.idle.insert(self.tick, id);
        }
    }

    /// Takes a tenant out to be closed, if it must leave and nobody holds it.
    pub fn take_unleased(&mut self, id: TenantId) -> Option<Leaving> {
        if self.slots.get(&id)?.must_leave { self.take_unleased_now(id) } else { None }
    }

    /// Takes a tenant out to be closed, if nobody holds it.
    pub fn take_unleased_now(&mut self, id: TenantId) -> Option<Leaving> {
        let slot = self.slots.get_mut(&id)?;
        match std::mem::replace(&mut slot.state, State::Draining) {
            State::Open(mut opened) if opened.leases == 0 => {
                if let Some(key) = opened.idle_key.take() {
                    self.idle.remove(&key);
                }
                self.draining += 1;
                Some(Leaving { id, opened })
            }
            other => {
                slot.state = other;
                None
            }
        }
    }

    /// Takes out those unused for longest, one for each opening that waits and has none yet.
    pub fn make_room(&mut self) -> Vec<Leaving> {
        let mut leaving = Vec::new();
        while self.wanting > self.draining
            && let Some(id) = self.idle.values().next().copied()
        {
            match self.take_unleased_now(id) {
                Some(one) => leaving.push(one),
                None => break,
            }
        }
        leaving
    }

    /// Takes out those that nobody has held for `idle_for`.
    pub fn take_idle_since(&mut self, idle_for: Duration) -> Vec<Leaving> {
        let old: Vec<TenantId> = self
            .idle
            .values()
            .copied()
            .take_while(|id| match self.slots.get(id) {
                Some(Slot { state: State::Open(opened), .. }) => {
                    opened.idle_since.elapsed() >= idle_for
                }
                _ => false,
            })
            .collect();
        old.into_iter().filter_map(|id| self.take_unleased_now(id)).collect()
    }
}
