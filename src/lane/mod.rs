//! The lane: the one way in which anything is written to a tenant's database.
//!
//! Each open tenant has one lane, one task with one connection. Postings that wait together share a
//! transaction, a set-wise write and a commit; everything else that writes has a transaction of its
//! own. Every transaction locks the fence first, so lanes of several processes take turns, and what a
//! decision rests on cannot change under it. An answer leaves only after its commit is durable.

pub mod actor;
pub mod bank_details;
mod bank_marks;
pub(crate) mod canonical;
pub(crate) mod costs;
mod exchange;
pub mod fence;
pub mod ids;
mod judge;
mod judge_acts;
mod judge_bills;
mod locks;
mod numbers;
pub(crate) mod oldest;
pub mod posting;
pub(crate) mod record;
mod rows;
pub(crate) mod run;
mod state;
pub(crate) mod stored;
mod tables;
mod targets;
pub mod writing;

use std::{any::Any, sync::Arc};

use daybook_entity::master::tenant::Engine;
use futures_util::future::BoxFuture;
use sea_orm::DatabaseConnection;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

pub use actor::{Actor, Who};
pub use bank_details::BankDetail;
pub use exchange::EXCHANGE_GAIN;
pub use fence::Fence;
pub use ids::Ids;
pub use posting::{Claim, Deed, Post, Posted, PostedBill, PostedEntry, PostedVoucher, Posting};
pub use record::earlier;
pub use run::write_once;
pub use writing::{Change, Expected, Note, Writing};

use crate::error::{Error, Result};

/// What a lane tells the rest of the process.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// Whether this process may write now (its clock agrees with the master's, its lease holds).
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it may not.
    fn may_write(&self) -> Result<()>;

    /// Called before the first write after opening, and again before a write once [`ANNOUNCED_FOR_MS`]
    /// have gone, so that no event waits in a database that nobody opens.
    fn before_write(&self) -> BoxFuture<'_, Result<()>>;

    /// Called after each durable commit.
    fn committed(&self, note: Note);

    /// Called when the database turns out to have moved: the route is stale.
    fn moved(&self);
}

/// How long a lane writes after it announced that it may, before it does so again. A worker that finds the
/// last announcement much older than this knows that no lane writes on its ground.
pub const ANNOUNCED_FOR_MS: i64 = 60_000;

/// How a lane gets its connection, again when the old one is lost.
pub type Connect = Arc<dyn Fn() -> BoxFuture<'static, Result<DatabaseConnection>> + Send + Sync>;

/// Bounds of a lane.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most vouchers in one transaction, except those of one bulk call.
    pub batch_max: usize,
    /// Most members that wait.
    pub queue_max: usize,
}

/// What a lane needs to run.
pub struct Setup {
    /// Opens the writing connection.
    pub connect: Connect,
    /// The database's engine.
    pub engine: Engine,
    /// Whose database, in which epoch.
    pub expected: Expected,
    /// Source of ids.
    pub ids: Arc<Ids>,
    /// Who hears of commits.
    pub observer: Arc<dyn Observer>,
    /// Bounds.
    pub bounds: Bounds,
}

type AnyBox = Box<dyn Any + Send>;
type Work = Box<dyn for<'w> FnOnce(&'w mut Writing) -> BoxFuture<'w, Result<AnyBox>> + Send>;

pub(crate) enum Member {
    Post { post: Box<Post>, answer: oneshot::Sender<Result<Posted>> },
    DryRun { post: Box<Post>, answer: oneshot::Sender<Result<Posted>> },
    Write { actor: Actor, work: Work, is_trial: bool, answer: oneshot::Sender<Result<AnyBox>> },
}

/// A running lane. Dropping it ends its task once the queue is empty.
#[derive(Debug)]
pub struct Lane {
    queue: mpsc::Sender<Member>,
    task: JoinHandle<()>,
    ids: Arc<Ids>,
}

impl Lane {
    /// Starts the lane of an open tenant.
    pub fn start(setup: Setup) -> Self {
        let (queue, members) = mpsc::channel(setup.bounds.queue_max.max(1));
        let ids = Arc::clone(&setup.ids);
        let task = tokio::spawn(run::Run::new(setup).work(members));
        Self { queue, task, ids }
    }

    /// Where ids come from, for what is prepared before its transaction begins.
    pub fn ids(&self) -> &Arc<Ids> {
        &self.ids
    }

    /// Posts vouchers, all or none, and answers when they are durable.
    ///
    /// # Errors
    /// A refusal, [`Error::Conflict`] of a retry key, [`Error::Throttled`] when the queue is full, or
    /// [`Error::Unavailable`]: then the same key tells what became of it.
    pub async fn post(&self, post: Post) -> Result<Posted> {
        let (answer, answered) = oneshot::channel();
        self.send(Member::Post { post: Box::new(post), answer })?;
        answered.await.map_err(|_| lost())?
    }

    /// Does what [`Lane::post`] would, in a transaction that always ends in ROLLBACK.
    ///
    /// # Errors
    /// As [`Lane::post`].
    pub async fn dry_run(&self, post: Post) -> Result<Posted> {
        let (answer, answered) = oneshot::channel();
        self.send(Member::DryRun { post: Box::new(post), answer })?;
        answered.await.map_err(|_| lost())?
    }

    /// Runs any other change in a transaction of its own behind the fence. The work writes at least
    /// one row of the edit log; if it fails, nothing of it is stored.
    ///
    /// # Errors
    /// What the work says, or as [`Lane::post`].
    pub async fn write<T, F>(&self, actor: Actor, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'w> FnOnce(&'w mut Writing) -> BoxFuture<'w, Result<T>> + Send + 'static,
    {
        self.work(actor, work, false).await
    }

    /// Does what [`Lane::write`] would, in a transaction that always ends in ROLLBACK.
    ///
    /// # Errors
    /// As [`Lane::write`].
    pub async fn write_trial<T, F>(&self, actor: Actor, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'w> FnOnce(&'w mut Writing) -> BoxFuture<'w, Result<T>> + Send + 'static,
    {
        self.work(actor, work, true).await
    }

    async fn work<T, F>(&self, actor: Actor, work: F, is_trial: bool) -> Result<T>
    where
        T: Send + 'static,
        F: for<'w> FnOnce(&'w mut Writing) -> BoxFuture<'w, Result<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |writing| {
            Box::pin(async move {
                let done: AnyBox = Box::new(work(writing).await?);
                Ok(done)
            })
        });
        self.send(Member::Write { actor, work, is_trial, answer })?;
        let done = answered.await.map_err(|_| lost())??;
        done.downcast().map(|done| *done).map_err(|_| Error::Internal("a lane's answer".into()))
    }

    fn send(&self, member: Member) -> Result<()> {
        self.queue.try_send(member).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Throttled { retry_after_ms: 1_000 },
            mpsc::error::TrySendError::Closed(_) => lost(),
        })
    }

    /// Whether nothing waits and nothing runs.
    pub fn is_idle(&self) -> bool {
        self.queue.capacity() == self.queue.max_capacity()
    }

    /// Answers what waits, then ends the task and closes its connection.
    pub async fn drain(self) {
        drop(self.queue);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a lane ended badly");
        }
    }
}

fn lost() -> Error {
    Error::Unavailable("the lane ended before it answered".into())
}
