//! Changing what a user may do, and letting them in or not.

use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, UserId},
    role::{Permission, PermissionSet, TenantRole},
};
use daybook_entity::tenant::people::{UserStatus, user};
use sea_orm::{ActiveEnum, ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::{
    invite::{NAME_MAX, member, set_businesses},
    list::Member,
    rights::{self, Rights},
};
use crate::{
    auth::{
        family::{self, TENANT},
        roles,
        sessions::{self, Ended},
    },
    error::{Code, Error, Result},
    lane::{Change, Writing},
    scope::{Access, TenantScope, Visible},
    services::books::vouchers::Wrong,
};

/// What is changed of a user; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<TenantRole>,
    /// Permissions beyond the role's, in place of those of before.
    pub added: Option<PermissionSet>,
    /// Permissions of the role that they shall not have, in place of those of before.
    pub removed: Option<PermissionSet>,
    /// The businesses they may see: `Some(None)` for all; `None` inside the list for an id that is
    /// none.
    pub businesses: Option<Option<Vec<Option<BusinessId>>>>,
}

/// A user's row as the edit log shows it: no secret, no hash.
pub(super) fn describe(row: &user::Model, businesses: &Visible) -> Canonical {
    let seen = match businesses {
        Visible::All => Vec::new(),
        Visible::Only(ids) => ids.iter().map(|id| Canonical::new().int("id", id.get())).collect(),
    };
    Canonical::new()
        .text("email", &row.email)
        .text("name", &row.name)
        .text_if("phone", row.phone.as_deref())
        .text("role", &row.role.to_value())
        .text("permissionsAdded", &row.permissions_added)
        .text("permissionsRemoved", &row.permissions_removed)
        .flag("allBusinesses", row.all_businesses)
        .list("businesses", seen)
        .text("status", &row.status.to_value())
}

/// Changes a user's name, role, permissions or businesses. It counts at once, and one-time codes made
/// for other rights are void.
///
/// # Errors
/// [`Error::Forbidden`], or everything that is wrong with the input.
pub async fn update(scope: &TenantScope, id: UserId, asked: Update) -> Result<Member> {
    scope.require(Permission::UserUpdate)?;
    let mut wrong = Wrong::below("input");
    let name = asked.name.as_deref().map(|name| wrong.required("name", name, NAME_MAX));
    wrong.finish()?;
    let access = scope.access.clone();
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let (before, held) = touched(writing, id, asked.expected_version, &access).await?;
                let businesses = match &asked.businesses {
                    Some(Some(ids)) => {
                        rights::businesses_exist(writing.conn(), ids, &access.businesses).await?
                    }
                    Some(None) => Visible::All,
                    None => held.businesses.clone(),
                };
                let wanted = Rights {
                    role: asked.role.unwrap_or(held.role),
                    added: asked.added.unwrap_or(held.added),
                    removed: asked.removed.unwrap_or(held.removed),
                    businesses,
                };
                wanted.check(&access)?;
                if held.role == TenantRole::Owner && wanted.role != TenantRole::Owner {
                    rights::another_owner_remains(writing.conn(), id, "input.role").await?;
                }
                let mut row = before.user.clone();
                row.name = name.unwrap_or(row.name);
                if wanted != held {
                    // Who holds a code asked for it when the user had the rights of before.
                    family::void_codes(writing.conn(), TENANT, id.get()).await?;
                    row.role = roles::stored_role(wanted.role);
                    row.permissions_added = wanted.added.to_text();
                    row.permissions_removed = wanted.removed.to_text();
                    row.all_businesses = wanted.businesses == Visible::All;
                    set_businesses(writing, id, &wanted.businesses).await?;
                } else if row == before.user {
                    return Ok(before);
                }
                let last_login_at = before.last_login_at;
                let after = Member { user: row, businesses: wanted.businesses, last_login_at };
                store(writing, "USER_UPDATED", &before, after).await
            })
        })
        .await
}

/// Lets a user in no more: all sessions end, and keys that act for the user rest.
///
/// # Errors
/// [`Error::Forbidden`], or a refusal: the last owner cannot be disabled.
pub async fn disable(
    scope: &TenantScope,
    id: UserId,
    expected_version: Option<i32>,
) -> Result<Member> {
    scope.require(Permission::UserUpdate)?;
    let access = scope.access.clone();
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let (before, held) = touched(writing, id, expected_version, &access).await?;
                if before.user.status == UserStatus::Disabled {
                    return Err(Error::refused(Code::AlreadyDone, "id", "this user is disabled"));
                }
                if held.role == TenantRole::Owner {
                    rights::another_owner_remains(writing.conn(), id, "id").await?;
                }
                sessions::end_all(writing, id, None, Ended::UserDisabled).await?;
                let mut after = before.clone();
                after.user.status = UserStatus::Disabled;
                store(writing, "USER_DISABLED", &before, after).await
            })
        })
        .await
}

/// Lets a disabled user in again.
///
/// # Errors
/// [`Error::Forbidden`], or a refusal.
pub async fn enable(
    scope: &TenantScope,
    id: UserId,
    expected_version: Option<i32>,
) -> Result<Member> {
    scope.require(Permission::UserUpdate)?;
    let access = scope.access.clone();
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let (before, _) = touched(writing, id, expected_version, &access).await?;
                if before.user.status != UserStatus::Disabled {
                    let why = "this user is not disabled";
                    return Err(Error::refused(Code::AlreadyDone, "id", why));
                }
                let mut after = before.clone();
                after.user.status = match before.user.password_hash {
                    Some(_) => UserStatus::Active,
                    None => UserStatus::Invited,
                };
                store(writing, "USER_ENABLED", &before, after).await
            })
        })
        .await
}

/// The user as they stand under the lock, and their rights, where the caller may change them.
async fn touched(
    writing: &Writing,
    id: UserId,
    expected_version: Option<i32>,
    caller: &Access,
) -> Result<(Member, Rights)> {
    let before = member(writing, id).await?;
    Error::unless_current(expected_version, before.user.version)?;
    let held = Rights::of(writing.conn(), &before.user).await?;
    rights::may_touch(&held, caller)?;
    Ok((before, held))
}

async fn store(
    writing: &mut Writing,
    action: &'static str,
    before: &Member,
    mut after: Member,
) -> Result<Member> {
    after.user.version = before.user.version + 1;
    after.user.updated_at = writing.recorded_at();
    let row = after.user.clone().into_active_model().reset_all();
    user::Entity::update(row).exec(writing.conn()).await?;
    writing.access_changes();
    writing.audit(Change {
        action,
        subject_type: "User",
        subject: Some(after.user.id.get()),
        business: None,
        canonical: Canonical::new()
            .object("before", describe(&before.user, &before.businesses))
            .object("after", describe(&after.user, &after.businesses))
            .finish(),
    });
    Ok(after)
}
