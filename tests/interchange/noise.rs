//! Whatever stands in a file, reading it ends with an answer.

use daybook::interchange::{
    Findings, StagedBooks, bank, journal,
    table::{self, Mapping, Sheets, csv, xlsx},
    tally,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use crate::{limits, round_trip, rupees, sample};

/// Every reader reads it.
fn read_by_all(bytes: &[u8]) {
    let (currency, limits) = (rupees(), limits());
    let sheets = Sheets { currency: &currency, limits: &limits };
    tally::read(bytes, &currency, &limits);
    journal::read_hledger(bytes, &currency, &limits);
    journal::read_beancount(bytes, &currency, &limits);
    bank::read_ofx(bytes, &currency, &limits);
    bank::read_mt940(bytes, &currency, &limits);
    let mut findings = Findings::new(10);
    let mut rows = csv::rows(bytes, &limits, &mut findings).unwrap_or_default();
    let unpacked = xlsx::sheets(bytes, &limits, &mut findings).unwrap_or_default();
    rows.extend(unpacked.into_iter().flat_map(|sheet| sheet.rows));
    let mut books = StagedBooks::new(currency.clone());
    table::read_groups(&rows, &Mapping::usual(), sheets, &mut books, &mut findings);
    table::read_ledgers(&rows, &Mapping::usual(), sheets, &mut books, &mut findings);
    table::read_openings(&rows, &Mapping::usual(), sheets, &mut books, &mut findings);
    table::read_vouchers(&rows, &Mapping::usual(), sheets, &mut books, &mut findings);
    bank::read_bank_sheet(&rows, &bank::BankMapping::usual(), sheets, findings);
}

const FILES: [&[u8]; 12] = [
    include_bytes!("files/masters.xml"),
    include_bytes!("files/vouchers.xml"),
    include_bytes!("files/shop.journal"),
    include_bytes!("files/faulty.journal"),
    include_bytes!("files/shop.beancount"),
    include_bytes!("files/books.csv"),
    include_bytes!("files/statement.csv"),
    include_bytes!("files/mobile.csv"),
    include_bytes!("files/statement.ofx"),
    include_bytes!("files/statement-2.ofx"),
    include_bytes!("files/statement.sta"),
    b"; daybook-interchange: 1\n; currency: INR 2\naccount A:B  ; ledger:B, of-group:A\n2025-04-01 * x  ; kind:opening\n    A:B  5.00 INR\n",
];

/// What is put where a file is spoilt.
const PIECES: [&[u8]; 20] = [
    b"<",
    b">",
    b"&",
    b"&#4;",
    b"\"",
    b"'",
    b"\0",
    b"\xff\xfe",
    b"-",
    b"99999999999999999999999999999",
    b"{",
    b"=",
    b":61:",
    b"</",
    b"\n",
    b"\n\n",
    b";",
    b"@@",
    b"(((((((((",
    b"20250231",
];

#[derive(Debug, Clone)]
enum Fault {
    Cut(Index, usize),
    Put(Index, usize),
    Repeat(Index, usize),
    Byte(Index, u8),
    End(Index),
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (any::<Index>(), 1_usize..40).prop_map(|(at, count)| Fault::Cut(at, count)),
        (any::<Index>(), 0..PIECES.len()).prop_map(|(at, piece)| Fault::Put(at, piece)),
        (any::<Index>(), 1_usize..200).prop_map(|(at, count)| Fault::Repeat(at, count)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Fault::Byte(at, byte)),
        any::<Index>().prop_map(Fault::End),
    ]
}

fn spoil(file: &[u8], faults: &[Fault]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for fault in faults {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match fault {
            Fault::Cut(at, count) => {
                let at = at.index(length);
                bytes.drain(at..(at + count).min(length));
            }
            Fault::Put(at, piece) => {
                let at = at.index(length);
                bytes.splice(at..at, PIECES[*piece].iter().copied());
            }
            Fault::Repeat(at, count) => {
                let at = at.index(length);
                let part = bytes[at..(at + count).min(length)].to_vec();
                bytes.splice(at..at, part);
            }
            Fault::Byte(at, byte) => bytes[at.index(length)] = *byte,
            Fault::End(at) => bytes.truncate(at.index(length)),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(crate::cases(192))]

    #[test]
    fn random_bytes_are_answered(bytes in vec(any::<u8>(), 0..600)) {
        read_by_all(&bytes);
    }

    #[test]
    fn random_text_is_answered(text in "[ -~\n\t₹]{0,400}") {
        read_by_all(text.as_bytes());
    }

    #[test]
    fn spoilt_files_are_answered(file in select(&FILES[..]), faults in vec(fault(), 1..6)) {
        read_by_all(&spoil(file, &faults));
    }

    #[test]
    fn spoilt_spreadsheets_are_answered(faults in vec(fault(), 1..4)) {
        let mut books = StagedBooks::new(rupees());
        books.vouchers = tally::read(FILES[1], &rupees(), &limits()).books.vouchers;
        read_by_all(&spoil(&round_trip::as_xlsx(&books), &faults));
    }
}

/// The parts of a spreadsheet spoilt before they are packed: what a checksum would otherwise refuse.
#[test]
fn spreadsheets_with_odd_parts_are_answered() {
    use std::io::{Cursor, Read, Write};
    let mut books = StagedBooks::new(rupees());
    books.vouchers = tally::read(FILES[1], &rupees(), &limits()).books.vouchers;
    let file = round_trip::as_xlsx(&books);
    let mut runner = proptest::test_runner::TestRunner::new(crate::cases(96));
    let run = runner.run(&(any::<Index>(), vec(fault(), 1..4)), |(which, faults)| {
        let mut parts = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
        let which = which.index(parts.len());
        let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for place in 0..parts.len() {
            let mut part = parts.by_index(place).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            if place == which {
                bytes = spoil(&bytes, &faults);
            }
            let name = part.name().unwrap().to_string();
            packed.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            packed.write_all(&bytes).unwrap();
        }
        read_by_all(&packed.finish().unwrap().into_inner());
        Ok(())
    });
    run.unwrap();
}

#[test]
fn spoilt_real_files_are_answered() {
    let names = [
        "tally/masters-native-utf16.xml",
        "tally/daybook-native-faulty.xml",
        "tally/connector-groups.xml",
        "hledger/bcexample.journal",
        "beancount/basic.beancount",
        "ofx/checking-sgml-102.ofx",
        "ofx/broken-amount-and-date.ofx",
        "mt940/sepa-multi.sta",
        "bank-csv/made-mpesa-paybill-2026-02.csv",
        "camt/camt053-v8.xml",
        "gst/gstr1-b2b-gstn-sample.csv",
    ];
    let Some(files) = names.iter().map(|name| sample(name)).collect::<Option<Vec<_>>>() else {
        return;
    };
    let mut runner = proptest::test_runner::TestRunner::new(crate::cases(64));
    let run = runner.run(
        &(any::<Index>(), any::<Index>(), vec(fault(), 1..8)),
        |(which, start, faults)| {
            let file = which.get(&files);
            // A part of a file is as odd as a whole one, and faster.
            let start = start.index(file.len());
            read_by_all(&spoil(&file[start..(start + 30_000).min(file.len())], &faults));
            Ok(())
        },
    );
    run.unwrap();
}

#[test]
fn a_file_of_one_deep_element_or_one_long_line_ends() {
    for text in [
        "<TALLYMESSAGE>".repeat(20_000),
        format!("<VOUCHER>{}", "<X>".repeat(20_000)),
        "(".repeat(200_000),
        format!("2025-04-01 x\n  a  {}\n", "9".repeat(200_000)),
        format!("2025-04-01 x\n  {}  1\n  b\n", "a:".repeat(50_000)),
        format!("2025-04-01 * \"x\"\n  Assets:A  {}1 INR\n", "(".repeat(50_000)),
        "2025-04-01 * \"open\n".repeat(3_000),
        format!(":20:x\n:61:{}", "1".repeat(100_000)),
        "<STMTTRN>".repeat(20_000),
        format!("\"{}", "a,".repeat(100_000)),
    ] {
        read_by_all(text.as_bytes());
    }
}
