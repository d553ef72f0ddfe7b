//! Entries of ledgers as a statement shows them: those that stand, by date and by when they were posted.
//!
//! An entry that was taken back has a twin of effect −1 on the same day, in the same version. Looking
//! for the twin is one look into a unique key, and what is left is exactly what the sums sum. It is looked
//! for by a join: for NOT EXISTS, MariaDB would read all entries once and keep those that match.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    id::{LedgerId, VoucherVersionId},
    money::Money,
};
use sea_orm::{ConnectionTrait, Value};

use super::known::Known;
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
    lane::{
        PostedEntry, PostedVoucher,
        stored::{HEADER, HEADER_COLUMNS, entry, voucher},
    },
    services::books::balances::Sums,
};

/// Most ledgers that are named as the other side of a line.
pub const COUNTERS_MAX: usize = 10;

/// An entry with the voucher that it belongs to.
#[derive(Debug, Clone)]
pub struct Line {
    /// The voucher, in the version of the entry.
    pub voucher: PostedVoucher,
    /// The entry.
    pub entry: PostedEntry,
    /// Ledgers on the other side of the voucher, in its order; the first few.
    pub counters: Vec<LedgerId>,
    /// How many ledgers stand on the other side.
    pub counter_count: usize,
}

impl Line {
    /// Its place in a statement: lines are ordered by day and entry.
    pub fn place(&self) -> Place {
        Place { day: self.voucher.dated, entry: self.entry.id.get() }
    }
}

/// A place in a statement. No entry has the number 0: at it stands what a new year carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day.
    pub day: NaiveDate,
    /// The entry's number.
    pub entry: i64,
}

/// Lines of some ledgers from one day to another, after a place, at most so many.
///
/// # Errors
/// When the database cannot be read.
pub async fn lines(
    conn: &impl ConnectionTrait,
    ledgers: &[LedgerId],
    (from, to): (NaiveDate, NaiveDate),
    after: Option<Place>,
    known: Known,
    most: u64,
) -> Result<Vec<Line>> {
    if ledgers.is_empty() {
        return Ok(Vec::new());
    }
    let backend = conn.get_database_backend();
    let (twin, twin_bind) = with_twin(known);
    let (recorded, recorded_bind) = known.of("e");
    let after = after.filter(|after| after.day >= from);
    let beyond = if after.is_some() { " AND (e.dated > ? OR e.id > ?)" } else { "" };
    let since = after.map_or(from, |after| after.day);
    let mut binds: Vec<Value> = Vec::new();
    // One part per ledger: each ends as soon as it has enough, whatever follows in its ledger.
    let parts: Vec<String> = ledgers
        .iter()
        .enumerate()
        .map(|(place, ledger)| {
            binds.extend(twin_bind.clone());
            binds.extend([ledger.get().into(), since.into(), to.into()]);
            if let Some(after) = after {
                binds.extend([Value::from(after.day), Value::from(after.entry)]);
            }
            binds.extend(recorded_bind.clone());
            format!(
                "SELECT * FROM (SELECT e.id AS entry_id, e.dated AS entry_day \
                 FROM voucher_ledger_entries e {twin} WHERE e.ledger_id = ? AND e.dated >= ? \
                 AND e.dated <= ?{beyond} AND e.effect = 1 AND t.version_id IS NULL{recorded} \
                 ORDER BY e.dated, e.id LIMIT {most}) p{place}"
            )
        })
        .collect();
    let text = format!(
        "SELECT {HEADER}, e.id, e.line, e.ledger_id, e.debit, e.credit, e.currency, \
         e.currency_amount, e.exchange_rate, e.narration FROM ({}) k \
         JOIN voucher_ledger_entries e ON e.id = k.entry_id \
         JOIN voucher_versions w ON w.id = e.version_id JOIN vouchers v ON v.id = w.voucher_id \
         ORDER BY k.entry_day, k.entry_id LIMIT {most}",
        parts.join(" UNION ALL ")
    );
    let rows = conn.query_all_raw(statement(backend, &text, binds)).await?;
    let line = |row| {
        Ok(Line {
            voucher: voucher(row)?,
            entry: entry(row, HEADER_COLUMNS)?,
            counters: Vec::new(),
            counter_count: 0,
        })
    };
    rows.iter().map(line).collect()
}

/// What the lines of one day come to, up to and with an entry.
///
/// # Errors
/// When the database cannot be read.
pub async fn sums_within(
    conn: &impl ConnectionTrait,
    ledgers: &[LedgerId],
    last: Place,
    known: Known,
) -> Result<Sums> {
    let backend = conn.get_database_backend();
    let (twin, twin_bind) = with_twin(known);
    let (recorded, recorded_bind) = known.of("e");
    let text = format!(
        "SELECT {}, {} FROM voucher_ledger_entries e {twin} WHERE e.ledger_id IN ({}) \
         AND e.dated = ? AND e.id <= ? AND e.effect = 1 AND t.version_id IS NULL{recorded}",
        sum(backend, "e.debit"),
        sum(backend, "e.credit"),
        list(ledgers.len()),
    );
    let mut binds: Vec<Value> = twin_bind.into_iter().collect();
    binds.extend(ledgers.iter().map(|ledger| Value::from(ledger.get())));
    binds.extend([Value::from(last.day), Value::from(last.entry)]);
    binds.extend(recorded_bind);
    let Some(row) = conn.query_one_raw(statement(backend, &text, binds)).await? else {
        return Ok(Sums::default());
    };
    let debit: Option<i64> = row.try_get_by_index(0)?;
    let credit: Option<i64> = row.try_get_by_index(1)?;
    Ok(Sums {
        debit: Money::from_minor(debit.unwrap_or(0)),
        credit: Money::from_minor(credit.unwrap_or(0)),
    })
}

/// How many lines there are. An entry and its twin count as none, so no twin is looked for.
///
/// # Errors
/// When the database cannot be read.
pub async fn count(
    conn: &impl ConnectionTrait,
    ledgers: &[LedgerId],
    (from, to): (NaiveDate, NaiveDate),
    known: Known,
) -> Result<u64> {
    if ledgers.is_empty() {
        return Ok(0);
    }
    let backend = conn.get_database_backend();
    let (recorded, recorded_bind) = known.of("e");
    let text = format!(
        "SELECT {} FROM voucher_ledger_entries e WHERE e.ledger_id IN ({}) AND e.dated >= ? \
         AND e.dated <= ?{recorded}",
        sum(backend, "e.effect"),
        list(ledgers.len()),
    );
    let mut binds: Vec<Value> = ledgers.iter().map(|ledger| ledger.get().into()).collect();
    binds.extend([Value::from(from), Value::from(to)]);
    binds.extend(recorded_bind);
    let row = conn.query_one_raw(statement(backend, &text, binds)).await?;
    let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
}

/// Fills in which ledgers stand on the other side of each line.
///
/// # Errors
/// When the database cannot be read.
pub async fn fill_counters(conn: &impl ConnectionTrait, lines: &mut [Line]) -> Result<()> {
    let mut versions: Vec<i64> = lines.iter().map(|line| line.voucher.version_id.get()).collect();
    versions.sort_unstable();
    versions.dedup();
    // By version: each ledger once per side, in the voucher's order.
    let mut found: HashMap<VoucherVersionId, Vec<(LedgerId, bool)>> = HashMap::new();
    for chunk in versions.chunks(500) {
        let text = format!(
            "SELECT version_id, ledger_id, CASE WHEN debit > 0 THEN 1 ELSE 0 END, MIN(line) AS place \
             FROM voucher_ledger_entries WHERE version_id IN ({}) AND effect = 1 \
             GROUP BY version_id, ledger_id, CASE WHEN debit > 0 THEN 1 ELSE 0 END \
             ORDER BY version_id, place",
            list(chunk.len())
        );
        let backend = conn.get_database_backend();
        let binds = chunk.iter().map(|version| Value::from(*version));
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let version = VoucherVersionId::new(row.try_get_by_index(0)?);
            let ledger = LedgerId::new(row.try_get_by_index(1)?);
            let is_debit: i32 = row.try_get_by_index(2)?;
            found.entry(version).or_default().push((ledger, is_debit == 1));
        }
    }
    for line in lines {
        let is_debit = !line.entry.debit.is_zero();
        let all = found.get(&line.voucher.version_id).into_iter().flatten();
        let other = all.filter(|(ledger, side)| *side != is_debit && *ledger != line.entry.ledger);
        let other: Vec<LedgerId> = other.map(|(ledger, _)| *ledger).collect();
        line.counter_count = other.len();
        line.counters = other.into_iter().take(COUNTERS_MAX).collect();
    }
    Ok(())
}

/// Joins the twin `t` that took an entry `e` back, and what that binds. An entry without one stands.
pub fn with_twin(known: Known) -> (String, Option<Value>) {
    let (recorded, bind) = known.of("t");
    let text = format!(
        "LEFT JOIN voucher_ledger_entries t ON t.version_id = e.version_id AND t.line = e.line \
         AND t.effect = -1{recorded}"
    );
    (text, bind)
}
