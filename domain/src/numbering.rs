//! Voucher numbers: prefix with date tokens, series, and the form of tax documents' numbers.

use chrono::{Datelike, NaiveDate};

use crate::{
    id::{BusinessId, VoucherTypeId},
    period::{AccountingCalendar, indian_financial_year},
};

/// How a number is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    /// What stands before the digits, tokens expanded.
    pub prefix: String,
    /// What stands after them.
    pub suffix: String,
    /// Least number of digits.
    pub width: u8,
}

impl NumberFormat {
    /// The number at this place of its series.
    pub fn number(&self, sequence: i64) -> String {
        let width = usize::from(self.width);
        format!("{}{sequence:0width$}{}", self.prefix, self.suffix)
    }
}

/// The tokens that a prefix may hold.
pub const TOKENS: [&str; 4] = ["{FY}", "{YYYY}", "{YY}", "{MM}"];

/// Replaces the date tokens of a prefix: `{FY}` is the accounting year's label (`2025-26`), `{YYYY}`
/// and `{YY}` the calendar year, `{MM}` the month. A token that changes starts a new series at 1.
pub fn expand(prefix: &str, day: NaiveDate, calendar: AccountingCalendar) -> String {
    if !prefix.contains('{') {
        return prefix.to_owned();
    }
    prefix
        .replace("{FY}", &calendar.label(calendar.year_containing(day)))
        .replace("{YYYY}", &format!("{:04}", day.year()))
        .replace("{YY}", &format!("{:02}", day.year().rem_euclid(100)))
        .replace("{MM}", &format!("{:02}", day.month()))
}

/// Whether a prefix or suffix can be used: at most 16 characters of letters, digits, `-`, `/`, and known
/// tokens.
pub fn is_prefix(prefix: &str) -> bool {
    let plain = TOKENS.iter().fold(prefix.to_owned(), |text, token| text.replace(token, ""));
    prefix.len() <= 16
        && plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'/')
}

/// A tax document's number that the invoice portal would refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tax document's number has 1 to 16 letters, digits, - and /, and begins with a letter or 1 to 9"
)]
pub struct BadDocumentNumber;

/// Checks the number of a tax document.
///
/// # Errors
/// When it is longer than 16 characters or does not match the portal's pattern
/// `^[a-zA-Z1-9][a-zA-Z0-9/-]{0,15}$`.
///
/// # Source
/// CGST Rules, rule 46(b); the invoice registration portal's pattern.
pub fn check_tax_document_number(number: &str) -> Result<(), BadDocumentNumber> {
    let mut bytes = number.bytes();
    let first = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || (b'1'..=b'9').contains(&byte));
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'/');
    if first && rest && number.len() <= 16 { Ok(()) } else { Err(BadDocumentNumber) }
}

/// A number that a voucher brings along, taken apart: the series that it stands in, and its place there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnNumber {
    /// What stands before its digits.
    pub prefix: String,
    /// Its place in that series; 0 for a number without digits at its end, which is alone in its series.
    pub sequence: i64,
}

/// Most digits that count as a place in a series; those before them belong to what stands before it.
const PLACE_DIGITS_MAX: usize = 9;

impl OwnNumber {
    /// Takes a number apart. Where it has the form of `format`, its series is that one; else what stands
    /// before the digits at its end names the series.
    pub fn read(number: &str, format: &NumberFormat) -> Self {
        let place = |digits: &str| {
            let counts = !digits.is_empty()
                && digits.len() <= PLACE_DIGITS_MAX
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            counts.then(|| digits.parse::<i64>().ok()).flatten().filter(|place| *place > 0)
        };
        let within = number.strip_prefix(format.prefix.as_str());
        let within = within.and_then(|rest| rest.strip_suffix(format.suffix.as_str()));
        if let Some(sequence) = within.and_then(place) {
            return Self { prefix: format.prefix.clone(), sequence };
        }
        let digits = number.bytes().rev().take(PLACE_DIGITS_MAX);
        let digits = digits.take_while(u8::is_ascii_digit).count();
        let parts = number.split_at_checked(number.len().saturating_sub(digits));
        match parts.and_then(|(prefix, digits)| Some((prefix, place(digits)?))) {
            Some((prefix, sequence)) => Self { prefix: prefix.to_owned(), sequence },
            None => Self { prefix: number.to_owned(), sequence: 0 },
        }
    }
}

/// What a series of numbers belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SeriesKey {
    /// Tax documents: shared by all businesses and types that use registration, kind and prefix.
    Tax {
        /// The registration.
        gstin: String,
        /// Indian financial year.
        fy: String,
        /// Kind of document.
        kind: String,
        /// Prefix in capitals: numbers that differ in case alone are the same.
        prefix_upper: String,
    },
    /// All others.
    Plain {
        /// In whose books.
        business: BusinessId,
        /// Of which type.
        voucher_type: VoucherTypeId,
        /// Accounting year of the business.
        year: i64,
        /// Prefix.
        prefix: String,
    },
}

impl SeriesKey {
    /// The key as one text, unique per series.
    pub fn to_text(&self) -> String {
        match self {
            Self::Tax { gstin, fy, kind, prefix_upper } => {
                format!("tax|{gstin}|{fy}|{kind}|{prefix_upper}")
            }
            Self::Plain { business, voucher_type, year, prefix } => {
                format!("own|{business}|{voucher_type}|{year}|{prefix}")
            }
        }
    }

    /// The key of a tax document's series on a day.
    pub fn tax(gstin: &str, kind: &str, prefix: &str, day: NaiveDate) -> Self {
        Self::Tax {
            gstin: gstin.to_owned(),
            fy: indian_financial_year(day),
            kind: kind.to_owned(),
            prefix_upper: prefix.to_uppercase(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn prefixes_follow_the_date() {
        let day: NaiveDate = "2026-02-03".parse().unwrap();
        let april = AccountingCalendar::starting_in(4);
        assert_eq!(expand("JV/", day, april), "JV/");
        assert_eq!(expand("{FY}/", day, april), "2025-26/");
        assert_eq!(expand("S{YY}{MM}-", day, april), "S2602-");
        let format = NumberFormat { prefix: "JV/".into(), suffix: String::new(), width: 4 };
        assert_eq!(format.number(7), "JV/0007");
        assert_eq!(format.number(12_345), "JV/12345");
    }

    #[test]
    fn tax_numbers_follow_the_portal() {
        for good in ["INV/0001", "1", "A-1/2", "A234567890123456"] {
            assert!(check_tax_document_number(good).is_ok(), "{good}");
        }
        for bad in ["", "0001", "/1", "-1", "A2345678901234567", "A 1", "A_1", "अ1"] {
            assert!(check_tax_document_number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_that_are_brought_along_find_their_series() {
        let format = NumberFormat { prefix: "INV/26".into(), suffix: String::new(), width: 4 };
        for (number, prefix, sequence) in [
            ("INV/260007", "INV/26", 7),
            ("INV/2", "INV/", 2),
            ("25", "", 25),
            ("0025", "", 25),
            ("A-1/2024-25/9", "A-1/2024-25/", 9),
            ("ABC", "ABC", 0),
            ("INV/26", "INV/", 26),
            ("X000", "X000", 0),
            ("X1234567890123", "X1234", 567_890_123),
            ("अ7", "अ", 7),
        ] {
            let own = OwnNumber { prefix: prefix.into(), sequence };
            assert_eq!(OwnNumber::read(number, &format), own, "{number}");
        }
    }

    #[test]
    fn prefixes_are_short_and_plain() {
        assert!(is_prefix("INV/{FY}/"));
        assert!(is_prefix(""));
        assert!(!is_prefix("INV {FY}"));
        assert!(!is_prefix("{XX}"));
        assert!(!is_prefix("ABCDEFGHIJKLMNOPQ"));
    }
}
