//! Whether this node knows the present state of routing, and whether its clock is right.

use std::{
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::error::{Error, Result};

/// Shared between the watch, which writes it, and all requests, which ask it.
#[derive(Debug)]
pub(super) struct Standing {
    began: Instant,
    stale_after: Duration,
    skew_max_ms: i64,
    /// When the last good reading began, in milliseconds after `began`; counts if `has_read`.
    read_at_ms: AtomicU64,
    has_read: AtomicBool,
    /// When the last reading failed, in milliseconds after `began`, plus one; zero for never.
    failed_at_ms: AtomicU64,
    skew_ms: AtomicI64,
}

impl Standing {
    /// Nothing read yet.
    pub fn new(stale_after: Duration, skew_max: Duration) -> Self {
        Self {
            began: Instant::now(),
            stale_after,
            skew_max_ms: i64::try_from(skew_max.as_millis()).unwrap_or(i64::MAX),
            read_at_ms: AtomicU64::new(0),
            has_read: AtomicBool::new(false),
            failed_at_ms: AtomicU64::new(0),
            skew_ms: AtomicI64::new(0),
        }
    }

    /// A good reading began at `at`.
    pub fn read(&self, at: Instant, skew_ms: i64) {
        let at = at.saturating_duration_since(self.began);
        self.read_at_ms.store(u64::try_from(at.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
        self.skew_ms.store(skew_ms, Ordering::Release);
        self.failed_at_ms.store(0, Ordering::Release);
        self.has_read.store(true, Ordering::Release);
    }

    /// A reading has failed just now.
    pub fn failed(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.failed_at_ms.store(now.saturating_add(1), Ordering::Release);
    }

    /// Whether the last failure of a reading is not longer ago than this.
    pub fn failed_within(&self, bound: Duration) -> bool {
        match self.failed_at_ms.load(Ordering::Acquire).checked_sub(1) {
            Some(at) => self.began.elapsed().saturating_sub(Duration::from_millis(at)) <= bound,
            None => false,
        }
    }

    /// What was read does not count any more.
    pub fn doubt(&self) {
        self.has_read.store(false, Ordering::Release);
    }

    /// Whether what this node knows is recent enough to serve by.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it is not.
    pub fn fresh(&self) -> Result<()> {
        let read_at = Duration::from_millis(self.read_at_ms.load(Ordering::Acquire));
        let age = self.began.elapsed().saturating_sub(read_at);
        if self.has_read.load(Ordering::Acquire) && age <= self.stale_after {
            Ok(())
        } else {
            Err(Error::Unavailable("the master database was not read in time".into()))
        }
    }

    /// Whether this node may write: its knowledge is fresh and its clock agrees with the server's.
    ///
    /// # Errors
    /// [`Error::Unavailable`] says which is not so.
    pub fn may_write(&self) -> Result<()> {
        self.fresh()?;
        let skew_ms = self.skew_ms.load(Ordering::Acquire);
        if skew_ms.saturating_abs() <= self.skew_max_ms {
            Ok(())
        } else {
            Err(Error::Unavailable(format!(
                "this machine's clock differs from the master server's by {skew_ms} ms"
            )))
        }
    }

    /// How far this node's clock is ahead of the master server's, in milliseconds.
    pub fn skew_ms(&self) -> i64 {
        self.skew_ms.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_knowledge_and_a_wrong_clock_are_refused() {
        let standing = Standing::new(Duration::from_millis(40), Duration::from_millis(100));
        assert!(standing.fresh().is_err(), "nothing was read yet");
        standing.read(Instant::now(), 50);
        assert!(standing.fresh().is_ok() && standing.may_write().is_ok());
        standing.read(Instant::now(), -101);
        assert!(standing.fresh().is_ok() && standing.may_write().is_err());
        std::thread::sleep(Duration::from_millis(60));
        assert!(standing.fresh().is_err());
        standing.read(Instant::now(), 0);
        standing.doubt();
        assert!(standing.fresh().is_err());
    }
}
