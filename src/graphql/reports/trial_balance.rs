//! The trial balance in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::{
    ask::{
        Arguments, ComparativesInput, ReportPeriod, ScenarioInput, StatementDetail, StatementHead,
        StatementPeriods,
    },
    lines::{StatementPlace, Writer, is_wanted},
};
use crate::{
    error::Error,
    graphql::{
        books::{businesses::Business, ledgers::Ledger},
        context::{Asks, Requires},
        error::ApiResult,
        scalar::{Date, DateTime, Money},
    },
    services::reports::{
        frame::Line,
        trial_balance::{self, Columns},
    },
};

/// What every ledger stood at, what moved it, and what it stands at; both sides are equal.
#[derive(SimpleObject, Debug)]
pub struct TrialBalance {
    #[graphql(flatten)]
    head: StatementHead,
    /// Whose; the first of them, where several are taken together.
    pub business: Business,
    /// First day: where openings end and movements begin.
    pub from: Date,
    /// Last day.
    pub as_at: Date,
    /// The periods that it is compared with, in the order of all `comparatives` in it.
    pub comparative_periods: Vec<ReportPeriod>,
    /// One row per ledger that moved or stood at something, by name.
    pub rows: Vec<TrialBalanceRow>,
    /// The same by the tree of groups, each group before what is below it.
    pub lines: Vec<TrialBalanceLine>,
    /// Sums of the columns.
    pub totals: TrialBalanceTotals,
    /// Whether debits equal credits before, within and after the period, in all periods; always true.
    pub is_balanced: bool,
}

/// The columns of a trial balance. Each balance of a ledger stands on one side, the other is zero; a
/// group and the totals have the sums of both sides.
#[derive(SimpleObject, Debug, Clone)]
pub struct TrialBalanceFigures {
    /// Debit balance before the first day.
    pub opening_debit: Money,
    /// Credit balance before the first day.
    pub opening_credit: Money,
    /// Debits within the period.
    pub debit: Money,
    /// Credits within the period.
    pub credit: Money,
    /// Debit balance at the end of the last day.
    pub closing_debit: Money,
    /// Credit balance at the end of the last day.
    pub closing_credit: Money,
    /// What the turn of an accounting year within the period moved between this and Profit & Loss A/c, a
    /// debit above zero; zero where the period lies in one year. Opening, movement and this are the
    /// closing.
    pub carried_over: Money,
}

/// Columns of the period asked, beside those that it is compared with.
#[derive(SimpleObject, Debug, Clone)]
pub struct TrialBalanceColumns {
    #[graphql(flatten)]
    figures: TrialBalanceFigures,
    /// The columns of each period that it is compared with, in their order.
    pub comparatives: Vec<TrialBalanceFigures>,
}

/// One ledger's row of a trial balance.
#[derive(SimpleObject, Debug)]
pub struct TrialBalanceRow {
    /// The ledger.
    pub ledger: Ledger,
    #[graphql(flatten)]
    columns: TrialBalanceColumns,
}

/// A line of a trial balance by groups.
#[derive(SimpleObject, Debug)]
pub struct TrialBalanceLine {
    #[graphql(flatten)]
    place: StatementPlace,
    #[graphql(flatten)]
    columns: TrialBalanceColumns,
}

/// Sums of a trial balance's columns; each pair is equal.
#[derive(SimpleObject, Debug)]
pub struct TrialBalanceTotals {
    #[graphql(flatten)]
    columns: TrialBalanceColumns,
}

fn figures(writer: &Writer, columns: Columns) -> TrialBalanceFigures {
    TrialBalanceFigures {
        opening_debit: writer.money(columns.opening_debit),
        opening_credit: writer.money(columns.opening_credit),
        debit: writer.money(columns.debit),
        credit: writer.money(columns.credit),
        closing_debit: writer.money(columns.closing_debit),
        closing_credit: writer.money(columns.closing_credit),
        carried_over: writer.money(columns.carried),
    }
}

fn columns(writer: &Writer, each: &[Columns]) -> TrialBalanceColumns {
    let first = each.first().copied().unwrap_or_default();
    TrialBalanceColumns {
        figures: figures(writer, first),
        comparatives: each.iter().skip(1).map(|one| figures(writer, *one)).collect(),
    }
}

impl TrialBalance {
    fn of(found: trial_balance::TrialBalance, detail: StatementDetail) -> ApiResult<Self> {
        let frame = Arc::new(found.frame);
        let writer = Writer::of(&frame)?;
        let StatementPeriods { period, comparative_periods } = StatementPeriods::of(&frame)?;
        let business = frame.businesses.first().cloned();
        let business =
            business.ok_or_else(|| Error::Internal("a statement of no business".into()))?;
        let row = |(id, each): &(_, Vec<Columns>)| {
            let ledger = frame.chart.ledgers.get(id).cloned()?;
            Some(TrialBalanceRow { ledger: ledger.into(), columns: columns(&writer, each) })
        };
        let line = |(line, each): &(Line, Vec<Columns>)| TrialBalanceLine {
            place: StatementPlace::of(&frame, line),
            columns: columns(&writer, each),
        };
        let lines = found.lines.iter().filter(|(line, _)| is_wanted(line, detail));
        Ok(Self {
            head: StatementHead::of(&frame)?,
            business: Business::from(business),
            from: period.from,
            as_at: period.to,
            comparative_periods,
            rows: found.rows.iter().filter_map(row).collect(),
            lines: lines.map(line).collect(),
            is_balanced: found.totals.iter().all(|one| one.is_balanced()),
            totals: TrialBalanceTotals { columns: columns(&writer, &found.totals) },
        })
    }
}

/// Queries of the trial balance.
#[derive(Default, Debug)]
pub struct TrialBalanceQuery;

#[Object]
impl TrialBalanceQuery {
    /// The trial balance over a period: openings, movements and closings of every ledger, by name and by
    /// the tree of groups, read from one snapshot. Income and expense begin anew with each accounting
    /// year; what they came to before stands in Profit & Loss A/c. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn trial_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(
            desc = "Several businesses together, in place of `businessId`; all with one base currency."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] as_at: Option<
            Date,
        >,
        #[graphql(desc = "What it is compared with.")] comparatives: Option<ComparativesInput>,
        #[graphql(desc = "How much of the tree of groups `lines` show.", default)]
        detail: StatementDetail,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out."
        )]
        as_known_at: Option<DateTime>,
        #[graphql(desc = "What counts beside the books; nothing when left out.")] scenario: Option<
            ScenarioInput,
        >,
    ) -> ApiResult<TrialBalance> {
        let asked = Arguments {
            business_id,
            business_ids,
            from,
            to: as_at,
            comparatives,
            as_known_at,
            scenario,
        };
        let question = asked.question("asAt")?;
        let found = trial_balance::trial_balance(&*ctx.tenant()?, &question).await?;
        TrialBalance::of(found, detail)
    }
}
