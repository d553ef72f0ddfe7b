//! Ledgers of cash that stood below zero at the end of some day: more was paid than was there.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{chart::CASH, id::LedgerId, money::Money};
use daybook_entity::tenant::{business::business, chart::ledger};
use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::Named;
use crate::{
    db::sql::{list, statement},
    error::Result,
    services::reports::registers::{frame::Frame, span::Sweep},
};

/// Ledgers of one query.
const LEDGERS_MAX: usize = 100;

/// A ledger of cash that was below zero.
#[derive(Debug, Clone)]
pub struct NegativeCash {
    /// The ledger.
    pub ledger: ledger::Model,
    /// The first day of the range at whose end it was.
    pub first_day: NaiveDate,
    /// What it stood at then.
    pub balance: Money,
    /// The least that it stood at at the end of a day of the range.
    pub lowest: Money,
}

impl Named for NegativeCash {
    fn name(&self) -> (&str, i64) {
        (&self.ledger.name_key, self.ledger.id.get())
    }
}

pub(super) async fn read(conn: &impl ConnectionTrait, frame: &Frame) -> Result<Vec<NegativeCash>> {
    let mut found: HashMap<LedgerId, Below> = HashMap::new();
    let cash = frame.ledgers_below(&[CASH]);
    for business in &frame.businesses {
        let own: Vec<LedgerId> =
            cash.iter().copied().filter(|one| is_of(frame, business, *one)).collect();
        let books = frame.books(business);
        for ledgers in own.chunks(LEDGERS_MAX) {
            let range = (frame.from, frame.to);
            let sweep = Sweep::read(conn, &books, Some(ledgers), range, &[], frame.known).await?;
            let openings =
                ledgers.iter().map(|one| (*one, sweep.opening(*one, frame.from))).collect();
            below(conn, frame, openings, &mut found).await?;
        }
    }
    let rows = frame.ledgers().into_iter().filter_map(|ledger| {
        let below = found.get(&ledger.id)?;
        Some(NegativeCash {
            ledger: ledger.clone(),
            first_day: below.day,
            balance: below.balance,
            lowest: below.lowest,
        })
    });
    Ok(rows.collect())
}

struct Below {
    day: NaiveDate,
    balance: Money,
    lowest: Money,
}

/// Adds up each ledger day by day, from its opening on, and finds the days below zero.
async fn below(
    conn: &impl ConnectionTrait,
    frame: &Frame,
    openings: Vec<(LedgerId, Money)>,
    found: &mut HashMap<LedgerId, Below>,
) -> Result<()> {
    let backend = conn.get_database_backend();
    let kind = if backend == DbBackend::MySql { "SIGNED" } else { "BIGINT" };
    let (recorded, recorded_bind) = frame.known.of("e");
    // The opening stands on the first day, so that a ledger at rest below zero is found too.
    let opening = " UNION ALL SELECT id, ?, ? FROM ledgers WHERE id = ?".repeat(openings.len());
    let text = format!(
        "SELECT ledger_id, dated, balance, lowest FROM (SELECT ledger_id, dated, balance, \
         MIN(balance) OVER (PARTITION BY ledger_id) AS lowest, \
         ROW_NUMBER() OVER (PARTITION BY ledger_id ORDER BY dated) AS place FROM (\
         SELECT ledger_id, dated, CAST(SUM(SUM(amount)) OVER (PARTITION BY ledger_id ORDER BY dated) \
         AS {kind}) AS balance FROM (SELECT e.ledger_id, e.dated, \
         e.effect * (e.debit - e.credit) AS amount FROM voucher_ledger_entries e \
         WHERE e.ledger_id IN ({}) AND e.dated >= ? AND e.dated <= ?{recorded}{opening}) moves \
         GROUP BY ledger_id, dated) days WHERE balance < 0) firsts WHERE place = 1",
        list(openings.len()),
    );
    let mut binds: Vec<Value> = openings.iter().map(|(ledger, _)| ledger.get().into()).collect();
    binds.extend([Value::from(frame.from), Value::from(frame.to)]);
    binds.extend(recorded_bind);
    for (ledger, balance) in &openings {
        binds.extend([Value::from(frame.from), balance.minor().into(), ledger.get().into()]);
    }
    for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
        let below = Below {
            day: row.try_get_by_index(1)?,
            balance: Money::from_minor(row.try_get_by_index(2)?),
            lowest: Money::from_minor(row.try_get_by_index(3)?),
        };
        found.insert(LedgerId::new(row.try_get_by_index(0)?), below);
    }
    Ok(())
}

fn is_of(frame: &Frame, business: &business::Model, ledger: LedgerId) -> bool {
    frame.chart.ledgers.get(&ledger).is_some_and(|row| row.business_id == business.id)
}
