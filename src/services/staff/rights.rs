//! Who may grant what to whom.

use daybook_domain::{
    id::{BusinessId, UserId},
    role::{PermissionSet, Realm, TenantRole, WHOLE_BOOKS},
};
use daybook_entity::tenant::{
    business::business,
    people::{UserRole, UserStatus, user},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::{
    auth::{access, roles},
    error::{Code, Error, Refusal, Result},
    scope::{Access, Visible},
};

/// A role with its adjustments and the businesses it is held in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rights {
    pub role: TenantRole,
    pub added: PermissionSet,
    pub removed: PermissionSet,
    pub businesses: Visible,
}

impl Rights {
    /// As a user's rows say.
    pub async fn of(connection: &impl ConnectionTrait, row: &user::Model) -> Result<Self> {
        // What an older release stored of the platform's permissions counts for nothing and is dropped.
        let stored = |text| {
            PermissionSet::from_text(text).intersection(PermissionSet::all_of(Realm::Tenant))
        };
        Ok(Self {
            role: roles::tenant_role(row.role),
            added: stored(&row.permissions_added),
            removed: stored(&row.permissions_removed),
            businesses: access::visible(connection, row).await?,
        })
    }

    fn permissions(&self) -> PermissionSet {
        roles::effective(self.role, self.added, self.removed)
    }

    /// Whether these rights make sense, and whether the granter holds all of them.
    ///
    /// # Errors
    /// All refusals at once, with field paths.
    pub fn check(&self, granter: &Access) -> Result<()> {
        let mut refusals = Vec::new();
        let barred = self.added.intersection(PermissionSet::of(WHOLE_BOOKS));
        if self.role.own_documents_only() && barred != PermissionSet::default() {
            let why = format!("who sees only own documents cannot hold {}", barred.to_text());
            refusals.push(Refusal::new(Code::Invalid, "input.permissionsAdded", why));
        }
        if self.role == TenantRole::Owner {
            if self.removed != PermissionSet::default() {
                let why = "an owner holds every permission";
                refusals.push(Refusal::new(Code::Invalid, "input.permissionsRemoved", why));
            }
            if self.businesses != Visible::All {
                let why = "an owner sees every business";
                refusals.push(Refusal::new(Code::Invalid, "input.businessIds", why));
            }
        }
        let of_tenants = PermissionSet::all_of(Realm::Tenant);
        for (set, path) in
            [(self.added, "input.permissionsAdded"), (self.removed, "input.permissionsRemoved")]
        {
            let foreign = set.without(of_tenants);
            if foreign != PermissionSet::default() {
                let why = format!("these belong to the platform's office: {}", foreign.to_text());
                refusals.push(Refusal::new(Code::NotAllowed, path, why));
            }
        }
        let lacking = self.permissions().without(granter.permissions);
        if lacking != PermissionSet::default() {
            let why = format!("you cannot grant what you do not hold: {}", lacking.to_text());
            let path = if self.role.permissions().is_subset(granter.permissions) {
                "input.permissionsAdded"
            } else {
                "input.role"
            };
            refusals.push(Refusal::new(Code::NotAllowed, path, why));
        }
        if !within(&self.businesses, &granter.businesses) {
            let why = "you cannot grant a business that you do not see";
            refusals.push(Refusal::new(Code::NotAllowed, "input.businessIds", why));
        }
        if refusals.is_empty() { Ok(()) } else { Err(Error::Refused(refusals)) }
    }
}

fn within(inner: &Visible, outer: &Visible) -> bool {
    match (inner, outer) {
        (_, Visible::All) => true,
        (Visible::All, Visible::Only(_)) => false,
        (Visible::Only(inner), Visible::Only(outer)) => inner.is_subset(outer),
    }
}

/// Whether the caller may touch this user at all: nobody touches somebody who holds more.
///
/// # Errors
/// A refusal on `id`.
pub(super) fn may_touch(rights: &Rights, caller: &Access) -> Result<()> {
    let holds_more = !rights.permissions().is_subset(caller.permissions)
        || !within(&rights.businesses, &caller.businesses);
    if holds_more {
        let why = "this user holds rights that you do not hold";
        return Err(Error::refused(Code::NotAllowed, "id", why));
    }
    Ok(())
}

/// Whether another owner who can sign in remains without this one.
///
/// # Errors
/// A refusal when none does.
pub(super) async fn another_owner_remains(
    connection: &impl ConnectionTrait,
    without: UserId,
    path: &str,
) -> Result<()> {
    let others = user::Entity::find()
        .filter(user::Column::Role.eq(UserRole::Owner))
        .filter(user::Column::Status.eq(UserStatus::Active))
        .filter(user::Column::Id.ne(without))
        .count(connection)
        .await?;
    if others > 0 {
        return Ok(());
    }
    Err(Error::refused(Code::LastOwner, path, "the last owner stays an owner"))
}

/// Whether all these businesses exist and the caller sees them. A foreign one is like a missing one.
///
/// # Errors
/// A refusal for each that does not.
pub(super) async fn businesses_exist(
    connection: &impl ConnectionTrait,
    asked: &[Option<BusinessId>],
    caller: &Visible,
) -> Result<Visible> {
    let ids: Vec<BusinessId> = asked.iter().flatten().copied().collect();
    let found: std::collections::BTreeSet<BusinessId> = business::Entity::find()
        .filter(business::Column::Id.is_in(ids))
        .all(connection)
        .await?
        .into_iter()
        .map(|row| row.id)
        .filter(|id| caller.includes(*id))
        .collect();
    let refusals: Vec<Refusal> = asked
        .iter()
        .enumerate()
        .filter(|(_, id)| id.is_none_or(|id| !found.contains(&id)))
        .map(|(place, _)| {
            let path = format!("input.businessIds.{place}");
            Refusal::new(Code::BusinessUnknown, &path, "there is no such business")
        })
        .collect();
    if !refusals.is_empty() {
        return Err(Error::Refused(refusals));
    }
    if found.is_empty() {
        let why = "name at least one business, or leave this out for all of them";
        return Err(Error::refused(Code::Required, "input.businessIds", why));
    }
    Ok(Visible::Only(found))
}

#[cfg(test)]
mod tests {
    use daybook_domain::role::Permission;

    use super::*;

    fn access(role: TenantRole, businesses: Visible) -> Access {
        Access {
            user: UserId::new(1),
            name: String::new(),
            role,
            permissions: role.permissions(),
            businesses,
            own_documents_only: role.own_documents_only(),
            session: None,
            api_key: None,
        }
    }

    fn rights(role: TenantRole, businesses: Visible) -> Rights {
        let none = PermissionSet::default();
        Rights { role, added: none, removed: none, businesses }
    }

    fn only(ids: impl IntoIterator<Item = i64>) -> Visible {
        Visible::Only(ids.into_iter().map(BusinessId::new).collect())
    }

    fn paths(outcome: Result<()>) -> Vec<String> {
        match outcome {
            Err(Error::Refused(refusals)) => {
                refusals.iter().map(|refusal| refusal.field.join(".")).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn nobody_grants_what_they_do_not_hold() {
        let owner = access(TenantRole::Owner, Visible::All);
        let accountant = access(TenantRole::Accountant, Visible::All);
        let here = access(TenantRole::Owner, only([1, 2]));
        for role in TenantRole::EVERY {
            assert!(rights(role, Visible::All).check(&owner).is_ok());
        }
        assert_eq!(
            paths(rights(TenantRole::Owner, Visible::All).check(&accountant)),
            ["input.role"]
        );
        let mut raised = rights(TenantRole::Viewer, Visible::All);
        raised.added = PermissionSet::of([Permission::UserUpdate]);
        assert_eq!(paths(raised.check(&accountant)), ["input.permissionsAdded"]);
        assert!(rights(TenantRole::Viewer, only([1])).check(&here).is_ok());
        for businesses in [Visible::All, only([1, 3])] {
            let refused = rights(TenantRole::Viewer, businesses).check(&here);
            assert_eq!(paths(refused), ["input.businessIds"]);
        }
        assert!(may_touch(&rights(TenantRole::Owner, Visible::All), &accountant).is_err());
        assert!(may_touch(&rights(TenantRole::Viewer, Visible::All), &accountant).is_ok());
    }

    #[test]
    fn nobody_grants_what_is_the_platform_s() {
        let owner = access(TenantRole::Owner, Visible::All);
        let mut reaching = rights(TenantRole::Viewer, Visible::All);
        reaching.added = PermissionSet::of([Permission::TenantSuspend, Permission::UserRead]);
        reaching.removed = PermissionSet::of([Permission::MasterUpdate]);
        let paths = paths(reaching.check(&owner));
        assert_eq!(paths, ["input.permissionsAdded", "input.permissionsRemoved"]);
    }

    #[test]
    fn an_owner_is_whole() {
        let owner = access(TenantRole::Owner, Visible::All);
        let mut cut = rights(TenantRole::Owner, only([1]));
        cut.removed = PermissionSet::of([Permission::ReportRead]);
        assert_eq!(paths(cut.check(&owner)), ["input.permissionsRemoved", "input.businessIds"]);
    }
}
