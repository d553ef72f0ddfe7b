//! Ratios of the statements, each with the two figures that it is made of.

use super::heading::{Current, Heading};
use crate::{chart::words, money::Money};

words! {
    /// Which ratio.
    Ratio {
        /// Current assets to current liabilities.
        Current = "CURRENT",
        /// Current assets without stock to current liabilities.
        Quick = "QUICK",
        /// Loans to the owner's capital.
        DebtToEquity = "DEBT_TO_EQUITY",
        /// Gross profit in a hundred of sales.
        GrossMargin = "GROSS_MARGIN",
        /// Net profit in a hundred of sales.
        NetMargin = "NET_MARGIN",
        /// Net profit in a hundred of the owner's capital.
        ReturnOnCapital = "RETURN_ON_CAPITAL",
        /// Days of sales that customers owe.
        DebtorDays = "DEBTOR_DAYS",
        /// Days of purchases that are owed to suppliers.
        CreditorDays = "CREDITOR_DAYS",
        /// Days of direct expense that lie in stock.
        StockDays = "STOCK_DAYS",
    }

    /// Why a ratio has no value.
    Gap {
        /// There are no current liabilities.
        NoCurrentLiabilities = "NO_CURRENT_LIABILITIES",
        /// There is no capital, or it is used up.
        NoCapital = "NO_CAPITAL",
        /// Nothing was sold.
        NoSales = "NO_SALES",
        /// Nothing was bought.
        NoPurchases = "NO_PURCHASES",
        /// Nothing was spent on what was sold.
        NoDirectExpense = "NO_DIRECT_EXPENSE",
    }

    /// What a ratio counts.
    Unit {
        /// How many times.
        Times = "TIMES",
        /// In a hundred.
        Percent = "PERCENT",
        /// Days.
        Days = "DAYS",
    }
}

impl Ratio {
    /// What it counts.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Current | Self::Quick | Self::DebtToEquity => Unit::Times,
            Self::GrossMargin | Self::NetMargin | Self::ReturnOnCapital => Unit::Percent,
            Self::DebtorDays | Self::CreditorDays | Self::StockDays => Unit::Days,
        }
    }
}

/// The figures of which ratios are made, each above zero on its usual side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// At the end of the period.
    pub current_assets: Money,
    /// At the end of the period.
    pub current_liabilities: Money,
    /// At the end of the period.
    pub stock: Money,
    /// At the end of the period.
    pub debtors: Money,
    /// At the end of the period.
    pub creditors: Money,
    /// At the end of the period.
    pub loans: Money,
    /// Capital, reserves, earlier years' results and the running year's, at the end of the period.
    pub capital: Money,
    /// Over the period.
    pub sales: Money,
    /// Over the period.
    pub gross_profit: Money,
    /// Over the period.
    pub net_profit: Money,
    /// Over the period.
    pub direct_expense: Money,
    /// Bought over the period: purchases, and what came into stock.
    pub purchases: Money,
}

/// What one ledger adds to the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its heading.
    pub heading: Heading,
    /// What it stands at at the end, a debit above zero.
    pub standing: Money,
    /// Debits less credits over the period, those of closing vouchers left out.
    pub moved: Money,
    /// Whether what leaves stock is charged to it.
    pub takes_from_stock: bool,
}

impl Figures {
    /// Adds up what ledgers bring.
    pub fn of(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut figures = Self::default();
        let add = |slot: &mut Money, amount: Money| *slot = slot.saturating_add(amount);
        for Part { heading, standing, moved, takes_from_stock } in parts {
            let (stands, moves) = (heading.shown(standing), heading.shown(moved));
            match heading.current() {
                Some(Current::Asset) => add(&mut figures.current_assets, stands),
                Some(Current::Liability) => add(&mut figures.current_liabilities, stands),
                None => {}
            }
            match heading {
                Heading::Stock => {
                    add(&mut figures.stock, stands);
                    add(&mut figures.purchases, moves);
                }
                Heading::Debtor => add(&mut figures.debtors, stands),
                Heading::Creditor => add(&mut figures.creditors, stands),
                Heading::Loan => add(&mut figures.loans, stands),
                Heading::Capital | Heading::Result => add(&mut figures.capital, stands),
                Heading::Sales => add(&mut figures.sales, moves),
                Heading::Purchase => add(&mut figures.purchases, moves),
                _ => {}
            }
            // Stock grew by what was bought less what left it; the sum of both is what was bought.
            if takes_from_stock && heading.is_of_the_year() {
                add(&mut figures.purchases, moves);
            }
            match heading {
                Heading::Sales | Heading::DirectIncome => add(&mut figures.gross_profit, moves),
                Heading::Purchase | Heading::DirectExpense => {
                    add(&mut figures.gross_profit, -moves);
                    add(&mut figures.direct_expense, moves);
                }
                _ => {}
            }
            if heading.is_of_the_year() {
                add(&mut figures.net_profit, -moved);
                add(&mut figures.capital, -standing);
            }
        }
        figures
    }

    /// Current assets less current liabilities.
    pub fn working_capital(self) -> Money {
        self.current_assets.saturating_sub(self.current_liabilities)
    }

    /// The two figures of a ratio: what is divided, and by what.
    pub fn pair(self, ratio: Ratio) -> (Money, Money) {
        match ratio {
            Ratio::Current => (self.current_assets, self.current_liabilities),
            Ratio::Quick => {
                (self.current_assets.saturating_sub(self.stock), self.current_liabilities)
            }
            Ratio::DebtToEquity => (self.loans, self.capital),
            Ratio::GrossMargin => (self.gross_profit, self.sales),
            Ratio::NetMargin => (self.net_profit, self.sales),
            Ratio::ReturnOnCapital => (self.net_profit, self.capital),
            Ratio::DebtorDays => (self.debtors, self.sales),
            Ratio::CreditorDays => (self.creditors, self.purchases),
            Ratio::StockDays => (self.stock, self.direct_expense),
        }
    }

    /// A ratio over a period of so many days, in ten-thousandths of its unit, to the nearest; a half
    /// rounds away from zero.
    ///
    /// # Errors
    /// Why there is none: what it would be divided by is not above zero.
    pub fn ratio(self, ratio: Ratio, days: i64) -> Result<i64, Gap> {
        let (over, under) = self.pair(ratio);
        let gap = match ratio {
            Ratio::Current | Ratio::Quick => Gap::NoCurrentLiabilities,
            Ratio::DebtToEquity | Ratio::ReturnOnCapital => Gap::NoCapital,
            Ratio::GrossMargin | Ratio::NetMargin | Ratio::DebtorDays => Gap::NoSales,
            Ratio::CreditorDays => Gap::NoPurchases,
            Ratio::StockDays => Gap::NoDirectExpense,
        };
        if under <= Money::ZERO {
            return Err(gap);
        }
        let factor = match ratio.unit() {
            Unit::Times => 1,
            Unit::Percent => 100,
            Unit::Days => i128::from(days),
        };
        let (over, under) = (i128::from(over.minor()) * factor, i128::from(under.minor()));
        let doubled = over.saturating_mul(2 * PLACES);
        let nearest = doubled.saturating_add(under * over.signum()) / (under * 2);
        Ok(i64::try_from(nearest).unwrap_or(if over < 0 { i64::MIN } else { i64::MAX }))
    }
}

const PLACES: i128 = 10_000;

/// A ratio as a decimal number without needless zeros.
pub fn format(ten_thousandths: i64) -> String {
    let text = Money::from_minor(ten_thousandths).format(4);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64) -> Money {
        Money::from_minor(minor)
    }

    #[test]
    fn ratios_are_rounded_to_four_places() {
        let figures = Figures {
            current_assets: money(500),
            stock: money(100),
            current_liabilities: money(300),
            sales: money(700),
            net_profit: money(-1),
            debtors: money(70),
            ..Figures::default()
        };
        let shown = |ratio| figures.ratio(ratio, 365).map(format);
        assert_eq!(shown(Ratio::Current), Ok("1.6667".to_owned()));
        assert_eq!(shown(Ratio::Quick), Ok("1.3333".to_owned()));
        assert_eq!(shown(Ratio::NetMargin), Ok("-0.1429".to_owned()));
        assert_eq!(shown(Ratio::DebtorDays), Ok("36.5".to_owned()));
        assert_eq!(shown(Ratio::GrossMargin), Ok("0".to_owned()));
    }

    #[test]
    fn what_cannot_be_divided_says_why() {
        let none = Figures { capital: money(-5), ..Figures::default() };
        let expected = [
            Gap::NoCurrentLiabilities,
            Gap::NoCurrentLiabilities,
            Gap::NoCapital,
            Gap::NoSales,
            Gap::NoSales,
            Gap::NoCapital,
            Gap::NoSales,
            Gap::NoPurchases,
            Gap::NoDirectExpense,
        ];
        for (ratio, gap) in Ratio::EVERY.into_iter().zip(expected) {
            assert_eq!(none.ratio(ratio, 365), Err(gap), "{ratio:?}");
        }
    }

    #[test]
    fn what_was_bought_is_told_from_stock_and_what_left_it() {
        let part = |heading, moved, takes_from_stock| Part {
            heading,
            standing: money(moved),
            moved: money(moved),
            takes_from_stock,
        };
        // Bought 900 into stock, 500 of it sold; 40 bought and spent at once; wages of 30.
        let figures = Figures::of([
            part(Heading::Stock, 400, false),
            part(Heading::DirectExpense, 500, true),
            part(Heading::Purchase, 40, false),
            part(Heading::DirectExpense, 30, false),
            part(Heading::Sales, -800, false),
            part(Heading::Creditor, -200, false),
        ]);
        assert_eq!(figures.purchases, money(940));
        assert_eq!(figures.direct_expense, money(570));
        assert_eq!((figures.gross_profit, figures.net_profit), (money(230), money(230)));
        assert_eq!(figures.capital, money(230));
        assert_eq!(figures.working_capital(), money(200));
    }

    #[test]
    fn greatest_amounts_do_not_overflow() {
        let figures = Figures { sales: money(1), debtors: money(i64::MAX), ..Figures::default() };
        assert_eq!(figures.ratio(Ratio::DebtorDays, i64::MAX), Ok(i64::MAX));
    }
}
