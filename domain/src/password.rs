//! What a password must be. Hashing it is the work of others.

/// Fewest characters.
pub const PASSWORD_LENGTH_MIN: usize = 8;
/// Most characters: beyond this, hashing becomes a way to keep the server busy.
pub const PASSWORD_LENGTH_MAX: usize = 256;

/// The passwords that attackers try first, of those that are long enough, in small letters.
const COMMONEST: [&str; 60] = [
    "00000000", "0123456789", "11111111", "111111111", "1111111111", "112233445566", "11223344",
    "123123123", "12341234", "12344321", "12345678", "123456789", "1234567890", "12345678910",
    "123456789a", "1234qwer", "123qweasd", "147258369", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx",
    "22222222", "66666666", "87654321", "88888888", "987654321", "99999999", "a1234567", "aa123456",
    "aa12345678", "abc12345", "abcd1234", "abcd@1234", "abcdefgh", "admin123", "admin@123",
    "administrator", "asdf1234", "asdfghjkl", "baseball", "changeme", "computer", "football",
    "iloveyou", "india123", "india@123", "letmein1", "liverpool", "p@ssw0rd", "passw0rd", "password",
    "password1", "password12", "password123", "password@123", "princess", "q1w2e3r4", "qwerty123",
    "qwertyuiop", "welcome123",
];

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least 8 characters")]
    TooShort,
    /// Too long.
    #[error("a password has at most 256 characters")]
    TooLong,
    /// Nothing but blanks.
    #[error("a password is not blank")]
    Blank,
    /// What anybody knows about the person or the company.
    #[error("a password is not your e-mail address, subdomain or company")]
    Known,
    /// One of the first that are tried.
    #[error("this password is among the commonest; choose another")]
    TooCommon,
}

/// Checks a new password. `known` is what anybody may know: e-mail address, subdomain, company name.
///
/// Length and commonness decide, not kinds of characters. Characters are counted, not bytes.
///
/// # Errors
/// [`PasswordError`], the first rule that is broken. It never holds the password.
///
/// # Source
/// NIST SP 800-63B, section 5.1.1.2.
pub fn check_password(password: &str, known: &[&str]) -> Result<(), PasswordError> {
    let length = password.chars().count();
    if password.trim().is_empty() && length > 0 {
        return Err(PasswordError::Blank);
    }
    if length < PASSWORD_LENGTH_MIN {
        return Err(PasswordError::TooShort);
    }
    if length > PASSWORD_LENGTH_MAX {
        return Err(PasswordError::TooLong);
    }
    let folded = password.trim().to_lowercase();
    let is_known = |fact: &&str| {
        let fact = fact.trim().to_lowercase();
        !fact.is_empty()
            && (fact == folded || fact.split_once('@').is_some_and(|(local, _)| local == folded))
    };
    if known.iter().any(is_known) {
        return Err(PasswordError::Known);
    }
    let mut signs = folded.chars();
    let first = signs.next();
    if COMMONEST.contains(&folded.as_str()) || signs.all(|sign| Some(sign) == first) {
        return Err(PasswordError::TooCommon);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["meera.shah@example.com", "meera-textiles", "Meera Textiles", ""];

    #[test]
    fn long_and_uncommon_is_enough() {
        for good in ["correct horse battery", "textiles of meera", "पासवर्ड लंबा है", "x7!kQ9pz"] {
            assert_eq!(check_password(good, &KNOWN), Ok(()), "{good}");
        }
        assert_eq!(check_password(&"ab".repeat(128), &KNOWN), Ok(()));
    }

    #[test]
    fn others_say_why_not() {
        for (bad, why) in [
            ("", PasswordError::TooShort),
            ("short", PasswordError::TooShort),
            ("        ", PasswordError::Blank),
            (" ", PasswordError::Blank),
            (&"ab".repeat(129), PasswordError::TooLong),
            ("Meera.Shah@example.com", PasswordError::Known),
            ("meera.shah", PasswordError::Known),
            ("MEERA-TEXTILES", PasswordError::Known),
            (" meera textiles ", PasswordError::Known),
            ("Password123", PasswordError::TooCommon),
            ("zzzzzzzzzzzz", PasswordError::TooCommon),
        ] {
            assert_eq!(check_password(bad, &KNOWN), Err(why), "{bad}");
        }
    }

    #[test]
    fn the_list_holds_only_what_length_lets_through() {
        for common in COMMONEST {
            assert_eq!(check_password(common, &[]), Err(PasswordError::TooCommon), "{common}");
        }
    }
}
