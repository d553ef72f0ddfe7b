//! E-mail addresses, checked as far as a slip of the pen goes; only a message sent proves the rest.

/// Greatest length of an address in bytes (RFC 5321, path of 256 less its brackets).
pub const EMAIL_BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 63;

/// An address as it was typed, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Longer than mail servers carry.
    #[error("this e-mail address is too long")]
    TooLong,
    /// Not a name, one `@` and a domain with a dot.
    #[error("an e-mail address looks like name@example.com")]
    Shape,
}

impl Email {
    /// Reads an address, trimmed. Quoted local parts and bare IP addresses are not accepted, domains
    /// in other scripts are.
    ///
    /// # Errors
    /// When it is longer than [`EMAIL_BYTES_MAX`], or its shape is wrong.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let address = text.trim();
        if address.len() > EMAIL_BYTES_MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = address.split_once('@').ok_or(EmailError::Shape)?;
        if is_local(local) && is_domain(domain) {
            Ok(Self(address.to_owned()))
        } else {
            Err(EmailError::Shape)
        }
    }

    /// The address as it was typed: what mail is sent to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one address share: lower-cased by Unicode. Unique keys and the login
    /// directory use it.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

fn is_local(local: &str) -> bool {
    // These would need quoting, or end the address early in a header.
    let forbidden = |character: char| {
        character.is_whitespace() || character.is_control() || "\"(),:;<>[\\]".contains(character)
    };
    (1..=LOCAL_BYTES_MAX).contains(&local.len())
        && !local.contains(forbidden)
        && local.split('.').all(|part| !part.is_empty())
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && !domain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && domain.split('.').all(|label| {
            (1..=LABEL_BYTES_MAX).contains(&label.len())
                && label.chars().all(|character| {
                    if character.is_ascii() {
                        character.is_ascii_alphanumeric() || character == '-'
                    } else {
                        !character.is_whitespace() && !character.is_control()
                    }
                })
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_pass_as_typed() {
        for text in [
            "a@b.co",
            "Asha.Rao+books@Example.co.in",
            "o'neil_1@mail-2.example.com",
            "आशा@उदाहरण.भारत",
            "x!#$%&*/=?^`{|}~-@example.org",
        ] {
            assert_eq!(Email::parse(&format!("  {text}\n")).unwrap().as_str(), text);
        }
    }

    #[test]
    fn slips_are_refused() {
        for text in [
            "",
            "@",
            "asha",
            "asha@",
            "@example.com",
            "asha@example",
            "a@b@example.com",
            "a b@example.com",
            "a@exam ple.com",
            "a\n@example.com",
            "a@example.com\r\nBcc: x@y.zz",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "a@.com",
            "a@example.",
            "a@example..com",
            "a@-example.com",
            "a@example-.com",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "<a@example.com>",
            "\"a\"@example.com",
            "a,b@example.com",
            "a@exa_mple.com",
        ] {
            assert_eq!(Email::parse(text), Err(EmailError::Shape), "{text:?}");
        }
    }

    #[test]
    fn each_part_has_a_greatest_length() {
        let local = |count: usize| format!("{}@example.com", "a".repeat(count));
        assert!(Email::parse(&local(64)).is_ok());
        assert_eq!(Email::parse(&local(65)), Err(EmailError::Shape));
        let whole = |count: usize| format!("a@{}{}", "b.".repeat((count - 5) / 2), "com");
        assert_eq!(whole(253).len(), 253);
        assert!(Email::parse(&whole(253)).is_ok());
        assert_eq!(Email::parse(&whole(255)), Err(EmailError::TooLong));
    }

    #[test]
    fn the_key_does_not_know_capitals() {
        assert_eq!(Email::parse("Asha@Example.COM").unwrap().key(), "asha@example.com");
    }
}
