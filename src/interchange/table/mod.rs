//! Sheets, from CSV or XLSX: rows of cells, and which column means what.

pub mod csv;
pub mod fields;
mod masters;
mod openings;
pub(super) mod values;
mod vouchers;
mod write;
pub mod xlsx;

use std::collections::BTreeMap;

pub use masters::{read_groups, read_ledgers};
pub use openings::read_openings;
pub use vouchers::read_vouchers;
pub use write::{CsvFiles, CsvWriter, SheetKind, XlsxWriter};

use super::{
    amount::DecimalSign,
    dates::DateOrder,
    finding::{Findings, Reason},
    limits::Limits,
    staged::Currency,
};
use fields::Field;

/// A row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// Line of the file, or row of the sheet, from 1.
    pub line: u64,
    /// Its cells as text; shorter where the last ones are empty.
    pub cells: Vec<String>,
}

impl SheetRow {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Which column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// The one with this heading.
    Named(String),
    /// The one at this place, from 0.
    At(usize),
}

/// Where the headings stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Heading {
    /// In the first row that has all headings that are needed.
    #[default]
    Found,
    /// In the row at this place, from 0.
    At(usize),
    /// There are none.
    None,
}

/// How a sheet is to be understood. What is not said is known by usual headings.
#[derive(Debug, Clone, Default)]
pub struct Mapping<F> {
    /// Columns that were chosen.
    pub columns: Vec<(F, Column)>,
    /// Where the headings stand.
    pub heading: Heading,
    /// The order in dates.
    pub dates: DateOrder,
    /// What stands between units and their parts.
    pub decimal: DecimalSign,
}

impl<F: Field> Mapping<F> {
    /// Usual headings, days before months, points in amounts.
    pub fn usual() -> Self {
        Self {
            columns: Vec::new(),
            heading: Heading::Found,
            dates: DateOrder::DayFirst,
            decimal: DecimalSign::Point,
        }
    }

    /// The same, with one column chosen.
    #[must_use]
    pub fn with(mut self, field: F, column: Column) -> Self {
        self.columns.push((field, column));
        self
    }
}

/// What sheets are read by.
#[derive(Debug, Clone, Copy)]
pub struct Sheets<'s> {
    /// What amounts are counted in.
    pub currency: &'s Currency,
    /// How much is read.
    pub limits: &'s Limits,
}

/// Rows below the headings, with the meaning of their columns.
pub(super) struct Body<'r, F> {
    pub columns: BTreeMap<F, usize>,
    pub rows: &'r [SheetRow],
}

/// How many rows may stand above the headings.
const LETTERHEAD_ROWS_MAX: usize = 100;

/// Finds the headings. Of each list in `needed`, one set must be there whole.
pub(super) fn body<'r, F: Field>(
    rows: &'r [SheetRow],
    mapping: &Mapping<F>,
    needed: &[&[&[F]]],
    findings: &mut Findings,
) -> Option<Body<'r, F>> {
    let has_all = |columns: &BTreeMap<F, usize>| {
        let has = |set: &&[F]| set.iter().all(|field| columns.contains_key(field));
        needed.iter().all(|alternatives| alternatives.iter().any(has))
    };
    let found = match mapping.heading {
        Heading::None => Some((resolve(&[], mapping), rows)),
        Heading::At(place) => rows
            .split_at_checked(place)
            .and_then(|(_, below)| below.split_first())
            .map(|(heading, below)| (resolve(&heading.cells, mapping), below)),
        Heading::Found => {
            let places = 0..rows.len().min(LETTERHEAD_ROWS_MAX);
            let candidates = places.filter_map(|place| {
                let (heading, below) = rows.get(place..)?.split_first()?;
                Some((resolve(&heading.cells, mapping), below, heading))
            });
            let mut best: Option<(BTreeMap<F, usize>, &[SheetRow])> = None;
            for (columns, below, heading) in candidates {
                if has_all(&columns) {
                    tell_unmapped(heading, &columns, findings);
                    return Some(Body { columns, rows: below });
                }
                if best.as_ref().is_none_or(|(most, _)| most.len() < columns.len()) {
                    best = Some((columns, below));
                }
            }
            best
        }
    };
    let (columns, below) = found.unwrap_or_default();
    if has_all(&columns) {
        return Some(Body { columns, rows: below });
    }
    let missing = needed.iter().filter(|alternatives| {
        !alternatives.iter().any(|set| set.iter().all(|field| columns.contains_key(field)))
    });
    for alternatives in missing {
        let names: Vec<String> = alternatives
            .iter()
            .map(|set| set.iter().map(|field| field.heading()).collect::<Vec<_>>().join(" and "))
            .collect();
        let message = format!("no column is headed {}", names.join(", or "));
        findings.error(0, Reason::MissingColumn, message);
    }
    None
}

fn tell_unmapped<F: Field>(
    heading: &SheetRow,
    columns: &BTreeMap<F, usize>,
    findings: &mut Findings,
) {
    let used: Vec<usize> = columns.values().copied().collect();
    let unmapped: Vec<&str> = heading
        .cells
        .iter()
        .enumerate()
        .filter(|(place, cell)| !used.contains(place) && !cell.trim().is_empty())
        .map(|(_, cell)| cell.trim())
        .collect();
    if !unmapped.is_empty() {
        let message = format!("these columns are not taken: {}", unmapped.join(", "));
        findings.note(heading.line, Reason::UnmappedColumn, message);
    }
}

/// The meaning of columns by their headings; what was chosen goes first.
fn resolve<F: Field>(headings: &[String], mapping: &Mapping<F>) -> BTreeMap<F, usize> {
    let keys: Vec<String> = headings.iter().map(|heading| key(heading)).collect();
    let place_of = |asked: &str, used: &[usize]| {
        let asked = key(asked);
        let mut places = keys.iter().enumerate();
        places.find(|(place, key)| **key == asked && !used.contains(place)).map(|(place, _)| place)
    };
    let mut columns = BTreeMap::new();
    let mut used = Vec::new();
    for (field, column) in &mapping.columns {
        let place = match column {
            Column::At(place) => Some(*place),
            Column::Named(name) => place_of(name, &[]),
        };
        if let Some(place) = place {
            columns.insert(*field, place);
            used.push(place);
        }
    }
    let chosen: Vec<F> = mapping.columns.iter().map(|(field, _)| *field).collect();
    // Own headings go before others, so that a file of our own is never misunderstood.
    for own in [true, false] {
        for field in F::EVERY {
            if chosen.contains(field) || columns.contains_key(field) {
                continue;
            }
            let headings = field.headings().iter();
            let mut headings = headings.take(if own { 1 } else { usize::MAX });
            if let Some(place) = headings.find_map(|heading| place_of(heading, &used)) {
                columns.insert(*field, place);
                used.push(place);
            }
        }
    }
    columns
}

/// A heading without case, spaces and signs.
fn key(heading: &str) -> String {
    heading.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
