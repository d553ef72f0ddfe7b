//! Tally's XML: small files with what real ones have, and what is wrong with them.

use chrono::NaiveDate;
use daybook::interchange::{
    Findings, Known, Reason, review,
    staged::{BillKind, VoucherState},
    standard, tally,
};
use daybook_domain::chart::Nature;

use crate::{errors, limits, money, notes, rupees};

const MASTERS: &[u8] = include_bytes!("files/masters.xml");
const VOUCHERS: &[u8] = include_bytes!("files/vouchers.xml");

fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

#[test]
fn masters_are_read_with_openings_bills_and_parties() {
    let reading = tally::read(MASTERS, &rupees(), &limits());
    assert_eq!(errors(&reading.findings), []);
    assert_eq!(notes(&reading.findings), [Reason::NotTaken]);
    let books = reading.books;
    let groups: Vec<_> = books
        .groups
        .iter()
        .map(|group| (group.name.as_str(), group.parent.as_deref(), group.nature))
        .collect();
    assert_eq!(
        groups,
        [
            ("Town Customers", Some("Sundry Debtors"), None),
            ("Shop Running", None, Some(Nature::Expense)),
        ]
    );
    assert_eq!(books.ledgers.len(), 5);
    let anita = &books.ledgers[0];
    assert_eq!(anita.name, "Anita's Boutique & Co");
    assert_eq!((anita.line, anita.aliases.as_slice()), (24, &["AB01".to_owned()][..]));
    assert_eq!(anita.opening, money("1500.50"));
    let bill = &anita.opening_bills[..];
    assert_eq!(bill.len(), 1);
    assert_eq!((bill[0].kind, bill[0].due), (BillKind::New, day(2025, 3, 30)));
    let party = anita.party.as_ref().unwrap();
    assert_eq!(party.gstin.as_deref(), Some("27AAACA0000A1ZY"));
    assert_eq!(party.address.as_deref(), Some("4 Lace Lane\nPune"));
    assert_eq!(books.ledgers[2].name, "Cloth & Thread");
    assert_eq!(books.ledgers[4].opening, money("-1500.50"));
    assert_eq!(books.parties().count(), 1);
}

#[test]
fn vouchers_are_read_from_either_list_and_below_stock_lines() {
    let reading = tally::read(VOUCHERS, &rupees(), &limits());
    assert_eq!(errors(&reading.findings), []);
    let [sale, receipt, cancelled] = reading.books.vouchers.as_slice() else { panic!() };
    assert_eq!(sale.narration.as_deref(), Some("Cloth sold\non credit"));
    assert_eq!(sale.reference.as_deref(), Some("PO-9"));
    let entries: Vec<_> =
        sale.entries.iter().map(|entry| (entry.ledger.as_str(), entry.amount)).collect();
    assert_eq!(
        entries,
        [
            ("Anita's Boutique & Co", money("1,05,000.00")),
            ("Output CGST", money("-5000.00")),
            ("Cloth & Thread", money("-100000.00")),
        ]
    );
    assert_eq!(sale.entries[0].bills[0].due, day(2025, 5, 16));
    let shares: Vec<_> = sale.entries[2].cost_shares.iter().map(|share| share.amount).collect();
    assert_eq!(shares, [money("-60000.00"), money("-40000.00")]);
    let kinds: Vec<_> = receipt.entries[0].bills.iter().map(|bill| bill.kind).collect();
    assert_eq!(kinds, [BillKind::Against, BillKind::OnAccount]);
    let cash = &receipt.entries[1];
    assert_eq!(cash.amount, money("8300.00"));
    let foreign = cash.foreign.as_ref().unwrap();
    assert_eq!((foreign.commodity.as_str(), foreign.quantity.to_string()), ("$", "100.00".into()));
    assert_eq!(cash.instrument.as_ref().unwrap().number.as_deref(), Some("004211"));
    assert_eq!((cancelled.state, cancelled.entries.len()), (VoucherState::Cancelled, 0));
}

#[test]
fn masters_and_vouchers_together_keep_the_rules() {
    let mut books = tally::read(MASTERS, &rupees(), &limits()).books;
    books.vouchers = tally::read(VOUCHERS, &rupees(), &limits()).books.vouchers;
    let known =
        Known::default().groups(standard::group_names()).voucher_types(["Sales", "Receipt"]);
    let mut findings = Findings::new(100);
    let books = review(books, &known, &limits(), &mut findings);
    assert_eq!(errors(&findings), []);
    assert_eq!(books.vouchers.len(), 3);
}

#[test]
fn utf_16_and_utf_8_tell_the_same() {
    let text = std::str::from_utf8(MASTERS).unwrap();
    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (one, other) =
        (tally::read(MASTERS, &rupees(), &limits()), tally::read(&wide, &rupees(), &limits()));
    assert_eq!(one.books, other.books);
    let bare: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(one.books, tally::read(&bare, &rupees(), &limits()).books);
}

#[test]
fn one_fault_costs_one_voucher() {
    let text = std::str::from_utf8(VOUCHERS).unwrap();
    for (from, to, reason) in [
        ("<DATE>20250401<", "<DATE>20250231<", Reason::BadDate),
        (">5000.00<", ">5O00.00<", Reason::BadAmount),
        (">5000.00<", ">5000.001<", Reason::BadAmount),
        (">New Ref<", ">Old Ref<", Reason::BadValue),
        (">45 Days<", ">soon<", Reason::BadDate),
        ("<LEDGERNAME>Output CGST<", "<LEDGERNAME><", Reason::MissingValue),
        ("<DATE>20250401</DATE>", "", Reason::MissingValue),
    ] {
        assert!(text.contains(from), "{from}");
        let file = text.replacen(from, to, 1);
        let reading = tally::read(file.as_bytes(), &rupees(), &limits());
        assert_eq!(reading.books.vouchers.len(), 2, "{to}");
        let found: Vec<_> = errors(&reading.findings).into_iter().map(|(_, why)| why).collect();
        assert_eq!(found, [reason], "{to}");
        let record = reading.findings.iter().find_map(|finding| finding.record.as_deref());
        assert_eq!(record, Some("Sales 1"), "{to}");
    }
}

#[test]
fn what_is_no_tally_file_says_so() {
    for text in ["", "hello", "<A></A>", "<html><body><p>x</body></html>"] {
        let reading = tally::read(text.as_bytes(), &rupees(), &limits());
        assert_eq!(reading.findings.errors(), 1, "{text}");
        assert!(reading.books.ledgers.is_empty());
    }
}

#[test]
fn a_limit_ends_the_reading_with_a_finding() {
    let few = daybook::interchange::Limits { ledgers_max: 2, vouchers_max: 1, ..limits() };
    let masters = tally::read(MASTERS, &rupees(), &few);
    assert_eq!(masters.books.ledgers.len(), 2);
    assert_eq!(masters.findings.errors(), 1);
    let vouchers = tally::read(VOUCHERS, &rupees(), &few);
    assert_eq!(vouchers.books.vouchers.len(), 1);
    assert_eq!(vouchers.findings.errors(), 1);
}
