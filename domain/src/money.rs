//! Amounts, rates, prices and quantities, each with its unit, and how they are rounded.

/// Most minor units of one amount, either side of zero: no real sum of such amounts overflows.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// An exact amount in minor units (paise, cents); below zero it is on the other side.
///
/// An integer, because SQLite keeps decimals as floating point and integers add up the same way on
/// every database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
pub struct Money(i64);

/// Millionths of one: 18 % is 180,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
pub struct Rate(i64);

/// Millionths of a major unit of money per unit of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
pub struct UnitPrice(i64);

/// Millionths of an item's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
pub struct Quantity(i64);

/// Base units per foreign unit, at 10^-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
pub struct ExchangeRate(i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most one point.
    #[error("this is not a decimal number")]
    NotADecimal,
    /// More decimal places than the unit has; it is never rounded.
    #[error("this has more decimal places than the currency")]
    TooPrecise,
    /// Beyond what is kept.
    #[error("this is too large")]
    TooLarge,
}

macro_rules! scaled {
    ($name:ident, $places:expr, $what:literal) => {
        impl $name {
            #[doc = concat!("From ", $what, ".")]
            pub const fn from_raw(raw: i64) -> Self {
                Self(raw)
            }

            #[doc = concat!("As ", $what, ".")]
            pub const fn raw(self) -> i64 {
                self.0
            }

            /// Reads a decimal number.
            ///
            /// # Errors
            /// When it is none, too precise or too large.
            pub fn parse(text: &str) -> Result<Self, MoneyError> {
                parse_scaled(text, $places).map(Self)
            }

            /// The decimal number, without needless zeros.
            pub fn format(self) -> String {
                trim(&format_scaled(self.0, $places))
            }
        }
    };
}

scaled!(UnitPrice, 6, "millionths of a major unit per item unit");
scaled!(Quantity, 6, "millionths of the item's unit");
scaled!(ExchangeRate, 10, "base units per foreign unit at 10^-10");

impl ExchangeRate {
    /// An amount of another currency in base currency, to the nearest minor unit; a half rounds away
    /// from zero. The exponents are the decimal places of the two currencies.
    ///
    /// `None` when it does not fit.
    pub fn convert(self, amount: Money, exponent: u8, base_exponent: u8) -> Option<Money> {
        let product = i128::from(amount.0).checked_mul(i128::from(self.0))?;
        let product = product.checked_mul(10_i128.checked_pow(u32::from(base_exponent))?)?;
        let unit = 10_i128.checked_pow(10 + u32::from(exponent))?;
        let nearest = (product.checked_mul(2)? + unit * product.signum()) / (unit * 2);
        let minor = i64::try_from(nearest).ok()?;
        (minor.abs() <= AMOUNT_MAX).then_some(Money(minor))
    }
}

impl Rate {
    /// From millionths of one.
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// As millionths of one.
    pub const fn raw(self) -> i64 {
        self.0
    }

    /// Reads a percentage such as "18" or "0.25".
    ///
    /// # Errors
    /// When it is none, finer than a millionth of one, or too large.
    pub fn parse_percent(text: &str) -> Result<Self, MoneyError> {
        parse_scaled(text, 4).map(Self)
    }

    /// The percentage, without needless zeros: "18", "0.25".
    pub fn format_percent(self) -> String {
        trim(&format_scaled(self.0, 4))
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From minor units.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// In minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Reads an amount of a currency with `exponent` decimal places.
    ///
    /// # Errors
    /// When it is no decimal number, has more places than the currency, or is beyond ±10^15 minor units.
    pub fn parse(text: &str, exponent: u8) -> Result<Self, MoneyError> {
        let minor = parse_scaled(text, exponent)?;
        if minor.abs() > AMOUNT_MAX { Err(MoneyError::TooLarge) } else { Ok(Self(minor)) }
    }

    /// The amount with all the currency's places: "1234.50", "-0.05".
    pub fn format(self, exponent: u8) -> String {
        format_scaled(self.0, exponent)
    }

    /// The sum, or `None` beyond 64 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` beyond 64 bits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The amount on the other side, or `None` beyond 64 bits.
    pub fn checked_neg(self) -> Option<Self> {
        self.0.checked_neg().map(Self)
    }

    /// The size without the side, or `None` beyond 64 bits.
    pub fn checked_abs(self) -> Option<Self> {
        self.0.checked_abs().map(Self)
    }

    /// The sum; beyond 64 bits, the greatest amount.
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; beyond 64 bits, the greatest amount.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum of many, or `None` beyond 64 bits.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is on the other side.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Its size without its side.
    pub fn size(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// `rate` of the amount, to the nearest minor unit; a half rounds away from zero.
    ///
    /// `None` when the share does not fit.
    pub fn share(self, rate: Rate) -> Option<Self> {
        let scaled = i128::from(self.0) * i128::from(rate.0);
        let nearest = (scaled + 500_000 * scaled.signum()) / 1_000_000;
        i64::try_from(nearest).ok().map(Self)
    }
}

impl std::ops::Neg for Money {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

fn parse_scaled(text: &str, places: u8) -> Result<i64, MoneyError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(MoneyError::NotADecimal),
        None => (digits, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || text.len() > 60 || !all_digits(whole) || !all_digits(fraction) {
        return Err(MoneyError::NotADecimal);
    }
    let places = usize::from(places);
    let significant = fraction.trim_end_matches('0');
    if significant.len() > places {
        return Err(MoneyError::TooPrecise);
    }
    let mut value: i64 = 0;
    let padded = significant.bytes().chain(std::iter::repeat(b'0')).take(places);
    for byte in whole.bytes().chain(padded) {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i64::from(byte - b'0')))
            .ok_or(MoneyError::TooLarge)?;
    }
    Ok(if negative { -value } else { value })
}

fn format_scaled(value: i64, places: u8) -> String {
    let places = usize::from(places);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, fraction) = digits.split_at(digits.len() - places);
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn trim(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_refused() {
        let cases = [
            ("1234.50", 2, Ok(123_450)),
            ("0.05", 2, Ok(5)),
            ("-0.05", 2, Ok(-5)),
            ("1.500", 2, Ok(150)),
            ("7", 0, Ok(7)),
            ("1.001", 2, Err(MoneyError::TooPrecise)),
            ("0.5", 0, Err(MoneyError::TooPrecise)),
            ("1.", 2, Err(MoneyError::NotADecimal)),
            (".5", 2, Err(MoneyError::NotADecimal)),
            ("1e3", 2, Err(MoneyError::NotADecimal)),
            ("", 2, Err(MoneyError::NotADecimal)),
            ("-", 2, Err(MoneyError::NotADecimal)),
            ("+1", 2, Err(MoneyError::NotADecimal)),
            ("١", 2, Err(MoneyError::NotADecimal)),
            ("10000000000000.01", 2, Err(MoneyError::TooLarge)),
            ("99999999999999999999", 2, Err(MoneyError::TooLarge)),
        ];
        for (text, exponent, expected) in cases {
            assert_eq!(Money::parse(text, exponent).map(Money::minor), expected, "{text}");
        }
    }

    #[test]
    fn a_half_rounds_away_from_zero() {
        let rate = Rate::parse_percent("5").unwrap();
        assert_eq!(Money::from_minor(290).share(rate), Some(Money::from_minor(15)));
        assert_eq!(Money::from_minor(-290).share(rate), Some(Money::from_minor(-15)));
        assert_eq!(Money::from_minor(289).share(rate), Some(Money::from_minor(14)));
    }

    #[test]
    fn what_does_not_fit_is_not_wrapped() {
        let least = Money::from_minor(i64::MIN);
        assert_eq!(least.checked_neg(), None);
        assert_eq!(least.checked_abs(), None);
        assert_eq!(Money::from_minor(-5).checked_abs(), Money::from_minor(-5).checked_neg());
        assert_eq!(Money::sum([least, Money::from_minor(-1)]), None);
        assert_eq!(least.share(Rate::from_raw(2_000_000)), None);
        assert_eq!(least.format(2), "-92233720368547758.08");
    }

    #[test]
    fn foreign_amounts_are_converted_to_the_nearest_unit() {
        let cases = [
            ("100.00", 2, "83.125", 2, Some(831_250)),
            ("0.01", 2, "0.5", 2, Some(1)),
            ("-0.01", 2, "0.5", 2, Some(-1)),
            ("0.01", 2, "0.4999999999", 2, Some(0)),
            ("1000", 0, "0.55", 2, Some(55_000)),
            ("1.000", 3, "270", 0, Some(270)),
            ("9999999999999.99", 2, "900000000", 2, None),
        ];
        for (amount, exponent, rate, base, expected) in cases {
            let amount = Money::parse(amount, exponent).unwrap();
            let rate = ExchangeRate::parse(rate).unwrap();
            let converted = rate.convert(amount, exponent, base);
            assert_eq!(converted.map(Money::minor), expected, "{amount:?} {rate:?}");
        }
    }

    #[test]
    fn percentages_come_back_short() {
        for text in ["18", "0.25", "0", "1.5", "40"] {
            assert_eq!(Rate::parse_percent(text).unwrap().format_percent(), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor in -AMOUNT_MAX..=AMOUNT_MAX, exponent in 0_u8..=4) {
            let amount = Money::from_minor(minor);
            prop_assert_eq!(Money::parse(&amount.format(exponent), exponent), Ok(amount));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}", exponent in 0_u8..=4) {
            let _ = Money::parse(&text, exponent);
            let _ = Rate::parse_percent(&text);
            let _ = ExchangeRate::parse(&text);
        }

        #[test]
        fn other_units_are_read_back_too(raw in -AMOUNT_MAX..=AMOUNT_MAX) {
            let rate = Rate::from_raw(raw);
            prop_assert_eq!(Rate::parse_percent(&rate.format_percent()), Ok(rate));
            let price = UnitPrice::from_raw(raw);
            prop_assert_eq!(UnitPrice::parse(&price.format()), Ok(price));
            let quantity = Quantity::from_raw(raw);
            prop_assert_eq!(Quantity::parse(&quantity.format()), Ok(quantity));
            let exchange = ExchangeRate::from_raw(raw);
            prop_assert_eq!(ExchangeRate::parse(&exchange.format()), Ok(exchange));
        }

        #[test]
        fn a_share_is_as_large_on_either_side(minor in -AMOUNT_MAX..=AMOUNT_MAX, raw in 0_i64..=2_000_000) {
            let (amount, rate) = (Money::from_minor(minor), Rate::from_raw(raw));
            prop_assert_eq!((-amount).share(rate), amount.share(rate).map(|share| -share));
        }
    }
}
