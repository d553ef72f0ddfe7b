//! The lane's loop: takes what waits, in order of arrival, and answers after the commit.

use std::{collections::VecDeque, time::Duration};

use sea_orm::DatabaseConnection;
use tokio::{sync::mpsc, sync::oneshot, time::Instant};
use tracing::Instrument;

use super::{
    ANNOUNCED_FOR_MS, Actor, AnyBox, Expected, Member, Setup, Work,
    fence::Fence,
    posting::{Post, Posted},
    state::State,
    writing::{MOVED, Mark, Writing},
};
use crate::{
    db::{control::begin_write, failure},
    error::{Error, Result},
};

const UNRESOLVED_AFTER: Duration = Duration::from_secs(10);
const REPLAYS_MAX: usize = 3;

pub(super) struct Run {
    setup: Setup,
    connection: Option<DatabaseConnection>,
    state: State,
    announced_at: Option<i64>,
}

struct Waiting {
    post: Box<Post>,
    answer: oneshot::Sender<Result<Posted>>,
}

/// Why a transaction did not commit.
enum Failure {
    /// Before COMMIT was sent: nothing is stored.
    Before(Error),
    /// COMMIT's answer was lost or bad; whether it is stored is to be found out by the mark.
    Unknown(Error, Mark),
}

impl Run {
    pub(super) fn new(setup: Setup) -> Self {
        Self { setup, connection: None, state: State::default(), announced_at: None }
    }

    pub(super) async fn work(mut self, mut members: mpsc::Receiver<Member>) {
        let mut taken = Vec::new();
        let batch_max = self.setup.bounds.batch_max.max(1);
        while members.recv_many(&mut taken, batch_max).await > 0 {
            let mut waiting: VecDeque<Member> = taken.drain(..).collect();
            while let Some(member) = waiting.pop_front() {
                match member {
                    Member::Post { post, answer } => {
                        let mut batch = vec![Waiting { post, answer }];
                        while let Some(Member::Post { .. }) = waiting.front() {
                            if let Some(Member::Post { post, answer }) = waiting.pop_front() {
                                batch.push(Waiting { post, answer });
                            }
                        }
                        let span = self.span(batch.first().map(|first| &first.post.actor));
                        self.post_batch(batch).instrument(span).await;
                    }
                    Member::DryRun { post, answer } => {
                        let span = self.span(Some(&post.actor));
                        let outcome = self.dry_run(&post).instrument(span).await;
                        answer.send(outcome).ok();
                    }
                    Member::Write { actor, work, is_trial, answer } => {
                        let span = self.span(Some(&actor));
                        let outcome = self.write(actor, work, is_trial).instrument(span).await;
                        answer.send(outcome).ok();
                    }
                }
            }
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "a lane's connection did not close cleanly");
        }
    }

    /// Lines logged in here tell the tenant and the request; of a batch, its first member's.
    fn span(&self, actor: Option<&Actor>) -> tracing::Span {
        tracing::info_span!(
            "lane",
            tenant = %self.setup.expected.tenant,
            request = actor.and_then(|actor| actor.request_id.as_deref()),
        )
    }

    async fn post_batch(&mut self, batch: Vec<Waiting>) {
        let members: Vec<&Post> = batch.iter().map(|waiting| waiting.post.as_ref()).collect();
        metrics::histogram!("daybook_lane_batch_members").record(count(members.len()));
        match self.try_batch(&members).await {
            Ok(answers) => {
                for (waiting, answer) in batch.into_iter().zip(answers) {
                    waiting.answer.send(answer).ok();
                }
            }
            Err(error) if matters_to_all(&error) => {
                let text = error.cause().unwrap_or_else(|| error.to_string());
                tracing::error!(cause = %text, members = batch.len(), "a batch failed as a whole");
                let is_internal = matches!(error, Error::Internal(_));
                for waiting in batch {
                    let text = text.clone();
                    let error =
                        if is_internal { Error::Internal(text) } else { Error::Unavailable(text) };
                    waiting.answer.send(Err(error)).ok();
                }
            }
            // The database refused something that judging had let pass: each member stands alone, so
            // that one of them cannot fail its neighbours.
            Err(error) => {
                tracing::warn!(cause = ?error.cause(), members = batch.len(), "a batch is replayed");
                metrics::counter!("daybook_lane_replays_total").increment(1);
                for waiting in batch {
                    let outcome = self.post_alone(&waiting.post).await;
                    waiting.answer.send(outcome).ok();
                }
            }
        }
    }

    async fn post_alone(&mut self, post: &Post) -> Result<Posted> {
        let mut left = REPLAYS_MAX;
        loop {
            left -= 1;
            match self.try_batch(&[post]).await {
                Ok(mut answers) => {
                    return answers
                        .pop()
                        .unwrap_or_else(|| Err(Error::Internal("no answer".into())));
                }
                // An id that exists already: fresh ones are taken with the next try.
                Err(Error::Database(cause)) if left > 0 && is_clash(&cause) => {}
                Err(Error::Database(cause))
                    if failure::guard(&cause) == Some(failure::Guard::PeriodLocked) =>
                {
                    let path = format!("{}.date", post.path());
                    let why = "this period is locked";
                    return Err(Error::refused(crate::error::Code::PeriodLocked, &path, why));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// One transaction for all members. The outer error means that nothing of it is stored.
    async fn try_batch(&mut self, members: &[&Post]) -> Result<Vec<Result<Posted>>> {
        let actor = members.first().map_or_else(Actor::system, |post| post.actor.clone());
        let mut writing = self.begin(actor).await?;
        let answers = match writing.post_all(members).await {
            Ok(answers) => answers,
            Err(error) => {
                writing.give_up().await;
                return Err(self.after_failure(error));
            }
        };
        if writing.is_idle() {
            // Nothing but refusals and replays. What judging touched was taken back.
            self.state = std::mem::take(&mut writing.state);
            writing.give_up().await;
            return Ok(answers);
        }
        self.finish(writing).await?;
        Ok(answers)
    }

    async fn write(&mut self, actor: Actor, work: Work, is_trial: bool) -> Result<AnyBox> {
        let mut writing = self.begin(actor).await?;
        match work(&mut writing).await {
            Ok(done) if is_trial => {
                let outcome = writing.flush().await.map(|_| done);
                writing.give_up().await;
                outcome
            }
            Ok(done) if writing.is_idle() => {
                writing.give_up().await;
                Ok(done)
            }
            Ok(done) => {
                self.finish(writing).await?;
                Ok(done)
            }
            Err(error) => {
                writing.give_up().await;
                Err(self.after_failure(error))
            }
        }
    }

    async fn dry_run(&mut self, post: &Post) -> Result<Posted> {
        let mut writing = self.begin(post.actor.clone()).await?;
        let unclaimed = Post { deeds: post.deeds.clone(), claim: None, actor: post.actor.clone() };
        let outcome = match writing.post(&unclaimed).await {
            Ok(posted) => writing.flush().await.map(|_| posted),
            Err(error) => Err(error),
        };
        writing.give_up().await;
        outcome
    }

    async fn begin(&mut self, actor: Actor) -> Result<Writing> {
        self.setup.observer.may_write()?;
        self.announce().await?;
        let state = std::mem::take(&mut self.state);
        let (engine, expected) = (self.setup.engine, self.setup.expected);
        let connection = self.connection().await?;
        let begun =
            Writing::begin(&connection, engine, &self.setup.ids, actor, expected, state).await;
        begun.map_err(|error| self.after_failure(error))
    }

    /// Tells workers that there may soon be events, unless they were told a short while ago.
    async fn announce(&mut self) -> Result<()> {
        // As it stands before they are told: what they note of it is never earlier.
        let now = self.setup.ids.clock().now_ms();
        let since = self.announced_at.and_then(|at| now.checked_sub(at));
        if !since.is_some_and(|since| (0..ANNOUNCED_FOR_MS).contains(&since)) {
            self.setup.observer.before_write().await?;
            self.announced_at = Some(now);
        }
        Ok(())
    }

    async fn connection(&mut self) -> Result<DatabaseConnection> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let opened = (self.setup.connect)().await?;
        self.connection = Some(opened.clone());
        Ok(opened)
    }

    /// After a failure nothing that is remembered counts, and a broken connection is not used again.
    fn after_failure(&mut self, error: Error) -> Error {
        self.state = State::default();
        if let Error::Unavailable(cause) = &error {
            if cause == MOVED {
                self.setup.observer.moved();
            }
            self.connection = None;
        }
        error
    }

    async fn finish(&mut self, writing: Writing) -> Result<()> {
        match flush_and_commit(writing).await {
            Ok((note, state)) => {
                self.state = state;
                self.setup.observer.committed(note);
                Ok(())
            }
            Err(Failure::Before(error)) => Err(self.after_failure(error)),
            Err(Failure::Unknown(error, mark)) => {
                self.connection = None;
                self.state = State::default();
                tracing::warn!(cause = ?error.cause(), "a commit's answer was lost; looking it up");
                let note = self.resolve(mark).await.map_err(|cause| {
                    Error::Unavailable(format!("a commit's outcome is not known yet: {cause:?}"))
                })?;
                match note {
                    Some(note) => {
                        self.setup.observer.committed(note);
                        Ok(())
                    }
                    None => Err(Error::Unavailable("the commit did not happen".into())),
                }
            }
        }
    }

    /// Reconnects, locks the fence (which waits for the old transaction to end) and looks whether the
    /// newest audit row of the lost commit is there.
    async fn resolve(&mut self, mark: Mark) -> Result<Option<super::Note>> {
        let until = Instant::now() + UNRESOLVED_AFTER;
        loop {
            match self.look_up(mark).await {
                Ok(found) => return Ok(found),
                Err(error) if Instant::now() >= until => return Err(error),
                Err(_) => {
                    self.connection = None;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    async fn look_up(&mut self, mark: Mark) -> Result<Option<super::Note>> {
        use sea_orm::ConnectionTrait;
        let engine = self.setup.engine;
        let connection = self.connection().await?;
        let txn = begin_write(&connection, engine).await?;
        let fence = Fence::lock(&txn).await?;
        let sql = "SELECT hash FROM audit_logs WHERE seq = ?";
        let ask =
            crate::db::sql::statement(txn.get_database_backend(), sql, [mark.chain_seq.into()]);
        let found: Option<String> = match txn.query_one_raw(ask).await? {
            Some(row) => Some(row.try_get_by_index(0)?),
            None => None,
        };
        txn.rollback().await?;
        let is_there = found.is_some_and(|hash| hash == mark.chain_hash.to_hex());
        // What it held is not known any more: workers had better look.
        Ok(is_there.then_some(super::Note::of(&fence, true)))
    }
}

async fn flush_and_commit(mut writing: Writing) -> Result<(super::Note, State), Failure> {
    let mark = match writing.flush().await {
        Ok(mark) => mark,
        Err(error) => {
            writing.give_up().await;
            return Err(Failure::Before(error));
        }
    };
    writing.commit().await.map_err(|error| Failure::Unknown(error, mark))
}

/// A transaction outside any lane, for provisioning and for tools: the same fence, the same log.
///
/// # Errors
/// What the work or the database says; nothing is stored then.
pub async fn write_once<T, F>(
    connection: &DatabaseConnection,
    engine: daybook_entity::master::tenant::Engine,
    ids: &std::sync::Arc<super::Ids>,
    actor: Actor,
    expected: Expected,
    work: F,
) -> Result<T>
where
    F: for<'w> FnOnce(&'w mut Writing) -> futures_util::future::BoxFuture<'w, Result<T>>,
{
    let mut writing =
        Writing::begin(connection, engine, ids, actor, expected, State::default()).await?;
    match work(&mut writing).await {
        Ok(done) => match flush_and_commit(writing).await {
            Ok(_) => Ok(done),
            Err(Failure::Before(error) | Failure::Unknown(error, _)) => Err(error),
        },
        Err(error) => {
            writing.give_up().await;
            Err(error)
        }
    }
}

fn is_clash(cause: &sea_orm::DbErr) -> bool {
    failure::is_taken(cause) || failure::guard(cause) == Some(failure::Guard::PostedIsPosted)
}

/// Whether an error says something about the database rather than about one member.
fn matters_to_all(error: &Error) -> bool {
    !matches!(error, Error::Database(_) | Error::Refused(_))
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a metric, not an amount")]
fn count(members: usize) -> f64 {
    members as f64
}
