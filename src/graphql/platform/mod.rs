//! The platform's office in the API.

pub mod admins;
pub mod audit;
pub mod figures;
pub mod jobs;
pub mod node;
pub mod servers;
pub mod sessions;
pub mod system;
pub mod tenants;

use async_graphql::MergedObject;

/// Queries of the office.
#[derive(MergedObject, Default, Debug)]
pub struct PlatformQuery(
    tenants::TenantQuery,
    servers::ServerQuery,
    system::SystemQuery,
    figures::FigureQuery,
    jobs::JobQuery,
    audit::AdminAuditQuery,
    admins::AdminQuery,
    sessions::AdminSessionQuery,
);

/// Mutations of the office.
#[derive(MergedObject, Default, Debug)]
pub struct PlatformMutation(
    tenants::TenantMutation,
    servers::ServerMutation,
    jobs::JobMutation,
    admins::AdminMutation,
    sessions::AdminSessionMutation,
);
