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

/// Kind and number of any global id.
pub fn split(id: &ID) -> Option<(String, i64)> {
    if id.len() > 128 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (kind, number) = text.split_once(':')?;
    Some((kind.to_owned(), number.parse().ok()?))
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
}
