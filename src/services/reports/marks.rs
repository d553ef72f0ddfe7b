//! What ledgers came to up to several days, read together: whole months from the totals that are kept
//! with every posting, broken months from entries.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, Months, NaiveDate};
use daybook_domain::{
    id::{BusinessId, LedgerId},
    money::Money,
    period::{month_key, month_start},
    statement::span::is_month_end,
};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};

use super::scenario::{self, Scenario};
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
    services::books::balances::Sums,
};

/// Most ledgers that a statement names one by one.
const NAMED_MAX: usize = 10_000;

/// Sums of ledgers up to and with each of some days.
#[derive(Debug, Default)]
pub struct Marks {
    days: Vec<NaiveDate>,
    reached: HashMap<LedgerId, Vec<Sums>>,
}

impl Marks {
    /// Debits and credits of a ledger up to and with a day that was asked for.
    pub fn at(&self, ledger: LedgerId, day: NaiveDate) -> Sums {
        let place = self.days.binary_search(&day).ok();
        let sums = self.reached.get(&ledger).zip(place).and_then(|(sums, at)| sums.get(at));
        sums.copied().unwrap_or_default()
    }

    /// Debits and credits after one day, up to and with another.
    pub fn between(&self, ledger: LedgerId, (after, until): (NaiveDate, NaiveDate)) -> Sums {
        let (before, end) = (self.at(ledger, after), self.at(ledger, until));
        Sums {
            debit: end.debit.saturating_sub(before.debit),
            credit: end.credit.saturating_sub(before.credit),
        }
    }

    fn slots(&mut self, ledger: LedgerId) -> &mut Vec<Sums> {
        let count = self.days.len();
        self.reached.entry(ledger).or_insert_with(|| vec![Sums::default(); count])
    }

    fn add(&mut self, ledger: LedgerId, place: usize, sums: Sums) {
        if let Some(slot) = self.slots(ledger).get_mut(place) {
            *slot = slot.with(sums);
        }
    }

    /// What came between two days becomes what came up to each.
    fn run_up(&mut self) {
        for slots in self.reached.values_mut() {
            let mut so_far = Sums::default();
            for slot in slots {
                so_far = so_far.with(*slot);
                *slot = so_far;
            }
        }
    }
}

/// Debit and credit of a row, from this column on.
pub fn sums_in(row: &QueryResult, column: usize) -> Result<Sums> {
    let debit: Option<i64> = row.try_get_by_index(column)?;
    let credit: Option<i64> = row.try_get_by_index(column + 1)?;
    Ok(Sums {
        debit: Money::from_minor(debit.unwrap_or(0)),
        credit: Money::from_minor(credit.unwrap_or(0)),
    })
}

/// Whose rows, recorded up to when.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'r> {
    /// In whose books.
    pub businesses: &'r [BusinessId],
    /// Only rows recorded up to this instant; then the totals, which know no instants, are left aside.
    pub known_at: Option<i64>,
    /// What counts beside the books.
    pub scenario: Scenario,
}

/// What each ledger came to up to each of some days.
#[derive(Debug, Default)]
pub struct Reached {
    /// By all rows.
    pub all: Marks,
    /// By those of closing vouchers, which only imported books hold.
    pub closing: Marks,
}

impl Reached {
    fn add(&mut self, row: &QueryResult) -> Result<()> {
        let ledger = LedgerId::new(row.try_get_by_index(0)?);
        let place: i32 = row.try_get_by_index(1)?;
        let closes: bool = row.try_get_by_index(2)?;
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let sums = sums_in(row, 3)?;
        self.all.add(ledger, place, sums);
        if closes {
            self.closing.add(ledger, place, sums);
        }
        Ok(())
    }
}

impl Rows<'_> {
    /// Reads what each ledger came to up to each of the days.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn up_to(
        &self,
        conn: &impl ConnectionTrait,
        days: &BTreeSet<NaiveDate>,
    ) -> Result<Reached> {
        let days: Vec<NaiveDate> = days.iter().copied().collect();
        let marks = || Marks { days: days.clone(), reached: HashMap::new() };
        let mut reached = Reached { all: marks(), closing: marks() };
        let Some(last) = days.last().copied() else { return Ok(reached) };
        let rows = match self.known_at {
            Some(instant) => self.entries(conn, &days, (last, instant)).await?,
            None => self.months(conn, &days, last).await?,
        };
        for row in &rows {
            reached.add(row)?;
        }
        reached.all.run_up();
        reached.closing.run_up();
        if self.scenario.adds() {
            for (place, day) in days.iter().enumerate() {
                for (ledger, sums) in scenario::added(conn, self, *day).await? {
                    reached.all.add(ledger, place, sums);
                }
            }
        }
        if self.known_at.is_some() {
            return Ok(reached);
        }
        // Also where all of them stand behind the days, in the last month.
        let has_closing = !reached.closing.reached.is_empty();
        for (place, day) in days.into_iter().enumerate().filter(|(_, day)| !is_month_end(*day)) {
            self.broken_month(conn, &mut reached.all, (place, day), false).await?;
            if has_closing {
                self.broken_month(conn, &mut reached.closing, (place, day), true).await?;
            }
        }
        Ok(reached)
    }

    fn business_binds(&self) -> Vec<Value> {
        self.businesses.iter().map(|id| Value::from(id.get())).collect()
    }

    /// Totals of months, each at the first day that holds all of it. Those of the last, broken month
    /// stand behind all days, where they count for nothing but tell whether any of them closes a year.
    async fn months(
        &self,
        conn: &impl ConnectionTrait,
        days: &[NaiveDate],
        last: NaiveDate,
    ) -> Result<Vec<QueryResult>> {
        let backend = conn.get_database_backend();
        let bounds = days.iter().map(|day| Value::from(last_whole_month(*day)));
        let mut binds: Vec<Value> = bounds.collect();
        let place = places("month", binds.len());
        binds.extend(self.business_binds());
        binds.push(Value::from(month_key(last)));
        let text = format!(
            "SELECT ledger_id, {place}, closing, {}, {} FROM ledger_period_totals \
             WHERE business_id IN ({}) AND month <= ? GROUP BY 1, 2, 3",
            sum(backend, "debit"),
            sum(backend, "credit"),
            list(self.businesses.len()),
        );
        Ok(conn.query_all_raw(statement(backend, &text, binds)).await?)
    }

    /// Adds what entries of a day's month bring up to that day.
    async fn broken_month(
        &self,
        conn: &impl ConnectionTrait,
        marks: &mut Marks,
        (place, day): (usize, NaiveDate),
        only_closing: bool,
    ) -> Result<()> {
        let backend = conn.get_database_backend();
        let (ledgers, mut binds) = self.own_ledgers(conn).await?;
        binds.extend([Value::from(month_start(day)), Value::from(day)]);
        let mut and = "";
        if only_closing {
            binds.push(Value::from(true));
            and = " AND closing = ?";
        }
        // By ledger and day: the index that holds the amounts.
        let text = format!(
            "SELECT ledger_id, {}, {} FROM voucher_ledger_entries \
             WHERE ledger_id IN ({ledgers}) AND dated >= ? AND dated <= ?{and} GROUP BY ledger_id",
            sum(backend, "effect * debit"),
            sum(backend, "effect * credit"),
        );
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            marks.add(LedgerId::new(row.try_get_by_index(0)?), place, sums_in(&row, 1)?);
        }
        Ok(())
    }

    /// The ledgers of the businesses as SQL, and the values it binds. MySQL and MariaDB keep to a range of
    /// days within an index only where the ledgers are named; elsewhere a question does as well.
    async fn own_ledgers(&self, conn: &impl ConnectionTrait) -> Result<(String, Vec<Value>)> {
        let own = format!(
            "SELECT id FROM ledgers WHERE business_id IN ({})",
            list(self.businesses.len())
        );
        let backend = conn.get_database_backend();
        if backend != DbBackend::MySql {
            return Ok((own, self.business_binds()));
        }
        let mut named: Vec<Value> = Vec::new();
        for row in conn.query_all_raw(statement(backend, &own, self.business_binds())).await? {
            let id: i64 = row.try_get_by_index(0)?;
            named.push(id.into());
        }
        if named.is_empty() || named.len() > NAMED_MAX {
            return Ok((own, self.business_binds()));
        }
        Ok((list(named.len()), named))
    }

    /// All entries recorded up to an instant.
    async fn entries(
        &self,
        conn: &impl ConnectionTrait,
        days: &[NaiveDate],
        (last, instant): (NaiveDate, i64),
    ) -> Result<Vec<QueryResult>> {
        let backend = conn.get_database_backend();
        let mut binds: Vec<Value> = days.iter().map(|day| Value::from(*day)).collect();
        let place = places("dated", binds.len());
        binds.extend(self.business_binds());
        binds.extend([Value::from(last), Value::from(instant)]);
        let text = format!(
            "SELECT ledger_id, {place}, closing, {}, {} FROM voucher_ledger_entries \
             WHERE business_id IN ({}) AND dated <= ? AND recorded_at <= ? GROUP BY 1, 2, 3",
            sum(backend, "effect * debit"),
            sum(backend, "effect * credit"),
            list(self.businesses.len()),
        );
        Ok(conn.query_all_raw(statement(backend, &text, binds)).await?)
    }
}

/// The first of so many bounds, in order, that a column does not exceed, counted from 0.
pub(super) fn places(column: &str, bounds: usize) -> String {
    let mut text = "CASE".to_owned();
    for place in 0..bounds {
        text.push_str(&format!(" WHEN {column} <= ? THEN {place}"));
    }
    text.push_str(&format!(" ELSE {bounds} END"));
    text
}

/// The last month that has wholly passed at the end of a day.
fn last_whole_month(day: NaiveDate) -> i32 {
    if is_month_end(day) {
        return month_key(day);
    }
    month_start(day).checked_sub_months(Months::new(1)).map_or(0, month_key)
}

/// The day before.
pub fn eve(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_last_whole_month() {
        let cases = [
            ("2026-03-31", 202_603),
            ("2026-03-30", 202_602),
            ("2026-01-01", 202_512),
            ("2024-02-28", 202_401),
        ];
        for (day, month) in cases {
            assert_eq!(last_whole_month(day.parse().unwrap()), month, "{day}");
        }
    }

    #[test]
    fn rows_are_put_at_the_first_bound_that_holds_them() {
        assert_eq!(
            places("month", 2),
            "CASE WHEN month <= ? THEN 0 WHEN month <= ? THEN 1 ELSE 2 END"
        );
    }
}
