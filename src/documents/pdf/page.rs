//! A page of a table: what stands above, the columns, the rows, what stands below.

#![expect(clippy::float_arithmetic, reason = "places on paper are no money")]

use krilla::{
    Document,
    geom::{PathBuilder, Rect},
    page::PageSettings,
    surface::Surface,
};

use super::type_setting::Case;
use crate::documents::{
    figures::grouped,
    table::{Cell, Head, Kind, Row, WriteError},
};

/// A4 in points.
const A4: (f32, f32) = (595.28, 841.89);
/// White on each side.
const MARGIN: f32 = 36.0;
/// Size of the letters of rows.
const SIZE: f32 = 8.0;
/// From one row to the next.
const LINE: f32 = 12.0;
/// From one line of the head to the next.
const NOTE_LINE: f32 = 11.0;
/// What the footer takes.
const FOOT: f32 = 24.0;
/// White between two columns.
const GAP: f32 = 6.0;
/// How far a level of the tree is moved in.
const INDENT: f32 = 8.0;
/// More columns than this want the long side of the paper.
const UPRIGHT_COLUMNS_MAX: usize = 5;

/// How the pages of a table are laid out.
pub struct Sheet<'t> {
    head: &'t Head,
    width: f32,
    height: f32,
    /// Where each column begins, and how wide it is.
    columns: Vec<(f32, f32)>,
    /// Where the first row stands.
    top: f32,
    rows: usize,
}

impl<'t> Sheet<'t> {
    /// Lays the pages of a table out.
    pub fn of(head: &'t Head) -> Self {
        let (short, long) = A4;
        let is_wide = head.columns.len() > UPRIGHT_COLUMNS_MAX;
        let (width, height) = if is_wide { (long, short) } else { (short, long) };
        let shares = head.columns.iter().map(|column| f32::from(column.share.max(1)));
        let all: f32 = shares.clone().sum();
        let room = width - 2.0 * MARGIN;
        let mut left = MARGIN;
        let columns = shares
            .map(|share| {
                let place = (left, room * share / all);
                left += place.1;
                place
            })
            .collect();
        let notes: f32 = head.notes.iter().map(|_| NOTE_LINE).sum();
        // Title, business, notes, then the names of columns.
        let top = MARGIN + 16.0 + 12.0 + notes + 20.0;
        let mut rows = 1_usize;
        let mut at = top + 2.0 * LINE;
        while at < height - MARGIN - FOOT {
            at += LINE;
            rows += 1;
        }
        Self { head, width, height, columns, top, rows }
    }

    /// How many rows a page has.
    pub fn rows_on_page(&self) -> usize {
        self.rows
    }

    /// Draws a page with these rows; the numbers are its own and that of the last one.
    ///
    /// # Errors
    /// When the page cannot be made, which is a fault of the program.
    pub fn draw(
        &self,
        document: &mut Document,
        case: &Case,
        rows: &[Row],
        (number, last): (usize, usize),
    ) -> Result<(), WriteError> {
        let settings = PageSettings::from_wh(self.width, self.height);
        let settings = settings.ok_or_else(|| WriteError::Cannot("a page of no size".into()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        self.draw_head(&mut surface, case);
        let mut base = self.top;
        for row in rows {
            self.draw_row(&mut surface, case, row, base);
            base += LINE;
        }
        let foot = self.height - MARGIN;
        let number = case.set(&format!("Page {number} of {last}"), false);
        let left = self.width - MARGIN - number.width * SIZE;
        number.draw(&mut surface, (left, foot), SIZE);
        let room = (self.width / 2.0) / SIZE;
        case.set_within(&self.head.business, false, room).draw(&mut surface, (MARGIN, foot), SIZE);
        surface.finish();
        page.finish();
        Ok(())
    }

    fn draw_head(&self, surface: &mut Surface<'_>, case: &Case) {
        let room = self.width - 2.0 * MARGIN;
        let mut base = MARGIN + 10.0;
        case.set_within(&self.head.title, true, room / 13.0).draw(surface, (MARGIN, base), 13.0);
        base += 15.0;
        case.set_within(&self.head.business, true, room / 9.0).draw(surface, (MARGIN, base), 9.0);
        for note in &self.head.notes {
            base += NOTE_LINE;
            case.set_within(note, false, room / SIZE).draw(surface, (MARGIN, base), SIZE);
        }
        let base = self.top - LINE - 4.0;
        for (column, (left, width)) in self.head.columns.iter().zip(&self.columns) {
            let name = case.set_within(&column.name, true, (width - GAP) / SIZE);
            let left = match column.kind {
                Kind::Amount => left + width - GAP - name.width * SIZE,
                Kind::Text | Kind::Day => *left,
            };
            name.draw(surface, (left, base), SIZE);
        }
        self.rule(surface, base + 4.0);
    }

    fn draw_row(&self, surface: &mut Surface<'_>, case: &Case, row: &Row, base: f32) {
        let depth = f32::from(row.level.saturating_sub(1));
        let indents = std::iter::once(depth * INDENT).chain(std::iter::repeat(0.0));
        for ((cell, (left, width)), indent) in row.cells.iter().zip(&self.columns).zip(indents) {
            let room = width - GAP;
            let text = match cell {
                Cell::Empty => continue,
                Cell::Text(text) => text.clone(),
                Cell::Day(day) => day.format("%d-%m-%Y").to_string(),
                Cell::Amount(amount) => {
                    let text = grouped(*amount, self.head.exponent, self.head.groups_by_lakh);
                    let set = case.set(&text, row.is_strong);
                    // An amount is never cut; one that is too wide is set smaller.
                    let size = if set.width * SIZE > room { room / set.width } else { SIZE };
                    set.draw(surface, (left + room - set.width * size, base), size);
                    continue;
                }
            };
            let room = (room - indent).max(SIZE);
            let set = case.set_within(&text, row.is_strong, room / SIZE);
            set.draw(surface, (left + indent, base), SIZE);
        }
    }

    /// A thin line from side to side.
    fn rule(&self, surface: &mut Surface<'_>, at: f32) {
        let mut path = PathBuilder::new();
        let line = Rect::from_xywh(MARGIN, at, self.width - 2.0 * MARGIN, 0.6);
        if let Some(line) = line {
            path.push_rect(line);
        }
        if let Some(path) = path.finish() {
            surface.draw_path(&path);
        }
    }
}
