//! The time of day, passed in so that tests can set it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

fn instant(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The date of an instant (UTC milliseconds) in a zone; an unknown zone name counts as UTC.
pub fn day_in(zone: &str, ms: i64) -> NaiveDate {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    instant(ms).with_timezone(&zone).date_naive()
}

/// The instant (UTC milliseconds) at which a day begins in a zone; an unknown zone name counts as UTC. Where
/// midnight is left out for summer time, the day begins with the first hour that there is.
pub fn day_begins(zone: &str, day: NaiveDate) -> i64 {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let midnight = day.and_time(NaiveTime::MIN);
    let begins = (0..4).find_map(|hours| {
        zone.from_local_datetime(&(midnight + TimeDelta::hours(hours))).earliest()
    });
    begins.map_or_else(|| midnight.and_utc().timestamp_millis(), |begins| begins.timestamp_millis())
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_business_is() {
        for (zone, day, instant) in [
            ("UTC", "2026-04-01", "2026-04-01T00:00:00Z"),
            ("Asia/Kolkata", "2026-04-01", "2026-03-31T18:30:00Z"),
            ("Africa/Nairobi", "2026-04-01", "2026-03-31T21:00:00Z"),
            // Summer time began at midnight.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
            ("Nowhere/None", "2026-04-01", "2026-04-01T00:00:00Z"),
        ] {
            let day: NaiveDate = day.parse().unwrap();
            let begins = day_begins(zone, day);
            let right: DateTime<Utc> = instant.parse().unwrap();
            assert_eq!(begins, right.timestamp_millis(), "{zone} {day}");
            assert_eq!(day_in(zone, begins), day);
            assert_ne!(day_in(zone, begins - 1), day);
        }
    }
}
