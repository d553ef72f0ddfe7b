//! The balance sheet: what is owned equals what is owed.

use super::heading::Heading;
use crate::{chart::Nature, money::Money};

/// Sums of a balance sheet, each above zero on its usual side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Assets.
    pub assets: Money,
    /// Liabilities, capital and the result of earlier years, without the running year's.
    pub liabilities: Money,
    /// What income and expense of the running year stand at; a loss below zero.
    pub profit: Money,
}

impl Sheet {
    /// Adds up what ledgers stand at (debits above zero).
    pub fn of(standings: impl IntoIterator<Item = (Heading, Money)>) -> Self {
        let mut sheet = Self::default();
        for (heading, standing) in standings {
            let (slot, amount) = match heading.nature() {
                Nature::Asset => (&mut sheet.assets, standing),
                Nature::Liability => (&mut sheet.liabilities, -standing),
                Nature::Income | Nature::Expense => (&mut sheet.profit, -standing),
            };
            *slot = slot.saturating_add(amount);
        }
        sheet
    }

    /// The side of the liabilities, the running year's profit included.
    pub fn owed(self) -> Money {
        self.liabilities.saturating_add(self.profit)
    }

    /// By how much assets exceed the other side: nothing, where every voucher balances.
    pub fn difference(self) -> Money {
        self.assets.saturating_sub(self.owed())
    }
}
