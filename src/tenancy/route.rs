//! A tenant's routing row, ready for use.

use daybook_domain::id::{DatabaseServerId, TenantId};
use daybook_entity::master::tenant::{MigrationState, SubscriptionStatus, TenantStatus};

use crate::db::Target;

/// Where a tenant lives and whether it may be served. The target's secrets are opened already.
#[derive(Debug, Clone)]
pub struct Route {
    /// The tenant.
    pub id: TenantId,
    /// Unique name in addresses.
    pub subdomain: String,
    /// The company.
    pub company_name: String,
    /// Country of ISO 3166-1, two letters.
    pub country: String,
    /// Whether it may be served.
    pub status: TenantStatus,
    /// State of what it pays.
    pub subscription_status: SubscriptionStatus,
    /// The server it lives on.
    pub server: DatabaseServerId,
    /// Its database's name.
    pub database_name: String,
    /// How to reach it for writing and reading.
    pub target: Target,
    /// A replica for reports, where the server has one.
    pub replica: Option<Target>,
    /// Newest migration of its tables.
    pub schema_version: Option<String>,
    /// Whether its tables are as this program wants them.
    pub migration_state: MigrationState,
    /// Most bytes that its attachments may take.
    pub storage_limit_bytes: i64,
    /// Routing version in which the row last changed.
    pub changed_in: i64,
}
