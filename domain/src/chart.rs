//! Account groups: what kind of thing a ledger is.

/// Declares a closed set of words with the form in which they are stored.
macro_rules! words {
    ($($(#[$doc:meta])* $set:ident { $($(#[$word_doc:meta])* $name:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $set {
            $($(#[$word_doc])* $name,)+
        }

        impl $set {
            /// All of them.
            pub const EVERY: [Self; [$($word),+].len()] = [$(Self::$name),+];

            /// The word that is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The one of this word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)+ _ => None }
            }
        }
    )+};
}

pub(crate) use words;

words! {
    /// What a group's ledgers are.
    #[cfg_attr(feature = "orm", derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum))]
    #[cfg_attr(
        feature = "orm",
        sea_orm(
            rs_type = "String",
            db_type = "String(sea_orm::sea_query::StringLen::N(16))",
            rename_all = "SCREAMING_SNAKE_CASE"
        )
    )]
    Nature {
        /// What the business owns, or is owed.
        Asset = "ASSET",
        /// What it owes, its owner's capital included.
        Liability = "LIABILITY",
        /// What it earns.
        Income = "INCOME",
        /// What it spends.
        Expense = "EXPENSE",
    }

    /// The side on which a balance is usual.
    #[cfg_attr(feature = "orm", derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum))]
    #[cfg_attr(
        feature = "orm",
        sea_orm(
            rs_type = "String",
            db_type = "String(sea_orm::sea_query::StringLen::N(16))",
            rename_all = "SCREAMING_SNAKE_CASE"
        )
    )]
    NormalSide {
        /// Debit.
        Debit = "DEBIT",
        /// Credit.
        Credit = "CREDIT",
        /// Neither is more usual.
        Either = "EITHER",
    }

    /// Where a group is reported.
    #[cfg_attr(feature = "orm", derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum))]
    #[cfg_attr(
        feature = "orm",
        sea_orm(
            rs_type = "String",
            db_type = "String(sea_orm::sea_query::StringLen::N(16))",
            rename_all = "SCREAMING_SNAKE_CASE"
        )
    )]
    Statement {
        /// Its balance runs on.
        BalanceSheet = "BALANCE_SHEET",
        /// Its movements of a year make the profit.
        ProfitAndLoss = "PROFIT_AND_LOSS",
    }
}

impl Nature {
    /// The statement on which ledgers of this nature stand.
    pub const fn statement(self) -> Statement {
        match self {
            Self::Asset | Self::Liability => Statement::BalanceSheet,
            Self::Income | Self::Expense => Statement::ProfitAndLoss,
        }
    }

    /// The side on which balances of this nature are usual.
    pub const fn normal_side(self) -> NormalSide {
        match self {
            Self::Asset | Self::Expense => NormalSide::Debit,
            Self::Liability | Self::Income => NormalSide::Credit,
        }
    }
}

/// A group as the tree's rules see it; `I` is whatever tells groups apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupNode<I> {
    /// Which group.
    pub id: I,
    /// The one above; none above a primary group.
    pub parent: Option<I>,
}

/// A group and those above it, itself first and the primary one last.
///
/// Ends at a parent that is not among `groups`, and where a circle would close. Empty when `id` is
/// not among them.
pub fn ancestor_path<I: Copy + PartialEq>(id: I, groups: &[GroupNode<I>]) -> Vec<I> {
    let mut path = Vec::new();
    let mut at = Some(id);
    while let Some(group) = at.and_then(|here| groups.iter().find(|group| group.id == here)) {
        if path.contains(&group.id) {
            break;
        }
        path.push(group.id);
        at = group.parent;
    }
    path
}

/// Code of the shared group Cash-in-Hand.
pub const CASH: &str = "CASH";
/// Code of the shared group Bank Accounts.
pub const BANK: &str = "BANK";
/// Code of the shared group Bank OD A/c.
pub const BANK_OVERDRAFT: &str = "BOD";
/// Code of the shared group Duties & Taxes.
pub const DUTIES_AND_TAXES: &str = "DT";
/// Code of the shared group Stock-in-Hand.
pub const STOCK_IN_HAND: &str = "STK";

/// Code of the shared group Sundry Debtors.
pub const SUNDRY_DEBTORS: &str = "SD";
/// Code of the shared group Sundry Creditors.
pub const SUNDRY_CREDITORS: &str = "SC";

/// Whether a ledger below these groups (its own first, the primary one last) is money at hand.
pub fn is_cash_or_bank<'c>(path: impl IntoIterator<Item = &'c str>) -> bool {
    path.into_iter().any(|code| matches!(code, CASH | BANK | BANK_OVERDRAFT))
}

/// Whether a ledger below these groups (its own first, the primary one last) is an account at a bank.
pub fn is_bank<'c>(path: impl IntoIterator<Item = &'c str>) -> bool {
    path.into_iter().any(|code| matches!(code, BANK | BANK_OVERDRAFT))
}

/// Whether hanging `node` below `parent` would close a circle, given each node's parent.
pub fn would_cycle<T: Copy + PartialEq>(
    node: T,
    parent: T,
    parent_of: impl Fn(T) -> Option<T>,
    nodes: usize,
) -> bool {
    let mut at = Some(parent);
    for _ in 0..=nodes {
        match at {
            Some(here) if here == node => return true,
            Some(here) => at = parent_of(here),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_cannot_hang_below_itself() {
        let parent_of = |node: u8| match node {
            3 => Some(2),
            2 => Some(1),
            _ => None,
        };
        assert!(would_cycle(1, 3, parent_of, 3));
        assert!(would_cycle(1, 1, parent_of, 3));
        assert!(!would_cycle(3, 1, parent_of, 3));
    }

    #[test]
    fn words_come_back() {
        for one in Nature::EVERY {
            assert_eq!(Nature::parse(one.as_str()), Some(one));
        }
        for one in NormalSide::EVERY {
            assert_eq!(NormalSide::parse(one.as_str()), Some(one));
        }
        for one in Statement::EVERY {
            assert_eq!(Statement::parse(one.as_str()), Some(one));
        }
        assert_eq!(Nature::parse("asset"), None);
        assert_eq!(Nature::Expense.statement(), Statement::ProfitAndLoss);
        assert_eq!(Nature::Income.normal_side(), NormalSide::Credit);
    }

    #[cfg(feature = "orm")]
    #[test]
    fn columns_hold_the_same_words() {
        use sea_orm::ActiveEnum;
        for one in Nature::EVERY {
            assert_eq!(one.to_value(), one.as_str());
        }
        for one in NormalSide::EVERY {
            assert_eq!(one.to_value(), one.as_str());
        }
        for one in Statement::EVERY {
            assert_eq!(one.to_value(), one.as_str());
        }
    }

    #[test]
    fn a_path_leads_to_the_primary_group_and_ends() {
        let group = |id, parent| GroupNode { id, parent };
        let tree = [group(1, None), group(2, Some(1)), group(3, Some(2)), group(4, Some(9))];
        assert_eq!(ancestor_path(3, &tree), [3, 2, 1]);
        assert_eq!(ancestor_path(4, &tree), [4]);
        assert!(ancestor_path(9, &tree).is_empty());
        let circle = [group(1, Some(2)), group(2, Some(1))];
        assert_eq!(ancestor_path(1, &circle), [1, 2]);
    }

    #[test]
    fn money_at_hand_is_found_at_any_depth() {
        assert!(is_cash_or_bank(["PETTY", "CASH", "CA"]));
        assert!(!is_cash_or_bank(["SD", "CA"]));
        assert!(is_bank(["BOD", "LOAN"]) && is_bank(["OWN", "BANK", "CA"]));
        assert!(!is_bank(["CASH", "CA"]));
    }
}
