//! Whether a secret is one that somebody could guess: one rule for the start and for the doctor.

/// Words of secrets that came from an example.
const FROM_EXAMPLES: [&str; 9] = [
    "change",
    "secret",
    "default",
    "example",
    "password",
    "placeholder",
    "your-",
    "your_",
    "your ",
];
/// A random secret of the least length has far more different characters than this.
const DIFFERENT_CHARS_MIN: usize = 8;

/// Why a secret is easy to guess; nothing is said of one that looks random. Length is another rule.
pub fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    let signs: Vec<char> = lower.chars().collect();
    if FROM_EXAMPLES.iter().any(|word| lower.contains(word)) {
        return Some("holds a word of examples");
    }
    let different: std::collections::BTreeSet<&char> = signs.iter().collect();
    if different.len() < DIFFERENT_CHARS_MIN {
        return Some("is made of a few characters only");
    }
    if is_repeated(&signs) {
        return Some("is one piece again and again");
    }
    is_in_a_row(&signs).then_some("runs along the alphabet or the digits")
}

/// Whether the whole is its beginning, repeated: twice at least.
fn is_repeated(signs: &[char]) -> bool {
    (1..=signs.len() / 2).any(|length| {
        let later = signs.iter().skip(length);
        later.zip(signs).all(|(sign, earlier)| sign == earlier)
    })
}

/// Whether most signs are neighbours of the one before them, as in `abcdef…0123`. Of random
/// hexadecimal digits a fifth are; two thirds is beyond any chance.
fn is_in_a_row(signs: &[char]) -> bool {
    let pairs = signs.iter().zip(signs.iter().skip(1));
    let near =
        pairs.filter(|(one, next)| u32::from(**one).abs_diff(u32::from(**next)) <= 1).count();
    near.saturating_mul(3) >= signs.len().saturating_sub(1).saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_examples_and_patterns_are_weak() {
        for secret in [
            &*"a".repeat(40),
            &"a".repeat(32),
            "abcdefghijklmnopqrstuvwxyz0123",
            "abcdefghijklmnopqrstuvwxyzabcdef0123",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "0123456789012345678901234567890123456789",
            "98765432109876543210987654321098",
            &"deadbeef0123".repeat(4),
            "change-me-please-change-me-please-1",
            "your-256-bit-signing-text-goes-here-42",
            "daybook-Secret-for-all-of-production-9",
        ] {
            assert!(weakness(secret).is_some(), "{secret}");
        }
    }

    #[test]
    fn random_secrets_are_not_weak() {
        for secret in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "c2b1f5b6b9a8d4f02f1e6a7c3d5984e07a61b3c8d2e4f59017263a4b5c6d7e8f",
            "q83vEjRWeJq83vEjRWeJAb3kZx9TTq1LmN0pQrStUv0=",
            "correct horse battery staple and more",
        ] {
            assert_eq!(weakness(secret), None, "{secret}");
        }
        for _ in 0..2_000 {
            let mut bytes = [0_u8; 16];
            assert!(getrandom::fill(&mut bytes).is_ok());
            assert_eq!(weakness(&hex::encode(bytes)), None);
        }
    }
}
