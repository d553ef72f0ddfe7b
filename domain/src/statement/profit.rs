//! Profit and loss: what was earned less what was spent.

use super::heading::Heading;
use crate::money::Money;

/// Sums of a profit and loss account, each above zero on its usual side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Profit {
    /// Sales and other direct income.
    pub direct_income: Money,
    /// Purchases and other direct expense.
    pub direct_expense: Money,
    /// Income below gross profit.
    pub indirect_income: Money,
    /// Expense below gross profit.
    pub indirect_expense: Money,
}

impl Profit {
    /// Adds up movements of ledgers (debits less credits); those of the balance sheet do not count.
    pub fn of(movements: impl IntoIterator<Item = (Heading, Money)>) -> Self {
        let mut profit = Self::default();
        for (heading, movement) in movements {
            let slot = match heading {
                Heading::Sales | Heading::DirectIncome => &mut profit.direct_income,
                Heading::Purchase | Heading::DirectExpense => &mut profit.direct_expense,
                Heading::IndirectIncome => &mut profit.indirect_income,
                Heading::IndirectExpense => &mut profit.indirect_expense,
                _ => continue,
            };
            *slot = slot.saturating_add(heading.shown(movement));
        }
        profit
    }

    /// Gross profit; a loss below zero. Goods are in direct expense as the cost of what was sold.
    pub fn gross(self) -> Money {
        self.direct_income.saturating_sub(self.direct_expense)
    }

    /// Net profit; a loss below zero.
    pub fn net(self) -> Money {
        let below = self.indirect_income.saturating_sub(self.indirect_expense);
        self.gross().saturating_add(below)
    }
}
