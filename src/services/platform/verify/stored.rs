//! Compares posted rows with the rows of the edit log that tell of them.
//!
//! A row tells of a new voucher, or of an act: a version taken back, one posted anew, bills settled. Rows of
//! posted tables that no row of the log tells of count as unrecorded.

use daybook_domain::{
    id::{BusinessId, VoucherActId, VoucherId},
    voucher::BaseType,
};
use daybook_entity::tenant::{books::ActKind, record::audit_log};
use sea_orm::{ConnectionTrait, Iterable};
use serde::Deserialize;

use super::{
    What, costs,
    figures::{count, monthly_sums},
    rows::Rows,
};
use crate::{
    error::Result,
    lane::{PostedVoucher, canonical},
};

/// Posted tables with amounts, and those that say which amounts stand.
const TABLES: [&str; 10] = [
    "vouchers",
    "voucher_versions",
    "voucher_ledger_entries",
    "scenario_entries",
    "voucher_acts",
    "voucher_items",
    "voucher_tax_lines",
    "bill_wise_details",
    "cost_centre_splits",
    "entry_bank_details",
];

/// How many rows of each posted table the log has told of.
#[derive(Debug, Default)]
pub struct Recorded([i64; TABLES.len()]);

impl Recorded {
    /// Vouchers that were compared.
    pub fn vouchers(&self) -> i64 {
        let [vouchers, ..] = self.0;
        vouchers
    }

    fn add(&mut self, table: &str, rows: usize) {
        if let Some(at) = TABLES.iter().position(|name| *name == table)
            && let Some(sum) = self.0.get_mut(at)
        {
            *sum = sum.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX));
        }
    }

    /// Whether the posted tables hold those rows and no others, and the monthly sums are theirs.
    pub async fn compare(&self, conn: &impl ConnectionTrait) -> Result<Option<What>> {
        for (table, recorded) in TABLES.iter().zip(self.0) {
            let stored = count(conn, &format!("SELECT COUNT(*) FROM {table}")).await?;
            if stored != recorded {
                return Ok(Some(What::Unrecorded { table, stored, recorded }));
            }
        }
        let count = count(conn, &monthly_sums(conn.get_database_backend())).await?;
        Ok((count > 0).then_some(What::Totals { count }))
    }
}

/// The table that holds the entries of vouchers of a type.
fn entries_of(base: BaseType) -> &'static str {
    if base.is_scenario() { "scenario_entries" } else { "voucher_ledger_entries" }
}

/// How many entries of a voucher say by which instrument they were paid.
fn told_of_bank(voucher: &PostedVoucher) -> usize {
    voucher.entries.iter().filter(|entry| entry.detail.bank.is_some()).count()
}

/// The posted rows that a page of the log tells of.
pub struct Stored(Rows);

/// The text of a row, read back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    at: i64,
    actor: String,
    actor_id: Option<i64>,
    request: Option<String>,
    action: String,
    subject: String,
    subject_id: Option<i64>,
    business_id: Option<i64>,
    content: String,
}

/// What an act's text says of where its rows are.
#[derive(Deserialize)]
struct Told {
    act: i64,
}

/// What a row of the log tells of.
enum Tells {
    /// A new voucher.
    Voucher(VoucherId),
    /// An act of this kind on a voucher.
    Act(ActKind, VoucherId),
}

fn tells(row: &audit_log::Model) -> Option<Tells> {
    let voucher = VoucherId::new(row.subject_id.unwrap_or_default());
    if row.action == canonical::VOUCHER_POSTED {
        return Some(Tells::Voucher(voucher));
    }
    let kind = ActKind::iter().find(|kind| canonical::action_of(*kind) == row.action)?;
    Some(Tells::Act(kind, voucher))
}

impl Stored {
    /// Reads them set-wise.
    pub async fn of(conn: &impl ConnectionTrait, rows: &[audit_log::Model]) -> Result<Self> {
        let ids = rows.iter().filter_map(|row| match tells(row)? {
            Tells::Voucher(id) | Tells::Act(_, id) => Some(id),
        });
        Ok(Self(Rows::of(conn, ids.collect()).await?))
    }

    /// What a row says that is not so.
    pub fn compare(&self, row: &audit_log::Model, recorded: &mut Recorded) -> Option<What> {
        let Ok(text) = serde_json::from_str::<Text>(&row.canonical) else {
            return Some(What::Columns);
        };
        let is_same = text.at == row.recorded_at
            && text.actor == row.actor_kind
            && text.actor_id == row.actor_id
            && text.request == row.request_id
            && text.action == row.action
            && text.subject == row.subject_type
            && text.subject_id == row.subject_id
            && text.business_id == row.business_id.map(BusinessId::get);
        if !is_same {
            return Some(What::Columns);
        }
        let (voucher, agrees) = match tells(row)? {
            Tells::Voucher(id) => (id, self.is_posted(id, row, &text.content, recorded)),
            Tells::Act(kind, id) => (id, self.is_done(kind, id, row, &text.content, recorded)),
        };
        if agrees.is_some() { None } else { Some(What::Voucher(voucher)) }
    }

    fn is_posted(
        &self,
        id: VoucherId,
        row: &audit_log::Model,
        content: &str,
        recorded: &mut Recorded,
    ) -> Option<()> {
        let voucher = self.0.version(id, 1, row)?;
        if row.business_id != Some(voucher.business)
            || !self.0.is_new(id, row)
            || canonical::voucher_posted(&voucher).canonical != content
        {
            return None;
        }
        recorded.add("vouchers", 1);
        recorded.add("voucher_versions", 1);
        recorded.add(entries_of(voucher.base_type), voucher.entries.len());
        recorded.add("bill_wise_details", voucher.bills.len());
        recorded.add("cost_centre_splits", costs::count(&voucher));
        recorded.add("entry_bank_details", told_of_bank(&voucher));
        recorded.add("voucher_items", voucher.items.len());
        Some(())
    }

    fn is_done(
        &self,
        kind: ActKind,
        id: VoucherId,
        row: &audit_log::Model,
        content: &str,
        recorded: &mut Recorded,
    ) -> Option<()> {
        let told: Told = serde_json::from_str(content).ok()?;
        let (act, bills) = self.0.act(VoucherActId::new(told.act), row)?;
        if act.kind != kind || act.voucher != id || row.business_id != Some(act.business) {
            return None;
        }
        recorded.add("voucher_acts", 1);
        recorded.add("bill_wise_details", bills.len());
        let amended = match kind {
            ActKind::Amended => Some(self.0.version(id, act.version.checked_add(1)?, row)?),
            _ => None,
        };
        if canonical::acted(&act, &bills, amended.as_ref()).canonical != content {
            return None;
        }
        if matches!(kind, ActKind::Cancelled | ActKind::Amended) {
            let back = self.0.taken_back(id, act.version, row)?;
            recorded.add(entries_of(back.base), back.entries);
            recorded.add("bill_wise_details", back.bills);
            recorded.add("cost_centre_splits", back.costs);
            recorded.add("entry_bank_details", back.bank);
            recorded.add("voucher_items", back.items);
        }
        if let Some(amended) = amended {
            recorded.add("voucher_versions", 1);
            recorded.add(entries_of(amended.base_type), amended.entries.len());
            recorded.add("bill_wise_details", amended.bills.len());
            recorded.add("cost_centre_splits", costs::count(&amended));
            recorded.add("entry_bank_details", told_of_bank(&amended));
            recorded.add("voucher_items", amended.items.len());
        }
        Some(())
    }
}
