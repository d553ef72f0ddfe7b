//! Posted vouchers that a batch acts on, and the bills that it touches, as they stand under the lock.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    exchange::Position,
    id::{BillId, BusinessId, LedgerId, VoucherActId, VoucherId},
    money::Money,
};
use daybook_entity::tenant::books::{ActKind, BillKind};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseTransaction, Value};

use super::{
    bank_marks,
    exchange::{FOREIGN, signed},
    oldest,
    posting::{Allocation, Deed, Excess, PostedBill, PostedVoucher},
    state::State,
    stored,
};
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
};

/// A voucher and what was done to it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The voucher as its newest version says.
    pub voucher: PostedVoucher,
    /// Taken back whole.
    pub is_cancelled: bool,
    /// Undone by a later voucher that stands.
    pub is_reversed: bool,
    /// Changed by an earlier member of the same batch: what stands here is no longer so.
    pub is_touched: bool,
    /// A bank has confirmed an entry of it.
    pub is_reconciled: bool,
    /// What it left on account with each party and is still there; a debit above zero.
    pub on_account: HashMap<LedgerId, Position>,
    /// Its allocations that are not undone.
    pub allocations: HashMap<VoucherActId, Allocated>,
}

/// An allocation that stands.
#[derive(Debug, Clone)]
pub struct Allocated {
    /// Its day.
    pub dated: NaiveDate,
    /// Its rows.
    pub rows: Vec<PostedBill>,
    /// The voucher that took the difference between two rates.
    pub difference: Option<VoucherId>,
}

/// What a bill has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    /// In whose books.
    pub business: BusinessId,
    /// With which party.
    pub ledger: LedgerId,
    /// What is open: in the ledger's currency, where it has one of its own, and in base currency.
    pub open: Position,
}

/// The vouchers and bills that deeds name.
#[derive(Debug, Default)]
pub struct Named {
    vouchers: HashSet<VoucherId>,
    bills: HashSet<BillId>,
    undone: HashSet<VoucherActId>,
    /// Parties whose oldest bills an entry settles.
    queues: HashSet<LedgerId>,
}

impl Named {
    /// Adds what a deed names.
    pub fn add(&mut self, deed: &Deed) {
        match deed {
            Deed::Post(posting) => {
                self.vouchers.extend(posting.reverses.as_ref().map(|reverses| reverses.voucher));
            }
            Deed::Cancel(cancel) => {
                self.vouchers.insert(cancel.on.voucher);
            }
            Deed::Amend(amend) => {
                self.vouchers.insert(amend.on.voucher);
            }
            Deed::Allocate(allocate) => {
                self.vouchers.insert(allocate.on.voucher);
                match &allocate.what {
                    Allocation::Settle(settled) => {
                        self.bills.extend(settled.iter().map(|settle| settle.bill));
                    }
                    Allocation::Undo(act) => {
                        self.undone.insert(*act);
                    }
                }
            }
        }
        if let Deed::Post(posting) | Deed::Amend(super::posting::Amend { posting, .. }) = deed {
            self.bills.extend(posting.bills.iter().filter_map(|part| part.bill));
            let oldest = posting.bills.iter().filter(|part| part.excess == Excess::OldestFirst);
            let lines = posting.entries.lines();
            self.queues.extend(oldest.filter_map(|part| Some(lines.get(part.entry)?.ledger)));
        }
    }

    /// Reads them all into the state: nothing where nothing is named.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(mut self, txn: &DatabaseTransaction, state: &mut State) -> Result<()> {
        state.targets.clear();
        state.bills.clear();
        state.queues.clear();
        if !self.vouchers.is_empty() {
            let ids: Vec<VoucherId> = self.vouchers.drain().collect();
            state.targets = targets(txn, &ids).await?;
            let differences = self.differences(state);
            if !differences.is_empty() {
                state.targets.extend(targets(txn, &differences).await?);
            }
            for target in state.targets.values() {
                let own = target.voucher.bills.iter().filter_map(|row| row.bill);
                let rows = target.allocations.values().flat_map(|act| act.rows.iter());
                self.bills.extend(own.chain(rows.filter_map(|row| row.bill)));
            }
        }
        if !self.queues.is_empty() {
            state.queues = oldest::queues(txn, &self.queues, &self.bills).await?;
            self.bills.extend(state.queues.values().flatten().map(|queued| queued.bill));
        }
        if !self.bills.is_empty() {
            let ids: Vec<BillId> = self.bills.into_iter().collect();
            state.bills = bills(txn, &ids).await?;
        }
        Ok(())
    }

    /// The vouchers that go with allocations to be undone.
    fn differences(&self, state: &State) -> Vec<VoucherId> {
        let acts = state.targets.values().flat_map(|target| target.allocations.iter());
        let undone = acts.filter(|(act, _)| self.undone.contains(act));
        undone.filter_map(|(_, allocated)| allocated.difference).collect()
    }
}

async fn targets(
    txn: &DatabaseTransaction,
    ids: &[VoucherId],
) -> Result<HashMap<VoucherId, Target>> {
    let vouchers = stored::vouchers(txn, ids).await?;
    let mut found: HashMap<VoucherId, Target> =
        vouchers.into_iter().map(|voucher| (voucher.id, Target::of(voucher))).collect();
    let mut acts: HashMap<VoucherActId, VoucherId> = HashMap::new();
    for chunk in ids.chunks(500) {
        let sql = format!(
            "SELECT a.voucher_id, a.id, a.kind, a.dated, a.related_voucher_id FROM voucher_acts a \
             WHERE a.voucher_id IN ({}) AND NOT EXISTS (SELECT 1 FROM voucher_acts u \
             WHERE (u.voucher_id = a.voucher_id AND u.undoes_id = a.id) \
             OR (u.voucher_id = a.related_voucher_id AND u.kind = 'CANCELLED'))",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(txn.get_database_backend(), &sql, binds);
        for row in txn.query_all_raw(ask).await? {
            let voucher = VoucherId::new(row.try_get_by_index(0)?);
            let act = VoucherActId::new(row.try_get_by_index(1)?);
            let kind: String = row.try_get_by_index(2)?;
            let Some(target) = found.get_mut(&voucher) else { continue };
            match ActKind::try_from_value(&kind)? {
                ActKind::Cancelled => target.is_cancelled = true,
                ActKind::Reversed => target.is_reversed = true,
                ActKind::Allocated => {
                    let dated = row.try_get_by_index(3)?;
                    let related: Option<i64> = row.try_get_by_index(4)?;
                    let difference = related.map(VoucherId::new);
                    let allocated = Allocated { dated, rows: Vec::new(), difference };
                    target.allocations.insert(act, allocated);
                    acts.insert(act, voucher);
                }
                ActKind::Amended | ActKind::Deallocated => {}
            }
        }
    }
    let made: Vec<VoucherActId> = acts.keys().copied().collect();
    for (act, rows) in stored::bills_of_acts(txn, &made).await? {
        let target = acts.get(&act).and_then(|voucher| found.get_mut(voucher));
        if let Some(allocated) = target.and_then(|target| target.allocations.get_mut(&act)) {
            allocated.rows = rows;
        }
    }
    for voucher in bank_marks::reconciled(txn, ids).await? {
        if let Some(target) = found.get_mut(&voucher) {
            target.is_reconciled = true;
        }
    }
    for target in found.values_mut() {
        target.on_account = target.left_on_account();
    }
    Ok(found)
}

impl Target {
    fn of(voucher: PostedVoucher) -> Self {
        Self {
            voucher,
            is_cancelled: false,
            is_reversed: false,
            is_touched: false,
            is_reconciled: false,
            on_account: HashMap::new(),
            allocations: HashMap::new(),
        }
    }

    fn left_on_account(&self) -> HashMap<LedgerId, Position> {
        let allocated = self.allocations.values().flat_map(|act| act.rows.iter());
        let mut left: HashMap<LedgerId, Position> = HashMap::new();
        for row in self.voucher.bills.iter().chain(allocated) {
            if row.kind == BillKind::OnAccount {
                let sum = left.entry(row.ledger).or_default();
                *sum = sum.with(signed(row));
            }
        }
        left
    }
}

async fn bills(txn: &DatabaseTransaction, ids: &[BillId]) -> Result<HashMap<BillId, Bill>> {
    let mut found = HashMap::new();
    let backend = txn.get_database_backend();
    for chunk in ids.chunks(500) {
        let sql = format!(
            "SELECT bill_id, business_id, ledger_id, {}, {} FROM bill_wise_details \
             WHERE bill_id IN ({}) GROUP BY bill_id, business_id, ledger_id",
            sum(backend, "effect * (debit - credit)"),
            sum(backend, &format!("effect * {FOREIGN}")),
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        for row in txn.query_all_raw(statement(backend, &sql, binds)).await? {
            let base: Option<i64> = row.try_get_by_index(3)?;
            let foreign: Option<i64> = row.try_get_by_index(4)?;
            found.insert(
                BillId::new(row.try_get_by_index(0)?),
                Bill {
                    business: BusinessId::new(row.try_get_by_index(1)?),
                    ledger: LedgerId::new(row.try_get_by_index(2)?),
                    open: Position {
                        foreign: Money::from_minor(foreign.unwrap_or(0)),
                        base: Money::from_minor(base.unwrap_or(0)),
                    },
                },
            );
        }
    }
    Ok(found)
}
