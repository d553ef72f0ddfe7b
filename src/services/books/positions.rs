//! What ledgers with a currency of their own stand at: the amount of it, and what the books hold that at.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{exchange::Position, id::LedgerId, money::Money};
use sea_orm::{ConnectionTrait, Value};

use super::balances::Whose;
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
};

/// The amount of an entry `e` in its ledger's currency, a debit above zero.
pub const FOREIGN: &str = "CASE WHEN e.debit > 0 THEN COALESCE(e.currency_amount, 0) \
     ELSE -COALESCE(e.currency_amount, 0) END";

/// Positions of these ledgers at the end of a day; those that never moved are left out.
///
/// # Errors
/// When the database cannot be read.
pub async fn as_at(
    conn: &impl ConnectionTrait,
    ledgers: &[LedgerId],
    whose: Whose,
    day: NaiveDate,
) -> Result<HashMap<LedgerId, Position>> {
    let backend = conn.get_database_backend();
    let mut found = HashMap::new();
    for chunk in ledgers.chunks(500) {
        let mut binds: Vec<Value> = chunk.iter().map(|ledger| ledger.get().into()).collect();
        binds.push(day.into());
        let own = match whose {
            Whose::Everybody => "",
            Whose::Own(user) => {
                binds.push(user.get().into());
                " AND EXISTS (SELECT 1 FROM voucher_versions w JOIN vouchers v \
                 ON v.id = w.voucher_id WHERE w.id = e.version_id AND v.created_by = ?)"
            }
        };
        let text = format!(
            "SELECT e.ledger_id, {}, {} FROM voucher_ledger_entries e \
             WHERE e.ledger_id IN ({}) AND e.dated <= ?{own} GROUP BY e.ledger_id",
            sum(backend, &format!("e.effect * ({FOREIGN})")),
            sum(backend, "e.effect * (e.debit - e.credit)"),
            list(chunk.len()),
        );
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let foreign: Option<i64> = row.try_get_by_index(1)?;
            let base: Option<i64> = row.try_get_by_index(2)?;
            let position = Position {
                foreign: Money::from_minor(foreign.unwrap_or(0)),
                base: Money::from_minor(base.unwrap_or(0)),
            };
            found.insert(LedgerId::new(row.try_get_by_index(0)?), position);
        }
    }
    Ok(found)
}
