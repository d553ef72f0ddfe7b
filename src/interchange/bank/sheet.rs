//! Statements as sheets: with a letterhead above, a summary below, and columns of many names.

use std::collections::BTreeMap;

use daybook_domain::money::Money;

use super::{BankLine, BankReading, BankStatement, fingerprint};
use crate::interchange::{
    amount::{self, AmountError},
    finding::{Findings, Reason, Wrong},
    table::{
        Mapping, SheetRow, Sheets, body,
        fields::{BankField, Field},
        values::Cells,
    },
    words,
};

use BankField as Of;

/// How a bank's sheet is to be understood.
#[derive(Debug, Clone)]
pub struct BankMapping {
    /// Columns, dates and amounts.
    pub sheet: Mapping<BankField>,
    /// Words in the column *Status* of lines that took place; others are left out.
    pub took_place: Vec<String>,
}

impl BankMapping {
    /// Usual headings, days before months, points in amounts.
    pub fn usual() -> Self {
        let words =
            ["completed", "success", "successful", "posted", "booked", "settled", "cleared"];
        Self { sheet: Mapping::usual(), took_place: words.map(str::to_owned).to_vec() }
    }
}

/// Reads a statement from the rows of a sheet.
pub fn read_bank_sheet(
    rows: &[SheetRow],
    mapping: &BankMapping,
    sheets: Sheets<'_>,
    mut findings: Findings,
) -> BankReading {
    let amounts: &[&[Of]] = &[&[Of::Withdrawal, Of::Deposit], &[Of::Amount]];
    let needed: &[&[&[Of]]] = &[&[&[Of::Date]], amounts];
    let Some(body) = body(rows, &mapping.sheet, needed, &mut findings) else {
        return BankReading { statements: Vec::new(), findings };
    };
    let cells_of = |row| Cells { row, columns: &body.columns, mapping: &mapping.sheet, sheets };
    let rows: Vec<Cells<'_, Of>> = body.rows.iter().map(cells_of).collect();
    // What comes behind the last line is a summary.
    let is_line = |cells: &Cells<'_, Of>| matches!(cells.date(Of::Date), Ok(Some(_)));
    let end = rows.iter().rposition(is_line).map_or(0, |last| last + 1);
    let out_is_negative = out_is_negative(&rows);
    let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
    let mut lines = Vec::new();
    for (place, cells) in rows.iter().enumerate() {
        if cells.row.cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if !is_line(cells)
            && (place >= end || !has_amount(cells))
            && !looks_like_day(cells.text(Of::Date))
        {
            *left_out.entry("without a day".to_owned()).or_default() += 1;
            continue;
        }
        let status = cells.text(Of::Status);
        let takes_place = |word: &String| word.eq_ignore_ascii_case(status);
        if !status.is_empty() && !mapping.took_place.iter().any(takes_place) {
            *left_out.entry(format!("with the status {status}")).or_default() += 1;
            continue;
        }
        if lines.len() >= sheets.limits.bank_lines_max {
            let message = format!("there are over {} lines", sheets.limits.bank_lines_max);
            findings.error(cells.row.line, Reason::TooLarge, message);
            break;
        }
        match line(cells, out_is_negative) {
            Ok(line) => lines.push(line),
            Err(wrong) => wrong.tell(&mut findings),
        }
    }
    for (kind, count) in left_out {
        findings.note(0, Reason::NotTaken, format!("{count} rows {kind} are not taken"));
    }
    let mut statement = BankStatement { lines, ..BankStatement::default() };
    put_in_order(&mut statement, &mut findings);
    let mut statements = vec![statement];
    fingerprint(&mut statements);
    BankReading { statements, findings }
}

fn has_amount(cells: &Cells<'_, Of>) -> bool {
    let has_digits = |field| cells.text(field).bytes().any(|one| one.is_ascii_digit());
    [Of::Amount, Of::Withdrawal, Of::Deposit].into_iter().any(has_digits)
}

/// `31/02/26` was meant to be a day.
fn looks_like_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let is_number =
        |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|one| one.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number)
}

/// Some banks write money out below zero in a column of its own.
fn out_is_negative(rows: &[Cells<'_, Of>]) -> bool {
    let amounts = rows.iter().filter_map(|cells| amount(cells, Of::Withdrawal).ok().flatten());
    let (mut below, mut above) = (0_usize, 0_usize);
    for amount in amounts.filter(|amount| !amount.is_zero()) {
        if amount.is_negative() { below += 1 } else { above += 1 }
    }
    below > above
}

/// An amount in a bank's sense: `Cr` is money in.
fn amount(cells: &Cells<'_, Of>, field: Of) -> Result<Option<Money>, Wrong> {
    let text = cells.text(field);
    if matches!(text, "" | "-" | "–" | "—") {
        return Ok(None);
    }
    let wrong = |why: AmountError| {
        cells.wrong(Reason::BadAmount, format!("{} {text:?} {why}", field.heading()))
    };
    let digits = amount::take_apart(text, cells.mapping.decimal).map_err(wrong)?;
    let size = Money::parse(&digits.digits, cells.sheets.currency.exponent)
        .map_err(|why| wrong(why.into()))?;
    Ok(Some(if digits.is_negative == digits.has_side { size } else { -size }))
}

fn line(cells: &Cells<'_, Of>, out_is_negative: bool) -> Result<BankLine, Wrong> {
    let date = cells
        .date(Of::Date)?
        .ok_or_else(|| cells.wrong(Reason::MissingValue, "the line has no day"))?;
    let amount_of = |field| amount(cells, field);
    let nothing = |amount: Option<Money>| amount.filter(|amount| !amount.is_zero());
    let deposit = nothing(amount_of(Of::Deposit)?);
    let withdrawal = nothing(amount_of(Of::Withdrawal)?);
    let amount = match (deposit, withdrawal) {
        (Some(_), Some(_)) => {
            let message = "money goes in and out in one line";
            return Err(cells.wrong(Reason::BadAmount, message));
        }
        (Some(deposit), None) => Some(deposit),
        (None, Some(withdrawal)) if out_is_negative => Some(withdrawal),
        (None, Some(withdrawal)) => Some(-withdrawal),
        (None, None) => with_side(cells, amount_of(Of::Amount)?)?,
    };
    let amount = nothing(amount)
        .ok_or_else(|| cells.wrong(Reason::MissingValue, "the line has no amount"))?;
    let description = cells.line(Of::Description)?.unwrap_or_default();
    // Banks fill an empty reference with zeros.
    let reference = cells.line(Of::Reference)?.filter(|text| !text.bytes().all(|one| one == b'0'));
    Ok(BankLine {
        line: cells.row.line,
        date,
        value_date: cells.date(Of::ValueDate)?,
        amount,
        description,
        reference,
        counterpart: cells.line(Of::Counterpart)?,
        bank_id: None,
        balance: amount_of(Of::Balance)?,
        fingerprint: String::new(),
    })
}

/// The side may stand in a column of its own.
fn with_side(cells: &Cells<'_, Of>, amount: Option<Money>) -> Result<Option<Money>, Wrong> {
    let Some(amount) = amount else { return Ok(None) };
    let side = words::line(cells.text(Of::Side), cells.sheets.limits).ok().flatten();
    match side.unwrap_or_default().to_ascii_lowercase().trim_end_matches('.') {
        "" | "cr" | "c" | "credit" => Ok(Some(amount)),
        "dr" | "d" | "debit" => Ok(Some(-amount)),
        other => {
            let message = format!("Dr/Cr {other:?} is neither Dr nor Cr");
            Err(cells.wrong(Reason::BadValue, message))
        }
    }
}

/// Balances tell whether the newest line stands first; then what does not fit is told.
fn put_in_order(statement: &mut BankStatement, findings: &mut Findings) {
    let breaks = |lines: &[&BankLine]| -> Vec<u64> {
        let fits = |before: &BankLine, after: &BankLine| match (before.balance, after.balance) {
            (Some(before), Some(balance)) => before.checked_add(after.amount) == Some(balance),
            _ => true,
        };
        lines
            .windows(2)
            .filter_map(|pair| match pair {
                [before, after] if !fits(before, after) => Some(after.line),
                _ => None,
            })
            .collect()
    };
    let forwards: Vec<&BankLine> = statement.lines.iter().collect();
    let backwards: Vec<&BankLine> = statement.lines.iter().rev().collect();
    let mut wrong = breaks(&forwards);
    if !wrong.is_empty() {
        let other = breaks(&backwards);
        if other.len() < wrong.len() {
            wrong = other;
            statement.lines.reverse();
        }
    }
    for line in wrong {
        let message = "the balance is not the one before and the amount";
        findings.error(line, Reason::BalanceDiffers, message);
    }
    let first = statement.lines.first();
    statement.opening =
        first.and_then(|line| line.balance.and_then(|balance| balance.checked_sub(line.amount)));
    statement.closing = statement.lines.last().and_then(|line| line.balance);
}
