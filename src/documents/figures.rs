//! Figures as people read them: digits in groups.

use daybook_domain::money::Money;

/// An amount with its digits in groups: of three, or as in India of two beyond the first three.
pub fn grouped(amount: Money, exponent: u8, by_lakh: bool) -> String {
    let text = amount.format(exponent);
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (text, String::new()),
    };
    let mut written = String::with_capacity(text.len().saturating_mul(2));
    let digits = whole.chars().count();
    for (place, digit) in whole.chars().enumerate() {
        let left = digits.saturating_sub(place);
        let begins_group = match left.checked_sub(3) {
            Some(beyond) if by_lakh => beyond.is_multiple_of(2),
            _ => left.is_multiple_of(3),
        };
        if place > 0 && begins_group {
            written.push(',');
        }
        written.push(digit);
    }
    format!("{sign}{written}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups() {
        for (minor, exponent, indian, western) in [
            (0, 2, "0.00", "0.00"),
            (5, 2, "0.05", "0.05"),
            (99_900, 2, "999.00", "999.00"),
            (100_000, 2, "1,000.00", "1,000.00"),
            (-123_456_789, 2, "-12,34,567.89", "-1,234,567.89"),
            (10_000_000, 2, "1,00,000.00", "100,000.00"),
            (1_234_567_890, 2, "1,23,45,678.90", "12,345,678.90"),
            (1_234_567, 0, "12,34,567", "1,234,567"),
            (1_234_567, 3, "1,234.567", "1,234.567"),
        ] {
            let amount = Money::from_minor(minor);
            assert_eq!(grouped(amount, exponent, true), indian);
            assert_eq!(grouped(amount, exponent, false), western);
        }
    }
}
