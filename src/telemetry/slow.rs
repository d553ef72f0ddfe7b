//! Statements that take too long, by name: never their text with values.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The target of these lines, for `log.level`, as in `info,daybook::slow=off`.
pub const SLOW_TARGET: &str = "daybook::slow";

pub(super) const SLOW_COUNTER: &str = "daybook_slow_statements_total";

static THRESHOLD_MS: AtomicU64 = AtomicU64::new(200);

pub(super) fn set_threshold(ms: u64) {
    THRESHOLD_MS.store(ms, Ordering::Relaxed);
}

/// Whether a statement that took this long is a slow one, by `log.slow_query_ms`.
pub fn is_slow(elapsed: Duration) -> bool {
    elapsed >= Duration::from_millis(THRESHOLD_MS.load(Ordering::Relaxed))
}

/// Logs and counts a slow statement. The name says what it does to which tables; request and tenant
/// come from the span around.
pub fn slow_statement(name: &str, elapsed: Duration) {
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    tracing::warn!(target: SLOW_TARGET, statement = name, elapsed_ms, "slow statement");
    metrics::counter!(SLOW_COUNTER, "statement" => name.to_owned()).increment(1);
}
