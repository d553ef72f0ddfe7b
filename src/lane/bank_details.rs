//! By which instrument an entry was paid: stored in a row beside the entry, where there is anything to say.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{EntryId, VoucherVersionId},
    instrument::Instrument,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::{
    posting::{PostedEntry, PostedVoucher},
    rows::{Kind::*, OnKey, Rows, Shape, col, opt},
};
use crate::{
    db::sql::{list, statement},
    error::{Error, Result},
};

/// What is said of a payment through a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankDetail {
    /// By what it was paid.
    pub instrument: Instrument,
    /// Number of the cheque or transfer.
    pub number: Option<String>,
    /// The instrument's own date, which of a post-dated cheque is after the voucher's.
    pub dated: Option<NaiveDate>,
    /// In whose favour it is, or from whom it came.
    pub payee: Option<String>,
    /// The bank that it is drawn on or paid through.
    pub bank: Option<String>,
}

/// The table as the lane writes it.
pub static TABLE: Shape = Shape {
    table: "entry_bank_details",
    columns: &[
        col("entry_id", Big),
        col("version_id", Big),
        col("line", Int),
        col("effect", Small),
        col("business_id", Big),
        col("ledger_id", Big),
        col("dated", Date),
        col("instrument", Text),
        opt("number", Text),
        opt("instrument_date", Date),
        opt("payee", Text),
        opt("bank", Text),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Adds the row of an entry that says something: `id`, `effect` and `recorded_at` are those of the entry's row.
pub fn stage(
    rows: &mut Rows,
    voucher: &PostedVoucher,
    entry: &PostedEntry,
    (id, effect, recorded_at): (i64, i16, i64),
) {
    let Some(detail) = &entry.detail.bank else { return };
    rows.push([
        id.into(),
        voucher.version_id.get().into(),
        entry.line.into(),
        effect.into(),
        voucher.business.get().into(),
        entry.ledger.get().into(),
        voucher.dated.into(),
        detail.instrument.as_str().into(),
        detail.number.clone().into(),
        detail.dated.into(),
        detail.payee.clone().into(),
        detail.bank.clone().into(),
        recorded_at.into(),
    ]);
}

/// The part of an entry's canonical text.
pub fn canonical(detail: &BankDetail) -> Canonical {
    Canonical::new()
        .text("instrument", detail.instrument.as_str())
        .text_if("number", detail.number.as_deref())
        .text_if("dated", detail.dated.map(|day| day.to_string()).as_deref())
        .text_if("payee", detail.payee.as_deref())
        .text_if("bank", detail.bank.as_deref())
}

/// Completes the entries of vouchers that were read.
///
/// # Errors
/// When the database cannot be read.
pub async fn fill(conn: &impl ConnectionTrait, vouchers: &mut [PostedVoucher]) -> Result<()> {
    let versions: Vec<VoucherVersionId> = vouchers.iter().map(|one| one.version_id).collect();
    let mut found: HashMap<(VoucherVersionId, i32), BankDetail> = HashMap::new();
    for chunk in versions.chunks(500) {
        let sql = format!(
            "SELECT version_id, line, {DETAIL} FROM entry_bank_details \
             WHERE version_id IN ({}) AND effect = 1",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            let version = VoucherVersionId::new(row.try_get_by_index(0)?);
            found.insert((version, row.try_get_by_index(1)?), read(&row, 2)?);
        }
    }
    for voucher in vouchers {
        for entry in &mut voucher.entries {
            entry.detail.bank = found.remove(&(voucher.version_id, entry.line));
        }
    }
    Ok(())
}

/// What is said of entries, by their ids.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_entries(
    conn: &impl ConnectionTrait,
    ids: &[EntryId],
) -> Result<HashMap<EntryId, BankDetail>> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(500) {
        let sql = format!(
            "SELECT entry_id, {DETAIL} FROM entry_bank_details WHERE entry_id IN ({})",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            found.insert(EntryId::new(row.try_get_by_index(0)?), read(&row, 1)?);
        }
    }
    Ok(found)
}

/// Columns that [`read`] takes.
pub const DETAIL: &str = "instrument, number, instrument_date, payee, bank";

/// Reads what [`DETAIL`] names, from this column on.
///
/// # Errors
/// When a stored word is none that the program writes.
pub fn read(row: &QueryResult, at: usize) -> Result<BankDetail> {
    let word: String = row.try_get_by_index(at)?;
    Ok(BankDetail {
        instrument: Instrument::parse(&word)
            .ok_or_else(|| Error::Internal(format!("no instrument {word}")))?,
        number: row.try_get_by_index(at + 1)?,
        dated: row.try_get_by_index(at + 2)?,
        payee: row.try_get_by_index(at + 3)?,
        bank: row.try_get_by_index(at + 4)?,
    })
}
