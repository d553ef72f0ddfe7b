//! Judges what is done to posted vouchers later: cancelling, amending, reversing, allocating.

use daybook_domain::{exchange::Position, id::VoucherActId, money::Money};
use daybook_entity::tenant::books::{ActKind, BillKind, VoucherKind};

use super::{
    costs::judge_costs,
    exchange::{self, Difference, Settled, counted, signed, take},
    ids::Ids,
    judge::{Changes, Place, Step, check_ledgers, judge, refuse, refuse_at, year_of},
    judge_bills::{Judged as Bills, Part, judge_bills, move_bill},
    locks::{By, check_locks, pass_locks},
    posting::{Allocate, Allocation, Amend, Cancel, OnVoucher, PostedVoucher, Posting, Reverses},
    state::State,
    targets::Target,
};
use crate::error::{Code, Error, Result};

/// An accepted act on a voucher.
#[derive(Debug)]
pub struct Judged {
    /// The version that it is done to.
    pub old: PostedVoucher,
    /// What is done.
    pub kind: ActKind,
    /// Day that period locks are compared with.
    pub dated: chrono::NaiveDate,
    /// The exception by which a soft lock let it pass.
    pub lock_exception: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// The new version.
    pub amended: Option<Amended>,
    /// Rows of an allocation; those of an undone one have the other side.
    pub parts: Vec<Part>,
    /// The allocation that it undoes.
    pub undoes: Option<VoucherActId>,
    /// The voucher that takes what an allocation leaves between two rates.
    pub difference: Option<Box<(Posting, Place)>>,
    /// That voucher taken back, with the allocation.
    pub cancels: Option<Box<Judged>>,
}

/// The new version of an amended voucher.
#[derive(Debug)]
pub struct Amended {
    /// Year, series and number stay; the exception is the new date's.
    pub place: Place,
    /// Its bill parts.
    pub bills: Vec<Part>,
}

/// Judges a cancellation.
///
/// # Errors
/// Why it cannot be.
pub fn cancel(state: &mut State, by: By, cancel: &Cancel, steps: &mut Vec<Step>) -> Result<Judged> {
    let on = &cancel.on;
    let target = free_target(state, on, steps)?;
    let lock_exception = check_own_date(state, on, &target.voucher, by)?;
    take_bills_back(state, &target.voucher, steps);
    if let Some(target) = state.targets.get_mut(&on.voucher) {
        target.is_cancelled = true;
    }
    // What it reversed stands again for whoever is judged next.
    if let Some(id) = target.voucher.reverses
        && let Some(reversed) = state.targets.get_mut(&id)
    {
        steps.push(Step::Touched { id, before: Box::new(reversed.clone()) });
        reversed.is_reversed = false;
    }
    Ok(Judged {
        kind: ActKind::Cancelled,
        dated: target.voucher.dated,
        lock_exception,
        reason: on.reason.clone(),
        amended: None,
        parts: Vec::new(),
        undoes: None,
        difference: None,
        cancels: None,
        old: target.voucher,
    })
}

/// Judges an amendment: the old version is taken back, the new one stands under the same number.
///
/// # Errors
/// Why it cannot be.
pub fn amend(state: &mut State, by: By, amend: &Amend, steps: &mut Vec<Step>) -> Result<Judged> {
    let (on, posting) = (&amend.on, &amend.posting);
    let is_opening = posting.kind == VoucherKind::Opening;
    // What settles the bills of an opening stays, as long as they are not less than that.
    let target =
        if is_opening { own_target(state, on, steps)? } else { free_target(state, on, steps)? };
    let old = target.voucher;
    if old.business != posting.business || old.voucher_type != posting.voucher_type {
        let why = "an amendment keeps business and type; cancel this voucher and post another";
        return Err(refuse(posting, Code::NotAllowed, "voucherTypeId", why));
    }
    let lock_exception = check_own_date(state, on, &old, by)?;
    check_ledgers(state, posting)?;
    judge_costs(state, posting)?;
    let business = state
        .businesses
        .get(&posting.business)
        .ok_or_else(|| refuse(posting, Code::BusinessUnknown, "businessId", "no such business"))?;
    if year_of(business, posting)? != Some(old.year) {
        let why = "an amendment stays in its accounting year; cancel this voucher and post another";
        return Err(refuse(posting, Code::NotAllowed, "date", why));
    }
    let passed = check_locks(business, posting, by)?;
    take_bills_back(state, &old, steps);
    let Bills { parts: mut bills, differences } = judge_bills(state, posting, steps)?;
    if is_opening {
        go_on(state, posting, &old, &mut bills, steps)?;
    }
    let place = Place {
        year: old.year,
        series: old.series,
        sequence: old.sequence,
        number: old.number.clone(),
        lock_exception: passed,
        bills: Vec::new(),
        differences,
        reversed: None,
    };
    Ok(Judged {
        kind: ActKind::Amended,
        dated: old.dated,
        lock_exception,
        reason: on.reason.clone(),
        amended: Some(Amended { place, bills }),
        parts: Vec::new(),
        undoes: None,
        difference: None,
        cancels: None,
        old,
    })
}

/// Judges whether a voucher may be reversed by this one.
///
/// # Errors
/// Why it cannot be.
pub fn reverse(
    state: &mut State,
    posting: &Posting,
    reverses: &Reverses,
    steps: &mut Vec<Step>,
) -> Result<PostedVoucher> {
    let on = OnVoucher {
        path: posting.path.clone(),
        voucher: reverses.voucher,
        expected_version: Some(reverses.version),
        reason: reverses.reason.clone(),
        lock_exception: None,
    };
    let target = standing(state, &on)?;
    if target.voucher.business != posting.business {
        return Err(unknown(&on));
    }
    let voucher = target.voucher.clone();
    if let Some(target) = touch(state, &on, steps) {
        target.is_reversed = true;
    }
    Ok(voucher)
}

/// Judges an allocation of what a voucher left on account or paid in advance, or undoes one.
///
/// # Errors
/// Why it cannot be.
pub fn allocate(
    state: &mut State,
    changes: &mut Changes,
    ids: &Ids,
    by: By,
    allocate: &Allocate,
    steps: &mut Vec<Step>,
) -> Result<Judged> {
    let on = &allocate.on;
    let target = standing(state, on)?.clone();
    touch(state, on, steps);
    let mut differences = Vec::new();
    let mut cancels = None;
    let (dated, undoes, parts) = match &allocate.what {
        Allocation::Settle(_) => {
            let (parts, left) = settle(state, allocate, &target, steps)?;
            differences = left;
            (allocate.dated, None, parts)
        }
        Allocation::Undo(act) => {
            let Some(allocated) = target.allocations.get(act) else {
                let why = "this voucher has no such allocation that still stands";
                return Err(refuse_at(&on.path, Code::NotFound, "allocationId", why));
            };
            let mut parts = Vec::with_capacity(allocated.rows.len());
            for row in &allocated.rows {
                let amount = signed(row).turned();
                if let Some(bill) = row.bill {
                    move_bill(state, bill, amount, steps);
                }
                parts.push(Part {
                    entry_line: None,
                    ledger: row.ledger,
                    bill: row.bill,
                    kind: row.kind,
                    reference: None,
                    due_on: None,
                    amount,
                    currency: row.foreign.as_ref().map(|foreign| foreign.currency.clone()),
                    has_id: false,
                });
            }
            let goes = allocated.difference.map(|voucher| Cancel {
                on: OnVoucher { voucher, expected_version: None, ..on.clone() },
            });
            let goes = goes.map(|goes| cancel(state, by, &goes, steps)).transpose()?;
            cancels = goes.map(Box::new);
            (allocated.dated, Some(*act), parts)
        }
    };
    let lock_exception = check_date(state, on, &target.voucher, dated, by)?;
    let difference = match &allocate.difference {
        Some(template) if !differences.is_empty() => {
            let posting = exchange::difference_voucher(template, &differences)?;
            let place = judge(state, changes, ids, by, &posting, steps)?;
            Some(Box::new((posting, place)))
        }
        _ => None,
    };
    Ok(Judged {
        kind: if undoes.is_some() { ActKind::Deallocated } else { ActKind::Allocated },
        dated,
        lock_exception,
        reason: on.reason.clone(),
        amended: None,
        parts,
        undoes,
        difference,
        cancels,
        old: target.voucher,
    })
}

/// Sets amounts against bills: first what is on account, then what was paid in advance.
fn settle(
    state: &mut State,
    allocate: &Allocate,
    target: &Target,
    steps: &mut Vec<Step>,
) -> Result<(Vec<Part>, Vec<Difference>)> {
    let Allocation::Settle(settled) = &allocate.what else { return Ok(Default::default()) };
    let (path, ledger) = (&allocate.on.path, allocate.ledger);
    let currency = state.ledgers.get(&ledger).and_then(|known| known.currency.clone());
    // Without the voucher for differences nobody knew of the currency: it was set meanwhile.
    let currency = currency.filter(|_| allocate.difference.is_some());
    let abroad = currency.is_some();
    if allocate.dated < target.voucher.dated {
        let why = "an allocation is not dated before its voucher";
        return Err(refuse_at(path, Code::Invalid, "date", why));
    }
    let part = |kind, bill, amount| Part {
        entry_line: None,
        ledger,
        bill,
        kind,
        reference: None,
        due_on: None,
        amount,
        currency: currency.clone(),
        has_id: false,
    };
    // What waits: each source with what it holds, a debit above zero.
    let mut sources = Vec::new();
    let on_account = target.on_account.get(&ledger).copied().unwrap_or_default();
    sources.push((BillKind::OnAccount, None, on_account));
    for row in &target.voucher.bills {
        if let (BillKind::Advance, Some(bill)) = (row.kind, row.bill)
            && row.ledger == ledger
        {
            let open = state.bills.get(&bill).map(|bill| bill.open).unwrap_or_default();
            sources.push((BillKind::Advance, Some(bill), open));
        }
    }
    let mut parts = Vec::new();
    let mut all = Settled::default();
    for (index, wanted) in settled.iter().enumerate() {
        let field = |last: &str| format!("allocations.{index}.{last}");
        let bill = state.bills.get(&wanted.bill).copied();
        let bill =
            bill.filter(|bill| bill.ledger == ledger && bill.business == target.voucher.business);
        let Some(bill) = bill else {
            let why = "this party has no such bill";
            return Err(refuse_at(path, Code::BillUnknown, &field("billId"), why));
        };
        let open = counted(bill.open, abroad);
        if !abroad && !bill.open.foreign.is_zero() {
            let why = "somebody changed this meanwhile; read it again";
            return Err(refuse_at(path, Code::Stale, "ledgerId", why));
        }
        if wanted.amount > open.size() {
            let why = "the bill has less open than that";
            return Err(refuse_at(path, Code::BillOverAllocated, &field("amount"), why));
        }
        let is_debit_bill = !open.is_negative();
        let mut left = wanted.amount;
        let mut settles = Position::default();
        for (kind, source, holds) in &mut sources {
            let held = counted(*holds, abroad);
            let is_opposite = held.is_negative() == is_debit_bill && !held.is_zero();
            if !is_opposite || *source == Some(wanted.bill) {
                continue;
            }
            let size = left.min(held.size());
            if size.is_zero() {
                continue;
            }
            let taken = take(holds, size, abroad);
            if taken.base.is_zero() {
                let why = "so little is worth nothing in the business's currency; take more";
                return Err(refuse_at(path, Code::Invalid, &field("amount"), why));
            }
            left = left.saturating_sub(size);
            settles = settles.with(taken);
            parts.push(part(*kind, *source, taken.turned()));
            if let Some(source) = source {
                move_bill(state, *source, taken.turned(), steps);
            }
        }
        if !left.is_zero() {
            let why = "the voucher has less on account and in advance than that";
            return Err(refuse_at(path, Code::BillOverAllocated, &field("amount"), why));
        }
        if abroad {
            all.add(state, wanted.bill, settles);
        }
        parts.push(part(BillKind::Against, Some(wanted.bill), settles));
        move_bill(state, wanted.bill, settles, steps);
    }
    let differences = all.differences(state, target.voucher.business)?;
    Ok((parts, differences))
}

/// The voucher, if it stands as the caller saw it.
fn standing<'s>(state: &'s State, on: &OnVoucher) -> Result<&'s Target> {
    let target = state.targets.get(&on.voucher).ok_or_else(|| unknown(on))?;
    if target.is_cancelled {
        let why = "this voucher is cancelled";
        return Err(refuse_at(&on.path, Code::VoucherCancelled, "voucherId", why));
    }
    if target.is_reversed {
        let why = "a later voucher reverses this one; cancel that one first";
        return Err(refuse_at(&on.path, Code::VoucherReversed, "voucherId", why));
    }
    let found = target.voucher.version;
    if target.is_touched || on.expected_version.is_some_and(|expected| expected != found) {
        let why = "somebody changed this meanwhile; read it again";
        return Err(refuse_at(&on.path, Code::Stale, "expectedVersion", why));
    }
    Ok(target)
}

/// Lets the bills of an amended opening go on under their numbers, with what settles them.
fn go_on(
    state: &mut State,
    posting: &Posting,
    old: &PostedVoucher,
    bills: &mut [Part],
    steps: &mut Vec<Step>,
) -> Result<()> {
    for part in bills.iter_mut().filter(|part| part.kind == BillKind::New) {
        let before = old.bills.iter().find(|row| {
            row.kind == BillKind::New
                && row.ledger == part.ledger
                && row.reference == part.reference
        });
        part.bill = before.and_then(|row| row.bill);
        if let Some(bill) = part.bill {
            move_bill(state, bill, part.amount, steps);
        }
    }
    for row in old.bills.iter().filter(|row| row.kind == BillKind::New) {
        let Some(id) = row.bill else { continue };
        let open = state.bills.get(&id).map(|bill| bill.open).unwrap_or_default();
        let now = bills.iter().find(|part| part.bill == Some(id)).map(|part| part.amount);
        let is_side = |open: Money, now: Money| {
            open.is_zero() || (!now.is_zero() && now.is_negative() == open.is_negative())
        };
        // What was settled of a bill in another currency took its share of the value that it had.
        let is_kept = |now: Position| now == signed(row) || now == open || row.foreign.is_none();
        let is_enough = match now {
            Some(now) => {
                is_side(open.base, now.base) && is_side(open.foreign, now.foreign) && is_kept(now)
            }
            None => open.is_closed(),
        };
        if !is_enough {
            let number = row.reference.as_deref().unwrap_or_default();
            let why = format!("other vouchers settle more of the bill {number} than that");
            return Err(refuse(posting, Code::BillSettled, "bills", &why));
        }
    }
    Ok(())
}

/// A voucher of which nothing waits elsewhere: what it left on account is where it was.
fn own_target(state: &mut State, on: &OnVoucher, steps: &mut Vec<Step>) -> Result<Target> {
    let target = standing(state, on)?.clone();
    if target.is_reconciled {
        let why = "an entry of this voucher is reconciled with the bank; undo that first";
        return Err(refuse_at(&on.path, Code::BankReconciled, "voucherId", why));
    }
    if !target.allocations.is_empty() {
        let why = "what this voucher left on account is set against bills; undo that first";
        return Err(refuse_at(&on.path, Code::BillSettled, "voucherId", why));
    }
    touch(state, on, steps);
    Ok(target)
}

/// A voucher that nothing else rests on.
fn free_target(state: &mut State, on: &OnVoucher, steps: &mut Vec<Step>) -> Result<Target> {
    let target = own_target(state, on, steps)?;
    for row in &target.voucher.bills {
        let opens = matches!(row.kind, BillKind::New | BillKind::Advance);
        let open = row.bill.and_then(|bill| state.bills.get(&bill)).map(|bill| bill.open);
        if opens && open != Some(signed(row)) {
            let why = "another voucher settles a bill of this one; undo that first";
            return Err(refuse_at(&on.path, Code::BillSettled, "voucherId", why));
        }
    }
    Ok(target)
}

fn touch<'s>(
    state: &'s mut State,
    on: &OnVoucher,
    steps: &mut Vec<Step>,
) -> Option<&'s mut Target> {
    let target = state.targets.get_mut(&on.voucher)?;
    steps.push(Step::Touched { id: on.voucher, before: Box::new(target.clone()) });
    target.is_touched = true;
    Some(target)
}

fn take_bills_back(state: &mut State, voucher: &PostedVoucher, steps: &mut Vec<Step>) {
    for row in &voucher.bills {
        if let Some(bill) = row.bill {
            move_bill(state, bill, signed(row).turned(), steps);
        }
    }
}

/// Whether locks let the voucher's own date pass.
fn check_own_date(
    state: &State,
    on: &OnVoucher,
    voucher: &PostedVoucher,
    by: By,
) -> Result<Option<i64>> {
    check_date(state, on, voucher, voucher.dated, by)
}

fn check_date(
    state: &State,
    on: &OnVoucher,
    voucher: &PostedVoucher,
    dated: chrono::NaiveDate,
    by: By,
) -> Result<Option<i64>> {
    let business = state.businesses.get(&voucher.business).filter(|one| !one.is_archived);
    let Some(business) = business else { return Err(unknown(on)) };
    let closed = business
        .years
        .iter()
        .any(|year| year.is_closed && year.starts_on <= dated && dated <= year.ends_on);
    if closed {
        let why = "the accounting year of this voucher is closed";
        return Err(refuse_at(&on.path, Code::YearClosed, "voucherId", why));
    }
    let what = (voucher.areas, dated, on.lock_exception);
    pass_locks(business, what, by, &on.path, "voucherId")
}

fn unknown(on: &OnVoucher) -> Error {
    refuse_at(&on.path, Code::NotFound, "voucherId", "there is no such voucher")
}
