//! The flow of cash, told in two ways that must agree.
//!
//! *Directly*: in every voucher that moves cash, what stands against the cash is what it came or went
//! for. *Indirectly*: the profit, without what moved no cash and with what moved cash but no profit.

use super::heading::{Activity, Heading};
use crate::money::Money;

/// A ledger's movements over a period, debits less credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// All of them.
    pub all: Money,
    /// Those in vouchers that move cash.
    pub with_cash: Money,
}

/// Sums of a cash flow statement; what brings cash is above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CashFlow {
    /// Running the business, as the vouchers say.
    pub operating: Money,
    /// What is kept for years.
    pub investing: Money,
    /// Owners and lenders.
    pub financing: Money,
    /// Net profit of the period.
    pub net_profit: Money,
    /// What changed long-lived assets, capital and loans without moving cash, such as depreciation.
    pub non_cash: Money,
    /// What changed the other assets and liabilities of running the business.
    pub working_capital: Money,
    /// How much more cash there is at the end.
    pub change: Money,
}

impl CashFlow {
    /// Adds up the movements of all ledgers.
    pub fn of(movements: impl IntoIterator<Item = (Heading, Moved)>) -> Self {
        let mut flow = Self::default();
        for (heading, moved) in movements {
            if heading.activity() == Activity::Cash {
                flow.change = flow.change.saturating_add(moved.all);
                continue;
            }
            // A credit elsewhere is what brought the cash.
            let all = -moved.all;
            let with_cash = -moved.with_cash;
            let (direct, indirect, brought) = match heading.activity() {
                Activity::Investing => {
                    (&mut flow.investing, &mut flow.non_cash, all.saturating_sub(with_cash))
                }
                Activity::Financing => {
                    (&mut flow.financing, &mut flow.non_cash, all.saturating_sub(with_cash))
                }
                _ if heading.is_of_the_year() => (&mut flow.operating, &mut flow.net_profit, all),
                _ => (&mut flow.operating, &mut flow.working_capital, all),
            };
            *direct = direct.saturating_add(with_cash);
            *indirect = indirect.saturating_add(brought);
        }
        flow
    }

    /// Cash of running the business, told from the profit.
    pub fn operating_indirect(self) -> Money {
        self.net_profit.saturating_add(self.non_cash).saturating_add(self.working_capital)
    }

    /// What the three activities brought together.
    pub fn net(self) -> Money {
        self.operating.saturating_add(self.investing).saturating_add(self.financing)
    }

    /// Whether both ways agree with each other and with the cash.
    pub fn is_reconciled(self) -> bool {
        self.net() == self.change && self.operating == self.operating_indirect()
    }
}
