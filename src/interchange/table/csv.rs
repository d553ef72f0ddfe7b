//! Rows of a CSV file: which sign parts cells is found out, formulas are disarmed.

use csv::{ReaderBuilder, StringRecord};

use super::SheetRow;
use crate::interchange::{
    bytes::decode,
    finding::{Findings, Reason},
    limits::Limits,
};

/// Signs that part cells, the most usual first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Rows that are looked at to find out the sign.
const SAMPLE_ROWS: usize = 100;

/// Reads all rows; none when the file is too large or no text, which is then a finding.
pub fn rows(bytes: &[u8], limits: &Limits, findings: &mut Findings) -> Option<Vec<SheetRow>> {
    let text = decode(bytes, limits, findings)?;
    let mut rows = Vec::new();
    let mut cells = 0_usize;
    let mut records = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    loop {
        match records.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Some(rows),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                findings.error(line, Reason::NotReadable, format!("this is not CSV: {error}"));
                return Some(rows);
            }
        }
        let line = record.position().map_or(0, |at| line_of(at, &text));
        if record.len() > limits.columns_max {
            let message =
                format!("the row has {} cells; at most {}", record.len(), limits.columns_max);
            findings.error(line, Reason::TooLarge, message);
            continue;
        }
        cells = cells.saturating_add(record.len());
        if cells > limits.cells_max {
            let message = format!("the file has over {} cells", limits.cells_max);
            findings.error(line, Reason::TooLarge, message);
            return Some(rows);
        }
        let mut row = SheetRow { line, cells: record.iter().map(disarmed).collect() };
        while row.cells.last().is_some_and(String::is_empty) {
            row.cells.pop();
        }
        rows.push(row);
    }
}

/// The line on which a record begins. After CRLF the reader stands between the two signs: what it counts is
/// then one short.
fn line_of(at: &csv::Position, text: &str) -> u64 {
    let next = usize::try_from(at.byte()).ok().and_then(|byte| text.as_bytes().get(byte));
    at.line().saturating_add(u64::from(next == Some(&b'\n')))
}

/// The sign by which most rows have the same number of cells, more than one.
fn delimiter(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let mut records = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let counts: Vec<usize> = records
            .byte_records()
            .take(SAMPLE_ROWS)
            .map_while(Result::ok)
            .map(|record| record.len())
            .filter(|count| *count > 1)
            .collect();
        let alike = |count: &usize| counts.iter().filter(|other| *other == count).count();
        counts.iter().map(|count| (alike(count), *count)).max().unwrap_or_default()
    };
    let mut best = (b',', (0, 0));
    for delimiter in DELIMITERS {
        let score = score(delimiter);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// A text with these signs in front would be a formula in a spreadsheet.
const FORMULA_SIGNS: [char; 7] = ['=', '+', '-', '@', '\'', '\t', '\r'];

/// A text that no spreadsheet takes for a formula: an apostrophe goes before it.
pub fn armed(text: &str) -> String {
    if text.starts_with(FORMULA_SIGNS) { format!("'{text}") } else { text.to_owned() }
}

/// The text without that apostrophe.
fn disarmed(cell: &str) -> String {
    let plain = cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA_SIGNS));
    plain.unwrap_or(cell).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        let mut findings = Findings::new(10);
        let rows = rows(text.as_bytes(), &Limits::default(), &mut findings).unwrap_or_default();
        rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn the_sign_between_cells_is_found() {
        for text in ["a,b\n1,2\n", "a;b\n1;2\n", "a\tb\n1\t2\n", "Head\na|b\n1|2\n"] {
            let rows = read(text);
            assert_eq!(rows.last(), Some(&vec!["1".to_owned(), "2".to_owned()]), "{text:?}");
        }
        assert_eq!(read("a,b\n\"1,5\",x;y;z\n").len(), 2);
    }

    #[test]
    fn lines_are_counted_through_quoted_breaks() {
        let mut findings = Findings::new(10);
        let text = b"a,b\r\n\"x\r\ny\",1\r\nz,2\r\n";
        let rows = rows(text, &Limits::default(), &mut findings).unwrap_or_default();
        let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 2, 4]);
    }

    proptest! {
        #[test]
        fn an_apostrophe_goes_and_comes_back(text in "[-=+@'a-z]{0,6}") {
            prop_assert_eq!(disarmed(&armed(&text)), text.clone());
            prop_assert!(!armed(&text).starts_with(['=', '+', '-', '@']));
        }
    }
}
