//! How fresh a node's knowledge of one tenant is.
//!
//! What is cached of a tenant counts only while its fence was read less than a bound ago; otherwise
//! the fence is read first, by a plain read. So a change on another node is seen within the bound.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use sea_orm::ConnectionTrait;

use crate::{
    clock::Clock,
    error::Result,
    lane::{Fence, Note},
};

/// The counters of a tenant's fence, as this node last saw them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// Counts changes of users, roles, keys and sessions.
    pub access_seq: i64,
    /// Counts changes of ledgers, years, locks, businesses.
    pub settings_seq: i64,
    /// Number of the newest event.
    pub change_seq: i64,
}

/// The newest known beat and when its reading began.
#[derive(Debug)]
pub struct Pulse {
    clock: Clock,
    fresh_ms: i64,
    read_at: AtomicI64,
    /// Number of an event that is known to have happened, elsewhere perhaps.
    told: AtomicI64,
    beat: Mutex<Beat>,
}

impl Pulse {
    /// Nothing known yet; knowledge counts for `fresh_ms`.
    pub fn new(clock: Clock, fresh_ms: i64) -> Self {
        let beat = Beat { access_seq: -1, settings_seq: -1, change_seq: -1 };
        Self {
            clock,
            fresh_ms,
            read_at: AtomicI64::new(i64::MIN),
            told: AtomicI64::new(i64::MIN),
            beat: Mutex::new(beat),
        }
    }

    /// The beat if it is fresh.
    pub fn known(&self) -> Option<Beat> {
        let read_at = self.read_at.load(Ordering::Acquire);
        let is_fresh = self.clock.now_ms().saturating_sub(read_at) < self.fresh_ms;
        if !is_fresh {
            return None;
        }
        let beat = *self.beat.lock().unwrap_or_else(PoisonError::into_inner);
        (beat.change_seq >= self.told.load(Ordering::Acquire)).then_some(beat)
    }

    /// Events go up to this number, as another node says: an older beat is not fresh.
    pub fn told(&self, change_seq: i64) {
        self.told.fetch_max(change_seq, Ordering::AcqRel);
    }

    /// The newest beat that was seen, however long ago.
    pub fn last(&self) -> Beat {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the fence and remembers it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read(&self, connection: &impl ConnectionTrait) -> Result<Beat> {
        let began = self.clock.now_ms();
        let fence = Fence::read(connection).await?;
        Ok(self.learned(&fence, began))
    }

    /// Remembers a fence whose reading began at an instant (UTC milliseconds).
    pub fn learned(&self, fence: &Fence, began: i64) -> Beat {
        let beat = self.raise(Beat {
            access_seq: fence.access_seq,
            settings_seq: fence.settings_seq,
            change_seq: fence.change_seq,
        });
        self.read_at.fetch_max(began, Ordering::AcqRel);
        beat
    }

    /// Hears of this node's own commit: at once, whatever the bound.
    pub fn heard(&self, note: Note) {
        self.raise(Beat {
            access_seq: note.access_seq,
            settings_seq: note.settings_seq,
            change_seq: note.change_seq,
        });
    }

    /// The counters only rise; a slow reader must not take a newer state back.
    fn raise(&self, seen: Beat) -> Beat {
        let mut beat = self.beat.lock().unwrap_or_else(PoisonError::into_inner);
        beat.access_seq = beat.access_seq.max(seen.access_seq);
        beat.settings_seq = beat.settings_seq.max(seen.settings_seq);
        beat.change_seq = beat.change_seq.max(seen.change_seq);
        *beat
    }
}
