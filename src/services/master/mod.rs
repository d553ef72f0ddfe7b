//! The shared accounting structure: as tenants read it, as a tenant adapts it, as its keeper changes it.

pub mod adapt;
pub mod keep;
pub mod lists;
pub mod own_types;
pub mod subgroups;

use std::sync::Arc;

use daybook_domain::role::Permission;

use crate::{
    error::Result,
    master::Catalogue,
    scope::{PlatformScope, TenantScope},
};

/// The catalogue for a tenant's user, as it stands at this request.
///
/// # Errors
/// No permission.
pub fn shared(scope: &TenantScope) -> Result<Arc<Catalogue>> {
    scope.require(Permission::GroupRead)?;
    Ok(Arc::clone(&scope.catalogue))
}

/// The catalogue for its keeper.
///
/// # Errors
/// No permission.
pub fn kept(scope: &PlatformScope) -> Result<Arc<Catalogue>> {
    scope.require(Permission::MasterRead)?;
    Ok(scope.tenancy.catalogue())
}
