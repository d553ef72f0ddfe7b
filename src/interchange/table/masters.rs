//! Sheets of groups and of ledgers.

use daybook_domain::{chart::Nature, text::fold};

use super::{
    Mapping, SheetRow, Sheets, body,
    fields::{GroupField, LedgerField},
    values::Cells,
};
use crate::interchange::{
    escape,
    finding::{Findings, Reason, Wrong},
    staged::{StagedBooks, StagedGroup, StagedLedger, StagedParty},
    words,
};

/// Reads a sheet of groups into `books`.
pub fn read_groups(
    rows: &[SheetRow],
    mapping: &Mapping<GroupField>,
    sheets: Sheets<'_>,
    books: &mut StagedBooks,
    findings: &mut Findings,
) {
    let needed: &[&[&[GroupField]]] = &[&[&[GroupField::Name]]];
    let Some(body) = body(rows, mapping, needed, findings) else { return };
    for row in body.rows.iter().filter(|row| !row.is_blank()) {
        if is_full(books.groups.len(), sheets, row, findings) {
            return;
        }
        let cells = Cells { row, columns: &body.columns, mapping, sheets };
        match group(&cells) {
            Ok(group) => books.groups.push(group),
            Err(wrong) => wrong.tell(findings),
        }
    }
}

/// Reads a sheet of ledgers into `books`, with openings where it has them.
pub fn read_ledgers(
    rows: &[SheetRow],
    mapping: &Mapping<LedgerField>,
    sheets: Sheets<'_>,
    books: &mut StagedBooks,
    findings: &mut Findings,
) {
    let needed: &[&[&[LedgerField]]] = &[&[&[LedgerField::Name]]];
    let Some(body) = body(rows, mapping, needed, findings) else { return };
    for row in body.rows.iter().filter(|row| !row.is_blank()) {
        if is_full(books.ledgers.len(), sheets, row, findings) {
            return;
        }
        let cells = Cells { row, columns: &body.columns, mapping, sheets };
        let read = ledger(&cells, findings).and_then(|ledger| {
            let opened_on = cells.date(LedgerField::OpenedOn)?;
            if !ledger.opening.is_zero() {
                opened(books, opened_on, row.line)?;
            }
            Ok(ledger)
        });
        match read {
            Ok(ledger) => books.ledgers.push(ledger),
            Err(wrong) => wrong.tell(findings),
        }
    }
}

fn is_full(count: usize, sheets: Sheets<'_>, row: &SheetRow, findings: &mut Findings) -> bool {
    let max = sheets.limits.ledgers_max;
    if count >= max {
        findings.error(row.line, Reason::TooLarge, format!("there are over {max} records"));
    }
    count >= max
}

/// All ledgers open on one day.
pub(super) fn opened(
    books: &mut StagedBooks,
    day: Option<chrono::NaiveDate>,
    line: u64,
) -> Result<(), Wrong> {
    match (books.opened_on, day) {
        (Some(before), Some(day)) if before != day => {
            let message = format!("ledgers open on {before} and on {day}; one day is possible");
            Err(Wrong::new(line, Reason::Conflict, message))
        }
        (before, day) => {
            books.opened_on = before.or(day);
            Ok(())
        }
    }
}

fn group(cells: &Cells<'_, GroupField>) -> Result<StagedGroup, Wrong> {
    let name = cells
        .name(GroupField::Name)?
        .ok_or_else(|| cells.wrong(Reason::MissingValue, "the group has no name"))?;
    let word = cells.text(GroupField::Nature);
    let nature = match word.to_ascii_uppercase().trim_end_matches('S') {
        "" => None,
        "ASSET" => Some(Nature::Asset),
        "LIABILITY" | "LIABILITIE" | "EQUITY" => Some(Nature::Liability),
        "INCOME" | "REVENUE" => Some(Nature::Income),
        "EXPENSE" => Some(Nature::Expense),
        _ => {
            let message =
                format!("Nature {word:?} is none of asset, liability, income and expense");
            return Err(cells.wrong(Reason::BadValue, message).of(&name));
        }
    };
    let parent = cells.name(GroupField::Parent).map_err(|wrong| wrong.of(&name))?;
    // What stands above the primary groups is no group.
    let parent = parent.filter(|parent| fold(parent) != "primary");
    Ok(StagedGroup { line: cells.row.line, name, parent, nature })
}

fn ledger(cells: &Cells<'_, LedgerField>, findings: &mut Findings) -> Result<StagedLedger, Wrong> {
    let name = cells
        .name(LedgerField::Name)?
        .ok_or_else(|| cells.wrong(Reason::MissingValue, "the ledger has no name"))?;
    let of = |wrong: Wrong| wrong.of(&name);
    let mut ledger = StagedLedger::named(cells.row.line, name.clone());
    ledger.key = cells.line(LedgerField::Key).map_err(of)?;
    ledger.group =
        cells.name(LedgerField::Group).map_err(of)?.filter(|group| fold(group) != "primary");
    ledger.is_bill_wise = cells.flag(LedgerField::BillWise).map_err(of)?;
    if cells.has(LedgerField::Aliases) {
        for alias in escape::split(cells.text(LedgerField::Aliases)) {
            match words::name(&alias, cells.sheets.limits) {
                Ok(alias) => ledger.aliases.extend(alias),
                Err(why) => {
                    let message = format!("alias: {why}");
                    findings.note_of(cells.row.line, &name, Reason::BadText, message);
                }
            }
        }
    }
    let sides =
        cells.two_sided(LedgerField::OpeningDebit, LedgerField::OpeningCredit).map_err(of)?;
    ledger.opening = match sides {
        Some(opening) => opening,
        None => cells.amount(LedgerField::Opening).map_err(of)?.unwrap_or_default(),
    };
    let party = StagedParty {
        gstin: cells.line(LedgerField::Gstin).map_err(of)?,
        pan: cells.line(LedgerField::Pan).map_err(of)?,
        state: cells.line(LedgerField::State).map_err(of)?,
        country: cells.line(LedgerField::Country).map_err(of)?,
        address: cells.address(LedgerField::Address).map_err(of)?,
        email: cells.line(LedgerField::Email).map_err(of)?,
        phone: cells.line(LedgerField::Phone).map_err(of)?,
    };
    ledger.party = party.known();
    Ok(ledger)
}
