//! Who asks, of which database, with which permissions and clock.
//!
//! A service gets its database only from a scope, and a scope comes only from `tenancy` and `auth`.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use daybook_domain::{
    id::{ApiKeyId, BusinessId, PlatformUserId, SessionId, UserId},
    role::{Permission, PermissionSet, PlatformRole, TenantRole},
};

use crate::{
    clock::Clock,
    error::{Error, Result},
    lane::{Actor, Who},
    master::Catalogue,
    office::Office,
    tenancy::{Lease, Tenancy},
};

/// What is known of a request before anybody is recognised in it.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// The id that stands in the log, in error answers and in the edit log.
    pub id: String,
    /// Where it comes from.
    pub address: Option<IpAddr>,
    /// The subdomain that `Host` or `X-Tenant` names, lower-cased; the two never differ.
    pub subdomain: Option<String>,
}

/// Somebody's rights in one tenant, as its user row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The user.
    pub user: UserId,
    /// The user's name, for greetings and documents; never logged.
    pub name: String,
    /// The user's role.
    pub role: TenantRole,
    /// What the role, the user's own adjustments and a key's scopes leave.
    pub permissions: PermissionSet,
    /// Which businesses the user may see.
    pub businesses: Visible,
    /// Whether only documents that the user made are visible.
    pub own_documents_only: bool,
    /// The session by which the user is signed in.
    pub session: Option<SessionId>,
    /// The key by which a machine acts for the user.
    pub api_key: Option<ApiKeyId>,
}

/// Which businesses of a tenant somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All, also those still to be made.
    All,
    /// These.
    Only(BTreeSet<BusinessId>),
}

impl Visible {
    /// Whether this business may be seen.
    pub fn includes(&self, business: BusinessId) -> bool {
        match self {
            Self::All => true,
            Self::Only(businesses) => businesses.contains(&business),
        }
    }
}

/// A signed-in user of a tenant, with a lease on the tenant's database.
#[derive(Debug, Clone)]
pub struct TenantScope {
    /// The tenant's open database and its route; it stays open as long as this lease lives.
    pub db: Lease,
    /// Who asks, and what is allowed.
    pub access: Arc<Access>,
    /// The shared structure as it stands at this request.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Clock,
    /// The request.
    pub request: RequestInfo,
}

impl TenantScope {
    /// Whether the caller may.
    ///
    /// # Errors
    /// [`Error::Forbidden`] names the permission that is missing.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.access.permissions.contains(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden(permission))
        }
    }

    /// Who acts, for the edit log.
    pub fn actor(&self) -> Actor {
        let who = match self.access.api_key {
            Some(_) => Who::ApiKey(self.access.user),
            None => Who::User(self.access.user),
        };
        Actor { who, role: Some(self.access.role), request_id: Some(self.request.id.clone()) }
    }
}

/// Somebody of the platform's office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformAccess {
    /// The person.
    pub user: PlatformUserId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: PlatformRole,
    /// What the role allows.
    pub permissions: PermissionSet,
    /// The session by which they are signed in.
    pub session: SessionId,
}

/// A signed-in person of the platform's office. It opens no tenant's fields.
#[derive(Debug, Clone)]
pub struct PlatformScope {
    /// The platform's databases and everything that works on them.
    pub office: Arc<Office>,
    /// The tenants, for those who change where they live, whether they are served or what they share.
    pub tenancy: Arc<Tenancy>,
    /// Who asks, and what is allowed.
    pub access: Arc<PlatformAccess>,
    /// The request.
    pub request: RequestInfo,
}

impl PlatformScope {
    /// Whether the caller may.
    ///
    /// # Errors
    /// [`Error::Forbidden`] names the permission that is missing.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.access.permissions.contains(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden(permission))
        }
    }

    /// Who acts, for the edit log.
    pub fn actor(&self) -> Actor {
        Actor::new(Who::Platform(self.access.user), Some(self.request.id.clone()))
    }
}
