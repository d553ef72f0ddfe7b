//! Setting a password at the platform's office with a one-time code.

use daybook_domain::{chain::Canonical, id::PlatformUserId};
use daybook_entity::main::people::{PlatformStatus, platform_user};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, IntoActiveModel};
use secrecy::{ExposeSecret, SecretString};

use super::{
    Handed,
    codes::{action_of, expired, given_name},
    hand_out_office, password,
};
use crate::{
    auth::{
        desk::Desk,
        family::{self, OFFICE, Purpose},
        office_sessions::{self, OfficeProof},
        secret,
        sessions::Ended,
    },
    error::Result,
    lane::{Actor, Change, Who},
    scope::RequestInfo,
};

/// Takes up an invitation to the office: sets the first password, and the name where one is given, and
/// signs in.
///
/// # Errors
/// A refusal when the code does not hold or the password is weak.
pub async fn admin_invitation_accept(
    desk: &Desk,
    request: &RequestInfo,
    code: &SecretString,
    password: SecretString,
    name: Option<&str>,
) -> Result<Handed> {
    let name = given_name(name)?;
    set_password(desk, request, Purpose::Invitation, code, password, name).await
}

/// Sets a new password of somebody of the office, ends all their sessions of before, and signs in.
///
/// # Errors
/// As [`admin_invitation_accept`].
pub async fn admin_password_reset(
    desk: &Desk,
    request: &RequestInfo,
    code: &SecretString,
    password: SecretString,
) -> Result<Handed> {
    set_password(desk, request, Purpose::PasswordReset, code, password, None).await
}

async fn set_password(
    desk: &Desk,
    request: &RequestInfo,
    purpose: Purpose,
    code: &SecretString,
    password: SecretString,
    name: Option<String>,
) -> Result<Handed> {
    let presented = secret::read_one_time_code(code.expose_secret());
    let presented = presented.filter(|code| code.tenant.is_none()).ok_or_else(expired)?;
    let (hash, now) = (presented.hash.as_str(), desk.office.clock.now_ms());
    let row = holder(desk.office.main.reader(), hash, purpose, now).await?;
    let shown = name.as_deref().unwrap_or(&row.name);
    password::check(&password, &[row.email.as_str(), shown], "input.password")?;
    let password_hash = desk.passwords.hash(password).await?;
    let (id, request_id) = (row.id, Some(request.id.clone()));
    let actor = Actor::new(Who::Platform(id), request_id.clone());
    let mut writing = desk.office.write(actor).await?;
    let now = writing.recorded_at();
    let row = holder(writing.conn(), hash, purpose, now).await?;
    let version = row.version.saturating_add(1);
    let mut row = row.into_active_model();
    row.password_hash = Set(Some(password_hash));
    row.status = Set(PlatformStatus::Active);
    row.version = Set(version);
    row.updated_at = Set(now);
    if let Some(name) = name {
        row.name = Set(name);
    }
    platform_user::Entity::update(row).exec(writing.conn()).await?;
    family::use_code(writing.conn(), OFFICE, hash, now).await?;
    office_sessions::end_all(&mut writing, id, None, Ended::PasswordChanged).await?;
    let change = Change {
        action: action_of(purpose),
        subject_type: "PlatformUser",
        subject: Some(id.get()),
        business: None,
        canonical: Canonical::new().finish(),
    };
    writing.audit(&change).await?;
    writing.commit().await?;
    desk.office_access.forget();
    let proof = OfficeProof { user: id, version, rehashed: None };
    let signed = office_sessions::open(&desk.office, request_id, proof, desk.session_ms()).await?;
    hand_out_office(desk, signed)
}

/// Whose code this is, if it may be used now for this purpose and by them.
async fn holder(
    connection: &impl ConnectionTrait,
    hash: &str,
    purpose: Purpose,
    now: i64,
) -> Result<platform_user::Model> {
    let found = family::find_code(connection, OFFICE, hash, purpose, now).await?;
    let id = PlatformUserId::new(found.ok_or_else(expired)?);
    let row = platform_user::Entity::find_by_id(id).one(connection).await?;
    let expected = match purpose {
        Purpose::Invitation => PlatformStatus::Invited,
        Purpose::PasswordReset => PlatformStatus::Active,
    };
    row.filter(|row| row.status == expected).ok_or_else(expired)
}
