//! Tables as spreadsheets. Rows go to a file on disk as they come, so that memory stays as it is.

use std::{io::Write, path::Path};

use chrono::{Datelike, NaiveDate};
use daybook_domain::money::Money;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{
    csv::LEVEL,
    table::{Cell, Head, Kind, Row, TableWriter, WriteError},
};

/// Rows that a sheet can have.
const ROWS_MAX: u32 = 1_048_576;

/// Characters that a cell can have.
const CHARS_MAX: usize = 32_767;

/// Writes a table as the only sheet of a workbook.
pub struct XlsxTable<W> {
    out: W,
    book: Workbook,
    next: u32,
    exponent: u8,
    is_tree: bool,
    plain: Formats,
    strong: Formats,
}

/// How the cells of a row look.
struct Formats {
    text: Format,
    amount: Format,
    negative: Format,
    day: Format,
}

impl Formats {
    fn of(head: &Head, base: &Format) -> Self {
        let places = "0".repeat(usize::from(head.exponent));
        let places = if places.is_empty() { places } else { format!(".{places}") };
        let western = format!("#,##0{places}");
        let amount = if head.groups_by_lakh {
            format!(
                "[>=10000000]##\\,##\\,##\\,##0{places};[>=100000]##\\,##\\,##0{places};##,##0{places}"
            )
        } else {
            western.clone()
        };
        Self {
            text: base.clone(),
            amount: base.clone().set_num_format(amount),
            // Grouping by lakh takes conditions, which leave none for what is below zero.
            negative: base.clone().set_num_format(western),
            day: base.clone().set_num_format("yyyy-mm-dd"),
        }
    }
}

impl<W: Write> XlsxTable<W> {
    /// Begins the sheet with its head. Rows wait in `folder`.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn new(out: W, head: &Head, folder: &Path) -> Result<Self, WriteError> {
        let mut book = Workbook::new();
        book.set_tempdir(folder).map_err(xlsx_error)?;
        let bold = Format::new().set_bold();
        let sheet = book.add_worksheet_with_constant_memory().map_err(xlsx_error)?;
        sheet.set_name(sheet_name(&head.title)).map_err(xlsx_error)?;
        let level = head.is_tree.then_some((LEVEL, 6.0));
        let columns = head.columns.iter().map(|column| (column.name.as_str(), width(column.kind)));
        let columns: Vec<(&str, f64)> = level.into_iter().chain(columns).collect();
        for (place, (_, width)) in (0_u16..).zip(&columns) {
            sheet.set_column_width(place, *width).map_err(xlsx_error)?;
        }
        let above = [head.title.as_str(), head.business.as_str()];
        let above = above.into_iter().chain(head.notes.iter().map(String::as_str));
        let mut next = 0;
        for text in above {
            sheet.write_string_with_format(next, 0, text, &bold).map_err(xlsx_error)?;
            next += 1;
        }
        next += 1;
        for (place, (name, _)) in (0_u16..).zip(&columns) {
            sheet.write_string_with_format(next, place, *name, &bold).map_err(xlsx_error)?;
        }
        next += 1;
        sheet.set_freeze_panes(next, 0).map_err(xlsx_error)?;
        Ok(Self {
            out,
            book,
            next,
            exponent: head.exponent,
            is_tree: head.is_tree,
            plain: Formats::of(head, &Format::new()),
            strong: Formats::of(head, &bold),
        })
    }
}

impl<W: Write + Send> TableWriter for XlsxTable<W> {
    fn row(&mut self, row: Row) -> Result<(), WriteError> {
        let line = self.next;
        if line >= ROWS_MAX {
            return Err(WriteError::TooManyRows(ROWS_MAX.into()));
        }
        self.next += 1;
        let formats = if row.is_strong { &self.strong } else { &self.plain };
        let sheet = self.book.worksheet_from_index(0).map_err(xlsx_error)?;
        let first = u16::from(self.is_tree);
        if self.is_tree {
            sheet
                .write_number_with_format(line, 0, row.level, &formats.text)
                .map_err(xlsx_error)?;
        }
        for (column, cell) in (first..).zip(&row.cells) {
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => {
                    let text: String = text.chars().take(CHARS_MAX).collect();
                    sheet
                        .write_string_with_format(line, column, text, &formats.text)
                        .map_err(xlsx_error)?;
                }
                Cell::Amount(amount) => {
                    write_amount(sheet, (line, column), *amount, self.exponent, formats)?;
                }
                Cell::Day(day) => write_day(sheet, (line, column), *day, formats)?,
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        self.book.save_to_writer(&mut self.out).map_err(xlsx_error)?;
        Ok(self.out.flush()?)
    }
}

fn write_amount(
    sheet: &mut Worksheet,
    (line, column): (u32, u16),
    amount: Money,
    exponent: u8,
    formats: &Formats,
) -> Result<(), WriteError> {
    let text = amount.format(exponent);
    // Fifteen digits are exact in a spreadsheet's numbers; more stay a text.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let format = if amount.is_negative() { &formats.negative } else { &formats.amount };
    let written = match text.parse::<f64>() {
        Ok(number) if digits <= 15 => sheet.write_number_with_format(line, column, number, format),
        _ => sheet.write_string(line, column, text),
    };
    written.map(|_| ()).map_err(xlsx_error)
}

fn write_day(
    sheet: &mut Worksheet,
    (line, column): (u32, u16),
    day: NaiveDate,
    formats: &Formats,
) -> Result<(), WriteError> {
    let parts = (u16::try_from(day.year()), u8::try_from(day.month()), u8::try_from(day.day()));
    let written = match parts {
        // A spreadsheet's calendar is wrong in the first months of 1900.
        (Ok(year), Ok(month), Ok(date)) if year > 1900 => {
            let moment = ExcelDateTime::from_ymd(year, month, date).map_err(xlsx_error)?;
            sheet.write_datetime_with_format(line, column, &moment, &formats.day)
        }
        _ => sheet.write_string(line, column, day.to_string()),
    };
    written.map(|_| ()).map_err(xlsx_error)
}

/// A sheet's name has at most 31 characters, and none of some signs.
fn sheet_name(title: &str) -> String {
    title.chars().filter(|one| !"[]:*?/\\'".contains(*one)).take(31).collect()
}

fn width(kind: Kind) -> f64 {
    match kind {
        Kind::Text => 32.0,
        Kind::Amount => 18.0,
        Kind::Day => 12.0,
    }
}

fn xlsx_error(error: XlsxError) -> WriteError {
    match error {
        XlsxError::IoError(error) => WriteError::Io(error),
        other => WriteError::Cannot(other.to_string()),
    }
}
