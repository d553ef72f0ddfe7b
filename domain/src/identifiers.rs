//! Numbers that tax offices and the post give: PAN, TAN and PIN code of India, PIN of Kenya.

/// Whether a text follows a pattern, character by character.
///
/// In a pattern `#` is a digit, `@` a capital letter, `*` either, `+` either but zero, `!` one of
/// `1`-`9`, `A`, `B`, `D`-`J` and `Z`; any other character is itself.
pub(crate) fn fits(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
            b'#' => byte.is_ascii_digit(),
            b'@' => byte.is_ascii_uppercase(),
            b'*' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            b'+' => matches!(byte, b'1'..=b'9' | b'A'..=b'Z'),
            b'!' => matches!(byte, b'1'..=b'9' | b'A' | b'B' | b'D'..=b'J' | b'Z'),
            other => byte == other,
        })
}

/// Declares a number that is known by its pattern alone.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident, $patterns:expr, $error:ident, $sentence:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        #[doc = concat!("Why a text is no ", stringify!($name), ": its shape.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($sentence)]
        pub struct $error;

        impl $name {
            /// Reads a number, trimmed and in either case.
            ///
            /// # Errors
            /// When its shape is wrong.
            pub fn parse(text: &str) -> Result<Self, $error> {
                let number = text.trim().to_ascii_uppercase();
                if $patterns.iter().any(|pattern| fits(&number, pattern)) {
                    Ok(Self(number))
                } else {
                    Err($error)
                }
            }

            /// The number, upper case.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }
    )+};
}

numbers! {
    /// India's permanent account number of a taxpayer. Its last letter is a check letter whose
    /// formula is not published, so a slip of the pen is not noticed.
    Pan, ["@@@@@####@"], NotAPan,
    "a PAN is five letters, four digits and a letter, such as AAACA0000A";

    /// India's account number of somebody who deducts or collects tax at source.
    Tan, ["@@@@#####@"], NotATan,
    "a TAN is four letters, five digits and a letter, such as ABCD00000E";

    /// The personal identification number of the Kenya Revenue Authority: `A` begins a person's,
    /// `P` everybody else's.
    KraPin, ["A#########@", "P#########@"], NotAKraPin,
    "a KRA PIN is A or P, nine digits and a letter, such as P000000000X";
}

/// What a taxpayer is, by the fourth letter of the PAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PanStatus {
    /// `P`.
    Individual,
    /// `H`: a Hindu undivided family.
    HinduUndividedFamily,
    /// `C`.
    Company,
    /// `F`: a firm or a limited liability partnership.
    Firm,
    /// `A`.
    AssociationOfPersons,
    /// `B`.
    BodyOfIndividuals,
    /// `T`.
    Trust,
    /// `L`.
    LocalAuthority,
    /// `J`.
    ArtificialPerson,
    /// `G`.
    Government,
}

impl Pan {
    /// What the taxpayer is; none for a letter without a known meaning.
    pub fn status(&self) -> Option<PanStatus> {
        Some(match self.0.as_bytes().get(3)? {
            b'P' => PanStatus::Individual,
            b'H' => PanStatus::HinduUndividedFamily,
            b'C' => PanStatus::Company,
            b'F' => PanStatus::Firm,
            b'A' => PanStatus::AssociationOfPersons,
            b'B' => PanStatus::BodyOfIndividuals,
            b'T' => PanStatus::Trust,
            b'L' => PanStatus::LocalAuthority,
            b'J' => PanStatus::ArtificialPerson,
            b'G' => PanStatus::Government,
            _ => return None,
        })
    }
}

/// Whether a text is a PIN code of India Post: six digits, the first not zero, nothing else.
///
/// `999999`, which e-invoices write for an address abroad, has this shape too.
pub fn is_pin_code(text: &str) -> bool {
    fits(text, "######") && !text.starts_with('0')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_pan_is_known_by_its_shape_and_names_a_status() {
        assert_eq!(Pan::parse(" aaaca0000a ").unwrap().as_str(), "AAACA0000A");
        for wrong in ["", "AAACA0000", "AAACA00000", "AAAC10000A", "AAACA0000AA", "ÄAACA0000A"] {
            assert_eq!(Pan::parse(wrong), Err(NotAPan), "{wrong}");
        }
        for (text, status) in [
            ("AAAPA0000A", Some(PanStatus::Individual)),
            ("AAAHA0000A", Some(PanStatus::HinduUndividedFamily)),
            ("AAACA0000A", Some(PanStatus::Company)),
            ("AAAFA0000A", Some(PanStatus::Firm)),
            ("AAAAA0000A", Some(PanStatus::AssociationOfPersons)),
            ("AAABA0000A", Some(PanStatus::BodyOfIndividuals)),
            ("AAATA0000A", Some(PanStatus::Trust)),
            ("AAALA0000A", Some(PanStatus::LocalAuthority)),
            ("AAAJA0000A", Some(PanStatus::ArtificialPerson)),
            ("AAAGA0000A", Some(PanStatus::Government)),
            ("AAAZA0000A", None),
        ] {
            assert_eq!(Pan::parse(text).unwrap().status(), status, "{text}");
        }
    }

    #[test]
    fn a_tan_has_one_letter_less_in_front() {
        assert_eq!(Tan::parse("abcd00000e").unwrap().to_string(), "ABCD00000E");
        for wrong in ["AAACA0000A", "ABCD0000E", "ABC000000E", "ABCD00000E ."] {
            assert_eq!(Tan::parse(wrong), Err(NotATan), "{wrong}");
        }
    }

    #[test]
    fn a_kra_pin_begins_with_a_or_p() {
        for right in ["A000000000Z", "p000000000z"] {
            assert!(KraPin::parse(right).is_ok(), "{right}");
        }
        for wrong in ["B000000000Z", "P00000000Z", "P0000000000", "P000000000ZZ", ""] {
            assert_eq!(KraPin::parse(wrong), Err(NotAKraPin), "{wrong}");
        }
    }

    #[test]
    fn a_pin_code_has_six_digits() {
        for (text, right) in [
            ("560001", true),
            ("999999", true),
            ("060001", false),
            ("56001", false),
            ("5600011", false),
            ("56000a", false),
            (" 560001", false),
        ] {
            assert_eq!(is_pin_code(text), right, "{text}");
        }
    }
}
