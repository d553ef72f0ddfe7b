//! The time of day, passed in so that tests can set it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

fn instant(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The date of an instant (UTC milliseconds) in a zone; an unknown zone name counts as UTC.
pub fn day_in(zone: &str, ms: i64) -> NaiveDate {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    instant(ms).with_timezone(&zone).date_naive()
}

/// Tells the time: the machine's, moved by an offset that only tests set.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now_ms(&self) -> i64 {
        Utc::now().timestamp_millis().saturating_add(self.offset_ms.load(Ordering::Relaxed))
    }

    /// The same instant as a date and time in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        instant(self.now_ms())
    }

    /// Today's date in a zone; an unknown zone name counts as UTC.
    pub fn today(&self, zone: &str) -> NaiveDate {
        day_in(zone, self.now_ms())
    }

    /// Moves this clock and all its clones, for tests of expiry.
    pub fn advance_ms(&self, by: i64) {
        self.offset_ms.fetch_add(by, Ordering::Relaxed);
    }
}
