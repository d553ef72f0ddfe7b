//! What a ledger stands at in a currency of its own, within its statement.

use chrono::NaiveDate;
use daybook_domain::{id::LedgerId, money::Money};
use sea_orm::{ConnectionTrait, Value};

use super::{
    known::Known,
    lines::{Place, with_twin},
};
use crate::{
    db::sql::{statement, sum},
    error::Result,
    lane::PostedEntry,
    services::books::positions::FOREIGN,
};

/// A ledger's balances in its own currency over the range of a statement; debits above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abroad {
    /// Which currency.
    pub currency: String,
    /// Before the first day.
    pub opening: Money,
    /// At the end of the last day.
    pub closing: Money,
}

/// What an entry moves in its ledger's currency, a debit above zero.
pub fn moved(entry: &PostedEntry) -> Money {
    let amount = entry.detail.foreign.as_ref().map(|foreign| foreign.amount).unwrap_or_default();
    if entry.debit.is_zero() { -amount } else { amount }
}

/// What a ledger stands at before a day, in its own currency.
///
/// # Errors
/// When the database cannot be read.
pub async fn before(
    conn: &impl ConnectionTrait,
    ledger: LedgerId,
    day: NaiveDate,
    known: Known,
) -> Result<Money> {
    let backend = conn.get_database_backend();
    let (recorded, bind) = known.of("e");
    let text = format!(
        "SELECT {} FROM voucher_ledger_entries e WHERE e.ledger_id = ? AND e.dated < ?{recorded}",
        sum(backend, &format!("e.effect * ({FOREIGN})")),
    );
    let binds = [Value::from(ledger.get()), Value::from(day)].into_iter().chain(bind);
    let row = conn.query_one_raw(statement(backend, &text, binds)).await?;
    let sum: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    Ok(Money::from_minor(sum.unwrap_or(0)))
}

/// What the lines of one day come to in the ledger's currency, up to and with an entry.
///
/// # Errors
/// When the database cannot be read.
pub async fn within(
    conn: &impl ConnectionTrait,
    ledger: LedgerId,
    last: Place,
    known: Known,
) -> Result<Money> {
    let backend = conn.get_database_backend();
    let (twin, twin_bind) = with_twin(known);
    let (recorded, bind) = known.of("e");
    let text = format!(
        "SELECT {} FROM voucher_ledger_entries e {twin} WHERE e.ledger_id = ? AND e.dated = ? \
         AND e.id <= ? AND e.effect = 1 AND t.version_id IS NULL{recorded}",
        sum(backend, FOREIGN),
    );
    let own = [Value::from(ledger.get()), Value::from(last.day), Value::from(last.entry)];
    let binds = twin_bind.into_iter().chain(own).chain(bind);
    let row = conn.query_one_raw(statement(backend, &text, binds)).await?;
    let sum: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    Ok(Money::from_minor(sum.unwrap_or(0)))
}
