//! What cost centres bore of ledgers up to several days, read together from the splits of posted entries.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use daybook_domain::id::{BusinessId, CostCentreId, LedgerId};
use sea_orm::{ConnectionTrait, Value};

use super::marks::{places, sums_in};
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
    services::books::balances::Sums,
};

/// A centre and a ledger.
pub type Cell = (CostCentreId, LedgerId);

/// Sums of splits up to and with each of some days.
#[derive(Debug, Default)]
pub struct CostSums {
    days: Vec<NaiveDate>,
    reached: HashMap<Cell, Vec<Sums>>,
}

impl CostSums {
    /// Reads what each centre bore of each ledger up to each of the days; of rows recorded up to an instant,
    /// where one is given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read(
        conn: &impl ConnectionTrait,
        businesses: &[BusinessId],
        days: &BTreeSet<NaiveDate>,
        known_at: Option<i64>,
    ) -> Result<Self> {
        let days: Vec<NaiveDate> = days.iter().copied().collect();
        let mut found = Self { reached: HashMap::new(), days };
        let Some(last) = found.days.last().copied() else { return Ok(found) };
        let backend = conn.get_database_backend();
        let mut binds: Vec<Value> = found.days.iter().map(|day| Value::from(*day)).collect();
        let place = places("dated", binds.len());
        binds.extend(businesses.iter().map(|id| Value::from(id.get())));
        binds.push(last.into());
        let recorded = if known_at.is_some() { " AND recorded_at <= ?" } else { "" };
        binds.extend(known_at.map(Value::from));
        let text = format!(
            "SELECT centre_id, ledger_id, {place}, {}, {} FROM cost_centre_splits \
             WHERE business_id IN ({}) AND dated <= ?{recorded} GROUP BY 1, 2, 3",
            sum(backend, "effect * debit"),
            sum(backend, "effect * credit"),
            list(businesses.len()),
        );
        let count = found.days.len();
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let centre = CostCentreId::new(row.try_get_by_index(0)?);
            let ledger = LedgerId::new(row.try_get_by_index(1)?);
            let place: i32 = row.try_get_by_index(2)?;
            let slots = found.reached.entry((centre, ledger));
            let slots = slots.or_insert_with(|| vec![Sums::default(); count]);
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            if let Some(slot) = slots.get_mut(place) {
                *slot = slot.with(sums_in(&row, 3)?);
            }
        }
        for slots in found.reached.values_mut() {
            let mut so_far = Sums::default();
            for slot in slots {
                so_far = so_far.with(*slot);
                *slot = so_far;
            }
        }
        Ok(found)
    }

    /// The centres and ledgers that have any split.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        self.reached.keys().copied()
    }

    /// What a centre bore of a ledger up to and with a day that was asked for.
    pub fn at(&self, cell: Cell, day: NaiveDate) -> Sums {
        let place = self.days.binary_search(&day).ok();
        let sums = self.reached.get(&cell).zip(place).and_then(|(sums, at)| sums.get(at));
        sums.copied().unwrap_or_default()
    }

    /// What a centre bore of a ledger after one day, up to and with another.
    pub fn between(&self, cell: Cell, (after, until): (NaiveDate, NaiveDate)) -> Sums {
        let (before, end) = (self.at(cell, after), self.at(cell, until));
        Sums {
            debit: end.debit.saturating_sub(before.debit),
            credit: end.credit.saturating_sub(before.credit),
        }
    }
}
