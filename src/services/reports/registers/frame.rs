//! What a report is asked of: whose books, over which days, as known when.

use std::sync::Arc;

use chrono::NaiveDate;
use daybook_domain::{
    id::{BusinessId, LedgerId},
    role::Permission,
};
use daybook_entity::tenant::{business::business, chart::ledger};

use super::known::Known;
use crate::{
    error::{Error, Result},
    scope::TenantScope,
    services::{
        books::{
            balances::Whose,
            chart::{self, Asked, Chart},
            groups::{self, Group, GroupRef, Groups},
            standing::{Books, first_day},
        },
        reports::{
            question::{self, Question},
            scenario::Scenario,
        },
    },
};

/// A report's arguments as they came.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    /// The businesses; the caller's only one when absent.
    pub businesses: Option<Vec<Asked>>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day; today when absent.
    pub to: Option<NaiveDate>,
    /// As the books were known at this instant, UTC milliseconds.
    pub known_at: Option<i64>,
}

/// Where a report begins when nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// With the accounting year that holds the last day.
    WithTheYear,
    /// With the last day itself.
    WithTheDay,
}

/// A report's arguments, understood. Its businesses keep their books in one currency.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The chart that the report is read with.
    pub chart: Arc<Chart>,
    /// The groups of that chart.
    pub groups: Arc<Groups>,
    /// The first business: its currency is that of all of them.
    pub lead: business::Model,
    /// All of them, the first included.
    pub businesses: Vec<business::Model>,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Which rows count.
    pub known: Known,
}

impl Frame {
    /// Understands the arguments.
    ///
    /// # Errors
    /// No permission, or an argument that cannot be used.
    pub async fn of(scope: &TenantScope, asking: Asking, begins: Begins) -> Result<Self> {
        scope.require(Permission::ReportRead)?;
        let chart = chart::chart(scope).await?;
        let groups = groups::groups(scope).await?;
        // Whose books, and as known when, is understood as in statements.
        let question = Question {
            whose: question::Whose::Several(
                asking.businesses.unwrap_or_else(|| vec![Asked::Nothing]),
            ),
            from: asking.from,
            to: asking.to,
            last_day: "to",
            comparatives: question::Comparatives::default(),
            known_at: asking.known_at,
            scenario: Scenario::default(),
        };
        let known = question.known_at(scope)?.map_or(Known::Now, Known::At);
        let businesses = question.businesses(scope, &chart)?;
        let lead = businesses.first().cloned();
        let lead = lead.ok_or_else(|| Error::Internal("a report of no business".into()))?;
        let to = asking.to.unwrap_or_else(|| scope.clock.today(&lead.time_zone));
        let from = asking.from.unwrap_or_else(|| match begins {
            Begins::WithTheDay => to,
            Begins::WithTheYear => {
                let firsts = businesses.iter().map(|business| first_day(business, to));
                firsts.min().unwrap_or(to)
            }
        });
        if from > to {
            let why = format!("the first day, {from}, lies after the last one, {to}");
            return Err(Error::bad_input("from", why));
        }
        Ok(Self { chart, groups, lead, businesses, from, to, known })
    }

    /// What is needed to tell what ledgers of one of the businesses stand at.
    pub fn books<'f>(&'f self, business: &'f business::Model) -> Books<'f> {
        Books { chart: &self.chart, groups: &self.groups, business, whose: Whose::Everybody }
    }

    /// The ledgers of the businesses, by name.
    pub fn ledgers(&self) -> Vec<&ledger::Model> {
        let all = self.chart.ledgers.values();
        let mut own: Vec<&ledger::Model> =
            all.filter(|ledger| self.business(ledger.business_id).is_some()).collect();
        own.sort_unstable_by(|one, other| {
            (&one.name_key, one.id).cmp(&(&other.name_key, other.id))
        });
        own
    }

    /// Those of them that hang below a shared group of one of these codes, at any depth.
    pub fn ledgers_below(&self, codes: &[&str]) -> Vec<LedgerId> {
        let is_below = |ledger: &&&ledger::Model| {
            let above = path(&self.groups, GroupRef::of(ledger));
            above.iter().any(|group| codes.contains(&group.code.as_str()))
        };
        self.ledgers().iter().filter(is_below).map(|ledger| ledger.id).collect()
    }

    /// One of the businesses.
    pub fn business(&self, id: BusinessId) -> Option<&business::Model> {
        self.businesses.iter().find(|one| one.id == id)
    }
}

/// A group and all groups above it.
pub fn path(groups: &Groups, group: Option<GroupRef>) -> Vec<&Group> {
    let mut found = Vec::new();
    let mut next = group;
    while let Some(group) = next.and_then(|group| groups.resolve(group)) {
        found.push(group);
        next = group.parent;
    }
    found
}
