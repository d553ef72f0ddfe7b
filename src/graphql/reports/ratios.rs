//! Ratio analysis in the API.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use daybook_domain::{
    role::Permission,
    statement::ratios::{self as rules, Figures},
};

use super::{
    ask::{Arguments, ComparativesInput, StatementHead, StatementPeriods},
    lines::{StatementFigure, Writer},
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        scalar::{Date, DateTime, Decimal, Money},
    },
    services::reports::ratios,
};

/// What the statements of a period and of its last day say in proportion.
#[derive(SimpleObject, Debug)]
pub struct RatioAnalysis {
    #[graphql(flatten)]
    head: StatementHead,
    #[graphql(flatten)]
    periods: StatementPeriods,
    /// Every ratio, each once.
    pub ratios: Vec<Ratio>,
    /// Current assets less current liabilities at the end of the last day.
    pub working_capital: StatementFigure,
    /// Capital, reserves, results of earlier years and the profit of the running year at the end of the
    /// last day.
    pub capital: StatementFigure,
    /// Sales of the period.
    pub sales: StatementFigure,
    /// Bought over the period: purchases, and what came into stock.
    pub purchases: StatementFigure,
    /// Gross profit of the period.
    pub gross_profit: StatementFigure,
    /// Net profit of the period.
    pub net_profit: StatementFigure,
}

/// A ratio of the period asked, beside those that it is compared with.
#[derive(SimpleObject, Debug)]
pub struct Ratio {
    /// Which one.
    pub kind: RatioKind,
    /// What it counts.
    pub unit: RatioUnit,
    #[graphql(flatten)]
    figure: RatioFigure,
    /// Of each period that it is compared with, in their order.
    pub comparatives: Vec<RatioFigure>,
}

/// A ratio's value, and what it is made of.
#[derive(SimpleObject, Debug, Clone)]
pub struct RatioFigure {
    /// The ratio, to four places; null where there is none.
    pub value: Option<Decimal>,
    /// Why there is none.
    pub unavailable: Option<RatioGap>,
    /// What is divided.
    pub numerator: Money,
    /// By what it is divided.
    pub denominator: Money,
}

/// A ratio.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatioKind {
    /// Current assets to current liabilities.
    Current,
    /// Current assets without stock to current liabilities.
    Quick,
    /// Loans to the owner's capital; overdrafts are no loans here.
    DebtToEquity,
    /// Gross profit in a hundred of sales.
    GrossMargin,
    /// Net profit in a hundred of sales.
    NetMargin,
    /// Net profit of the period in a hundred of the owner's capital at its end.
    ReturnOnCapital,
    /// Days of the period's sales that customers owe at its end.
    DebtorDays,
    /// Days of the period's purchases that suppliers are owed at its end.
    CreditorDays,
    /// Days of the period's direct expense that lie in stock at its end.
    StockDays,
}

impl From<rules::Ratio> for RatioKind {
    fn from(ratio: rules::Ratio) -> Self {
        match ratio {
            rules::Ratio::Current => Self::Current,
            rules::Ratio::Quick => Self::Quick,
            rules::Ratio::DebtToEquity => Self::DebtToEquity,
            rules::Ratio::GrossMargin => Self::GrossMargin,
            rules::Ratio::NetMargin => Self::NetMargin,
            rules::Ratio::ReturnOnCapital => Self::ReturnOnCapital,
            rules::Ratio::DebtorDays => Self::DebtorDays,
            rules::Ratio::CreditorDays => Self::CreditorDays,
            rules::Ratio::StockDays => Self::StockDays,
        }
    }
}

/// What a ratio counts.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatioUnit {
    /// How many times.
    Times,
    /// In a hundred.
    Percent,
    /// Days.
    Days,
}

impl From<rules::Unit> for RatioUnit {
    fn from(unit: rules::Unit) -> Self {
        match unit {
            rules::Unit::Times => Self::Times,
            rules::Unit::Percent => Self::Percent,
            rules::Unit::Days => Self::Days,
        }
    }
}

/// Why a ratio has no value.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatioGap {
    /// There are no current liabilities.
    NoCurrentLiabilities,
    /// There is no capital, or it is used up.
    NoCapital,
    /// Nothing was sold.
    NoSales,
    /// Nothing was bought.
    NoPurchases,
    /// Nothing was spent on what was sold.
    NoDirectExpense,
}

impl From<rules::Gap> for RatioGap {
    fn from(gap: rules::Gap) -> Self {
        match gap {
            rules::Gap::NoCurrentLiabilities => Self::NoCurrentLiabilities,
            rules::Gap::NoCapital => Self::NoCapital,
            rules::Gap::NoSales => Self::NoSales,
            rules::Gap::NoPurchases => Self::NoPurchases,
            rules::Gap::NoDirectExpense => Self::NoDirectExpense,
        }
    }
}

impl RatioAnalysis {
    fn of(found: &ratios::RatioAnalysis) -> ApiResult<Self> {
        let frame = &found.frame;
        let writer = Writer::of(frame)?;
        let figure = |amount: fn(Figures) -> daybook_domain::money::Money| {
            writer.figure(found.figures.iter().copied().map(amount))
        };
        let each = |ratio: rules::Ratio| {
            let spans = found.figures.iter().zip(&frame.spans);
            let mut figures = spans.map(|(figures, span)| {
                let (numerator, denominator) = figures.pair(ratio);
                let value = figures.ratio(ratio, span.days());
                RatioFigure {
                    value: value.ok().map(|value| Decimal(rules::format(value))),
                    unavailable: value.err().map(RatioGap::from),
                    numerator: writer.money(numerator),
                    denominator: writer.money(denominator),
                }
            });
            let figure = figures.next()?;
            Some(Ratio {
                kind: ratio.into(),
                unit: ratio.unit().into(),
                figure,
                comparatives: figures.collect(),
            })
        };
        Ok(Self {
            head: StatementHead::of(frame)?,
            periods: StatementPeriods::of(frame)?,
            ratios: rules::Ratio::EVERY.into_iter().filter_map(each).collect(),
            working_capital: figure(Figures::working_capital),
            capital: figure(|figures| figures.capital),
            sales: figure(|figures| figures.sales),
            purchases: figure(|figures| figures.purchases),
            gross_profit: figure(|figures| figures.gross_profit),
            net_profit: figure(|figures| figures.net_profit),
        })
    }
}

/// Queries of ratios.
#[derive(Default, Debug)]
pub struct RatioQuery;

#[Object]
impl RatioQuery {
    /// The ratios of a period and of its last day, each with the two figures that it is made of, read
    /// from one snapshot. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    async fn ratio_analysis(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, taken together; all with one base currency. May be left out by who sees \
                    only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day when left out."
        )]
        from: Option<Date>,
        #[graphql(
            desc = "Last day; when left out today, or the last of the accounting year that holds `from`."
        )]
        to: Option<Date>,
        #[graphql(desc = "What it is compared with.")] comparatives: Option<ComparativesInput>,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<RatioAnalysis> {
        let asked =
            Arguments { business_ids, from, to, comparatives, as_known_at, ..Arguments::default() };
        let question = asked.question("to")?;
        RatioAnalysis::of(&ratios::ratio_analysis(&*ctx.tenant()?, &question).await?)
    }
}
