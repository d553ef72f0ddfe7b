//! Tables as CSV: names of columns, then rows, as plain as a program wants them.

use std::io::Write;

use super::table::{Cell, Head, Row, TableWriter, WriteError};
use crate::interchange::table::csv::armed;

/// What the column of levels is called.
pub const LEVEL: &str = "Level";

/// Writes a table as CSV, row by row.
pub struct CsvTable<W: Write> {
    out: csv::Writer<W>,
    exponent: u8,
    is_tree: bool,
}

impl<W: Write> CsvTable<W> {
    /// Begins a table with the names of its columns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, head: &Head) -> Result<Self, WriteError> {
        let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let level = head.is_tree.then_some(LEVEL);
        let names = level.into_iter().chain(head.columns.iter().map(|column| column.name.as_str()));
        out.write_record(names).map_err(csv_error)?;
        Ok(Self { out, exponent: head.exponent, is_tree: head.is_tree })
    }
}

impl<W: Write + Send> TableWriter for CsvTable<W> {
    fn row(&mut self, row: Row) -> Result<(), WriteError> {
        let level = self.is_tree.then(|| row.level.to_string());
        let cells = row.cells.iter().map(|cell| match cell {
            Cell::Empty => String::new(),
            // A text that begins as a formula does is made harmless.
            Cell::Text(text) => armed(text),
            Cell::Amount(amount) => amount.format(self.exponent),
            Cell::Day(day) => day.to_string(),
        });
        self.out.write_record(level.into_iter().chain(cells)).map_err(csv_error)
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        Ok(self.out.flush()?)
    }
}

fn csv_error(error: csv::Error) -> WriteError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => WriteError::Io(error),
        other => WriteError::Cannot(format!("{other:?}")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use daybook_domain::money::Money;

    use super::{super::table::Column, *};

    #[test]
    fn text_is_harmless_and_amounts_are_plain() {
        let head = Head {
            title: "Any".into(),
            business: "Meera".into(),
            notes: Vec::new(),
            currency: "INR".into(),
            exponent: 2,
            groups_by_lakh: true,
            is_tree: true,
            columns: vec![Column::text("Name", 1), Column::amount("Debit")],
        };
        let mut out = Vec::new();
        let mut table = CsvTable::new(&mut out, &head).unwrap();
        for (name, minor) in [("=1+1", 12_345_678), ("a, \"b\"", -5)] {
            let cells = vec![Cell::text(name), Cell::Amount(Money::from_minor(minor))];
            table.row(Row { level: 2, ..Row::plain(cells) }).unwrap();
        }
        Box::new(table).finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        let right = "Level,Name,Debit\r\n2,'=1+1,123456.78\r\n2,\"a, \"\"b\"\"\",-0.05\r\n";
        assert_eq!(text, right);
    }
}
