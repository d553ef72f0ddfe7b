//! The example balances, and nothing is paid that is not there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may fail loudly")]

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{gstin::Gstin, voucher::BaseType};

use super::{
    cast::{CAST, Shop},
    diary::{self, Draft},
};

fn shops() -> impl Iterator<Item = &'static Shop> {
    CAST.iter().flat_map(|player| player.shops)
}

fn begins() -> Vec<NaiveDate> {
    (1..=12).map(|month| NaiveDate::from_ymd_opt(2025, month, 1).unwrap()).collect()
}

#[test]
fn every_voucher_balances_and_money_never_runs_out() {
    for begins in begins() {
        for shop in shops() {
            let mut balances: HashMap<&str, i64> =
                HashMap::from([(shop.bank, shop.bank_opening * 100)]);
            for draft in diary::of(shop, begins) {
                assert_eq!(draft.lines.iter().map(|line| line.1).sum::<i64>(), 0, "{draft:?}");
                assert!(draft.lines.iter().all(|line| line.1 != 0), "{draft:?}");
                for (ledger, amount) in &draft.lines {
                    *balances.entry(ledger).or_default() += amount;
                }
                for money in [diary::CASH, shop.bank] {
                    let left = balances.get(money).copied().unwrap_or(0);
                    assert!(left >= 0, "{} has {left} in {money} after {draft:?}", shop.name);
                }
            }
        }
    }
}

#[test]
fn days_follow_each_other_and_every_kind_of_voucher_occurs() {
    for begins in begins() {
        for shop in shops() {
            let drafts = diary::of(shop, begins);
            assert!(drafts.windows(2).all(|pair| pair[0].day <= pair[1].day));
            assert!((150..900).contains(&drafts.len()), "{}: {}", shop.name, drafts.len());
            for base in [BaseType::Journal, BaseType::Payment, BaseType::Receipt, BaseType::Contra]
            {
                let count = drafts.iter().filter(|draft| draft.base == base).count();
                assert!(count >= 12, "{} has {count} of {base:?}", shop.name);
            }
        }
    }
}

#[test]
fn every_run_tells_the_same() {
    let begins = NaiveDate::from_ymd_opt(2025, 11, 1).unwrap();
    let tell = || -> Vec<Draft> { shops().flat_map(|shop| diary::of(shop, begins)).collect() };
    assert_eq!(tell(), tell());
}

#[test]
fn registrations_are_valid_in_form() {
    for gstin in shops().filter_map(|shop| shop.gstin) {
        assert!(Gstin::parse(gstin).is_ok(), "{gstin}");
    }
}
