//! What a statement is asked for: whose books, which days, compared with what, known when.

use chrono::NaiveDate;
use daybook_domain::statement::span::Span;
use daybook_entity::tenant::business::business;

use super::scenario::Scenario;
use crate::{
    error::{Error, Result},
    scope::TenantScope,
    services::books::{
        chart::{self, Asked, Chart},
        standing::first_day,
    },
};

/// Most businesses of one statement.
const BUSINESSES_MAX: usize = 100;
/// Most spans that one statement is compared with.
const COMPARATIVES_MAX: usize = 12;
/// What is recorded may become visible so much later.
const KNOWN_AFTER_MS: i64 = 2_000;

/// Whose books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// One business's, by the argument `businessId`.
    One(Asked),
    /// Those of several together, by the argument `businessIds`.
    Several(Vec<Asked>),
}

/// What a statement is compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparatives {
    /// Spans named one by one: first and last day.
    pub periods: Vec<(NaiveDate, NaiveDate)>,
    /// So many spans of the same length directly before, the latest first.
    pub previous_periods: usize,
    /// The same days of so many earlier years, the latest first.
    pub previous_years: usize,
}

/// What a statement is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Whose books.
    pub whose: Whose,
    /// First day; by default that of the accounting year that holds the last day.
    pub from: Option<NaiveDate>,
    /// Last day; by default the last that has come.
    pub to: Option<NaiveDate>,
    /// Name of the argument that holds the last day.
    pub last_day: &'static str,
    /// What it is compared with.
    pub comparatives: Comparatives,
    /// Only what was recorded up to this instant, UTC milliseconds.
    pub known_at: Option<i64>,
    /// What counts beside the books.
    pub scenario: Scenario,
}

impl Question {
    /// The businesses, in the order asked; all keep their books in one currency.
    ///
    /// # Errors
    /// [`Error::BadInput`] on `businessId` or `businessIds`.
    pub fn businesses(&self, scope: &TenantScope, chart: &Chart) -> Result<Vec<business::Model>> {
        let asked = match &self.whose {
            Whose::One(one) => return Ok(vec![chart.asked(scope, *one)?.clone()]),
            Whose::Several(several) => several,
        };
        let wrong = |why: &str| Error::bad_input("businessIds", why);
        if asked.is_empty() {
            return Err(wrong("name at least one business, or leave it out"));
        }
        if asked.len() > BUSINESSES_MAX {
            return Err(wrong("these are more than 100 businesses"));
        }
        let mut found: Vec<business::Model> = Vec::new();
        for one in asked {
            let business = chart.asked_as(scope, *one, "businessIds")?;
            if found.iter().all(|other| other.id != business.id) {
                found.push(business.clone());
            }
        }
        let first = found.first();
        let other = found.iter().find(|other| {
            first.is_some_and(|first| {
                (&first.base_currency, first.currency_exponent)
                    != (&other.base_currency, other.currency_exponent)
            })
        });
        if let (Some(first), Some(other)) = (first, other) {
            return Err(wrong(&format!(
                "businesses can be taken together only in one currency, and these keep their books in \
                 {} and {}",
                first.base_currency, other.base_currency
            )));
        }
        Ok(found)
    }

    /// The span asked, then those that it is compared with. Years are those of the first business.
    ///
    /// # Errors
    /// [`Error::BadInput`] on the days or on `comparatives`.
    pub fn spans(&self, scope: &TenantScope, business: &business::Model) -> Result<Vec<Span>> {
        let asked = self.span(business, scope.clock.today(&business.time_zone))?;
        let wrong = |why: &str| Error::bad_input("comparatives", why);
        let Comparatives { periods, previous_periods, previous_years } = &self.comparatives;
        let count = periods.len().saturating_add(*previous_periods).saturating_add(*previous_years);
        if count > COMPARATIVES_MAX {
            return Err(wrong("a statement is compared with at most 12 others"));
        }
        let mut spans = vec![asked];
        for (from, to) in periods {
            let span = Span::new(*from, *to);
            spans.push(span.ok_or_else(|| wrong("the first day comes after the last"))?);
        }
        let too_early = || wrong("there are no days so long ago");
        let mut at = asked;
        for _ in 0..*previous_periods {
            at = at.previous().ok_or_else(too_early)?;
            spans.push(at);
        }
        let mut at = asked;
        for _ in 0..*previous_years {
            at = at.year_before().ok_or_else(too_early)?;
            spans.push(at);
        }
        Ok(spans)
    }

    fn span(&self, business: &business::Model, today: NaiveDate) -> Result<Span> {
        let to = self.to.unwrap_or_else(|| match self.from {
            Some(from) => {
                let end = chart::calendar(business).year_containing(from).ends_on;
                if from <= today { end.min(today) } else { end }
            }
            None => today,
        });
        let from = self.from.unwrap_or_else(|| first_day(business, to));
        Span::new(from, to).ok_or_else(|| {
            Error::bad_input(
                "from",
                format!("the first day comes after the last, `{}`", self.last_day),
            )
        })
    }

    /// The instant up to which rows count, where one is asked for.
    ///
    /// # Errors
    /// [`Error::BadInput`] on `asKnownAt`.
    pub fn known_at(&self, scope: &TenantScope) -> Result<Option<i64>> {
        let latest = scope.clock.now_ms().saturating_sub(KNOWN_AFTER_MS);
        match self.known_at {
            Some(instant) if instant > latest => Err(Error::bad_input(
                "asKnownAt",
                "what is known is settled two seconds later; ask for an earlier instant",
            )),
            instant => Ok(instant),
        }
    }
}
