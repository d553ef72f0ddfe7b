//! Signed links: each opens one thing for some minutes, in the name of whoever asked for it.
//!
//! A link is sealed, so nobody reads or changes what it says, and bound to its kind, tenant, user and
//! session or key. Whoever it was made for is looked up anew when it is used: a link is worth no more than
//! its user is then.

use std::time::Duration;

use daybook_domain::id::{ApiKeyId, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    access::{self, Ticket},
    desk::Desk,
};
use crate::{
    error::{Error, Result},
    scope::{RequestInfo, TenantScope},
    seal::KeyRing,
};

/// Longer texts are not looked at.
const LENGTH_MAX: usize = 8_192;

/// A link's secret part, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The last step of the link's path.
    pub token: String,
    /// When it ends, UTC milliseconds.
    pub expires_at: i64,
}

/// Why a link does not open.
#[derive(Debug)]
pub enum Closed {
    /// It is none of ours, or not for this.
    Unknown,
    /// Its time is over.
    Expired,
    /// Whoever it was made for may not come in, or nobody could look.
    Refused(Error),
}

impl From<Error> for Closed {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

#[derive(Serialize, Deserialize)]
struct Claims<T> {
    tenant: i64,
    user: i64,
    session: Option<i64>,
    key: Option<i64>,
    until: i64,
    opens: T,
}

/// Makes a link of a kind that opens something for the caller.
///
/// # Errors
/// When nothing can be sealed, or the caller is the program itself.
pub fn make<T: Serialize>(
    keys: &KeyRing,
    scope: &TenantScope,
    kind: &str,
    lasts: Duration,
    opens: T,
) -> Result<Link> {
    let access = &scope.access;
    let lasts = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX / 2);
    let expires_at = scope.clock.now_ms().saturating_add(lasts);
    let claims = Claims {
        tenant: scope.db.route.id.get(),
        user: access.user.get(),
        session: access.session.map(SessionId::get),
        key: access.api_key.map(ApiKeyId::get),
        until: expires_at,
        opens,
    };
    let text = serde_json::to_vec(&claims)?;
    let sealed = keys.seal(&text, &context(kind));
    let token = sealed.map_err(|error| Error::Internal(error.to_string()))?.text;
    Ok(Link { token, expires_at })
}

/// Opens a link: the scope of whoever it was made for, as they stand now, and what it opens.
///
/// # Errors
/// [`Closed`] says why it does not.
pub async fn open<T: DeserializeOwned>(
    desk: &Desk,
    kind: &str,
    token: &str,
    request: RequestInfo,
) -> Result<(TenantScope, T), Closed> {
    if token.len() > LENGTH_MAX {
        return Err(Closed::Unknown);
    }
    let text = desk.office.keys.open(token, &context(kind)).map_err(|_| Closed::Unknown)?;
    let claims: Claims<T> = serde_json::from_slice(&text).map_err(|_| Closed::Unknown)?;
    let clock = desk.office.clock.clone();
    if clock.now_ms() >= claims.until {
        return Err(Closed::Expired);
    }
    let user = UserId::new(claims.user);
    let ticket = match (claims.session, claims.key) {
        (Some(session), None) => Ticket::Session(user, SessionId::new(session)),
        (None, Some(key)) => Ticket::KnownKey(user, ApiKeyId::new(key)),
        _ => return Err(Closed::Unknown),
    };
    desk.tenancy.freshen().await?;
    let db = desk.tenancy.lease(TenantId::new(claims.tenant)).await?;
    if request.subdomain.as_ref().is_some_and(|name| *name != db.route.subdomain) {
        return Err(Closed::Unknown);
    }
    let access = access::of(&db, &clock, ticket).await?;
    let catalogue = desk.tenancy.catalogue();
    Ok((TenantScope { db, access, catalogue, clock, request }, claims.opens))
}

fn context(kind: &str) -> String {
    format!("link:{kind}")
}
