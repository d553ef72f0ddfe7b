//! Those whom the office lets in get their first password here, judged and hashed; or else a one-time
//! code, with which they choose it themselves.

use daybook_domain::{password, role::Permission};
use daybook_entity::{main::people::platform_user, master::tenant::tenant_master};
use secrecy::{ExposeSecret, SecretString};

use super::{
    admins::{self, NewAdmin},
    provision::{self, NewTenant},
    tenants,
};
use crate::{
    auth::{desk::Desk, family::OneTimeCode},
    error::{Code, Error, Result},
    scope::PlatformScope,
    services::{books::vouchers::Wrong, staff},
};

/// Sets up a tenant whose owner signs in with `password`, or is invited with the code.
///
/// # Errors
/// No permission, refusals of fields, or as [`provision::create`]. A tenant whose owner's code could not
/// be made stays; the operator makes another.
pub async fn tenant(
    desk: &Desk,
    scope: &PlatformScope,
    new: NewTenant,
    password: Option<SecretString>,
) -> Result<(tenant_master::Model, Option<OneTimeCode>)> {
    scope.require(Permission::TenantCreate)?;
    provision::checked(new.clone(), password.as_ref(), &scope.tenancy.catalogue())?;
    let password_hash = match password {
        Some(password) => Some(desk.passwords.hash(password).await?),
        None => None,
    };
    let is_invited = password_hash.is_none();
    let made = tenants::create(scope, NewTenant { password_hash, ..new }).await?;
    let code = if is_invited {
        Some(staff::owner_code(desk, scope.actor(), made.tenant, made.owner).await?)
    } else {
        None
    };
    let row = tenants::read(&scope.office, made.tenant).await?;
    let row = row.ok_or_else(|| Error::Internal("a new tenant has no row".into()))?;
    Ok((row, code))
}

/// Adds somebody to the office who signs in with `password`, or is invited with the code.
///
/// # Errors
/// No permission, or refusals of fields.
pub async fn admin(
    desk: &Desk,
    scope: &PlatformScope,
    new: NewAdmin,
    password: Option<SecretString>,
) -> Result<(platform_user::Model, Option<OneTimeCode>)> {
    scope.require(Permission::AdminCreate)?;
    let Some(password) = password else {
        let (row, code) = admins::invite(scope, new, desk.code_ms()).await?;
        return Ok((row, Some(code)));
    };
    let mut wrong = Wrong::below("input");
    let judged = password::check(password.expose_secret(), &[new.email.as_str(), &new.name]);
    wrong.take(Code::PasswordWeak, "password", judged);
    wrong.finish()?;
    let password_hash = Some(desk.passwords.hash(password).await?);
    Ok((admins::create(scope, NewAdmin { password_hash, ..new }).await?, None))
}
