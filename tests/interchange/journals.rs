//! Plain-text journals: what real ones have, and what is wrong with them.

use chrono::NaiveDate;
use daybook::interchange::{Reason, journal, staged::StagedBooks};
use daybook_domain::{chart::Nature, money::Money};

use crate::{errors, limits, money, moved, notes, rupees};

const SHOP: &[u8] = include_bytes!("files/shop.journal");
const FAULTY: &[u8] = include_bytes!("files/faulty.journal");
const BEANCOUNT: &[u8] = include_bytes!("files/shop.beancount");

fn stands(books: &StagedBooks, ledger: &str) -> Money {
    Money::from_minor(moved(books).get(ledger).copied().unwrap_or_default())
}

#[test]
fn an_hledger_journal_becomes_books() {
    let reading = journal::read_hledger(SHOP, &rupees(), &limits());
    assert_eq!(errors(&reading.findings), []);
    let books = reading.books;
    let numbers: Vec<_> = books.vouchers.iter().map(|voucher| voucher.number.as_deref()).collect();
    assert_eq!(numbers, [None, Some("INV/1"), Some("RCT/1"), None, None]);
    assert_eq!(books.vouchers[1].date, NaiveDate::from_ymd_opt(2025, 4, 2).unwrap());
    assert_eq!(books.vouchers[1].narration.as_deref(), Some("Anita | cloth"));
    assert_eq!(books.vouchers[1].line, 19);
    assert_eq!(books.vouchers[1].entries[2].line, 22);
    // What is left out is inferred.
    assert_eq!(stands(&books, "equity:opening"), money("-1,05,000.00"));
    assert_eq!(stands(&books, "assets:debtors:anita"), Money::ZERO);
    assert_eq!(stands(&books, "assets:cash"), money("6,050.00"));
    assert_eq!(stands(&books, "assets:bank"), money("87,625.00"));
    let dollars = &books.vouchers[3].entries[0];
    assert_eq!(dollars.amount, money("8,325.00"));
    let foreign = dollars.foreign.as_ref().unwrap();
    assert_eq!((foreign.commodity.as_str(), foreign.quantity.to_string()), ("$", "100.00".into()));
    let cloth = books.vouchers[4].entries[0].foreign.as_ref().unwrap();
    assert_eq!((cloth.commodity.as_str(), cloth.quantity.to_string()), ("cotton m", "40.5".into()));
    let groups: Vec<_> =
        books.groups.iter().map(|group| (group.name.as_str(), group.nature)).collect();
    assert_eq!(
        groups,
        [
            ("assets", Some(Nature::Asset)),
            ("equity", Some(Nature::Liability)),
            ("assets:debtors", Some(Nature::Asset)),
            ("income", Some(Nature::Income)),
            ("liabilities", Some(Nature::Liability)),
        ]
    );
    let debtor = books.ledgers.iter().find(|ledger| ledger.name == "assets:debtors:anita").unwrap();
    assert_eq!(debtor.group.as_deref(), Some("assets:debtors"));
    // A virtual posting, payee and price lines, and tags are told.
    assert_eq!(notes(&reading.findings), [Reason::NotTaken; 4]);
}

#[test]
fn each_fault_of_an_hledger_journal_has_its_line() {
    let reading = journal::read_hledger(FAULTY, &rupees(), &limits());
    assert_eq!(
        errors(&reading.findings),
        [
            (1, Reason::IncludeRefused),
            (4, Reason::BadDate),
            (8, Reason::Unbalanced),
            (15, Reason::Unbalanced),
            (18, Reason::BadAmount),
            (22, Reason::BadAmount),
            (25, Reason::Unbalanced),
            (31, Reason::NotTaken),
            (38, Reason::NotTaken),
            (35, Reason::BalanceDiffers),
        ]
    );
    assert_eq!(reading.books.vouchers.len(), 2);
}

#[test]
fn numbers_of_other_countries_are_told_apart() {
    let read = |text: &str| journal::read_hledger(text.as_bytes(), &rupees(), &limits());
    let transaction = "2025-04-01 x\n  a  1.000,50 INR\n  b\n";
    assert_eq!(stands(&read(transaction).books, "a"), money("1,000.50"));
    // One comma before three digits could be either, until the file says which.
    let unclear = "2025-04-01 x\n  a  1,000 INR\n  b\n";
    assert_eq!(errors(&read(unclear).findings), [(2, Reason::BadAmount)]);
    let said = format!("decimal-mark .\n{unclear}");
    assert_eq!(stands(&read(&said).books, "a"), money("1,000.00"));
    let said = format!("commodity 1.000,00 INR\n{unclear}");
    assert_eq!(stands(&read(&said).books, "a"), money("1.00"));
    let year = "Y2025\n4/1 x\n  a  5\n  b\n";
    assert_eq!(read(year).books.vouchers[0].date.to_string(), "2025-04-01");
}

#[test]
fn prices_round_to_balance_and_two_commodities_are_a_conversion() {
    let read = |text: &str| journal::read_hledger(text.as_bytes(), &rupees(), &limits());
    let rounded = read("2025-04-01 x\n  shares  3 ITC @ 33.3333 INR\n  bank  -100.00 INR\n");
    assert_eq!(errors(&rounded.findings), []);
    assert_eq!(notes(&rounded.findings), [Reason::Rounded]);
    assert_eq!(stands(&rounded.books, "shares"), money("100.00"));
    let text = "2025-04-01 x\n  shares  3 ITC @ 33.335 INR\n  more  1 ITC @ 0.005 INR\n  bank  -100.01 INR\n";
    let moved_by_one = read(text);
    assert_eq!(errors(&moved_by_one.findings), []);
    assert_eq!(notes(&moved_by_one.findings), [Reason::Rounded, Reason::Rounded]);
    assert_eq!(stands(&moved_by_one.books, "shares"), money("100.00"));
    let converted = read("2025-04-01 x\n  fair  100 EUR\n  bank  -9,000.00 INR\n");
    assert_eq!(errors(&converted.findings), []);
    assert_eq!(stands(&converted.books, "fair"), money("9,000.00"));
    let hours =
        read("2025-04-01 x\n  pay  5 INR\n  bank  -5 INR\n  off  4 HOURS\n  earned  -4 HOURS\n");
    assert_eq!(errors(&hours.findings), []);
    assert_eq!(notes(&hours.findings), [Reason::OtherCommodity]);
    assert_eq!(hours.books.vouchers[0].entries.len(), 2);
}

#[test]
fn a_beancount_journal_becomes_books() {
    let reading = journal::read_beancount(BEANCOUNT, &rupees(), &limits());
    assert_eq!(
        errors(&reading.findings),
        [(37, Reason::IncludeRefused), (35, Reason::BalanceDiffers)]
    );
    let books = reading.books;
    // Three transactions, and the pad that brings the bank to its stated balance.
    assert_eq!(books.vouchers.len(), 4);
    assert_eq!(books.vouchers[0].narration.as_deref(), Some("Anita | Cloth sold,\nin two lines"));
    assert_eq!(books.vouchers[1].line, 26);
    assert_eq!(stands(&books, "Assets:Cash"), money("1,050.00"));
    assert_eq!(stands(&books, "Expenses:Rent"), money("3,000.00"));
    assert_eq!(stands(&books, "Assets:Shares"), money("4,001.00"));
    assert_eq!(stands(&books, "Equity:Opening"), money("-1,00,000.00"));
    assert_eq!(stands(&books, "Assets:Bank:Deccan"), money("92,999.00"));
    assert!(books.ledgers.iter().any(|ledger| ledger.name == "Assets:Bank:Deccan"));
}

#[test]
fn faults_of_a_beancount_journal_are_told() {
    let read = |text: &str| {
        let reading = journal::read_beancount(text.as_bytes(), &rupees(), &limits());
        errors(&reading.findings)
    };
    for (text, expected) in [
        (
            "2025-04-01 * \"x\"\n  Assets:A  1.00 INR\n  Assets:B  -0.99 INR\n",
            (1, Reason::Unbalanced),
        ),
        ("2025-04-01 * \"x\"\n  Assets:A\n  Assets:B\n", (3, Reason::Unbalanced)),
        ("2025-04-01 * \"x\"\n  Assets:A  1 X {}\n  Assets:B  -1 INR\n", (2, Reason::NotTaken)),
        ("2025-04-01 * \"x\"\n  Assets:A  1.00\n  Assets:B  -1 INR\n", (2, Reason::NotTaken)),
        ("2025-04-01 * \"x\"\n  Assets:A  1 X @\n  Assets:B\n", (2, Reason::BadAmount)),
        ("2025-02-30 * \"x\"\n  Assets:A  1 INR\n  Assets:B\n", (1, Reason::BadDate)),
        ("2025-04-01 nonsense\n", (1, Reason::NotReadable)),
        ("nonsense\n", (1, Reason::NotReadable)),
        ("2025-04-01 * \"x\"\n  Cash  1 INR\n  Assets:B\n", (2, Reason::NotReadable)),
    ] {
        assert_eq!(read(text), [expected], "{text}");
    }
}

#[test]
fn a_journal_of_ours_in_another_currency_is_told() {
    let text = b"; daybook-interchange: 1\n; currency: USD 2\n";
    let reading = journal::read_hledger(text, &rupees(), &limits());
    assert_eq!(errors(&reading.findings), [(2, Reason::Conflict)]);
}
