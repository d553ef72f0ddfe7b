//! Money, decimals, dates and instants on the wire.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use chrono::{DateTime as ChronoDateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use daybook_domain::{currency, money};

const CURRENCY: &str = "three capital letters, such as \"INR\"";
const DATE: &str = "a day that exists, as YYYY-MM-DD, from 1900-01-01 to 2199-12-31";
const DATE_TIME: &str = "RFC 3339, such as \"2026-04-30T06:30:00Z\"";
const DECIMAL: &str = "a string of digits with at most one point, such as \"1234.50\"";

/// An exact decimal number as a string, such as "1234.50". Never a float.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub String);

/// An exact decimal number as a string, such as "1234.50": digits, at most one point, a leading
/// minus where it is below zero. Never a float.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if is_decimal(&text) => Ok(Self(text)),
            Value::String(_) => Err(InputValueError::custom(format!("a Decimal is {DECIMAL}"))),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if is_decimal(text))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Decimal {
    /// The same number without needless zeros.
    pub fn shortest(&self) -> Self {
        let digits = self.0.strip_prefix('-').unwrap_or(&self.0);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        let is_below = digits.len() < self.0.len() && (whole != "0" || !fraction.is_empty());
        Self(format!("{}{whole}{point}{fraction}", if is_below { "-" } else { "" }))
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 40 && all_digits(whole) && all_digits(fraction)
}

/// A currency's code of ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrencyCode(pub currency::CurrencyCode);

/// A currency's three-letter code of ISO 4217, such as "INR" or "KES".
#[Scalar(specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => currency::CurrencyCode::parse(&text)
                .map(Self)
                .map_err(|_| InputValueError::custom(format!("a CurrencyCode is {CURRENCY}"))),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if currency::CurrencyCode::parse(text).is_ok())
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl CurrencyCode {
    /// A code that was checked when it was stored; what is none shows as ISO's "no currency".
    pub fn of(stored: &str) -> Self {
        let code = currency::CurrencyCode::parse(stored);
        Self(code.unwrap_or_else(|_| currency::CurrencyCode::none()))
    }
}

/// A date of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub NaiveDate);

/// A date of the books, "2026-04-30", without a time or a zone; 1900 to 2199.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::expected_type(value));
        };
        read_date(&text)
            .map(Self)
            .ok_or_else(|| InputValueError::custom(format!("a Date is {DATE}")))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if read_date(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

fn read_date(text: &str) -> Option<NaiveDate> {
    let is_plain = text.len() == 10 && text.is_ascii();
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| is_plain)?;
    (1900..2200).contains(&date.year()).then_some(date)
}

/// An instant, in UTC milliseconds inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub i64);

/// An instant in RFC 3339, such as "2026-04-30T06:30:00.000Z"; always in UTC in answers.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::expected_type(value));
        };
        ChronoDateTime::parse_from_rfc3339(&text)
            .map(|instant| Self(instant.timestamp_millis()))
            .map_err(|_| InputValueError::custom(format!("a DateTime is {DATE_TIME}")))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if ChronoDateTime::parse_from_rfc3339(text).is_ok())
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl std::fmt::Display for DateTime {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let instant: ChronoDateTime<Utc> =
            ChronoDateTime::from_timestamp_millis(self.0).unwrap_or(ChronoDateTime::UNIX_EPOCH);
        out.write_str(&instant.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// What a value of a scalar looks like, for errors that name only the scalar.
pub fn form_of(scalar: &str) -> Option<&'static str> {
    Some(match scalar {
        "CurrencyCode" => CURRENCY,
        "Date" => DATE,
        "DateTime" => DATE_TIME,
        "Decimal" => DECIMAL,
        _ => return None,
    })
}

/// An exact amount of one currency.
#[derive(SimpleObject, Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// The amount in major units with all digits of the currency, such as "1234.50".
    pub amount: Decimal,
    /// Which currency.
    pub currency: CurrencyCode,
}

impl Money {
    /// Minor units of a currency with that many decimal places.
    pub fn of(amount: money::Money, currency: &currency::CurrencyCode, exponent: u8) -> Self {
        Self { amount: Decimal(amount.format(exponent)), currency: CurrencyCode(currency.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_shortest_form() {
        for (text, right) in [
            ("7.00", "7"),
            ("07.50", "7.5"),
            ("0", "0"),
            ("000", "0"),
            ("-0.0", "0"),
            ("-0.10", "-0.1"),
            ("100", "100"),
            ("0.05", "0.05"),
        ] {
            assert_eq!(Decimal(text.to_owned()).shortest().0, right, "{text}");
        }
    }
}
