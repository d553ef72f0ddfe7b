//! Sheets of openings: a row each ledger, or each open bill of one.

use std::collections::HashMap;

use daybook_domain::{money::Money, text::fold};

use super::{
    Mapping, SheetRow, Sheets, body, fields::OpeningField, masters::opened, values::Cells,
};
use crate::interchange::{
    finding::{Findings, Reason, Wrong},
    staged::{BillKind, StagedBill, StagedBooks, StagedLedger},
};

/// Reads a sheet of openings into `books`; a ledger that is not there yet is added without a group.
/// Several rows of one ledger add up.
pub fn read_openings(
    rows: &[SheetRow],
    mapping: &Mapping<OpeningField>,
    sheets: Sheets<'_>,
    books: &mut StagedBooks,
    findings: &mut Findings,
) {
    use OpeningField as Of;
    let amounts: &[&[Of]] = &[&[Of::Amount], &[Of::Debit, Of::Credit]];
    let Some(body) = body(rows, mapping, &[&[&[Of::Ledger]], amounts], findings) else { return };
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, ledger) in books.ledgers.iter().enumerate() {
        places.entry(fold(&ledger.name)).or_insert(place);
    }
    let mut here: Option<usize> = None;
    for row in body.rows.iter().filter(|row| !row.is_blank()) {
        let cells = Cells { row, columns: &body.columns, mapping, sheets };
        let named = match cells.name(Of::Ledger) {
            Ok(named) => named,
            Err(wrong) => {
                here = None;
                wrong.tell(findings);
                continue;
            }
        };
        if let Some(name) = named {
            let key = fold(&name);
            let place = places.get(&key).copied().unwrap_or(books.ledgers.len());
            if place == books.ledgers.len() {
                if place >= sheets.limits.ledgers_max {
                    let message = format!("there are over {place} ledgers");
                    findings.error(row.line, Reason::TooLarge, message);
                    return;
                }
                places.insert(key, place);
                let mut ledger = StagedLedger::named(row.line, name);
                // A ledger that only bills tell of is kept by bills.
                ledger.is_bill_wise = [Of::BillKind, Of::Bill].into_iter().any(|of| cells.has(of));
                books.ledgers.push(ledger);
            }
            here = Some(place);
        }
        if let Err(wrong) = opening(&cells, books, here) {
            wrong.tell(findings);
        }
    }
}

fn opening(
    cells: &Cells<'_, OpeningField>,
    books: &mut StagedBooks,
    here: Option<usize>,
) -> Result<(), Wrong> {
    use OpeningField as Of;
    let label = here.and_then(|place| books.ledgers.get(place)).map(|ledger| ledger.name.clone());
    let Some(label) = label else {
        return Err(cells.wrong(Reason::MissingValue, "the row names no ledger"));
    };
    let of = |wrong: Wrong| wrong.of(&label);
    let sides = cells.two_sided(Of::Debit, Of::Credit).map_err(of)?;
    let amount = match sides {
        Some(amount) => Some(amount),
        None => cells.amount(Of::Amount).map_err(of)?,
    };
    let bill = bill(cells, amount).map_err(of)?;
    if amount.is_none() && bill.is_none() {
        return Err(of(cells.wrong(Reason::MissingValue, "the row has no amount")));
    }
    let day = cells.date(Of::OpenedOn).map_err(of)?;
    opened(books, day, cells.row.line).map_err(of)?;
    let Some(ledger) = here.and_then(|place| books.ledgers.get_mut(place)) else { return Ok(()) };
    let sum = ledger.opening.checked_add(amount.unwrap_or_default());
    ledger.opening =
        sum.ok_or_else(|| of(cells.wrong(Reason::TooLarge, "the opening is too large")))?;
    if let Some(bill) = bill {
        ledger.opening_bills.push(bill);
    }
    Ok(())
}

fn bill(
    cells: &Cells<'_, OpeningField>,
    amount: Option<Money>,
) -> Result<Option<StagedBill>, Wrong> {
    use OpeningField as Of;
    if ![Of::BillKind, Of::Bill, Of::BillAmount].into_iter().any(|field| cells.has(field)) {
        return Ok(None);
    }
    let word = cells.text(Of::BillKind);
    let kind = match (word, cells.has(Of::Bill)) {
        ("", true) => BillKind::New,
        ("", false) => BillKind::OnAccount,
        _ => BillKind::parse(word).ok_or_else(|| {
            cells.wrong(Reason::BadValue, format!("Bill type {word:?} is none that is known"))
        })?,
    };
    let own = cells.amount(Of::BillAmount)?;
    let Some(amount) = own.or(amount) else {
        return Err(cells.wrong(Reason::MissingValue, "the bill has no amount"));
    };
    Ok(Some(StagedBill {
        line: cells.row.line,
        kind,
        name: cells.line(Of::Bill)?,
        date: cells.date(Of::BillDate)?,
        due: cells.date(Of::BillDue)?,
        amount,
    }))
}
