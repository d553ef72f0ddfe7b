//! The turn of the year: income and expense begin anew, Profit & Loss A/c takes them over.

use std::{collections::HashMap, hash::Hash};

use crate::money::Money;

/// What a ledger came to up to two days; balances are debits above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached<L> {
    /// Which ledger.
    pub ledger: L,
    /// Whether it begins anew with each accounting year.
    pub is_of_the_year: bool,
    /// Before the accounting year.
    pub before_year: Money,
    /// Up to and with the day asked.
    pub until: Money,
}

/// What each ledger stands at: income and expense at what the year brought, Profit & Loss A/c (`result`)
/// with all that they came to before it. Where there is no such ledger, they run through, so that no
/// amount is lost.
pub fn standings<L: Copy + Eq + Hash>(
    reached: impl IntoIterator<Item = Reached<L>>,
    result: Option<L>,
) -> HashMap<L, Money> {
    let mut found: HashMap<L, Money> = HashMap::new();
    let mut carried = Money::ZERO;
    for one in reached {
        let stays = if one.is_of_the_year && result.is_some() {
            carried = carried.saturating_add(one.before_year);
            one.until.saturating_sub(one.before_year)
        } else {
            one.until
        };
        let slot = found.entry(one.ledger).or_default();
        *slot = slot.saturating_add(stays);
    }
    if let Some(result) = result
        && !carried.is_zero()
    {
        let slot = found.entry(result).or_default();
        *slot = slot.saturating_add(carried);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(ledger: u8, is_of_the_year: bool, before: i64, until: i64) -> Reached<u8> {
        let (before_year, until) = (Money::from_minor(before), Money::from_minor(until));
        Reached { ledger, is_of_the_year, before_year, until }
    }

    #[test]
    fn the_result_ledger_takes_over_what_is_older_than_the_year() {
        let rows = [
            reached(1, false, 700, 900),
            reached(2, true, -1_000, -1_300),
            reached(3, true, 300, 400),
        ];
        let found = standings(rows, Some(9));
        let expected = [(1, 900), (2, -300), (3, 100), (9, -700)];
        assert_eq!(
            found,
            expected.map(|(ledger, minor)| (ledger, Money::from_minor(minor))).into()
        );
        let sum = |found: &HashMap<u8, Money>| Money::sum(found.values().copied());
        assert_eq!(sum(&found), Some(Money::ZERO));
        assert_eq!(sum(&standings(rows, None)), Some(Money::ZERO));
    }

    #[test]
    fn a_first_year_carries_nothing() {
        assert_eq!(standings([reached(2, true, 0, -5)], Some(9)).get(&9), None);
    }
}
