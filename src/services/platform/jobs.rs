//! Work in the background as the office sees it: listed, tried again, discarded.

use daybook_domain::{
    chain::Canonical,
    id::{JobId, TenantId},
    role::Permission,
};
use daybook_entity::main::work::{JobState, job};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{for_update, statement},
    },
    error::{Code, Error, Result},
    lane::Change,
    office::OfficeWriting,
    scope::PlatformScope,
};

/// Which jobs a list shows; all conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// That are so far.
    pub states: Option<Vec<JobState>>,
    /// Of this kind.
    pub kind: Option<String>,
    /// For this tenant.
    pub tenant: Option<TenantId>,
}

/// A page of the jobs, the newest first.
///
/// # Errors
/// No permission, a cursor of another list, or a main database that cannot be read.
pub async fn list(
    scope: &PlatformScope,
    filter: JobFilter,
    ask: &PageAsk,
) -> Result<Page<job::Model>> {
    use job::Column;
    scope.require(Permission::JobRead)?;
    let mut rows = job::Entity::find();
    if let Some(states) = filter.states {
        rows = rows.filter(Column::State.is_in(states));
    }
    if let Some(kind) = filter.kind {
        rows = rows.filter(Column::Kind.eq(kind));
    }
    if let Some(tenant) = filter.tenant {
        rows = rows.filter(Column::TenantId.eq(tenant));
    }
    let reader = scope.office.main.reader();
    let total = if ask.wants_total { rows.clone().count(reader).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        rows = rows.filter(Column::Id.lt(after));
    }
    let rows =
        rows.order_by_desc(Column::Id).limit(ask.first.saturating_add(1)).all(reader).await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}

/// A job; nothing where there is none.
///
/// # Errors
/// No permission, or a main database that cannot be read.
pub async fn find(scope: &PlatformScope, id: JobId) -> Result<Option<job::Model>> {
    scope.require(Permission::JobRead)?;
    Ok(job::Entity::find_by_id(id).one(scope.office.main.reader()).await?)
}

/// Has a job tried again at once that was given up or waits after a failure; its attempts count anew.
///
/// # Errors
/// No permission, or refusals: no such job, one that is done or under way.
pub async fn retry(scope: &PlatformScope, id: JobId) -> Result<job::Model> {
    scope.require(Permission::JobUpdate)?;
    let mut writing = scope.office.write(scope.actor()).await?;
    let before = lock(&writing, id).await?;
    if !matches!(before.state, JobState::Dead | JobState::Ready) {
        let why = "this job is done or under way";
        return Err(Error::refused(Code::NotAllowed, "id", why));
    }
    let mut after = before.clone().into_active_model();
    after.state = Set(JobState::Ready);
    after.attempts = Set(0);
    after.due_at = Set(writing.recorded_at().min(before.due_at));
    after.version = Set(before.version + 1);
    after.updated_at = Set(writing.recorded_at());
    let after = after.update(writing.conn()).await?;
    writing.audit(&changed("JOB_RETRIED", &before)).await?;
    writing.commit().await?;
    Ok(after)
}

/// Removes a job that was given up, that waits or that is done. What asked for it may ask again.
///
/// # Errors
/// No permission, or refusals: no such job, one that is under way.
pub async fn discard(scope: &PlatformScope, id: JobId) -> Result<JobId> {
    scope.require(Permission::JobUpdate)?;
    let mut writing = scope.office.write(scope.actor()).await?;
    let before = lock(&writing, id).await?;
    if before.state == JobState::Leased {
        let why = "a worker has this job; wait until it is done or given up";
        return Err(Error::refused(Code::NotAllowed, "id", why));
    }
    job::Entity::delete_by_id(id).exec(writing.conn()).await?;
    writing.audit(&changed("JOB_DISCARDED", &before)).await?;
    writing.commit().await?;
    Ok(id)
}

/// Reads a job that no worker can take before the transaction ends.
async fn lock(writing: &OfficeWriting, id: JobId) -> Result<job::Model> {
    use sea_orm::ConnectionTrait;
    let conn = writing.conn();
    let backend = conn.get_database_backend();
    let sql = format!("SELECT id FROM jobs WHERE id = ?{}", for_update(backend));
    conn.query_one_raw(statement(backend, &sql, [id.get().into()])).await?;
    let found = job::Entity::find_by_id(id).one(conn).await?;
    found.ok_or_else(|| Error::refused(Code::NotFound, "id", "there is no such job"))
}

fn changed(action: &'static str, before: &job::Model) -> Change {
    let content = Canonical::new()
        .text("kind", &before.kind)
        .int_if("tenant", before.tenant_id.map(TenantId::get))
        .text("key", &before.job_key)
        .text("state", &before.state.to_value())
        .int("attempts", i64::from(before.attempts));
    Change {
        action,
        subject_type: "Job",
        subject: Some(before.id.get()),
        business: None,
        canonical: Canonical::new().object("before", content).finish(),
    }
}
