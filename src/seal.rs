//! Sealing what must not be readable in a database: connection strings of tenants and their like.
//!
//! Text is sealed with XChaCha20-Poly1305 under the platform's encryption key and bound to a context
//! (the row it belongs to), so that a sealed text copied into another row does not open there. Each
//! sealed text carries the id of its key; with a previous key in the ring, rows sealed before a
//! rotation still open. The same keys make keyed hashes for looking things up without storing them.

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The form of sealed text: `1.<key id>.<nonce and ciphertext in URL-safe base64>`.
const VERSION: &str = "1";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// What seals, opens and hashes: the current key, and during a rotation the one before it.
pub struct KeyRing {
    current: Key,
    previous: Option<Key>,
}

/// A 256-bit key, wiped from memory when dropped.
pub struct Key {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    id: String,
}

/// A sealed text and the key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What is stored.
    pub text: String,
    /// The first eight hexadecimal digits of the key's SHA-256.
    pub key_id: String,
}

/// Why a sealed text did not open, or nothing could be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Sealed under a key that is neither the current nor the previous one.
    #[error("sealed under the key {key_id}, which is neither the current nor the previous one")]
    UnknownKey {
        /// The id of the key that would open it.
        key_id: String,
    },
    /// Changed since it was sealed, or sealed for another context.
    #[error("the sealed text was changed, or belongs to another row")]
    Tampered,
    /// Not a sealed text of a known form.
    #[error("not a sealed text")]
    Malformed,
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

/// A text that is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("exactly 32 ASCII characters, 64 hexadecimal digits, or base64 of 32 bytes")]
pub struct BadKey;

impl Key {
    /// Reads a key written as 64 hexadecimal digits, as base64 of 32 bytes, or as 32 ASCII characters
    /// (then taken as they are; random digits of one of the longer forms are stronger).
    ///
    /// # Errors
    /// [`BadKey`] says what is allowed; it never repeats the text.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if text.len() == KEY_BYTES && text.is_ascii() {
            bytes.copy_from_slice(text.as_bytes());
        } else if text.len() == 2 * KEY_BYTES {
            hex::decode_to_slice(text, bytes.as_mut_slice()).map_err(|_| BadKey)?;
        } else {
            let decoded = BASE64_STANDARD
                .decode(text)
                .or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')))
                .map_err(|_| BadKey)?;
            let decoded = Zeroizing::new(decoded);
            if decoded.len() != KEY_BYTES {
                return Err(BadKey);
            }
            bytes.copy_from_slice(&decoded);
        }
        let id = hex::encode(Sha256::digest(bytes.as_slice())).chars().take(8).collect();
        Ok(Self { bytes, id })
    }

    /// The first eight hexadecimal digits of the key's SHA-256: names the key, tells nothing of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.bytes).into())
    }

    /// A key of its own per label, so that no two uses share one.
    fn hash(&self, label: &str, text: &str) -> String {
        let derived = Zeroizing::new(hmac_sha256(self.bytes.as_slice(), label.as_bytes()));
        hex::encode(hmac_sha256(derived.as_slice(), text.as_bytes()))
    }
}

impl KeyRing {
    /// A ring of the current key and, while rows are sealed anew, the previous one.
    pub fn new(current: Key, previous: Option<Key>) -> Self {
        Self { current, previous }
    }

    /// The id of the key that seals; rows with another one wait to be sealed anew.
    pub fn current_key_id(&self) -> &str {
        self.current.id()
    }

    /// Seals under the current key, bound to `context` (such as `tenant:42`).
    ///
    /// # Errors
    /// [`SealError::NoRandomness`] when no nonce can be drawn.
    pub fn seal(&self, plain: &[u8], context: &str) -> Result<Sealed, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let key_id = self.current.id.clone();
        let bound = associated(&key_id, context);
        let ciphertext = self
            .current
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: bound.as_bytes() })
            .map_err(|_| SealError::Malformed)?;
        let mut body = nonce.to_vec();
        body.extend_from_slice(&ciphertext);
        let body = BASE64_URL_SAFE_NO_PAD.encode(body);
        Ok(Sealed { text: format!("{VERSION}.{key_id}.{body}"), key_id })
    }

    /// Opens what was sealed for `context` under one of the ring's keys.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`], [`SealError::Tampered`] or [`SealError::Malformed`].
    pub fn open(&self, text: &str, context: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut parts = text.split('.');
        let (Some(VERSION), Some(key_id), Some(body), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SealError::Malformed);
        };
        let body = BASE64_URL_SAFE_NO_PAD.decode(body).map_err(|_| SealError::Malformed)?;
        let (nonce, ciphertext) =
            body.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Malformed)?;
        let key = self
            .keys()
            .find(|key| key.id == key_id)
            .ok_or_else(|| SealError::UnknownKey { key_id: key_id.to_owned() })?;
        let bound = associated(key_id, context);
        key.cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: bound.as_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| SealError::Tampered)
    }

    /// HMAC-SHA-256 in hexadecimal, under a key derived from the current one for `label`: equal texts
    /// give equal hashes, and without the key neither can be guessed at.
    pub fn keyed_hash(&self, label: &str, text: &str) -> String {
        self.current.hash(label, text)
    }

    /// [`KeyRing::keyed_hash`] under the current and then the previous key: what to look for while
    /// rows hashed before a rotation remain.
    pub fn keyed_hashes(&self, label: &str, text: &str) -> Vec<String> {
        self.keys().map(|key| key.hash(label, text)).collect()
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing")
            .field("current", &self.current)
            .field("previous", &self.previous)
            .finish()
    }
}

/// What is authenticated beside the text: form and key too, so that neither can be rewritten.
fn associated(key_id: &str, context: &str) -> String {
    format!("{VERSION}.{key_id}.{context}")
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; KEY_BYTES] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    const OLD: &str = "an old key of thirty-two letters";
    const NEW: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn ring(current: &str, previous: Option<&str>) -> KeyRing {
        KeyRing::new(Key::parse(current).unwrap(), previous.map(|text| Key::parse(text).unwrap()))
    }

    #[test]
    fn what_is_sealed_opens_in_its_context_only() {
        let ring = ring(NEW, None);

        let sealed = ring.seal(b"postgres://db/one", "tenant:1").unwrap();

        assert_eq!(ring.open(&sealed.text, "tenant:1").unwrap().as_slice(), b"postgres://db/one");
        assert_eq!(ring.open(&sealed.text, "tenant:2").unwrap_err(), SealError::Tampered);
        assert!(!sealed.text.contains("postgres"));
        assert_ne!(ring.seal(b"postgres://db/one", "tenant:1").unwrap(), sealed);
    }

    #[test]
    fn any_changed_character_is_noticed() {
        let ring = ring(NEW, None);
        let sealed = ring.seal(b"secret", "tenant:1").unwrap().text;

        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            let byte = bytes.get_mut(at).unwrap();
            *byte = if *byte == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(ring.open(&changed, "tenant:1").is_err(), "{changed}");
        }
        for text in ["", "1", "1.x", "1..", "2.a.b", "1.00000000.AAAA", "1.a.b.c"] {
            assert_eq!(ring.open(text, "tenant:1").unwrap_err(), SealError::Malformed, "{text}");
        }
    }

    #[test]
    fn a_previous_key_still_opens_and_still_finds() {
        let before = ring(OLD, None);
        let during = ring(NEW, Some(OLD));
        let after = ring(NEW, None);
        let sealed = before.seal(b"text", "x").unwrap();

        assert_eq!(during.open(&sealed.text, "x").unwrap().as_slice(), b"text");
        assert_eq!(
            after.open(&sealed.text, "x").unwrap_err(),
            SealError::UnknownKey { key_id: sealed.key_id.clone() }
        );
        let hashes = during.keyed_hashes("login", "a@b.example");
        assert_eq!(
            hashes,
            [after.keyed_hash("login", "a@b.example"), before.keyed_hash("login", "a@b.example")]
        );
        assert_ne!(after.keyed_hash("login", "x"), after.keyed_hash("other", "x"));
    }

    #[test]
    fn keys_are_read_in_three_forms_and_named_by_their_hash() {
        let hex = Key::parse(NEW).unwrap();
        let base64 = Key::parse(&BASE64_STANDARD.encode(hex.bytes.as_slice())).unwrap();

        assert_eq!(hex.id(), base64.id());
        assert_eq!(hex.id(), &hex::encode(Sha256::digest(hex.bytes.as_slice()))[..8]);
        assert_eq!(format!("{hex:?}"), format!("Key({})", hex.id()));
        for text in ["", "short", &NEW[..63], &"é".repeat(16), &"z".repeat(64), "AAAA"] {
            assert_eq!(Key::parse(text).unwrap_err(), BadKey, "{text}");
        }
    }

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // RFC 4231, test case 2.
        let hash = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            hex::encode(hash),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
