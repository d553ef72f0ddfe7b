//! Sums of ledgers: whole months from the totals kept with every posting, broken months from entries.

use std::collections::HashMap;

use chrono::{Datelike, Days, NaiveDate};
use daybook_domain::{
    id::{BusinessId, LedgerId, UserId},
    money::Money,
    period::{month_key, month_start},
};
use sea_orm::{ConnectionTrait, Value};

use crate::{
    db::sql::{list, statement, sum},
    error::Result,
    scope::TenantScope,
};

/// Whose rows are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    Everybody,
    /// Those of vouchers that this user posted.
    Own(UserId),
}

impl Whose {
    /// What the caller may sum: some roles see only what they made, and nothing made by others may be
    /// told from their totals either.
    pub fn of(scope: &TenantScope) -> Self {
        if scope.access.own_documents_only { Self::Own(scope.access.user) } else { Self::Everybody }
    }
}

/// Debits and credits of a ledger over some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Sum of the debits.
    pub debit: Money,
    /// Sum of the credits.
    pub credit: Money,
}

impl Sums {
    /// Debits less credits: above zero a debit balance.
    pub fn balance(self) -> Money {
        self.debit.saturating_sub(self.credit)
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            debit: self.debit.saturating_add(other.debit),
            credit: self.credit.saturating_add(other.credit),
        }
    }
}

/// A ledger's sums before a period and within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Movement {
    /// Everything before the first day.
    pub before: Sums,
    /// From the first day to the last.
    pub within: Sums,
}

/// Sums of each ledger (or of those named) up to and with a day. Ledgers without entries are left out.
///
/// # Errors
/// When the database cannot be read.
pub async fn as_at(
    conn: &impl ConnectionTrait,
    business: BusinessId,
    ledgers: Option<&[LedgerId]>,
    whose: Whose,
    day: NaiveDate,
) -> Result<HashMap<LedgerId, Sums>> {
    let backend = conn.get_database_backend();
    let mut found = HashMap::new();
    if let Whose::Own(user) = whose {
        // The totals are everybody's.
        let entries = format!(
            "SELECT e.ledger_id, {}, {} FROM voucher_ledger_entries e \
             JOIN voucher_versions w ON w.id = e.version_id JOIN vouchers v ON v.id = w.voucher_id \
             WHERE v.business_id = ? AND v.created_by = ? AND e.dated <= ?",
            sum(backend, "e.effect * e.debit"),
            sum(backend, "e.effect * e.credit"),
        );
        let binds = vec![Value::from(business.get()), Value::from(user.get()), Value::from(day)];
        add_up(conn, &entries, binds, ledgers, &mut found).await?;
        return Ok(found);
    }
    let is_month_end = day.checked_add_days(Days::new(1)).is_none_or(|next| next.day() == 1);
    let months = if is_month_end { "month <= ?" } else { "month < ?" };
    let totals = format!(
        "SELECT ledger_id, {}, {} FROM ledger_period_totals WHERE business_id = ? AND {months}",
        sum(backend, "debit"),
        sum(backend, "credit"),
    );
    let binds = vec![Value::from(business.get()), Value::from(month_key(day))];
    add_up(conn, &totals, binds, ledgers, &mut found).await?;
    if !is_month_end {
        let entries = format!(
            "SELECT ledger_id, {}, {} FROM voucher_ledger_entries \
             WHERE ledger_id IN (SELECT id FROM ledgers WHERE business_id = ?) \
             AND dated >= ? AND dated <= ?",
            sum(backend, "effect * debit"),
            sum(backend, "effect * credit"),
        );
        let binds =
            vec![Value::from(business.get()), Value::from(month_start(day)), Value::from(day)];
        add_up(conn, &entries, binds, ledgers, &mut found).await?;
    }
    Ok(found)
}

/// Sums of each ledger (or of those named) before a first day, and from there to a last one, both days
/// included.
///
/// # Errors
/// When the database cannot be read.
pub async fn movements(
    conn: &impl ConnectionTrait,
    business: BusinessId,
    ledgers: Option<&[LedgerId]>,
    whose: Whose,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<LedgerId, Movement>> {
    let eve = from.checked_sub_days(Days::new(1)).unwrap_or(from);
    let before = as_at(conn, business, ledgers, whose, eve).await?;
    let until = as_at(conn, business, ledgers, whose, to).await?;
    let mut movements: HashMap<LedgerId, Movement> = HashMap::new();
    for (ledger, sums) in before {
        movements.entry(ledger).or_default().before = sums;
    }
    for (ledger, sums) in until {
        let movement = movements.entry(ledger).or_default();
        movement.within = Sums {
            debit: sums.debit.saturating_sub(movement.before.debit),
            credit: sums.credit.saturating_sub(movement.before.credit),
        };
    }
    Ok(movements)
}

/// Runs a grouped sum, for all ledgers or for those named, and adds it to what was found.
async fn add_up(
    conn: &impl ConnectionTrait,
    select: &str,
    binds: Vec<Value>,
    ledgers: Option<&[LedgerId]>,
    found: &mut HashMap<LedgerId, Sums>,
) -> Result<()> {
    let backend = conn.get_database_backend();
    let mut asks = Vec::new();
    match ledgers {
        None => asks.push((format!("{select} GROUP BY ledger_id"), binds)),
        Some(ledgers) => {
            for chunk in ledgers.chunks(500) {
                let text =
                    format!("{select} AND ledger_id IN ({}) GROUP BY ledger_id", list(chunk.len()));
                let ids = chunk.iter().map(|ledger| Value::from(ledger.get()));
                asks.push((text, binds.iter().cloned().chain(ids).collect()));
            }
        }
    }
    for (text, binds) in asks {
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let debit: Option<i64> = row.try_get_by_index(1)?;
            let credit: Option<i64> = row.try_get_by_index(2)?;
            let sums = Sums {
                debit: Money::from_minor(debit.unwrap_or(0)),
                credit: Money::from_minor(credit.unwrap_or(0)),
            };
            let slot = found.entry(LedgerId::new(row.try_get_by_index(0)?)).or_default();
            *slot = slot.with(sums);
        }
    }
    Ok(())
}
