//! Posted vouchers as they are read back: a version with its entries and bill parts.

use std::collections::HashMap;

use daybook_domain::{
    currency::CurrencyCode,
    id::{
        BillId, BusinessId, EntryId, LedgerId, SeriesId, VoucherActId, VoucherId, VoucherTypeId,
        VoucherVersionId,
    },
    item_line::LineAmounts,
    lock::Areas,
    money::{ExchangeRate, Money},
    voucher::BaseType,
};
use daybook_entity::tenant::books::{BillKind, VoucherKind, voucher_item};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult,
    Value,
};

use super::{
    bank_details, costs, exchange,
    posting::{
        EntryDetail, Foreign, InCurrency, ItemLine, PostedBill, PostedEntry, PostedItem,
        PostedVoucher,
    },
};
use crate::{
    db::sql::{list, statement},
    error::{Error, Result},
};

/// Columns of a voucher `v` in a version `w`, as [`voucher`] reads them.
macro_rules! header {
    () => {
        "v.id, v.business_id, v.voucher_type_id, v.base_type, v.year_id, v.series_id, v.sequence, \
         v.number, v.reverses_id, w.id AS version_id, w.version, w.kind, w.dated, w.total, \
         w.narration, w.reference, w.reference_date, w.party_ledger_id, w.occurred_at, w.areas, \
         w.lock_exception_id, v.created_by, w.change_seq, w.recorded_at"
    };
}

/// Columns of a voucher `v` in a version `w`, as [`voucher`] reads them.
pub const HEADER: &str = header!();

/// How many columns those are.
pub const HEADER_COLUMNS: usize = 24;

/// The same, from each voucher's newest version; conditions follow with AND.
pub const COLUMNS: &str = concat!(
    header!(),
    " FROM voucher_versions w JOIN vouchers v ON v.id = w.voucher_id \
     WHERE NOT EXISTS (SELECT 1 FROM voucher_versions n \
     WHERE n.voucher_id = w.voucher_id AND n.version > w.version)"
);

/// Vouchers by their ids, each as its newest version says, with all that their entries say.
///
/// # Errors
/// When the database cannot be read.
pub async fn vouchers(
    conn: &impl ConnectionTrait,
    ids: &[VoucherId],
) -> Result<Vec<PostedVoucher>> {
    let mut found = current(conn, ids).await?;
    fill_entries(conn, &mut found).await?;
    fill_bills(conn, &mut found).await?;
    costs::fill(conn, &mut found).await?;
    bank_details::fill(conn, &mut found).await?;
    fill_items(conn, &mut found).await?;
    Ok(found)
}

/// As [`vouchers`], without entries and bill parts.
///
/// # Errors
/// When the database cannot be read.
pub async fn current(conn: &impl ConnectionTrait, ids: &[VoucherId]) -> Result<Vec<PostedVoucher>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let sql = format!("SELECT {COLUMNS} AND v.id IN ({})", list(chunk.len()));
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            found.push(voucher(&row)?);
        }
    }
    Ok(found)
}

/// The voucher that a row of [`HEADER`] tells of, still without its entries and bill parts.
///
/// # Errors
/// When the row holds what cannot have been stored.
pub fn voucher(row: &QueryResult) -> Result<PostedVoucher> {
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
        bills: Vec::new(),
        items: Vec::new(),
    })
}

/// Reads the entries of vouchers: one query, however many they are.
///
/// # Errors
/// When the database cannot be read.
pub async fn fill_entries(
    conn: &impl ConnectionTrait,
    vouchers: &mut [PostedVoucher],
) -> Result<()> {
    let versions: Vec<VoucherVersionId> =
        vouchers.iter().map(|voucher| voucher.version_id).collect();
    let mut entries = entries(conn, &versions).await?;
    for voucher in vouchers {
        voucher.entries = entries.remove(&voucher.version_id).unwrap_or_default();
    }
    Ok(())
}

async fn fill_bills(conn: &impl ConnectionTrait, vouchers: &mut [PostedVoucher]) -> Result<()> {
    let versions: Vec<VoucherVersionId> =
        vouchers.iter().map(|voucher| voucher.version_id).collect();
    let mut bills = bills(conn, &versions).await?;
    for voucher in vouchers {
        voucher.bills = bills.remove(&voucher.version_id).unwrap_or_default();
    }
    Ok(())
}

async fn fill_items(conn: &impl ConnectionTrait, vouchers: &mut [PostedVoucher]) -> Result<()> {
    let can_have = |voucher: &&PostedVoucher| has_items(voucher.base_type);
    let versions: Vec<VoucherVersionId> =
        vouchers.iter().filter(can_have).map(|voucher| voucher.version_id).collect();
    let mut items = items(conn, &versions).await?;
    for voucher in vouchers {
        voucher.items = items.remove(&voucher.version_id).unwrap_or_default();
    }
    Ok(())
}

/// Whether vouchers of a type name goods and services.
pub fn has_items(base: BaseType) -> bool {
    base.is_document()
        || matches!(
            base,
            BaseType::Sales | BaseType::Purchase | BaseType::CreditNote | BaseType::DebitNote
        )
}

/// Goods and services of versions, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn items(
    conn: &impl ConnectionTrait,
    versions: &[VoucherVersionId],
) -> Result<HashMap<VoucherVersionId, Vec<PostedItem>>> {
    let mut found: HashMap<VoucherVersionId, Vec<PostedItem>> = HashMap::new();
    for chunk in versions.chunks(500) {
        let rows = voucher_item::Entity::find()
            .filter(voucher_item::Column::VersionId.is_in(chunk.iter().copied()))
            .filter(voucher_item::Column::Effect.eq(1))
            .order_by_asc(voucher_item::Column::VersionId)
            .order_by_asc(voucher_item::Column::Line);
        for row in rows.all(conn).await? {
            found.entry(row.version_id).or_default().push(item(row));
        }
    }
    Ok(found)
}

/// Goods or a service, from its row.
pub fn item(row: voucher_item::Model) -> PostedItem {
    let amounts = LineAmounts { gross: row.gross, discount: row.discount, taxable: row.taxable };
    PostedItem {
        id: row.id,
        line: row.line,
        detail: ItemLine {
            item: row.item_id,
            description: row.description,
            quantity: row.quantity,
            unit: row.unit,
            unit_price: row.unit_price,
            amounts,
        },
    }
}

/// Entries of versions, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn entries(
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
            found.entry(version).or_default().push(entry(&row, 1)?);
        }
    }
    // Every voucher has entries: one without any in the books has them in a scenario.
    let others: Vec<VoucherVersionId> =
        versions.iter().copied().filter(|version| !found.contains_key(version)).collect();
    if !others.is_empty() {
        found.extend(scenario_entries(conn, &others).await?);
    }
    Ok(found)
}

/// As [`entries`], of vouchers that count in scenarios alone.
async fn scenario_entries(
    conn: &impl ConnectionTrait,
    versions: &[VoucherVersionId],
) -> Result<HashMap<VoucherVersionId, Vec<PostedEntry>>> {
    let mut found: HashMap<VoucherVersionId, Vec<PostedEntry>> = HashMap::new();
    for chunk in versions.chunks(500) {
        let sql = format!(
            "SELECT version_id, id, line, ledger_id, debit, credit, currency, currency_amount, \
             exchange_rate, narration, applies_until FROM scenario_entries \
             WHERE version_id IN ({}) AND effect = 1 ORDER BY version_id, line",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            let version = VoucherVersionId::new(row.try_get_by_index(0)?);
            let mut entry = entry(&row, 1)?;
            entry.detail.applies_until = row.try_get_by_index(10)?;
            found.entry(version).or_default().push(entry);
        }
    }
    Ok(found)
}

/// Bill parts of versions, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn bills(
    conn: &impl ConnectionTrait,
    versions: &[VoucherVersionId],
) -> Result<HashMap<VoucherVersionId, Vec<PostedBill>>> {
    let numbers: Vec<i64> = versions.iter().map(|id| id.get()).collect();
    let found = bill_rows(conn, "version_id", &numbers).await?;
    Ok(found.into_iter().map(|(id, rows)| (VoucherVersionId::new(id), rows)).collect())
}

/// Rows that allocations made, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn bills_of_acts(
    conn: &impl ConnectionTrait,
    acts: &[VoucherActId],
) -> Result<HashMap<VoucherActId, Vec<PostedBill>>> {
    let numbers: Vec<i64> = acts.iter().map(|id| id.get()).collect();
    let found = bill_rows(conn, "act_id", &numbers).await?;
    Ok(found.into_iter().map(|(id, rows)| (VoucherActId::new(id), rows)).collect())
}

async fn bill_rows(
    conn: &impl ConnectionTrait,
    key: &str,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<PostedBill>>> {
    let mut found: HashMap<i64, Vec<PostedBill>> = HashMap::new();
    for chunk in ids.chunks(500) {
        let sql = format!(
            "SELECT {key}, id, line, entry_line, ledger_id, bill_id, kind, reference, due_on, \
             debit, credit, currency, currency_amount FROM bill_wise_details \
             WHERE {key} IN ({}) AND effect = 1 ORDER BY {key}, line",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(*id));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            found.entry(row.try_get_by_index(0)?).or_default().push(bill(&row)?);
        }
    }
    Ok(found)
}

fn bill(row: &QueryResult) -> Result<PostedBill> {
    let kind: String = row.try_get_by_index(6)?;
    let bill: Option<i64> = row.try_get_by_index(5)?;
    let amount: Option<i64> = row.try_get_by_index(12)?;
    let currency = exchange::currency(row.try_get_by_index(11)?)?;
    Ok(PostedBill {
        id: row.try_get_by_index(1)?,
        line: row.try_get_by_index(2)?,
        entry_line: row.try_get_by_index(3)?,
        ledger: LedgerId::new(row.try_get_by_index(4)?),
        bill: bill.map(BillId::new),
        kind: BillKind::try_from_value(&kind)?,
        reference: row.try_get_by_index(7)?,
        due_on: row.try_get_by_index(8)?,
        debit: Money::from_minor(row.try_get_by_index(9)?),
        credit: Money::from_minor(row.try_get_by_index(10)?),
        foreign: currency.zip(amount.map(Money::from_minor)).map(InCurrency::of),
    })
}

/// An entry, read from nine columns from this one on: id, line, ledger, debit, credit, currency, amount in
/// it, rate, narration.
///
/// # Errors
/// When a stored value is none that the program writes.
pub fn entry(row: &QueryResult, at: usize) -> Result<PostedEntry> {
    let currency: Option<String> = row.try_get_by_index(at + 5)?;
    let amount: Option<i64> = row.try_get_by_index(at + 6)?;
    let rate: Option<i64> = row.try_get_by_index(at + 7)?;
    let foreign = match (currency, amount, rate) {
        (Some(currency), Some(amount), Some(rate)) => Some(Foreign {
            currency: CurrencyCode::parse(&currency)
                .map_err(|_| Error::Internal("a stored currency code".into()))?,
            amount: Money::from_minor(amount),
            rate: ExchangeRate::from_raw(rate),
        }),
        _ => None,
    };
    Ok(PostedEntry {
        id: EntryId::new(row.try_get_by_index(at)?),
        line: row.try_get_by_index(at + 1)?,
        ledger: LedgerId::new(row.try_get_by_index(at + 2)?),
        debit: Money::from_minor(row.try_get_by_index(at + 3)?),
        credit: Money::from_minor(row.try_get_by_index(at + 4)?),
        detail: EntryDetail {
            narration: row.try_get_by_index(at + 8)?,
            foreign,
            ..EntryDetail::default()
        },
    })
}
