//! Cost centres: how an entry is split over them, by category.

use std::collections::BTreeMap;

use crate::{
    chart::words,
    id::{CostCategoryId, CostCentreId},
    money::Money,
};

words! {
    /// Whether entries of a ledger are split over cost centres.
    #[derive(Default)]
    #[cfg_attr(feature = "orm", derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum))]
    #[cfg_attr(
        feature = "orm",
        sea_orm(
            rs_type = "String",
            db_type = "String(sea_orm::sea_query::StringLen::N(16))",
            rename_all = "SCREAMING_SNAKE_CASE"
        )
    )]
    CostUse {
        /// Never.
        None = "NONE",
        /// As far as somebody wishes.
        #[default]
        Allowed = "ALLOWED",
        /// Each of them, and whole.
        Required = "REQUIRED",
    }
}

/// A part of an entry that a cost centre bears, on the entry's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostSplit {
    /// The centre.
    pub centre: CostCentreId,
    /// Minor units in base currency, above zero.
    pub amount: Money,
}

/// Why splits do not fit their entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostFault {
    /// The ledger takes no splits.
    NotAllowed,
    /// The ledger wants splits, and there are none.
    Missing,
    /// The splits of a category come to more than the entry.
    TooMuch(CostCategoryId),
    /// The splits of a category come to less than the entry, and the ledger wants it whole.
    TooLittle(CostCategoryId),
}

impl CostFault {
    /// What is wrong, and what to do.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotAllowed => "entries of this ledger are not split over cost centres",
            Self::Missing => "entries of this ledger are split over cost centres; say which",
            Self::TooMuch(_) => "the cost centres of a category come to more than the entry",
            Self::TooLittle(_) => {
                "the cost centres of a category come to less than the entry, and this ledger wants \
                 all of it split"
            }
        }
    }
}

/// Whether splits fit an entry: those of each category come to no more than its amount; where the ledger
/// wants splits, there are some, and those of each category that has any come to just its amount.
///
/// # Errors
/// What does not fit.
pub fn check_splits(
    usage: CostUse,
    entry: Money,
    splits: impl IntoIterator<Item = (CostCategoryId, Money)>,
) -> Result<(), CostFault> {
    let mut sums: BTreeMap<CostCategoryId, Money> = BTreeMap::new();
    for (category, amount) in splits {
        let sum = sums.entry(category).or_default();
        *sum = sum.saturating_add(amount);
    }
    match usage {
        CostUse::None if !sums.is_empty() => return Err(CostFault::NotAllowed),
        CostUse::Required if sums.is_empty() => return Err(CostFault::Missing),
        _ => {}
    }
    for (category, sum) in sums {
        if sum > entry {
            return Err(CostFault::TooMuch(category));
        }
        if usage == CostUse::Required && sum < entry {
            return Err(CostFault::TooLittle(category));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn splits(parts: &[(i64, i64)]) -> Vec<(CostCategoryId, Money)> {
        let part = |(category, amount): &(i64, i64)| {
            (CostCategoryId::new(*category), Money::from_minor(*amount))
        };
        parts.iter().map(part).collect()
    }

    #[test]
    fn each_category_is_judged_by_itself() {
        use CostFault::*;
        use CostUse::*;
        let (one, two) = (CostCategoryId::new(1), CostCategoryId::new(2));
        let cases = [
            (None, vec![], Ok(())),
            (None, vec![(1, 1)], Err(NotAllowed)),
            (Allowed, vec![], Ok(())),
            (Allowed, vec![(1, 60), (1, 39)], Ok(())),
            (Allowed, vec![(1, 60), (1, 41)], Err(TooMuch(one))),
            (Allowed, vec![(1, 100), (2, 100)], Ok(())),
            (Allowed, vec![(1, 100), (2, 101)], Err(TooMuch(two))),
            (Required, vec![], Err(Missing)),
            (Required, vec![(1, 60), (1, 40)], Ok(())),
            (Required, vec![(1, 60), (1, 40), (2, 99)], Err(TooLittle(two))),
        ];
        for (usage, parts, right) in cases {
            let found = check_splits(usage, Money::from_minor(100), splits(&parts));
            assert_eq!(found, right, "{usage:?} {parts:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_required_and_fits_leaves_nothing(
            entry in 1_i64..1_000,
            parts in prop::collection::vec((1_i64..4, 1_i64..1_000), 1..6),
        ) {
            let fits = check_splits(CostUse::Required, Money::from_minor(entry), splits(&parts));
            let whole = (1..4).all(|category| {
                let own = parts.iter().filter(|(of, _)| *of == category);
                let sum: i64 = own.map(|(_, amount)| amount).sum();
                sum == 0 || sum == entry
            });
            prop_assert_eq!(fits.is_ok(), whole);
        }
    }
}
