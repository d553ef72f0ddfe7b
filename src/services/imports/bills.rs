//! Which bills the vouchers of a file open and settle, by the names that it gives them.
//!
//! A bill that is opened has its id at once, so that whatever settles it in the same file can say so. What
//! settles a name takes the oldest bill of that name first; bills opened later come last.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    id::{BillId, LedgerId},
    money::Money,
    text::fold,
};
use daybook_entity::tenant::books::BillKind as Stored;

use crate::{
    error::Result,
    interchange::{
        Findings, Reason,
        staged::{BillKind, StagedBill},
    },
    lane::{
        Ids,
        posting::{BillPart, Excess},
    },
    services::books::{bill_parts::PARTS_MAX, bills::Bill, vouchers::REFERENCE_MAX},
};

/// A bill of which something is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    id: BillId,
    dated: NaiveDate,
    open: Money,
}

/// Open bills of parties by name.
#[derive(Debug, Default)]
pub struct OpenBills {
    by_name: HashMap<(LedgerId, String), Vec<Open>>,
}

/// The bills of one entry before they are looked up.
pub struct Written<'b> {
    /// The party.
    pub ledger: LedgerId,
    /// The voucher's day.
    pub dated: NaiveDate,
    /// The entry: a debit above zero.
    pub amount: Money,
    /// Its bills.
    pub bills: &'b [StagedBill],
    /// What the voucher is called.
    pub label: &'b str,
}

/// Bills of an entry whose names are known to be opened here, in order.
pub type Opened = Vec<Option<BillId>>;

impl OpenBills {
    /// Those that the books have already.
    pub fn of(present: &[Bill]) -> Self {
        let mut bills = Self::default();
        for bill in present {
            let name = bill.reference.as_deref().unwrap_or_default();
            bills.add(bill.ledger, name, bill.id, bill.dated, bill.open);
        }
        bills
    }

    fn add(&mut self, ledger: LedgerId, name: &str, id: BillId, dated: NaiveDate, open: Money) {
        let places = self.by_name.entry((ledger, fold(name))).or_default();
        places.push(Open { id, dated, open });
    }

    /// Gives ids to the bills that an entry opens.
    ///
    /// # Errors
    /// When ids can no longer be made.
    pub fn open(&mut self, written: &Written<'_>, ids: &Ids) -> Result<Opened> {
        let mut opened = Vec::with_capacity(written.bills.len());
        for bill in written.bills {
            opened.push(match (bill.kind, bill.name.as_deref()) {
                (BillKind::New | BillKind::Advance, Some(name)) => {
                    let id = BillId::new(ids.next()?);
                    self.add(written.ledger, name, id, written.dated, bill.amount);
                    Some(id)
                }
                _ => None,
            });
        }
        Ok(opened)
    }

    /// The oldest first, by their days.
    pub fn in_order(&mut self) {
        for bills in self.by_name.values_mut() {
            bills.sort_by_key(|bill| (bill.dated, bill.id));
        }
    }

    /// The parts of an entry as they are posted. What no bill takes is left on account, with a note.
    pub fn parts(
        &mut self,
        entry: usize,
        written: &Written<'_>,
        opened: &Opened,
        findings: &mut Findings,
    ) -> Vec<BillPart> {
        let is_credit = written.amount.is_negative();
        if written.bills.iter().any(|bill| bill.amount.is_negative() != is_credit) {
            let line = written.bills.first().map_or(0, |bill| bill.line);
            let message = "bills of one entry stand on both sides; the entry stays on account";
            findings.note_of(line, written.label, Reason::BillsDiffer, message);
            return Vec::new();
        }
        let mut parts = Vec::with_capacity(written.bills.len());
        for (bill, id) in written.bills.iter().zip(opened) {
            let part = |kind, id, amount: Money| BillPart {
                entry,
                field: format!("entries.{entry}.bills"),
                kind,
                bill: id,
                reference: bill.name.clone().filter(|_| kind != Stored::Against),
                due_on: bill.due.or(bill.date).filter(|_| kind == Stored::New),
                amount: amount.size(),
                excess: Excess::OnAccount,
            };
            match (bill.kind, id) {
                (BillKind::New, Some(_)) => {
                    let part = part(Stored::New, *id, bill.amount);
                    let due_on = part.due_on.or(Some(written.dated));
                    parts.push(BillPart { due_on, ..part });
                }
                (BillKind::Advance, Some(_)) => parts.push(part(Stored::Advance, *id, bill.amount)),
                (BillKind::Against, _) => {
                    let mut left = bill.amount.size();
                    for (id, taken) in self.settle(written, bill) {
                        left = left.saturating_sub(taken);
                        parts.push(part(Stored::Against, Some(id), taken));
                    }
                    if !left.is_zero() {
                        let name = bill.name.as_deref().unwrap_or("without a name");
                        let message =
                            format!("no bill {name} has that much open; the rest is on account");
                        findings.note_of(bill.line, written.label, Reason::UnknownBill, message);
                    }
                }
                _ => {}
            }
        }
        if parts.len() > PARTS_MAX {
            let message = format!("an entry names at most {PARTS_MAX} bills");
            findings.error_of(0, written.label, Reason::TooLarge, message);
        }
        parts
    }

    fn settle(&mut self, written: &Written<'_>, bill: &StagedBill) -> Vec<(BillId, Money)> {
        let name = bill.name.as_deref().unwrap_or_default();
        let Some(bills) = self.by_name.get_mut(&(written.ledger, fold(name))) else {
            return Vec::new();
        };
        let mut left = bill.amount.size();
        let mut taken = Vec::new();
        for is_later in [false, true] {
            for open in bills.iter_mut().filter(|open| (open.dated > written.dated) == is_later) {
                let is_opposite = open.open.is_negative() != bill.amount.is_negative();
                if left.is_zero() || open.open.is_zero() || !is_opposite {
                    continue;
                }
                let amount = left.min(open.open.size());
                left = left.saturating_sub(amount);
                let moved = if bill.amount.is_negative() { -amount } else { amount };
                open.open = open.open.saturating_add(moved);
                taken.push((open.id, amount));
            }
        }
        taken
    }
}

/// Whether a bill's name can be kept.
pub fn is_name(name: &str) -> bool {
    name.chars().count() <= REFERENCE_MAX
}
