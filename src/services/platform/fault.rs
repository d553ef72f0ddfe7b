//! Faults on demand: a test kills the process, or fails, after a named step.
//!
//! `DAYBOOK_FAULT=provision:<step>` ends the process at once, as a power cut would: nothing is undone,
//! no answer is given. Within a test, [`arm`] makes a step fail or stop dead. Both are compiled only
//! with debug assertions or for unit tests. A release has no code for them, and refuses to start with
//! that name in its environment.

use crate::error::Result;

/// What happens at an armed point.
#[cfg(any(test, debug_assertions))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The step fails, and what was done is undone.
    Fail,
    /// Everything stops where it is, as if the process had died.
    Stop,
}

/// The message by which a stop is told from other failures.
pub const STOPPED: &str = "stopped by a fault point";

/// Whether a failure stands for a dead process, after which nothing is undone.
pub fn is_stop(error: &crate::error::Error) -> bool {
    matches!(error, crate::error::Error::Internal(why) if why == STOPPED)
}

#[cfg(any(test, debug_assertions))]
mod armed {
    use std::cell::Cell;

    use super::Fault;

    tokio::task_local! {
        /// The point that is armed within a task.
        pub static ARMED: Cell<Option<(&'static str, Fault)>>;
    }
}

/// Runs work with one point armed.
#[cfg(any(test, debug_assertions))]
pub async fn arm<T>(point: &'static str, fault: Fault, work: impl Future<Output = T>) -> T {
    armed::ARMED.scope(std::cell::Cell::new(Some((point, fault))), work).await
}

/// A named point that the program passes.
///
/// # Errors
/// Only where a test has armed it.
#[cfg(any(test, debug_assertions))]
pub fn point(area: &str, step: &str) -> Result<()> {
    use crate::error::Error;

    #[expect(clippy::disallowed_methods, reason = "a switch for crash tests, not a setting")]
    let wanted = std::env::var("DAYBOOK_FAULT").ok();
    if wanted.is_some_and(|wanted| wanted.split_once(':') == Some((area, step))) {
        eprintln!("ended on demand after {area}:{step}");
        std::process::abort();
    }
    match armed::ARMED.try_with(std::cell::Cell::get) {
        Ok(Some((point, Fault::Fail))) if point == step => {
            Err(Error::Unavailable(format!("a fault after {area}:{step}")))
        }
        Ok(Some((point, Fault::Stop))) if point == step => Err(Error::Internal(STOPPED.into())),
        _ => Ok(()),
    }
}

/// A named point that the program passes.
///
/// # Errors
/// None in a release.
#[cfg(not(any(test, debug_assertions)))]
#[inline]
pub fn point(_area: &str, _step: &str) -> Result<()> {
    Ok(())
}
