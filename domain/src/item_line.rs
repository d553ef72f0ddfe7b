//! What a line of goods or services comes to.

use crate::money::{AMOUNT_MAX, Money, Quantity, UnitPrice};

/// The amounts of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineAmounts {
    /// Quantity times price.
    pub gross: Money,
    /// What is taken off.
    pub discount: Money,
    /// What is left, before tax.
    pub taxable: Money,
}

/// Why a line comes to nothing that can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// Nothing, or less.
    #[error("a quantity is above zero")]
    NoQuantity,
    /// Below zero.
    #[error("a price is not below zero")]
    NegativePrice,
    /// Below zero, or more than the line comes to.
    #[error("a discount is not below zero and not above what the line comes to")]
    Discount,
    /// Beyond what is kept.
    #[error("this is too large")]
    TooLarge,
}

/// Quantity times unit price in minor units of a currency with so many decimal places, to the nearest; a
/// half rounds away from zero. The discount is taken off after that.
///
/// # Errors
/// When the line comes to nothing that can be kept.
pub fn line_amounts(
    quantity: Quantity,
    price: UnitPrice,
    discount: Money,
    exponent: u8,
) -> Result<LineAmounts, BadLine> {
    if quantity.raw() <= 0 {
        return Err(BadLine::NoQuantity);
    }
    if price.raw() < 0 {
        return Err(BadLine::NegativePrice);
    }
    let gross = times(quantity, price, exponent).ok_or(BadLine::TooLarge)?;
    if discount.is_negative() || discount > gross {
        return Err(BadLine::Discount);
    }
    Ok(LineAmounts { gross, discount, taxable: gross.saturating_sub(discount) })
}

fn times(quantity: Quantity, price: UnitPrice, exponent: u8) -> Option<Money> {
    // Both are millionths, so the product is of 10^-12 major units.
    let product = i128::from(quantity.raw()).checked_mul(i128::from(price.raw()))?;
    let unit = 10_i128.checked_pow(12_u32.checked_sub(u32::from(exponent))?)?;
    let nearest = product.checked_add(unit / 2)?.checked_div(unit)?;
    let minor = i64::try_from(nearest).ok()?;
    (minor <= AMOUNT_MAX).then_some(Money::from_minor(minor))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amounts(quantity: &str, price: &str, discount: i64) -> Result<LineAmounts, BadLine> {
        let (quantity, price) =
            (Quantity::parse(quantity).unwrap(), UnitPrice::parse(price).unwrap());
        line_amounts(quantity, price, Money::from_minor(discount), 2)
    }

    #[test]
    fn lines_come_to_the_nearest_minor_unit() {
        for (quantity, price, gross) in [
            ("1", "10", 1_000),
            ("3", "0.333333", 100),
            ("0.5", "0.01", 1),
            ("0.000001", "1", 0),
            ("2.5", "19.99", 4_998),
        ] {
            assert_eq!(amounts(quantity, price, 0).unwrap().gross.minor(), gross, "{quantity}");
        }
        let line = amounts("2", "50", 1_500).unwrap();
        assert_eq!(line.taxable, Money::from_minor(8_500));
    }

    #[test]
    fn what_cannot_be_kept_says_why() {
        assert_eq!(amounts("0", "1", 0), Err(BadLine::NoQuantity));
        assert_eq!(amounts("1", "-1", 0), Err(BadLine::NegativePrice));
        assert_eq!(amounts("1", "1", 101), Err(BadLine::Discount));
        assert_eq!(amounts("1", "1", -1), Err(BadLine::Discount));
        assert_eq!(amounts("9000000000", "9000000000", 0), Err(BadLine::TooLarge));
    }

    proptest! {
        #[test]
        fn a_line_is_never_off_by_more_than_half(quantity in 1..10_i64.pow(12), price in 0..10_i64.pow(10)) {
            let found =
                times(Quantity::from_raw(quantity), UnitPrice::from_raw(price), 2);
            let exact = i128::from(quantity) * i128::from(price);
            if let Some(found) = found {
                let off = (i128::from(found.minor()) * 10_i128.pow(10) - exact).abs();
                prop_assert!(off * 2 <= 10_i128.pow(10));
            }
        }
    }
}
