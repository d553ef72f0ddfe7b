//! Profit and loss in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use daybook_domain::{role::Permission, statement::profit::Profit};

use super::{
    ask::{
        Arguments, ComparativesInput, ScenarioInput, StatementDetail, StatementHead,
        StatementPeriods,
    },
    lines::{StatementFigure, StatementSection, Writer},
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        scalar::{Date, DateTime},
    },
    services::reports::profit_and_loss,
};

/// What was earned and spent over a period. Income and expense are above zero on their usual side; a loss
/// is below zero. Goods are spent when they are sold, as their cost among direct expenses. Rows of
/// vouchers that close a year, which only imported books hold, are left out.
#[derive(SimpleObject, Debug)]
pub struct ProfitAndLoss {
    #[graphql(flatten)]
    head: StatementHead,
    #[graphql(flatten)]
    periods: StatementPeriods,
    /// Sales and other direct income.
    pub direct_income: StatementSection,
    /// Purchases and other direct expense.
    pub direct_expense: StatementSection,
    /// Direct income less direct expense.
    pub gross_profit: StatementFigure,
    /// Income below gross profit.
    pub indirect_income: StatementSection,
    /// Expense below gross profit.
    pub indirect_expense: StatementSection,
    /// Gross profit and indirect income, less indirect expense.
    pub net_profit: StatementFigure,
}

impl ProfitAndLoss {
    fn of(found: profit_and_loss::ProfitAndLoss, detail: StatementDetail) -> ApiResult<Self> {
        let frame = Arc::new(found.frame);
        let writer = Writer::of(&frame)?;
        Ok(Self {
            head: StatementHead::of(&frame)?,
            periods: StatementPeriods::of(&frame)?,
            direct_income: writer.section(&frame, &found.direct_income, detail),
            direct_expense: writer.section(&frame, &found.direct_expense, detail),
            gross_profit: writer.figure(found.profits.iter().copied().map(Profit::gross)),
            indirect_income: writer.section(&frame, &found.indirect_income, detail),
            indirect_expense: writer.section(&frame, &found.indirect_expense, detail),
            net_profit: writer.figure(found.profits.iter().copied().map(Profit::net)),
        })
    }
}

/// Queries of profit and loss.
#[derive(Default, Debug)]
pub struct ProfitAndLossQuery;

#[Object]
impl ProfitAndLossQuery {
    /// Profit and loss over a period, gross and net, by the tree of groups, read from one snapshot. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn profit_and_loss(
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
        #[graphql(desc = "How much of the tree of groups the lines show.", default)]
        detail: StatementDetail,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out."
        )]
        as_known_at: Option<DateTime>,
        #[graphql(desc = "What counts beside the books; nothing when left out.")] scenario: Option<
            ScenarioInput,
        >,
    ) -> ApiResult<ProfitAndLoss> {
        let asked = Arguments {
            business_ids,
            from,
            to,
            comparatives,
            as_known_at,
            scenario,
            ..Arguments::default()
        };
        let question = asked.question("to")?;
        let found = profit_and_loss::profit_and_loss(&*ctx.tenant()?, &question).await?;
        ProfitAndLoss::of(found, detail)
    }
}
