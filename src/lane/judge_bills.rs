//! Judges which bills the entries of a voucher open and settle.

use daybook_domain::{
    id::{BillId, LedgerId},
    money::Money,
};
use daybook_entity::tenant::books::BillKind;

use super::{
    judge::{Step, refuse},
    posting::{BillPart, Excess, PostedBill, Posting},
    state::State,
    targets::Bill,
};
use crate::error::{Code, Result};

/// A part of an entry, as it will be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its place among the entries, from 1; none for what an allocation moves.
    pub entry_line: Option<i32>,
    /// The party.
    pub ledger: LedgerId,
    /// The bill that it settles; what opens one has none yet.
    pub bill: Option<BillId>,
    /// What it does.
    pub kind: BillKind,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// When that is due.
    pub due_on: Option<chrono::NaiveDate>,
    /// A debit above zero, a credit below.
    pub amount: Money,
    /// Whether `bill` is the id that the bill it opens shall have.
    pub has_id: bool,
}

/// Makes known the bills that a posting opens under ids made beforehand: whatever else its member posts
/// may settle them, in any order.
pub fn announce(state: &mut State, posting: &Posting) {
    for part in &posting.bills {
        let opens = matches!(part.kind, BillKind::New | BillKind::Advance);
        let line = posting.entries.lines().get(part.entry);
        if let (true, Some(id), Some(line)) = (opens, part.bill, line) {
            let open = if line.debit.is_zero() { -part.amount } else { part.amount };
            let bill = Bill { business: posting.business, ledger: line.ledger, open };
            state.bills.insert(id, bill);
        }
    }
}

/// Completes the bill parts of a voucher: what an entry on a bill-wise ledger says nothing of stays on
/// account. Bills that are settled have that much less open for whoever is judged next.
///
/// # Errors
/// The first part that cannot be: more than its entry, an unknown bill, more than the bill has open.
pub fn judge_bills(
    state: &mut State,
    posting: &Posting,
    steps: &mut Vec<Step>,
) -> Result<Vec<Part>> {
    let mut asked = posting.bills.iter().peekable();
    let mut parts = Vec::new();
    for ((index, line), entry_line) in posting.entries.lines().iter().enumerate().zip(1..) {
        let is_bill_wise = state.ledgers.get(&line.ledger).is_some_and(|one| one.is_bill_wise);
        let entry = line.debit.saturating_sub(line.credit);
        let mut left = entry.size();
        while let Some(part) = asked.next_if(|part| part.entry == index) {
            if !is_bill_wise {
                let why = "this ledger is not kept bill by bill";
                return Err(refuse(posting, Code::NotAllowed, &part.field, why));
            }
            left = left.saturating_sub(part.amount);
            if left.is_negative() {
                let why = "the bills come to more than the entry";
                return Err(refuse(posting, Code::BillsUnequal, &field(part, "amount"), why));
            }
            let stored = |kind, bill, amount: Money| Part {
                entry_line: Some(entry_line),
                ledger: line.ledger,
                bill,
                kind,
                reference: part.reference.clone(),
                due_on: part.due_on,
                amount: if entry.is_negative() { -amount } else { amount },
                has_id: bill.is_some() && kind != BillKind::Against,
            };
            match (part.kind, part.bill) {
                (BillKind::Against, Some(bill)) => {
                    let room = settle(state, posting, (part, bill), line.ledger, entry, steps)?;
                    if !room.is_zero() {
                        parts.push(stored(BillKind::Against, Some(bill), room));
                    }
                    let rest = part.amount.saturating_sub(room);
                    left = left.saturating_add(rest);
                }
                (BillKind::Against, None) => {
                    let why = "say which bill this settles";
                    return Err(refuse(posting, Code::Required, &field(part, "billId"), why));
                }
                (BillKind::OnAccount, _) => left = left.saturating_add(part.amount),
                (kind, own) => parts.push(stored(kind, own, part.amount)),
            }
        }
        if is_bill_wise && !left.is_zero() {
            parts.push(Part {
                entry_line: Some(entry_line),
                ledger: line.ledger,
                bill: None,
                kind: BillKind::OnAccount,
                reference: None,
                due_on: None,
                amount: if entry.is_negative() { -left } else { left },
                has_id: false,
            });
        }
    }
    Ok(parts)
}

/// How much of a part the bill takes.
fn settle(
    state: &mut State,
    posting: &Posting,
    (part, id): (&BillPart, BillId),
    ledger: LedgerId,
    entry: Money,
    steps: &mut Vec<Step>,
) -> Result<Money> {
    let bill = state
        .bills
        .get(&id)
        .copied()
        .filter(|bill| bill.ledger == ledger && bill.business == posting.business)
        .ok_or_else(|| {
            let why = "this party has no such bill";
            refuse(posting, Code::BillUnknown, &field(part, "billId"), why)
        })?;
    let is_opposite = bill.open.is_negative() != entry.is_negative();
    let open = if is_opposite { bill.open.size() } else { Money::ZERO };
    let room = match part.excess {
        Excess::Restores => part.amount,
        Excess::OnAccount => part.amount.min(open),
        Excess::Refuse if part.amount > open => {
            let why = "the bill has less open than that; take less, or leave the rest on account";
            return Err(refuse(posting, Code::BillOverAllocated, &field(part, "amount"), why));
        }
        Excess::Refuse => part.amount,
    };
    move_bill(state, id, if entry.is_negative() { -room } else { room }, steps);
    Ok(room)
}

/// Adds to what a bill has open, in a way that can be taken back.
pub fn move_bill(state: &mut State, id: BillId, amount: Money, steps: &mut Vec<Step>) {
    if let Some(bill) = state.bills.get_mut(&id) {
        steps.push(Step::Billed { id, before: *bill });
        bill.open = bill.open.saturating_add(amount);
    }
}

/// What a stored part adds to its bill.
pub fn signed(row: &PostedBill) -> Money {
    row.debit.saturating_sub(row.credit)
}

fn field(part: &BillPart, last: &str) -> String {
    format!("{}.{last}", part.field)
}
