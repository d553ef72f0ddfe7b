//! The closed sets of words that the shared accounting structure is described with.

use crate::chart::words;

words! {
    /// What vouchers of a type do to stock.
    StockEffect {
        /// Nothing.
        Nothing = "NONE",
        /// They bring goods in.
        In = "IN",
        /// They take goods out.
        Out = "OUT",
        /// They move goods within.
        Both = "BOTH",
        /// They set the quantity to a count.
        Sets = "SETS",
        /// They may move goods.
        Optional = "OPTIONAL",
    }

    /// The rule that the numbers of a type follow.
    NumberingRule {
        /// As the business likes.
        Free = "FREE",
        /// Consecutive, at most 16 characters (CGST Rules, rule 46).
        TaxDocument = "RULE46",
        /// The same for delivery challans (CGST Rules, rule 55).
        Challan = "CHALLAN",
    }

    /// Who keeps back the tax.
    SectionKind {
        /// Who pays deducts it.
        Deducted = "TDS",
        /// Who is paid collects it.
        Collected = "TCS",
    }

    /// The law that a section stands in.
    TaxAct {
        /// Income-tax Act, 1961, to 31 March 2026.
        Act1961 = "1961",
        /// Income-tax Act, 2025, from 1 April 2026.
        Act2025 = "2025",
    }

    /// From whom tax is kept back.
    DeducteeClass {
        /// From anybody.
        Any = "ANY",
        /// Individuals and Hindu undivided families.
        IndividualHuf = "INDIVIDUAL_HUF",
        /// Companies.
        Company = "COMPANY",
        /// Banks.
        Bank = "BANK",
        /// Co-operative societies.
        Cooperative = "COOPERATIVE",
        /// Senior citizens.
        Senior = "SENIOR",
        /// From whom a payer of a kind that the section names keeps it back.
        SpecifiedPayer = "SPECIFIED_PAYER",
        /// Anybody not named by another row of the section.
        Other = "OTHER",
    }

    /// What the limit of a section counts over.
    LimitPeriod {
        /// There is no limit.
        Nothing = "NONE",
        /// A financial year.
        Year = "YEAR",
        /// A month.
        Month = "MONTH",
        /// Each transaction.
        Transaction = "TRANSACTION",
    }

    /// What a State's code is used for.
    StateUse {
        /// Registration and place of supply.
        Supply = "SUPPLY",
        /// Registration alone.
        RegistrationOnly = "REGISTRATION_ONLY",
        /// Place of supply alone.
        PlaceOfSupplyOnly = "POS_ONLY",
    }
}

/// Whether two spans of days share a day; a span without a last day goes on.
pub fn overlap<D: PartialOrd + Copy>(first: (D, Option<D>), second: (D, Option<D>)) -> bool {
    first.1.is_none_or(|last| second.0 <= last) && second.1.is_none_or(|last| first.0 <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for one in StockEffect::EVERY {
            assert_eq!(StockEffect::parse(one.as_str()), Some(one));
        }
        for one in DeducteeClass::EVERY {
            assert_eq!(DeducteeClass::parse(one.as_str()), Some(one));
        }
        assert_eq!(TaxAct::parse("1961"), Some(TaxAct::Act1961));
        assert_eq!(StateUse::parse("supply"), None);
    }

    #[test]
    fn spans_that_touch_share_no_day() {
        assert!(!overlap((1, Some(3)), (4, None)));
        assert!(!overlap((4, None), (1, Some(3))));
        assert!(overlap((1, Some(3)), (3, Some(9))));
        assert!(overlap((1, None), (9, None)));
        assert!(overlap((2, Some(2)), (1, Some(3))));
    }
}
