//! Signing in to the platform's office.

use daybook_entity::main::people::{PlatformStatus, platform_user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use secrecy::SecretString;

use super::{Handed, hand_out_office, login::wrong};
use crate::{
    auth::{
        desk::Desk,
        office_sessions::{self, OfficeProof},
        password::Verdict,
    },
    error::{Error, Result},
    scope::RequestInfo,
};

/// Somebody of the office who wants in.
#[derive(Debug)]
pub struct OfficeLogin {
    /// The address, as typed.
    pub email: String,
    /// The password.
    pub password: SecretString,
}

/// Kept apart from every tenant's name, which has no space.
const REALM: &str = "platform office";

/// Signs in with e-mail address and password.
///
/// # Errors
/// A refusal that does not say what was wrong, or [`Error::Throttled`].
pub async fn admin_login(desk: &Desk, request: &RequestInfo, login: OfficeLogin) -> Result<Handed> {
    let email_key = login.email.trim().to_lowercase();
    let attempt = desk.throttle.begin(&email_key, REALM, request.address).await?;
    let found = platform_user::Entity::find()
        .filter(platform_user::Column::EmailKey.eq(email_key))
        .one(desk.office.main.reader())
        .await?;
    let usable = found
        .filter(|row| row.status == PlatformStatus::Active)
        .and_then(|row| row.password_hash.clone().map(|hash| (row, hash)));
    let Some((row, hash)) = usable else {
        desk.passwords.verify_nobody(login.password).await?;
        attempt.failed().await?;
        return Err(wrong());
    };
    let rehashed = match desk.passwords.verify(login.password.clone(), hash).await? {
        Verdict::Wrong => {
            attempt.failed().await?;
            return Err(wrong());
        }
        Verdict::Right { is_outdated: false } => None,
        Verdict::Right { is_outdated: true } => Some(desk.passwords.hash(login.password).await?),
    };
    attempt.succeeded().await?;
    let proof = OfficeProof { user: row.id, version: row.version, rehashed };
    let id = Some(request.id.clone());
    match office_sessions::open(&desk.office, id, proof, desk.session_ms()).await {
        Ok(signed) => hand_out_office(desk, signed),
        Err(Error::Unauthenticated) => Err(wrong()),
        Err(error) => Err(error),
    }
}
