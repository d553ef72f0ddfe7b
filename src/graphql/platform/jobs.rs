//! Work in the background in the API, as the office sees it.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{JobId, TenantId},
    role::Permission,
};
use daybook_entity::main::work::{self, job};

use crate::{
    connection,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        page::PageAsk,
        scalar::DateTime,
        session::TENANT,
    },
    payloads,
    services::platform::jobs::{self, JobFilter},
    user_errors,
};

/// A piece of work in the background.
#[derive(SimpleObject, Debug, Clone)]
pub struct Job {
    /// Opaque global id.
    pub id: ID,
    /// What is done, such as "RECURRING_VOUCHERS" or "OUTBOX".
    pub kind: String,
    /// Global id of the tenant for which it is done, where there is one.
    pub tenant_id: Option<ID>,
    /// What it is about, in the words of its kind; often empty.
    pub key: String,
    /// How far it is.
    pub state: JobState,
    /// How often it was tried.
    pub attempts: i32,
    /// It is not tried before this.
    pub due_at: DateTime,
    /// Until when the worker that has it must show a sign of life.
    pub lease_until: Option<DateTime>,
    /// The worker that has it.
    pub leased_by: Option<String>,
    /// What went wrong last; the cause is in the log under the job's number.
    pub last_error: Option<String>,
    /// When it was put in first.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
}

/// The kind of a job's global id.
pub const JOB: &str = "Job";

/// How far a job is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "work::JobState")]
pub enum JobState {
    /// Waits for its time or a worker.
    Ready,
    /// A worker has it.
    Leased,
    /// Nothing is left to do.
    Done,
    /// Failed too often; somebody must look.
    Dead,
}

impl From<job::Model> for Job {
    fn from(row: job::Model) -> Self {
        Self {
            id: id::encode(JOB, row.id.get()),
            kind: row.kind,
            tenant_id: row.tenant_id.map(|tenant| id::encode(TENANT, tenant.get())),
            key: row.job_key,
            state: row.state.into(),
            attempts: row.attempts,
            due_at: DateTime(row.due_at),
            lease_until: row.lease_until.map(DateTime),
            leased_by: row.leased_by,
            last_error: row.last_error,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
        }
    }
}

connection!(
    /// Jobs, the newest first.
    JobConnection, JobEdge, Job
);

/// Which jobs to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct JobFilterInput {
    /// That are so far.
    pub state: Option<Vec<JobState>>,
    /// Of this kind.
    pub kind: Option<String>,
    /// For this tenant.
    pub tenant_id: Option<ID>,
}

user_errors!(
    /// Something wrong with an act on a job.
    JobUserError,
    /// What can be wrong with an act on a job.
    JobErrorCode {
        /// It is not possible as things stand; the message says why.
        NotAllowed,
        /// There is no such job.
        NotFound,
    }
);

payloads! {
    /// The job as it stands now; null when something was wrong.
    job: Job, of job::Model, or JobUserError;
    /// What having a job tried again did.
    JobRetryPayload
}

/// What discarding a job did.
#[derive(SimpleObject, Debug)]
pub struct JobDiscardPayload {
    /// Opaque global id of the job that is gone; null when something was wrong.
    pub discarded_job_id: Option<ID>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<JobUserError>,
}

const NEWEST: &str = "jobs:id:desc";

/// Queries of jobs.
#[derive(Default, Debug)]
pub struct JobQuery;

#[Object]
impl JobQuery {
    /// The work in the background, the newest first: what waits, what is under way, what was done lately
    /// and what was given up. Requires: JOB_READ.
    #[graphql(
        guard = "Requires(Permission::JobRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which jobs.")] filter: Option<JobFilterInput>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<JobConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let wanted = JobFilter {
            states: filter.state.map(|all| all.into_iter().map(work::JobState::from).collect()),
            kind: filter.kind,
            // No tenant has the number 0.
            tenant: filter.tenant_id.as_ref().map(|one| TenantId::new(id::number(TENANT, one))),
        };
        let page = jobs::list(ctx.platform()?, wanted, &ask).await?;
        Ok(JobConnection::of(NEWEST, &ask, page))
    }
}

/// Mutations of jobs.
#[derive(Default, Debug)]
pub struct JobMutation;

fn job_of(global: &ID) -> JobId {
    JobId::new(id::number(JOB, global))
}

#[Object]
impl JobMutation {
    /// Has a job tried again at once that was given up or waits after a failure. Its attempts count anew.
    /// Requires: JOB_UPDATE.
    #[graphql(guard = "Requires(Permission::JobUpdate)")]
    async fn job_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job's id.")] id: ID,
    ) -> ApiResult<JobRetryPayload> {
        JobRetryPayload::of(jobs::retry(ctx.platform()?, job_of(&id)).await)
    }

    /// Removes a job that no worker has. What asked for it may ask again. Requires: JOB_UPDATE.
    #[graphql(guard = "Requires(Permission::JobUpdate)")]
    async fn job_discard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job's id.")] id: ID,
    ) -> ApiResult<JobDiscardPayload> {
        let (gone, user_errors) = answer(jobs::discard(ctx.platform()?, job_of(&id)).await)?;
        let discarded_job_id = gone.map(|gone| id::encode(JOB, gone.get()));
        Ok(JobDiscardPayload { discarded_job_id, user_errors })
    }
}
