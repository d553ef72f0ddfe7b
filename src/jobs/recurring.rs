//! Makes the vouchers of tenants whose recurring ones have come due, and keeps main told of when that is.
//!
//! Main knows of each tenant the instant at which a date of a recurring voucher next comes; so a tenant that
//! nobody opens is found. What is made is once by the tenant's own rows, whatever wakes this and how often.

use std::sync::Arc;

use daybook_domain::id::TenantId;
use futures_util::future::BoxFuture;
use sea_orm::ConnectionTrait;

use super::{
    Handler, Job, Outcome,
    outbox::{Event, Listener},
};
use crate::{
    db::{failure, sql::statement},
    error::{Error, Result},
    lane::writing::SCHEDULES_CHANGED,
    office::{Office, queue::NewJob},
    scope::RequestInfo,
    services::{
        books::recurring::run::{self, Books},
        platform::fault,
    },
    tenancy::{Lease, Tenancy},
};

/// The kind of these jobs.
const KIND: &str = "RECURRING_VOUCHERS";
/// Most tenants that one look finds.
const TENANTS_MAX: u64 = 500;
/// Most dates that one job deals with; the next look finds what is left.
const DATES_MAX: usize = 200;
/// How long a suspended tenant waits: what is missed meanwhile, each recurring voucher's own rule says.
const SUSPENDED_MS: i64 = 5 * 60_000;
/// How long a tenant waits whose database is being changed.
const CHANGING_MS: i64 = 60_000;

/// Makes what has come due.
pub(super) struct RecurringHandler {
    office: Arc<Office>,
    tenancy: Arc<Tenancy>,
}

impl RecurringHandler {
    pub fn new(office: &Arc<Office>, tenancy: &Arc<Tenancy>) -> Self {
        Self { office: Arc::clone(office), tenancy: Arc::clone(tenancy) }
    }

    async fn tenants_due(&self) -> Result<Vec<NewJob>> {
        let now = self.office.clock.now_ms();
        let sql = format!(
            "SELECT tenant_id FROM tenant_due WHERE due_at <= ? ORDER BY due_at LIMIT {TENANTS_MAX}"
        );
        let reader = self.office.main.reader();
        let ask = statement(reader.get_database_backend(), &sql, [now.into()]);
        let mut due = Vec::new();
        for row in reader.query_all_raw(ask).await? {
            due.push(NewJob {
                kind: KIND,
                tenant: Some(TenantId::new(row.try_get_by_index(0)?)),
                key: String::new(),
                payload: String::new(),
                due_at: now,
            });
        }
        Ok(due)
    }

    async fn make(&self, job: &Job, tenant: TenantId) -> Result<Outcome> {
        let db = match self.tenancy.lease(tenant).await {
            Err(Error::TenantNotFound) => {
                forget(&self.office, tenant).await?;
                return Ok(Outcome::Done);
            }
            Err(Error::TenantSuspended) => return Ok(Outcome::Later(SUSPENDED_MS)),
            Err(Error::TenantUpgrading) => return Ok(Outcome::Later(CHANGING_MS)),
            leased => leased?,
        };
        let books = Books {
            catalogue: self.tenancy.catalogue(),
            clock: self.office.clock.clone(),
            request: RequestInfo { id: format!("job-{}", job.id), address: None, subdomain: None },
            db,
        };
        run::all_due(&books, DATES_MAX).await?;
        fault::point("recurring", "made")?;
        tell_due(&self.office, &books.db).await?;
        Ok(Outcome::Done)
    }
}

impl Handler for RecurringHandler {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn due(&self) -> BoxFuture<'_, Result<Vec<NewJob>>> {
        Box::pin(self.tenants_due())
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            match job.tenant_id {
                Some(tenant) => self.make(job, tenant).await,
                None => Ok(Outcome::Done),
            }
        })
    }
}

/// Tells main anew when a tenant's recurring vouchers are due, whenever they changed.
pub(super) struct DueListener(Arc<Office>);

impl DueListener {
    pub fn new(office: &Arc<Office>) -> Self {
        Self(Arc::clone(office))
    }
}

impl Listener for DueListener {
    fn kinds(&self) -> &'static [&'static str] {
        &[SCHEDULES_CHANGED]
    }

    fn hear<'a>(&'a self, db: &'a Lease, _: &'a [&'a Event]) -> BoxFuture<'a, Result<()>> {
        // Several events say the same as one.
        Box::pin(tell_due(&self.0, db))
    }
}

/// Tells main when a tenant's recurring vouchers are next due. What was found out of an older state of the
/// tenant's database never takes the place of something newer.
async fn tell_due(office: &Office, db: &Lease) -> Result<()> {
    let snapshot = db.reader().await?.snapshot().await?;
    let fence = *snapshot.fence();
    let due_at = run::next_due_at(snapshot.conn()).await?;
    drop(snapshot);
    let writer = office.main.writer();
    let backend = writer.get_database_backend();
    let (tenant, now) = (db.route.id.get(), office.clock.now_ms());
    let update = "UPDATE tenant_due SET due_at = ?, epoch = ?, change_seq = ?, updated_at = ? \
                  WHERE tenant_id = ? AND (epoch < ? OR (epoch = ? AND change_seq <= ?))";
    let (epoch, seq) = (fence.epoch, fence.change_seq);
    let update = || {
        let values = [
            due_at.into(),
            epoch.into(),
            seq.into(),
            now.into(),
            tenant.into(),
            epoch.into(),
            epoch.into(),
            seq.into(),
        ];
        statement(backend, update, values)
    };
    if writer.execute_raw(update()).await?.rows_affected() > 0 {
        return Ok(());
    }
    let insert = "INSERT INTO tenant_due (tenant_id, due_at, epoch, change_seq, updated_at) \
                  VALUES (?, ?, ?, ?, ?)";
    let values = [tenant.into(), due_at.into(), epoch.into(), seq.into(), now.into()];
    match writer.execute_raw(statement(backend, insert, values)).await {
        Ok(_) => Ok(()),
        // It is there: newer, or put in by another process just now.
        Err(error) if failure::is_taken(&error) => {
            writer.execute_raw(update()).await?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn forget(office: &Office, tenant: TenantId) -> Result<()> {
    let writer = office.main.writer();
    let sql = "DELETE FROM tenant_due WHERE tenant_id = ?";
    let ask = statement(writer.get_database_backend(), sql, [tenant.get().into()]);
    writer.execute_raw(ask).await?;
    Ok(())
}
