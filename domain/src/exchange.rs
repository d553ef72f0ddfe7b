//! Amounts in another currency: what a part of one is worth in the books, and what a settlement gains.
//!
//! A position is an amount of another currency together with what the books hold it at. Its parts take
//! their share of that value, and whatever closes the position takes all that is left of it, so that a
//! position of nothing is worth nothing. Amounts are signed throughout, a debit above zero: the rules are
//! the same for who owes and for who is owed.

use crate::money::{AMOUNT_MAX, ExchangeRate, Money};

/// An amount of another currency and its value in base currency, each in minor units and a debit above
/// zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// In the other currency.
    pub foreign: Money,
    /// What the books hold it at.
    pub base: Money,
}

impl Position {
    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            foreign: self.foreign.saturating_add(other.foreign),
            base: self.base.saturating_add(other.base),
        }
    }

    /// The same on the other side.
    #[must_use]
    pub fn turned(self) -> Self {
        Self { foreign: -self.foreign, base: -self.base }
    }

    /// Whether nothing is left of it.
    pub fn is_closed(self) -> bool {
        self.foreign.is_zero() && self.base.is_zero()
    }

    /// What `part` of its other currency is worth: its share to the nearest minor unit, a half away from
    /// zero. All of it, or more, takes all of the value; so the last part takes what rounding left.
    pub fn share(self, part: Money) -> Money {
        if self.foreign.is_zero() || part.size() >= self.foreign.size() {
            return if part.is_zero() { Money::ZERO } else { self.base };
        }
        let (base, part, whole) = (
            i128::from(self.base.minor()),
            i128::from(part.size().minor()),
            i128::from(self.foreign.size().minor()),
        );
        let product = base * part;
        let nearest = (2 * product + whole * product.signum()) / (2 * whole);
        Money::from_minor(i64::try_from(nearest).unwrap_or(AMOUNT_MAX))
    }

    /// Takes a part out: what it is worth goes with it.
    ///
    /// The part is a size; it has the side of the position.
    #[must_use]
    pub fn take(&mut self, part: Money) -> Self {
        let base = self.share(part);
        let foreign = part.size().min(self.foreign.size());
        let foreign = if self.foreign.is_negative() { -foreign } else { foreign };
        let taken = Self { foreign, base };
        *self = self.with(taken.turned());
        taken
    }
}

/// What a party's ledger needs in base currency once a bill was settled at another rate than it was
/// opened at: a debit above zero is a gain, a credit below it a loss, for debtors and creditors alike.
///
/// `bill` is what was open before, `settled` what was set against it (on the other side).
pub fn difference(bill: Position, settled: Position) -> Money {
    let share = bill.share(settled.foreign);
    // The settlement moved `settled.base`; it should have moved the share, on its side.
    (-share).saturating_sub(settled.base)
}

/// What a position is worth at a rate, less what the books hold it at: a debit above zero is a gain.
///
/// `None` when the value does not fit.
pub fn unrealised(
    position: Position,
    rate: ExchangeRate,
    exponent: u8,
    base_exponent: u8,
) -> Option<Money> {
    rate.convert(position.foreign, exponent, base_exponent)?.checked_sub(position.base)
}

/// Most minor units by which converted lines may miss each other: each is rounded by half a unit at
/// most, and never by more than one unit per line.
pub fn residue_max(converted_lines: usize) -> Money {
    Money::from_minor(i64::try_from(converted_lines).unwrap_or(i64::MAX))
}

/// The rate at which an amount of another currency has this value, to the nearest 10^-10.
///
/// `None` where there is no amount, or the rate does not fit.
pub fn rate_of(position: Position, exponent: u8, base_exponent: u8) -> Option<ExchangeRate> {
    let foreign = i128::from(position.foreign.size().minor());
    if foreign == 0 {
        return None;
    }
    let product = i128::from(position.base.size().minor())
        .checked_mul(10_i128.checked_pow(10 + u32::from(exponent))?)?;
    let whole = foreign.checked_mul(10_i128.checked_pow(u32::from(base_exponent))?)?;
    let nearest = (product.checked_mul(2)? + whole) / whole.checked_mul(2)?;
    i64::try_from(nearest).ok().map(ExchangeRate::from_raw)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(foreign: i64, base: i64) -> Position {
        Position { foreign: Money::from_minor(foreign), base: Money::from_minor(base) }
    }

    fn minor(amount: i64) -> Money {
        Money::from_minor(amount)
    }

    #[test]
    fn shares_are_rounded_and_the_last_takes_the_rest() {
        for (position, part, share) in [
            // 100 USD at 83: 30 of them.
            (at(10_000, 830_000), 3_000, 249_000),
            // A third of 100.00 is 33.33, and 66.67 is left for the rest.
            (at(3, 10_000), 1, 3_333),
            (at(2, 6_667), 2, 6_667),
            // A half goes away from zero, on either side.
            (at(2, 5), 1, 3),
            (at(-2, -5), 1, -3),
            // More than there is takes no more than there is.
            (at(2, 5), 9, 5),
            (at(2, 5), 0, 0),
            // Nothing of the currency left: whatever closes it takes the value.
            (at(0, 7), 0, 0),
        ] {
            assert_eq!(position.share(minor(part)), minor(share), "{position:?} {part}");
        }
    }

    #[test]
    fn debtors_gain_when_the_rate_rises_and_creditors_lose() {
        // A customer owes 100 USD, invoiced at 83; a supplier is owed the same.
        let (owes, owed) = (at(10_000, 830_000), at(-10_000, -830_000));
        for (bill, settled, gain) in [
            (owes, at(-10_000, -840_000), 10_000),
            (owes, at(-10_000, -820_000), -10_000),
            (owes, at(-10_000, -830_000), 0),
            (owed, at(10_000, 840_000), -10_000),
            (owed, at(10_000, 820_000), 10_000),
            // Part payments: 30 USD at 84 gain 30.
            (owes, at(-3_000, -252_000), 3_000),
            (owed, at(3_000, 252_000), -3_000),
            // An entry that moved value alone is put back.
            (owes, at(0, -500), 500),
        ] {
            assert_eq!(difference(bill, settled), minor(gain), "{bill:?} {settled:?}");
        }
    }

    #[test]
    fn positions_are_revalued_on_either_side() {
        let rate = ExchangeRate::parse("85").unwrap();
        assert_eq!(unrealised(at(10_000, 830_000), rate, 2, 2), Some(minor(20_000)));
        assert_eq!(unrealised(at(-10_000, -830_000), rate, 2, 2), Some(minor(-20_000)));
        // Yen have no decimal places: 1,000 JPY at 0.55 are 550.00.
        let rate = ExchangeRate::parse("0.55").unwrap();
        assert_eq!(unrealised(at(1_000, 54_000), rate, 0, 2), Some(minor(1_000)));
    }

    #[test]
    fn a_rate_is_told_from_two_amounts() {
        assert_eq!(rate_of(at(10_000, 830_000), 2, 2).unwrap().format(), "83");
        assert_eq!(rate_of(at(-3, -100), 2, 2).unwrap().format(), "33.3333333333");
        assert_eq!(rate_of(at(1_000, 55_000), 0, 2).unwrap().format(), "0.55");
        assert_eq!(rate_of(at(0, 1), 2, 2), None);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(
            foreign in 1_i64..1_000_000_000,
            base in 1_i64..1_000_000_000_000,
            cuts in prop::collection::vec(1_i64..1_000_000, 0..20),
            is_credit: bool,
        ) {
            let whole = if is_credit { at(-foreign, -base) } else { at(foreign, base) };
            let mut left = whole;
            let mut taken = Position::default();
            for cut in cuts {
                let part = left.take(minor(cut.min(left.foreign.size().minor())));
                prop_assert!(part.base.size() <= whole.base.size());
                taken = taken.with(part);
                prop_assert_eq!(taken.with(left), whole);
            }
            let rest = left.foreign.size();
            taken = taken.with(left.take(rest));
            if !rest.is_zero() {
                prop_assert!(left.is_closed());
                prop_assert_eq!(taken, whole);
            }
        }

        #[test]
        fn differences_close_the_bill(
            foreign in 1_i64..1_000_000_000,
            base in 1_i64..1_000_000_000_000,
            parts in prop::collection::vec((1_i64..1_000_000_000, 1_i64..1_000_000_000), 1..12),
            is_credit: bool,
        ) {
            let mut open = if is_credit { at(-foreign, -base) } else { at(foreign, base) };
            let side = |amount: i64| if is_credit { minor(amount) } else { minor(-amount) };
            for (part, worth) in parts {
                let part = part.min(open.foreign.size().minor());
                let settled = Position { foreign: side(part), base: side(worth) };
                let gain = difference(open, settled);
                open = open.with(settled).with(Position { foreign: Money::ZERO, base: gain });
                // Closed in its currency is closed in base, and never on the other side.
                prop_assert!(!open.foreign.is_zero() || open.base.is_zero());
                prop_assert!(open.base.is_zero() || open.base.is_negative() == is_credit);
                if open.foreign.is_zero() {
                    break;
                }
            }
        }
    }
}
