//! Work in the background: who does what, and how it is tried, kept alive and given up.
//!
//! [`Runner`] looks for work, claims it in main's queue and does it. What it can do is a list of
//! [`Handler`]s: `outbox` reads tenants' events and hands them on, `recurring` makes the vouchers that have
//! come due. Whatever is done here may be done twice (a worker may die after it and before it says so), so
//! every handler's effect is once by a key of its own.

mod outbox;
mod recurring;
mod runner;

use daybook_entity::main::work::job;
use futures_util::future::BoxFuture;

pub use runner::{Runner, RunnerSettings};

use crate::{error::Result, office::queue::NewJob};

/// A claimed piece of work.
pub type Job = job::Model;

/// What came of a piece of work that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It cannot be done yet, which is nobody's fault: to be tried again after so many milliseconds.
    Later(i64),
}

/// Does the work of one kind.
pub trait Handler: Send + Sync {
    /// The kind, as the queue names it.
    fn kind(&self) -> &'static str;

    /// Work that is due by what stands in main, whoever wrote it; asked at each look for work.
    fn due(&self) -> BoxFuture<'_, Result<Vec<NewJob>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Does it. It may have been done before, in part or whole, by a worker that died.
    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Outcome>>;
}
