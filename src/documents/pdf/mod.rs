//! Tables as PDF, on A4: what it is on every page, one line a row, amounts under each other.
//!
//! Rows are kept until all are there, because each page says of how many it is; their number is bounded.

mod page;
mod type_setting;

use std::io::Write;

use krilla::{Document, metadata::Metadata};

use super::table::{Head, Row, TableWriter, WriteError};
use page::Sheet;
use type_setting::Case;

/// Writes a table as a PDF.
pub struct PdfTable<W> {
    out: W,
    head: Head,
    rows: Vec<Row>,
    rows_max: u64,
}

impl<W: Write> PdfTable<W> {
    /// Begins a table of at most so many rows.
    pub fn new(out: W, head: &Head, rows_max: u64) -> Self {
        Self { out, head: head.clone(), rows: Vec::new(), rows_max }
    }
}

impl<W: Write + Send> TableWriter for PdfTable<W> {
    fn row(&mut self, row: Row) -> Result<(), WriteError> {
        if u64::try_from(self.rows.len()).unwrap_or(u64::MAX) >= self.rows_max {
            return Err(WriteError::TooManyRows(self.rows_max));
        }
        self.rows.push(row);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        let bytes = typeset(&self.head, &self.rows)?;
        self.out.write_all(&bytes)?;
        Ok(self.out.flush()?)
    }
}

fn typeset(head: &Head, rows: &[Row]) -> Result<Vec<u8>, WriteError> {
    let case = Case::open()?;
    let sheet = Sheet::of(head);
    let mut document = Document::new();
    let title = format!("{}: {}", head.business, head.title);
    document.set_metadata(Metadata::new().title(title).creator("Daybook".to_owned()));
    let pages: Vec<&[Row]> =
        if rows.is_empty() { vec![&[]] } else { rows.chunks(sheet.rows_on_page()).collect() };
    let last = pages.len();
    for (number, rows) in (1..).zip(pages) {
        sheet.draw(&mut document, &case, rows, (number, last))?;
    }
    document.finish().map_err(|error| WriteError::Cannot(format!("{error:?}")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use daybook_domain::money::Money;

    use super::{
        super::table::{Cell, Column},
        *,
    };

    fn head(columns: usize) -> Head {
        let amounts = (1..columns).map(|place| Column::amount(&format!("Amount {place}")));
        Head {
            title: "Day book".into(),
            business: "मीरा Textiles ₹".into(),
            notes: vec!["From 01-04-2026 to 31-03-2027, in INR".into()],
            currency: "INR".into(),
            exponent: 2,
            groups_by_lakh: true,
            is_tree: true,
            columns: std::iter::once(Column::text("Particulars", 30)).chain(amounts).collect(),
        }
    }

    fn rows(count: usize, columns: usize) -> Vec<Row> {
        let amount = Cell::Amount(Money::from_minor(123_456_789_012_345));
        let row = |number: usize| {
            let mut cells =
                vec![Cell::text(format!("किराया {number}, {}", "and more ".repeat(40)))];
            cells.extend(vec![amount.clone(); columns - 1]);
            Row { level: 3, ..Row::plain(cells) }
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn every_page_has_its_head_and_says_of_how_many_it_is() {
        for (count, columns, pages) in [(0, 2, 1), (10, 7, 1), (150, 3, 3), (150, 7, 5)] {
            let bytes = typeset(&head(columns), &rows(count, columns)).unwrap();
            let paper = lopdf::Document::load_mem(&bytes).unwrap();
            let found = u32::try_from(paper.get_pages().len()).unwrap();
            assert_eq!(found, pages, "{count} rows of {columns} columns");
            for page in 1..=found {
                let text = paper.extract_text(&[page]).unwrap();
                for said in ["Day book", "Particulars", &format!("Page {page} of {found}")] {
                    assert!(text.contains(said), "{said}: {text}");
                }
                assert_eq!(count > 0, text.contains("12,34,56,78,90,123.45"), "{text}");
            }
        }
    }

    #[test]
    fn more_rows_than_allowed_are_refused() {
        let mut out = Vec::new();
        let mut table = PdfTable::new(&mut out, &head(2), 3);
        for row in rows(3, 2) {
            table.row(row).unwrap();
        }
        let beyond = rows(1, 2).remove(0);
        assert!(matches!(table.row(beyond), Err(WriteError::TooManyRows(3))));
    }
}
