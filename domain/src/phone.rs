//! Telephone numbers, kept as digits with the country code and nothing else.

/// A number as digits, beginning with the country code: `254712345678`, `919876543210`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is no telephone number of its country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Not a mobile number of Kenya.
    #[error("a Kenyan mobile number has nine digits beginning with 7 or 1, such as 0712345678")]
    Kenya,
    /// Not a mobile number of India.
    #[error("an Indian mobile number has ten digits beginning with 6 to 9, such as 9876543210")]
    India,
    /// Not the international form.
    #[error("write the number with + and its country code, such as +14155550123")]
    International,
}

impl Phone {
    /// Reads a number of a country (two letters of ISO 3166-1, either case). Spaces, hyphens, dots
    /// and brackets between the digits are passed over.
    ///
    /// Kenya: nine digits beginning with 7 or 1 after `254`, `+254`, `0` or nothing (what M-Pesa
    /// accepts). India: ten beginning with 6 to 9 after `91`, `+91`, `0` or nothing (National
    /// Numbering Plan, mobile). Everywhere else: `+` and 8 to 15 digits, the first not zero (E.164).
    ///
    /// # Errors
    /// When the number is none of the country's; the error says what one looks like.
    pub fn parse(text: &str, country: &str) -> Result<Self, PhoneError> {
        let compact: String = text
            .chars()
            .filter(|character| !matches!(character, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let compact = compact.trim();
        if country.eq_ignore_ascii_case("KE") {
            national(compact, "254", 9, &['1', '7']).ok_or(PhoneError::Kenya)
        } else if country.eq_ignore_ascii_case("IN") {
            national(compact, "91", 10, &['6', '7', '8', '9']).ok_or(PhoneError::India)
        } else {
            compact
                .strip_prefix('+')
                .filter(|digits| {
                    (8..=15).contains(&digits.len())
                        && all_digits(digits)
                        && !digits.starts_with('0')
                })
                .map(|digits| Self(digits.to_owned()))
                .ok_or(PhoneError::International)
        }
    }

    /// The digits, country code first, without `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Prints the number as E.164 does, with `+`.
impl std::fmt::Display for Phone {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "+{}", self.0)
    }
}

fn national(text: &str, code: &str, length: usize, first: &[char]) -> Option<Phone> {
    let international = text.strip_prefix('+').unwrap_or(text).strip_prefix(code);
    // A number may itself begin with the digits of the country code: the length tells.
    [Some(text), text.strip_prefix('0'), international]
        .into_iter()
        .flatten()
        .find(|rest| rest.len() == length && all_digits(rest) && rest.starts_with(first))
        .map(|rest| Phone(format!("{code}{rest}")))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_number_is_kept_as_one() {
        for (country, texts, kept) in [
            (
                "KE",
                &[
                    "712345678",
                    "0712345678",
                    "254712345678",
                    "+254 712 345-678",
                    " (0712) 345.678 ",
                ][..],
                "254712345678",
            ),
            ("ke", &["0110123456", "+254110123456"], "254110123456"),
            (
                "IN",
                &["9876543210", "09876543210", "919876543210", "+91 98765 43210"],
                "919876543210",
            ),
            ("IN", &["9198765432", "+919198765432"], "919198765432"),
            ("US", &["+1 (415) 555-0123"], "14155550123"),
            ("DE", &["+4930123456"], "4930123456"),
        ] {
            for text in texts {
                let phone = Phone::parse(text, country).unwrap();
                assert_eq!(phone.as_str(), kept, "{text}");
                assert_eq!(phone.to_string(), format!("+{kept}"));
            }
        }
    }

    #[test]
    fn numbers_of_another_shape_are_refused() {
        for (country, text, why) in [
            ("KE", "", PhoneError::Kenya),
            ("KE", "812345678", PhoneError::Kenya),
            ("KE", "07123456789", PhoneError::Kenya),
            ("KE", "+0712345678", PhoneError::Kenya),
            ("KE", "2540712345678", PhoneError::Kenya),
            ("KE", "+712345678", PhoneError::Kenya),
            ("KE", "71234567x", PhoneError::Kenya),
            ("KE", "७12345678", PhoneError::Kenya),
            ("IN", "5876543210", PhoneError::India),
            ("IN", "987654321", PhoneError::India),
            ("IN", "+9876543210", PhoneError::India),
            ("IN", "0919876543210", PhoneError::India),
            ("US", "4155550123", PhoneError::International),
            ("US", "+1234567", PhoneError::International),
            ("US", "+1234567890123456", PhoneError::International),
            ("US", "+0123456789", PhoneError::International),
            ("US", "++123456789", PhoneError::International),
        ] {
            assert_eq!(Phone::parse(text, country), Err(why), "{country} {text}");
        }
    }
}
