//! Budgets against what came, in the API.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::{
    budget::Variance,
    id::CostCentreId,
    money::{Money as Amount, Rate},
    role::Permission,
};

use super::{
    ask::{ReportPeriod, StatementHead},
    lines::Writer,
};
use crate::{
    graphql::{
        books::{
            budgets::{
                Budget, BudgetBasis, budget_of, planned_centre, planned_group, planned_ledger,
            },
            cost_centres::CostCentre,
            ledgers::Ledger,
        },
        context::{Asks, Requires},
        error::ApiResult,
        master::AccountGroup,
        scalar::{Date, DateTime, Decimal, Money},
    },
    services::{
        books::budgets::Planned,
        reports::budget_report::{self as service, Asking, Planning},
    },
};

/// Budgets side by side, against what came.
#[derive(SimpleObject, Debug)]
pub struct BudgetReport {
    #[graphql(flatten)]
    head: StatementHead,
    /// The budgets, in the order asked.
    pub budgets: Vec<Budget>,
    /// The months, in the order of all amounts by month.
    pub months: Vec<ReportPeriod>,
    /// What any of the budgets plans, in their order.
    pub lines: Vec<BudgetReportLine>,
}

/// Something planned, and what came of it. Amounts are above zero on the side on which balances of the group
/// are normal.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct BudgetReportLine {
    /// Movements or balances.
    pub basis: BudgetBasis,
    /// What came altogether; of balances, the one at the end of the last month.
    pub actual: Money,
    /// What came by month.
    pub actual_by_month: Vec<Money>,
    /// What each budget says to it, in their order; null where one says nothing.
    pub plans: Vec<Option<BudgetPlan>>,
    #[graphql(skip)]
    of: Planned,
    #[graphql(skip)]
    centre: Option<CostCentreId>,
}

/// What a budget plans, and how far what came differs.
#[derive(SimpleObject, Debug)]
pub struct BudgetPlan {
    /// Altogether; of balances, at the end of the last month. Null where nothing is planned for just these
    /// months.
    pub total: Option<BudgetFigure>,
    /// By month; null for a month for which nothing is planned.
    pub months: Vec<Option<BudgetFigure>>,
}

/// What was planned, and by how much what came differs.
#[derive(SimpleObject, Debug)]
pub struct BudgetFigure {
    /// What was planned.
    pub budget: Money,
    /// What came less what was planned.
    pub variance: Money,
    /// The variance in percent of what was planned, to four places; null where nothing was.
    pub variance_percent: Option<Decimal>,
}

#[ComplexObject]
impl BudgetReportLine {
    /// The ledger; null where it is of a group.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Option<Ledger>> {
        planned_ledger(ctx, self.of).await
    }

    /// The group, with all ledgers below it; null where it is of a ledger.
    async fn account_group(&self, ctx: &Context<'_>) -> ApiResult<Option<AccountGroup>> {
        planned_group(ctx, self.of).await
    }

    /// The cost centre, with all below it, where only what that bears is planned.
    async fn cost_centre(&self, ctx: &Context<'_>) -> ApiResult<Option<CostCentre>> {
        planned_centre(ctx, self.centre).await
    }
}

fn figure(writer: &Writer, (planned, variance): (Amount, Variance)) -> BudgetFigure {
    BudgetFigure {
        budget: writer.money(planned),
        variance: writer.money(variance.amount),
        variance_percent: variance.share.map(Rate::format_percent).map(Decimal),
    }
}

fn plan(writer: &Writer, planning: Planning) -> BudgetPlan {
    let months = planning.months.into_iter();
    BudgetPlan {
        total: planning.total.map(|one| figure(writer, one)),
        months: months.map(|month| month.map(|one| figure(writer, one))).collect(),
    }
}

/// Queries of budgets against what came.
#[derive(Default, Debug)]
pub struct BudgetReportQuery;

#[Object]
impl BudgetReportQuery {
    /// Budgets of one business side by side, against what came, by month and altogether.
    /// Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(budget_ids.len().saturating_mul(10), child_complexity)"
    )]
    async fn budget_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The budgets, 1 to 10, of one business.")] budget_ids: Vec<ID>,
        #[graphql(desc = "First day, of a month; that of the first budget when left out.")]
        from: Option<Date>,
        #[graphql(desc = "Last day, of a month; that of the first budget when left out.")]
        to: Option<Date>,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out. \
                    Budgets are as they stand now."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<BudgetReport> {
        let asking = Asking {
            budgets: budget_ids.iter().map(budget_of).collect(),
            from: from.map(|day| day.0),
            to: to.map(|day| day.0),
            known_at: as_known_at.map(|instant| instant.0),
        };
        let found = service::report(&*ctx.tenant()?, &asking).await?;
        let writer = Writer::of(&found.frame)?;
        let spans = found.frame.spans.iter();
        let lines = found.rows.into_iter().map(|row| BudgetReportLine {
            basis: row.basis.into(),
            actual: writer.money(row.actual),
            actual_by_month: row.months.iter().map(|amount| writer.money(*amount)).collect(),
            of: row.of,
            centre: row.centre,
            plans: row.plans.into_iter().map(|one| one.map(|one| plan(&writer, one))).collect(),
        });
        Ok(BudgetReport {
            head: StatementHead::of(&found.frame)?,
            lines: lines.collect(),
            months: spans
                .map(|one| ReportPeriod { from: Date(one.from), to: Date(one.to) })
                .collect(),
            budgets: found.budgets.into_iter().map(Budget::from).collect(),
        })
    }
}
