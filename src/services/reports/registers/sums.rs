//! Sums of ledgers up to each of several days, in one query.
//!
//! Whole months come from the totals kept with every posting, a broken month from its entries. The totals
//! know nothing of when rows were recorded, so what was known at an earlier moment is summed from entries.

use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike, Days, NaiveDate};
use daybook_domain::{
    id::{BusinessId, LedgerId},
    money::Money,
    period::{month_key, month_start},
};
use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::known::Known;
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
    services::books::balances::Sums,
};

/// Most ledgers that are named to the database; of more, all are summed and the others left out.
const NAMED_MAX: usize = 200;
/// Most days of one query.
const DAYS_MAX: usize = 40;

/// Sums of ledgers by day.
#[derive(Debug, Default)]
pub struct ByDay(HashMap<(NaiveDate, LedgerId), Sums>);

impl ByDay {
    /// A ledger's sums up to and with a day.
    pub fn at(&self, day: NaiveDate, ledger: LedgerId) -> Sums {
        self.0.get(&(day, ledger)).copied().unwrap_or_default()
    }

    /// The ledgers that have entries up to any of the days.
    pub fn ledgers(&self) -> BTreeSet<LedgerId> {
        self.0.keys().map(|(_, ledger)| *ledger).collect()
    }
}

/// Sums of each ledger of a business (or of those named) up to and with each of these days.
///
/// # Errors
/// When the database cannot be read.
pub async fn by_day(
    conn: &impl ConnectionTrait,
    business: BusinessId,
    ledgers: Option<&[LedgerId]>,
    days: &BTreeSet<NaiveDate>,
    known: Known,
) -> Result<ByDay> {
    let backend = conn.get_database_backend();
    let named = ledgers.filter(|ledgers| ledgers.len() <= NAMED_MAX);
    let wanted: Option<BTreeSet<LedgerId>> = ledgers.map(|all| all.iter().copied().collect());
    let mut found = ByDay::default();
    if named.is_some_and(<[LedgerId]>::is_empty) {
        return Ok(found);
    }
    let days: Vec<NaiveDate> = days.iter().copied().collect();
    for days in days.chunks(DAYS_MAX) {
        let mut texts = Vec::new();
        let mut binds = Vec::new();
        for (place, day) in days.iter().enumerate() {
            for (text, values) in parts(backend, business, named, *day, known) {
                texts.push(text.replace("{place}", &place.to_string()));
                binds.extend(values);
            }
        }
        let text = texts.join(" UNION ALL ");
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let place: i64 = row.try_get_by_index(0)?;
            let ledger = LedgerId::new(row.try_get_by_index(1)?);
            let debit: Option<i64> = row.try_get_by_index(2)?;
            let credit: Option<i64> = row.try_get_by_index(3)?;
            let day = usize::try_from(place).ok().and_then(|place| days.get(place));
            let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted.contains(&ledger));
            let Some(day) = day.filter(|_| is_wanted) else { continue };
            let slot = found.0.entry((*day, ledger)).or_default();
            *slot = slot.with(Sums {
                debit: Money::from_minor(debit.unwrap_or(0)),
                credit: Money::from_minor(credit.unwrap_or(0)),
            });
        }
    }
    Ok(found)
}

/// The parts of the sums up to a day, each summed by ledger.
fn parts(
    backend: DbBackend,
    business: BusinessId,
    named: Option<&[LedgerId]>,
    day: NaiveDate,
    known: Known,
) -> Vec<(String, Vec<Value>)> {
    // A literal is a 32-bit number on some engines and a 64-bit one on others.
    let place = match backend {
        DbBackend::MySql => "CAST({place} AS SIGNED)",
        _ => "CAST({place} AS BIGINT)",
    };
    let ids = || named.into_iter().flatten().map(|ledger| Value::from(ledger.get()));
    let of_totals = match named {
        Some(named) => format!("ledger_id IN ({})", list(named.len())),
        None => "business_id = ?".to_owned(),
    };
    let of_entries = match named {
        Some(named) => format!("ledger_id IN ({})", list(named.len())),
        // The index of entries begins with the ledger, so the ledgers are named by their business.
        None => "ledger_id IN (SELECT id FROM ledgers WHERE business_id = ?)".to_owned(),
    };
    let whose = || -> Vec<Value> {
        if named.is_some() { ids().collect() } else { vec![business.get().into()] }
    };
    let entries = |from: Option<NaiveDate>| {
        let since = if from.is_some() { " AND e.dated >= ?" } else { "" };
        let (known_text, known_bind) = known.of("e");
        let text = format!(
            "SELECT {place}, e.ledger_id, {}, {} FROM voucher_ledger_entries e \
             WHERE e.{of_entries}{since} AND e.dated <= ?{known_text} GROUP BY e.ledger_id",
            sum(backend, "e.effect * e.debit"),
            sum(backend, "e.effect * e.credit"),
        );
        let mut binds = whose();
        binds.extend(from.map(Value::from));
        binds.push(day.into());
        binds.extend(known_bind);
        (text, binds)
    };
    if known != Known::Now {
        return vec![entries(None)];
    }
    let is_month_end = day.checked_add_days(Days::new(1)).is_none_or(|next| next.day() == 1);
    let months = if is_month_end { "month <= ?" } else { "month < ?" };
    let totals = format!(
        "SELECT {place}, ledger_id, {}, {} FROM ledger_period_totals \
         WHERE {of_totals} AND {months} GROUP BY ledger_id",
        sum(backend, "debit"),
        sum(backend, "credit"),
    );
    let mut binds = whose();
    binds.push(month_key(day).into());
    let mut parts = vec![(totals, binds)];
    if !is_month_end {
        parts.push(entries(Some(month_start(day))));
    }
    parts
}
