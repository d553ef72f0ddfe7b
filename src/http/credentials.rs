//! What a request, or a socket when it opens, shows of who asks.

use axum::http::{HeaderMap, HeaderName};
use secrecy::SecretString;

use super::client_address::Client;
use crate::{auth::gate::Admission, error::Error};

/// Host and tenant that are asked for, and from where; nobody yet.
pub fn nameless(headers: &HeaderMap, client: &Client, request_id: &str) -> Admission {
    Admission {
        host: client.host.clone(),
        tenant: joined(headers, HeaderName::from_static("x-tenant")),
        request_id: request_id.to_owned(),
        address: Some(client.address),
        ..Admission::default()
    }
}

/// The same with an authorization and a machine's key.
///
/// # Errors
/// [`Error::Unauthenticated`] for an authorization of another kind than a bearer's.
pub fn with(
    nameless: &Admission,
    authorization: Option<&str>,
    api_key: Option<&str>,
) -> Result<Admission, Error> {
    let token = |text: &str| match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(SecretString::from(token.trim()))
        }
        _ => Err(Error::Unauthenticated),
    };
    let bearer = authorization.map(token).transpose()?;
    Ok(Admission { bearer, api_key: api_key.map(SecretString::from), ..nameless.clone() })
}

/// A header's value, with its lines as one list.
pub fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let lines: Vec<&str> =
        headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("-")).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}
