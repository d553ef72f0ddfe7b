//! Signing in, staying signed in, and setting passwords.
//!
//! Answers reveal nothing: who is unknown, who has another password and who is disabled hear the same
//! sentence after the same work.

mod codes;
mod login;
mod office;
mod office_codes;
mod password;
mod register;

use secrecy::SecretString;

pub use codes::{invitation_accept, password_reset};
pub use login::{Login, Outcome, login, login_choose};
pub use office::{OfficeLogin, admin_login};
pub use office_codes::{admin_invitation_accept, admin_password_reset};
pub use password::{change_office_password, change_password};
pub use register::{Register, Registered, register};

use crate::{
    auth::{
        desk::Desk,
        office_sessions::{self, OfficeSigned},
        secret,
        sessions::{self, Ended, Signed},
        token::Bearer,
    },
    error::{Code, Error, Result},
    scope::{PlatformScope, RequestInfo, TenantScope},
};
use daybook_domain::id::TenantId;
use daybook_entity::main::people::platform_user;
use sea_orm::EntityTrait;

/// What a client holds after signing in. Handed out once, never logged.
#[derive(Debug)]
pub struct Handed {
    /// The access token.
    pub access: SecretString,
    /// The refresh token.
    pub refresh: SecretString,
    /// When the access token ends, UTC milliseconds.
    pub expires_at: i64,
    /// When the refresh token ends.
    pub refresh_expires_at: i64,
}

fn hand_out(desk: &Desk, tenant: TenantId, signed: Signed) -> Result<Handed> {
    let bearer = Bearer::Tenant { tenant, user: signed.user, session: signed.session };
    handed(desk, bearer, signed.refresh.text, signed.until)
}

fn hand_out_office(desk: &Desk, signed: OfficeSigned) -> Result<Handed> {
    let bearer = Bearer::Platform { user: signed.user, session: signed.session };
    handed(desk, bearer, signed.refresh.text, signed.until)
}

fn handed(desk: &Desk, bearer: Bearer, refresh: SecretString, until: i64) -> Result<Handed> {
    let access = desk.tokens.access(bearer)?;
    Ok(Handed {
        access: access.text,
        refresh,
        expires_at: access.expires_at,
        refresh_expires_at: until,
    })
}

/// Uses a refresh token up, of either realm, and hands out the next pair.
///
/// # Errors
/// A refusal for a token that does not hold, or the tenant's status.
pub async fn refresh(desk: &Desk, request: &RequestInfo, token: &SecretString) -> Result<Handed> {
    use secrecy::ExposeSecret;
    let refused = || {
        let why = "this refresh token does not hold any more; sign in again";
        Error::refused(Code::CredentialsWrong, "input.refreshToken", why)
    };
    let presented = secret::read_refresh_token(token.expose_secret()).ok_or_else(refused)?;
    let id = Some(request.id.clone());
    desk.tenancy.freshen().await?;
    let renewed = match presented.tenant {
        None => match office_sessions::renew(&desk.office, id, &presented, desk.session_ms()).await
        {
            Ok(signed) => return hand_out_office(desk, signed),
            Err(error) => {
                desk.office_access.forget();
                Err(error)
            }
        },
        Some(tenant) => match desk.tenancy.lease(tenant).await {
            Err(Error::TenantNotFound) => Err(Error::Unauthenticated),
            Err(Error::TenantSuspended) => {
                // The token's tenant is a claim until its hash is found: a wrong one says nothing.
                let db = desk.tenancy.lease_any_status(tenant).await?;
                let is_known = sessions::knows(&db, &presented).await?;
                Err(if is_known { Error::TenantSuspended } else { Error::Unauthenticated })
            }
            Err(error) => Err(error),
            Ok(db) => sessions::renew(&db, id, presented, desk.session_ms())
                .await
                .map(|signed| (tenant, signed)),
        },
    };
    match renewed {
        Ok((tenant, signed)) => hand_out(desk, tenant, signed),
        Err(Error::Unauthenticated) => Err(refused()),
        Err(error) => Err(error),
    }
}

/// Ends the caller's session. A machine's key has none; it is revoked instead.
///
/// # Errors
/// When it cannot be written.
pub async fn logout(scope: &TenantScope) -> Result<()> {
    match scope.access.session {
        Some(session) => sessions::end(&scope.db, scope.actor(), scope.access.user, session).await,
        None => Err(Error::refused(Code::NotAllowed, "", "an API key has no session to end")),
    }
}

/// Ends the caller's session at the platform's office.
///
/// # Errors
/// When it cannot be written.
pub async fn logout_office(desk: &Desk, scope: &PlatformScope) -> Result<()> {
    let (user, session) = (scope.access.user, scope.access.session);
    office_sessions::end(&desk.office, scope.actor(), user, session, Ended::Logout).await?;
    desk.office_access.forget();
    Ok(())
}

#[cfg(test)]
mod tests;

/// The caller's own row in the platform's office.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is gone, or a database that cannot be read.
pub async fn admin_me(scope: &PlatformScope) -> Result<platform_user::Model> {
    platform_user::Entity::find_by_id(scope.access.user)
        .one(scope.office.main.reader())
        .await?
        .ok_or(Error::Unauthenticated)
}
