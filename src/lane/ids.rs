//! Makes ids for this process: time-ordered, unique while its node number is leased.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use daybook_domain::id::IdClock;

use crate::{
    clock::Clock,
    error::{Error, Result},
};

/// The process's source of ids.
#[derive(Debug)]
pub struct Ids {
    clock: Clock,
    made: Mutex<IdClock>,
    leased_until: AtomicI64,
}

impl Ids {
    /// Ids of node `node`, whose number is leased until an instant (UTC milliseconds).
    pub fn new(clock: Clock, node: u16, leased_until: i64) -> Self {
        Self {
            clock,
            made: Mutex::new(IdClock::new(node)),
            leased_until: AtomicI64::new(leased_until),
        }
    }

    /// The next id.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the lease has run out: another process may hold the number.
    pub fn next(&self) -> Result<i64> {
        let now = self.clock.now_ms();
        if now >= self.leased_until.load(Ordering::Acquire) {
            return Err(Error::Unavailable("the node number's lease has run out".into()));
        }
        Ok(self.made.lock().unwrap_or_else(PoisonError::into_inner).next(now))
    }

    /// Moves the end of the lease, after it was renewed.
    pub fn renewed_until(&self, instant: i64) {
        self.leased_until.store(instant, Ordering::Release);
    }

    /// Goes on under another number, after the lease of the old one was lost.
    pub fn renumbered(&self, node: u16, leased_until: i64) {
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = IdClock::new(node);
        self.renewed_until(leased_until);
    }

    /// The clock that the ids follow.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
