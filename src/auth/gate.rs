//! The gate: from what a request shows to who asks.
//!
//! The token names the tenant, and an active user row in that tenant confirms it. The subdomain of
//! `Host` and the header `X-Tenant` may only repeat what the token says.

use std::{net::IpAddr, sync::Arc};

use daybook_domain::subdomain;

use super::{
    access::{self, Ticket},
    desk::Desk,
    key_use, secret,
    token::Bearer,
};
use crate::{
    error::{Error, Result},
    scope::{PlatformScope, RequestInfo, TenantScope},
    tenancy::Route,
};

/// What a request shows. The address is the client's, after trusted proxies were considered.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// What follows `Bearer` in `Authorization`: an access token or a machine's key.
    pub bearer: Option<secrecy::SecretString>,
    /// The header `X-Api-Key`.
    pub api_key: Option<secrecy::SecretString>,
    /// The host that was asked for, with or without a port.
    pub host: Option<String>,
    /// The header `X-Tenant`.
    pub tenant: Option<String>,
    /// The request's id.
    pub request_id: String,
    /// Where it comes from.
    pub address: Option<IpAddr>,
}

/// Who asks.
#[derive(Debug)]
pub enum Recognised {
    /// Nobody signed in.
    Nobody(RequestInfo),
    /// A user of a tenant, or a machine that acts for one.
    Tenant(Arc<TenantScope>),
    /// Somebody of the platform's office.
    Platform(Arc<PlatformScope>),
}

impl Recognised {
    /// What is known of the request itself.
    pub fn request(&self) -> &RequestInfo {
        match self {
            Self::Nobody(request) => request,
            Self::Tenant(scope) => &scope.request,
            Self::Platform(scope) => &scope.request,
        }
    }

    /// A name for the user that no other has; none for nobody.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Nobody(_) => None,
            Self::Tenant(scope) => Some(format!("{}/{}", scope.db.route.id, scope.access.user)),
            Self::Platform(scope) => Some(format!("office/{}", scope.access.user)),
        }
    }

    /// The user's tenant.
    pub fn tenant(&self) -> Option<&Route> {
        match self {
            Self::Tenant(scope) => Some(&scope.db.route),
            Self::Nobody(_) | Self::Platform(_) => None,
        }
    }
}

const TWO_TENANTS: &str = "the token, the host and X-Tenant do not name the same tenant";

/// Finds out who asks.
///
/// # Errors
/// [`Error::Unauthenticated`] for a token or key that does not hold, [`Error::Conflict`] when the ways
/// of naming a tenant disagree, the tenant's status, or [`Error::Unavailable`].
pub async fn recognise(desk: &Desk, shown: Admission) -> Result<Recognised> {
    use secrecy::ExposeSecret;
    let request = request_of(desk, &shown)?;
    let ticket = match (&shown.bearer, &shown.api_key) {
        (None, None) => return Ok(Recognised::Nobody(request)),
        (Some(_), Some(_)) => {
            return Err(Error::Conflict("send a token or an API key, not both".into()));
        }
        (Some(text), None) | (None, Some(text)) => text.expose_secret(),
    };
    desk.tenancy.freshen().await?;
    let (tenant, ticket) = if shown.api_key.is_some() || secret::is_api_key(ticket) {
        let key = secret::read_api_key(ticket).ok_or(Error::Unauthenticated)?;
        (key.tenant.ok_or(Error::Unauthenticated)?, Ticket::from(&key))
    } else {
        match desk.tokens.read_access(ticket)? {
            Bearer::Tenant { tenant, user, session } => (tenant, Ticket::Session(user, session)),
            Bearer::Platform { user, session } => {
                let access = desk.office_access.of(&desk.office, user, session).await?;
                let office = Arc::clone(&desk.office);
                let tenancy = Arc::clone(&desk.tenancy);
                let scope = PlatformScope { office, tenancy, access, request };
                return Ok(Recognised::Platform(Arc::new(scope)));
            }
        }
    };
    let clock = desk.office.clock.clone();
    let db = match desk.tenancy.lease(tenant).await {
        // A key's tenant is a claim until its hash is found: a wrong one says nothing.
        Err(Error::TenantNotFound) => return Err(Error::Unauthenticated),
        Err(Error::TenantSuspended) if matches!(ticket, Ticket::ApiKey(_)) => {
            let db = desk.tenancy.lease_any_status(tenant).await?;
            access::of(&db, &clock, ticket).await?;
            return Err(Error::TenantSuspended);
        }
        leased => leased?,
    };
    let access = access::of(&db, &clock, ticket).await?;
    // Asked only now, for the same reason.
    if request.subdomain.as_ref().is_some_and(|name| *name != db.route.subdomain) {
        return Err(Error::Conflict(TWO_TENANTS.into()));
    }
    if let Some(key) = access.api_key {
        key_use::note(&db, access.user, key, clock.now_ms());
    }
    let catalogue = desk.tenancy.catalogue();
    let scope = TenantScope { db, access, catalogue, clock, request };
    Ok(Recognised::Tenant(Arc::new(scope)))
}

/// What is known of a request before anybody is recognised in it.
///
/// # Errors
/// [`Error::Conflict`] when host and header name two tenants.
pub fn request_of(desk: &Desk, shown: &Admission) -> Result<RequestInfo> {
    let subdomain = named(shown, desk.settings.base_domain.as_deref())?;
    Ok(RequestInfo { id: shown.request_id.clone(), address: shown.address, subdomain })
}

/// The subdomain that host and header name.
fn named(shown: &Admission, base_domain: Option<&str>) -> Result<Option<String>> {
    let by_host = shown.host.as_deref().and_then(|host| subdomain_of(host, base_domain));
    let by_header = shown
        .tenant
        .as_deref()
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty());
    match (by_host, by_header) {
        (Some(host), Some(header)) if host != header => Err(Error::Conflict(TWO_TENANTS.into())),
        (host, header) => Ok(host.or(header)),
    }
}

/// The one label before the base domain or before `localhost`, unless it is reserved.
fn subdomain_of(host: &str, base_domain: Option<&str>) -> Option<String> {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let label = std::iter::once("localhost")
        .chain(base_domain)
        .find_map(|base| name.strip_suffix(base)?.strip_suffix('.'))?;
    subdomain::check(label).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_label_under_a_known_domain_names_a_tenant() {
        for (host, expected) in [
            ("meera.localhost", Some("meera")),
            ("Meera.LOCALHOST:8080", Some("meera")),
            ("meera.books.example.com", Some("meera")),
            ("meera.books.example.com.", Some("meera")),
            ("localhost:8080", None),
            ("books.example.com", None),
            ("www.books.example.com", None),
            ("admin.localhost", None),
            ("api.localhost", None),
            ("app.localhost", None),
            ("a.meera.localhost", None),
            ("meera.example.org", None),
            ("meerabooks.example.com", None),
            ("127.0.0.1:8080", None),
            ("[::1]:8080", None),
            ("", None),
        ] {
            let found = subdomain_of(host, Some("books.example.com"));
            assert_eq!(found.as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn host_and_header_must_agree() {
        let shown = |host: &str, tenant: &str| Admission {
            host: Some(host.into()),
            tenant: Some(tenant.into()),
            ..Admission::default()
        };
        assert!(named(&shown("meera.localhost", "Meera"), None).is_ok());
        assert!(matches!(named(&shown("meera.localhost", "ravi"), None), Err(Error::Conflict(_))));
        let alone = named(&shown("localhost", " ravi "), None);
        assert_eq!(alone.ok().flatten().as_deref(), Some("ravi"));
    }
}
