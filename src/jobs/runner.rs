//! The loop of a worker: looks for work, claims as much as it has room for, does it, and says so.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::join_all};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Handler, Job, Outcome, outbox::OutboxHandler, recurring::RecurringHandler};
use crate::{
    error::{Error, Result},
    office::Office,
    services::platform::fault,
    tenancy::Tenancy,
};

/// How a process does work in the background.
#[derive(Debug, Clone)]
pub struct RunnerSettings {
    /// Jobs at the same time; at least 1.
    pub workers: usize,
    /// Between two looks for work.
    pub poll: Duration,
    /// How long a claim counts without a sign of life.
    pub lease: Duration,
    /// How often a job is tried.
    pub attempts_max: u32,
    /// Longest wait before it is tried again.
    pub backoff_max: Duration,
    /// How long jobs that are done are kept.
    pub keep: Duration,
    /// How long handled events are kept.
    pub outbox_keep: Duration,
    /// How long running work may finish when the process stops.
    pub grace: Duration,
}

/// A worker.
pub struct Runner {
    office: Arc<Office>,
    settings: RunnerSettings,
    handlers: Vec<Box<dyn Handler>>,
    holder: String,
}

/// Between two clearings of what was done long ago.
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// The first wait after a failure; each further one is twice as long.
const BACKOFF_FIRST_MS: i64 = 1_000;
/// How long what is passing (a database that is away) waits.
const PASSING_MS: i64 = 5_000;

impl Runner {
    /// A worker of this process, whose claims bear this name.
    pub fn new(
        office: Arc<Office>,
        tenancy: &Arc<Tenancy>,
        settings: RunnerSettings,
        holder: String,
    ) -> Arc<Self> {
        let handlers: Vec<Box<dyn Handler>> = vec![
            Box::new(OutboxHandler::new(&office, tenancy, settings.outbox_keep)),
            Box::new(RecurringHandler::new(&office, tenancy)),
        ];
        Arc::new(Self { office, settings, handlers, holder })
    }

    /// Works until told to stop; then claims nothing more, and waits a while for what is under way. What
    /// is not done by then is left to others when its lease runs out.
    pub async fn work(self: Arc<Self>, stop: CancellationToken) {
        let mut running = JoinSet::new();
        let mut tidied: Option<Instant> = None;
        let mut was_good = true;
        while !stop.is_cancelled() {
            let room = self.settings.workers.max(1).saturating_sub(running.len());
            let claimed = self.look(room).await;
            if was_good && let Err(error) = &claimed {
                tracing::warn!(cause = ?error.cause(), "there is no looking for work now");
            }
            was_good = claimed.is_ok();
            for job in claimed.unwrap_or_default() {
                let me = Arc::clone(&self);
                running.spawn(async move { me.carry_out(job).await });
            }
            let is_full = running.len() >= self.settings.workers.max(1);
            if tidied.is_none_or(|at| at.elapsed() > TIDY_EVERY) {
                tidied = Some(Instant::now());
                self.tidy().await;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                // There may be more: the next look is due when a place is free.
                Some(_) = running.join_next(), if is_full => {}
                () = tokio::time::sleep(self.settings.poll) => {}
            }
            while running.try_join_next().is_some() {}
        }
        let rest = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(self.settings.grace, rest).await.is_err() {
            tracing::warn!("work in the background is left to another worker");
            running.shutdown().await;
        }
    }

    /// Looks once for work and does all that there is; how many jobs that were.
    ///
    /// # Errors
    /// When main cannot be read or written.
    pub async fn turn(&self) -> Result<usize> {
        let mut done = 0;
        loop {
            let claimed = self.look(self.settings.workers.max(1)).await?;
            if claimed.is_empty() {
                return Ok(done);
            }
            done += claimed.len();
            join_all(claimed.into_iter().map(|job| self.carry_out(job))).await;
        }
    }

    /// Puts in what is due and claims at most so many jobs.
    async fn look(&self, room: usize) -> Result<Vec<Job>> {
        if room == 0 {
            return Ok(Vec::new());
        }
        for handler in &self.handlers {
            let due = handler.due().await?;
            self.office.enqueue(&due).await?;
        }
        let kinds: Vec<&'static str> = self.handlers.iter().map(|one| one.kind()).collect();
        let most = u64::try_from(room).unwrap_or(1);
        self.office.claim(&kinds, &self.holder, millis(self.settings.lease), most).await
    }

    async fn tidy(&self) {
        let before = self.office.clock.now_ms().saturating_sub(millis(self.settings.keep));
        if let Err(error) = self.office.forget_done(before).await {
            tracing::warn!(cause = ?error.cause(), "jobs that are done were not removed");
        }
    }

    async fn carry_out(&self, job: Job) {
        let Some(handler) = self.handlers.iter().find(|one| one.kind() == job.kind) else { return };
        let began = Instant::now();
        let work = AssertUnwindSafe(handler.run(&job)).catch_unwind();
        let outcome = tokio::select! {
            biased;
            outcome = work => outcome.unwrap_or_else(|_| Err(Error::Internal("a job panicked".into()))),
            () = self.keep_alive(&job) => {
                tracing::warn!(job = %job.id, kind = %job.kind, "another worker took this job over");
                return;
            }
        };
        metrics::histogram!("daybook_job_seconds", "kind" => handler.kind())
            .record(began.elapsed());
        if let Err(error) = &outcome
            && fault::is_stop(error)
        {
            // As if the process had died here: nobody hears of it.
            return;
        }
        let (said, word) = self.judged(&job, outcome).await;
        metrics::counter!("daybook_jobs_total", "kind" => handler.kind(), "outcome" => word)
            .increment(1);
        match said {
            Ok(true) => {}
            Ok(false) => tracing::warn!(job = %job.id, "another worker has taken this job over"),
            Err(error) => {
                let cause = error.cause();
                tracing::warn!(job = %job.id, ?cause, "what came of a job was not written down");
            }
        }
    }

    /// Writes down what came of a job.
    async fn judged(&self, job: &Job, outcome: Result<Outcome>) -> (Result<bool>, &'static str) {
        let now = self.office.clock.now_ms();
        let error = match outcome {
            Ok(Outcome::Done) => return (self.office.done(job).await, "done"),
            Ok(Outcome::Later(wait)) => {
                let due = now.saturating_add(wait);
                return (self.office.put_back(job, due, None, false).await, "later");
            }
            Err(error) => error,
        };
        let cause = error.cause().unwrap_or_else(|| error.to_string());
        // The row says no more than a client would hear; the cause is in the log under the job's id.
        let told = format!("{}: {error}", error.code());
        let tenant = job.tenant_id.map(|tenant| tenant.get());
        let (kind, attempt) = (job.kind.as_str(), job.attempts);
        match error {
            Error::Unavailable(_) | Error::Throttled { .. } => {
                tracing::warn!(job = %job.id, kind, tenant, attempt, %cause, "a job waits");
                let due = now.saturating_add(PASSING_MS);
                (self.office.put_back(job, due, Some(&told), false).await, "later")
            }
            _ if u32::try_from(attempt).unwrap_or(u32::MAX) >= self.settings.attempts_max => {
                tracing::error!(job = %job.id, kind, tenant, attempt, %cause, "a job is given up");
                (self.office.give_up(job, &told).await, "dead")
            }
            _ => {
                tracing::warn!(job = %job.id, kind, tenant, attempt, %cause, "a job failed");
                let due = now.saturating_add(self.backoff(job));
                (self.office.put_back(job, due, Some(&told), true).await, "failed")
            }
        }
    }

    /// How long a job waits after its failure: twice as long each time, within the bound, and a part of it
    /// by chance, so that what failed together is not tried together.
    fn backoff(&self, job: &Job) -> i64 {
        let doublings = u32::try_from(job.attempts.saturating_sub(1)).unwrap_or(0).min(30);
        let longest = millis(self.settings.backoff_max);
        let wait = BACKOFF_FIRST_MS.saturating_mul(1_i64 << doublings).min(longest);
        let mut bytes = [0_u8; 4];
        getrandom::fill(&mut bytes).ok();
        let chance = i64::from(u32::from_le_bytes(bytes));
        wait / 2 + chance % (wait / 2 + 1)
    }

    /// Renews the claim for as long as it can; returns when another worker has the job.
    async fn keep_alive(&self, job: &Job) {
        loop {
            tokio::time::sleep(self.settings.lease / 3).await;
            match self.office.keep_claim(job, millis(self.settings.lease)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(job = %job.id, cause = ?error.cause(), "a claim was not renewed");
                }
            }
        }
    }
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Runner").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
