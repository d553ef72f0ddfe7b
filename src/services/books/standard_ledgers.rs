//! The ledgers that every new business begins with, as `seed/standard_ledgers.csv` lists them.

use std::sync::LazyLock;

use serde::Deserialize;

const FILE: &str = include_str!("../../../seed/standard_ledgers.csv");

/// A ledger that a new business begins with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StandardLedger {
    /// Its code within the business.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Code of the shared group; empty for Profit & Loss A/c, which hangs below none.
    pub group_code: String,
    /// Two-letter country, or `*` for all.
    pub country: String,
    /// Head of the tax that it collects, where it is a tax ledger.
    pub tax_head: String,
    /// `OUTPUT` or `INPUT`, where it is a tax ledger.
    pub direction: String,
    /// Whether the program posts to it by its code, so that it can be neither archived nor regrouped.
    pub system: bool,
    /// Whether its entries carry bills.
    pub bill_wise: bool,
}

static ALL: LazyLock<Vec<StandardLedger>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(FILE.as_bytes());
    reader.deserialize().filter_map(Result::ok).collect()
});

/// The standard ledgers of a country.
pub fn of_country(country: &str) -> impl Iterator<Item = &'static StandardLedger> {
    ALL.iter().filter(move |ledger| ledger.country == "*" || ledger.country == country)
}

/// Code of Profit & Loss A/c, which takes over the result of earlier years.
pub const PROFIT_AND_LOSS: &str = "PROFIT_AND_LOSS";
/// Code of Difference in Opening Balances, the other side of every opening.
pub const OPENING_DIFFERENCE: &str = "OPENING_DIFFERENCE";

/// Code of Round Off, which takes what rounding leaves.
pub const ROUND_OFF: &str = "ROUND_OFF";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_file_is_read() {
        assert_eq!(ALL.len(), FILE.lines().count() - 1);
    }

    #[test]
    fn every_country_has_the_ledgers_that_the_program_posts_to() {
        for country in ["IN", "KE", "US"] {
            let codes: Vec<&str> = of_country(country).map(|one| one.code.as_str()).collect();
            for code in ["CASH", PROFIT_AND_LOSS, OPENING_DIFFERENCE, "ROUND_OFF", "SALES"] {
                assert!(codes.contains(&code), "{country} lacks {code}");
            }
        }
        assert!(of_country("IN").any(|one| one.tax_head == "CGST"));
        assert!(of_country("KE").all(|one| one.tax_head != "CGST"));
    }
}
