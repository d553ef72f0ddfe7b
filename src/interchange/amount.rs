//! Amounts as people and programs write them: grouped, signed on either end, with sides and symbols.

use daybook_domain::money::{Money, MoneyError};

/// What stands between units and their parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DecimalSign {
    /// `1,00,000.50` or `100,000.50`
    #[default]
    Point,
    /// `100.000,50`
    Comma,
}

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing, or not digits.
    #[error("is not an amount")]
    NotAnAmount,
    /// Groups of digits that no country uses: the separator may have been meant otherwise.
    #[error("has groups of digits that can be read in two ways")]
    Grouping,
    /// More than one of minus, parentheses, Dr and Cr.
    #[error("says its side twice")]
    TwoSigns,
    /// More decimal places than the currency has; it is never rounded.
    #[error("has more decimal places than the currency")]
    TooPrecise,
    /// Beyond what is kept.
    #[error("is too large")]
    TooLarge,
}

impl From<MoneyError> for AmountError {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::NotADecimal => Self::NotAnAmount,
            MoneyError::TooPrecise => Self::TooPrecise,
            MoneyError::TooLarge => Self::TooLarge,
        }
    }
}

/// A number taken apart: its sign, and plain digits with at most one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits {
    /// Whether it is below zero, or on the credit side.
    pub is_negative: bool,
    /// Whether the text named a side: Dr or Cr.
    pub has_side: bool,
    /// Digits, a point between units and parts.
    pub digits: String,
}

/// Reads an amount of a currency with `exponent` decimal places.
///
/// Debit is above zero: `500 Dr` is 500, `500 Cr` is -500; so is `(500)`, and `500-`.
///
/// # Errors
/// When it is none, ambiguous, too precise or too large.
pub fn read(text: &str, sign: DecimalSign, exponent: u8) -> Result<Money, AmountError> {
    let Digits { is_negative, digits, .. } = take_apart(text, sign)?;
    let money = Money::parse(&digits, exponent)?;
    Ok(if is_negative { -money } else { money })
}

/// Takes a number apart without regard to how many places it may have.
///
/// # Errors
/// When it is none, or can be read in two ways.
pub fn take_apart(text: &str, sign: DecimalSign) -> Result<Digits, AmountError> {
    let mut rest = text.trim();
    let mut signs = 0_u8;
    let mut is_negative = false;
    let mut has_side = false;
    let mut negate = |signs: &mut u8| {
        *signs = signs.saturating_add(1);
        is_negative = true;
    };
    if let Some(inner) = rest.strip_prefix("(-)") {
        negate(&mut signs);
        rest = inner.trim_start();
    } else if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        negate(&mut signs);
        rest = inner.trim();
    }
    if let Some((inner, is_credit)) = side(rest) {
        signs = signs.saturating_add(1);
        has_side = true;
        is_negative |= is_credit;
        rest = inner;
    }
    // A sign may stand before or after the currency's symbol, or behind the digits.
    for _ in 0..2 {
        if let Some(inner) = rest.strip_prefix(['-', '−']) {
            signs = signs.saturating_add(1);
            is_negative = true;
            rest = inner.trim_start();
        } else if let Some(inner) = rest.strip_prefix('+') {
            signs = signs.saturating_add(1);
            rest = inner.trim_start();
        }
        rest = without_currency(rest);
    }
    if let Some(inner) = rest.strip_suffix(['-', '−']) {
        signs = signs.saturating_add(1);
        is_negative = true;
        rest = inner.trim_end();
    }
    if signs > 1 {
        return Err(AmountError::TwoSigns);
    }
    Ok(Digits { is_negative, has_side, digits: plain(rest, sign)? })
}

/// Parts `500 Cr` into what is before and whether it is the credit side.
fn side(text: &str) -> Option<(&str, bool)> {
    let ends = |text: &str| text.strip_suffix('.').unwrap_or(text).len();
    let bare = text.get(..ends(text))?;
    for (word, is_credit) in [("dr", false), ("cr", true)] {
        let start = bare.len().checked_sub(word.len());
        if let Some((before, after)) = start.and_then(|start| bare.split_at_checked(start))
            && after.eq_ignore_ascii_case(word)
            && before
                .ends_with(|one: char| one.is_ascii_digit() || one.is_whitespace() || one == '.')
        {
            return Some((before.trim_end(), is_credit));
        }
        if let Some((before, after)) = text.split_at_checked(word.len())
            && before.eq_ignore_ascii_case(word)
        {
            let after = after.strip_prefix('.').unwrap_or(after);
            if after.starts_with(|one: char| one.is_whitespace() || one.is_ascii_digit()) {
                return Some((after.trim_start(), is_credit));
            }
        }
    }
    None
}

/// Drops a currency's symbol or code, before or behind the digits.
fn without_currency(text: &str) -> &str {
    const SYMBOLS: [&str; 12] =
        ["₹", "₨", "Rs.", "Rs", "$", "€", "£", "¥", "KSh", "KSH", "Ksh", "Sh"];
    for symbol in SYMBOLS {
        if let Some(rest) = text.strip_prefix(symbol) {
            return rest.trim_start();
        }
        if let Some(rest) = text.strip_suffix(symbol) {
            return rest.trim_end();
        }
    }
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|one| one.is_ascii_uppercase());
    if let Some((code, rest)) = text.split_at_checked(3)
        && is_code(code)
    {
        return rest.trim_start();
    }
    let start = text.len().saturating_sub(3);
    if let Some((rest, code)) = text.split_at_checked(start)
        && is_code(code)
    {
        return rest.trim_end();
    }
    text
}

/// Digits with at most one point, from digits that may be grouped.
fn plain(text: &str, sign: DecimalSign) -> Result<String, AmountError> {
    // More would be no amount in any currency.
    if text.len() > 60 {
        return Err(AmountError::NotAnAmount);
    }
    let (point, separators): (char, &[char]) = match sign {
        DecimalSign::Point => ('.', &[',', ' ', '\u{a0}', '\u{202f}', '\'']),
        DecimalSign::Comma => (',', &['.', ' ', '\u{a0}', '\u{202f}', '\'']),
    };
    let (units, parts) = text.split_once(point).unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|one| one.is_ascii_digit());
    if !all_digits(parts) || (units.is_empty() && parts.is_empty()) {
        return Err(AmountError::NotAnAmount);
    }
    let units = ungrouped(units, separators)?;
    let units = if units.is_empty() { "0" } else { &units };
    Ok(if parts.is_empty() { units.to_owned() } else { format!("{units}.{parts}") })
}

fn ungrouped(units: &str, separators: &[char]) -> Result<String, AmountError> {
    let Some(separator) = units.chars().find(|one| separators.contains(one)) else {
        return if units.bytes().all(|one| one.is_ascii_digit()) {
            Ok(units.to_owned())
        } else {
            Err(AmountError::NotAnAmount)
        };
    };
    let groups: Vec<&str> = units.split(separator).collect();
    if groups.iter().any(|group| !group.bytes().all(|one| one.is_ascii_digit())) {
        return Err(AmountError::NotAnAmount);
    }
    let Some(([first], [middle @ .., last])) = groups.split_at_checked(1) else {
        return Err(AmountError::NotAnAmount);
    };
    let is_first = (1..=3).contains(&first.len());
    let of = |width: usize| middle.iter().all(|group| group.len() == width);
    if is_first && last.len() == 3 && (of(2) || of(3)) {
        Ok(groups.concat())
    } else {
        Err(AmountError::Grouping)
    }
}

#[cfg(test)]
mod tests {
    use daybook_domain::money::AMOUNT_MAX;
    use proptest::prelude::*;

    use super::*;

    fn minor(text: &str) -> Result<i64, AmountError> {
        read(text, DecimalSign::Point, 2).map(Money::minor)
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, expected) in [
            ("1,00,000.00", 10_000_000),
            ("100,000.00", 10_000_000),
            ("12,34,567.89", 123_456_789),
            ("1,23,45,67,890.12", 123_456_789_012),
            ("1 234.50", 123_450),
            ("1\u{a0}234.50", 123_450),
            ("-500", -50_000),
            ("−500", -50_000),
            ("500-", -50_000),
            ("(1,500.25)", -150_025),
            ("(-)1,500.25", -150_025),
            ("500 Dr", 50_000),
            ("500.00Cr", -50_000),
            ("500.00 CR.", -50_000),
            ("Cr 500", -50_000),
            ("Dr. 500", 50_000),
            ("₹ 1,00,000", 10_000_000),
            ("-₹500.00", -50_000),
            ("₹-500.00", -50_000),
            ("Rs. 500", 50_000),
            ("Rs.500 Cr", -50_000),
            ("INR 500.5", 50_050),
            ("500.50 KES", 50_050),
            ("+7", 700),
            (".5", 50),
            ("5.", 500),
            ("-0.00", 0),
            ("10000000000000.00", AMOUNT_MAX),
        ] {
            assert_eq!(minor(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for (text, why) in [
            ("1,23", AmountError::Grouping),
            ("1,2,3", AmountError::Grouping),
            ("1234,567", AmountError::Grouping),
            ("1,234,56,789", AmountError::Grouping),
            (",500", AmountError::Grouping),
            ("-500 Dr", AmountError::TwoSigns),
            ("(-500)", AmountError::TwoSigns),
            ("(500) Cr", AmountError::NotAnAmount),
            ("--5", AmountError::TwoSigns),
            ("-5-", AmountError::TwoSigns),
            ("3O0.00", AmountError::NotAnAmount),
            ("", AmountError::NotAnAmount),
            (".", AmountError::NotAnAmount),
            ("-", AmountError::NotAnAmount),
            ("1.2.3", AmountError::NotAnAmount),
            ("1e5", AmountError::NotAnAmount),
            ("١٢٣", AmountError::NotAnAmount),
            ("1.005", AmountError::TooPrecise),
            ("10000000000000.01", AmountError::TooLarge),
        ] {
            assert_eq!(minor(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_comma_may_stand_before_the_parts() {
        for (text, expected) in [("300,", 30_000), ("1.234,5", 123_450), ("-0,05", -5), ("7", 700)]
        {
            let read = read(text, DecimalSign::Comma, 2).map(Money::minor);
            assert_eq!(read, Ok(expected), "{text}");
        }
        assert_eq!(read("1,234.5", DecimalSign::Comma, 2), Err(AmountError::NotAnAmount));
    }

    proptest! {
        #[test]
        fn what_is_written_plainly_is_read_back(raw in -AMOUNT_MAX..=AMOUNT_MAX, exponent in 0_u8..=4) {
            let amount = Money::from_minor(raw);
            prop_assert_eq!(read(&amount.format(exponent), DecimalSign::Point, exponent), Ok(amount));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}", near in "[-+()0-9.,₹DrCrINR \u{a0}]{0,14}") {
            let _ = read(&text, DecimalSign::Point, 2);
            let _ = read(&near, DecimalSign::Comma, 3);
        }
    }
}
