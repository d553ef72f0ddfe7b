//! Stored roles and the rights they give.

use daybook_domain::role::{PermissionSet, PlatformRole, Realm, TenantRole, WHOLE_BOOKS};
use daybook_entity::{
    main::people::PlatformRole as StoredPlatformRole,
    tenant::people::{UserRole, user},
};

/// The role that a stored word means.
pub const fn tenant_role(stored: UserRole) -> TenantRole {
    match stored {
        UserRole::Owner => TenantRole::Owner,
        UserRole::Accountant => TenantRole::Accountant,
        UserRole::Cashier => TenantRole::Cashier,
        UserRole::Staff => TenantRole::Staff,
        UserRole::Viewer => TenantRole::Viewer,
        UserRole::Agent => TenantRole::Agent,
    }
}

/// The word by which a role is stored.
pub const fn stored_role(role: TenantRole) -> UserRole {
    match role {
        TenantRole::Owner => UserRole::Owner,
        TenantRole::Accountant => UserRole::Accountant,
        TenantRole::Cashier => UserRole::Cashier,
        TenantRole::Staff => UserRole::Staff,
        TenantRole::Viewer => UserRole::Viewer,
        TenantRole::Agent => UserRole::Agent,
    }
}

/// The platform role that a stored word means.
pub const fn platform_role(stored: StoredPlatformRole) -> PlatformRole {
    match stored {
        StoredPlatformRole::Admin => PlatformRole::Admin,
        StoredPlatformRole::Support => PlatformRole::Support,
        StoredPlatformRole::Salesman => PlatformRole::Salesman,
        StoredPlatformRole::Distributor => PlatformRole::Distributor,
    }
}

/// The word by which a platform role is stored.
pub const fn stored_platform_role(role: PlatformRole) -> StoredPlatformRole {
    match role {
        PlatformRole::Admin => StoredPlatformRole::Admin,
        PlatformRole::Support => StoredPlatformRole::Support,
        PlatformRole::Salesman => StoredPlatformRole::Salesman,
        PlatformRole::Distributor => StoredPlatformRole::Distributor,
    }
}

/// What a role with adjustments allows. Who sees only own documents never holds what is about
/// everybody's, and nothing reaches into the platform's realm.
pub fn effective(role: TenantRole, added: PermissionSet, removed: PermissionSet) -> PermissionSet {
    let held = role.permissions().union(added).without(removed);
    let held = held.intersection(PermissionSet::all_of(Realm::Tenant));
    if role.own_documents_only() { held.without(PermissionSet::of(WHOLE_BOOKS)) } else { held }
}

/// What a user's row allows.
pub fn permissions_of(user: &user::Model) -> PermissionSet {
    effective(
        tenant_role(user.role),
        PermissionSet::from_text(&user.permissions_added),
        PermissionSet::from_text(&user.permissions_removed),
    )
}

#[cfg(test)]
mod tests {
    use daybook_domain::role::Permission;

    use super::*;

    #[test]
    fn nobody_with_own_documents_only_reads_reports() {
        let reports = PermissionSet::of([Permission::ReportRead, Permission::MasterUpdate]);
        let none = PermissionSet::default();
        for role in TenantRole::EVERY {
            let held = effective(role, reports, none);
            assert_eq!(held.contains(Permission::ReportRead), !role.own_documents_only());
            assert!(!held.contains(Permission::MasterUpdate));
            assert_eq!(tenant_role(stored_role(role)), role);
        }
        let none_left = effective(TenantRole::Owner, none, TenantRole::Owner.permissions());
        assert_eq!(none_left, none);
    }
}
