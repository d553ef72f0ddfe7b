//! Those whom the office lets in get their first password here: it is judged, then hashed.

use daybook_domain::{password, role::Permission};
use daybook_entity::{main::people::platform_user, master::tenant::tenant_master};
use secrecy::{ExposeSecret, SecretString};

use super::{
    admins::{self, NewAdmin},
    provision::{self, NewTenant},
    tenants,
};
use crate::{
    auth::desk::Desk,
    error::{Code, Error, Refusal, Result},
    scope::PlatformScope,
};

/// Sets up a tenant whose owner signs in with `password`.
///
/// # Errors
/// No permission, refusals of fields, or as [`provision::create`].
pub async fn tenant(
    desk: &Desk,
    scope: &PlatformScope,
    new: NewTenant,
    password: SecretString,
) -> Result<tenant_master::Model> {
    scope.require(Permission::TenantCreate)?;
    let mut refusals = match provision::checked(new.clone(), &scope.tenancy.catalogue()) {
        Ok(_) => Vec::new(),
        Err(Error::Refused(refusals)) => refusals,
        Err(error) => return Err(error),
    };
    let known = [new.email.as_str(), &new.subdomain, &new.company_name, &new.owner_name];
    refusals.extend(weak(&password, &known));
    if !refusals.is_empty() {
        return Err(Error::Refused(refusals));
    }
    let password_hash = desk.passwords.hash(password).await?;
    let made = tenants::create(scope, NewTenant { password_hash, ..new }).await?;
    let row = tenants::read(&scope.office, made.tenant).await?;
    row.ok_or_else(|| Error::Internal("a new tenant has no row".into()))
}

/// Adds somebody to the office who signs in with `password`.
///
/// # Errors
/// No permission, or refusals of fields.
pub async fn admin(
    desk: &Desk,
    scope: &PlatformScope,
    new: NewAdmin,
    password: SecretString,
) -> Result<platform_user::Model> {
    scope.require(Permission::AdminCreate)?;
    if let Some(why) = weak(&password, &[new.email.as_str(), &new.name]) {
        return Err(Error::Refused(vec![why]));
    }
    let password_hash = Some(desk.passwords.hash(password).await?);
    admins::create(scope, NewAdmin { password_hash, ..new }).await
}

fn weak(secret: &SecretString, known: &[&str]) -> Option<Refusal> {
    let why = password::check(secret.expose_secret(), known).err()?;
    Some(Refusal::new(Code::PasswordWeak, "input.password", why.to_string()))
}
