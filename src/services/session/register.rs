//! Registering a company: its tenant is made, and its owner is signed in.

use std::sync::Arc;

use daybook_domain::password;
use secrecy::{ExposeSecret, SecretString};

use super::{Handed, hand_out};
use crate::{
    auth::{
        desk::Desk,
        sessions::{self, Proof},
    },
    error::{Code, Error, Refusal, Result},
    lane::{Actor, Who},
    scope::RequestInfo,
    services::platform::provision::{self, NewTenant},
    tenancy::Route,
};

/// Who registers, and with what.
#[derive(Debug)]
pub struct Register {
    /// The tenant; its `password_hash` is not looked at.
    pub tenant: NewTenant,
    /// The owner's password.
    pub password: SecretString,
}

/// Registers a company and signs its owner in.
///
/// # Errors
/// Everything that is wrong with the input at once; [`Error::Throttled`]; or
/// [`Error::Unavailable`]: then nothing is left of it.
pub async fn register(
    desk: &Desk,
    request: &RequestInfo,
    register: Register,
) -> Result<(Arc<Route>, Handed)> {
    desk.tenancy.freshen().await?;
    let Register { tenant: new, password } = register;
    let catalogue = desk.tenancy.catalogue();
    let mut refusals = match provision::checked(new.clone(), &catalogue) {
        Ok(_) => Vec::new(),
        Err(Error::Refused(refusals)) => refusals,
        Err(error) => return Err(error),
    };
    let known = [new.email.as_str(), &new.subdomain, &new.company_name, &new.owner_name];
    if let Err(why) = password::check(password.expose_secret(), &known) {
        refusals.push(Refusal::new(Code::PasswordWeak, "input.password", why.to_string()));
    }
    if !refusals.is_empty() {
        return Err(Error::Refused(refusals));
    }
    desk.throttle.registration(request.address).await?;
    let password_hash = Some(desk.passwords.hash(password).await?);
    let new = NewTenant { password_hash, ..new };
    let actor = Actor { who: Who::System, request_id: Some(request.id.clone()) };
    let made = provision::create(Arc::clone(&desk.office), catalogue, new, actor).await?;
    desk.tenancy.poke().await;
    let db = desk.tenancy.lease(made.tenant).await?;
    let proof = Proof { user: made.owner, version: 1, rehashed: None };
    let signed = sessions::open(&db, Some(request.id.clone()), proof, desk.session_ms()).await?;
    let handed = hand_out(desk, made.tenant, signed)?;
    Ok((Arc::clone(&db.route), handed))
}
