//! Writes books as four sheets: groups, ledgers, openings and vouchers; as CSV files or one XLSX.

use std::{collections::BTreeMap, io::Write};

use chrono::{Datelike, NaiveDate};
use daybook_domain::money::Money;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{
    csv::armed,
    fields::{Field, GroupField, LedgerField, OpeningField, VoucherField},
};
use crate::interchange::{
    escape,
    staged::{StagedBill, StagedCostShare, StagedEntry, StagedGroup, StagedLedger, StagedVoucher},
    write::{BooksWriter, Head, WriteError},
};

/// One of the four sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SheetKind {
    /// Groups.
    Groups,
    /// Ledgers.
    Ledgers,
    /// What ledgers open with.
    Openings,
    /// Vouchers.
    Vouchers,
}

impl SheetKind {
    /// All of them, in order.
    pub const EVERY: [Self; 4] = [Self::Groups, Self::Ledgers, Self::Openings, Self::Vouchers];

    /// Its name in a spreadsheet.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Groups => "Groups",
            Self::Ledgers => "Ledgers",
            Self::Openings => "Openings",
            Self::Vouchers => "Vouchers",
        }
    }

    fn headings(self) -> Vec<&'static str> {
        fn of<F: Field>(written: impl Fn(&F) -> bool) -> Vec<&'static str> {
            F::EVERY.iter().filter(|field| written(field)).map(|field| field.heading()).collect()
        }
        match self {
            Self::Groups => of::<GroupField>(|_| true),
            Self::Ledgers => of::<LedgerField>(|field| written_of_ledger(*field)),
            Self::Openings => of::<OpeningField>(|field| *field != OpeningField::Amount),
            Self::Vouchers => of::<VoucherField>(|field| written_of_voucher(*field)),
        }
    }
}

/// Openings have a sheet of their own.
fn written_of_ledger(field: LedgerField) -> bool {
    !matches!(
        field,
        LedgerField::Opening
            | LedgerField::OpeningDebit
            | LedgerField::OpeningCredit
            | LedgerField::OpenedOn
    )
}

/// Other ways to say an entry are only read.
fn written_of_voucher(field: VoucherField) -> bool {
    !matches!(
        field,
        VoucherField::Amount
            | VoucherField::Side
            | VoucherField::DebitLedger
            | VoucherField::CreditLedger
    )
}

/// A cell that has something in it.
enum Cell {
    Text(String),
    Amount(Money),
    Day(NaiveDate),
}

impl Cell {
    fn text(text: Option<&str>) -> Option<Self> {
        text.map(|text| Self::Text(text.to_owned()))
    }

    fn flag(is_so: bool) -> Option<Self> {
        Self::text(Some(if is_so { "yes" } else { "no" }))
    }
}

/// A row by the meaning of its columns.
type Row<F> = BTreeMap<F, Cell>;

fn row<F: Field, const N: usize>(cells: [(F, Option<Cell>); N]) -> Row<F> {
    cells.into_iter().filter_map(|(field, cell)| cell.map(|cell| (field, cell))).collect()
}

fn positive(amount: Money) -> Option<Cell> {
    (!amount.is_negative() && !amount.is_zero()).then_some(Cell::Amount(amount))
}

fn group_row(group: &StagedGroup) -> Row<GroupField> {
    row([
        (GroupField::Name, Cell::text(Some(&group.name))),
        (GroupField::Parent, Cell::text(group.parent.as_deref())),
        (GroupField::Nature, Cell::text(group.nature.map(|nature| nature.as_str()))),
    ])
}

fn ledger_row(ledger: &StagedLedger) -> Row<LedgerField> {
    let aliases = escape::join(ledger.aliases.iter().map(String::as_str));
    let party = ledger.party.as_ref();
    let of = |text: Option<&String>| Cell::text(text.map(String::as_str));
    row([
        (LedgerField::Name, Cell::text(Some(&ledger.name))),
        (LedgerField::Group, of(ledger.group.as_ref())),
        (LedgerField::Aliases, Cell::text((!ledger.aliases.is_empty()).then_some(&aliases))),
        (LedgerField::Key, of(ledger.key.as_ref())),
        (LedgerField::BillWise, Cell::flag(ledger.is_bill_wise)),
        (LedgerField::Gstin, of(party.and_then(|party| party.gstin.as_ref()))),
        (LedgerField::Pan, of(party.and_then(|party| party.pan.as_ref()))),
        (LedgerField::State, of(party.and_then(|party| party.state.as_ref()))),
        (LedgerField::Country, of(party.and_then(|party| party.country.as_ref()))),
        (LedgerField::Address, of(party.and_then(|party| party.address.as_ref()))),
        (LedgerField::Email, of(party.and_then(|party| party.email.as_ref()))),
        (LedgerField::Phone, of(party.and_then(|party| party.phone.as_ref()))),
    ])
}

/// The opening, then a row each open bill.
fn opening_rows(ledger: &StagedLedger, head: &Head) -> Result<Vec<Row<OpeningField>>, WriteError> {
    use OpeningField as Of;
    if ledger.opening.is_zero() && ledger.opening_bills.is_empty() {
        return Ok(Vec::new());
    }
    let Some(opened_on) = head.opened_on else {
        let message = format!("{} opens with a balance, and the day is not known", ledger.name);
        return Err(WriteError::Cannot(message));
    };
    let is_debit = !ledger.opening.is_negative();
    let side = |wanted: bool| (is_debit == wanted).then_some(Cell::Amount(ledger.opening.size()));
    let mut rows = vec![row([
        (Of::Ledger, Cell::text(Some(&ledger.name))),
        (Of::OpenedOn, Some(Cell::Day(opened_on))),
        (Of::Debit, side(true)),
        (Of::Credit, side(false)),
    ])];
    rows.extend(ledger.opening_bills.iter().map(|bill| {
        row([
            (Of::BillKind, Cell::text(Some(bill.kind.word()))),
            (Of::Bill, Cell::text(bill.name.as_deref())),
            (Of::BillDate, bill.date.map(Cell::Day)),
            (Of::BillDue, bill.due.map(Cell::Day)),
            (Of::BillAmount, Some(Cell::Amount(bill.amount))),
        ])
    }));
    Ok(rows)
}

/// A row each entry; further bills and cost centres of it have rows of their own.
fn voucher_rows(voucher: &StagedVoucher, place: u64) -> Vec<Row<VoucherField>> {
    use VoucherField as Of;
    let mut rows: Vec<Row<Of>> = Vec::new();
    for entry in &voucher.entries {
        let mut own = entry_row(entry);
        let further = entry.bills.len().max(entry.cost_shares.len()).max(1);
        for place in 0..further {
            if let Some(bill) = entry.bills.get(place) {
                own.extend(bill_cells(bill));
            }
            if let Some(share) = entry.cost_shares.get(place) {
                own.extend(share_cells(share));
            }
            rows.push(std::mem::take(&mut own));
        }
    }
    if rows.is_empty() {
        rows.push(Row::new());
    }
    for row in &mut rows {
        row.insert(Of::Voucher, Cell::Text(place.to_string()));
        row.insert(Of::Date, Cell::Day(voucher.date));
    }
    if let Some(first) = rows.first_mut() {
        let state = Some(voucher.state.word());
        first.extend(row([
            (Of::Key, Cell::text(voucher.key.as_deref())),
            (Of::Kind, Cell::text(voucher.voucher_type.as_deref())),
            (Of::Number, Cell::text(voucher.number.as_deref())),
            (Of::Reference, Cell::text(voucher.reference.as_deref())),
            (Of::ReferenceDate, voucher.reference_date.map(Cell::Day)),
            (Of::Party, Cell::text(voucher.party.as_deref())),
            (Of::State, Cell::text(state)),
            (Of::Narration, Cell::text(voucher.narration.as_deref())),
        ]));
    }
    rows
}

fn entry_row(entry: &StagedEntry) -> Row<VoucherField> {
    use VoucherField as Of;
    let instrument = entry.instrument.as_ref();
    let foreign = entry.foreign.as_ref();
    row([
        (Of::Ledger, Cell::text(Some(&entry.ledger))),
        (
            Of::Debit,
            if entry.amount.is_zero() {
                Some(Cell::Amount(Money::ZERO))
            } else {
                positive(entry.debit())
            },
        ),
        (Of::Credit, positive(entry.credit())),
        (Of::EntryNarration, Cell::text(entry.narration.as_deref())),
        (Of::Instrument, Cell::text(instrument.and_then(|one| one.number.as_deref()))),
        (Of::InstrumentDate, instrument.and_then(|one| one.date).map(Cell::Day)),
        (Of::Commodity, Cell::text(foreign.map(|one| one.commodity.as_str()))),
        (Of::Quantity, foreign.map(|one| Cell::Text(one.quantity.to_string()))),
    ])
}

fn bill_cells(bill: &StagedBill) -> Row<VoucherField> {
    use VoucherField as Of;
    row([
        (Of::BillKind, Cell::text(Some(bill.kind.word()))),
        (Of::Bill, Cell::text(bill.name.as_deref())),
        (Of::BillDate, bill.date.map(Cell::Day)),
        (Of::BillDue, bill.due.map(Cell::Day)),
        (Of::BillAmount, Some(Cell::Amount(bill.amount))),
    ])
}

fn share_cells(share: &StagedCostShare) -> Row<VoucherField> {
    use VoucherField as Of;
    row([
        (Of::CostCategory, Cell::text(share.category.as_deref())),
        (Of::CostCentre, Cell::text(Some(&share.centre))),
        (Of::CostAmount, Some(Cell::Amount(share.amount))),
    ])
}

/// Where the four CSV files go.
pub struct CsvFiles<W> {
    /// Groups.
    pub groups: W,
    /// Ledgers.
    pub ledgers: W,
    /// Openings.
    pub openings: W,
    /// Vouchers.
    pub vouchers: W,
}

/// Writes books as four CSV files, with commas, days as 2026-03-31 and points in amounts.
pub struct CsvWriter<W: Write> {
    head: Head,
    groups: csv::Writer<W>,
    ledgers: csv::Writer<W>,
    openings: csv::Writer<W>,
    vouchers: csv::Writer<W>,
    written: u64,
}

impl<W: Write> CsvWriter<W> {
    /// Begins the files with their headings.
    ///
    /// # Errors
    /// When a receiver fails.
    pub fn new(files: CsvFiles<W>, head: &Head) -> Result<Self, WriteError> {
        let begun = |out: W, kind: SheetKind| -> Result<csv::Writer<W>, WriteError> {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(kind.headings()).map_err(io_error)?;
            Ok(writer)
        };
        Ok(Self {
            head: head.clone(),
            groups: begun(files.groups, SheetKind::Groups)?,
            ledgers: begun(files.ledgers, SheetKind::Ledgers)?,
            openings: begun(files.openings, SheetKind::Openings)?,
            vouchers: begun(files.vouchers, SheetKind::Vouchers)?,
            written: 0,
        })
    }
}

fn io_error(error: csv::Error) -> WriteError {
    WriteError::Io(error.into())
}

fn put<F: Field, W: Write>(
    out: &mut csv::Writer<W>,
    row: &Row<F>,
    written: impl Fn(F) -> bool,
    exponent: u8,
) -> Result<(), WriteError> {
    let fields = F::EVERY.iter().filter(|field| written(**field));
    let cells = fields.map(|field| match row.get(field) {
        None => String::new(),
        Some(Cell::Text(text)) => armed(text),
        Some(Cell::Amount(amount)) => amount.format(exponent),
        Some(Cell::Day(day)) => day.to_string(),
    });
    out.write_record(cells).map_err(io_error)
}

impl<W: Write> BooksWriter for CsvWriter<W> {
    fn group(&mut self, group: &StagedGroup) -> Result<(), WriteError> {
        put(&mut self.groups, &group_row(group), |_| true, 0)
    }

    fn ledger(&mut self, ledger: &StagedLedger) -> Result<(), WriteError> {
        let exponent = self.head.currency.exponent;
        put(&mut self.ledgers, &ledger_row(ledger), written_of_ledger, exponent)?;
        for row in opening_rows(ledger, &self.head)? {
            put(&mut self.openings, &row, |field| field != OpeningField::Amount, exponent)?;
        }
        Ok(())
    }

    fn voucher(&mut self, voucher: &StagedVoucher) -> Result<(), WriteError> {
        self.written = self.written.saturating_add(1);
        for row in voucher_rows(voucher, self.written) {
            put(&mut self.vouchers, &row, written_of_voucher, self.head.currency.exponent)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        for out in [&mut self.groups, &mut self.ledgers, &mut self.openings, &mut self.vouchers] {
            out.flush()?;
        }
        Ok(())
    }
}

/// Rows that a sheet of XLSX can have.
const XLSX_ROWS_MAX: u32 = 1_048_576;

/// Characters that a cell of XLSX can have.
const XLSX_CHARS_MAX: usize = 32_767;

/// Writes books as a spreadsheet with four sheets. Rows go to files on disk as they come.
pub struct XlsxWriter<W> {
    out: Option<W>,
    head: Head,
    book: Workbook,
    next: [u32; 4],
    written: u64,
    amount: Format,
    day: Format,
}

impl<W: Write + Send> XlsxWriter<W> {
    /// Begins the sheets with their headings.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn new(out: W, head: &Head) -> Result<Self, WriteError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        for kind in SheetKind::EVERY {
            let sheet = book.add_worksheet_with_constant_memory().map_err(xlsx_error)?;
            sheet.set_name(kind.name()).map_err(xlsx_error)?;
            sheet.set_freeze_panes(1, 0).map_err(xlsx_error)?;
            for (column, heading) in (0_u16..).zip(kind.headings()) {
                sheet.write_string_with_format(0, column, heading, &bold).map_err(xlsx_error)?;
            }
        }
        let places = "0".repeat(usize::from(head.currency.exponent));
        let amount = if places.is_empty() { "0".to_owned() } else { format!("0.{places}") };
        Ok(Self {
            out: Some(out),
            head: head.clone(),
            book,
            next: [1; 4],
            written: 0,
            amount: Format::new().set_num_format(amount),
            day: Format::new().set_num_format("yyyy-mm-dd"),
        })
    }

    fn put<F: Field>(
        &mut self,
        kind: SheetKind,
        row: &Row<F>,
        written: impl Fn(F) -> bool,
    ) -> Result<(), WriteError> {
        let place = SheetKind::EVERY.iter().position(|one| *one == kind).unwrap_or_default();
        let Some(next) = self.next.get_mut(place) else { return Ok(()) };
        let line = *next;
        if line >= XLSX_ROWS_MAX {
            let message = format!("the sheet {} has over {XLSX_ROWS_MAX} rows", kind.name());
            return Err(WriteError::Cannot(message));
        }
        *next += 1;
        let sheet = self.book.worksheet_from_index(place).map_err(xlsx_error)?;
        let fields = F::EVERY.iter().filter(|field| written(**field));
        for (column, field) in (0_u16..).zip(fields) {
            if let Some(cell) = row.get(field) {
                let exponent = self.head.currency.exponent;
                write_cell(sheet, line, column, cell, exponent, &self.amount, &self.day)?;
            }
        }
        Ok(())
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    line: u32,
    column: u16,
    cell: &Cell,
    exponent: u8,
    amount_format: &Format,
    day_format: &Format,
) -> Result<(), WriteError> {
    match cell {
        Cell::Text(text) if text.chars().count() > XLSX_CHARS_MAX => {
            let message = format!("a text has over {XLSX_CHARS_MAX} characters");
            return Err(WriteError::Cannot(message));
        }
        Cell::Text(text) => sheet.write_string(line, column, text),
        Cell::Amount(amount) => {
            let text = amount.format(exponent);
            // Fifteen digits are exact in a spreadsheet's numbers; more stay a text.
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            match text.parse::<f64>() {
                Ok(number) if digits <= 15 => {
                    sheet.write_number_with_format(line, column, number, amount_format)
                }
                _ => sheet.write_string(line, column, text),
            }
        }
        Cell::Day(day) => {
            let parts =
                (u16::try_from(day.year()), u8::try_from(day.month()), u8::try_from(day.day()));
            // A spreadsheet's calendar is wrong in the first months of 1900.
            match parts {
                (Ok(year), Ok(month), Ok(date)) if year > 1900 => {
                    let moment = ExcelDateTime::from_ymd(year, month, date).map_err(xlsx_error)?;
                    sheet.write_datetime_with_format(line, column, &moment, day_format)
                }
                _ => sheet.write_string(line, column, day.to_string()),
            }
        }
    }
    .map_err(xlsx_error)?;
    Ok(())
}

fn xlsx_error(error: XlsxError) -> WriteError {
    match error {
        XlsxError::IoError(error) => WriteError::Io(error),
        other => WriteError::Cannot(other.to_string()),
    }
}

impl<W: Write + Send> BooksWriter for XlsxWriter<W> {
    fn group(&mut self, group: &StagedGroup) -> Result<(), WriteError> {
        self.put(SheetKind::Groups, &group_row(group), |_| true)
    }

    fn ledger(&mut self, ledger: &StagedLedger) -> Result<(), WriteError> {
        self.put(SheetKind::Ledgers, &ledger_row(ledger), written_of_ledger)?;
        for row in opening_rows(ledger, &self.head)? {
            self.put(SheetKind::Openings, &row, |field| field != OpeningField::Amount)?;
        }
        Ok(())
    }

    fn voucher(&mut self, voucher: &StagedVoucher) -> Result<(), WriteError> {
        self.written = self.written.saturating_add(1);
        for row in voucher_rows(voucher, self.written) {
            self.put(SheetKind::Vouchers, &row, written_of_voucher)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        if let Some(mut out) = self.out.take() {
            self.book.save_to_writer(&mut out).map_err(xlsx_error)?;
            out.flush()?;
        }
        Ok(())
    }
}
