//! Sheets of vouchers: a row each entry, or each whole voucher of two ledgers.

use daybook_domain::money::Money;

use super::{
    Mapping, SheetRow, Sheets, body,
    fields::{Field, VoucherField},
    values::Cells,
};
use crate::interchange::{
    finding::{Findings, Reason, Wrong},
    staged::{
        BillKind, StagedBill, StagedBooks, StagedCostShare, StagedEntry, StagedForeign,
        StagedInstrument, StagedVoucher, VoucherState,
    },
};

use VoucherField as Of;

/// Reads a sheet of vouchers into `books`.
///
/// Rows that follow each other belong to one voucher when they have the same text in the column
/// *Voucher*; without that column, the same date, type and number, where an empty date or number
/// stands for the one above. Rows without any number make a voucher as soon as they balance.
pub fn read_vouchers(
    rows: &[SheetRow],
    mapping: &Mapping<VoucherField>,
    sheets: Sheets<'_>,
    books: &mut StagedBooks,
    findings: &mut Findings,
) {
    let amounts: &[&[Of]] = &[&[Of::Debit, Of::Credit], &[Of::Amount]];
    let ledgers: &[&[Of]] = &[&[Of::Ledger], &[Of::DebitLedger, Of::CreditLedger]];
    let needed: &[&[&[Of]]] = &[&[&[Of::Date]], ledgers, amounts];
    let Some(body) = body(rows, mapping, needed, findings) else { return };
    let has_token = body.columns.contains_key(&Of::Voucher);
    let mut open: Option<Draft> = None;
    for row in body.rows.iter().filter(|row| !row.is_blank()) {
        let cells = Cells { row, columns: &body.columns, mapping, sheets };
        let goes_on = open.as_ref().is_some_and(|draft| draft.goes_on(&cells, has_token));
        if !goes_on {
            close(open.take(), books);
            if books.vouchers.len() >= sheets.limits.vouchers_max {
                let message = format!("there are over {} vouchers", sheets.limits.vouchers_max);
                findings.error(row.line, Reason::TooLarge, message);
                return;
            }
            match Draft::begin(&cells) {
                Ok(draft) => open = Some(draft),
                Err(wrong) => {
                    wrong.of(&label(&cells)).tell(findings);
                    open = Some(Draft::spoilt(&cells));
                    continue;
                }
            }
        }
        let Some(draft) = &mut open else { continue };
        if let Err(wrong) = draft.take(&cells) {
            wrong.of(&draft.label).tell(findings);
            draft.voucher = None;
        }
    }
    close(open, books);
}

fn close(draft: Option<Draft>, books: &mut StagedBooks) {
    books.vouchers.extend(draft.and_then(|draft| draft.voucher));
}

fn label(cells: &Cells<'_, VoucherField>) -> String {
    let kind = Some(cells.text(Of::Kind)).filter(|kind| !kind.is_empty()).unwrap_or("voucher");
    let number = cells.text(Of::Number);
    if number.is_empty() {
        format!("{kind} of {}", cells.text(Of::Date))
    } else {
        format!("{kind} {number}")
    }
}

/// A voucher whose rows are being read; without one when a row of it was bad.
struct Draft {
    label: String,
    token: String,
    date: String,
    kind: String,
    number: String,
    voucher: Option<StagedVoucher>,
}

impl Draft {
    fn spoilt(cells: &Cells<'_, VoucherField>) -> Self {
        let text = |field| cells.text(field).to_owned();
        Self {
            label: label(cells),
            token: text(Of::Voucher),
            date: text(Of::Date),
            kind: text(Of::Kind),
            number: text(Of::Number),
            voucher: None,
        }
    }

    fn begin(cells: &Cells<'_, VoucherField>) -> Result<Self, Wrong> {
        let date = cells
            .date(Of::Date)?
            .ok_or_else(|| cells.wrong(Reason::MissingValue, "the voucher has no date"))?;
        let mut voucher = StagedVoucher::dated(cells.row.line, date);
        voucher.key = cells.line(Of::Key)?;
        voucher.voucher_type = cells.name(Of::Kind)?;
        voucher.number = cells.line(Of::Number)?;
        voucher.reference = cells.line(Of::Reference)?;
        voucher.reference_date = cells.date(Of::ReferenceDate)?;
        voucher.party = cells.name(Of::Party)?;
        voucher.narration = cells.narration(Of::Narration)?;
        let state = cells.text(Of::State);
        voucher.state = match state {
            "" => VoucherState::Normal,
            _ => VoucherState::parse(state).ok_or_else(|| {
                let message = format!("State {state:?} is none of normal, optional and cancelled");
                cells.wrong(Reason::BadValue, message)
            })?,
        };
        Ok(Self { voucher: Some(voucher), ..Self::spoilt(cells) })
    }

    /// Whether the row belongs to this voucher.
    fn goes_on(&self, cells: &Cells<'_, VoucherField>, has_token: bool) -> bool {
        if has_token {
            let token = cells.text(Of::Voucher);
            return token == self.token && !token.is_empty();
        }
        // A row that is a whole voucher never goes on.
        if cells.has(Of::DebitLedger) || cells.has(Of::CreditLedger) {
            return false;
        }
        let same = |field: VoucherField, own: &str| {
            let text = cells.text(field);
            text.is_empty() || text == own
        };
        if !same(Of::Date, &self.date) || !same(Of::Kind, &self.kind) {
            return false;
        }
        let number = cells.text(Of::Number);
        if self.number.is_empty() && number.is_empty() {
            // Without a number a voucher ends as soon as it balances, but not before its bills.
            let is_balanced = self.voucher.as_ref().is_none_or(|voucher| {
                voucher.entries.len() >= 2 && voucher.difference() == Some(Money::ZERO)
            });
            return !is_balanced || (!cells.has(Of::Ledger) && !cells.has(Of::Date));
        }
        number == self.number || number.is_empty()
    }

    fn take(&mut self, cells: &Cells<'_, VoucherField>) -> Result<(), Wrong> {
        let Some(voucher) = &mut self.voucher else { return Ok(()) };
        let is_bill = [Of::BillKind, Of::Bill, Of::BillAmount].into_iter().any(|of| cells.has(of));
        let is_share = cells.has(Of::CostCentre);
        if cells.has(Of::DebitLedger) || cells.has(Of::CreditLedger) {
            voucher.entries.extend(pair(cells)?);
        } else if cells.has(Of::Ledger) {
            if voucher.entries.len() >= cells.sheets.limits.entries_max {
                let message = format!("it has over {} entries", cells.sheets.limits.entries_max);
                return Err(cells.wrong(Reason::EntryCount, message));
            }
            voucher.entries.push(entry(cells)?);
        } else if [Of::Debit, Of::Credit, Of::Amount].into_iter().any(|of| cells.has(of)) {
            return Err(cells.wrong(Reason::MissingValue, "the row has an amount and no ledger"));
        }
        if !is_bill && !is_share {
            return Ok(());
        }
        let Some(entry) = voucher.entries.last_mut() else {
            return Err(cells.wrong(Reason::MissingValue, "the row belongs to no entry"));
        };
        if is_bill {
            entry.bills.push(bill(cells, entry.amount)?);
        }
        if is_share {
            let amount = cells.amount(Of::CostAmount)?.unwrap_or(entry.amount);
            let centre = cells.name(Of::CostCentre)?.unwrap_or_default();
            let category = cells.name(Of::CostCategory)?;
            entry.cost_shares.push(StagedCostShare { category, centre, amount });
        }
        Ok(())
    }
}

/// Two entries of a row that is a whole voucher.
fn pair(cells: &Cells<'_, VoucherField>) -> Result<[StagedEntry; 2], Wrong> {
    let ledger = |field: VoucherField| {
        cells.name(field)?.ok_or_else(|| {
            cells.wrong(Reason::MissingValue, format!("{} is missing", field.heading()))
        })
    };
    let amount = cells
        .amount(Of::Amount)?
        .ok_or_else(|| cells.wrong(Reason::MissingValue, "the row has no amount"))?;
    if amount.is_negative() {
        let message = "the amount is below zero; exchange the two ledgers";
        return Err(cells.wrong(Reason::BadAmount, message));
    }
    let line = cells.row.line;
    Ok([
        StagedEntry::of(line, ledger(Of::DebitLedger)?, amount),
        StagedEntry::of(line, ledger(Of::CreditLedger)?, -amount),
    ])
}

fn entry(cells: &Cells<'_, VoucherField>) -> Result<StagedEntry, Wrong> {
    let ledger = cells
        .name(Of::Ledger)?
        .ok_or_else(|| cells.wrong(Reason::MissingValue, "the row names no ledger"))?;
    let amount = match cells.two_sided(Of::Debit, Of::Credit)? {
        Some(amount) => Some(amount),
        None => one_sided(cells)?,
    };
    let amount =
        amount.ok_or_else(|| cells.wrong(Reason::MissingValue, "the row has no amount"))?;
    let mut entry = StagedEntry::of(cells.row.line, ledger, amount);
    entry.narration = cells.narration(Of::EntryNarration)?;
    entry.instrument = StagedInstrument {
        number: cells.line(Of::Instrument)?,
        date: cells.date(Of::InstrumentDate)?,
    }
    .known();
    entry.foreign = match (cells.name(Of::Commodity)?, cells.decimal(Of::Quantity)?) {
        (Some(commodity), Some(quantity)) => Some(StagedForeign { commodity, quantity }),
        // A currency without an amount in it only repeats what the books are in.
        (Some(_), None) | (None, None) => None,
        (None, Some(_)) => {
            return Err(cells.wrong(Reason::MissingValue, "a quantity of what?"));
        }
    };
    Ok(entry)
}

/// An amount in one column; its side may stand in another.
fn one_sided(cells: &Cells<'_, VoucherField>) -> Result<Option<Money>, Wrong> {
    let Some(amount) = cells.amount(Of::Amount)? else { return Ok(None) };
    match cells.text(Of::Side).to_ascii_lowercase().trim_end_matches('.') {
        "" | "dr" | "d" | "debit" => Ok(Some(amount)),
        "cr" | "c" | "credit" => Ok(Some(-amount)),
        side => {
            let message = format!("Dr/Cr {side:?} is neither Dr nor Cr");
            Err(cells.wrong(Reason::BadValue, message))
        }
    }
}

fn bill(cells: &Cells<'_, VoucherField>, of_entry: Money) -> Result<StagedBill, Wrong> {
    let word = cells.text(Of::BillKind);
    let kind = match (word, cells.has(Of::Bill)) {
        ("", false) => BillKind::OnAccount,
        // Whether a bill is opened or settled is never guessed.
        ("", true) => {
            let message = "the bill needs a type: New Ref, Agst Ref, Advance or On Account";
            return Err(cells.wrong(Reason::MissingValue, message));
        }
        _ => BillKind::parse(word).ok_or_else(|| {
            cells.wrong(Reason::BadValue, format!("Bill type {word:?} is none that is known"))
        })?,
    };
    Ok(StagedBill {
        line: cells.row.line,
        kind,
        name: cells.line(Of::Bill)?,
        date: cells.date(Of::BillDate)?,
        due: cells.date(Of::BillDue)?,
        amount: cells.amount(Of::BillAmount)?.unwrap_or(of_entry),
    })
}
