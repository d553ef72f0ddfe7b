//! Vouchers read back: one, several by id, or a page of them.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    id::{BusinessId, EntryId, LedgerId, SeriesId, VoucherId, VoucherTypeId, VoucherVersionId},
    lock::Areas,
    money::{ExchangeRate, Money},
    role::Permission,
    voucher::BaseType,
};
use daybook_entity::tenant::books::VoucherKind;
use sea_orm::{ActiveEnum, ConnectionTrait, QueryResult, Value};

use super::chart::{self, Asked};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{containing, list, statement},
    },
    error::{Error, Result},
    lane::{
        PostedEntry, PostedVoucher,
        posting::{EntryDetail, Foreign},
    },
    scope::TenantScope,
};

/// How a voucher stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It counts.
    Posted,
    /// It was taken back; its number stays used.
    Cancelled,
    /// A later voucher reverses it.
    Reversed,
}

/// Which vouchers a list shows.
#[derive(Debug, Clone, Default)]
pub struct VoucherFilter {
    /// Whole number.
    pub number: Option<String>,
    /// Of these types.
    pub voucher_types: Option<Vec<VoucherTypeId>>,
    /// Not before this day.
    pub from: Option<NaiveDate>,
    /// Not after this day.
    pub to: Option<NaiveDate>,
    /// With an entry on this ledger.
    pub ledger: Option<LedgerId>,
    /// Of this party.
    pub party: Option<LedgerId>,
    /// That stand so.
    pub status: Option<Status>,
    /// Total at least this.
    pub total_min: Option<Money>,
    /// Total at most this.
    pub total_max: Option<Money>,
    /// Part of narration or reference.
    pub text: Option<String>,
}

/// By date, the newest first, or the oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    Newest,
    /// Oldest first.
    Oldest,
}

const COLUMNS: &str = "v.id, v.business_id, v.voucher_type_id, v.base_type, v.year_id, v.series_id, \
     v.sequence, v.number, v.reverses_id, w.id AS version_id, w.version, w.kind, w.dated, w.total, \
     w.narration, w.reference, w.reference_date, w.party_ledger_id, w.occurred_at, w.areas, \
     w.lock_exception_id, v.created_by, w.change_seq, w.recorded_at \
     FROM voucher_versions w JOIN vouchers v ON v.id = w.voucher_id \
     WHERE NOT EXISTS (SELECT 1 FROM voucher_versions n \
     WHERE n.voucher_id = w.voucher_id AND n.version > w.version)";

/// A page of a business's vouchers, as they stand now.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list_vouchers(
    scope: &TenantScope,
    business: Asked,
    filter: &VoucherFilter,
    order: Order,
    ask: &PageAsk,
    with_entries: bool,
) -> Result<Page<PostedVoucher>> {
    scope.require(Permission::VoucherRead)?;
    let chart = chart::chart(scope).await?;
    let business = chart.asked(scope, business)?.id;
    let mut wanted = Wanted::of(business);
    wanted.own_documents(scope);
    wanted.filter(filter);
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let backend = conn.get_database_backend();
    let total = if ask.wants_total {
        let sql = format!("SELECT COUNT(*) FROM (SELECT {COLUMNS}{}) q", wanted.text);
        let row = conn.query_one_raw(statement(backend, &sql, wanted.binds.clone())).await?;
        row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or(0)
    } else {
        0
    };
    let (beyond, direction) = if order == Order::Newest { ("<", "DESC") } else { (">", "ASC") };
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [day, id] = key else { return Err(bad()) };
        let day: NaiveDate = day.parse().map_err(|_| bad())?;
        let id: i64 = id.parse().map_err(|_| bad())?;
        wanted
            .text
            .push_str(&format!(" AND (w.dated {beyond} ? OR (w.dated = ? AND w.id {beyond} ?))"));
        wanted.binds.extend([Value::from(day), Value::from(day), Value::from(id)]);
    }
    let sql = format!(
        "SELECT {COLUMNS}{} ORDER BY w.dated {direction}, w.id {direction} LIMIT {}",
        wanted.text,
        ask.first + 1
    );
    let rows = conn.query_all_raw(statement(backend, &sql, wanted.binds)).await?;
    let mut vouchers: Vec<PostedVoucher> = rows.iter().map(voucher).collect::<Result<_>>()?;
    if with_entries {
        let shown = usize::try_from(ask.first).unwrap_or(usize::MAX);
        vouchers.truncate(shown.saturating_add(1));
        fill_entries(conn, &mut vouchers).await?;
    }
    let total = u64::try_from(total).unwrap_or(0);
    Ok(Page::cut(vouchers, ask, total, |voucher| {
        vec![voucher.dated.to_string(), voucher.version_id.to_string()]
    }))
}

/// Vouchers by their ids, as far as the caller may see them; others are left out.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(
    scope: &TenantScope,
    ids: &[VoucherId],
    with_entries: bool,
) -> Result<Vec<PostedVoucher>> {
    scope.require(Permission::VoucherRead)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let backend = conn.get_database_backend();
    let mut wanted = Wanted { text: String::new(), binds: Vec::new() };
    wanted.own_documents(scope);
    wanted.text.push_str(&format!(" AND v.id IN ({})", list(ids.len())));
    wanted.binds.extend(ids.iter().map(|id| Value::from(id.get())));
    let sql = format!("SELECT {COLUMNS}{}", wanted.text);
    let rows = conn.query_all_raw(statement(backend, &sql, wanted.binds)).await?;
    let mut vouchers: Vec<PostedVoucher> = rows.iter().map(voucher).collect::<Result<_>>()?;
    vouchers.retain(|voucher| scope.access.businesses.includes(voucher.business));
    if with_entries {
        fill_entries(conn, &mut vouchers).await?;
    }
    Ok(vouchers)
}

/// Entries of versions, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn entries_of(
    scope: &TenantScope,
    versions: &[VoucherVersionId],
) -> Result<HashMap<VoucherVersionId, Vec<PostedEntry>>> {
    let reader = scope.db.reader().await?;
    read_entries(reader.conn(), versions).await
}

/// How vouchers stand, by the acts on them.
///
/// # Errors
/// When the database cannot be read.
pub async fn statuses(
    scope: &TenantScope,
    ids: &[VoucherId],
) -> Result<HashMap<VoucherId, Status>> {
    let mut found: HashMap<VoucherId, Status> =
        ids.iter().map(|id| (*id, Status::Posted)).collect();
    if ids.is_empty() {
        return Ok(found);
    }
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    for chunk in ids.chunks(500) {
        let sql = format!(
            "SELECT voucher_id, kind FROM voucher_acts WHERE voucher_id IN ({}) \
             AND kind IN ('CANCELLED', 'REVERSED') ORDER BY id",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            let kind: String = row.try_get_by_index(1)?;
            let status = if kind == "CANCELLED" { Status::Cancelled } else { Status::Reversed };
            found.insert(VoucherId::new(row.try_get_by_index(0)?), status);
        }
    }
    Ok(found)
}

struct Wanted {
    text: String,
    binds: Vec<Value>,
}

impl Wanted {
    fn of(business: BusinessId) -> Self {
        Self { text: " AND w.business_id = ?".to_owned(), binds: vec![business.get().into()] }
    }

    fn and(&mut self, text: &str, bind: impl Into<Value>) {
        self.text.push_str(text);
        self.binds.push(bind.into());
    }

    /// Some roles see only what they made.
    fn own_documents(&mut self, scope: &TenantScope) {
        if scope.access.own_documents_only {
            self.and(" AND v.created_by = ?", scope.access.user.get());
        }
    }

    fn filter(&mut self, filter: &VoucherFilter) {
        if let Some(number) = &filter.number {
            self.and(" AND v.number = ?", number.as_str());
        }
        if let Some(types) = &filter.voucher_types {
            let marks = if types.is_empty() { "NULL".to_owned() } else { list(types.len()) };
            self.text.push_str(&format!(" AND v.voucher_type_id IN ({marks})"));
            self.binds.extend(types.iter().map(|id| Value::from(id.get())));
        }
        if let Some(from) = filter.from {
            self.and(" AND w.dated >= ?", from);
        }
        if let Some(to) = filter.to {
            self.and(" AND w.dated <= ?", to);
        }
        if let Some(ledger) = filter.ledger {
            self.and(
                " AND EXISTS (SELECT 1 FROM voucher_ledger_entries e \
                 WHERE e.version_id = w.id AND e.ledger_id = ?)",
                ledger.get(),
            );
        }
        if let Some(party) = filter.party {
            self.and(" AND w.party_ledger_id = ?", party.get());
        }
        if let Some(status) = filter.status {
            // The last of these acts tells how it stands, as in `statuses`.
            let acts = "FROM voucher_acts a WHERE a.voucher_id = v.id \
                 AND a.kind IN ('CANCELLED', 'REVERSED')";
            let last = format!("(SELECT a.kind {acts} ORDER BY a.id DESC LIMIT 1)");
            match status {
                Status::Posted => self.text.push_str(&format!(" AND NOT EXISTS (SELECT 1 {acts})")),
                Status::Cancelled => self.and(&format!(" AND {last} = ?"), "CANCELLED"),
                Status::Reversed => self.and(&format!(" AND {last} = ?"), "REVERSED"),
            }
        }
        if let Some(least) = filter.total_min {
            self.and(" AND w.total >= ?", least.minor());
        }
        if let Some(most) = filter.total_max {
            self.and(" AND w.total <= ?", most.minor());
        }
        if let Some(text) = &filter.text {
            let pattern = containing(&text.to_lowercase());
            self.text.push_str(
                " AND (LOWER(w.narration) LIKE ? ESCAPE '!' OR LOWER(w.reference) LIKE ? ESCAPE '!')",
            );
            self.binds.extend([Value::from(pattern.as_str()), Value::from(pattern)]);
        }
    }
}

fn voucher(row: &QueryResult) -> Result<PostedVoucher> {
    let base: String = row.try_get_by_index(3)?;
    let kind: String = row.try_get_by_index(11)?;
    let id = |index: usize| -> Result<i64> { Ok(row.try_get_by_index(index)?) };
    let maybe = |index: usize| -> Result<Option<i64>> { Ok(row.try_get_by_index(index)?) };
    Ok(PostedVoucher {
        id: VoucherId::new(id(0)?),
        business: BusinessId::new(id(1)?),
        voucher_type: VoucherTypeId::new(id(2)?),
        base_type: BaseType::parse(&base)
            .ok_or_else(|| Error::Internal(format!("no base type {base}")))?,
        year: id(4)?,
        series: SeriesId::new(id(5)?),
        sequence: id(6)?,
        number: row.try_get_by_index(7)?,
        reverses: maybe(8)?.map(VoucherId::new),
        version_id: VoucherVersionId::new(id(9)?),
        version: row.try_get_by_index(10)?,
        kind: VoucherKind::try_from_value(&kind)?,
        dated: row.try_get_by_index(12)?,
        total: Money::from_minor(id(13)?),
        narration: row.try_get_by_index(14)?,
        reference: row.try_get_by_index(15)?,
        reference_date: row.try_get_by_index(16)?,
        party: maybe(17)?.map(LedgerId::new),
        occurred_at: maybe(18)?,
        areas: Areas::from_bits(row.try_get_by_index(19)?),
        lock_exception: maybe(20)?,
        created_by: maybe(21)?,
        change_seq: id(22)?,
        recorded_at: id(23)?,
        entries: Vec::new(),
    })
}

async fn fill_entries(conn: &impl ConnectionTrait, vouchers: &mut [PostedVoucher]) -> Result<()> {
    let versions: Vec<VoucherVersionId> =
        vouchers.iter().map(|voucher| voucher.version_id).collect();
    let mut entries = read_entries(conn, &versions).await?;
    for voucher in vouchers {
        voucher.entries = entries.remove(&voucher.version_id).unwrap_or_default();
    }
    Ok(())
}

async fn read_entries(
    conn: &impl ConnectionTrait,
    versions: &[VoucherVersionId],
) -> Result<HashMap<VoucherVersionId, Vec<PostedEntry>>> {
    let mut found: HashMap<VoucherVersionId, Vec<PostedEntry>> = HashMap::new();
    for chunk in versions.chunks(500) {
        let sql = format!(
            "SELECT version_id, id, line, ledger_id, debit, credit, currency, currency_amount, \
             exchange_rate, narration FROM voucher_ledger_entries \
             WHERE version_id IN ({}) AND effect = 1 ORDER BY version_id, line",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            let version = VoucherVersionId::new(row.try_get_by_index(0)?);
            found.entry(version).or_default().push(entry(&row)?);
        }
    }
    Ok(found)
}

fn entry(row: &QueryResult) -> Result<PostedEntry> {
    let currency: Option<String> = row.try_get_by_index(6)?;
    let amount: Option<i64> = row.try_get_by_index(7)?;
    let rate: Option<i64> = row.try_get_by_index(8)?;
    let foreign = match (currency, amount, rate) {
        (Some(currency), Some(amount), Some(rate)) => Some(Foreign {
            currency: daybook_domain::currency::CurrencyCode::parse(&currency)
                .map_err(|_| Error::Internal("a stored currency code".into()))?,
            amount: Money::from_minor(amount),
            rate: ExchangeRate::from_raw(rate),
        }),
        _ => None,
    };
    Ok(PostedEntry {
        id: EntryId::new(row.try_get_by_index(1)?),
        line: row.try_get_by_index(2)?,
        ledger: LedgerId::new(row.try_get_by_index(3)?),
        debit: Money::from_minor(row.try_get_by_index(4)?),
        credit: Money::from_minor(row.try_get_by_index(5)?),
        detail: EntryDetail { narration: row.try_get_by_index(9)?, foreign },
    })
}
