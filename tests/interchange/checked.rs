//! Our journals, read by hledger itself: its balances are ours to the last unit.

use std::{collections::BTreeMap, io::Write, process::Command, sync::Once};

use daybook::interchange::{StagedBooks, staged::VoucherState, tally};
use daybook_domain::money::Money;
use proptest::test_runner::TestRunner;

use crate::{invented, limits, round_trip, rupees, sample, skip};

fn is_there() -> bool {
    static TOLD: Once = Once::new();
    let is_there = Command::new("hledger").arg("--version").output().is_ok();
    if !is_there {
        skip(&TOLD, "what hledger says of our journals: it is not installed");
    }
    is_there
}

/// Balances in minor units by account, as hledger counts them.
fn by_hledger(journal: &[u8], exponent: u8) -> BTreeMap<String, i64> {
    let mut file = tempfile::NamedTempFile::with_suffix(".journal").unwrap();
    file.write_all(journal).unwrap();
    let output = Command::new("hledger")
        .arg("-f")
        .arg(file.path())
        .args(["balance", "--flat", "--no-total", "--output-format", "csv"])
        .env("LANG", "C.UTF-8")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(journal));
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let mut balances = BTreeMap::new();
    for record in reader.records() {
        let record = record.unwrap();
        let number = record[1].split(' ').next().unwrap().replace(',', "");
        balances.insert(record[0].to_owned(), Money::parse(&number, exponent).unwrap().minor());
    }
    balances.retain(|_, minor| *minor != 0);
    balances
}

/// The same balances by our own count: the last part of an account is its ledger.
fn by_us(books: &StagedBooks) -> Vec<i64> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    let mut difference = 0;
    for ledger in &books.ledgers {
        *sums.entry(&ledger.name).or_default() += ledger.opening.minor();
        difference -= ledger.opening.minor();
    }
    let counted = books.vouchers.iter().filter(|voucher| voucher.state == VoucherState::Normal);
    for entry in counted.flat_map(|voucher| &voucher.entries) {
        *sums.get_mut(entry.ledger.as_str()).unwrap() += entry.amount.minor();
    }
    let mut all: Vec<i64> =
        sums.into_values().chain([difference]).filter(|sum| *sum != 0).collect();
    all.sort_unstable();
    all
}

fn compare(books: &StagedBooks) {
    let journal = round_trip::as_hledger(books);
    let found = by_hledger(&journal, books.currency.exponent);
    let mut found: Vec<i64> = found.into_values().collect();
    found.sort_unstable();
    assert_eq!(found, by_us(books), "{}", String::from_utf8_lossy(&journal));
}

#[test]
fn invented_books_balance_alike() {
    if !is_there() {
        return;
    }
    let mut runner = TestRunner::new(crate::cases(24));
    let run = runner.run(&invented::books(), |books| {
        compare(&books);
        Ok(())
    });
    run.unwrap();
}

#[test]
fn a_real_year_balances_alike() {
    let (Some(masters), Some(vouchers)) =
        (sample("tally/masters-native-utf16.xml"), sample("tally/daybook-native-fy2025-26.xml"))
    else {
        return;
    };
    if !is_there() {
        return;
    }
    let mut books = tally::read(&masters, &rupees(), &limits()).books;
    books.opened_on = chrono::NaiveDate::from_ymd_opt(2025, 3, 31);
    books.vouchers = tally::read(&vouchers, &rupees(), &limits()).books.vouchers;
    compare(&books);
}
