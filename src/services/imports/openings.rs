//! What the ledgers of a file open with.

use chrono::NaiveDate;
use daybook_domain::money::Money;

use super::{
    bills::{OpenBills, Written, is_name},
    names::{Here, Target},
};
use crate::{
    error::Result,
    interchange::{Findings, Reason, staged::StagedLedger},
    lane::posting::BillPart,
};

/// A ledger's opening before it is posted.
#[derive(Debug, Clone)]
pub struct PlannedOpening {
    /// The ledger.
    pub target: Target,
    /// What it opens with: a debit above zero.
    pub amount: Money,
    /// The bills that this is made of; what they leave is on account.
    pub bills: Vec<BillPart>,
    /// Where it stands in the file.
    pub line: u64,
    /// The ledger's name.
    pub name: String,
}

/// The opening of a ledger, with its bills.
///
/// # Errors
/// When ids can no longer be made.
pub fn plan(
    ledger: &StagedLedger,
    target: Target,
    day: NaiveDate,
    open: &mut OpenBills,
    here: Here<'_>,
    findings: &mut Findings,
) -> Result<Option<PlannedOpening>> {
    let long = ledger
        .opening_bills
        .iter()
        .find(|bill| bill.name.as_deref().is_some_and(|name| !is_name(name)));
    if let Some(bill) = long {
        let message = "the name of this bill is too long";
        findings.error_of(bill.line, &ledger.name, Reason::BadText, message);
        return Ok(None);
    }
    let mut kept = ledger.opening_bills.clone();
    if !kept.is_empty() && !target.is_bill_wise {
        let message = "the ledger is not kept bill by bill here; its bills are not taken";
        findings.note_of(ledger.line, &ledger.name, Reason::NotTaken, message);
        kept.clear();
    }
    let is_credit = ledger.opening.is_negative();
    // A bill on the other side than the balance cannot be part of it.
    if kept.iter().any(|bill| bill.amount.is_negative() != is_credit)
        || Money::sum(kept.iter().map(|bill| bill.amount.size()))
            .is_none_or(|sum| sum > ledger.opening.size())
    {
        let message = "its bills are not parts of its opening; the opening stays on account";
        findings.note_of(ledger.line, &ledger.name, Reason::BillsDiffer, message);
        kept.clear();
    }
    let written = Written {
        ledger: target.id,
        dated: day,
        amount: ledger.opening,
        bills: &kept,
        label: &ledger.name,
    };
    let opened = open.open(&written, here.ids)?;
    let bills = open.parts(0, &written, &opened, findings);
    Ok(Some(PlannedOpening {
        target,
        amount: ledger.opening,
        bills,
        line: ledger.line,
        name: ledger.name.clone(),
    }))
}
