//! Sheets of masters, openings and vouchers as people keep them.

use daybook::interchange::{
    Findings, Limits, Reading, Reason, StagedBooks,
    amount::DecimalSign,
    dates::DateOrder,
    staged::{BillKind, VoucherState},
    table::{
        self, Column, Heading, Mapping, Sheets, csv,
        fields::{LedgerField, OpeningField, VoucherField},
        xlsx,
    },
};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::{errors, limits, money, moved, notes, rupees};

const BOOKS: &[u8] = include_bytes!("files/books.csv");

fn vouchers(bytes: &[u8], mapping: &Mapping<VoucherField>) -> Reading {
    let (currency, limits) = (rupees(), limits());
    let sheets = Sheets { currency: &currency, limits: &limits };
    let mut findings = Findings::new(100);
    let mut books = StagedBooks::new(currency.clone());
    let rows = csv::rows(bytes, &limits, &mut findings).unwrap();
    table::read_vouchers(&rows, mapping, sheets, &mut books, &mut findings);
    Reading { books, findings }
}

fn ledgers(text: &str) -> Reading {
    let (currency, limits) = (rupees(), limits());
    let sheets = Sheets { currency: &currency, limits: &limits };
    let mut findings = Findings::new(100);
    let mut books = StagedBooks::new(currency.clone());
    let rows = csv::rows(text.as_bytes(), &limits, &mut findings).unwrap();
    table::read_ledgers(&rows, &Mapping::<LedgerField>::usual(), sheets, &mut books, &mut findings);
    Reading { books, findings }
}

fn openings(text: &str) -> Reading {
    let (currency, limits) = (rupees(), limits());
    let sheets = Sheets { currency: &currency, limits: &limits };
    let mut findings = Findings::new(100);
    let mut books = StagedBooks::new(currency.clone());
    let rows = csv::rows(text.as_bytes(), &limits, &mut findings).unwrap();
    let mapping = Mapping::<OpeningField>::usual();
    table::read_openings(&rows, &mapping, sheets, &mut books, &mut findings);
    Reading { books, findings }
}

#[test]
fn a_day_book_is_read_below_its_letterhead() {
    let reading = vouchers(BOOKS, &Mapping::usual());
    assert_eq!(notes(&reading.findings), [Reason::UnmappedColumn]);
    assert_eq!(errors(&reading.findings), [(10, Reason::BadAmount), (12, Reason::BadDate)]);
    let [sale, rent] = reading.books.vouchers.as_slice() else { panic!() };
    assert_eq!((sale.line, sale.entries.len()), (5, 3));
    assert_eq!(sale.entries[2].line, 7);
    assert_eq!(sale.narration.as_deref(), Some("Cloth, on credit"));
    let bill = &sale.entries[0].bills[0];
    assert_eq!((bill.kind, bill.amount), (BillKind::New, money("1,05,000.00")));
    assert_eq!(bill.due.unwrap().to_string(), "2025-05-15");
    assert_eq!(sale.difference(), Some(money("0")));
    assert_eq!(rent.number.as_deref(), Some("1"));
    assert_eq!(rent.entries[0].amount, money("3000"));
}

#[test]
fn columns_may_be_chosen_by_place_and_by_name() {
    let text = b"4-1-2025;Rent paid;Rent;Cash;1.234,50\n4-2-2025;Tea;Tea;Cash;10\n";
    let mapping = Mapping {
        columns: vec![
            (VoucherField::Date, Column::At(0)),
            (VoucherField::Narration, Column::At(1)),
            (VoucherField::DebitLedger, Column::At(2)),
            (VoucherField::CreditLedger, Column::At(3)),
            (VoucherField::Amount, Column::At(4)),
        ],
        heading: Heading::None,
        dates: DateOrder::MonthFirst,
        decimal: DecimalSign::Comma,
    };
    let reading = vouchers(text, &mapping);
    assert_eq!(errors(&reading.findings), []);
    assert_eq!(reading.books.vouchers.len(), 2);
    assert_eq!(reading.books.vouchers[1].date.to_string(), "2025-04-02");
    assert_eq!(moved(&reading.books)["Cash"], money("-1244.50").minor());
    let named = "Day,Which,Dr/Cr,Amount\n1/4/25,Rent,Dr,5\n1/4/25,Cash,Cr,5\n2/4/25,Rent,Dr,1\n2/4/25,Cash,Cr,1\n";
    let mapping = Mapping::usual()
        .with(VoucherField::Date, Column::Named("day".to_owned()))
        .with(VoucherField::Ledger, Column::Named("Which".to_owned()));
    let reading = vouchers(named.as_bytes(), &mapping);
    assert_eq!(errors(&reading.findings), []);
    // Without numbers a voucher ends as soon as it balances.
    assert_eq!(reading.books.vouchers.len(), 2);
}

#[test]
fn what_is_missing_is_named() {
    let reading = vouchers(b"Date,Amount\n1/4/25,5\n", &Mapping::usual());
    let message = &reading.findings.iter().next().unwrap().message;
    assert!(message.contains("Ledger, or Debit ledger and Credit ledger"), "{message}");
    let text = "Date,Number,Ledger,Debit,Credit,Bill,State\n\
                1/4/25,1,Rent,5,5,,\n1/4/25,2,Rent,5,,B1,\n1/4/25,3,,5,,,\n,4,Rent,5,,,\n1/4/25,5,Rent,,,,\n1/4/25,6,Rent,5,,,lost\n1/4/25,7,,,,,cancelled\n";
    let reading = vouchers(text.as_bytes(), &Mapping::usual());
    assert_eq!(
        errors(&reading.findings),
        [
            (2, Reason::BadAmount),
            (3, Reason::MissingValue),
            (4, Reason::MissingValue),
            (5, Reason::MissingValue),
            (6, Reason::MissingValue),
            (7, Reason::BadValue),
        ]
    );
    let states: Vec<_> = reading.books.vouchers.iter().map(|voucher| voucher.state).collect();
    assert_eq!(states, [VoucherState::Cancelled]);
}

#[test]
fn ledgers_come_with_openings_in_one_column_or_two() {
    let reading = ledgers(
        "Account name,Under,Opening balance,As on,GSTIN,Bill-wise\n\
         Cash,Cash-in-Hand,\"1,00,000.00 Dr\",31/03/2025,,\n\
         Mill,Sundry Creditors,500 Cr,31-03-2025,27AAACA0000A1ZY,yes\n\
         Bad,,5 Xy,,,\n,,7,,,\nOdd,,,,,perhaps\nLate,,1,1/4/2025,,\n",
    );
    assert_eq!(
        errors(&reading.findings),
        [
            (4, Reason::BadAmount),
            (5, Reason::MissingValue),
            (6, Reason::BadValue),
            (7, Reason::Conflict),
        ]
    );
    let openings: Vec<_> = reading.books.ledgers.iter().map(|ledger| ledger.opening).collect();
    assert_eq!(openings, [money("1,00,000.00"), money("-500.00")]);
    assert_eq!(reading.books.opened_on.unwrap().to_string(), "2025-03-31");
    let sides = ledgers("Ledger,Debit,Credit\nCash,5,\nMill,,5\nOdd,1,1\n");
    assert_eq!(errors(&sides.findings), [(4, Reason::BadAmount)]);
}

#[test]
fn open_bills_add_up_to_openings() {
    let reading = openings(
        "Party,Bill no,Bill date,Due date,Amount\n\
         Anita,MT/1,01/03/2025,31/03/2025,100 Dr\nAnita,MT/2,02/03/2025,,50.50 Dr\nMill,7,,,\"1,000.00 Cr\"\nCash,,,,5\n",
    );
    assert_eq!(errors(&reading.findings), []);
    let [anita, mill, cash] = reading.books.ledgers.as_slice() else { panic!() };
    assert_eq!((anita.opening, anita.opening_bills.len()), (money("150.50"), 2));
    assert!(anita.is_bill_wise && !cash.is_bill_wise);
    assert_eq!(mill.opening_bills[0].amount, money("-1000.00"));
}

#[test]
fn a_spreadsheet_is_read_as_it_is_shown() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let date = Format::new().set_num_format("dd/mm/yyyy");
    for (column, heading) in (0_u16..).zip(["Date", "Number", "Ledger", "Debit", "Credit"]) {
        sheet.write_string(3, column, heading).unwrap();
    }
    let day = ExcelDateTime::from_ymd(2025, 4, 1).unwrap();
    for (row, ledger, column, amount) in [(4, "Rent", 3, 0.1 + 0.2), (5, "Cash", 4, 0.3)] {
        sheet.write_datetime_with_format(row, 0, &day, &date).unwrap();
        sheet.write_number(row, 1, 1001).unwrap();
        sheet.write_string(row, 2, ledger).unwrap();
        sheet.write_number(row, column, amount).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let (currency, limits) = (rupees(), limits());
    let mut findings = Findings::new(100);
    let sheets = xlsx::sheets(&bytes, &limits, &mut findings).unwrap();
    let mut books = StagedBooks::new(currency.clone());
    let by = Sheets { currency: &currency, limits: &limits };
    table::read_vouchers(&sheets[0].rows, &Mapping::usual(), by, &mut books, &mut findings);
    assert!(findings.is_empty(), "{findings:?}");
    let [voucher] = books.vouchers.as_slice() else { panic!("{books:?}") };
    assert_eq!((voucher.number.as_deref(), voucher.line), (Some("1001"), 5));
    assert_eq!(voucher.entries[0].amount, money("0.30"));
    assert_eq!(voucher.difference(), Some(money("0")));
}

#[test]
fn a_spreadsheet_has_bounds() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "a").unwrap();
    sheet.write_string(1_048_575, 16_383, "far").unwrap();
    for row in 1..2_000 {
        sheet.write_string(row, 0, "the same words again and again").unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let read = |limits: Limits| {
        let mut findings = Findings::new(10);
        let sheets = xlsx::sheets(&bytes, &limits, &mut findings);
        (sheets, findings)
    };
    let (sheets, findings) = read(limits());
    assert_eq!(sheets.unwrap()[0].rows.len(), 2_000);
    assert_eq!(notes(&findings), [Reason::TooLarge]);
    for small in [
        Limits { unpacked_bytes_max: 10_000, ..limits() },
        Limits { cells_max: 100, ..limits() },
        Limits { bytes_max: 100, ..limits() },
    ] {
        let (sheets, findings) = read(small);
        assert!(sheets.is_none());
        assert_eq!(errors(&findings), [(0, Reason::TooLarge)]);
    }
    let mut findings = Findings::new(10);
    assert!(xlsx::sheets(b"PK no spreadsheet", &limits(), &mut findings).is_none());
    assert_eq!(errors(&findings), [(0, Reason::NotReadable)]);
}

#[test]
fn a_sheet_of_csv_has_bounds() {
    let text = "a,b\n".repeat(100);
    let mut findings = Findings::new(10);
    let few = Limits { cells_max: 50, ..limits() };
    assert_eq!(csv::rows(text.as_bytes(), &few, &mut findings).unwrap().len(), 25);
    assert_eq!(errors(&findings), [(26, Reason::TooLarge)]);
    let wide = ",".repeat(1_000);
    let mut findings = Findings::new(10);
    assert!(csv::rows(wide.as_bytes(), &limits(), &mut findings).unwrap().is_empty());
    assert_eq!(errors(&findings), [(1, Reason::TooLarge)]);
}
