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
    error::{Code, Error, Refusal, Result},
    scope::PlatformScope,
    services::staff,
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
    let mut refusals = match provision::checked(new.clone(), &scope.tenancy.catalogue()) {
        Ok(_) => Vec::new(),
        Err(Error::Refused(refusals)) => refusals,
        Err(error) => return Err(error),
    };
    let known = [new.email.as_str(), &new.subdomain, &new.company_name, &new.owner_name];
    refusals.extend(password.as_ref().and_then(|password| weak(password, &known)));
    if !refusals.is_empty() {
        return Err(Error::Refused(refusals));
    }
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
    if let Some(why) = weak(&password, &[new.email.as_str(), &new.name]) {
        return Err(Error::Refused(vec![why]));
    }
    let password_hash = Some(desk.passwords.hash(password).await?);
    Ok((admins::create(scope, NewAdmin { password_hash, ..new }).await?, None))
}

fn weak(secret: &SecretString, known: &[&str]) -> Option<Refusal> {
    let why = password::check(secret.expose_secret(), known).err()?;
    Some(Refusal::new(Code::PasswordWeak, "input.password", why.to_string()))
}
