//! Opaque global ids that carry the type of what they name.

use async_graphql::ID;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The id of a row as clients see it.
pub fn encode(kind: &str, id: i64) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{kind}:{id}")))
}

/// The row's id, when the global id names a thing of this kind.
///
/// `None` for anything else: to a caller, a malformed id and a foreign one are alike.
pub fn decode(kind: &str, id: &ID) -> Option<i64> {
    let (found, number) = split(id)?;
    (found == kind).then_some(number)
}

/// As [`decode`]; 0, which no row has, for anything else: it is found nowhere.
pub fn number(kind: &str, id: &ID) -> i64 {
    decode(kind, id).unwrap_or(0)
}

/// What a global id says.
fn text_of(id: &ID) -> Option<String> {
    let bytes = (id.len() <= 128).then(|| URL_SAFE_NO_PAD.decode(id.as_bytes()).ok())??;
    String::from_utf8(bytes).ok()
}

/// Kind and number of any global id.
pub fn split(id: &ID) -> Option<(String, i64)> {
    let text = text_of(id)?;
    let (kind, number) = text.split_once(':')?;
    Some((kind.to_owned(), number.parse().ok()?))
}

/// The id of a row whose number is unique only within its tenant.
pub fn encode_within(kind: &str, tenant: i64, id: i64) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{kind}:{tenant}:{id}")))
}

/// Tenant and number of such an id, when it names a thing of this kind.
pub fn split_within(kind: &str, id: &ID) -> Option<(i64, i64)> {
    let text = text_of(id)?;
    let rest = text.strip_prefix(kind)?.strip_prefix(':')?;
    let (tenant, number) = rest.split_once(':')?;
    Some((tenant.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_kind() {
        let id = encode("Ledger", 42);
        assert_eq!(decode("Ledger", &id), Some(42));
        assert_eq!(decode("Voucher", &id), None);
        assert_eq!(decode("Ledger", &ID("42".into())), None);
        assert_eq!(decode("Ledger", &ID(String::new())), None);
    }

    #[test]
    fn an_id_names_its_tenant() {
        let id = encode_within("AuditLogEntry", 7, 42);
        assert_eq!(split_within("AuditLogEntry", &id), Some((7, 42)));
        assert_eq!(split_within("Audit", &id), None);
        assert_eq!(split_within("AuditLogEntry", &encode("AuditLogEntry", 42)), None);
        assert_eq!(split(&id), None);
    }
}
