//! The flow of funds: where working capital came from, and what it was used for.

use super::heading::{Current, Heading};
use crate::money::Money;

/// A ledger's movements over a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shifted {
    /// Debits less credits of all of them.
    pub all: Money,
    /// Debits in vouchers that move working capital; wanted of long-lived ledgers only.
    pub used: Money,
    /// Credits in such vouchers; wanted of long-lived ledgers only.
    pub brought: Money,
}

/// Sums of a funds flow statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FundsFlow {
    /// Net profit of the period.
    pub net_profit: Money,
    /// What changed long-lived ledgers without moving working capital, such as depreciation.
    pub non_fund: Money,
    /// What long-lived ledgers brought into working capital.
    pub sources: Money,
    /// What they took out of it.
    pub applications: Money,
    /// How much more current assets there are at the end.
    pub current_assets: Money,
    /// How much more current liabilities there are at the end.
    pub current_liabilities: Money,
}

impl FundsFlow {
    /// Adds up the movements of all ledgers.
    pub fn of(movements: impl IntoIterator<Item = (Heading, Shifted)>) -> Self {
        let mut flow = Self::default();
        let add = |slot: &mut Money, amount: Money| *slot = slot.saturating_add(amount);
        for (heading, moved) in movements {
            match heading.current() {
                Some(Current::Asset) => add(&mut flow.current_assets, moved.all),
                Some(Current::Liability) => add(&mut flow.current_liabilities, -moved.all),
                None if heading.is_of_the_year() => add(&mut flow.net_profit, -moved.all),
                None => {
                    add(&mut flow.sources, moved.brought);
                    add(&mut flow.applications, moved.used);
                    let funds = moved.used.saturating_sub(moved.brought);
                    add(&mut flow.non_fund, funds.saturating_sub(moved.all));
                }
            }
        }
        flow
    }

    /// What running the business brought into working capital; below zero, took out of it.
    pub fn from_operations(self) -> Money {
        self.net_profit.saturating_add(self.non_fund)
    }

    /// How much more working capital there is at the end.
    pub fn change(self) -> Money {
        self.current_assets.saturating_sub(self.current_liabilities)
    }

    /// Whether sources less applications are what working capital grew by.
    pub fn is_reconciled(self) -> bool {
        let flowed = self.from_operations().saturating_add(self.sources);
        flowed.saturating_sub(self.applications) == self.change()
    }
}
