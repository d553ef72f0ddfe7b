//! Which passwords are refused: the few that anybody would try first.
//!
//! No rules about kinds of characters, which make passwords worse rather than better (NIST SP
//! 800-63B, 3.1.1.2). Hashing is not done here.

/// Fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Most characters, so that hashing one has a bound.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// The commonest of those that are long enough, lower case; numbers and keyboard rows first.
const COMMON: &[&str] = &[
    "00000001",
    "01234567",
    "0123456789",
    "0987654321",
    "1029384756",
    "10203040",
    "11112222",
    "11223344",
    "12121212",
    "12131415",
    "123123123",
    "12341234",
    "1234512345",
    "12345678",
    "123456789",
    "1234567890",
    "12345678910",
    "123456789a",
    "123456789q",
    "1234567a",
    "1234567q",
    "12345qwert",
    "1234abcd",
    "1234qwer",
    "123654789",
    "123qweasd",
    "123qweasdzxc",
    "13131313",
    "135792468",
    "147258369",
    "14789632",
    "147852369",
    "159357456",
    "19841984",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx",
    "1qaz2wsx3edc",
    "1qazxsw2",
    "20202020",
    "23232323",
    "31415926",
    "55667788",
    "741852963",
    "76543210",
    "789456123",
    "87654321",
    "963852741",
    "987654321",
    "9876543210",
    "a1234567",
    "a12345678",
    "a123456789",
    "a1b2c3d4",
    "aa123456",
    "aa12345678",
    "abc12345",
    "abc123456",
    "abcd1234",
    "abcd12345",
    "abcd@1234",
    "abcdefgh",
    "abcdefghi",
    "admin123",
    "admin1234",
    "admin12345",
    "admin@123",
    "administrator",
    "asd123456",
    "asdasdasd",
    "asdf1234",
    "asdfasdf",
    "asdfghjk",
    "asdfghjkl",
    "asdfghjkl;",
    "babygirl",
    "baseball",
    "basketball",
    "bismillah",
    "blink182",
    "butterfly",
    "caroline",
    "changeme",
    "changeme123",
    "charlie1",
    "chocolate",
    "christian",
    "computer",
    "daybook1",
    "daybook123",
    "default1",
    "dragon123",
    "einstein",
    "facebook",
    "football",
    "football1",
    "forever1",
    "garfield",
    "godisgood",
    "google123",
    "guest123",
    "hello123",
    "hellohello",
    "iloveyou",
    "iloveyou1",
    "iloveyou2",
    "india123",
    "india@123",
    "internet",
    "jaimatadi",
    "jennifer",
    "jordan23",
    "kenya123",
    "krishna1",
    "letmein1",
    "letmein123",
    "liverpool",
    "liverpool1",
    "login123",
    "lovelove",
    "manchester",
    "maverick",
    "mercedes",
    "metallica",
    "michael1",
    "michelle",
    "midnight",
    "monkey123",
    "mustang1",
    "mypassword",
    "nairobi1",
    "newpassword",
    "p@55w0rd",
    "p@ssw0rd",
    "p@ssword",
    "pa$$w0rd",
    "pass1234",
    "pass12345",
    "pass@123",
    "pass@1234",
    "passw0rd",
    "password",
    "password!",
    "password1",
    "password1!",
    "password12",
    "password123",
    "password1234",
    "password2",
    "password@1",
    "password@123",
    "pokemon1",
    "princess",
    "princess1",
    "q1w2e3r4",
    "q1w2e3r4t5",
    "qazwsxedc",
    "qazwsx123",
    "qwaszx12",
    "qwer1234",
    "qwerasdf",
    "qwert123",
    "qwert12345",
    "qwerty12",
    "qwerty123",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwertyui",
    "qwertyuiop",
    "root1234",
    "samantha",
    "secret123",
    "september",
    "shadow123",
    "spiderman",
    "starwars",
    "sunshine",
    "sunshine1",
    "superman",
    "superman1",
    "superstar",
    "temp1234",
    "test1234",
    "test12345",
    "test@123",
    "testtest",
    "trustno1",
    "user1234",
    "victoria",
    "welcome1",
    "welcome123",
    "welcome@123",
    "whatever",
    "william1",
    "zaq12wsx",
    "zaq1zaq1",
    "zxcvbnm1",
    "zxcvbnm123",
    "zxcvbnm,",
];

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordWeakness {
    /// Quickly tried out.
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// Beyond what is hashed.
    #[error("a password has at most {PASSWORD_CHARS_MAX} characters")]
    TooLong,
    /// Nothing but white space.
    #[error("a password cannot be blank")]
    Blank,
    /// The same character all along.
    #[error("a password cannot be one character repeated")]
    Repeated,
    /// Among those that everybody tries first.
    #[error("this password is among the commonest: choose another")]
    Common,
    /// A name that others know, with or without digits around it.
    #[error(
        "a password cannot be your name, e-mail address, company or subdomain, even with digits"
    )]
    Personal,
}

/// Refuses a weak password; it is taken as typed, white space at its ends included.
///
/// `context` are the words that others know of its owner: e-mail address, subdomain, company, name.
/// A password of one such word, one part of it, or the e-mail's part before `@`, with nothing around
/// it but digits, is refused whatever its case, spaces and punctuation.
///
/// # Errors
/// The first weakness found.
pub fn check(password: &str, context: &[&str]) -> Result<(), PasswordWeakness> {
    if password.chars().nth(PASSWORD_CHARS_MAX).is_some() {
        return Err(PasswordWeakness::TooLong);
    }
    if password.trim().is_empty() {
        return Err(PasswordWeakness::Blank);
    }
    if password.chars().nth(PASSWORD_CHARS_MIN - 1).is_none() {
        return Err(PasswordWeakness::TooShort);
    }
    let lower = password.to_lowercase();
    let mut characters = lower.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) {
        return Err(PasswordWeakness::Repeated);
    }
    if COMMON.contains(&lower.trim()) {
        return Err(PasswordWeakness::Common);
    }
    let bare = bare(password);
    if context.iter().any(|words| names(words).any(|name| is_only(&bare, &name))) {
        return Err(PasswordWeakness::Personal);
    }
    Ok(())
}

/// A context word whole, its parts, and what stands before `@`, each bare.
fn names(words: &str) -> impl Iterator<Item = String> {
    let before_at = words.split_once('@').map(|(local, _)| local);
    std::iter::once(words).chain(before_at).chain(words.split_whitespace()).map(bare)
}

/// Lower case, without white space and ASCII punctuation.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace() && !character.is_ascii_punctuation())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a password is a name and digits before or after it.
fn is_only(password: &str, name: &str) -> bool {
    let digits = |text: &str| text.chars().all(char::is_numeric);
    !name.is_empty()
        && password.match_indices(name).any(|(at, _)| {
            password.get(..at).is_some_and(digits)
                && password.get(at + name.len()..).is_some_and(digits)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &[&str] =
        &["asha.rao@example.com", "asha-traders", "Asha Traders", "Asha Rao", ""];

    #[test]
    fn sentences_and_odd_words_pass() {
        for password in [
            "correct horse battery",
            "ashaandravi",
            "my asha rao!x",
            "zq7!kd0p",
            "पासवर्डनया",
            "  spaced out  ",
            "asha2026rao2026x",
        ] {
            assert_eq!(check(password, CONTEXT), Ok(()), "{password}");
        }
        assert_eq!(check(&"ab".repeat(128), &[]), Ok(()));
    }

    #[test]
    fn weak_ones_are_refused_each_for_its_reason() {
        for (password, why) in [
            ("", PasswordWeakness::Blank),
            ("          ", PasswordWeakness::Blank),
            ("zq7!kd0", PasswordWeakness::TooShort),
            ("éééé", PasswordWeakness::TooShort),
            (&*"ab".repeat(129), PasswordWeakness::TooLong),
            ("aaaaAAAA", PasswordWeakness::Repeated),
            ("11111111", PasswordWeakness::Repeated),
            ("PassWord123", PasswordWeakness::Common),
            (" password ", PasswordWeakness::Common),
            ("1234567890", PasswordWeakness::Common),
            ("Asha.Rao@example.com", PasswordWeakness::Personal),
            ("asharao1", PasswordWeakness::Personal),
            ("2026AshaTraders", PasswordWeakness::Personal),
            ("asha-traders", PasswordWeakness::Personal),
            ("Asha@2026", PasswordWeakness::Personal),
            ("1traders99", PasswordWeakness::Personal),
        ] {
            assert_eq!(check(password, CONTEXT), Err(why), "{password}");
        }
    }

    #[test]
    fn the_list_holds_only_what_could_be_met() {
        let mut seen = std::collections::BTreeSet::new();
        for password in COMMON {
            assert!(password.len() >= PASSWORD_CHARS_MIN, "{password}");
            assert_eq!(*password, password.to_lowercase());
            assert!(seen.insert(password), "{password}");
        }
    }
}
