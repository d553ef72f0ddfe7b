//! The edit log's chain: each row's hash covers the hash before it.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// What stands before the first row.
    pub const GENESIS: Self = Self([0; 32]);

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            for half in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
        }
        text
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
            .collect();
        let digits = digits?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0_u8, |byte, half| (byte << 4) | half))
            .collect();
        (text.len() == 64).then(|| bytes.try_into().ok().map(Self)).flatten()
    }
}

/// The hash of a row: SHA-256 of the previous hash, the row's number (8 bytes, big end first) and its
/// canonical text.
pub fn link(previous: ChainHash, sequence: i64, text: &str) -> ChainHash {
    let mut hasher = Sha256::new();
    hasher.update(previous.0);
    hasher.update(sequence.to_be_bytes());
    hasher.update(text.as_bytes());
    ChainHash(hasher.finalize().into())
}

/// Goes through a chain from its beginning; the number of the first row whose hash or place is wrong.
pub fn first_broken<'r>(rows: impl IntoIterator<Item = (i64, &'r str, ChainHash)>) -> Option<i64> {
    let mut previous = ChainHash::GENESIS;
    for (expected, (sequence, text, hash)) in (1..).zip(rows) {
        if sequence != expected || link(previous, sequence, text) != hash {
            return Some(expected);
        }
        previous = hash;
    }
    None
}

/// Writes one JSON object with its members in the order given: the same content is the same text.
#[derive(Debug, Clone)]
pub struct Canonical(String);

impl Default for Canonical {
    fn default() -> Self {
        Self::new()
    }
}

impl Canonical {
    /// An empty object.
    pub fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        escape(&mut self.0, value);
        self
    }

    /// Adds a text, or nothing at all where there is none.
    #[must_use]
    pub fn text_if(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds a whole number.
    #[must_use]
    pub fn int(mut self, name: &str, value: i64) -> Self {
        self.name(name);
        self.0.push_str(&value.to_string());
        self
    }

    /// Adds a whole number, or nothing at all where there is none.
    #[must_use]
    pub fn int_if(self, name: &str, value: Option<i64>) -> Self {
        match value {
            Some(value) => self.int(name, value),
            None => self,
        }
    }

    /// Adds a truth value.
    #[must_use]
    pub fn flag(mut self, name: &str, value: bool) -> Self {
        self.name(name);
        self.0.push_str(if value { "true" } else { "false" });
        self
    }

    /// Adds an object.
    #[must_use]
    pub fn object(mut self, name: &str, value: Self) -> Self {
        self.name(name);
        self.0.push_str(&value.finish());
        self
    }

    /// Adds an object, or nothing at all where there is none.
    #[must_use]
    pub fn object_if(self, name: &str, value: Option<Self>) -> Self {
        match value {
            Some(value) => self.object(name, value),
            None => self,
        }
    }

    /// Adds a list of objects.
    #[must_use]
    pub fn list(mut self, name: &str, values: impl IntoIterator<Item = Self>) -> Self {
        self.name(name);
        self.0.push('[');
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.0.push_str(&value.finish());
        }
        self.0.push(']');
        self
    }

    /// The text.
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        escape(&mut self.0, name);
        self.0.push(':');
    }
}

fn escape(out: &mut String, text: &str) {
    out.push('"');
    for symbol in text.chars() {
        match symbol {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_chain_holds_until_a_row_is_touched() {
        let mut rows = Vec::new();
        let mut previous = ChainHash::GENESIS;
        for (sequence, text) in (1..).zip(["a", "b", "c"]) {
            previous = link(previous, sequence, text);
            rows.push((sequence, text, previous));
        }
        assert_eq!(first_broken(rows.clone()), None);
        let mut changed = rows.clone();
        changed[1].1 = "x";
        assert_eq!(first_broken(changed), Some(2));
        let mut swapped = rows.clone();
        swapped.swap(0, 1);
        assert_eq!(first_broken(swapped), Some(1));
        rows.remove(1);
        assert_eq!(first_broken(rows), Some(2));
    }

    #[test]
    fn hashes_are_written_and_read() {
        let hash = link(ChainHash::GENESIS, 1, "text");
        assert_eq!(ChainHash::from_hex(&hash.to_hex()), Some(hash));
        assert_eq!(ChainHash::from_hex("xyz"), None);
        assert_eq!(ChainHash::from_hex(&"a".repeat(63)), None);
    }

    #[test]
    fn canonical_text_keeps_its_order_and_escapes() {
        let inner = Canonical::new().int("amount", -5);
        let text =
            Canonical::new().text("name", "a\"b\n\u{1}").flag("open", true).list("lines", [inner]);
        assert_eq!(
            text.finish(),
            "{\"name\":\"a\\\"b\\n\\u0001\",\"open\":true,\"lines\":[{\"amount\":-5}]}"
        );
    }
}
