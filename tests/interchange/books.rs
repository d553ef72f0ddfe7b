//! Rules over staged books, whatever format they came from.

use chrono::NaiveDate;
use daybook::interchange::{
    Findings, Known, Reason, StagedBooks, review,
    staged::{BillKind, StagedBill, StagedEntry, StagedGroup, StagedLedger, StagedVoucher},
};

use crate::{errors, limits, money, notes, rupees};

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 4, 1).unwrap()
}

fn voucher(line: u64, number: &str, entries: &[(&str, &str)]) -> StagedVoucher {
    let mut voucher = StagedVoucher::dated(line, day());
    voucher.voucher_type = Some("Journal".to_owned());
    voucher.number = Some(number.to_owned());
    voucher.entries = entries
        .iter()
        .map(|(ledger, amount)| StagedEntry::of(line, (*ledger).to_owned(), money(amount)))
        .collect();
    voucher
}

fn reviewed(books: StagedBooks) -> (StagedBooks, Findings) {
    let known = Known::default()
        .ledgers(["Cash", "Rent"])
        .groups(["Sundry Debtors"])
        .voucher_types(["journal"]);
    let mut findings = Findings::new(100);
    let books = review(books, &known, &limits(), &mut findings);
    (books, findings)
}

#[test]
fn each_bad_voucher_is_one_finding_and_the_others_stay() {
    let mut books = StagedBooks::new(rupees());
    let mut with_bills = voucher(7, "7", &[("Rent", "5.00"), ("Cash", "-5.00")]);
    with_bills.entries[0].bills.push(StagedBill {
        line: 7,
        kind: BillKind::Against,
        name: Some("X".to_owned()),
        date: None,
        due: None,
        amount: money("4.00"),
    });
    let mut other_type = voucher(8, "8", &[("rent", "5.00"), ("CASH", "-5.00")]);
    other_type.voucher_type = Some("Loyalty Card".to_owned());
    books.vouchers = vec![
        voucher(1, "1", &[("rent", "5.00"), ("CASH", "-5.00")]),
        voucher(2, "2", &[("Rent", "5.00"), ("Cash", "-4.99")]),
        voucher(3, "3", &[("Rent", "5.00")]),
        voucher(4, "4", &[("Rent", "5.00"), ("No Such Ledger", "-5.00")]),
        voucher(5, "5", &[("Rent", "5.00"), ("Cash", "-5.00"), ("Cash", "0.00")]),
        with_bills,
        other_type,
    ];
    let (books, findings) = reviewed(books);
    let kept: Vec<_> = books.vouchers.iter().map(|voucher| voucher.line).collect();
    assert_eq!(kept, [1]);
    assert_eq!(
        errors(&findings),
        [
            (2, Reason::Unbalanced),
            (3, Reason::EntryCount),
            (4, Reason::UnknownLedger),
            (5, Reason::ZeroAmount),
            (7, Reason::BillsDiffer),
            (8, Reason::UnknownVoucherType),
        ]
    );
    let first = findings.iter().next().unwrap();
    assert_eq!(first.record.as_deref(), Some("Journal 2"));
}

#[test]
fn one_identity_is_one_voucher() {
    let mut books = StagedBooks::new(rupees());
    let with_key = |line, amount: &str, other: &str| {
        let mut voucher = voucher(line, "1", &[("Rent", amount), ("Cash", other)]);
        voucher.key = Some("k".to_owned());
        voucher
    };
    books.vouchers = vec![
        with_key(1, "5.00", "-5.00"),
        with_key(2, "5.00", "-5.00"),
        with_key(3, "9.00", "-9.00"),
    ];
    let (books, findings) = reviewed(books);
    assert_eq!(books.vouchers.len(), 1);
    assert_eq!(errors(&findings), [(3, Reason::Conflict)]);
    assert_eq!(notes(&findings), [Reason::Duplicate]);
}

#[test]
fn groups_hang_together() {
    let mut books = StagedBooks::new(rupees());
    let group = |line, name: &str, parent: Option<&str>| StagedGroup {
        line,
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        nature: None,
    };
    books.groups = vec![
        group(1, "Town", Some("sundry debtors")),
        group(2, "A", Some("B")),
        group(3, "B", Some("a")),
        group(4, "Lost", Some("Nowhere")),
        group(5, "Below a circle", Some("A")),
    ];
    let mut ledger = StagedLedger::named(6, "Shop".to_owned());
    ledger.group = Some("Nowhere".to_owned());
    books.ledgers = vec![ledger.clone(), StagedLedger { line: 7, ..ledger }];
    books.ledgers[1].group = Some("Town".to_owned());
    let (books, findings) = reviewed(books);
    assert_eq!(books.ledgers.len(), 1);
    assert_eq!(
        errors(&findings),
        [
            (4, Reason::UnknownGroup),
            (2, Reason::GroupCycle),
            (3, Reason::GroupCycle),
            (6, Reason::UnknownGroup),
            (7, Reason::Conflict),
        ]
    );
}
