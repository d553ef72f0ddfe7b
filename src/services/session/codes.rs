//! Setting a password with a one-time code: taking up an invitation, or after a reset.

use std::sync::Arc;

use daybook_domain::{chain::Canonical, id::UserId};
use daybook_entity::tenant::people::{UserStatus, user};
use sea_orm::{ActiveValue::Set, EntityTrait, IntoActiveModel};
use secrecy::{ExposeSecret, SecretString};

use super::{Handed, hand_out, password};
use crate::{
    auth::{
        desk::Desk,
        family::{self, Purpose, TENANT},
        secret,
        sessions::{self, Ended, Proof},
    },
    error::{Code, Error, Result},
    lane::{Actor, Change, Who},
    scope::RequestInfo,
    services::books::vouchers::Wrong,
    tenancy::Route,
};

/// Most characters of a person's name.
const NAME_MAX: usize = 200;

/// Takes up an invitation: sets the first password, and the name where one is given, and signs in.
///
/// # Errors
/// A refusal when the code does not hold or the password is weak. A code for an account that is not
/// served does not hold: a stranger who names one learns nothing of it.
pub async fn invitation_accept(
    desk: &Desk,
    request: &RequestInfo,
    code: &SecretString,
    password: SecretString,
    name: Option<&str>,
) -> Result<(Arc<Route>, Handed)> {
    let name = given_name(name)?;
    set_password(desk, request, Purpose::Invitation, code, password, name).await
}

/// Sets a new password after a reset, ends all sessions of before, and signs in.
///
/// # Errors
/// As [`invitation_accept`].
pub async fn password_reset(
    desk: &Desk,
    request: &RequestInfo,
    code: &SecretString,
    password: SecretString,
) -> Result<(Arc<Route>, Handed)> {
    set_password(desk, request, Purpose::PasswordReset, code, password, None).await
}

/// The name that somebody gives themselves, where they do.
pub(super) fn given_name(name: Option<&str>) -> Result<Option<String>> {
    let mut wrong = Wrong::below("input");
    let name = name.and_then(|name| wrong.name("name", name, NAME_MAX));
    wrong.finish_with(Some(name))
}

pub(super) fn expired() -> Error {
    let why = "this code is wrong, used or older than a day; ask for a new one";
    Error::refused(Code::CodeExpired, "input.code", why)
}

async fn set_password(
    desk: &Desk,
    request: &RequestInfo,
    purpose: Purpose,
    code: &SecretString,
    password: SecretString,
    name: Option<String>,
) -> Result<(Arc<Route>, Handed)> {
    desk.tenancy.freshen().await?;
    let presented = secret::read_one_time_code(code.expose_secret()).ok_or_else(expired)?;
    let tenant = presented.tenant.ok_or_else(expired)?;
    let db = match desk.tenancy.lease(tenant).await {
        Err(Error::TenantNotFound | Error::TenantSuspended) => return Err(expired()),
        leased => leased?,
    };
    let row = {
        let reader = db.reader().await?;
        let (now, hash) = (desk.office.clock.now_ms(), presented.hash.as_str());
        let found = family::find_code(reader.conn(), TENANT, hash, purpose, now).await?;
        let id = UserId::new(found.ok_or_else(expired)?);
        user::Entity::find_by_id(id).one(reader.conn()).await?.ok_or_else(expired)?
    };
    let route = Arc::clone(&db.route);
    let shown = name.as_deref().unwrap_or(&row.name);
    let known = [row.email.as_str(), shown, &route.company_name, &route.subdomain];
    password::check(&password, &known, "input.password")?;
    let password_hash = desk.passwords.hash(password).await?;
    let id = row.id;
    let actor = Actor::new(Who::User(id), Some(request.id.clone()));
    let version = db
        .lane()
        .write(actor, move |writing| {
            Box::pin(async move {
                let now = writing.recorded_at();
                let hash = presented.hash.as_str();
                let found = family::find_code(writing.conn(), TENANT, hash, purpose, now).await?;
                let still_holds = found == Some(id.get());
                let row = user::Entity::find_by_id(id).one(writing.conn()).await?;
                let row = row
                    .filter(|row| still_holds && row.status == expected_status(purpose))
                    .ok_or_else(expired)?;
                let version = row.version + 1;
                let mut row = row.into_active_model();
                row.password_hash = Set(Some(password_hash));
                row.status = Set(UserStatus::Active);
                row.version = Set(version);
                row.updated_at = Set(now);
                if let Some(name) = name {
                    row.name = Set(name);
                }
                user::Entity::update(row).exec(writing.conn()).await?;
                family::use_code(writing.conn(), TENANT, hash, now).await?;
                sessions::end_all(writing, id, None, Ended::PasswordChanged).await?;
                writing.audit(Change {
                    action: action_of(purpose),
                    subject_type: "User",
                    subject: Some(id.get()),
                    business: None,
                    canonical: Canonical::new().finish(),
                });
                Ok(version)
            })
        })
        .await?;
    let proof = Proof { user: id, version, rehashed: None };
    let signed = sessions::open(&db, Some(request.id.clone()), proof, desk.session_ms()).await?;
    let handed = hand_out(desk, route.id, signed)?;
    Ok((route, handed))
}

/// What the edit log calls the use of a code.
pub(super) const fn action_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Invitation => "INVITATION_ACCEPTED",
        Purpose::PasswordReset => "PASSWORD_RESET",
    }
}

const fn expected_status(purpose: Purpose) -> UserStatus {
    match purpose {
        Purpose::Invitation => UserStatus::Invited,
        Purpose::PasswordReset => UserStatus::Active,
    }
}
