//! Objects of the office by their global id.

use daybook_domain::id::{DatabaseServerId, JobId, PlatformUserId, SessionId, TenantId};

use super::{
    audit::ADMIN_AUDIT_LOG_ENTRY, jobs::JOB, servers::DATABASE_SERVER, sessions::PLATFORM_SESSION,
    tenants,
};
use crate::{
    graphql::{
        error::ApiResult,
        node::Node,
        session::{ADMIN, TENANT},
    },
    scope::PlatformScope,
    services::platform::{admins, audit, jobs, servers, sessions},
};

/// The object of the office that a global id of this kind and number names.
///
/// # Errors
/// No permission for objects of that kind, or a database that cannot be read.
pub async fn node(scope: &PlatformScope, kind: &str, number: i64) -> ApiResult<Option<Node>> {
    Ok(match kind {
        TENANT => {
            let found = tenants::find(scope, Some(TenantId::new(number))).await?;
            found.map(|one| Node::Tenant(Box::new(one)))
        }
        DATABASE_SERVER => {
            let found = servers::by_ids(scope, [DatabaseServerId::new(number)]).await?;
            found.into_iter().next().map(|row| Node::DatabaseServer(Box::new(row.into())))
        }
        JOB => {
            let found = jobs::find(scope, JobId::new(number)).await?;
            found.map(|row| Node::Job(Box::new(row.into())))
        }
        ADMIN => {
            let found = admins::find(scope, PlatformUserId::new(number)).await?;
            found.map(|row| Node::Admin(Box::new(row.into())))
        }
        ADMIN_AUDIT_LOG_ENTRY => {
            let found = audit::find(scope, number).await?;
            found.map(|row| Node::AdminAuditLogEntry(Box::new(row.into())))
        }
        PLATFORM_SESSION => {
            let found = sessions::find(scope, SessionId::new(number)).await?;
            found.map(|one| Node::AdminSession(Box::new(one.into())))
        }
        _ => None,
    })
}
