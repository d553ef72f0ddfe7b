//! Registering a company: its tenant is made, and its owner is signed in.

use std::sync::Arc;

use secrecy::SecretString;

use super::{
    Handed, hand_out,
    login::{Login, again},
};
use crate::{
    auth::{
        desk::Desk,
        sessions::{self, Proof},
    },
    error::{Code, Error, Result},
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

/// What registering led to.
#[derive(Debug)]
pub struct Registered {
    /// The account.
    pub tenant: Arc<Route>,
    /// Its owner's session.
    pub session: Handed,
    /// Whether it was there already: the same owner registered it before.
    pub replayed: bool,
}

/// Registers a company and signs its owner in. Who registers it again with the same address and
/// password did not hear the first answer, and is signed in.
///
/// # Errors
/// Everything that is wrong with the input at once; [`Error::Throttled`]; or
/// [`Error::Unavailable`]: then nothing is left of it, or the same call finds it.
pub async fn register(
    desk: &Desk,
    request: &RequestInfo,
    register: Register,
) -> Result<Registered> {
    desk.tenancy.freshen().await?;
    let Register { tenant: new, password } = register;
    let catalogue = desk.tenancy.catalogue();
    let checked = provision::checked(new.clone(), Some(&password), &catalogue)?;
    desk.throttle.registration(request.address).await?;
    let login = Login {
        email: new.email.clone(),
        password: password.clone(),
        subdomain: Some(checked.subdomain),
    };
    let password_hash = Some(desk.passwords.hash(password).await?);
    let new = NewTenant { password_hash, ..new };
    let actor = Actor::new(Who::System, Some(request.id.clone()));
    let made = provision::create(Arc::clone(&desk.office), catalogue, new, actor).await;
    let made = match made {
        Err(Error::Refused(why)) if why.iter().any(|why| why.code == Code::SubdomainTaken) => {
            return match again(desk, request, login).await? {
                Some((tenant, session)) => Ok(Registered { tenant, session, replayed: true }),
                None => Err(Error::Refused(why)),
            };
        }
        made => made?,
    };
    desk.tenancy.poke().await;
    let db = desk.tenancy.lease(made.tenant).await?;
    let proof = Proof { user: made.owner, version: 1, rehashed: None };
    let signed = sessions::open(&db, Some(request.id.clone()), proof, desk.session_ms()).await?;
    let session = hand_out(desk, made.tenant, signed)?;
    Ok(Registered { tenant: Arc::clone(&db.route), session, replayed: false })
}
