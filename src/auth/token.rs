//! Signed tokens: who somebody is, for a few minutes.
//!
//! HS256 and nothing else. The header's key id says which secret signed it, the current one or the one
//! before, so that a secret can be changed while tokens are out. Whatever is wrong with a token, the
//! answer is the same: sign in first.

use std::fmt;

use daybook_domain::id::{PlatformUserId, SessionId, TenantId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::secret;
use crate::{
    clock::Clock,
    error::{Error, Result},
};

const TENANT: &str = "daybook:tenant";
const PLATFORM: &str = "daybook:platform";
const CHOICE: &str = "daybook:choice";
/// Longer texts are not looked at.
const LENGTH_MAX: usize = 4_096;

/// What a valid access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// A user of a tenant.
    Tenant {
        /// The tenant.
        tenant: TenantId,
        /// The user.
        user: UserId,
        /// The session.
        session: SessionId,
    },
    /// Somebody of the platform's office.
    Platform {
        /// The person.
        user: PlatformUserId,
        /// The session.
        session: SessionId,
    },
}

/// A tenant that a password fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The tenant's number.
    pub tenant: i64,
    /// The user's number there.
    pub user: i64,
    /// The version of the user's row when the password was checked.
    pub version: i32,
}

/// What a token says that is good for choosing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The token's own id; it is good once.
    pub id: String,
    /// The tenants to choose from.
    pub candidates: Vec<Candidate>,
}

/// How long tokens count, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// An access token.
    pub access_ms: i64,
    /// How long somebody may take to choose among several tenants.
    pub choice_ms: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { access_ms: 15 * 60_000, choice_ms: 5 * 60_000 }
    }
}

/// A token and when it ends.
#[derive(Debug)]
pub struct Signed {
    /// The token.
    pub text: SecretString,
    /// When it ends, UTC milliseconds.
    pub expires_at: i64,
}

/// Signs and reads tokens.
#[derive(Clone)]
pub struct Tokens {
    current: Key,
    previous: Option<Key>,
    issuer: String,
    lifetimes: Lifetimes,
    clock: Clock,
}

#[derive(Clone)]
struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    aud: String,
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tid: Option<String>,
    sid: String,
    iat: i64,
    exp: i64,
    jti: String,
}

#[derive(Serialize, Deserialize)]
struct ChoiceClaims {
    iss: String,
    aud: String,
    candidates: Vec<Candidate>,
    iat: i64,
    exp: i64,
    jti: String,
}

/// What every kind of claims has.
trait Dated {
    fn ends_at_s(&self) -> i64;
}

impl Dated for AccessClaims {
    fn ends_at_s(&self) -> i64 {
        self.exp
    }
}

impl Dated for ChoiceClaims {
    fn ends_at_s(&self) -> i64 {
        self.exp
    }
}

impl Key {
    fn of(secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        let id = secret::sha256_hex(secret.expose_secret()).chars().take(8).collect();
        Self {
            id,
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
        }
    }
}

impl Tokens {
    /// Signs with `current`; reads what `previous` signed, too.
    pub fn new(
        current: &SecretString,
        previous: Option<&SecretString>,
        issuer: impl Into<String>,
        lifetimes: Lifetimes,
        clock: Clock,
    ) -> Self {
        Self {
            current: Key::of(current),
            previous: previous.map(Key::of),
            issuer: issuer.into(),
            lifetimes,
            clock,
        }
    }

    /// Signs an access token.
    ///
    /// # Errors
    /// Only when the system has no randomness.
    pub fn access(&self, bearer: Bearer) -> Result<Signed> {
        let (aud, sub, tid, sid) = match bearer {
            Bearer::Tenant { tenant, user, session } => {
                (TENANT, user.to_string(), Some(tenant.to_string()), session)
            }
            Bearer::Platform { user, session } => (PLATFORM, user.to_string(), None, session),
        };
        let now = self.clock.now_ms();
        let exp = (now + self.lifetimes.access_ms).div_euclid(1_000);
        let text = self.sign(&AccessClaims {
            iss: self.issuer.clone(),
            aud: aud.to_owned(),
            sub,
            tid,
            sid: sid.to_string(),
            iat: now.div_euclid(1_000),
            exp,
            jti: secret::random_text()?,
        })?;
        Ok(Signed { text, expires_at: exp * 1_000 })
    }

    /// Reads an access token of either realm.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], whatever is wrong with it.
    pub fn read_access(&self, text: &str) -> Result<Bearer> {
        let claims: AccessClaims = self.verify(text, &[TENANT, PLATFORM])?;
        let session = SessionId::new(number(&claims.sid)?);
        match (claims.aud.as_str(), claims.tid) {
            (TENANT, Some(tenant)) => Ok(Bearer::Tenant {
                tenant: TenantId::new(number(&tenant)?),
                user: UserId::new(number(&claims.sub)?),
                session,
            }),
            (PLATFORM, None) => {
                Ok(Bearer::Platform { user: PlatformUserId::new(number(&claims.sub)?), session })
            }
            _ => Err(Error::Unauthenticated),
        }
    }

    /// When an access token ends, UTC milliseconds; nothing for one that does not hold.
    pub fn ends_at(&self, text: &str) -> Option<i64> {
        let claims: AccessClaims = self.verify(text, &[TENANT, PLATFORM]).ok()?;
        Some(claims.exp.saturating_mul(1_000))
    }

    /// Signs what is good for choosing one of several tenants.
    ///
    /// # Errors
    /// Only when the system has no randomness.
    pub fn choice(&self, candidates: Vec<Candidate>) -> Result<SecretString> {
        let now = self.clock.now_ms();
        self.sign(&ChoiceClaims {
            iss: self.issuer.clone(),
            aud: CHOICE.to_owned(),
            candidates,
            iat: now.div_euclid(1_000),
            exp: (now + self.lifetimes.choice_ms).div_euclid(1_000),
            jti: secret::random_text()?,
        })
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], whatever is wrong with it.
    pub fn read_choice(&self, text: &str) -> Result<Choice> {
        let ChoiceClaims { jti, candidates, .. } = self.verify(text, &[CHOICE])?;
        Ok(Choice { id: jti, candidates })
    }

    fn sign(&self, claims: &impl Serialize) -> Result<SecretString> {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(self.current.id.clone());
        let text = jsonwebtoken::encode(&header, claims, &self.current.encoding)
            .map_err(|error| Error::Internal(format!("signing a token: {error}")))?;
        Ok(text.into())
    }

    fn verify<C: DeserializeOwned + Dated>(&self, text: &str, audiences: &[&str]) -> Result<C> {
        if text.len() > LENGTH_MAX {
            return Err(Error::Unauthenticated);
        }
        let header = jsonwebtoken::decode_header(text).map_err(|_| Error::Unauthenticated)?;
        let kid = header.kid.ok_or(Error::Unauthenticated)?;
        let key = std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key.id == kid)
            .ok_or(Error::Unauthenticated)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(audiences);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "aud", "iss"]);
        // Compared below, on this program's own clock and without leeway.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<C>(text, &key.decoding, &rules)
            .map_err(|_| Error::Unauthenticated)?
            .claims;
        if self.clock.now_ms() >= claims.ends_at_s().saturating_mul(1_000) {
            return Err(Error::Unauthenticated);
        }
        Ok(claims)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tokens")
            .field("current", &self.current.id)
            .field("previous", &self.previous.as_ref().map(|key| &key.id))
            .finish_non_exhaustive()
    }
}

fn number(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::Unauthenticated)
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
