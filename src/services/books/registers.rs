//! Vouchers read back: one, several by id, or a page of them.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    cost::CostSplit,
    id::{BusinessId, EntryId, LedgerId, VoucherActId, VoucherId, VoucherTypeId, VoucherVersionId},
    money::Money,
    role::Permission,
};
use daybook_entity::tenant::books::{ActKind, voucher_act};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Value};

use super::chart::{self, Asked};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{containing, list, statement},
    },
    error::{Error, Result},
    lane::{
        BankDetail, PostedBill, PostedEntry, PostedVoucher, bank_details, costs,
        posting::PostedItem,
        stored::{self, COLUMNS},
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
    let mut vouchers: Vec<PostedVoucher> =
        rows.iter().map(stored::voucher).collect::<Result<_>>()?;
    if with_entries {
        // The one beyond the page only tells that there is more.
        let shown = usize::try_from(ask.first).unwrap_or(usize::MAX).min(vouchers.len());
        stored::fill_entries(conn, vouchers.get_mut(..shown).unwrap_or_default()).await?;
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
    let mut vouchers: Vec<PostedVoucher> =
        rows.iter().map(stored::voucher).collect::<Result<_>>()?;
    vouchers.retain(|voucher| scope.access.businesses.includes(voucher.business));
    if with_entries {
        stored::fill_entries(conn, &mut vouchers).await?;
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
    stored::entries(reader.conn(), versions).await
}

/// Which bills a version opened and settled, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn bills_of(scope: &TenantScope, version: VoucherVersionId) -> Result<Vec<PostedBill>> {
    let mut found = bills_of_all(scope, &[version]).await?;
    Ok(found.remove(&version).unwrap_or_default())
}

/// As [`bills_of`], of many versions at once.
///
/// # Errors
/// When the database cannot be read.
pub async fn bills_of_all(
    scope: &TenantScope,
    versions: &[VoucherVersionId],
) -> Result<HashMap<VoucherVersionId, Vec<PostedBill>>> {
    let reader = scope.db.reader().await?;
    stored::bills(reader.conn(), versions).await
}

/// Which cost centres bear the entries of versions, by version and entry line.
///
/// # Errors
/// When the database cannot be read.
pub async fn costs_of_all(
    scope: &TenantScope,
    versions: &[VoucherVersionId],
) -> Result<HashMap<(VoucherVersionId, i32), Vec<CostSplit>>> {
    let reader = scope.db.reader().await?;
    costs::splits_of(reader.conn(), versions).await
}

/// By which instruments entries were paid.
///
/// # Errors
/// When the database cannot be read.
pub async fn bank_details_of(
    scope: &TenantScope,
    entries: &[EntryId],
) -> Result<HashMap<EntryId, BankDetail>> {
    let reader = scope.db.reader().await?;
    bank_details::of_entries(reader.conn(), entries).await
}

/// Goods and services on versions, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn items_of(
    scope: &TenantScope,
    versions: &[VoucherVersionId],
) -> Result<HashMap<VoucherVersionId, Vec<PostedItem>>> {
    let reader = scope.db.reader().await?;
    stored::items(reader.conn(), versions).await
}

/// What was done to a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAct {
    /// Its identity.
    pub id: VoucherActId,
    /// What was done.
    pub kind: ActKind,
    /// The version that it was done to.
    pub version: i32,
    /// Day that period locks were compared with.
    pub dated: NaiveDate,
    /// Why.
    pub reason: Option<String>,
    /// Whether a later act undid it.
    pub is_undone: bool,
    /// The voucher that reverses this one, or takes what an allocation left between two exchange rates.
    pub related: Option<VoucherId>,
    /// When, UTC milliseconds.
    pub recorded_at: i64,
}

/// What was done to vouchers, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn acts_of(
    scope: &TenantScope,
    ids: &[VoucherId],
) -> Result<HashMap<VoucherId, Vec<StoredAct>>> {
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let mut found: HashMap<VoucherId, Vec<StoredAct>> = HashMap::new();
    for chunk in ids.chunks(500) {
        let rows = voucher_act::Entity::find()
            .filter(voucher_act::Column::VoucherId.is_in(chunk.iter().copied()))
            .order_by_asc(voucher_act::Column::Id)
            .all(conn)
            .await?;
        let undone: HashSet<VoucherActId> = rows.iter().filter_map(|row| row.undoes_id).collect();
        for row in rows {
            found.entry(row.voucher_id).or_default().push(StoredAct {
                id: row.id,
                kind: row.kind,
                version: row.version,
                dated: row.dated,
                is_undone: undone.contains(&row.id),
                reason: row.reason,
                related: row.related_voucher_id,
                recorded_at: row.recorded_at,
            });
        }
    }
    Ok(found)
}

/// The acts that tell how a voucher `v` stands: a cancellation, and a reversal that is not itself taken
/// back.
const TELLING: &str = "FROM voucher_acts a WHERE a.voucher_id = v.id AND (a.kind = 'CANCELLED' \
     OR (a.kind = 'REVERSED' AND NOT EXISTS (SELECT 1 FROM voucher_acts u \
     WHERE u.voucher_id = a.related_voucher_id AND u.kind = 'CANCELLED')))";

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
            "SELECT v.id, (SELECT a.kind {TELLING} ORDER BY a.id DESC LIMIT 1) \
             FROM vouchers v WHERE v.id IN ({})",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            let kind: Option<String> = row.try_get_by_index(1)?;
            let status = match kind.as_deref() {
                Some("CANCELLED") => Status::Cancelled,
                Some(_) => Status::Reversed,
                None => Status::Posted,
            };
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
            let last = format!("(SELECT a.kind {TELLING} ORDER BY a.id DESC LIMIT 1)");
            match status {
                Status::Posted => {
                    self.text.push_str(&format!(" AND NOT EXISTS (SELECT 1 {TELLING})"))
                }
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
