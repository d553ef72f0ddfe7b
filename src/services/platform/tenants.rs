//! The platform's tenants: found, counted, suspended and let go on.

use daybook_domain::{
    chain::Canonical,
    id::{DatabaseServerId, TenantId},
    role::Permission,
};
use daybook_entity::master::tenant::{
    MigrationState, SubscriptionStatus, TenantStatus, tenant_master,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, ExprTrait, Func, LikeExpr},
};

use super::provision::{self, NewAccount, NewTenant};
use crate::{
    db::{
        page::{Page, PageAsk, read_cursor},
        sql::{containing, statement},
    },
    error::{Code, Error, Result},
    lane::{Actor, Change},
    office::Office,
    scope::PlatformScope,
    services::books::vouchers::Wrong,
    tenancy,
};

const REASON_CHARS_MAX: usize = 500;

/// Which tenants a list shows.
#[derive(Debug, Clone, Default)]
pub struct TenantFilter {
    /// Of these states.
    pub status: Option<Vec<TenantStatus>>,
    /// Of these states of payment.
    pub subscription_status: Option<Vec<SubscriptionStatus>>,
    /// Of these states of their tables.
    pub migration_state: Option<Vec<MigrationState>>,
    /// Two-letter country.
    pub country: Option<String>,
    /// On this server.
    pub server: Option<DatabaseServerId>,
    /// Part of company, subdomain or contact's address, upper and lower case alike.
    pub text: Option<String>,
    /// Registered at this instant or later (UTC milliseconds).
    pub created_from: Option<i64>,
    /// Registered before this instant.
    pub created_before: Option<i64>,
}

/// In which order a list shows tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TenantOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// By subdomain.
    Subdomain,
    /// By subdomain, from the end of the alphabet.
    SubdomainReversed,
}

/// How many tenants stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantCounts {
    /// All of them.
    pub total: i64,
    /// Being set up.
    pub provisioning: i64,
    /// Served.
    pub active: i64,
    /// Suspended by the platform's office; their users are refused until they are resumed.
    pub suspended: i64,
    /// Refused for good.
    pub closed: i64,
}

/// Sets up a tenant in somebody's name.
///
/// # Errors
/// No permission, or as [`provision::create`].
pub async fn create(scope: &PlatformScope, new: NewTenant) -> Result<NewAccount> {
    scope.require(Permission::TenantCreate)?;
    let (office, catalogue) = (std::sync::Arc::clone(&scope.office), scope.tenancy.catalogue());
    let account = provision::create(office, catalogue, new, scope.actor()).await?;
    scope.tenancy.poke().await;
    Ok(account)
}

/// A page of tenants.
///
/// # Errors
/// No permission, a cursor of another list, or a master that cannot be read.
pub async fn list(
    scope: &PlatformScope,
    filter: &TenantFilter,
    order: TenantOrder,
    ask: &PageAsk,
) -> Result<Page<tenant_master::Model>> {
    scope.require(Permission::AdminTenantRead)?;
    list_of(&scope.office, filter, order, ask).await
}

/// [`list`], for tools that run beside the server.
///
/// # Errors
/// As [`list`], permission apart.
pub async fn list_of(
    office: &Office,
    filter: &TenantFilter,
    order: TenantOrder,
    ask: &PageAsk,
) -> Result<Page<tenant_master::Model>> {
    use tenant_master::Column;
    let all = tenant_master::Entity::find().filter(condition(filter));
    let reader = office.master.reader();
    let total = if ask.wants_total { all.clone().count(reader).await? } else { 0 };
    let mut rows = all;
    if let Some(key) = &ask.after {
        let id = || read_cursor(key).map(TenantId::new);
        let [key] = key.as_slice() else { return Err(bad_cursor()) };
        rows = match order {
            TenantOrder::Newest => rows.filter(Column::Id.lt(id()?)),
            TenantOrder::Oldest => rows.filter(Column::Id.gt(id()?)),
            TenantOrder::Subdomain => rows.filter(Column::Subdomain.gt(key.as_str())),
            TenantOrder::SubdomainReversed => rows.filter(Column::Subdomain.lt(key.as_str())),
        };
    }
    rows = match order {
        TenantOrder::Newest => rows.order_by_desc(Column::Id),
        TenantOrder::Oldest => rows.order_by_asc(Column::Id),
        TenantOrder::Subdomain => rows.order_by_asc(Column::Subdomain),
        TenantOrder::SubdomainReversed => rows.order_by_desc(Column::Subdomain),
    };
    let rows = rows.limit(ask.first.saturating_add(1)).all(reader).await?;
    Ok(Page::cut(rows, ask, total, |row| match order {
        TenantOrder::Subdomain | TenantOrder::SubdomainReversed => vec![row.subdomain.clone()],
        TenantOrder::Newest | TenantOrder::Oldest => vec![row.id.to_string()],
    }))
}

fn bad_cursor() -> Error {
    Error::bad_input("after", "this is not a cursor of this list")
}

fn condition(filter: &TenantFilter) -> Condition {
    use tenant_master::Column;
    let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let lower = |column: Column| Expr::expr(Func::lower(Expr::col(column)));
    let like = |text: &str| LikeExpr::new(containing(&text.to_lowercase())).escape('!');
    Condition::all()
        .add_option(filter.status.clone().map(|list| Column::Status.is_in(list)))
        .add_option(
            filter.subscription_status.clone().map(|list| Column::SubscriptionStatus.is_in(list)),
        )
        .add_option(filter.migration_state.clone().map(|list| Column::MigrationState.is_in(list)))
        .add_option(filter.country.as_deref().map(|country| Column::Country.eq(country)))
        .add_option(filter.server.map(|server| Column::ServerId.eq(server)))
        .add_option(filter.created_from.map(|from| Column::CreatedAt.gte(from)))
        .add_option(filter.created_before.map(|before| Column::CreatedAt.lt(before)))
        .add_option(text.map(|text| {
            Condition::any()
                .add(lower(Column::CompanyName).like(like(text)))
                .add(lower(Column::Subdomain).like(like(text)))
                .add(lower(Column::ContactEmail).like(like(text)))
        }))
}

/// A tenant; nothing where there is none.
///
/// # Errors
/// No permission, or a master that cannot be read.
pub async fn find(scope: &PlatformScope, id: TenantId) -> Result<Option<tenant_master::Model>> {
    scope.require(Permission::AdminTenantRead)?;
    read(&scope.office, id).await
}

/// A tenant's row, whoever asks.
///
/// # Errors
/// When master cannot be read.
pub(super) async fn read(office: &Office, id: TenantId) -> Result<Option<tenant_master::Model>> {
    Ok(tenant_master::Entity::find_by_id(id).one(office.master.reader()).await?)
}

/// How many tenants stand how.
///
/// # Errors
/// No permission, or a master that cannot be read.
pub async fn counts(scope: &PlatformScope) -> Result<TenantCounts> {
    scope.require(Permission::AdminTenantRead)?;
    counts_of(&scope.office).await
}

/// [`counts`], for tools that run beside the server.
///
/// # Errors
/// When master cannot be read.
pub async fn counts_of(office: &Office) -> Result<TenantCounts> {
    let reader = office.master.reader();
    let sql = "SELECT status, COUNT(*) FROM tenant_master GROUP BY status";
    let mut counts = TenantCounts::default();
    for row in reader.query_all_raw(statement(reader.get_database_backend(), sql, [])).await? {
        let (status, count): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        counts.total = counts.total.saturating_add(count);
        match TenantStatus::try_from_value(&status)? {
            TenantStatus::Provisioning => counts.provisioning = count,
            TenantStatus::Active => counts.active = count,
            TenantStatus::Suspended => counts.suspended = count,
            TenantStatus::Closed => counts.closed = count,
        }
    }
    Ok(counts)
}

/// Refuses a tenant's users from their next request on.
///
/// # Errors
/// No permission, or refusals: no such tenant, not active, a stale version, no reason or one too long.
pub async fn suspend(
    scope: &PlatformScope,
    id: Option<TenantId>,
    reason: &str,
    expected_version: Option<i32>,
) -> Result<tenant_master::Model> {
    scope.require(Permission::TenantSuspend)?;
    let row = suspend_of(&scope.office, id, reason, expected_version, scope.actor()).await?;
    scope.tenancy.poke().await;
    Ok(row)
}

/// [`suspend`], for tools that run beside the server.
///
/// # Errors
/// As [`suspend`], permission apart.
pub async fn suspend_of(
    office: &Office,
    id: Option<TenantId>,
    reason: &str,
    expected_version: Option<i32>,
    actor: Actor,
) -> Result<tenant_master::Model> {
    let mut wrong = Wrong::below("input");
    let reason = wrong.text("reason", Some(reason), REASON_CHARS_MAX, true);
    wrong.finish()?;
    let reason = reason.ok_or_else(|| {
        let why = "say why: support reads it to who asks";
        Error::refused(Code::Required, "input.reason", why)
    })?;
    let turn = Turn {
        from: TenantStatus::Active,
        to: TenantStatus::Suspended,
        action: "TENANT_SUSPENDED",
        refusal: "only an active tenant can be suspended",
    };
    turn.take(office, id, Some(reason), expected_version, actor).await
}

/// Lets a suspended tenant go on.
///
/// # Errors
/// No permission, or refusals: no such tenant, not suspended, a stale version.
pub async fn resume(
    scope: &PlatformScope,
    id: Option<TenantId>,
    expected_version: Option<i32>,
) -> Result<tenant_master::Model> {
    scope.require(Permission::TenantResume)?;
    let row = resume_of(&scope.office, id, expected_version, scope.actor()).await?;
    scope.tenancy.poke().await;
    Ok(row)
}

/// [`resume`], for tools that run beside the server.
///
/// # Errors
/// As [`resume`], permission apart.
pub async fn resume_of(
    office: &Office,
    id: Option<TenantId>,
    expected_version: Option<i32>,
    actor: Actor,
) -> Result<tenant_master::Model> {
    let turn = Turn {
        from: TenantStatus::Suspended,
        to: TenantStatus::Active,
        action: "TENANT_RESUMED",
        refusal: "only a suspended tenant can go on",
    };
    turn.take(office, id, None, expected_version, actor).await
}

/// A change of a tenant's status.
struct Turn {
    from: TenantStatus,
    to: TenantStatus,
    action: &'static str,
    refusal: &'static str,
}

impl Turn {
    /// The log is in another database than the row. It is written first: a log that tells of a change
    /// which then failed is mended by the next line, a change without a line never is.
    async fn take(
        &self,
        office: &Office,
        id: Option<TenantId>,
        reason: Option<String>,
        expected_version: Option<i32>,
        actor: Actor,
    ) -> Result<tenant_master::Model> {
        let txn = office.master.begin().await?;
        let row = locked(&txn, id).await?;
        Error::unless_current(expected_version, row.version)?;
        if row.status != self.from {
            return Err(Error::refused(Code::NotAllowed, "id", self.refusal));
        }
        let mut log = office.write(actor).await?;
        log.audit(&Change {
            action: self.action,
            subject_type: "Tenant",
            subject: Some(row.id.get()),
            business: None,
            canonical: Canonical::new()
                .text("subdomain", &row.subdomain)
                .text("before", &row.status.to_value())
                .text("after", &self.to.to_value())
                .text_if("reason", reason.as_deref())
                .finish(),
        })
        .await?;
        log.commit().await?;
        let (version, mut row) = (row.version, row.into_active_model());
        row.status = Set(self.to);
        row.status_reason = Set(reason);
        row.changed_in = Set(tenancy::touch(&txn).await?);
        row.version = Set(version.saturating_add(1));
        row.updated_at = Set(office.clock.now_ms());
        let row = row.update(txn.conn()).await?;
        txn.commit().await?;
        Ok(row)
    }
}

/// A tenant's row, locked until the transaction ends.
async fn locked(txn: &crate::db::ControlTxn, id: Option<TenantId>) -> Result<tenant_master::Model> {
    let unknown = || Error::refused(Code::NotFound, "id", "there is no such tenant");
    let row = tenant_master::Entity::find_by_id(id.ok_or_else(unknown)?);
    row.lock_exclusive().one(txn.conn()).await?.ok_or_else(unknown)
}
