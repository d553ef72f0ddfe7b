//! Work in the background: how much at once, how often, how long it is kept.

use super::{fixed, ms, seconds, section};
use crate::config::setting::{Kind, TimeUnit};

const fn days(min: u64, max: u64) -> Kind {
    Kind::Time(TimeUnit::Days, min, max)
}

section! {
    /// Work in the background.
    Jobs in "jobs" {
        workers: usize = Kind::Number(0, 64), fixed("2"),
            "Jobs that this process does at the same time beside serving; 0 leaves them to `daybook worker` elsewhere.";
        poll_ms: u64 = ms(50, 600_000), fixed("1000"),
            "How often a process looks for work.";
        lease_seconds: u64 = seconds(2, 3_600), fixed("30"),
            "A job whose worker shows no life for this long is taken over by another.";
        attempts_max: u32 = Kind::Number(1, 100), fixed("12"),
            "How often a job is tried before it waits for somebody of the office to look at it.";
        backoff_max_seconds: u64 = seconds(1, 86_400), fixed("3600"),
            "Longest wait before a failed job is tried again; the first waits are short and double.";
        keep_days: u64 = days(1, 3_650), fixed("7"),
            "How long jobs that are done stay in the office's list.";
        outbox_keep_days: u64 = days(1, 3_650), fixed("7"),
            "How long a tenant's events are kept after they were handled, for subscribers that are behind.";
    }
}
