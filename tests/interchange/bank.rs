//! Statements of banks, and fingerprints by which no line comes in twice.

use std::collections::HashSet;

use daybook::interchange::{
    Currency, Findings, Reason,
    bank::{BankMapping, BankReading, read_bank_sheet, read_mt940, read_ofx},
    table::{Sheets, csv},
};

use crate::{errors, limits, money, notes, rupees};

const SHEET: &[u8] = include_bytes!("files/statement.csv");
const MOBILE: &[u8] = include_bytes!("files/mobile.csv");
const OFX: &[u8] = include_bytes!("files/statement.ofx");
const OFX_2: &[u8] = include_bytes!("files/statement-2.ofx");
const MT940: &[u8] = include_bytes!("files/statement.sta");

pub fn sheet(bytes: &[u8], currency: &Currency) -> BankReading {
    let limits = limits();
    let mut findings = Findings::new(limits.findings_max);
    let rows = csv::rows(bytes, &limits, &mut findings).unwrap();
    let sheets = Sheets { currency, limits: &limits };
    read_bank_sheet(&rows, &BankMapping::usual(), sheets, findings)
}

pub fn fingerprints(reading: &BankReading) -> HashSet<String> {
    reading.lines().map(|line| line.fingerprint.clone()).collect()
}

#[test]
fn a_sheet_is_read_between_letterhead_and_summary() {
    let reading = sheet(SHEET, &rupees());
    // A day that is none is told, and so is the balance that then does not follow.
    assert_eq!(errors(&reading.findings), [(9, Reason::BadDate), (10, Reason::BalanceDiffers)]);
    let statement = &reading.statements[0];
    let amounts: Vec<_> = statement.lines.iter().map(|line| line.amount).collect();
    assert_eq!(amounts, ["1050", "-500", "-500", "-3000"].map(money));
    assert_eq!(statement.opening, Some(money("1,00,000.00")));
    assert_eq!(statement.closing, Some(money("97,040.00")));
    let first = &statement.lines[0];
    assert_eq!(first.description, "UPI-ANITA, CLOTH");
    assert_eq!(first.value_date.unwrap().to_string(), "2025-04-02");
    assert_eq!(first.reference.as_deref(), Some("0000123"));
    assert_eq!(statement.lines[1].reference, None);
}

#[test]
fn lines_that_are_alike_are_two_and_the_same_ones_come_once() {
    let once = sheet(SHEET, &rupees());
    assert_eq!(fingerprints(&once).len(), once.lines().count());
    assert_eq!(fingerprints(&once), fingerprints(&sheet(SHEET, &rupees())));
    // A later file that begins on the day of the two withdrawals knows both.
    let text = std::str::from_utf8(SHEET).unwrap();
    let later: String = text
        .lines()
        .filter(|line| !line.starts_with("01/04/25"))
        .map(|line| format!("{line}\n"))
        .collect();
    let later = sheet(later.as_bytes(), &rupees());
    assert!(fingerprints(&later).is_subset(&fingerprints(&once)));
}

#[test]
fn newest_first_money_out_below_zero_and_failed_rows() {
    let reading = sheet(MOBILE, &rupees());
    assert_eq!(errors(&reading.findings), []);
    assert_eq!(notes(&reading.findings), [Reason::NotTaken]);
    let statement = &reading.statements[0];
    let amounts: Vec<_> = statement.lines.iter().map(|line| line.amount).collect();
    assert_eq!(amounts, ["200", "-100", "-5"].map(money));
    assert_eq!((statement.opening, statement.closing), (Some(money("1000")), Some(money("1095"))));
    assert_eq!(statement.lines[2].description, "Charge for QB2");
    assert_eq!(statement.lines[2].line, 2);
}

#[test]
fn one_amount_with_its_side_is_seen_from_the_account() {
    let text = b"Date,Description,Amount,Dr/Cr,Balance\n1/4/25,In,5.00,CR,5.00 Cr\n2/4/25,Out,7.00,DR,2.00 Dr\n";
    let reading = sheet(text, &rupees());
    assert_eq!(errors(&reading.findings), []);
    let amounts: Vec<_> = reading.lines().map(|line| (line.amount, line.balance)).collect();
    assert_eq!(amounts, [(money("5"), Some(money("5"))), (money("-7"), Some(money("-2")))]);
}

#[test]
fn ofx_of_either_kind_is_read_and_a_bad_line_names_its_fields() {
    let reading = read_ofx(OFX, &rupees(), &limits());
    assert_eq!(errors(&reading.findings), [(21, Reason::BadDate), (21, Reason::BadAmount)]);
    let messages: Vec<_> =
        reading.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(messages[0].contains("DTPOSTED") && messages[1].contains("TRNAMT"), "{messages:?}");
    let statement = &reading.statements[0];
    assert_eq!(statement.account.as_deref(), Some("4711~2"));
    assert_eq!(statement.currency.as_deref(), Some("INR"));
    assert_eq!(statement.closing, Some(money("549.50")));
    let [cloth, rent] = statement.lines.as_slice() else { panic!() };
    // The day as it is written, whatever the zone.
    assert_eq!(cloth.date.to_string(), "2025-04-01");
    assert_eq!(cloth.description, "ANITA & CO CLOTH");
    assert_eq!((rent.amount, rent.reference.as_deref()), (money("-500.50"), Some("319")));
    assert_eq!(rent.description, "RENT SHOP");
    let card = read_ofx(OFX_2, &rupees(), &limits());
    assert!(card.findings.is_empty(), "{:?}", card.findings);
    assert_eq!(card.statements[0].account.as_deref(), Some("card-9"));
    assert_eq!(fingerprints(&card).len(), 2);
}

#[test]
fn mt940_is_read_with_the_liberties_of_banks() {
    let reading = read_mt940(MT940, &rupees(), &limits());
    assert_eq!(errors(&reading.findings), [(13, Reason::BadDate)]);
    assert_eq!(notes(&reading.findings), [Reason::BadDate]);
    let statement = &reading.statements[0];
    assert_eq!(statement.account.as_deref(), Some("10020030/4711"));
    assert_eq!(statement.closing, Some(money("1,00,529.50")));
    let [cloth, rent, reversed] = statement.lines.as_slice() else { panic!() };
    assert_eq!(cloth.description, "GUTSCHRIFT Cloth for a fair");
    assert_eq!(cloth.counterpart.as_deref(), Some("Anita's Boutique"));
    assert_eq!(cloth.reference.as_deref(), Some("B-1"));
    assert_eq!((rent.amount, rent.date.to_string()), (money("-500.50"), "2025-03-01".to_owned()));
    assert_eq!(rent.value_date.unwrap().to_string(), "2025-02-28");
    assert_eq!(rent.description, "Rent of the shop at the counter");
    // A credit taken back goes out; its entry is in the next year.
    assert_eq!(
        (reversed.amount, reversed.date.to_string()),
        (money("-20"), "2026-01-02".to_owned())
    );
}

#[test]
fn what_is_no_statement_says_so() {
    for text in [&b""[..], b"hello", b":20:", b"<OFX></OFX>"] {
        assert!(read_ofx(text, &rupees(), &limits()).findings.errors() > 0);
        let mt940 = read_mt940(text, &rupees(), &limits());
        assert!(mt940.lines().next().is_none());
        assert!(sheet(text, &rupees()).findings.errors() > 0);
    }
}
