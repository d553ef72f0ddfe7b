//! Which bills the entries of a voucher open and settle, as somebody writes it down.

use chrono::{Days, NaiveDate};
use daybook_domain::{
    id::{BillId, LedgerId},
    money::Money,
    voucher::Balanced,
};
use daybook_entity::tenant::books::BillKind;

use super::{
    chart::Chart,
    vouchers::{PostVoucher, REFERENCE_MAX, Wrong},
};
use crate::{
    error::Code,
    lane::posting::{BillPart, Excess},
};

/// A part of an entry, as somebody writes it down.
#[derive(Debug, Clone)]
pub struct WrittenBill {
    /// What it does.
    pub kind: BillKind,
    /// The bill that it settles: absent, a bill, or an id of something else.
    pub bill: Option<Option<BillId>>,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// When that is due; after the ledger's credit period when left out.
    pub due_on: Option<NaiveDate>,
    /// A decimal number in the ledger's currency, or the business's where it has none.
    pub amount: String,
    /// What becomes of more than the bill has open.
    pub excess: Excess,
}

/// Most bill parts of one entry.
pub const PARTS_MAX: usize = 500;

/// Reads the bill parts of all entries; what is wrong is added, and nothing answered then.
pub fn read(
    chart: &Chart,
    command: &PostVoucher,
    entries: &Balanced,
    places: &[u8],
    wrong: &mut Wrong<'_>,
) -> Option<Vec<BillPart>> {
    let mut parts = Vec::new();
    let mut all_right = true;
    let lines = entries.lines().iter().zip(places);
    for ((index, entry), (line, exponent)) in command.entries.iter().enumerate().zip(lines) {
        let place = format!("entries.{index}.bills");
        if entry.bills.len() > PARTS_MAX {
            let why = format!("an entry names at most {PARTS_MAX} bills");
            wrong.add(Code::TooMany, &place, &why);
            all_right = false;
            continue;
        }
        for (number, written) in entry.bills.iter().enumerate() {
            let field = format!("{place}.{number}");
            let due_on = due_on(chart, line.ledger, written, command.dated);
            match read_one(*exponent, written, &field, wrong) {
                Some((reference, amount, bill)) => parts.push(BillPart {
                    entry: index,
                    field,
                    kind: written.kind,
                    bill,
                    reference,
                    due_on,
                    amount,
                    excess: written.excess,
                }),
                None => all_right = false,
            }
        }
        if entry.oldest_first {
            parts.push(BillPart {
                entry: index,
                field: format!("entries.{index}.allocate"),
                kind: BillKind::OnAccount,
                bill: None,
                reference: None,
                due_on: None,
                amount: Money::ZERO,
                excess: Excess::OldestFirst,
            });
        }
    }
    all_right.then_some(parts)
}

type Read = (Option<String>, Money, Option<BillId>);

/// Reads one part: number, amount and the bill that it settles; what is wrong is added.
pub fn read_one(
    exponent: u8,
    written: &WrittenBill,
    field: &str,
    wrong: &mut Wrong<'_>,
) -> Option<Read> {
    let reference = written.reference.as_deref();
    let reference = wrong.text(&format!("{field}.reference"), reference, REFERENCE_MAX, true);
    let path = format!("{field}.amount");
    let amount = wrong.money(&path, &written.amount, exponent)?;
    if amount.is_zero() || amount.is_negative() {
        wrong.add(Code::Invalid, &path, "an amount is above zero");
        return None;
    }
    match (written.kind, written.bill) {
        (BillKind::Against, Some(None)) => {
            wrong.add(Code::BillUnknown, &format!("{field}.billId"), "there is no such bill");
            None
        }
        (BillKind::Against, None) => {
            wrong.add(Code::Required, &format!("{field}.billId"), "say which bill this settles");
            None
        }
        (BillKind::Against, Some(Some(bill))) => Some((reference, amount, Some(bill))),
        (_, Some(_)) => {
            let why = "only what settles a bill names one";
            wrong.add(Code::Invalid, &format!("{field}.billId"), why);
            None
        }
        (BillKind::New, None) if reference.is_none() => {
            let why = "a new bill has a number";
            wrong.add(Code::Required, &format!("{field}.reference"), why);
            None
        }
        (_, None) => Some((reference, amount, None)),
    }
}

fn due_on(
    chart: &Chart,
    ledger: LedgerId,
    written: &WrittenBill,
    dated: NaiveDate,
) -> Option<NaiveDate> {
    if written.kind != BillKind::New {
        return None;
    }
    written.due_on.or_else(|| {
        let days = chart.ledgers.get(&ledger).and_then(|ledger| ledger.credit_days).unwrap_or(0);
        dated.checked_add_days(Days::new(u64::try_from(days).unwrap_or(0)))
    })
}

/// The party of a voucher: the one ledger among its entries that is kept bill by bill.
pub fn party(chart: &Chart, entries: &Balanced) -> Option<LedgerId> {
    let mut parties = entries
        .lines()
        .iter()
        .map(|line| line.ledger)
        .filter(|id| chart.ledgers.get(id).is_some_and(|ledger| ledger.is_bill_wise));
    let first = parties.next()?;
    parties.all(|other| other == first).then_some(first)
}
