//! Random secrets that clients hold and of which only a hash is kept.
//!
//! Each names its tenant, so that a request leads to one database and to no other: `dbr_` is a refresh
//! token, `dbk_` a machine's key, `dbc_` a one-time code. Tenant 0 is the platform's own office.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use daybook_domain::id::{ApiKeyId, SessionId, TenantId};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const REFRESH: &str = "dbr";
const API_KEY: &str = "dbk";
const CODE: &str = "dbc";
/// No secret of ours is longer; longer texts are not looked at.
const LENGTH_MAX: usize = 128;

/// A secret as its holder presents it, taken apart. What it claims holds only once its hash is found.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// The tenant that it names; `None` is the platform's office.
    pub tenant: Option<TenantId>,
    /// The row that it names: a session or a key; 0 for a code.
    pub row: i64,
    /// SHA-256 of the whole text, in hexadecimal: the row is found by it.
    pub hash: String,
}

impl fmt::Debug for Presented {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Presented")
            .field("tenant", &self.tenant)
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

/// A new secret: the text for its holder and the hash to keep.
#[derive(Debug)]
pub struct Made {
    /// For the holder, once.
    pub text: SecretString,
    /// SHA-256 in hexadecimal.
    pub hash: String,
}

/// A new refresh token of a session.
///
/// # Errors
/// When the system has no randomness.
pub fn refresh_token(tenant: Option<TenantId>, session: SessionId) -> Result<Made> {
    make(REFRESH, tenant, Some(session.get()))
}

/// A new machine's key.
///
/// # Errors
/// When the system has no randomness.
pub fn api_key(tenant: TenantId, key: ApiKeyId) -> Result<Made> {
    make(API_KEY, Some(tenant), Some(key.get()))
}

/// A new one-time code.
///
/// # Errors
/// When the system has no randomness.
pub fn one_time_code(tenant: Option<TenantId>) -> Result<Made> {
    make(CODE, tenant, None)
}

/// Takes a refresh token apart.
pub fn read_refresh_token(text: &str) -> Option<Presented> {
    read(REFRESH, true, text)
}

/// Takes a machine's key apart.
pub fn read_api_key(text: &str) -> Option<Presented> {
    read(API_KEY, true, text)
}

/// Takes a one-time code apart.
pub fn read_one_time_code(text: &str) -> Option<Presented> {
    read(CODE, false, text.trim())
}

/// Whether a text looks like a machine's key rather than an access token.
pub fn is_api_key(text: &str) -> bool {
    text.strip_prefix(API_KEY).is_some_and(|rest| rest.starts_with('_'))
}

/// 32 random bytes as text, without padding.
///
/// # Errors
/// When the system has no randomness.
pub fn random_text() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(format!("randomness: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 in hexadecimal. The secrets are random, so a plain hash cannot be searched backwards.
pub fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn make(kind: &str, tenant: Option<TenantId>, row: Option<i64>) -> Result<Made> {
    let tenant = to_base36(tenant.map_or(0, TenantId::get));
    let secret = random_text()?;
    let text = match row {
        Some(row) => format!("{kind}_{tenant}_{}_{secret}", to_base36(row)),
        None => format!("{kind}_{tenant}_{secret}"),
    };
    let hash = sha256_hex(&text);
    Ok(Made { text: text.into(), hash })
}

fn read(kind: &str, has_row: bool, text: &str) -> Option<Presented> {
    if text.len() > LENGTH_MAX {
        return None;
    }
    let rest = text.strip_prefix(kind)?.strip_prefix('_')?;
    let (tenant, rest) = rest.split_once('_')?;
    let (row, secret) = if has_row { rest.split_once('_')? } else { ("0", rest) };
    let tenant = from_base36(tenant)?;
    let is_whole = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == 32);
    is_whole.then(|| Presented {
        tenant: (tenant != 0).then(|| TenantId::new(tenant)),
        row: from_base36(row).unwrap_or(0),
        hash: sha256_hex(text),
    })
}

fn to_base36(number: i64) -> String {
    let mut rest = number.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

fn from_base36(text: &str) -> Option<i64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then(|| i64::from_str_radix(text, 36).ok()).flatten()
}

impl Made {
    /// The text, to be handed to its holder.
    pub fn reveal(&self) -> String {
        self.text.expose_secret().to_owned()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_secret_names_its_tenant_and_row() {
        let tenant = TenantId::new(i64::MAX);
        let made = refresh_token(Some(tenant), SessionId::new(1_234)).unwrap();
        let read = read_refresh_token(&made.reveal()).unwrap();
        assert_eq!((read.tenant, read.row, read.hash), (Some(tenant), 1_234, made.hash.clone()));
        assert!(read_api_key(&made.reveal()).is_none());
        let platform = refresh_token(None, SessionId::new(7)).unwrap();
        assert_eq!(read_refresh_token(&platform.reveal()).unwrap().tenant, None);
        let code = one_time_code(Some(TenantId::new(36))).unwrap();
        let read = read_one_time_code(&format!(" {}\n", code.reveal())).unwrap();
        assert_eq!((read.tenant, read.hash), (Some(TenantId::new(36)), code.hash));
    }

    #[test]
    fn other_texts_are_no_secrets() {
        let whole = api_key(TenantId::new(1), ApiKeyId::new(2)).unwrap().reveal();
        assert!(is_api_key(&whole));
        let cut = whole.get(..whole.len() - 1).unwrap();
        for text in
            ["", "dbk_", "dbk_1_2_", "dbk_1_2_short", "dbk_-1_2_x", cut, &"dbk_1_2_".repeat(99)]
        {
            assert!(read_api_key(text).is_none(), "{text}");
        }
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let made = one_time_code(None).unwrap();
        let text = made.reveal();
        let read = read_one_time_code(&text).unwrap();
        assert!(!format!("{made:?}").contains(&text));
        assert!(!format!("{read:?}").contains(&read.hash));
    }
}
