//! Inviting people, and giving them a new one-time code.

use daybook_domain::{
    chain::Canonical,
    email::Email,
    id::{BusinessId, TenantId, UserId},
    phone::Phone,
    role::{Permission, PermissionSet, TenantRole},
};
use daybook_entity::tenant::people::{UserStatus, user, user_business};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::{
    change::describe,
    list::Member,
    rights::{self, Rights},
};
use crate::{
    auth::{
        desk::Desk,
        family::{self, OneTimeCode, Purpose, TENANT},
        roles,
    },
    db::failure,
    error::{Code, Error, Result},
    lane::{Actor, Change, Writing},
    scope::{TenantScope, Visible},
    services::books::vouchers::Wrong,
};

/// Most characters of a person's name.
pub(super) const NAME_MAX: usize = 200;

/// Somebody to be invited.
#[derive(Debug, Clone)]
pub struct Invite {
    /// The person's name.
    pub name: String,
    /// The address by which they will sign in.
    pub email: String,
    /// A telephone number.
    pub phone: Option<String>,
    /// Their role.
    pub role: TenantRole,
    /// Permissions beyond the role's.
    pub added: PermissionSet,
    /// Permissions of the role that they shall not have.
    pub removed: PermissionSet,
    /// The businesses they may see, `None` inside for an id that is none; `None` for all.
    pub businesses: Option<Vec<Option<BusinessId>>>,
}

/// Invites somebody; the code is for the caller to hand on.
///
/// # Errors
/// [`Error::Forbidden`], or everything that is wrong with the input at once.
pub async fn invite(
    desk: &Desk,
    scope: &TenantScope,
    invite: Invite,
) -> Result<(Member, OneTimeCode)> {
    scope.require(Permission::UserInvite)?;
    let (name, email, phone) = check(&invite, &scope.db.route.country)?;
    let (email_key, tenant) = (email.key(), scope.db.route.id);
    let (access, code_ms) = (scope.access.clone(), desk.code_ms());
    let entered = email_key.clone();
    let made = scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let asked = &invite.businesses;
                let businesses = match asked {
                    Some(ids) => {
                        rights::businesses_exist(writing.conn(), ids, &access.businesses).await?
                    }
                    None => Visible::All,
                };
                let Invite { role, added, removed, .. } = invite;
                let rights = Rights { role, added, removed, businesses: businesses.clone() };
                rights.check(&access)?;
                let (now, id) = (writing.recorded_at(), UserId::new(writing.next_id()?));
                let row = user::Model {
                    id,
                    email: email.as_str().to_owned(),
                    email_key,
                    name,
                    phone: phone.map(|phone| phone.as_str().to_owned()),
                    password_hash: None,
                    role: roles::stored_role(role),
                    permissions_added: added.to_text(),
                    permissions_removed: removed.to_text(),
                    all_businesses: businesses == Visible::All,
                    status: UserStatus::Invited,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                insert(writing, &row, &businesses).await?;
                let author = writing.actor().user();
                let code = code_for(writing, tenant, id, Purpose::Invitation, author, code_ms);
                let code = code.await?;
                writing.access_changes();
                writing.audit(Change {
                    action: "USER_INVITED",
                    subject_type: "User",
                    subject: Some(id.get()),
                    business: None,
                    canonical: Canonical::new()
                        .object("after", describe(&row, &businesses))
                        .finish(),
                });
                Ok((Member { user: row, businesses, last_login_at: None }, code))
            })
        })
        .await?;
    desk.directory.enter(tenant, &entered).await;
    Ok(made)
}

fn check(invite: &Invite, country: &str) -> Result<(String, Email, Option<Phone>)> {
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &invite.name, NAME_MAX);
    let email = wrong.take(Code::Invalid, "email", Email::parse(&invite.email));
    let phone = invite.phone.as_deref().filter(|phone| !phone.trim().is_empty());
    let phone = phone.map(|phone| Phone::parse(phone, country));
    let phone = phone.and_then(|read| wrong.take(Code::Invalid, "phone", read));
    wrong.finish_with(email.map(|email| (name, email, phone)))
}

async fn insert(writing: &Writing, row: &user::Model, businesses: &Visible) -> Result<()> {
    let taken = || {
        let why = "somebody here has this e-mail address already";
        Error::refused(Code::EmailTaken, "input.email", why)
    };
    let known = user::Entity::find()
        .filter(user::Column::EmailKey.eq(row.email_key.as_str()))
        .one(writing.conn())
        .await?;
    if known.is_some() {
        return Err(taken());
    }
    let inserted = row.clone().into_active_model().insert(writing.conn()).await;
    if let Err(error) = inserted {
        return Err(if failure::is_taken(&error) { taken() } else { error.into() });
    }
    set_businesses(writing, row.id, businesses).await
}

/// Writes which businesses a user may see, in place of those of before.
pub(super) async fn set_businesses(
    writing: &Writing,
    user: UserId,
    businesses: &Visible,
) -> Result<()> {
    user_business::Entity::delete_many()
        .filter(user_business::Column::UserId.eq(user))
        .exec(writing.conn())
        .await?;
    if let Visible::Only(businesses) = businesses {
        let rows = businesses.iter().map(|business_id| {
            user_business::Model { user_id: user, business_id: *business_id }.into_active_model()
        });
        user_business::Entity::insert_many(rows).exec(writing.conn()).await?;
    }
    Ok(())
}

async fn code_for(
    writing: &Writing,
    tenant: TenantId,
    user: UserId,
    purpose: Purpose,
    author: Option<UserId>,
    code_ms: i64,
) -> Result<OneTimeCode> {
    let now = writing.recorded_at();
    let (expires_at, tenant) = (now + code_ms, Some(tenant));
    let (conn, user) = (writing.conn(), user.get());
    let code =
        family::insert_code(conn, TENANT, tenant, user, purpose, author, now, expires_at).await?;
    Ok(OneTimeCode { code, purpose, expires_at })
}

/// Makes a code with which a user sets a new password, or takes up an invitation whose code was lost.
/// An owner's password is reset by the platform's operator alone, one's own by nobody else.
///
/// # Errors
/// [`Error::Forbidden`], or a refusal on `id`.
pub async fn reset_code(
    desk: &Desk,
    scope: &TenantScope,
    id: UserId,
) -> Result<(Member, OneTimeCode)> {
    scope.require(Permission::UserUpdate)?;
    if id == scope.access.user {
        // Else whoever finds a session open could take the account over.
        let why = "your own password is changed with passwordChange";
        return Err(Error::refused(Code::NotAllowed, "id", why));
    }
    let (access, tenant, code_ms) = (scope.access.clone(), scope.db.route.id, desk.code_ms());
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let member = member(writing, id).await?;
                let rights = Rights::of(writing.conn(), &member.user).await?;
                rights::may_touch(&rights, &access)?;
                if rights.role == TenantRole::Owner && member.user.status == UserStatus::Active {
                    let why = "an owner's password is reset by the platform's operator: \
                         daybook user reset-password";
                    return Err(Error::refused(Code::NotAllowed, "id", why));
                }
                issue(writing, tenant, member, code_ms).await
            })
        })
        .await
}

/// Makes such a code for anybody, an owner included: the operator's own way in.
///
/// # Errors
/// A refusal when nobody has this address or the user is disabled.
pub async fn reset_code_by_operator(
    desk: &Desk,
    tenant: TenantId,
    email: &str,
) -> Result<OneTimeCode> {
    let db = desk.tenancy.lease(tenant).await?;
    let (email_key, code_ms) = (email.trim().to_lowercase(), desk.code_ms());
    let made = db.lane().write(Actor::system(), move |writing| {
        Box::pin(async move {
            let row = user::Entity::find()
                .filter(user::Column::EmailKey.eq(email_key))
                .one(writing.conn())
                .await?
                .ok_or_else(|| Error::refused(Code::NotFound, "email", "there is no such user"))?;
            let member = Member::of(writing.conn(), row).await?;
            issue(writing, tenant, member, code_ms).await
        })
    });
    Ok(made.await?.1)
}

/// Makes the code with which the owner of an account that the office set up takes up their invitation.
///
/// # Errors
/// When the account cannot be opened or written to.
pub async fn owner_code(
    desk: &Desk,
    actor: Actor,
    tenant: TenantId,
    owner: UserId,
) -> Result<OneTimeCode> {
    let (db, code_ms) = (desk.tenancy.lease(tenant).await?, desk.code_ms());
    let made = db.lane().write(actor, move |writing| {
        Box::pin(async move {
            let code = code_for(writing, tenant, owner, Purpose::Invitation, None, code_ms).await?;
            writing.audit(change("USER_INVITED", owner));
            Ok(code)
        })
    });
    made.await
}

async fn issue(
    writing: &mut Writing,
    tenant: TenantId,
    member: Member,
    code_ms: i64,
) -> Result<(Member, OneTimeCode)> {
    let (purpose, action) = match member.user.status {
        UserStatus::Invited => (Purpose::Invitation, "INVITATION_REPEATED"),
        UserStatus::Active => (Purpose::PasswordReset, "PASSWORD_RESET_REQUESTED"),
        UserStatus::Disabled => {
            return Err(Error::refused(Code::NotAllowed, "id", "this user is disabled"));
        }
    };
    let (id, author) = (member.user.id, writing.actor().user());
    let code = code_for(writing, tenant, id, purpose, author, code_ms).await?;
    writing.audit(change(action, id));
    Ok((member, code))
}

fn change(action: &'static str, user: UserId) -> Change {
    Change {
        action,
        subject_type: "User",
        subject: Some(user.get()),
        business: None,
        canonical: Canonical::new().finish(),
    }
}

/// The user, as they stand under the lock.
pub(super) async fn member(writing: &Writing, id: UserId) -> Result<Member> {
    match user::Entity::find_by_id(id).one(writing.conn()).await? {
        Some(row) => Member::of(writing.conn(), row).await,
        None => Err(Error::refused(Code::NotFound, "id", "there is no such user")),
    }
}
