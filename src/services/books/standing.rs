//! What ledgers stand at at the end of a day, by the rule that the statements follow too
//! (`daybook_domain::statement::turn`).
//!
//! Income and expense begin anew with each accounting year: what they came to before its first day
//! stands in Profit & Loss A/c. All other balances run through.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use daybook_domain::{
    id::{BusinessId, LedgerId},
    money::Money,
    statement::turn::{Reached, standings},
};
use daybook_entity::{master::chart::Statement, tenant::business::business};
use sea_orm::ConnectionTrait;

use super::{
    balances::{self, Movement, Sums, Whose},
    chart::{self, Chart},
    groups::{self, GroupRef, Groups},
    positions,
    standard_ledgers::PROFIT_AND_LOSS,
};
use crate::{error::Result, scope::TenantScope};

/// What a ledger stands at: a balance is a debit above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Before the accounting year.
    pub opening: Money,
    /// Debits within the year, up to the day.
    pub debit: Money,
    /// Credits within the year, up to the day.
    pub credit: Money,
}

impl Standing {
    /// At the end of the day.
    pub fn closing(self) -> Money {
        self.opening.saturating_add(self.debit).saturating_sub(self.credit)
    }
}

/// First day of the accounting year that holds a day; the books' own first day in their first year.
pub fn first_day(business: &business::Model, day: NaiveDate) -> NaiveDate {
    let year = chart::calendar(business).year_containing(day);
    year.starts_on.max(business.books_begin_on).min(day)
}

/// What is needed to tell what ledgers of a business stand at.
pub struct Books<'b> {
    /// All ledgers.
    pub chart: &'b Chart,
    /// The groups that they hang below.
    pub groups: &'b Groups,
    /// Whose books.
    pub business: &'b business::Model,
    /// Whose rows count.
    pub whose: Whose,
}

impl Books<'_> {
    /// What each ledger (or each of those named) stands at at the end of a day. Ledgers that never
    /// moved are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn at(
        &self,
        conn: &impl ConnectionTrait,
        ledgers: Option<&[LedgerId]>,
        day: NaiveDate,
    ) -> Result<HashMap<LedgerId, Standing>> {
        let result = self.result_ledger();
        // Profit & Loss A/c takes over from all of them, whichever are asked for.
        let with_all = match (ledgers, result) {
            (Some(ledgers), Some(result)) if ledgers.contains(&result) => {
                let mut all: Vec<LedgerId> = ledgers.to_vec();
                all.extend(self.of_the_year().filter(|ledger| !ledgers.contains(ledger)));
                Some(all)
            }
            _ => None,
        };
        let read = with_all.as_deref().or(ledgers);
        let from = first_day(self.business, day);
        let span = (from, day);
        let moved = balances::movements(conn, self.business.id, read, self.whose, span).await?;
        let mut found = self.carried(&moved, result);
        if let Some(ledgers) = ledgers {
            found.retain(|ledger, _| ledgers.contains(ledger));
        }
        Ok(found)
    }

    fn carried(
        &self,
        moved: &HashMap<LedgerId, Movement>,
        result: Option<LedgerId>,
    ) -> HashMap<LedgerId, Standing> {
        let reached = moved.iter().map(|(ledger, movement)| {
            let before = movement.before.balance();
            let is_of_the_year = self.is_of_the_year(*ledger);
            Reached { ledger: *ledger, is_of_the_year, before_year: before, until: before }
        });
        let opened = standings(reached, result).into_iter();
        opened
            .map(|(ledger, opening)| {
                let within = moved.get(&ledger).map(|movement| movement.within);
                let Sums { debit, credit } = within.unwrap_or_default();
                (ledger, Standing { opening, debit, credit })
            })
            .collect()
    }

    /// Profit & Loss A/c, which takes over the result of earlier years.
    pub fn result_ledger(&self) -> Option<LedgerId> {
        let own = self.chart.ledgers.values().find(|ledger| {
            ledger.business_id == self.business.id
                && ledger.system_code.as_deref() == Some(PROFIT_AND_LOSS)
        });
        own.map(|ledger| ledger.id)
    }

    /// The ledgers of income and expense, which begin anew with each year.
    pub fn of_the_year(&self) -> impl Iterator<Item = LedgerId> {
        let own = self.chart.ledgers.values();
        let own = own.filter(|ledger| ledger.business_id == self.business.id);
        own.map(|ledger| ledger.id).filter(|ledger| self.is_of_the_year(*ledger))
    }

    fn is_of_the_year(&self, ledger: LedgerId) -> bool {
        let group = self.chart.ledgers.get(&ledger).and_then(GroupRef::of);
        let group = group.and_then(|group| self.groups.resolve(group));
        group.is_some_and(|group| group.statement == Statement::ProfitAndLoss)
    }
}

/// Which sums of a ledger are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// What it stands at at the end of a day; today in the business's zone when none is given.
    Balance(Option<NaiveDate>),
    /// What it was opened with when the books began.
    Opening,
    /// As the balance, in the ledger's own currency.
    Abroad(Option<NaiveDate>),
}

/// Sums of ledgers that the caller sees, a debit above zero. For roles that see only their own
/// documents they are sums of the vouchers that the caller posted.
///
/// # Errors
/// When the database cannot be read.
pub async fn sums_of(
    scope: &TenantScope,
    asked: &[(LedgerId, Wanted)],
) -> Result<HashMap<(LedgerId, Wanted), Money>> {
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let mut together: HashMap<(BusinessId, Wanted), Vec<LedgerId>> = HashMap::new();
    for (id, wanted) in asked {
        if let Some(ledger) = chart.visible_ledger(scope, *id) {
            together.entry((ledger.business_id, *wanted)).or_default().push(*id);
        }
    }
    let whose = Whose::of(scope);
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let mut found = HashMap::new();
    for ((business, wanted), ids) in together {
        let Some(business) = chart.businesses.get(&business) else { continue };
        match wanted {
            Wanted::Balance(day) => {
                let day = day.unwrap_or_else(|| scope.clock.today(&business.time_zone));
                let books = Books { chart: &chart, groups: &groups, business, whose };
                let standings = books.at(snapshot.conn(), Some(&ids), day).await?;
                let sums = standings.into_iter();
                found.extend(sums.map(|(id, standing)| ((id, wanted), standing.closing())));
            }
            Wanted::Abroad(day) => {
                let day = day.unwrap_or_else(|| scope.clock.today(&business.time_zone));
                let read = positions::as_at(snapshot.conn(), &ids, whose, day).await?;
                let sums = read.into_iter().map(|(id, one)| ((id, wanted), one.foreign));
                found.extend(sums);
            }
            Wanted::Opening => {
                // The opening period is what lies before the books' first day.
                let eve = business.books_begin_on.checked_sub_days(Days::new(1));
                let Some(eve) = eve else { continue };
                let ids = Some(ids.as_slice());
                let sums = balances::as_at(snapshot.conn(), business.id, ids, whose, eve).await?;
                found.extend(sums.into_iter().map(|(id, sums)| ((id, wanted), sums.balance())));
            }
        }
    }
    Ok(found)
}
