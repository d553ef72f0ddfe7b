//! What a scenario adds to statements: entries of vouchers that do not count in the books.

use chrono::NaiveDate;
use daybook_domain::id::LedgerId;
use sea_orm::{ConnectionTrait, Value};

use super::marks::{Rows, sums_in};
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
    services::books::balances::Sums,
};

/// Which vouchers a statement counts beside those of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scenario {
    /// Memoranda.
    pub memoranda: bool,
    /// Reversing journals, at each day through which they count.
    pub reversing_journals: bool,
}

impl Scenario {
    /// Whether it adds anything at all.
    pub fn adds(self) -> bool {
        self.memoranda || self.reversing_journals
    }
}

/// What a scenario adds to ledgers up to and with a day, as it looks on that day: a reversing journal that
/// has ended adds nothing any more.
///
/// # Errors
/// When the database cannot be read.
pub async fn added(
    conn: &impl ConnectionTrait,
    rows: &Rows<'_>,
    day: NaiveDate,
) -> Result<Vec<(LedgerId, Sums)>> {
    let backend = conn.get_database_backend();
    let mut binds: Vec<Value> = rows.businesses.iter().map(|id| Value::from(id.get())).collect();
    binds.push(Value::from(day));
    let kinds = match (rows.scenario.memoranda, rows.scenario.reversing_journals) {
        (true, true) => {
            binds.push(Value::from(day));
            "(applies_until IS NULL OR applies_until >= ?)"
        }
        (false, true) => {
            binds.push(Value::from(day));
            "applies_until >= ?"
        }
        (true, false) => "applies_until IS NULL",
        (false, false) => return Ok(Vec::new()),
    };
    let mut known = "";
    if let Some(instant) = rows.known_at {
        binds.push(Value::from(instant));
        known = " AND recorded_at <= ?";
    }
    let text = format!(
        "SELECT ledger_id, {}, {} FROM scenario_entries \
         WHERE business_id IN ({}) AND dated <= ? AND {kinds}{known} GROUP BY ledger_id",
        sum(backend, "effect * debit"),
        sum(backend, "effect * credit"),
        list(rows.businesses.len()),
    );
    let found = conn.query_all_raw(statement(backend, &text, binds)).await?;
    found
        .iter()
        .map(|row| Ok((LedgerId::new(row.try_get_by_index(0)?), sums_in(row, 1)?)))
        .collect()
}
