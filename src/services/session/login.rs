//! Signing in to a tenant.

use std::sync::Arc;

use daybook_domain::id::{TenantId, UserId};
use daybook_entity::{
    master::tenant::TenantStatus,
    tenant::people::{UserRole, UserStatus, user},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::{Handed, hand_out};
use crate::{
    auth::{
        desk::Desk,
        password::Verdict,
        sessions::{self, Proof},
        token::Candidate,
    },
    error::{Code, Error, Result},
    scope::RequestInfo,
    tenancy::Route,
};

/// Somebody who wants in.
#[derive(Debug)]
pub struct Login {
    /// The address, as typed.
    pub email: String,
    /// The password.
    pub password: SecretString,
    /// The tenant, if it is named in the input.
    pub subdomain: Option<String>,
}

/// What a right password leads to.
#[derive(Debug)]
pub enum Outcome {
    /// Signed in.
    SignedIn {
        /// Where.
        tenant: Arc<Route>,
        /// With these.
        session: Handed,
    },
    /// It fits several tenants; one is to be chosen within five minutes.
    Choose {
        /// What the choice is made with.
        token: SecretString,
        /// Among these.
        tenants: Vec<Arc<Route>>,
    },
}

/// A tenant where the password is right, served or suspended.
struct Match {
    tenant: Arc<Route>,
    proof: Proof,
    is_owner: bool,
}

impl Match {
    fn is_served(&self) -> bool {
        self.tenant.status == TenantStatus::Active
    }
}

/// Tenants whose passwords are tried when none is named.
const CANDIDATES_MAX: u64 = 5;

/// Signs in with e-mail address and password.
///
/// # Errors
/// A refusal that does not say what was wrong, [`Error::Throttled`], or, to whom the password is right,
/// the tenant's status.
pub async fn login(desk: &Desk, request: &RequestInfo, login: Login) -> Result<Outcome> {
    desk.tenancy.freshen().await?;
    let named = name_of(&login, request)?;
    let began = Instant::now();
    let email_key = login.email.trim().to_lowercase();
    let realm = named.as_deref().unwrap_or_default();
    let attempt = desk.throttle.begin(&email_key, realm, request.address).await?;
    let found = match &named {
        Some(subdomain) => try_named(desk, subdomain, &email_key, login.password).await,
        None => {
            let found = try_all(desk, &email_key, login.password).await;
            tokio::time::sleep_until(began + desk.settings.floor).await;
            found
        }
    };
    let mut found = found?;
    if found.is_empty() {
        attempt.failed().await?;
        return Err(wrong());
    }
    attempt.succeeded().await?;
    found.retain(Match::is_served);
    if found.is_empty() {
        // Only who proved to be one of its people hears of it.
        return Err(Error::TenantSuspended);
    }
    if found.len() == 1
        && let Some(only) = found.pop()
    {
        return sign_in(desk, request, only.tenant, only.proof).await;
    }
    let candidates = found.iter().map(|one| Candidate {
        tenant: one.tenant.id.get(),
        user: one.proof.user.get(),
        version: one.proof.version,
    });
    let token = desk.tokens.choice(candidates.collect())?;
    Ok(Outcome::Choose { token, tenants: found.into_iter().map(|one| one.tenant).collect() })
}

/// Signs in to one of the tenants that a password fitted.
///
/// # Errors
/// A refusal when the token does not hold or the tenant is not among them; the tenant's status.
pub async fn login_choose(
    desk: &Desk,
    request: &RequestInfo,
    token: &SecretString,
    subdomain: &str,
) -> Result<Outcome> {
    desk.tenancy.freshen().await?;
    let expired = || {
        let why = "this choice is over; sign in again";
        Error::refused(Code::CodeExpired, "input.choiceToken", why)
    };
    let choice = desk.tokens.read_choice(token.expose_secret()).map_err(|_| expired())?;
    let subdomain = subdomain.trim().to_lowercase();
    for candidate in choice.candidates {
        let Ok(tenant) = desk.tenancy.route(TenantId::new(candidate.tenant)).await else {
            continue;
        };
        if tenant.subdomain == subdomain {
            if !desk.throttle.use_up(&choice.id).await? {
                return Err(expired());
            }
            let user = UserId::new(candidate.user);
            let proof = Proof { user, version: candidate.version, rehashed: None };
            return match sign_in(desk, request, tenant, proof).await {
                Err(Error::Refused(_)) => Err(expired()),
                outcome => outcome,
            };
        }
    }
    let why = "this is none of the tenants to choose from";
    Err(Error::refused(Code::Invalid, "input.subdomain", why))
}

/// Signs the owner of a tenant in who registers it once more: their first answer was lost. `None` for
/// whoever is not its owner, or shows another password.
///
/// # Errors
/// [`Error::Throttled`], as where one signs in; the tenant's status, to its owner.
pub(super) async fn again(
    desk: &Desk,
    request: &RequestInfo,
    login: Login,
) -> Result<Option<(Arc<Route>, Handed)>> {
    let Login { email, password, subdomain } = login;
    let (email_key, subdomain) = (email.trim().to_lowercase(), subdomain.unwrap_or_default());
    let attempt = desk.throttle.begin(&email_key, &subdomain, request.address).await?;
    let found = try_named(desk, &subdomain, &email_key, password).await?;
    let Some(found) = found.into_iter().find(|found| found.is_owner) else {
        attempt.failed().await?;
        return Ok(None);
    };
    attempt.succeeded().await?;
    match sign_in(desk, request, found.tenant, found.proof).await? {
        Outcome::SignedIn { tenant, session } => Ok(Some((tenant, session))),
        Outcome::Choose { .. } => Ok(None),
    }
}

async fn sign_in(
    desk: &Desk,
    request: &RequestInfo,
    tenant: Arc<Route>,
    proof: Proof,
) -> Result<Outcome> {
    let db = desk.tenancy.lease(tenant.id).await?;
    let request_id = Some(request.id.clone());
    match sessions::open(&db, request_id, proof, desk.session_ms()).await {
        Ok(signed) => {
            let session = hand_out(desk, tenant.id, signed)?;
            Ok(Outcome::SignedIn { tenant, session })
        }
        Err(Error::Unauthenticated) => Err(wrong()),
        Err(error) => Err(error),
    }
}

/// The subdomain that argument, host or header name; they may only agree.
fn name_of(login: &Login, request: &RequestInfo) -> Result<Option<String>> {
    let by_input = login
        .subdomain
        .as_deref()
        .map(|name| name.trim().to_lowercase())
        .filter(|name| !name.is_empty());
    match (by_input, &request.subdomain) {
        (Some(input), Some(elsewhere)) if input != *elsewhere => {
            let why = "this is not the tenant that the host or X-Tenant names";
            Err(Error::refused(Code::Invalid, "input.subdomain", why))
        }
        (input, elsewhere) => Ok(input.or_else(|| elsewhere.clone())),
    }
}

async fn try_named(
    desk: &Desk,
    subdomain: &str,
    email_key: &str,
    password: SecretString,
) -> Result<Vec<Match>> {
    match desk.tenancy.route_by_subdomain(subdomain).await {
        Ok(tenant) => Ok(try_one(desk, tenant, email_key, password).await?.into_iter().collect()),
        Err(Error::TenantNotFound) => {
            desk.passwords.verify_nobody(password).await?;
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

async fn try_all(desk: &Desk, email_key: &str, password: SecretString) -> Result<Vec<Match>> {
    let tenants = desk.directory.tenants_of(email_key, CANDIDATES_MAX).await?;
    if tenants.is_empty() {
        desk.passwords.verify_nobody(password).await?;
        return Ok(Vec::new());
    }
    let tries = tenants.into_iter().map(async |id| {
        let tenant = desk.tenancy.route(id).await?;
        try_one(desk, tenant, email_key, password.clone()).await
    });
    let mut found = Vec::new();
    let mut unserved = None;
    for outcome in futures_util::future::join_all(tries).await {
        match outcome {
            Ok(one) => found.extend(one),
            // A tenant that is gone since is none to sign in to.
            Err(Error::TenantNotFound) => {}
            Err(error) => unserved = Some(error),
        }
    }
    match unserved {
        // Whether the password was right cannot be said while one of them is not served.
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

async fn try_one(
    desk: &Desk,
    tenant: Arc<Route>,
    email_key: &str,
    password: SecretString,
) -> Result<Option<Match>> {
    if !matches!(tenant.status, TenantStatus::Active | TenantStatus::Suspended) {
        desk.passwords.verify_nobody(password).await?;
        return Ok(None);
    }
    // A suspended tenant says so to its own people alone, so its passwords are looked at as well.
    let db = desk.tenancy.lease_any_status(tenant.id).await?;
    let found = {
        let reader = db.reader().await?;
        user::Entity::find().filter(user::Column::EmailKey.eq(email_key)).one(reader.conn()).await?
    };
    let usable = found
        .filter(|row| row.status == UserStatus::Active)
        .and_then(|row| row.password_hash.clone().map(|hash| (row, hash)));
    let Some((row, hash)) = usable else {
        desk.passwords.verify_nobody(password).await?;
        return Ok(None);
    };
    let rehashed = match desk.passwords.verify(password.clone(), hash).await? {
        Verdict::Wrong => return Ok(None),
        Verdict::Right { is_outdated: false } => None,
        Verdict::Right { is_outdated: true } => Some(desk.passwords.hash(password).await?),
    };
    let proof = Proof { user: row.id, version: row.version, rehashed };
    let is_owner = row.role == UserRole::Owner;
    Ok(Some(Match { tenant, proof, is_owner }))
}

/// The one sentence for everything that can be wrong.
pub(super) fn wrong() -> Error {
    let why = "the e-mail address or the password is wrong, or the account is not open";
    Error::refused(Code::CredentialsWrong, "input", why)
}
