//! Numbers with what they are a number of, as journals write them.

use daybook_domain::money::{AMOUNT_MAX, Money};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::interchange::{amount::AmountError, staged::Currency};

/// So much of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    pub number: Decimal,
    /// Its name; empty where the file names none.
    pub commodity: String,
}

/// What one posting is worth in something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Price {
    /// Each of it.
    Unit(Quantity),
    /// All of it, without a sign.
    Total(Quantity),
}

impl Price {
    pub fn commodity(&self) -> &str {
        match self {
            Self::Unit(price) | Self::Total(price) => &price.commodity,
        }
    }

    /// What `number` of it are worth; none beyond what is kept.
    pub fn worth(&self, number: Decimal) -> Option<Decimal> {
        match self {
            Self::Unit(price) => number.checked_mul(price.number),
            Self::Total(price) if number.is_sign_negative() => Some(-price.number),
            Self::Total(price) => Some(price.number),
        }
    }
}

/// The books' currency, and the names that it goes by in journals.
pub struct Base<'c> {
    pub currency: &'c Currency,
    names: Vec<&'c str>,
}

impl<'c> Base<'c> {
    pub fn new(currency: &'c Currency) -> Self {
        let code = currency.code.as_str();
        let symbols: &[&'static str] = match code {
            "INR" => &["₹", "Rs", "Rs.", "₨", "rs"],
            "USD" => &["$", "US$"],
            "EUR" => &["€"],
            "GBP" => &["£"],
            "JPY" | "CNY" => &["¥"],
            "KES" => &["KSh", "KSH", "Ksh", "Sh"],
            _ => &[],
        };
        let mut names = vec![code, ""];
        names.extend(symbols);
        Self { currency, names }
    }

    pub fn is(&self, commodity: &str) -> bool {
        self.names.contains(&commodity)
    }

    /// A number that must have no more places than the currency.
    pub fn exact(&self, number: Decimal) -> Result<Money, AmountError> {
        if number.normalize().scale() > u32::from(self.currency.exponent) {
            return Err(AmountError::TooPrecise);
        }
        self.nearest(number).ok_or(AmountError::TooLarge)
    }

    /// The nearest amount, a half away from zero; none beyond what is kept.
    pub fn nearest(&self, number: Decimal) -> Option<Money> {
        let places = u32::from(self.currency.exponent);
        let mut rounded =
            number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(places);
        if rounded.scale() != places {
            return None;
        }
        let minor = i64::try_from(rounded.mantissa()).ok()?;
        (-AMOUNT_MAX..=AMOUNT_MAX).contains(&minor).then(|| Money::from_minor(minor))
    }

    /// Half of the smallest unit: what a sum may be out by from rounding.
    pub fn tolerance(&self) -> Decimal {
        Decimal::new(5, u32::from(self.currency.exponent) + 1)
    }
}

/// Which sign stands before parts of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Point,
    Comma,
    /// Nobody has said; it must be seen from the number.
    Unsaid,
}

/// Reads `1,00,000.00` or `1.000,00`: digits, marks between groups, at most one before the parts.
pub fn number(text: &str, mark: Mark) -> Result<Decimal, AmountError> {
    if !text.bytes().all(|one| one.is_ascii_digit() || matches!(one, b'.' | b',')) {
        return Err(AmountError::NotAnAmount);
    }
    let mark = match mark {
        Mark::Point => '.',
        Mark::Comma => ',',
        Mark::Unsaid => seen_mark(text)?,
    };
    let group = if mark == '.' { ',' } else { '.' };
    let (units, parts) = text.split_once(mark).unwrap_or((text, ""));
    let units: String = units.chars().filter(|one| *one != group).collect();
    if units.is_empty() && parts.is_empty() {
        return Err(AmountError::NotAnAmount);
    }
    let is_digits = |part: &str| part.bytes().all(|one| one.is_ascii_digit());
    if !is_digits(&units) || !is_digits(parts) {
        return Err(AmountError::NotAnAmount);
    }
    let plain = if parts.is_empty() { units } else { format!("{units:0>1}.{parts}") };
    Decimal::from_str_exact(&plain).map_err(|_| AmountError::TooLarge)
}

/// The last of two kinds of marks stands before parts; of one kind, several part groups. A single
/// comma before three digits could be either.
fn seen_mark(text: &str) -> Result<char, AmountError> {
    let points = text.matches('.').count();
    let commas = text.matches(',').count();
    match (points, commas) {
        (0, 1) => match text.split_once(',') {
            Some((_, after)) if after.len() == 3 => Err(AmountError::Grouping),
            _ => Ok(','),
        },
        (0, _) | (1, 0) => Ok('.'),
        (_, 0) => Ok(','),
        _ => Ok(if text.rfind('.') > text.rfind(',') { '.' } else { ',' }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_seen_or_refused() {
        for (text, expected) in [
            ("1,00,000.00", Ok("100000.00")),
            ("1.000,50", Ok("1000.50")),
            ("1,000,000", Ok("1000000")),
            ("1.000.000", Ok("1000000")),
            ("10,5", Ok("10.5")),
            ("10.005", Ok("10.005")),
            ("1,000", Err(AmountError::Grouping)),
            (".5", Ok("0.5")),
            ("5.", Ok("5")),
            (".", Err(AmountError::NotAnAmount)),
            ("1.2.3,4,5", Err(AmountError::NotAnAmount)),
        ] {
            let expected =
                expected.map(|text| Decimal::from_str_exact(text).unwrap_or(Decimal::MAX));
            assert_eq!(number(text, Mark::Unsaid), expected, "{text}");
        }
        assert_eq!(number("1,000", Mark::Point), Ok(Decimal::ONE_THOUSAND));
        assert_eq!(number("1,000", Mark::Comma), Ok(Decimal::ONE));
    }
}
