//! The funds flow statement in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use daybook_domain::{money::Money, role::Permission, statement::funds_flow::FundsFlow as Flow};

use super::{
    ask::{Arguments, ComparativesInput, StatementDetail, StatementHead, StatementPeriods},
    lines::{MovementSection, StatementFigure, StatementSection, Writer},
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        scalar::{Date, DateTime},
    },
    services::reports::funds_flow,
};

/// Where working capital came from over a period, and what it was used for. Working capital is current
/// assets less current liabilities, overdrafts among them. Rows of vouchers that close a year, which only
/// imported books hold, are left out of the flow.
#[derive(SimpleObject, Debug)]
pub struct FundsFlow {
    #[graphql(flatten)]
    head: StatementHead,
    #[graphql(flatten)]
    periods: StatementPeriods,
    /// What running the business brought; below zero, took.
    pub from_operations: FundsFromOperations,
    /// What capital, loans and long-lived assets brought into working capital.
    pub sources: StatementSection,
    /// What they took out of it.
    pub applications: StatementSection,
    /// Funds from operations and sources, less applications: by how much working capital grew.
    pub net: StatementFigure,
    /// Current assets before and after.
    pub current_assets: MovementSection,
    /// Current liabilities before and after.
    pub current_liabilities: MovementSection,
    /// Whether what flowed is what working capital grew by, in all periods; always true.
    pub is_reconciled: bool,
}

/// What running the business brought into working capital.
#[derive(SimpleObject, Debug)]
pub struct FundsFromOperations {
    /// Net profit of the period.
    pub net_profit: StatementFigure,
    /// What changed long-lived assets, capital and loans without moving working capital, such as
    /// depreciation: added to the profit.
    pub non_fund: StatementSection,
    /// Both together.
    pub total: StatementFigure,
}

impl FundsFlow {
    fn of(found: funds_flow::FundsFlowStatement, detail: StatementDetail) -> ApiResult<Self> {
        let frame = Arc::new(found.frame);
        let writer = Writer::of(&frame)?;
        let figure =
            |amount: fn(Flow) -> Money| writer.figure(found.flows.iter().copied().map(amount));
        Ok(Self {
            head: StatementHead::of(&frame)?,
            periods: StatementPeriods::of(&frame)?,
            from_operations: FundsFromOperations {
                net_profit: figure(|flow| flow.net_profit),
                non_fund: writer.section(&frame, &found.non_fund, detail),
                total: figure(Flow::from_operations),
            },
            sources: writer.section(&frame, &found.sources, detail),
            applications: writer.section(&frame, &found.applications, detail),
            net: figure(Flow::change),
            current_assets: writer.movements(&frame, &found.current_assets, detail),
            current_liabilities: writer.movements(&frame, &found.current_liabilities, detail),
            is_reconciled: found.flows.iter().all(|flow| flow.is_reconciled()),
        })
    }
}

/// Queries of the funds flow.
#[derive(Default, Debug)]
pub struct FundsFlowQuery;

#[Object]
impl FundsFlowQuery {
    /// The flow of funds over a period: sources and applications of working capital, read from one
    /// snapshot. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn funds_flow(
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
    ) -> ApiResult<FundsFlow> {
        let asked =
            Arguments { business_ids, from, to, comparatives, as_known_at, ..Arguments::default() };
        let question = asked.question("to")?;
        let found = funds_flow::funds_flow(&*ctx.tenant()?, &question).await?;
        FundsFlow::of(found, detail)
    }
}
