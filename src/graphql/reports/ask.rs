//! How statements are asked for, and what all of them say of themselves.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use daybook_domain::statement::span::Span;

use crate::{
    error::Error,
    graphql::{
        books::businesses::{Business, asked},
        error::ApiResult,
        scalar::{CurrencyCode, Date, DateTime},
    },
    services::{
        books::chart::Asked,
        reports::{
            frame::Frame,
            question::{Comparatives, Question, Whose},
            scenario::Scenario,
        },
    },
};

/// Some days, both ends included.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct PeriodInput {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// What a statement is compared with: at most twelve periods altogether, in the order of these fields.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ComparativesInput {
    /// These periods. Statements of a single day take the last day of each.
    pub periods: Option<Vec<PeriodInput>>,
    /// So many periods of the same length directly before, the latest first. Where the period is of whole
    /// months, so are they.
    pub previous_periods: Option<i32>,
    /// The same days of so many earlier years, the latest first.
    pub previous_years: Option<i32>,
}

/// Which vouchers a statement counts beside those of the books.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct ScenarioInput {
    /// Memoranda that nobody has converted or cancelled.
    #[graphql(default)]
    pub memoranda: bool,
    /// Reversing journals, at each day through which they count.
    #[graphql(default)]
    pub reversing_journals: bool,
}

impl From<ScenarioInput> for Scenario {
    fn from(input: ScenarioInput) -> Self {
        Self { memoranda: input.memoranda, reversing_journals: input.reversing_journals }
    }
}

/// How much of the tree of groups a statement shows.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatementDetail {
    /// Groups, and the ledgers below them.
    #[default]
    Ledgers,
    /// Groups only, and ledgers that hang below none.
    Groups,
}

/// The days that figures belong to, both ends included.
#[derive(SimpleObject, Debug, Clone, Copy)]
pub struct ReportPeriod {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

fn period(span: Span) -> ReportPeriod {
    ReportPeriod { from: Date(span.from), to: Date(span.to) }
}

/// What every statement says of itself.
#[derive(SimpleObject, Debug)]
pub struct StatementHead {
    /// Whose books, in the order asked. Nothing between them is left out of the sums.
    pub businesses: Vec<Business>,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// The instant up to which rows count, where one was asked for; ledgers and groups stand under
    /// today's names.
    pub as_known_at: Option<DateTime>,
}

impl StatementHead {
    /// Of a frame.
    pub fn of(frame: &Frame) -> ApiResult<Self> {
        let first = frame.businesses.first();
        let first = first.ok_or_else(|| Error::Internal("a statement of no business".into()))?;
        Ok(Self {
            currency: CurrencyCode::of(&first.base_currency),
            businesses: frame.businesses.iter().cloned().map(Business::from).collect(),
            as_known_at: frame.known_at.map(DateTime),
        })
    }
}

/// The period asked, and those that it is compared with.
#[derive(SimpleObject, Debug)]
pub struct StatementPeriods {
    /// The days that the statement covers.
    pub period: ReportPeriod,
    /// The periods that it is compared with, in the order of all `comparatives` in it.
    pub comparative_periods: Vec<ReportPeriod>,
}

impl StatementPeriods {
    /// Of a frame.
    pub fn of(frame: &Frame) -> ApiResult<Self> {
        let mut spans = frame.spans.iter().copied().map(period);
        let first = spans.next();
        let period = first.ok_or_else(|| Error::Internal("a statement of no days".into()))?;
        Ok(Self { period, comparative_periods: spans.collect() })
    }
}

/// The arguments of a statement, as they came.
#[derive(Debug, Default)]
pub struct Arguments {
    /// One business, where the statement takes one.
    pub business_id: Option<ID>,
    /// Several together.
    pub business_ids: Option<Vec<ID>>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// What it is compared with.
    pub comparatives: Option<ComparativesInput>,
    /// Only what was recorded up to then.
    pub as_known_at: Option<DateTime>,
    /// What counts beside the books.
    pub scenario: Option<ScenarioInput>,
}

impl Arguments {
    /// The question of a statement whose last day is given by this argument.
    ///
    /// # Errors
    /// A bad argument.
    pub fn question(self, last_day: &'static str) -> ApiResult<Question> {
        let whose = match (self.business_id, self.business_ids) {
            (Some(_), Some(_)) => {
                let why = "name one business by `businessId` or several here, not both";
                return Err(Error::bad_input("businessIds", why).into());
            }
            (Some(one), None) => Whose::One(asked(Some(&one))),
            (None, Some(several)) => {
                Whose::Several(several.iter().map(|one| asked(Some(one))).collect())
            }
            (None, None) => Whose::Several(vec![Asked::Nothing]),
        };
        let given = self.comparatives.unwrap_or_default();
        let count = |argument: &str, count: Option<i32>| {
            usize::try_from(count.unwrap_or(0)).map_err(|_| {
                Error::bad_input(format!("comparatives.{argument}"), "this cannot be below zero")
            })
        };
        let periods = given.periods.unwrap_or_default();
        Ok(Question {
            whose,
            from: self.from.map(|day| day.0),
            to: self.to.map(|day| day.0),
            last_day,
            comparatives: Comparatives {
                periods: periods.into_iter().map(|one| (one.from.0, one.to.0)).collect(),
                previous_periods: count("previousPeriods", given.previous_periods)?,
                previous_years: count("previousYears", given.previous_years)?,
            },
            known_at: self.as_known_at.map(|instant| instant.0),
            scenario: self.scenario.map(Scenario::from).unwrap_or_default(),
        })
    }
}
