//! Compares posted rows with the rows of the edit log that tell of them.
//!
//! `VOUCHER_POSTED` is so far the only act that writes to posted tables with amounts. A new act that does
//! (a cancellation, an amendment) is told of here as well: until then its rows count as unrecorded.

use std::collections::HashMap;

use daybook_domain::{
    currency::CurrencyCode,
    id::{BusinessId, VoucherId, VoucherVersionId},
    lock::Areas,
    voucher::BaseType,
};
use daybook_entity::tenant::{
    books::{VoucherKind, voucher, voucher_ledger_entry, voucher_version},
    record::audit_log,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;

use super::What;
use crate::{
    db::sql::statement,
    error::Result,
    lane::{
        PostedEntry, PostedVoucher, canonical,
        posting::{EntryDetail, Foreign},
    },
};

const POSTED: &str = "VOUCHER_POSTED";
/// Posted tables with amounts, and those that say which amounts stand.
const TABLES: [&str; 7] = [
    "vouchers",
    "voucher_versions",
    "voucher_ledger_entries",
    "voucher_acts",
    "voucher_items",
    "voucher_tax_lines",
    "bill_wise_details",
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

    fn add(&mut self, entries: usize) {
        let [vouchers, versions, all, ..] = &mut self.0;
        *vouchers = vouchers.saturating_add(1);
        *versions = versions.saturating_add(1);
        *all = all.saturating_add(i64::try_from(entries).unwrap_or(i64::MAX));
    }

    /// Whether the posted tables hold those rows and no others, and the monthly sums are theirs.
    pub async fn compare(&self, conn: &impl ConnectionTrait) -> Result<Option<What>> {
        for (table, recorded) in TABLES.iter().zip(self.0) {
            let stored = count(conn, &format!("SELECT COUNT(*) FROM {table}")).await?;
            if stored != recorded {
                return Ok(Some(What::Unrecorded { table, stored, recorded }));
            }
        }
        let month = match conn.get_database_backend() {
            DbBackend::MySql => "EXTRACT(YEAR_MONTH FROM dated)",
            DbBackend::Sqlite => "CAST(strftime('%Y%m', dated) AS INTEGER)",
            _ => "CAST(EXTRACT(YEAR FROM dated) * 100 + EXTRACT(MONTH FROM dated) AS INTEGER)",
        };
        let differ = format!(
            "SELECT COUNT(*) FROM (SELECT ledger_id FROM (\
             SELECT ledger_id, month, closing, debit, credit FROM ledger_period_totals UNION ALL \
             SELECT ledger_id, {month}, closing, -effect * debit, -effect * credit \
             FROM voucher_ledger_entries) AS both_sides GROUP BY ledger_id, month, closing \
             HAVING SUM(debit) <> 0 OR SUM(credit) <> 0) AS differing"
        );
        let count = count(conn, &differ).await?;
        Ok((count > 0).then_some(What::Totals { count }))
    }
}

async fn count(conn: &impl ConnectionTrait, sql: &str) -> Result<i64> {
    let row = conn.query_one_raw(statement(conn.get_database_backend(), sql, [])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
}

/// The posted rows that a page of the log tells of.
pub struct Stored {
    vouchers: HashMap<i64, voucher::Model>,
    versions: HashMap<VoucherId, voucher_version::Model>,
    entries: HashMap<VoucherVersionId, Vec<voucher_ledger_entry::Model>>,
}

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

impl Stored {
    /// Reads them set-wise.
    pub async fn of(conn: &impl ConnectionTrait, rows: &[audit_log::Model]) -> Result<Self> {
        let ids: Vec<i64> = rows
            .iter()
            .filter(|row| row.action == POSTED)
            .filter_map(|row| row.subject_id)
            .collect();
        let mut found =
            Self { vouchers: HashMap::new(), versions: HashMap::new(), entries: HashMap::new() };
        if ids.is_empty() {
            return Ok(found);
        }
        for row in voucher::Entity::find()
            .filter(voucher::Column::Id.is_in(ids.iter().copied()))
            .all(conn)
            .await?
        {
            found.vouchers.insert(row.id.get(), row);
        }
        for row in voucher_version::Entity::find()
            .filter(voucher_version::Column::VoucherId.is_in(ids))
            .filter(voucher_version::Column::Version.eq(1))
            .all(conn)
            .await?
        {
            found.versions.insert(row.voucher_id, row);
        }
        let versions: Vec<VoucherVersionId> = found.versions.values().map(|row| row.id).collect();
        for row in voucher_ledger_entry::Entity::find()
            .filter(voucher_ledger_entry::Column::VersionId.is_in(versions))
            .filter(voucher_ledger_entry::Column::Effect.eq(1))
            .order_by_asc(voucher_ledger_entry::Column::VersionId)
            .order_by_asc(voucher_ledger_entry::Column::Line)
            .all(conn)
            .await?
        {
            found.entries.entry(row.version_id).or_default().push(row);
        }
        Ok(found)
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
        if row.action != POSTED {
            return None;
        }
        let id = row.subject_id.unwrap_or_default();
        let voucher = self.rebuild(id, row).filter(|voucher| {
            row.business_id == Some(voucher.business)
                && canonical::voucher_posted(voucher).canonical == text.content
        });
        match voucher {
            Some(voucher) => {
                recorded.add(voucher.entries.len());
                None
            }
            None => Some(What::Voucher(VoucherId::new(id))),
        }
    }

    /// A voucher as it was posted, from its rows; nothing when they do not agree with each other, or
    /// with the row on what its text does not hold.
    fn rebuild(&self, id: i64, row: &audit_log::Model) -> Option<PostedVoucher> {
        let voucher = self.vouchers.get(&id)?;
        let version = self.versions.get(&voucher.id)?;
        let author = if row.actor_kind == "USER" || row.actor_kind == "API_KEY" {
            row.actor_id
        } else {
            None
        };
        let agrees = voucher.recorded_at == row.recorded_at
            && version.recorded_at == row.recorded_at
            && version.business_id == voucher.business_id
            && voucher.created_by.map(|user| user.get()) == author
            && version.created_by.map(|user| user.get()) == author;
        let entries = self.entries.get(&version.id).map(Vec::as_slice).unwrap_or_default();
        let rebuilt: Option<Vec<PostedEntry>> =
            entries.iter().map(|one| entry(one, voucher, version)).collect();
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
            created_by: author,
            change_seq: version.change_seq,
            recorded_at: version.recorded_at,
            entries: rebuilt?,
        };
        // A bit set may be read more kindly than it was stored.
        (agrees && posted.areas.bits() == version.areas).then_some(posted)
    }
}

fn entry(
    row: &voucher_ledger_entry::Model,
    voucher: &voucher::Model,
    version: &voucher_version::Model,
) -> Option<PostedEntry> {
    let agrees = row.business_id == voucher.business_id
        && row.dated == version.dated
        && row.closing == (version.kind == VoucherKind::Closing)
        && row.recorded_at == version.recorded_at;
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
        detail: EntryDetail { narration: row.narration.clone(), foreign },
    })
}
