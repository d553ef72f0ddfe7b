//! Rows of a spreadsheet in XLSX.
//!
//! The file is a packed one: it is unpacked once for nothing, to know that it stays within bounds, and
//! its cells are read one by one, because one far off corner would make a whole sheet of empty ones.

use std::io::{self, Cursor, Read};

use calamine::{Data, DataRef, Reader, Xlsx};
use zip::ZipArchive;

use super::SheetRow;
use crate::interchange::{
    finding::{Findings, Reason},
    limits::Limits,
};

/// A sheet with its name.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its rows; empty ones are left out.
    pub rows: Vec<SheetRow>,
}

/// Parts that a spreadsheet may have.
const PARTS_MAX: usize = 2_000;

/// Reads all sheets; none when the file is too large or no spreadsheet, which is then a finding.
pub fn sheets(bytes: &[u8], limits: &Limits, findings: &mut Findings) -> Option<Vec<Sheet>> {
    if bytes.len() > limits.bytes_max {
        let message = format!("the file has {} bytes; at most {}", bytes.len(), limits.bytes_max);
        findings.error(0, Reason::TooLarge, message);
        return None;
    }
    if let Err((reason, message)) = stays_within(bytes, limits) {
        findings.error(0, reason, message);
        return None;
    }
    let unreadable = |why: calamine::XlsxError| format!("this is not a spreadsheet: {why}");
    let mut book: Xlsx<_> = match Xlsx::new(Cursor::new(bytes)) {
        Ok(book) => book,
        Err(why) => {
            findings.error(0, Reason::NotReadable, unreadable(why));
            return None;
        }
    };
    let mut sheets = Vec::new();
    let mut cells = 0_usize;
    for name in book.sheet_names() {
        let mut rows = Rows::default();
        let read = book.worksheet_cells_reader(&name).and_then(|mut reader| {
            while let Some(cell) = reader.next_cell()? {
                let text = text_of(cell.get_value());
                if text.is_empty() {
                    continue;
                }
                cells = cells.saturating_add(1);
                if cells > limits.cells_max {
                    return Ok(false);
                }
                let (row, column) = cell.get_position();
                rows.put(row, column, text, limits);
            }
            Ok(true)
        });
        match read {
            Ok(true) => {}
            Ok(false) => {
                let message = format!("the file has over {} cells", limits.cells_max);
                findings.error(0, Reason::TooLarge, message);
                return None;
            }
            // A sheet of another kind, such as a chart, is none of rows.
            Err(calamine::XlsxError::NotAWorksheet(_)) => continue,
            Err(why) => {
                findings.error(0, Reason::NotReadable, format!("{name}: {}", unreadable(why)));
                continue;
            }
        }
        if rows.beyond > 0 {
            let message = format!(
                "{} cells of the sheet {name} stand right of column {} and are not taken",
                rows.beyond, limits.columns_max
            );
            findings.note(0, Reason::TooLarge, message);
        }
        sheets.push(Sheet { name, rows: rows.done });
    }
    Some(sheets)
}

/// Rows that are being filled.
#[derive(Default)]
struct Rows {
    done: Vec<SheetRow>,
    beyond: u64,
}

impl Rows {
    fn put(&mut self, row: u32, column: u32, text: String, limits: &Limits) {
        let line = u64::from(row).saturating_add(1);
        let Some(column) = usize::try_from(column).ok().filter(|at| *at < limits.columns_max)
        else {
            self.beyond = self.beyond.saturating_add(1);
            return;
        };
        // Cells come row by row; in a file that mixes them up, rows appear twice.
        if self.done.last().is_none_or(|last| last.line != line) {
            self.done.push(SheetRow { line, cells: Vec::new() });
        }
        let Some(last) = self.done.last_mut() else { return };
        if last.cells.len() <= column {
            last.cells.resize(column + 1, String::new());
        }
        if let Some(cell) = last.cells.get_mut(column) {
            *cell = text;
        }
    }
}

/// Unpacks everything into nothing, counting.
fn stays_within(bytes: &[u8], limits: &Limits) -> Result<(), (Reason, String)> {
    let unreadable = |why: &dyn std::fmt::Display| {
        (Reason::NotReadable, format!("this is not a spreadsheet: {why}"))
    };
    let mut parts = ZipArchive::new(Cursor::new(bytes)).map_err(|why| unreadable(&why))?;
    if parts.len() > PARTS_MAX {
        return Err((Reason::TooLarge, format!("the file has over {PARTS_MAX} parts")));
    }
    let mut left = limits.unpacked_bytes_max;
    for place in 0..parts.len() {
        let part = parts.by_index(place).map_err(|why| unreadable(&why))?;
        let mut bounded = part.take(left.saturating_add(1));
        let unpacked = io::copy(&mut bounded, &mut io::sink()).map_err(|why| unreadable(&why))?;
        left = left.checked_sub(unpacked).ok_or_else(|| {
            let message =
                format!("unpacked, the file has over {} bytes", limits.unpacked_bytes_max);
            (Reason::TooLarge, message)
        })?;
    }
    Ok(())
}

fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => as_shown(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is_so) => if *is_so { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => match moment.as_datetime() {
            Some(moment) if moment.time() == chrono::NaiveTime::MIN => {
                moment.format("%Y-%m-%d").to_string()
            }
            Some(moment) => moment.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => Data::from(value.clone()).to_string(),
        },
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => format!("{error}"),
        DataRef::Empty => String::new(),
    }
}

/// A number as a spreadsheet shows it: fifteen digits, because the binary number it holds has tails
/// that nobody typed (0.1 + 0.2 is 0.30000000000000004).
fn as_shown(number: f64) -> String {
    let scientific = format!("{number:.14e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(size) => ("-", size),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    // No amount has as many places; such a number stays as it is and is refused where it is read.
    if digits.is_empty() {
        return "0".to_owned();
    }
    if !(-30..=30).contains(&exponent) {
        return scientific;
    }
    let before = usize::try_from(exponent.saturating_add(1)).unwrap_or(0);
    let (units, parts) = if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        ("0".to_owned(), format!("{}{digits}", "0".repeat(zeros)))
    } else if digits.len() <= before {
        (format!("{digits:0<before$}"), String::new())
    } else {
        let (units, parts) = digits.split_at_checked(before).unwrap_or((digits, ""));
        (units.to_owned(), parts.to_owned())
    };
    if parts.is_empty() { format!("{sign}{units}") } else { format!("{sign}{units}.{parts}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_a_spreadsheet_shows_them() {
        for (text, expected) in [
            ("0.30000000000000004", "0.3"),
            ("1234.5600000000002", "1234.56"),
            ("-0.07", "-0.07"),
            ("0", "0"),
            ("-0", "0"),
            ("100000", "100000"),
            ("1e21", "1000000000000000000000"),
            ("0.000001", "0.000001"),
            ("9999999999999.99", "9999999999999.99"),
            ("NaN", "NaN"),
        ] {
            let number: f64 = text.parse().unwrap_or(f64::INFINITY);
            assert_eq!(as_shown(number), expected);
        }
    }

    proptest! {
        #[test]
        fn fifteen_digits_come_back(minor in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let text = daybook_domain::money::Money::from_minor(minor).format(2);
            let number: f64 = text.parse().unwrap_or(f64::INFINITY);
            let shown = as_shown(number);
            let read = daybook_domain::money::Money::parse(&shown, 2).map(|money| money.minor());
            prop_assert_eq!(read, Ok(minor));
        }

        #[test]
        fn no_number_panics(bits in any::<u64>()) {
            let _ = as_shown(f64::from_bits(bits));
        }
    }
}
