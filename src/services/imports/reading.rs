//! A file's bytes become staged books, whatever format they have.

use daybook_domain::text::fold;

use super::asked::{Format, Kind, Options};
use crate::interchange::{
    Currency, Findings, Limits, Reading, Reason, StagedBooks, journal,
    table::{
        self, Mapping, SheetKind, SheetRow, Sheets, csv,
        fields::{Field, GroupField, LedgerField, OpeningField, VoucherField},
        xlsx,
    },
    tally,
};

/// Reads a file. Whatever stands in it, the answer is what could be read and what could not.
pub fn read(
    bytes: &[u8],
    (format, kind): (Format, Kind),
    options: Options,
    currency: &Currency,
    limits: &Limits,
) -> Reading {
    match format {
        Format::TallyXml => tally::read(bytes, currency, limits),
        Format::Hledger => journal::read_hledger(bytes, currency, limits),
        Format::Beancount => journal::read_beancount(bytes, currency, limits),
        Format::Csv => {
            let mut reading = empty(currency, limits);
            if let Some(rows) = csv::rows(bytes, limits, &mut reading.findings) {
                sheet(&rows, kind, options, limits, &mut reading);
            }
            reading
        }
        Format::Xlsx => workbook(bytes, kind, options, currency, limits),
    }
}

fn empty(currency: &Currency, limits: &Limits) -> Reading {
    let findings = Findings::new(limits.findings_max);
    Reading { books: StagedBooks::new(currency.clone()), findings }
}

/// Sheets by their names, groups first; a workbook of one sheet holds what it was said to hold.
fn workbook(
    bytes: &[u8],
    kind: Kind,
    options: Options,
    currency: &Currency,
    limits: &Limits,
) -> Reading {
    let mut reading = empty(currency, limits);
    let Some(sheets) = xlsx::sheets(bytes, limits, &mut reading.findings) else { return reading };
    if kind != Kind::Books {
        let wanted = name_of(kind);
        let found = sheets.iter().find(|one| fold(&one.name) == fold(wanted));
        match found.or(sheets.first()) {
            Some(found) => sheet(&found.rows, kind, options, limits, &mut reading),
            None => reading.findings.error(0, Reason::NotReadable, "the workbook has no sheet"),
        }
        return reading;
    }
    let mut taken = 0;
    for kind in [Kind::Groups, Kind::Ledgers, Kind::Openings, Kind::Vouchers] {
        if let Some(found) = sheets.iter().find(|one| fold(&one.name) == fold(name_of(kind))) {
            taken += 1;
            // A sheet of headings alone holds nothing, and is not wrong.
            if found.rows.len() > 1 {
                sheet(&found.rows, kind, options, limits, &mut reading);
            }
        }
    }
    if taken == 0 {
        let message = "no sheet is named Groups, Ledgers, Openings or Vouchers; say what it holds";
        reading.findings.error(0, Reason::NotReadable, message);
    }
    for other in sheets.iter().filter(|one| {
        SheetKind::EVERY.iter().all(|kind| fold(kind.name()) != fold(&one.name))
            && !one.rows.is_empty()
    }) {
        let message = format!("the sheet {} is not taken", other.name);
        reading.findings.note(0, Reason::NotTaken, message);
    }
    reading
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Groups => SheetKind::Groups.name(),
        Kind::Ledgers => SheetKind::Ledgers.name(),
        Kind::Openings => SheetKind::Openings.name(),
        Kind::Vouchers | Kind::Books => SheetKind::Vouchers.name(),
    }
}

fn sheet(rows: &[SheetRow], kind: Kind, options: Options, limits: &Limits, reading: &mut Reading) {
    let Reading { books, findings } = reading;
    let currency = books.currency.clone();
    let sheets = Sheets { currency: &currency, limits };
    match kind {
        Kind::Groups => {
            let mapping = mapping::<GroupField>(options);
            table::read_groups(rows, &mapping, sheets, books, findings);
        }
        Kind::Ledgers => {
            let mapping = mapping::<LedgerField>(options);
            table::read_ledgers(rows, &mapping, sheets, books, findings);
        }
        Kind::Openings => {
            let mapping = mapping::<OpeningField>(options);
            table::read_openings(rows, &mapping, sheets, books, findings);
        }
        Kind::Vouchers | Kind::Books => {
            let mapping = mapping::<VoucherField>(options);
            table::read_vouchers(rows, &mapping, sheets, books, findings);
        }
    }
}

fn mapping<F: Field>(options: Options) -> Mapping<F> {
    Mapping { dates: options.dates(), decimal: options.decimal(), ..Mapping::usual() }
}
