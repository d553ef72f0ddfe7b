//! The cash flow statement in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use daybook_domain::{
    money::Money as Amount, role::Permission, statement::cash_flow::CashFlow as Flow,
};

use super::{
    ask::{Arguments, ComparativesInput, StatementDetail, StatementHead, StatementPeriods},
    lines::{
        MovementSection, StatementFigure, StatementPlace, StatementSection, Writer, is_wanted,
    },
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        scalar::{Date, DateTime, Money},
    },
    services::reports::{
        cash_flow,
        frame::{Frame, Line, totals},
    },
};

/// What cash came and went for over a period. Cash is what stands below Cash-in-Hand, Bank Accounts and
/// Bank OD A/c; what brings it is above zero. Fixed assets and investments are investing; capital,
/// reserves, loans and accounts with branches are financing; everything else is operating. Rows of
/// vouchers that close a year, which only imported books hold, are left out.
#[derive(SimpleObject, Debug)]
pub struct CashFlow {
    #[graphql(flatten)]
    head: StatementHead,
    #[graphql(flatten)]
    periods: StatementPeriods,
    /// Running the business, told directly: what stands against cash in the vouchers that move it.
    pub operating: CashFlowSection,
    /// Running the business, told from the profit; its total is that of `operating`.
    pub operating_indirect: OperatingCashFlow,
    /// What is kept for years.
    pub investing: CashFlowSection,
    /// Owners and lenders.
    pub financing: CashFlowSection,
    /// What the three brought together.
    pub net: StatementFigure,
    /// The cash itself before and after; its change is `net`.
    pub cash: MovementSection,
    /// Whether both ways of telling agree with each other and with the cash, in all periods; always true.
    pub is_reconciled: bool,
}

/// The cash of running the business, told from the profit.
#[derive(SimpleObject, Debug)]
pub struct OperatingCashFlow {
    /// Net profit of the period.
    pub net_profit: StatementFigure,
    /// What changed fixed assets, investments, capital and loans without moving cash, such as
    /// depreciation: added to the profit.
    pub non_cash: StatementSection,
    /// What changed the other assets and liabilities, such as debtors, stock and creditors; less of an
    /// asset or more of a liability is above zero.
    pub working_capital: StatementSection,
    /// All three together.
    pub total: StatementFigure,
}

/// Receipts and payments of a period.
#[derive(SimpleObject, Debug, Clone)]
pub struct CashFlowFigures {
    /// What credits brought.
    pub receipts: Money,
    /// What debits took.
    pub payments: Money,
    /// Receipts less payments.
    pub amount: Money,
}

/// Receipts and payments of the period asked, beside those that it is compared with.
#[derive(SimpleObject, Debug, Clone)]
pub struct CashFlowColumns {
    #[graphql(flatten)]
    figures: CashFlowFigures,
    /// The same of each period that it is compared with, in their order.
    pub comparatives: Vec<CashFlowFigures>,
}

/// A line of a cash flow statement: what a ledger, or all below a group, brought and took. A voucher that
/// moves cash and several ledgers on both sides is told by each of them; together they are its cash.
#[derive(SimpleObject, Debug)]
pub struct CashFlowLine {
    #[graphql(flatten)]
    place: StatementPlace,
    #[graphql(flatten)]
    columns: CashFlowColumns,
}

/// Part of a cash flow statement: its lines as they are read, each group before what is below it.
#[derive(SimpleObject, Debug)]
pub struct CashFlowSection {
    /// Groups and ledgers.
    pub lines: Vec<CashFlowLine>,
    /// Sum of the lines at level 1.
    pub total: CashFlowColumns,
}

fn columns(writer: &Writer, amounts: &[Amount]) -> CashFlowColumns {
    let (pairs, _) = amounts.as_chunks::<2>();
    let figures = |[receipts, payments]: [Amount; 2]| CashFlowFigures {
        receipts: writer.money(receipts),
        payments: writer.money(payments),
        amount: writer.money(receipts.saturating_sub(payments)),
    };
    let first = pairs.first().copied().unwrap_or_default();
    CashFlowColumns {
        figures: figures(first),
        comparatives: pairs.iter().skip(1).copied().map(figures).collect(),
    }
}

fn section(
    writer: &Writer,
    frame: &Arc<Frame>,
    lines: &[Line],
    detail: StatementDetail,
) -> CashFlowSection {
    let line = |line: &Line| CashFlowLine {
        place: StatementPlace::of(frame, line),
        columns: columns(writer, &line.amounts),
    };
    CashFlowSection {
        total: columns(writer, &totals(lines, frame.spans.len() * 2)),
        lines: lines.iter().filter(|one| is_wanted(one, detail)).map(line).collect(),
    }
}

impl CashFlow {
    fn of(found: cash_flow::CashFlowStatement, detail: StatementDetail) -> ApiResult<Self> {
        let frame = Arc::new(found.frame);
        let writer = Writer::of(&frame)?;
        let figure =
            |amount: fn(Flow) -> Amount| writer.figure(found.flows.iter().copied().map(amount));
        Ok(Self {
            head: StatementHead::of(&frame)?,
            periods: StatementPeriods::of(&frame)?,
            operating: section(&writer, &frame, &found.operating, detail),
            operating_indirect: OperatingCashFlow {
                net_profit: figure(|flow| flow.net_profit),
                non_cash: writer.section(&frame, &found.non_cash, detail),
                working_capital: writer.section(&frame, &found.working_capital, detail),
                total: figure(Flow::operating_indirect),
            },
            investing: section(&writer, &frame, &found.investing, detail),
            financing: section(&writer, &frame, &found.financing, detail),
            net: figure(Flow::net),
            cash: writer.movements(&frame, &found.cash, detail),
            is_reconciled: found.flows.iter().all(|flow| flow.is_reconciled()),
        })
    }
}

/// Queries of the cash flow.
#[derive(Default, Debug)]
pub struct CashFlowQuery;

#[Object]
impl CashFlowQuery {
    /// The cash flow over a period, told directly and from the profit, read from one snapshot. It reads
    /// the entries of all vouchers that move cash in the period. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn cash_flow(
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
    ) -> ApiResult<CashFlow> {
        let asked =
            Arguments { business_ids, from, to, comparatives, as_known_at, ..Arguments::default() };
        let question = asked.question("to")?;
        let found = cash_flow::cash_flow(&*ctx.tenant()?, &question).await?;
        CashFlow::of(found, detail)
    }
}
