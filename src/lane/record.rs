//! From accepted postings to rows, and from stored retry keys to replays.

use std::collections::{BTreeMap, HashMap};

use daybook_domain::{
    id::{
        BillId, BusinessId, EntryId, ItemId, LedgerId, VoucherActId, VoucherId, VoucherVersionId,
    },
    money::Money,
    period::month_key,
};
use daybook_entity::tenant::books::{ActKind, BillKind, VoucherKind};
use sea_orm::{ActiveEnum, ConnectionTrait, Value};

use super::{
    bank_details, costs,
    ids::Ids,
    judge::{Changes, Place},
    judge_bills::Part,
    posting::{
        Claim, InCurrency, ItemLine, PostedBill, PostedEntry, PostedItem, PostedVoucher, Posting,
    },
    rows::Rows,
    state::State,
    tables,
};
use crate::{
    db::sql::{list, statement},
    error::{Error, Result},
};

/// Retry keys that are known: stored earlier, or made earlier in the same batch.
#[derive(Debug, Default)]
pub struct Known(HashMap<(String, String), (String, String)>);

impl Known {
    /// Adds a stored key.
    pub fn add(&mut self, field: String, key: String, input_hash: String, ids: String) {
        self.0.insert((field, key), (input_hash, ids));
    }
}

/// The stored keys of claims.
///
/// # Errors
/// When the database cannot be read.
pub async fn find_claims(conn: &impl ConnectionTrait, claims: &[&Claim]) -> Result<Known> {
    let mut known = Known::default();
    let backend = conn.get_database_backend();
    for chunk in claims.chunks(128) {
        // A power of two of marks, the last key repeated, keeps the number of texts small.
        let marks = chunk.len().next_power_of_two();
        let last = chunk.last().map(|claim| claim.key.as_str()).unwrap_or_default();
        let keys = chunk.iter().map(|claim| claim.key.as_str());
        let keys = keys.chain(std::iter::repeat(last)).take(marks).map(Value::from);
        let sql = format!(
            "SELECT field, retry_key, input_hash, result_ids FROM idempotency_keys \
             WHERE retry_key IN ({})",
            list(marks)
        );
        for row in conn.query_all_raw(statement(backend, &sql, keys)).await? {
            known.add(
                row.try_get_by_index(0)?,
                row.try_get_by_index(1)?,
                row.try_get_by_index(2)?,
                row.try_get_by_index(3)?,
            );
        }
    }
    Ok(known)
}

/// What an earlier call with this key made, as a plain read finds it: for an input that is refused
/// before it reaches the lane.
///
/// # Errors
/// [`Error::Conflict`] when that call had another input.
pub async fn earlier(conn: &impl ConnectionTrait, claim: &Claim) -> Result<Option<Vec<i64>>> {
    replay_of(&find_claims(conn, &[claim]).await?, claim)
}

/// What an earlier call with this key made.
///
/// # Errors
/// [`Error::Conflict`] when that call had another input.
pub fn replay_of(known: &Known, claim: &Claim) -> Result<Option<Vec<i64>>> {
    let Some((hash, ids)) = known.0.get(&(claim.field.to_owned(), claim.key.clone())) else {
        return Ok(None);
    };
    if *hash != claim.input_hash {
        return Err(Error::Conflict(
            "this idempotencyKey was used with another input; use a new key for a new request"
                .into(),
        ));
    }
    Ok(Some(serde_json::from_str(ids)?))
}

/// Ids as they are stored beside a retry key.
pub fn ids_text(ids: &[i64]) -> String {
    let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("[{}]", texts.join(","))
}

/// What a voucher gets from the transaction that stores it.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Its id.
    pub id: VoucherId,
    /// 1 for the first version.
    pub version: i32,
    /// The tenant's user who posts it.
    pub created_by: Option<i64>,
    /// Number of its event.
    pub change_seq: i64,
    /// The transaction's instant.
    pub recorded_at: i64,
}

/// The voucher as it will be stored.
///
/// # Errors
/// When ids can no longer be made.
pub fn voucher(posting: &Posting, place: Place, stamp: Stamp, ids: &Ids) -> Result<PostedVoucher> {
    let lines = posting.entries.lines();
    let mut details = posting.details.iter().cloned();
    let mut entries = Vec::with_capacity(lines.len());
    for (line, number) in lines.iter().zip(1..) {
        entries.push(PostedEntry {
            id: EntryId::new(ids.next()?),
            line: number,
            ledger: line.ledger,
            debit: line.debit,
            credit: line.credit,
            detail: details.next().unwrap_or_default(),
        });
    }
    let mut total = posting.entries.total();
    for difference in place.differences {
        let first = i32::try_from(entries.len()).unwrap_or(i32::MAX).saturating_add(1);
        for ((line, detail), number) in difference.lines().into_iter().zip(first..) {
            entries.push(PostedEntry {
                id: EntryId::new(ids.next()?),
                line: number,
                ledger: line.ledger,
                debit: line.debit,
                credit: line.credit,
                detail,
            });
        }
        total = total.saturating_add(difference.amount.size());
    }
    let bills = bills(place.bills, ids)?;
    let mut items = Vec::with_capacity(posting.items.len());
    for (detail, line) in posting.items.iter().cloned().zip(1..) {
        items.push(PostedItem { id: ids.next()?, line, detail });
    }
    Ok(PostedVoucher {
        id: stamp.id,
        business: posting.business,
        voucher_type: posting.voucher_type,
        base_type: posting.base_type,
        year: place.year,
        series: place.series,
        sequence: place.sequence,
        number: place.number,
        reverses: posting.reverses.as_ref().map(|reverses| reverses.voucher),
        version_id: VoucherVersionId::new(ids.next()?),
        version: stamp.version,
        kind: posting.kind,
        dated: posting.dated,
        total,
        narration: posting.narration.clone(),
        reference: posting.reference.clone(),
        reference_date: posting.reference_date,
        party: posting.party,
        occurred_at: posting.occurred_at,
        areas: posting.areas,
        lock_exception: place.lock_exception,
        created_by: stamp.created_by,
        change_seq: stamp.change_seq,
        recorded_at: stamp.recorded_at,
        entries,
        bills,
        items,
    })
}

/// Bill parts as they will be stored; what opens a bill gives the bill its own id.
///
/// # Errors
/// When ids can no longer be made.
pub fn bills(parts: Vec<Part>, ids: &Ids) -> Result<Vec<PostedBill>> {
    let mut rows = Vec::with_capacity(parts.len());
    for (part, line) in parts.into_iter().zip(1..) {
        let id = match part.bill.filter(|_| part.has_id) {
            Some(own) => own.get(),
            None => ids.next()?,
        };
        let opens = matches!(part.kind, BillKind::New | BillKind::Advance) && part.bill.is_none();
        let amount = part.amount.base;
        let (debit, credit) =
            if amount.is_negative() { (Money::ZERO, amount.size()) } else { (amount, Money::ZERO) };
        let foreign = part.amount.foreign.size();
        rows.push(PostedBill {
            id,
            line,
            entry_line: part.entry_line,
            ledger: part.ledger,
            bill: if opens { Some(BillId::new(id)) } else { part.bill },
            kind: part.kind,
            reference: part.reference,
            due_on: part.due_on,
            debit,
            credit,
            foreign: part.currency.map(|currency| InCurrency { currency, amount: foreign }),
        });
    }
    Ok(rows)
}

/// An act on a voucher, as it will be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Its identity.
    pub id: VoucherActId,
    /// The voucher.
    pub voucher: VoucherId,
    /// The version that it was done to.
    pub version: i32,
    /// In whose books.
    pub business: BusinessId,
    /// What was done.
    pub kind: ActKind,
    /// Day that period locks were compared with.
    pub dated: chrono::NaiveDate,
    /// Which period locks it falls under.
    pub areas: i32,
    /// The exception by which it passed a soft lock.
    pub lock_exception: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// The voucher that reverses this one.
    pub related: Option<VoucherId>,
    /// The allocation that it undoes.
    pub undoes: Option<VoucherActId>,
    /// The tenant's user who did it.
    pub acted_by: Option<i64>,
    /// Number of its event.
    pub change_seq: i64,
    /// The transaction's instant.
    pub recorded_at: i64,
}

/// Rows of a batch before they are written.
#[derive(Debug)]
pub struct Staged {
    vouchers: Rows,
    versions: Rows,
    entries: Rows,
    scenario: Rows,
    items: Rows,
    acts: Rows,
    bills: Rows,
    costs: Rows,
    bank: Rows,
    totals: BTreeMap<(i64, i32, bool), (i64, Money, Money)>,
}

impl Default for Staged {
    fn default() -> Self {
        Self {
            vouchers: Rows::of(&tables::VOUCHERS),
            versions: Rows::of(&tables::VERSIONS),
            entries: Rows::of(&tables::ENTRIES),
            scenario: Rows::of(&tables::SCENARIO),
            items: Rows::of(&tables::ITEMS),
            acts: Rows::of(&tables::ACTS),
            bills: Rows::of(&tables::BILLS),
            costs: Rows::of(&tables::COSTS),
            bank: Rows::of(&bank_details::TABLE),
            totals: BTreeMap::new(),
        }
    }
}

impl Staged {
    /// Adds the rows of a new voucher.
    ///
    /// # Errors
    /// When ids can no longer be made.
    pub fn add(&mut self, voucher: &PostedVoucher, ids: &Ids) -> Result<()> {
        self.vouchers.push([
            voucher.id.get().into(),
            voucher.business.get().into(),
            voucher.voucher_type.get().into(),
            voucher.base_type.code().into(),
            voucher.year.into(),
            voucher.series.get().into(),
            voucher.sequence.into(),
            voucher.number.as_str().into(),
            voucher.reverses.map(VoucherId::get).into(),
            voucher.created_by.into(),
            voucher.recorded_at.into(),
        ]);
        self.add_version(voucher, ids)
    }

    /// Adds the rows of a version.
    ///
    /// # Errors
    /// When ids can no longer be made.
    pub fn add_version(&mut self, voucher: &PostedVoucher, ids: &Ids) -> Result<()> {
        self.versions.push([
            voucher.version_id.get().into(),
            voucher.id.get().into(),
            voucher.version.into(),
            voucher.business.get().into(),
            voucher.kind.to_value().into(),
            voucher.dated.into(),
            voucher.total.minor().into(),
            voucher.narration.clone().into(),
            voucher.reference.clone().into(),
            voucher.reference_date.into(),
            voucher.party.map(LedgerId::get).into(),
            voucher.occurred_at.into(),
            voucher.areas.bits().into(),
            voucher.lock_exception.into(),
            voucher.created_by.into(),
            voucher.change_seq.into(),
            voucher.recorded_at.into(),
        ]);
        for entry in &voucher.entries {
            self.add_entry(voucher, entry, (entry.id.get(), 1, voucher.recorded_at));
        }
        for row in &voucher.bills {
            let made_by = (Some(voucher.version_id), None);
            self.add_bill(voucher, row, made_by, (row.id, 1, voucher.dated, voucher.recorded_at));
        }
        for item in &voucher.items {
            self.add_item(voucher, item, (item.id, 1, voucher.recorded_at));
        }
        costs::stage(&mut self.costs, voucher, (1, voucher.recorded_at), ids)
    }

    /// Adds the rows that take a version back: the same once more, with effect −1.
    ///
    /// # Errors
    /// When ids can no longer be made.
    pub fn take_back(&mut self, old: &PostedVoucher, recorded_at: i64, ids: &Ids) -> Result<()> {
        for entry in &old.entries {
            self.add_entry(old, entry, (ids.next()?, -1, recorded_at));
        }
        for row in &old.bills {
            let made_by = (Some(old.version_id), None);
            self.add_bill(old, row, made_by, (ids.next()?, -1, old.dated, recorded_at));
        }
        for item in &old.items {
            self.add_item(old, item, (ids.next()?, -1, recorded_at));
        }
        costs::stage(&mut self.costs, old, (-1, recorded_at), ids)
    }

    /// Adds an act, with the bill rows of an allocation.
    pub fn act(&mut self, act: &Act, voucher: &PostedVoucher, rows: &[PostedBill]) {
        self.acts.push([
            act.id.get().into(),
            act.voucher.get().into(),
            act.version.into(),
            act.business.get().into(),
            act.kind.to_value().into(),
            act.dated.into(),
            act.areas.into(),
            act.lock_exception.into(),
            act.reason.clone().into(),
            act.related.map(VoucherId::get).into(),
            act.undoes.map(VoucherActId::get).into(),
            act.acted_by.into(),
            act.change_seq.into(),
            act.recorded_at.into(),
        ]);
        for row in rows {
            let made_by = (None, Some(act.id));
            self.add_bill(voucher, row, made_by, (row.id, 1, act.dated, act.recorded_at));
        }
    }

    fn add_entry(
        &mut self,
        voucher: &PostedVoucher,
        entry: &PostedEntry,
        (id, effect, recorded_at): (i64, i16, i64),
    ) {
        let foreign = entry.detail.foreign.as_ref();
        if voucher.base_type.is_scenario() {
            self.scenario.push([
                id.into(),
                voucher.version_id.get().into(),
                entry.line.into(),
                effect.into(),
                voucher.business.get().into(),
                entry.ledger.get().into(),
                voucher.dated.into(),
                entry.detail.applies_until.into(),
                entry.debit.minor().into(),
                entry.credit.minor().into(),
                foreign.map(|foreign| foreign.currency.to_string()).into(),
                foreign.map(|foreign| foreign.amount.minor()).into(),
                foreign.map(|foreign| foreign.rate.raw()).into(),
                entry.detail.narration.clone().into(),
                recorded_at.into(),
            ]);
            return;
        }
        bank_details::stage(&mut self.bank, voucher, entry, (id, effect, recorded_at));
        let closing = voucher.kind == VoucherKind::Closing;
        self.entries.push([
            id.into(),
            voucher.version_id.get().into(),
            entry.line.into(),
            effect.into(),
            voucher.business.get().into(),
            entry.ledger.get().into(),
            voucher.dated.into(),
            entry.debit.minor().into(),
            entry.credit.minor().into(),
            foreign.map(|foreign| foreign.currency.to_string()).into(),
            foreign.map(|foreign| foreign.amount.minor()).into(),
            foreign.map(|foreign| foreign.rate.raw()).into(),
            entry.detail.narration.clone().into(),
            closing.into(),
            recorded_at.into(),
        ]);
        let key = (entry.ledger.get(), month_key(voucher.dated), closing);
        let sums =
            self.totals.entry(key).or_insert((voucher.business.get(), Money::ZERO, Money::ZERO));
        if effect > 0 {
            sums.1 = sums.1.saturating_add(entry.debit);
            sums.2 = sums.2.saturating_add(entry.credit);
        } else {
            sums.1 = sums.1.saturating_sub(entry.debit);
            sums.2 = sums.2.saturating_sub(entry.credit);
        }
    }

    fn add_item(
        &mut self,
        voucher: &PostedVoucher,
        item: &PostedItem,
        (id, effect, recorded_at): (i64, i16, i64),
    ) {
        let ItemLine { item: of, description, quantity, unit, unit_price, amounts } = &item.detail;
        self.items.push([
            id.into(),
            voucher.version_id.get().into(),
            item.line.into(),
            effect.into(),
            voucher.business.get().into(),
            of.map(ItemId::get).into(),
            None::<i64>.into(),
            voucher.dated.into(),
            description.clone().into(),
            quantity.raw().into(),
            unit.clone().into(),
            unit_price.raw().into(),
            amounts.gross.minor().into(),
            amounts.discount.minor().into(),
            amounts.taxable.minor().into(),
            recorded_at.into(),
        ]);
    }

    fn add_bill(
        &mut self,
        voucher: &PostedVoucher,
        row: &PostedBill,
        (version, act): (Option<VoucherVersionId>, Option<VoucherActId>),
        (id, effect, dated, recorded_at): (i64, i16, chrono::NaiveDate, i64),
    ) {
        self.bills.push([
            id.into(),
            version.map(VoucherVersionId::get).into(),
            act.map(VoucherActId::get).into(),
            row.line.into(),
            row.entry_line.into(),
            effect.into(),
            voucher.business.get().into(),
            row.ledger.get().into(),
            row.bill.map(BillId::get).into(),
            row.kind.to_value().into(),
            row.reference.clone().into(),
            dated.into(),
            row.due_on.into(),
            row.debit.minor().into(),
            row.credit.minor().into(),
            recorded_at.into(),
            row.foreign.as_ref().map(|foreign| foreign.currency.to_string()).into(),
            row.foreign.as_ref().map(|foreign| foreign.amount.minor()).into(),
        ]);
    }

    /// All rows in the order of their references; the sums in key order, so that no two writers lock
    /// them crosswise.
    pub fn into_rows(self, changes: &Changes, state: &State, recorded_at: i64) -> Vec<Rows> {
        let mut years = Rows::of(&tables::YEARS);
        for year in &changes.years {
            years.push([
                year.id.into(),
                year.business.get().into(),
                year.label.as_str().into(),
                year.span.starts_on.into(),
                year.span.ends_on.into(),
                false.into(),
                recorded_at.into(),
            ]);
        }
        let mut series = Rows::of(&tables::SERIES);
        for touched in &changes.series {
            if let Some(now) = state.series.get(&touched.key) {
                series.push([
                    now.id.get().into(),
                    touched.key.as_str().into(),
                    touched.business.get().into(),
                    touched.voucher_type.into(),
                    Some(touched.year).into(),
                    touched.prefix.as_str().into(),
                    now.next.into(),
                    now.created_at.into(),
                ]);
            }
        }
        let mut totals = Rows::of(&tables::TOTALS);
        for ((ledger, month, closing), (business, debit, credit)) in self.totals {
            totals.push([
                ledger.into(),
                month.into(),
                closing.into(),
                business.into(),
                debit.minor().into(),
                credit.minor().into(),
            ]);
        }
        vec![
            years,
            series,
            self.vouchers,
            self.versions,
            self.entries,
            self.scenario,
            self.items,
            self.acts,
            self.bills,
            self.costs,
            self.bank,
            totals,
        ]
    }
}
