//! Numbers of beancount, which may be small sums: `120.00 / 3`.

use rust_decimal::Decimal;

use super::{
    quantity::{Mark, number},
    scan::Scan,
};
use crate::interchange::amount::AmountError;

/// Parentheses inside one another.
const DEPTH_MAX: u8 = 16;

/// Reads a number or a sum of numbers.
///
/// # Errors
/// When it is none, too large, or divides by nothing.
pub fn expression(scan: &mut Scan<'_>) -> Result<Decimal, AmountError> {
    sum(scan, 0)
}

fn sum(scan: &mut Scan<'_>, depth: u8) -> Result<Decimal, AmountError> {
    let mut total = product(scan, depth)?;
    loop {
        scan.space();
        let added = if scan.eat("+") {
            let next = product(scan, depth)?;
            total.checked_add(next)
        } else if scan.eat("-") {
            let next = product(scan, depth)?;
            total.checked_sub(next)
        } else {
            return Ok(total);
        };
        total = added.ok_or(AmountError::TooLarge)?;
    }
}

fn product(scan: &mut Scan<'_>, depth: u8) -> Result<Decimal, AmountError> {
    let mut total = factor(scan, depth)?;
    loop {
        scan.space();
        let multiplied = if scan.eat("*") {
            let next = factor(scan, depth)?;
            total.checked_mul(next)
        } else if scan.eat("/") {
            let next = factor(scan, depth)?;
            total.checked_div(next)
        } else {
            return Ok(total);
        };
        total = multiplied.ok_or(AmountError::TooLarge)?;
    }
}

fn factor(scan: &mut Scan<'_>, depth: u8) -> Result<Decimal, AmountError> {
    scan.space();
    let is_negative = scan.sign().unwrap_or(false);
    scan.space();
    let size = if scan.eat("(") {
        if depth >= DEPTH_MAX {
            return Err(AmountError::TooLarge);
        }
        let inner = sum(scan, depth + 1)?;
        scan.space();
        if !scan.eat(")") {
            return Err(AmountError::NotAnAmount);
        }
        inner
    } else {
        let digits = scan.take_while(|one| one.is_ascii_digit() || matches!(one, '.' | ','));
        number(digits, Mark::Point)?
    };
    Ok(if is_negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sums_are_worked_out() {
        for (text, expected) in [
            ("1,234.50", Some("1234.50")),
            ("-5", Some("-5")),
            ("120.00 / 3", Some("40")),
            ("2 * (3 + 4) - 1", Some("13")),
            ("1 / 0", None),
            ("((1)", None),
            ("", None),
        ] {
            let expected = expected.map(|text| Decimal::from_str_exact(text).unwrap_or_default());
            assert_eq!(expression(&mut Scan::new(text)).ok(), expected, "{text}");
        }
        let deep = format!("{}1", "(".repeat(10_000));
        assert_eq!(expression(&mut Scan::new(&deep)), Err(AmountError::TooLarge));
    }
}
