//! What holds of the statements of any books that balance.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::{
    cash_flow::{CashFlow, Moved},
    funds_flow::{FundsFlow, Shifted},
    heading::{Activity, Heading},
    profit::Profit,
    sheet::Sheet,
    tree::{Leaf, Named, totals, tree},
    turn::{Reached, standings},
};
use crate::{chart::GroupNode, money::Money};

const HEADINGS: [Heading; 21] = [
    Heading::Cash,
    Heading::Overdraft,
    Heading::Stock,
    Heading::Debtor,
    Heading::OtherCurrentAsset,
    Heading::Creditor,
    Heading::OtherCurrentLiability,
    Heading::FixedAsset,
    Heading::Investment,
    Heading::OtherAsset,
    Heading::Capital,
    Heading::Loan,
    Heading::Branch,
    Heading::OtherLiability,
    Heading::Result,
    Heading::Sales,
    Heading::DirectIncome,
    Heading::Purchase,
    Heading::DirectExpense,
    Heading::IndirectIncome,
    Heading::IndirectExpense,
];
/// The ledger that stands under [`Heading::Result`].
const RESULT: usize = 14;
const YEAR: i64 = 100;

/// A voucher of some books: its day, and what it moves on which ledger.
#[derive(Debug, Clone)]
struct Voucher {
    day: i64,
    entries: Vec<(usize, Money)>,
}

/// A voucher that balances: the last entry takes what is left.
fn voucher() -> impl Strategy<Value = Voucher> {
    let entry = (0..HEADINGS.len(), -1_000_000_000_i64..1_000_000_000);
    (0..3 * YEAR, prop::collection::vec(entry, 1..5), 0..HEADINGS.len()).prop_map(
        |(day, entries, last)| {
            let mut entries: Vec<(usize, Money)> =
                entries.into_iter().map(|(at, minor)| (at, Money::from_minor(minor))).collect();
            let sum = Money::sum(entries.iter().map(|(_, amount)| *amount)).unwrap();
            entries.push((last, -sum));
            Voucher { day, entries }
        },
    )
}

fn books() -> impl Strategy<Value = Vec<Voucher>> {
    prop::collection::vec(voucher(), 0..40)
}

/// What each ledger came to over the days of `which`.
fn sums(vouchers: &[Voucher], which: impl Fn(&Voucher) -> bool) -> HashMap<usize, Money> {
    let mut sums: HashMap<usize, Money> = HashMap::new();
    for voucher in vouchers.iter().filter(|voucher| which(voucher)) {
        for (ledger, amount) in &voucher.entries {
            let slot = sums.entry(*ledger).or_default();
            *slot = slot.saturating_add(*amount);
        }
    }
    sums
}

fn at(sums: &HashMap<usize, Money>, ledger: usize) -> Money {
    sums.get(&ledger).copied().unwrap_or_default()
}

fn stood(vouchers: &[Voucher], day: i64) -> HashMap<usize, Money> {
    let year = day - day % YEAR;
    let before = sums(vouchers, |voucher| voucher.day < year);
    let until = sums(vouchers, |voucher| voucher.day <= day);
    let reached = (0..HEADINGS.len()).map(|ledger| Reached {
        ledger,
        is_of_the_year: HEADINGS[ledger].is_of_the_year(),
        before_year: at(&before, ledger),
        until: at(&until, ledger),
    });
    standings(reached, Some(RESULT))
}

fn touches(voucher: &Voucher, is_it: impl Fn(Heading) -> bool) -> bool {
    voucher.entries.iter().any(|(ledger, _)| is_it(HEADINGS[*ledger]))
}

proptest! {
    #[test]
    fn a_balance_sheet_balances_at_every_day(books in books(), day in 0..3 * YEAR) {
        let stood = stood(&books, day);
        prop_assert_eq!(Money::sum(stood.values().copied()), Some(Money::ZERO));
        let sheet = Sheet::of(stood.iter().map(|(ledger, one)| (HEADINGS[*ledger], *one)));
        prop_assert_eq!(sheet.difference(), Money::ZERO);
        // Its profit is the profit and loss account of the year up to that day.
        let year = day - day % YEAR;
        let moved = sums(&books, |voucher| (year..=day).contains(&voucher.day));
        let profit = Profit::of(moved.iter().map(|(ledger, one)| (HEADINGS[*ledger], *one)));
        prop_assert_eq!(sheet.profit, profit.net());
    }

    #[test]
    fn both_ways_of_telling_the_cash_flow_agree(books in books(), from in 0..3 * YEAR, days in 0..3 * YEAR) {
        let within = |voucher: &Voucher| (from..=from + days).contains(&voucher.day);
        let is_cash = |heading: Heading| heading.activity() == Activity::Cash;
        let all = sums(&books, within);
        let with_cash = sums(&books, |voucher| within(voucher) && touches(voucher, is_cash));
        let moved = (0..HEADINGS.len()).map(|ledger| {
            (HEADINGS[ledger], Moved { all: at(&all, ledger), with_cash: at(&with_cash, ledger) })
        });
        let flow = CashFlow::of(moved);
        prop_assert!(flow.is_reconciled(), "{:?}", flow);
        let cash = HEADINGS.iter().enumerate().filter(|(_, heading)| is_cash(**heading));
        prop_assert_eq!(Money::sum(cash.map(|(ledger, _)| at(&all, ledger))), Some(flow.change));
        let profit = Profit::of(all.iter().map(|(ledger, one)| (HEADINGS[*ledger], *one)));
        prop_assert_eq!(flow.net_profit, profit.net());
    }

    #[test]
    fn funds_come_from_somewhere(books in books(), from in 0..3 * YEAR, days in 0..3 * YEAR) {
        let within = |voucher: &Voucher| (from..=from + days).contains(&voucher.day);
        let is_current = |heading: Heading| heading.current().is_some();
        let all = sums(&books, within);
        let mut funds: HashMap<usize, (Money, Money)> = HashMap::new();
        for voucher in books.iter().filter(|voucher| within(voucher) && touches(voucher, is_current)) {
            for (ledger, amount) in &voucher.entries {
                let (used, brought) = funds.entry(*ledger).or_default();
                let slot = if amount.is_negative() { brought } else { used };
                *slot = slot.saturating_add(amount.size());
            }
        }
        let moved = (0..HEADINGS.len()).map(|ledger| {
            let (used, brought) = funds.get(&ledger).copied().unwrap_or_default();
            (HEADINGS[ledger], Shifted { all: at(&all, ledger), used, brought })
        });
        let flow = FundsFlow::of(moved);
        prop_assert!(flow.is_reconciled(), "{:?}", flow);
    }

    #[test]
    fn a_tree_loses_nothing(
        parents in prop::collection::vec(prop::option::of(0..24_usize), 24),
        leaves in prop::collection::vec(
            (prop::option::of(0..26_usize), -1_000_000_i64..1_000_000, -1_000_000_i64..1_000_000), 0..60),
    ) {
        let groups: Vec<GroupNode<usize>> =
            parents.iter().enumerate().map(|(id, parent)| GroupNode { id, parent: *parent }).collect();
        let leaves: Vec<Leaf<usize, usize>> = leaves
            .into_iter()
            .enumerate()
            .map(|(ledger, (group, one, two))| Leaf {
                ledger, group, amounts: vec![Money::from_minor(one), Money::from_minor(two)],
            })
            .collect();
        let sums = totals(&leaves, 2);
        let count = leaves.len();
        let lines = tree(&groups, leaves.clone());
        let add = |sum: Vec<Money>, amounts: &[Money]| -> Vec<Money> {
            sum.iter().zip(amounts).map(|(sum, amount)| sum.saturating_add(*amount)).collect()
        };
        // The top lines add up to the totals, and so do the ledgers.
        let top = lines.iter().filter(|line| line.level == 1);
        prop_assert_eq!(top.fold(vec![Money::ZERO; 2], |sum, line| add(sum, &line.amounts)), sums.clone());
        let own = lines.iter().filter(|line| matches!(line.named, Named::Ledger(_)));
        let seen: HashSet<_> = own.clone().map(|line| line.named).collect();
        prop_assert_eq!(seen.len(), count);
        prop_assert_eq!(own.fold(vec![Money::ZERO; 2], |sum, line| add(sum, &line.amounts)), sums);
        // Each group is what stands directly below it, and comes before it.
        for (place, line) in lines.iter().enumerate() {
            let Named::Group(group) = line.named else { continue };
            let below: Vec<_> = lines.iter().enumerate().filter(|(_, one)| one.parent == Some(group)).collect();
            prop_assert!(!below.is_empty());
            prop_assert!(below.iter().all(|(at, one)| *at > place && one.level == line.level + 1));
            let sum = below.iter().fold(vec![Money::ZERO; 2], |sum, (_, one)| add(sum, &one.amounts));
            prop_assert_eq!(sum, line.amounts.clone());
        }
    }
}
