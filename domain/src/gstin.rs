//! GSTIN: the registration number of India's goods and services tax, its kinds and its check digit.

use crate::identifiers::fits;

/// Characters of a GSTIN.
pub const GSTIN_LENGTH: usize = 15;

/// A registration number whose shape, state and check digit are right; always upper case.
///
/// Positions: 1-2 state, 3-12 PAN, 13 which registration of that PAN in the state, 14 kind, 15 check
/// digit. Some kinds arrange the first fourteen differently; [`GstinKind`] says how. That it is well
/// made does not say that it was ever issued, or is still in force.
///
/// Source: form GST REG-06 as the portal validates it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gstin(String);

/// What a registration is for, told from its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GstinKind {
    /// A business; composition and casual dealers look the same.
    Normal,
    /// A government office without a PAN: its TAN stands in the middle.
    Government,
    /// Deducts tax at source (section 51): 14th character `D`, on a PAN or a TAN.
    TaxDeductor,
    /// An operator of electronic commerce who collects tax (section 52): 14th character `C`.
    ECommerce,
    /// A non-resident taxable person: `NR` before the check digit.
    NonResident,
    /// Online information and database access from abroad: begins with `99`, `OS` before the check.
    Oidar,
    /// A Unique Identity Number of an embassy or a United Nations body: `UN` or `ON`.
    Uin,
}

/// Why a text is not a GSTIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GstinError {
    /// None of the patterns.
    #[error("a GSTIN has 15 characters, such as 27AAACA0000A1ZY")]
    Shape,
    /// The first two digits name no state that registers.
    #[error("the first two digits of this GSTIN are not the code of a state")]
    State,
    /// A mistyped character somewhere.
    #[error("the last character of this GSTIN does not agree with the others: look for a slip")]
    CheckDigit,
}

impl Gstin {
    /// Reads a number, trimmed and in either case.
    ///
    /// # Errors
    /// When its shape, then its state, then its check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, GstinError> {
        let number = text.trim().to_ascii_uppercase();
        let kind = kind_of(&number).ok_or(GstinError::Shape)?;
        let state = number.get(..2).ok_or(GstinError::Shape)?;
        // The first digits of the numbers given to foreigners need not be a state's.
        let names_a_state = !matches!(kind, GstinKind::NonResident | GstinKind::Oidar | GstinKind::Uin);
        if names_a_state && !registers(state) {
            return Err(GstinError::State);
        }
        let (body, check) = number.split_at_checked(GSTIN_LENGTH - 1).ok_or(GstinError::Shape)?;
        if check_digit(body) != check.chars().next() {
            return Err(GstinError::CheckDigit);
        }
        Ok(Self(number))
    }

    /// The number, upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first two digits: the state, for the kinds that are registered in one.
    pub fn state_code(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// The PAN inside; none where the number is built on a TAN or given to somebody abroad.
    pub fn pan(&self) -> Option<&str> {
        let middle = self.0.get(2..12)?;
        (self.kind() != GstinKind::Government && fits(middle, "@@@@@####@")).then_some(middle)
    }

    /// What the registration is for.
    pub fn kind(&self) -> GstinKind {
        kind_of(&self.0).unwrap_or(GstinKind::Normal)
    }
}

impl std::fmt::Display for Gstin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// The check digit of the first fourteen characters; none unless all are digits or capitals.
///
/// Each character has a value, `0`-`9` then `A`-`Z` as 0 to 35, multiplied by 1, 2, 1, 2 … from the
/// left; a product counts as its two digits of base 36 added up; the check digit completes the sum
/// to a multiple of 36.
pub fn check_digit(body: &str) -> Option<char> {
    let mut sum = 0;
    for (place, character) in body.chars().enumerate() {
        if character.is_ascii_lowercase() {
            return None;
        }
        let factor = if place % 2 == 0 { 1 } else { 2 };
        let product = character.to_digit(36)? * factor;
        sum += product / 36 + product % 36;
    }
    char::from_digit((36 - sum % 36) % 36, 36).map(|digit| digit.to_ascii_uppercase())
}

/// Whether this two-digit code can begin a registration of a state, a territory or the centre.
///
/// 25 and 28 (merged and divided since) are dead for new supplies but stand in old papers; 96 is a
/// place of supply only.
fn registers(state: &str) -> bool {
    matches!(state.parse::<u8>(), Ok(1..=38 | 97 | 99))
}

fn kind_of(number: &str) -> Option<GstinKind> {
    // `!` stands for what may be the fourteenth of a normal number: all but `0`, `C` and `K` to `Y`.
    // A deductor's `D` is among them, so deductors come first.
    const PATTERNS: [(&str, GstinKind); 8] = [
        ("##@@@@*####@+D*", GstinKind::TaxDeductor),
        ("##@@@@@####@+C*", GstinKind::ECommerce),
        ("##@@@@@####@+!*", GstinKind::Normal),
        ("##@@@@#####@#Z#", GstinKind::Government),
        ("####@@@#####NR*", GstinKind::NonResident),
        ("99##@@@#####OS*", GstinKind::Oidar),
        ("####@@@#####UN*", GstinKind::Uin),
        ("####@@@#####ON*", GstinKind::Uin),
    ];
    PATTERNS.into_iter().find(|(pattern, _)| fits(number, pattern)).map(|(_, kind)| kind)
}
