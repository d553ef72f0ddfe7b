//! What a ledger is to the statements: told by its group and those above it.

use crate::{
    chart::{BANK, BANK_OVERDRAFT, CASH, Nature, STOCK_IN_HAND},
    money::Money,
};

/// Where a ledger stands in the statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Heading {
    /// Cash in hand and at banks.
    Cash,
    /// What banks let the business overdraw: a debt that moves like cash.
    Overdraft,
    /// Goods.
    Stock,
    /// What customers owe.
    Debtor,
    /// Any other current asset.
    OtherCurrentAsset,
    /// What is owed to suppliers.
    Creditor,
    /// Any other current liability.
    OtherCurrentLiability,
    /// Fixed assets.
    FixedAsset,
    /// Investments.
    Investment,
    /// An asset that is none of these.
    OtherAsset,
    /// The owner's capital, with reserves.
    Capital,
    /// Loans taken.
    Loan,
    /// Accounts with branches.
    Branch,
    /// A liability that is none of these.
    OtherLiability,
    /// Profit & Loss A/c: what earlier years came to.
    Result,
    /// Sales.
    Sales,
    /// Other income above gross profit.
    DirectIncome,
    /// Purchases.
    Purchase,
    /// Other expense above gross profit.
    DirectExpense,
    /// Income below gross profit.
    IndirectIncome,
    /// Expense below gross profit.
    IndirectExpense,
}

/// What money came or went for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activity {
    /// It is the money.
    Cash,
    /// Running the business.
    Operating,
    /// What is kept for years.
    Investing,
    /// Owners and lenders.
    Financing,
}

/// Which part of working capital a ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Current {
    /// A current asset.
    Asset,
    /// A current liability.
    Liability,
}

impl Heading {
    /// The heading of a ledger below a group, by the codes of that group (its own first, the primary
    /// one last) and by what they are.
    pub fn of<'c>(
        path: impl IntoIterator<Item = &'c str>,
        nature: Nature,
        affects_gross_profit: bool,
    ) -> Self {
        let path: Vec<&str> = path.into_iter().collect();
        let below = |code: &str| path.contains(&code);
        match nature {
            Nature::Asset if below(CASH) || below(BANK) => Self::Cash,
            Nature::Asset if below(STOCK_IN_HAND) => Self::Stock,
            Nature::Asset if below("SD") => Self::Debtor,
            Nature::Asset if below("CA") => Self::OtherCurrentAsset,
            Nature::Asset if below("FA") => Self::FixedAsset,
            Nature::Asset if below("INV") => Self::Investment,
            Nature::Asset => Self::OtherAsset,
            Nature::Liability if below(BANK_OVERDRAFT) => Self::Overdraft,
            Nature::Liability if below("SC") => Self::Creditor,
            Nature::Liability if below("CL") => Self::OtherCurrentLiability,
            Nature::Liability if below("CAP") => Self::Capital,
            Nature::Liability if below("LOAN") => Self::Loan,
            Nature::Liability if below("BRN") => Self::Branch,
            Nature::Liability => Self::OtherLiability,
            Nature::Income if below("SAL") => Self::Sales,
            Nature::Income if affects_gross_profit => Self::DirectIncome,
            Nature::Income => Self::IndirectIncome,
            Nature::Expense if below("PUR") => Self::Purchase,
            Nature::Expense if affects_gross_profit => Self::DirectExpense,
            Nature::Expense => Self::IndirectExpense,
        }
    }

    /// Asset, liability, income or expense.
    pub const fn nature(self) -> Nature {
        match self {
            Self::Cash
            | Self::Stock
            | Self::Debtor
            | Self::OtherCurrentAsset
            | Self::FixedAsset
            | Self::Investment
            | Self::OtherAsset => Nature::Asset,
            Self::Overdraft
            | Self::Creditor
            | Self::OtherCurrentLiability
            | Self::Capital
            | Self::Loan
            | Self::Branch
            | Self::OtherLiability
            | Self::Result => Nature::Liability,
            Self::Sales | Self::DirectIncome | Self::IndirectIncome => Nature::Income,
            Self::Purchase | Self::DirectExpense | Self::IndirectExpense => Nature::Expense,
        }
    }

    /// Whether it begins anew with each accounting year.
    pub const fn is_of_the_year(self) -> bool {
        matches!(self.nature(), Nature::Income | Nature::Expense)
    }

    /// What its movements are to the flow of cash.
    ///
    /// An overdraft that is repayable on demand is part of cash (Ind AS 7, paragraph 8). Where group
    /// and law leave it open (interest, deposits, advances), a movement counts as operating.
    pub const fn activity(self) -> Activity {
        match self {
            Self::Cash | Self::Overdraft => Activity::Cash,
            Self::FixedAsset | Self::Investment => Activity::Investing,
            Self::Capital | Self::Loan | Self::Branch | Self::Result => Activity::Financing,
            _ => Activity::Operating,
        }
    }

    /// Which part of working capital it is, if any. An overdraft is a current liability.
    pub const fn current(self) -> Option<Current> {
        match self {
            Self::Cash | Self::Stock | Self::Debtor | Self::OtherCurrentAsset => {
                Some(Current::Asset)
            }
            Self::Overdraft | Self::Creditor | Self::OtherCurrentLiability => {
                Some(Current::Liability)
            }
            _ => None,
        }
    }

    /// Whether its balance stays from year to year and is no part of working capital.
    pub const fn is_long_term(self) -> bool {
        !self.is_of_the_year() && self.current().is_none()
    }

    /// A balance (debit above zero) as its side of a statement shows it: what is usual there is above
    /// zero.
    pub fn shown(self, balance: Money) -> Money {
        match self.nature() {
            Nature::Asset | Nature::Expense => balance,
            Nature::Liability | Nature::Income => -balance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shared_groups_have_their_headings() {
        use Nature::{Asset, Expense, Income, Liability};
        let cases: [(&[&str], Nature, bool, Heading); 28] = [
            (&["CAP"], Liability, false, Heading::Capital),
            (&["RES", "CAP"], Liability, false, Heading::Capital),
            (&["LOAN"], Liability, false, Heading::Loan),
            (&["BOD", "LOAN"], Liability, false, Heading::Overdraft),
            (&["SEC", "LOAN"], Liability, false, Heading::Loan),
            (&["UNS", "LOAN"], Liability, false, Heading::Loan),
            (&["CL"], Liability, false, Heading::OtherCurrentLiability),
            (&["DT", "CL"], Liability, false, Heading::OtherCurrentLiability),
            (&["PROV", "CL"], Liability, false, Heading::OtherCurrentLiability),
            (&["SC", "CL"], Liability, false, Heading::Creditor),
            (&["FA"], Asset, false, Heading::FixedAsset),
            (&["INV"], Asset, false, Heading::Investment),
            (&["CA"], Asset, false, Heading::OtherCurrentAsset),
            (&["BANK", "CA"], Asset, false, Heading::Cash),
            (&["CASH", "CA"], Asset, false, Heading::Cash),
            (&["DEP", "CA"], Asset, false, Heading::OtherCurrentAsset),
            (&["LAA", "CA"], Asset, false, Heading::OtherCurrentAsset),
            (&["STK", "CA"], Asset, false, Heading::Stock),
            (&["SD", "CA"], Asset, false, Heading::Debtor),
            (&["MISC"], Asset, false, Heading::OtherAsset),
            (&["BRN"], Liability, false, Heading::Branch),
            (&["SUS"], Liability, false, Heading::OtherLiability),
            (&["SAL"], Income, true, Heading::Sales),
            (&["PUR"], Expense, true, Heading::Purchase),
            (&["DINC"], Income, true, Heading::DirectIncome),
            (&["DEXP"], Expense, true, Heading::DirectExpense),
            (&["IINC"], Income, false, Heading::IndirectIncome),
            (&["IEXP"], Expense, false, Heading::IndirectExpense),
        ];
        for (path, nature, gross, heading) in cases {
            assert_eq!(Heading::of(path.iter().copied(), nature, gross), heading, "{path:?}");
            assert_eq!(heading.nature(), nature, "{path:?}");
        }
        assert_eq!(Heading::of(["PETTY", "CASH", "CA"], Asset, false), Heading::Cash);
    }

    #[test]
    fn each_side_shows_what_is_usual_above_zero() {
        let debit = Money::from_minor(5);
        assert_eq!(Heading::Cash.shown(debit), debit);
        assert_eq!(Heading::Purchase.shown(debit), debit);
        assert_eq!(Heading::Sales.shown(debit), -debit);
        assert_eq!(Heading::Result.shown(debit), -debit);
    }

    #[test]
    fn an_overdraft_is_cash_and_a_current_liability() {
        assert_eq!(Heading::Overdraft.activity(), Activity::Cash);
        assert_eq!(Heading::Overdraft.current(), Some(Current::Liability));
        assert!(Heading::Loan.is_long_term());
        assert!(!Heading::Sales.is_long_term());
        assert!(!Heading::Overdraft.is_long_term());
    }
}
