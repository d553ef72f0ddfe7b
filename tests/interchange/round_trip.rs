//! What we write, we read back exactly, whatever stands in the books.

use daybook::interchange::{
    BooksWriter, Findings, Reading, StagedBooks, journal,
    table::{self, CsvFiles, CsvWriter, Mapping, Sheets, XlsxWriter, csv, xlsx},
    tally, write,
};
use proptest::prelude::*;

use crate::{invented, limits};

fn written<'b>(books: &StagedBooks, writer: &mut (dyn BooksWriter + 'b)) {
    for group in &books.groups {
        writer.group(group).unwrap();
    }
    for ledger in &books.ledgers {
        writer.ledger(ledger).unwrap();
    }
    for voucher in &books.vouchers {
        writer.voucher(voucher).unwrap();
    }
    writer.finish().unwrap();
}

pub fn as_tally(books: &StagedBooks) -> Vec<u8> {
    let mut out = Vec::new();
    written(books, &mut tally::TallyWriter::new(&mut out, &books.head()).unwrap());
    out
}

pub fn as_hledger(books: &StagedBooks) -> Vec<u8> {
    let mut out = Vec::new();
    written(books, &mut journal::HledgerWriter::new(&mut out, &books.head()).unwrap());
    out
}

pub fn as_beancount(books: &StagedBooks) -> Vec<u8> {
    let mut out = Vec::new();
    written(books, &mut journal::BeancountWriter::new(&mut out, &books.head()).unwrap());
    out
}

pub fn as_csv(books: &StagedBooks) -> [Vec<u8>; 4] {
    let mut files = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let [groups, ledgers, openings, vouchers] = &mut files;
    let all = CsvFiles { groups, ledgers, openings, vouchers };
    written(books, &mut CsvWriter::new(all, &books.head()).unwrap());
    files
}

pub fn as_xlsx(books: &StagedBooks) -> Vec<u8> {
    let mut out = Vec::new();
    written(books, &mut XlsxWriter::new(&mut out, &books.head()).unwrap());
    out
}

/// Four sheets, in the order in which they are written.
fn from_rows(rows: [&[table::SheetRow]; 4], like: &StagedBooks, findings: Findings) -> Reading {
    let mut reading = Reading { books: StagedBooks::new(like.currency.clone()), findings };
    let limits = limits();
    let sheets = Sheets { currency: &like.currency, limits: &limits };
    let Reading { books, findings } = &mut reading;
    table::read_groups(rows[0], &Mapping::usual(), sheets, books, findings);
    table::read_ledgers(rows[1], &Mapping::usual(), sheets, books, findings);
    table::read_openings(rows[2], &Mapping::usual(), sheets, books, findings);
    table::read_vouchers(rows[3], &Mapping::usual(), sheets, books, findings);
    reading
}

fn from_csv(files: &[Vec<u8>; 4], like: &StagedBooks) -> Reading {
    let mut findings = Findings::new(100);
    let rows = files.each_ref().map(|file| csv::rows(file, &limits(), &mut findings).unwrap());
    from_rows(rows.each_ref().map(Vec::as_slice), like, findings)
}

fn from_xlsx(file: &[u8], like: &StagedBooks) -> Reading {
    let mut findings = Findings::new(100);
    let sheets = xlsx::sheets(file, &limits(), &mut findings).unwrap();
    let names: Vec<_> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(names, ["Groups", "Ledgers", "Openings", "Vouchers"]);
    let rows = [0, 1, 2, 3].map(|place| sheets[place].rows.as_slice());
    from_rows(rows, like, findings)
}

fn same(reading: Reading, books: &StagedBooks, file: &[u8]) -> Result<(), TestCaseError> {
    let shown = || String::from_utf8_lossy(file).into_owned();
    let findings: Vec<_> = reading.findings.iter().collect();
    prop_assert!(findings.is_empty(), "{:?}\n{}", findings, shown());
    prop_assert_eq!(&reading.books.without_lines(), books, "{}", shown());
    Ok(())
}

proptest! {
    #![proptest_config(crate::cases(96))]

    #[test]
    fn through_tally(books in invented::books()) {
        let file = as_tally(&books);
        same(tally::read(&file, &books.currency, &limits()), &books, &file)?;
    }

    #[test]
    fn through_hledger(books in invented::books()) {
        let file = as_hledger(&books);
        same(journal::read_hledger(&file, &books.currency, &limits()), &books, &file)?;
    }

    #[test]
    fn through_beancount(books in invented::books()) {
        let file = as_beancount(&books);
        same(journal::read_beancount(&file, &books.currency, &limits()), &books, &file)?;
    }

    #[test]
    fn through_csv(books in invented::books()) {
        let files = as_csv(&books);
        same(from_csv(&files, &books), &books, &files.concat())?;
    }

    #[test]
    fn through_xlsx(books in invented::books()) {
        let file = as_xlsx(&books);
        same(from_xlsx(&file, &books), &books, &[])?;
    }
}

#[test]
fn an_opening_without_its_day_is_refused() {
    use daybook::interchange::{WriteError, staged::StagedLedger};
    let mut books = StagedBooks::new(crate::rupees());
    let mut ledger = StagedLedger::named(0, "Cash".to_owned());
    ledger.opening = crate::money("5.00");
    books.ledgers.push(ledger);
    let mut out = Vec::new();
    let mut writer = journal::HledgerWriter::new(&mut out, &books.head()).unwrap();
    assert!(matches!(write(&books, &mut writer), Err(WriteError::Cannot(_))));
}

#[test]
fn tally_lines_of_records_are_those_of_the_file() {
    let mut books = StagedBooks::new(crate::rupees());
    books.ledgers.push(daybook::interchange::staged::StagedLedger::named(0, "Cash".to_owned()));
    let file = as_tally(&books);
    let text = String::from_utf8(file.clone()).unwrap();
    let line = text.lines().position(|line| line.starts_with("<LEDGER ")).unwrap() + 1;
    let read = tally::read(&file, &books.currency, &limits()).books;
    assert_eq!(read.ledgers[0].line, line as u64);
}
