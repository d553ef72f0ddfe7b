//! What a posting left behind: rows per table, and whether the sums hold.
//!
//! The raw side and ours are compared only when each voucher left the same rows on both.

use std::fmt;

use daybook::db::sql::sum;

use crate::{
    Outcome,
    engine::Place,
    sql::{Connection, Script},
};

/// Every table that a posting may write to.
pub const TABLES: [&str; 16] = [
    "vouchers",
    "voucher_versions",
    "voucher_ledger_entries",
    "voucher_items",
    "voucher_tax_lines",
    "voucher_acts",
    "bill_wise_details",
    "cost_centre_splits",
    "voucher_series",
    "ledger_period_totals",
    "business_years",
    "lane",
    "audit_logs",
    "idempotency_keys",
    "outbox",
    "ledgers",
];

/// Rows per table, in the order of [`TABLES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows(Vec<i64>);

impl Rows {
    /// Counts them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count(place: &Place) -> Outcome<Self> {
        let mut connection = Connection::open(place).await?;
        let mut counts = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            let script = Script::new(place.engine(), &format!("SELECT COUNT(*) FROM {table}"));
            counts.push(connection.row(&script, &[]).await?.big(0)?);
        }
        connection.close().await?;
        Ok(Self(counts))
    }

    /// What was added since.
    pub fn since(&self, before: &Self) -> Self {
        Self(self.0.iter().zip(&before.0).map(|(now, then)| now - then).collect())
    }

    /// Vouchers among them.
    pub fn vouchers(&self) -> i64 {
        self.0.first().copied().unwrap_or(0)
    }

    /// The first table of which a voucher left more rows here than there, or fewer.
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        let per_voucher = self.0.iter().zip(&other.0);
        TABLES
            .into_iter()
            .zip(per_voucher)
            .find(|(_, (ours, theirs))| **ours * other.vouchers() != **theirs * self.vouchers())
            .map(|(table, _)| table)
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vouchers = self.vouchers();
        write!(out, "{vouchers} vouchers")?;
        for (table, count) in TABLES.into_iter().zip(&self.0).skip(1) {
            if *count == 0 {
                continue;
            }
            match vouchers {
                0 => write!(out, ", {count} {table}")?,
                _ if count % vouchers == 0 => write!(out, ", {} {table} each", count / vouchers)?,
                _ => write!(out, ", {count} {table} in all")?,
            }
        }
        Ok(())
    }
}

/// Recomputes what a posting keeps beside the entries: the first promise that does not hold.
///
/// # Errors
/// What the database says.
pub async fn broken(place: &Place) -> Outcome<Option<String>> {
    let backend = place.engine().backend();
    let mut connection = Connection::open(place).await?;
    let pairs = [
        (
            "debits equal credits",
            format!("SELECT {} FROM voucher_ledger_entries", sum(backend, "effect * debit")),
            format!("SELECT {} FROM voucher_ledger_entries", sum(backend, "effect * credit")),
        ),
        (
            "period totals equal the entries",
            format!("SELECT {} FROM ledger_period_totals", sum(backend, "debit")),
            format!("SELECT {} FROM voucher_ledger_entries", sum(backend, "effect * debit")),
        ),
        (
            "numbers have no gap",
            format!("SELECT {} FROM voucher_series", sum(backend, "next_number - 1")),
            "SELECT COUNT(*) FROM vouchers".to_owned(),
        ),
        (
            "the chain ends where the lane says",
            "SELECT chain_seq FROM lane".to_owned(),
            "SELECT MAX(seq) FROM audit_logs".to_owned(),
        ),
        (
            "the events end where the lane says",
            "SELECT change_seq FROM lane".to_owned(),
            "SELECT MAX(change_seq) FROM outbox".to_owned(),
        ),
    ];
    let mut broken = None;
    for (promise, left, right) in pairs {
        let mut found = [None; 2];
        for (slot, text) in found.iter_mut().zip([left, right]) {
            let script = Script::new(place.engine(), &text);
            *slot = connection.row(&script, &[]).await?.maybe_big(0)?;
        }
        let [left, right] = found;
        if left != right && broken.is_none() {
            broken = Some(format!("not so: {promise} ({left:?}, {right:?})"));
        }
    }
    connection.close().await?;
    Ok(broken)
}
