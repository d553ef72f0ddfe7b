//! Posted rows of some vouchers, put together again as the lane once wrote them.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    currency::CurrencyCode,
    id::{VoucherActId, VoucherId, VoucherVersionId},
    lock::Areas,
    voucher::BaseType,
};
use daybook_entity::tenant::{
    bank::entry_bank_detail,
    books::{
        VoucherKind, bill_wise_detail, scenario_entry, voucher, voucher_act, voucher_item,
        voucher_ledger_entry, voucher_version,
    },
    costs::cost_centre_split,
    record::audit_log,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::costs;
use crate::{
    error::Result,
    lane::{
        BankDetail, PostedBill, PostedEntry, PostedVoucher,
        posting::{EntryDetail, Foreign, InCurrency, PostedItem},
        record::Act,
        stored,
    },
};

/// An entry of the books, or of a scenario, with what only that has.
#[derive(Clone, PartialEq, Eq)]
struct Entry {
    row: voucher_ledger_entry::Model,
    applies_until: Option<NaiveDate>,
}

impl From<scenario_entry::Model> for Entry {
    fn from(row: scenario_entry::Model) -> Self {
        Self {
            applies_until: row.applies_until,
            row: voucher_ledger_entry::Model {
                id: row.id,
                version_id: row.version_id,
                line: row.line,
                effect: row.effect,
                business_id: row.business_id,
                ledger_id: row.ledger_id,
                dated: row.dated,
                debit: row.debit,
                credit: row.credit,
                currency: row.currency,
                currency_amount: row.currency_amount,
                exchange_rate: row.exchange_rate,
                narration: row.narration,
                closing: false,
                recorded_at: row.recorded_at,
            },
        }
    }
}

/// How many rows of a version were taken back.
pub struct TakenBack {
    /// The voucher's type.
    pub base: BaseType,
    /// Its entries.
    pub entries: usize,
    /// Its bill parts.
    pub bills: usize,
    /// Its goods and services.
    pub items: usize,
    /// Its splits over cost centres.
    pub costs: usize,
    /// Its bank details.
    pub bank: usize,
}

/// All posted rows of some vouchers.
#[derive(Default)]
pub struct Rows {
    vouchers: HashMap<VoucherId, voucher::Model>,
    versions: HashMap<(VoucherId, i32), voucher_version::Model>,
    entries: HashMap<(VoucherVersionId, i16), Vec<Entry>>,
    acts: HashMap<VoucherActId, voucher_act::Model>,
    bills: HashMap<(VoucherVersionId, i16), Vec<bill_wise_detail::Model>>,
    bills_of_acts: HashMap<VoucherActId, Vec<bill_wise_detail::Model>>,
    items: HashMap<(VoucherVersionId, i16), Vec<voucher_item::Model>>,
    costs: HashMap<(VoucherVersionId, i16), Vec<cost_centre_split::Model>>,
    bank: HashMap<(VoucherVersionId, i16), Vec<entry_bank_detail::Model>>,
}

impl Rows {
    /// Reads them set-wise.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(conn: &impl ConnectionTrait, ids: Vec<VoucherId>) -> Result<Self> {
        let mut found = Self::default();
        if ids.is_empty() {
            return Ok(found);
        }
        let rows = voucher::Entity::find().filter(voucher::Column::Id.is_in(ids.iter().copied()));
        found.vouchers = rows.all(conn).await?.into_iter().map(|row| (row.id, row)).collect();
        let rows = voucher_version::Entity::find()
            .filter(voucher_version::Column::VoucherId.is_in(ids.iter().copied()));
        let versions = rows.all(conn).await?.into_iter();
        found.versions = versions.map(|row| ((row.voucher_id, row.version), row)).collect();
        let rows = voucher_act::Entity::find().filter(voucher_act::Column::VoucherId.is_in(ids));
        found.acts = rows.all(conn).await?.into_iter().map(|row| (row.id, row)).collect();
        let versions: Vec<VoucherVersionId> = found.versions.values().map(|row| row.id).collect();
        for row in voucher_ledger_entry::Entity::find()
            .filter(voucher_ledger_entry::Column::VersionId.is_in(versions.iter().copied()))
            .order_by_asc(voucher_ledger_entry::Column::Line)
            .all(conn)
            .await?
        {
            let entry = Entry { row, applies_until: None };
            found.entries.entry((entry.row.version_id, entry.row.effect)).or_default().push(entry);
        }
        let scenarios = scenario_entry::Entity::find()
            .filter(scenario_entry::Column::VersionId.is_in(versions.iter().copied()))
            .order_by_asc(scenario_entry::Column::Line);
        for row in scenarios.all(conn).await? {
            let entry = Entry::from(row);
            found.entries.entry((entry.row.version_id, entry.row.effect)).or_default().push(entry);
        }
        for row in cost_centre_split::Entity::find()
            .filter(cost_centre_split::Column::VersionId.is_in(versions.iter().copied()))
            .order_by_asc(cost_centre_split::Column::Line)
            .all(conn)
            .await?
        {
            found.costs.entry((row.version_id, row.effect)).or_default().push(row);
        }
        for row in entry_bank_detail::Entity::find()
            .filter(entry_bank_detail::Column::VersionId.is_in(versions.iter().copied()))
            .order_by_asc(entry_bank_detail::Column::Line)
            .all(conn)
            .await?
        {
            found.bank.entry((row.version_id, row.effect)).or_default().push(row);
        }
        let items = voucher_item::Entity::find()
            .filter(voucher_item::Column::VersionId.is_in(versions.iter().copied()))
            .order_by_asc(voucher_item::Column::Line);
        for row in items.all(conn).await? {
            found.items.entry((row.version_id, row.effect)).or_default().push(row);
        }
        let acts: Vec<VoucherActId> = found.acts.keys().copied().collect();
        let made = Condition::any()
            .add(bill_wise_detail::Column::VersionId.is_in(versions))
            .add(bill_wise_detail::Column::ActId.is_in(acts));
        for row in bill_wise_detail::Entity::find()
            .filter(made)
            .order_by_asc(bill_wise_detail::Column::Line)
            .all(conn)
            .await?
        {
            match (row.version_id, row.act_id) {
                (Some(version), _) => {
                    found.bills.entry((version, row.effect)).or_default().push(row);
                }
                (None, Some(act)) => found.bills_of_acts.entry(act).or_default().push(row),
                (None, None) => {}
            }
        }
        Ok(found)
    }

    /// Whether a voucher itself was made by the act that the row tells of.
    pub fn is_new(&self, id: VoucherId, row: &audit_log::Model) -> bool {
        self.vouchers.get(&id).is_some_and(|voucher| {
            voucher.recorded_at == row.recorded_at
                && voucher.created_by.map(|user| user.get()) == author(row)
        })
    }

    /// A version of a voucher as it was posted; nothing when its rows do not agree with each other, or
    /// with the row of the log on what its text does not hold.
    pub fn version(
        &self,
        id: VoucherId,
        number: i32,
        row: &audit_log::Model,
    ) -> Option<PostedVoucher> {
        let voucher = self.vouchers.get(&id)?;
        let version = self.versions.get(&(id, number))?;
        let agrees = version.recorded_at == row.recorded_at
            && version.business_id == voucher.business_id
            && version.created_by.map(|user| user.get()) == author(row);
        let entries = self.entries.get(&(version.id, 1)).map(Vec::as_slice).unwrap_or_default();
        let said = self.bank.get(&(version.id, 1)).map(Vec::as_slice).unwrap_or_default();
        let entries: Option<Vec<PostedEntry>> = entries
            .iter()
            .map(|one| entry(one, said.iter().find(|said| said.line == one.row.line), version, row))
            .collect();
        let mut entries = entries?;
        // What is said of no entry is said of nothing.
        let told = entries.iter().filter(|entry| entry.detail.bank.is_some()).count();
        let agrees = agrees && told == said.len();
        let bills = self.bills.get(&(version.id, 1)).map(Vec::as_slice).unwrap_or_default();
        let bills: Option<Vec<PostedBill>> =
            bills.iter().map(|one| bill_of(one, version, row.recorded_at)).collect();
        costs::put(&mut entries, self.splits(version.id, 1), version, row.recorded_at)?;
        let items = self.items.get(&(version.id, 1)).map(Vec::as_slice).unwrap_or_default();
        let items: Option<Vec<PostedItem>> =
            items.iter().map(|one| item_of(one, version, row.recorded_at)).collect();
        let posted = PostedVoucher {
            id: voucher.id,
            business: voucher.business_id,
            voucher_type: voucher.voucher_type_id,
            base_type: BaseType::parse(&voucher.base_type)?,
            year: voucher.year_id.get(),
            series: voucher.series_id,
            sequence: voucher.sequence,
            number: voucher.number.clone(),
            reverses: voucher.reverses_id,
            version_id: version.id,
            version: version.version,
            kind: version.kind,
            dated: version.dated,
            total: version.total,
            narration: version.narration.clone(),
            reference: version.reference.clone(),
            reference_date: version.reference_date,
            party: version.party_ledger_id,
            occurred_at: version.occurred_at,
            areas: Areas::from_bits(version.areas),
            lock_exception: version.lock_exception_id.map(|id| id.get()),
            created_by: author(row),
            change_seq: version.change_seq,
            recorded_at: version.recorded_at,
            entries,
            bills: bills?,
            items: items?,
        };
        // A bit set may be read more kindly than it was stored.
        (agrees && posted.areas.bits() == version.areas).then_some(posted)
    }

    /// An act with the bill rows that it made.
    pub fn act(&self, id: VoucherActId, row: &audit_log::Model) -> Option<(Act, Vec<PostedBill>)> {
        let act = self.acts.get(&id)?;
        let rows = self.bills_of_acts.get(&id).map(Vec::as_slice).unwrap_or_default();
        let agrees = act.recorded_at == row.recorded_at
            && act.acted_by.map(|user| user.get()) == author(row)
            && rows.iter().all(|one| {
                one.business_id == act.business_id
                    && one.dated == act.dated
                    && one.effect == 1
                    && one.recorded_at == act.recorded_at
            });
        let stored = Act {
            id: act.id,
            voucher: act.voucher_id,
            version: act.version,
            business: act.business_id,
            kind: act.kind,
            dated: act.dated,
            areas: act.areas,
            lock_exception: act.lock_exception_id.map(|id| id.get()),
            reason: act.reason.clone(),
            related: act.related_voucher_id,
            undoes: act.undoes_id,
            acted_by: author(row),
            change_seq: act.change_seq,
            recorded_at: act.recorded_at,
        };
        let bills: Option<Vec<PostedBill>> = rows.iter().map(bill).collect();
        bills.filter(|_| agrees).map(|bills| (stored, bills))
    }

    fn splits(&self, version: VoucherVersionId, effect: i16) -> &[cost_centre_split::Model] {
        self.costs.get(&(version, effect)).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many rows of a version were taken back, if it was done whole and then.
    pub fn taken_back(
        &self,
        id: VoucherId,
        number: i32,
        row: &audit_log::Model,
    ) -> Option<TakenBack> {
        let base = BaseType::parse(&self.vouchers.get(&id)?.base_type)?;
        let version = self.versions.get(&(id, number))?;
        let of = |effect| self.entries.get(&(version.id, effect)).map(Vec::as_slice);
        let (made, undone) = (of(1).unwrap_or_default(), of(-1).unwrap_or_default());
        let entries_agree = made.len() == undone.len()
            && made.iter().zip(undone).all(|(one, other)| {
                let same = voucher_ledger_entry::Model {
                    id: one.row.id,
                    effect: one.row.effect,
                    recorded_at: one.row.recorded_at,
                    ..other.row.clone()
                };
                same == one.row
                    && one.applies_until == other.applies_until
                    && other.row.recorded_at == row.recorded_at
            });
        let of = |effect| self.bills.get(&(version.id, effect)).map(Vec::as_slice);
        let (parts, back) = (of(1).unwrap_or_default(), of(-1).unwrap_or_default());
        let bills_agree = parts.len() == back.len()
            && parts.iter().zip(back).all(|(one, other)| {
                let same = bill_wise_detail::Model {
                    id: one.id,
                    effect: one.effect,
                    recorded_at: one.recorded_at,
                    ..other.clone()
                };
                same == *one && other.recorded_at == row.recorded_at
            });
        let of = |effect| self.items.get(&(version.id, effect)).map(Vec::as_slice);
        let (lines, gone) = (of(1).unwrap_or_default(), of(-1).unwrap_or_default());
        let items_agree = lines.len() == gone.len()
            && lines.iter().zip(gone).all(|(one, other)| {
                let same = voucher_item::Model {
                    id: one.id,
                    effect: one.effect,
                    recorded_at: one.recorded_at,
                    ..other.clone()
                };
                same == *one && other.recorded_at == row.recorded_at
            });
        let (splits, undone_splits) = (self.splits(version.id, 1), self.splits(version.id, -1));
        let costs_agree = costs::is_taken_back(splits, undone_splits, row.recorded_at);
        let of = |effect| self.bank.get(&(version.id, effect)).map(Vec::as_slice);
        let (said, unsaid) = (of(1).unwrap_or_default(), of(-1).unwrap_or_default());
        let bank_agrees = said.len() == unsaid.len()
            && said.iter().zip(unsaid).all(|(one, other)| {
                let same = entry_bank_detail::Model {
                    entry_id: one.entry_id,
                    effect: one.effect,
                    recorded_at: one.recorded_at,
                    ..other.clone()
                };
                let of_entry =
                    |entry: &Entry| entry.row.id == other.entry_id && entry.row.line == other.line;
                same == *one && other.recorded_at == row.recorded_at && undone.iter().any(of_entry)
            });
        let all_agree = entries_agree && bills_agree && items_agree && costs_agree && bank_agrees;
        all_agree.then_some(TakenBack {
            base,
            entries: undone.len(),
            bills: back.len(),
            items: gone.len(),
            costs: undone_splits.len(),
            bank: unsaid.len(),
        })
    }
}

/// The tenant's user whom a row of the log names.
fn author(row: &audit_log::Model) -> Option<i64> {
    matches!(row.actor_kind.as_str(), "USER" | "API_KEY").then_some(row.actor_id).flatten()
}

fn entry(
    Entry { row, applies_until }: &Entry,
    said: Option<&entry_bank_detail::Model>,
    version: &voucher_version::Model,
    told: &audit_log::Model,
) -> Option<PostedEntry> {
    let agrees = row.business_id == version.business_id
        && row.dated == version.dated
        && row.closing == (version.kind == VoucherKind::Closing)
        && row.recorded_at == told.recorded_at
        && said.is_none_or(|said| {
            said.entry_id == row.id
                && said.business_id == row.business_id
                && said.ledger_id == row.ledger_id
                && said.dated == row.dated
                && said.recorded_at == row.recorded_at
        });
    let foreign = match (&row.currency, row.currency_amount, row.exchange_rate) {
        (Some(currency), Some(amount), Some(rate)) => {
            Some(Foreign { currency: CurrencyCode::parse(currency).ok()?, amount, rate })
        }
        (None, None, None) => None,
        _ => return None,
    };
    agrees.then(|| PostedEntry {
        id: row.id,
        line: row.line,
        ledger: row.ledger_id,
        debit: row.debit,
        credit: row.credit,
        detail: EntryDetail {
            narration: row.narration.clone(),
            foreign,
            applies_until: *applies_until,
            bank: said.map(bank),
            costs: Vec::new(),
        },
    })
}

fn bank(row: &entry_bank_detail::Model) -> BankDetail {
    BankDetail {
        instrument: row.instrument,
        number: row.number.clone(),
        dated: row.instrument_date,
        payee: row.payee.clone(),
        bank: row.bank.clone(),
    }
}

fn item_of(
    row: &voucher_item::Model,
    version: &voucher_version::Model,
    recorded_at: i64,
) -> Option<PostedItem> {
    let agrees = row.business_id == version.business_id
        && row.dated == version.dated
        && row.warehouse_id.is_none()
        && row.recorded_at == recorded_at;
    agrees.then(|| stored::item(row.clone()))
}

fn bill_of(
    row: &bill_wise_detail::Model,
    version: &voucher_version::Model,
    recorded_at: i64,
) -> Option<PostedBill> {
    let agrees = row.business_id == version.business_id
        && row.dated == version.dated
        && row.recorded_at == recorded_at;
    bill(row).filter(|_| agrees)
}

fn bill(row: &bill_wise_detail::Model) -> Option<PostedBill> {
    if row.currency.is_some() != row.currency_amount.is_some() {
        return None;
    }
    let currency = row.currency.as_deref().map(CurrencyCode::parse).transpose().ok()?;
    Some(PostedBill {
        id: row.id,
        line: row.line,
        entry_line: row.entry_line,
        ledger: row.ledger_id,
        bill: row.bill_id,
        kind: row.kind,
        reference: row.reference.clone(),
        due_on: row.due_on,
        debit: row.debit,
        credit: row.credit,
        foreign: currency.zip(row.currency_amount).map(InCurrency::of),
    })
}
