//! The platform's tenants in the API.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{DatabaseServerId, TenantId},
    role::Permission,
};
use daybook_entity::master::tenant::{self, database_server, tenant_master};
use secrecy::SecretString;

use super::servers::{DATABASE_SERVER, DatabaseServer};
use crate::{
    connection,
    error::Result,
    graphql::{
        books::vouchers::OrderDirection,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        page::PageAsk,
        scalar::{CurrencyCode, DateTime, Decimal},
        session::{TENANT, shown_once},
    },
    scope::PlatformScope,
    services::platform::{
        provision::NewTenant,
        servers,
        tenants::{self, TenantFilter, TenantOrder},
        welcome,
    },
    user_errors,
};

/// Where a tenant stands with the platform.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenant::TenantStatus")]
pub enum TenantStatus {
    /// Its database is being made.
    Provisioning,
    /// Served.
    Active,
    /// Suspended by the platform's office; its users are refused until it is resumed.
    Suspended,
    /// Refused for good.
    Closed,
}

/// Whether a tenant pays.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenant::SubscriptionStatus")]
pub enum SubscriptionStatus {
    /// Tries the product.
    Trial,
    /// Pays.
    Active,
    /// Owes.
    PastDue,
    /// Has left.
    Cancelled,
}

/// How a tenant's database stands to the tables of this release.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenant::MigrationState")]
pub enum TenantMigrationState {
    /// Up to date.
    Current,
    /// Waits for migration.
    Behind,
    /// Being changed.
    Migrating,
    /// Could not be changed; see the error.
    Failed,
    /// A migrated copy is taking its place.
    Swapping,
}

/// A customer of the platform, as the office sees it.
#[derive(SimpleObject, Debug, Clone)]
pub struct Tenant {
    /// Opaque global id.
    pub id: ID,
    /// The company.
    pub company_name: String,
    /// Who to speak to.
    pub contact_name: String,
    /// Their address.
    pub contact_email: String,
    /// Their phone.
    pub contact_phone: Option<String>,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// Its name in addresses.
    pub subdomain: String,
    /// The server it lives on; null for who may not see servers.
    pub server: Option<DatabaseServer>,
    /// Name of its database.
    pub database_name: String,
    /// Where it stands with the platform.
    pub status: TenantStatus,
    /// Why it stands so, where somebody said so.
    pub status_reason: Option<String>,
    /// Whether it pays.
    pub subscription_status: SubscriptionStatus,
    /// Code of its plan.
    pub plan_code: Option<String>,
    /// Most bytes that its attachments may take, a whole number.
    pub storage_limit_bytes: Decimal,
    /// Who recommended the platform.
    pub referral_code: Option<String>,
    /// Newest migration of its tables.
    pub schema_version: Option<String>,
    /// How its tables stand to this release.
    pub migration_state: TenantMigrationState,
    /// Why its tables could not be changed.
    pub migration_error: Option<String>,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When it was registered.
    pub created_at: DateTime,
    /// When it could first be used.
    pub activated_at: Option<DateTime>,
    /// When its row was last changed.
    pub updated_at: DateTime,
}

impl Tenant {
    /// A tenant with the server it lives on, if that is among these.
    fn of(row: tenant_master::Model, servers: &[database_server::Model]) -> Self {
        let server = servers.iter().find(|server| server.id == row.server_id).cloned();
        Self {
            id: id::encode(TENANT, row.id.get()),
            company_name: row.company_name,
            contact_name: row.contact_name,
            contact_email: row.contact_email,
            contact_phone: row.contact_phone,
            country: row.country,
            subdomain: row.subdomain,
            server: server.map(DatabaseServer::from),
            database_name: row.database_name,
            status: row.status.into(),
            status_reason: row.status_reason,
            subscription_status: row.subscription_status.into(),
            plan_code: row.plan_code,
            storage_limit_bytes: Decimal(row.storage_limit_bytes.to_string()),
            referral_code: row.referral_code,
            schema_version: row.schema_version,
            migration_state: row.migration_state.into(),
            migration_error: row.migration_error,
            version: row.version,
            created_at: DateTime(row.created_at),
            activated_at: row.activated_at.map(DateTime),
            updated_at: DateTime(row.updated_at),
        }
    }
}

connection!(
    /// Tenants in the order that was asked for.
    TenantConnection, TenantEdge, Tenant
);

/// How many tenants stand how.
#[derive(SimpleObject, Debug)]
pub struct TenantCounts {
    /// All of them.
    pub total: i32,
    /// Being set up.
    pub provisioning: i32,
    /// Served.
    pub active: i32,
    /// Suspended by the platform's office; their users are refused until they are resumed.
    pub suspended: i32,
    /// Refused for good.
    pub closed: i32,
}

/// Which tenants to list.
#[derive(InputObject, Debug, Default)]
pub struct AdminTenantFilter {
    /// That stand so with the platform.
    pub status: Option<Vec<TenantStatus>>,
    /// That pay so.
    pub subscription_status: Option<Vec<SubscriptionStatus>>,
    /// Whose tables stand so.
    pub migration_state: Option<Vec<TenantMigrationState>>,
    /// Part of company, subdomain or contact's address, whatever its case.
    pub text: Option<String>,
    /// Of this country, two letters.
    pub country: Option<String>,
    /// On this server.
    pub server_id: Option<ID>,
    /// Registered at this instant or later.
    pub created_from: Option<DateTime>,
    /// Registered before this instant.
    pub created_before: Option<DateTime>,
}

fn list<T, U: From<T>>(values: Option<Vec<T>>) -> Option<Vec<U>> {
    values.map(|values| values.into_iter().map(U::from).collect())
}

/// The server that a global id names.
fn server_of(global: &ID) -> DatabaseServerId {
    DatabaseServerId::new(id::number(DATABASE_SERVER, global))
}

impl From<AdminTenantFilter> for TenantFilter {
    fn from(filter: AdminTenantFilter) -> Self {
        Self {
            status: list(filter.status),
            subscription_status: list(filter.subscription_status),
            migration_state: list(filter.migration_state),
            country: filter.country,
            server: filter.server_id.as_ref().map(server_of),
            text: filter.text,
            created_from: filter.created_from.map(|instant| instant.0),
            created_before: filter.created_before.map(|instant| instant.0),
        }
    }
}

/// By what tenants are ordered.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminTenantOrderField {
    /// When they were registered.
    CreatedAt,
    /// Their name in addresses.
    Subdomain,
}

/// In which order to list tenants.
#[derive(InputObject, Debug)]
pub struct AdminTenantOrder {
    /// By what.
    #[graphql(default_with = "AdminTenantOrderField::CreatedAt")]
    pub field: AdminTenantOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Desc")]
    pub direction: OrderDirection,
}

fn order_of(order: Option<AdminTenantOrder>) -> (TenantOrder, &'static str) {
    let Some(order) = order else { return (TenantOrder::Newest, "adminTenants:created:desc") };
    match (order.field, order.direction) {
        (AdminTenantOrderField::CreatedAt, OrderDirection::Desc) => {
            (TenantOrder::Newest, "adminTenants:created:desc")
        }
        (AdminTenantOrderField::CreatedAt, OrderDirection::Asc) => {
            (TenantOrder::Oldest, "adminTenants:created:asc")
        }
        (AdminTenantOrderField::Subdomain, OrderDirection::Asc) => {
            (TenantOrder::Subdomain, "adminTenants:subdomain:asc")
        }
        (AdminTenantOrderField::Subdomain, OrderDirection::Desc) => {
            (TenantOrder::SubdomainReversed, "adminTenants:subdomain:desc")
        }
    }
}

user_errors!(
    /// Something wrong with the input about a tenant.
    TenantUserError,
    /// What can be wrong with the input about a tenant.
    TenantErrorCode {
        /// This country is not in the catalogue.
        CountryUnknown,
        /// This currency is not in the catalogue.
        CurrencyUnknown,
        /// This is no registration for goods and services tax.
        GstinInvalid,
        /// It is not possible as things stand; the message says why.
        NotAllowed,
        /// There is no such tenant or server.
        NotFound,
        /// The password is too easy to guess.
        PasswordWeak,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// Another tenant has this name in addresses.
        SubdomainTaken,
        /// The text is too long.
        TooLong,
    }
);

/// A tenant to be set up.
#[derive(InputObject, Debug)]
pub struct TenantCreateInput {
    /// The company, and the name of its first business.
    pub company_name: String,
    /// Its name in addresses: letters, digits and hyphens.
    pub subdomain: String,
    /// Who owns the account.
    pub owner_name: String,
    /// The owner's address, by which they sign in.
    pub email: String,
    /// The owner's first password. Better left out: then they are invited and choose it themselves.
    #[graphql(secret)]
    pub password: Option<String>,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// Currency of the first business; the country's when left out.
    pub base_currency: Option<CurrencyCode>,
    /// Registration for goods and services tax of the first business.
    pub gstin: Option<String>,
    /// The owner's phone.
    pub phone: Option<String>,
    /// The server to live on; the platform chooses when left out.
    pub server_id: Option<ID>,
    /// Who recommended the platform.
    pub referral_code: Option<String>,
}

/// Why to suspend a tenant.
#[derive(InputObject, Debug)]
pub struct TenantSuspendInput {
    /// Why; kept in the office's log.
    pub reason: String,
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
}

/// How to let a tenant go on.
#[derive(InputObject, Debug)]
pub struct TenantResumeInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
}

/// What a change of a tenant did.
#[derive(SimpleObject, Debug)]
pub struct TenantPayload {
    /// The tenant as it stands now; null when something was wrong.
    pub tenant: Option<Tenant>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<TenantUserError>,
}

/// What setting up a tenant did.
#[derive(SimpleObject, Debug)]
pub struct TenantCreatePayload {
    /// The tenant; null when something was wrong.
    pub tenant: Option<Tenant>,
    /// With this code, the owner sets the first password by `invitationAccept`; null where one was
    /// given. It is shown only here.
    pub code: Option<String>,
    /// When the code ends.
    pub code_expires_at: Option<DateTime>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<TenantUserError>,
}

async fn payload(
    scope: &PlatformScope,
    outcome: Result<tenant_master::Model>,
) -> ApiResult<TenantPayload> {
    let (row, user_errors) = answer(outcome)?;
    Ok(TenantPayload { tenant: shown(scope, row).await?, user_errors })
}

async fn shown(
    scope: &PlatformScope,
    row: Option<tenant_master::Model>,
) -> ApiResult<Option<Tenant>> {
    let Some(row) = row else { return Ok(None) };
    let servers = servers_of(scope, [row.server_id]).await?;
    Ok(Some(Tenant::of(row, &servers)))
}

/// Tenants with their servers by number; none for a caller who may not see tenants.
pub(super) async fn of_rows(
    scope: &PlatformScope,
    rows: Vec<tenant_master::Model>,
) -> ApiResult<HashMap<i64, Tenant>> {
    if scope.require(Permission::AdminTenantRead).is_err() {
        return Ok(HashMap::new());
    }
    let servers = servers_of(scope, rows.iter().map(|row| row.server_id)).await?;
    Ok(rows.into_iter().map(|row| (row.id.get(), Tenant::of(row, &servers))).collect())
}

/// The servers of a page of tenants, for those who may see them.
async fn servers_of(
    scope: &PlatformScope,
    ids: impl IntoIterator<Item = DatabaseServerId>,
) -> ApiResult<Vec<database_server::Model>> {
    if !scope.access.permissions.contains(Permission::ServerRead) {
        return Ok(Vec::new());
    }
    Ok(servers::by_ids(scope, ids).await?)
}

fn tenant_of(global: &ID) -> Option<TenantId> {
    id::decode(TENANT, global).map(TenantId::new)
}

/// Queries of tenants.
#[derive(Default, Debug)]
pub struct TenantQuery;

#[Object]
impl TenantQuery {
    /// The platform's tenants. Requires: ADMIN_TENANT_READ.
    #[graphql(
        guard = "Requires(Permission::AdminTenantRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_tenants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<AdminTenantFilter>,
        #[graphql(desc = "In which order; the newest first when left out.")] order_by: Option<
            AdminTenantOrder,
        >,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<TenantConnection> {
        let scope = ctx.platform()?;
        let (order, name) = order_of(order_by);
        let ask = PageAsk::new(ctx, name, first, after.as_deref())?;
        let filter = filter.unwrap_or_default().into();
        let page = tenants::list(scope, &filter, order, &ask).await?;
        let servers = servers_of(scope, page.rows.iter().map(|(_, row)| row.server_id)).await?;
        let page = page.map(|row| Tenant::of(row, &servers));
        Ok(TenantConnection::of(name, &ask, page))
    }

    /// One of the platform's tenants. Requires: ADMIN_TENANT_READ.
    #[graphql(guard = "Requires(Permission::AdminTenantRead)")]
    async fn admin_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant's id.")] id: ID,
    ) -> ApiResult<Option<Tenant>> {
        find(ctx.platform()?, tenant_of(&id)).await
    }

    /// How many tenants stand how. Requires: ADMIN_TENANT_READ.
    #[graphql(guard = "Requires(Permission::AdminTenantRead)")]
    async fn admin_tenant_counts(&self, ctx: &Context<'_>) -> ApiResult<TenantCounts> {
        let counts = tenants::counts(ctx.platform()?).await?;
        let int = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        Ok(TenantCounts {
            total: int(counts.total),
            provisioning: int(counts.provisioning),
            active: int(counts.active),
            suspended: int(counts.suspended),
            closed: int(counts.closed),
        })
    }
}

/// A tenant as the office sees it.
pub async fn find(scope: &PlatformScope, id: Option<TenantId>) -> ApiResult<Option<Tenant>> {
    scope.require(Permission::AdminTenantRead)?;
    let Some(id) = id else { return Ok(None) };
    shown(scope, tenants::find(scope, id).await?).await
}

/// Mutations of tenants.
#[derive(Default, Debug)]
pub struct TenantMutation;

#[Object]
impl TenantMutation {
    /// Sets up a tenant, with its database, owner and first business, or nothing at all; without a
    /// password, with a one-time code for the owner. Requires: TENANT_CREATE.
    #[graphql(guard = "Requires(Permission::TenantCreate)", complexity = "100 + child_complexity")]
    async fn tenant_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant.")] input: TenantCreateInput,
    ) -> ApiResult<TenantCreatePayload> {
        let new = NewTenant {
            company_name: input.company_name,
            subdomain: input.subdomain,
            owner_name: input.owner_name,
            email: input.email,
            password_hash: None,
            country: input.country,
            base_currency: input.base_currency.map(|currency| currency.0.to_string()),
            gstin: input.gstin,
            books_begin_on: None,
            phone: input.phone,
            server: input.server_id.as_ref().map(server_of),
            referral_code: input.referral_code,
        };
        let scope = ctx.platform()?;
        let password = input.password.map(SecretString::from);
        let outcome = welcome::tenant(ctx.desk()?, scope, new, password).await;
        let (made, user_errors) = answer(outcome)?;
        let (row, code) = made.unzip();
        let (code, code_expires_at) = shown_once(code.flatten());
        let tenant = shown(scope, row).await?;
        Ok(TenantCreatePayload { tenant, code, code_expires_at, user_errors })
    }

    /// Refuses a tenant's users from their next request on. Requires: TENANT_SUSPEND.
    #[graphql(guard = "Requires(Permission::TenantSuspend)")]
    async fn tenant_suspend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant's id.")] id: ID,
        #[graphql(desc = "Why.")] input: TenantSuspendInput,
    ) -> ApiResult<TenantPayload> {
        let (scope, tenant) = (ctx.platform()?, tenant_of(&id));
        let version = input.expected_version;
        payload(scope, tenants::suspend(scope, tenant, &input.reason, version).await).await
    }

    /// Lets a suspended tenant go on. Requires: TENANT_RESUME.
    #[graphql(guard = "Requires(Permission::TenantResume)")]
    async fn tenant_resume(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant's id.")] id: ID,
        #[graphql(desc = "How.")] input: TenantResumeInput,
    ) -> ApiResult<TenantPayload> {
        let scope = ctx.platform()?;
        let outcome = tenants::resume(scope, tenant_of(&id), input.expected_version).await;
        payload(scope, outcome).await
    }
}
