//! Judges which bills the entries of a voucher open and settle.

use daybook_domain::{
    currency::CurrencyCode,
    exchange::Position,
    id::{BillId, LedgerId},
    money::Money,
};
use daybook_entity::tenant::books::BillKind;

use super::{
    exchange::{self, Difference, Settled, counted, take},
    judge::{Step, refuse},
    oldest,
    posting::{BillPart, Excess, Posting},
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
    pub amount: Position,
    /// The currency of the ledger, where it has one of its own.
    pub currency: Option<CurrencyCode>,
    /// Whether `bill` is the id that the bill it opens shall have.
    pub has_id: bool,
}

/// What judging the bills of a voucher gives.
#[derive(Debug, Default)]
pub struct Judged {
    /// The parts, also those of the differences.
    pub parts: Vec<Part>,
    /// What is left between two exchange rates; entries take it behind the voucher's own.
    pub differences: Vec<Difference>,
}

/// Makes known the bills that a posting opens under ids made beforehand: whatever else its member posts
/// may settle them, in any order.
pub fn announce(state: &mut State, posting: &Posting) {
    for part in &posting.bills {
        let opens = matches!(part.kind, BillKind::New | BillKind::Advance);
        let line = posting.entries.lines().get(part.entry);
        if let (true, Some(id), Some(line)) = (opens, part.bill, line) {
            let (mut entry, abroad) = exchange::moved(state, posting, part.entry, line);
            let open = take(&mut entry, part.amount, abroad);
            let bill = Bill { business: posting.business, ledger: line.ledger, open };
            state.bills.insert(id, bill);
        }
    }
}

/// Completes the bill parts of a voucher: what an entry on a bill-wise ledger says nothing of stays on
/// account. Bills that are settled have that much less open for whoever is judged next. What does not count
/// in the books touches no bill.
///
/// # Errors
/// The first part that cannot be: more than its entry, an unknown bill, more than the bill has open.
pub fn judge_bills(state: &mut State, posting: &Posting, steps: &mut Vec<Step>) -> Result<Judged> {
    if posting.base_type.is_scenario() {
        return Ok(Judged::default());
    }
    let mut asked = posting.bills.iter().peekable();
    let mut parts = Vec::new();
    let mut settled = Settled::default();
    for ((index, line), entry_line) in posting.entries.lines().iter().enumerate().zip(1..) {
        let known = state.ledgers.get(&line.ledger);
        let is_bill_wise = known.is_some_and(|one| one.is_bill_wise);
        let currency = known.and_then(|one| one.currency.clone());
        let (entry, abroad) = exchange::moved(state, posting, index, line);
        let mut left = entry;
        while let Some(part) = asked.next_if(|part| part.entry == index) {
            if !is_bill_wise {
                let why = "this ledger is not kept bill by bill";
                return Err(refuse(posting, Code::NotAllowed, &part.field, why));
            }
            if part.excess == Excess::OldestFirst {
                // What moves the value alone settles nothing in the bills' currency.
                if currency.is_some() && !abroad {
                    continue;
                }
                let rest = counted(left, abroad);
                for (bill, amount) in oldest::settles(state, posting, line.ledger, (rest, abroad)) {
                    let taken = take(&mut left, amount, abroad);
                    if currency.is_some() {
                        settled.add(state, bill, taken);
                    }
                    move_bill(state, bill, taken, steps);
                    parts.push(Part {
                        entry_line: Some(entry_line),
                        ledger: line.ledger,
                        bill: Some(bill),
                        kind: BillKind::Against,
                        reference: None,
                        due_on: None,
                        amount: taken,
                        currency: currency.clone(),
                        has_id: false,
                    });
                }
                continue;
            }
            if part.amount > counted(left, abroad).size() {
                let why = "the bills come to more than the entry";
                return Err(refuse(posting, Code::BillsUnequal, &field(part, "amount"), why));
            }
            let stored = |kind, bill, amount: Position| Part {
                entry_line: Some(entry_line),
                ledger: line.ledger,
                bill,
                kind,
                reference: part.reference.clone(),
                due_on: part.due_on,
                amount,
                currency: currency.clone(),
                has_id: bill.is_some() && kind != BillKind::Against,
            };
            match (part.kind, part.bill) {
                (BillKind::Against, Some(bill)) => {
                    let side = (entry.base.is_negative(), abroad);
                    let room = room(state, posting, (part, bill), line.ledger, side)?;
                    if room.is_zero() {
                        continue;
                    }
                    let taken = worth(posting, part, take(&mut left, room, abroad))?;
                    if currency.is_some() && part.excess != Excess::Restores {
                        settled.add(state, bill, taken);
                    }
                    move_bill(state, bill, taken, steps);
                    parts.push(stored(BillKind::Against, Some(bill), taken));
                }
                (BillKind::Against, None) => {
                    let why = "say which bill this settles";
                    return Err(refuse(posting, Code::Required, &field(part, "billId"), why));
                }
                (BillKind::OnAccount, _) => {}
                (kind, own) => {
                    let taken = worth(posting, part, take(&mut left, part.amount, abroad))?;
                    parts.push(stored(kind, own, taken));
                }
            }
        }
        if is_bill_wise && left.base.is_zero() && !left.foreign.is_zero() {
            let why = "what the bills leave is worth nothing in the business's currency";
            return Err(refuse(posting, Code::Invalid, &format!("entries.{index}.bills"), why));
        }
        if is_bill_wise && !left.base.is_zero() {
            parts.push(Part {
                entry_line: Some(entry_line),
                ledger: line.ledger,
                bill: None,
                kind: BillKind::OnAccount,
                reference: None,
                due_on: None,
                amount: left,
                currency,
                has_id: false,
            });
        }
    }
    let differences = settled.differences(state, posting.business)?;
    let own = posting.entries.lines().len();
    parts.extend(exchange::difference_parts(state, own, &differences, steps));
    Ok(Judged { parts, differences })
}

/// A part, if it has a value: so little of a currency may be worth nothing in base currency.
fn worth(posting: &Posting, part: &BillPart, taken: Position) -> Result<Position> {
    if taken.base.is_zero() {
        let why = "so little is worth nothing in the business's currency; take more";
        return Err(refuse(posting, Code::Invalid, &field(part, "amount"), why));
    }
    Ok(taken)
}

/// How much of a part the bill takes, counted as the part is.
fn room(
    state: &State,
    posting: &Posting,
    (part, id): (&BillPart, BillId),
    ledger: LedgerId,
    (is_credit, abroad): (bool, bool),
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
    let open = counted(bill.open, abroad);
    let is_opposite = open.is_negative() != is_credit;
    let open = if is_opposite { open.size() } else { Money::ZERO };
    let own = state.ledgers.get(&ledger).is_some_and(|one| one.currency.is_some());
    let room = match part.excess {
        Excess::Restores => part.amount,
        // An entry that moves the value alone settles nothing in the bill's currency.
        _ if own && !abroad => part.amount,
        Excess::OnAccount | Excess::OldestFirst => part.amount.min(open),
        Excess::Refuse if part.amount > open => {
            let why = "the bill has less open than that; take less, or leave the rest on account";
            return Err(refuse(posting, Code::BillOverAllocated, &field(part, "amount"), why));
        }
        Excess::Refuse => part.amount,
    };
    Ok(room)
}

/// Adds to what a bill has open, in a way that can be taken back.
pub fn move_bill(state: &mut State, id: BillId, amount: Position, steps: &mut Vec<Step>) {
    if let Some(bill) = state.bills.get_mut(&id) {
        steps.push(Step::Billed { id, before: *bill });
        bill.open = bill.open.with(amount);
    }
}

fn field(part: &BillPart, last: &str) -> String {
    format!("{}.{last}", part.field)
}
