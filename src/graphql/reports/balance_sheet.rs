//! The balance sheet in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use daybook_domain::{money::Money, role::Permission, statement::sheet::Sheet};

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
    services::reports::balance_sheet,
};

/// What is owned and owed at the end of a day. Both sides are above zero where they are usual.
#[derive(SimpleObject, Debug)]
pub struct BalanceSheet {
    #[graphql(flatten)]
    head: StatementHead,
    /// The day.
    pub as_at: Date,
    /// The days that it is compared with, in the order of all `comparatives` in it.
    pub comparative_days: Vec<Date>,
    /// What is owed, with capital and, in Profit & Loss A/c, the result of earlier accounting years.
    /// `profitOfYear` comes beside it.
    pub liabilities: StatementSection,
    /// What income and expense of the accounting year stand at, up to the day; a loss is below zero.
    /// Each business has its own year.
    pub profit_of_year: StatementFigure,
    /// Liabilities and the profit of the year.
    pub total_liabilities: StatementFigure,
    /// What is owned.
    pub assets: StatementSection,
    /// Assets; the same as `totalLiabilities`.
    pub total_assets: StatementFigure,
    /// By how much assets exceed the other side. Every voucher balances, so that anything but zero means
    /// that rows were changed round the program.
    pub difference: StatementFigure,
    /// By how much what the books were opened with does not balance, above zero where a liability or
    /// capital is missing: it stands in the ledger Difference in Opening Balances, among `liabilities`.
    pub opening_difference: StatementFigure,
    /// Whether both sides are equal without any help: `difference` and `openingDifference` are zero at
    /// all days.
    pub is_balanced: bool,
}

impl BalanceSheet {
    fn of(found: balance_sheet::BalanceSheet, detail: StatementDetail) -> ApiResult<Self> {
        let frame = Arc::new(found.frame);
        let writer = Writer::of(&frame)?;
        let StatementPeriods { period, comparative_periods } = StatementPeriods::of(&frame)?;
        let figure =
            |amount: fn(Sheet) -> Money| writer.figure(found.sheets.iter().copied().map(amount));
        let differs = found.sheets.iter().any(|sheet| !sheet.difference().is_zero());
        let opened_unequal = found.opening_differences.iter().any(|one| !one.is_zero());
        Ok(Self {
            head: StatementHead::of(&frame)?,
            as_at: period.to,
            comparative_days: comparative_periods.into_iter().map(|one| one.to).collect(),
            liabilities: writer.section(&frame, &found.liabilities, detail),
            profit_of_year: figure(|sheet| sheet.profit),
            total_liabilities: figure(Sheet::owed),
            assets: writer.section(&frame, &found.assets, detail),
            total_assets: figure(|sheet| sheet.assets),
            difference: figure(Sheet::difference),
            opening_difference: writer.figure(found.opening_differences.iter().copied()),
            is_balanced: !differs && !opened_unequal,
        })
    }
}

/// Queries of the balance sheet.
#[derive(Default, Debug)]
pub struct BalanceSheetQuery;

#[Object]
impl BalanceSheetQuery {
    /// The balance sheet at the end of a day, by the tree of groups, with the profit of the running
    /// accounting year, read from one snapshot. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn balance_sheet(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, taken together; all with one base currency. May be left out by who sees \
                    only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(desc = "The day; today in the business's zone when left out.")] as_at: Option<
            Date,
        >,
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
    ) -> ApiResult<BalanceSheet> {
        let asked = Arguments {
            business_ids,
            to: as_at,
            comparatives,
            as_known_at,
            scenario,
            ..Arguments::default()
        };
        let question = asked.question("asAt")?;
        let found = balance_sheet::balance_sheet(&*ctx.tenant()?, &question).await?;
        BalanceSheet::of(found, detail)
    }
}
