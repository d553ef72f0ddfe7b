//! Changing one's own password.

use daybook_domain::{chain::Canonical, password};
use daybook_entity::{main::people::platform_user, tenant::people::user};
use sea_orm::{ActiveValue::Set, EntityTrait, IntoActiveModel};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    auth::{
        desk::Desk,
        office_sessions,
        password::Verdict,
        sessions::{self, Ended},
        throttle::Attempt,
    },
    error::{Code, Error, Result},
    lane::Change,
    scope::{PlatformScope, TenantScope},
};

/// Checks a new password against what is known of its owner.
///
/// # Errors
/// A refusal of the field at `path`.
pub(super) fn check(new: &SecretString, known: &[&str], path: &str) -> Result<()> {
    password::check(new.expose_secret(), known)
        .map_err(|why| Error::refused(Code::PasswordWeak, path, why.to_string()))
}

fn current_is_wrong() -> Error {
    Error::refused(Code::CredentialsWrong, "input.currentPassword", "this is not your password")
}

/// The hash of the new password, once the current one is known to be right and another.
async fn exchanged(
    desk: &Desk,
    attempt: Attempt,
    stored: Option<String>,
    current: SecretString,
    new: SecretString,
) -> Result<String> {
    let stored = stored.ok_or(Error::Unauthenticated)?;
    if desk.passwords.verify(current.clone(), stored).await? == Verdict::Wrong {
        attempt.failed().await?;
        return Err(current_is_wrong());
    }
    attempt.succeeded().await?;
    if current.expose_secret() == new.expose_secret() {
        let why = "this is your password already; choose another";
        return Err(Error::refused(Code::PasswordUnchanged, "input.newPassword", why));
    }
    desk.passwords.hash(new).await
}

/// Changes the caller's password and ends all other sessions.
///
/// # Errors
/// A refusal when the current password is wrong or the new one weak or the same;
/// [`Error::Throttled`].
pub async fn change_password(
    desk: &Desk,
    scope: &TenantScope,
    current: SecretString,
    new: SecretString,
) -> Result<()> {
    let id = scope.access.user;
    let Some(session) = scope.access.session else {
        let why = "an API key does not change its user's password";
        return Err(Error::refused(Code::NotAllowed, "", why));
    };
    let row = {
        let reader = scope.db.reader().await?;
        user::Entity::find_by_id(id).one(reader.conn()).await?.ok_or(Error::Unauthenticated)?
    };
    let route = &scope.db.route;
    let known = [row.email.as_str(), &row.name, &route.company_name, &route.subdomain];
    check(&new, &known, "input.newPassword")?;
    let (stored, version) = (row.password_hash, row.version);
    let attempt = desk.throttle.begin(&row.email_key, &route.subdomain, scope.request.address);
    let hash = exchanged(desk, attempt.await?, stored, current, new).await?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let found = user::Entity::find_by_id(id).one(writing.conn()).await?;
                let found = found.filter(|row| row.version == version);
                let mut row = found.ok_or_else(current_is_wrong)?.into_active_model();
                row.password_hash = Set(Some(hash));
                row.version = Set(version + 1);
                row.updated_at = Set(writing.recorded_at());
                user::Entity::update(row).exec(writing.conn()).await?;
                sessions::end_all(writing, id, Some(session), Ended::PasswordChanged).await?;
                writing.audit(Change {
                    action: "PASSWORD_CHANGED",
                    subject_type: "User",
                    subject: Some(id.get()),
                    business: None,
                    canonical: Canonical::new().finish(),
                });
                Ok(())
            })
        })
        .await
}

/// Changes the caller's password at the platform's office and ends all other sessions.
///
/// # Errors
/// As [`change_password`].
pub async fn change_office_password(
    desk: &Desk,
    scope: &PlatformScope,
    current: SecretString,
    new: SecretString,
) -> Result<()> {
    let id = scope.access.user;
    let reader = desk.office.main.reader();
    let row = platform_user::Entity::find_by_id(id).one(reader).await?;
    let row = row.ok_or(Error::Unauthenticated)?;
    check(&new, &[&row.email, &row.name], "input.newPassword")?;
    let attempt = desk.throttle.begin(&row.email_key, "platform office", scope.request.address);
    let hash = exchanged(desk, attempt.await?, row.password_hash, current, new).await?;
    let mut writing = desk.office.write(scope.actor()).await?;
    let found = platform_user::Entity::find_by_id(id).one(writing.conn()).await?;
    let found = found.filter(|found| found.version == row.version).ok_or_else(current_is_wrong)?;
    let mut changed = found.into_active_model();
    changed.password_hash = Set(Some(hash));
    changed.version = Set(row.version + 1);
    changed.updated_at = Set(writing.recorded_at());
    platform_user::Entity::update(changed).exec(writing.conn()).await?;
    let kept = Some(scope.access.session);
    office_sessions::end_all(&mut writing, id, kept, Ended::PasswordChanged).await?;
    let change = Change {
        action: "PASSWORD_CHANGED",
        subject_type: "PlatformUser",
        subject: Some(id.get()),
        business: None,
        canonical: Canonical::new().finish(),
    };
    writing.audit(&change).await?;
    writing.commit().await?;
    desk.office_access.forget();
    Ok(())
}
