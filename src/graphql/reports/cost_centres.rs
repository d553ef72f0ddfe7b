//! What cost centres bore, in the API.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::{
    id::{CostCategoryId, CostCentreId, LedgerId},
    role::Permission,
};

use super::{
    arguments::asking,
    ask::{Arguments, ComparativesInput, StatementDetail, StatementHead, StatementPeriods},
    lines::{StatementFigure, StatementSection, Writer},
};
use crate::{
    connection,
    error::Error,
    graphql::{
        books::{
            cost_centres::{CostCategory, CostCentre, category_of, centre_of},
            entries::money,
            ledgers::{LEDGER, Ledger},
            loaders,
            vouchers::Voucher,
        },
        context::{Asks, Requires},
        error::ApiResult,
        id,
        master::groups::group_asked,
        page::PageAsk,
        scalar::{Date, DateTime, Money},
    },
    services::{
        books::{balances::Sums, cost_centres},
        reports::{
            cost_breakup::{self as service, Breakup, Of},
            registers::cost_entries,
        },
    },
};

/// What cost centres bore over a period.
#[derive(SimpleObject, Debug)]
pub struct CostCentreBreakup {
    #[graphql(flatten)]
    head: StatementHead,
    #[graphql(flatten)]
    periods: StatementPeriods,
    /// Centres that bore anything, as they are read: each before those below it.
    pub lines: Vec<CostCentreLine>,
    /// Categories that bore anything, by name.
    pub categories: Vec<CostCategoryLine>,
}

/// What the centres of each category bore over a period.
#[derive(SimpleObject, Debug)]
pub struct CostCategorySummary {
    #[graphql(flatten)]
    head: StatementHead,
    #[graphql(flatten)]
    periods: StatementPeriods,
    /// Categories that bore anything, by name.
    pub categories: Vec<CostCategoryLine>,
}

/// What a cost centre bore, with all below it.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct CostCentreLine {
    /// The centre.
    pub cost_centre: CostCentre,
    /// 1 at the top, one more below each centre.
    pub level: i32,
    /// Of debits.
    pub debit: StatementFigure,
    /// Of credits.
    pub credit: StatementFigure,
    /// Debits less credits.
    pub net: StatementFigure,
    #[graphql(skip)]
    centre: CostCentreId,
    #[graphql(skip)]
    found: Arc<Found>,
}

/// What the centres of a category bore.
#[derive(SimpleObject, Debug)]
pub struct CostCategoryLine {
    /// The category.
    pub cost_category: CostCategory,
    /// Of debits.
    pub debit: StatementFigure,
    /// Of credits.
    pub credit: StatementFigure,
    /// Debits less credits.
    pub net: StatementFigure,
    /// What the ledgers moved beyond that, debits less credits; null where it is of all ledgers.
    pub unallocated: Option<StatementFigure>,
}

/// A break-up and how it is written.
#[derive(Debug)]
struct Found {
    breakup: Breakup,
    frame: Arc<crate::services::reports::frame::Frame>,
    writer: Writer,
}

#[ComplexObject]
impl CostCentreLine {
    /// The same by the tree of groups, debits less credits.
    #[graphql(complexity = "crate::graphql::cost::of_many(10, child_complexity)")]
    async fn ledgers(
        &self,
        #[graphql(desc = "How much of the tree of groups is shown.", default)]
        detail: StatementDetail,
    ) -> StatementSection {
        let lines = self.found.breakup.ledgers_of(&self.found.frame, self.centre);
        self.found.writer.section(&self.found.frame, &lines, detail)
    }
}

fn figures(writer: &Writer, sums: &[Sums]) -> [StatementFigure; 3] {
    [
        writer.figure(sums.iter().map(|one| one.debit)),
        writer.figure(sums.iter().map(|one| one.credit)),
        writer.figure(sums.iter().map(|one| one.balance())),
    ]
}

fn categories(found: &Found) -> ApiResult<Vec<CostCategoryLine>> {
    let mut lines = Vec::with_capacity(found.breakup.categories.len());
    for line in &found.breakup.categories {
        let row = found.breakup.centres.categories.get(&line.category).cloned();
        let row = row.ok_or_else(|| Error::Internal("a sum of no cost category".into()))?;
        let [debit, credit, net] = figures(&found.writer, &line.sums);
        let rest = line.unallocated.as_ref();
        lines.push(CostCategoryLine {
            cost_category: row.into(),
            debit,
            credit,
            net,
            unallocated: rest.map(|rest| found.writer.figure(rest.iter().copied())),
        });
    }
    Ok(lines)
}

fn shown(found: &Arc<Found>) -> ApiResult<CostCentreBreakup> {
    let mut lines = Vec::with_capacity(found.breakup.lines.len());
    for line in &found.breakup.lines {
        let row = found.breakup.centres.centres.get(&line.centre).cloned();
        let row = row.ok_or_else(|| Error::Internal("a sum of no cost centre".into()))?;
        let [debit, credit, net] = figures(&found.writer, &line.sums);
        lines.push(CostCentreLine {
            cost_centre: row.into(),
            level: line.level,
            debit,
            credit,
            net,
            centre: line.centre,
            found: Arc::clone(found),
        });
    }
    Ok(CostCentreBreakup {
        head: StatementHead::of(&found.frame)?,
        periods: StatementPeriods::of(&found.frame)?,
        lines,
        categories: categories(found)?,
    })
}

/// What of the cost centres is asked.
#[derive(Default)]
struct Which {
    category: Option<ID>,
    centre: Option<ID>,
    ledger: Option<ID>,
    group: Option<ID>,
}

async fn found(ctx: &Context<'_>, asked: Arguments, which: Which) -> ApiResult<Arc<Found>> {
    let of = match (which.ledger, which.group) {
        (Some(_), Some(_)) => {
            let why = "name a ledger by `ledgerId` or a group here, not both";
            return Err(Error::bad_input("accountGroupId", why).into());
        }
        (Some(ledger), None) => Of::Ledger(LedgerId::new(id::number(LEDGER, &ledger))),
        (None, Some(group)) => Of::Group(group_asked(&group)),
        (None, None) => Of::Everything,
    };
    // No category and no centre has the number 0.
    let category = |one: ID| category_of(&one).unwrap_or(CostCategoryId::new(0));
    let centre = |one: ID| centre_of(&one).unwrap_or(CostCentreId::new(0));
    let asking = service::Asking {
        question: asked.question("to")?,
        category: which.category.map(category),
        centre: which.centre.map(centre),
        of,
    };
    let (breakup, frame) = service::breakup(&*ctx.tenant()?, &asking).await?;
    let writer = Writer::of(&frame)?;
    Ok(Arc::new(Found { breakup, frame: Arc::new(frame), writer }))
}

/// An entry, as far as a cost centre bears it.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct CostCentreEntry {
    /// Day it counts in the books.
    pub date: Date,
    /// What the centre bears of a debit; null on a credit.
    pub debit: Option<Money>,
    /// What the centre bears of a credit; null on a debit.
    pub credit: Option<Money>,
    /// The entry's place in the voucher, from 1.
    pub entry_line: i32,
    /// The voucher, in the version that the entry belongs to.
    pub voucher: Voucher,
    #[graphql(skip)]
    ledger_id: LedgerId,
    #[graphql(skip)]
    centre_id: CostCentreId,
}

#[ComplexObject]
impl CostCentreEntry {
    /// The entry's ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.ledger_id).await
    }

    /// The centre: the one asked for, or one below it.
    async fn cost_centre(&self, ctx: &Context<'_>) -> ApiResult<CostCentre> {
        let known = cost_centres::known(&*ctx.tenant()?).await?;
        let row = known.centres.get(&self.centre_id).cloned();
        Ok(row.ok_or_else(|| Error::Internal("an entry of no cost centre".into()))?.into())
    }
}

connection!(
    /// Entries that a cost centre bears, by date and then by when they were posted.
    CostCentreEntryConnection, CostCentreEntryEdge, CostCentreEntry
);

const ENTRIES: &str = "costCentreEntries:date";

/// Queries of what cost centres bore.
#[derive(Default, Debug)]
pub struct CostBreakupQuery;

#[Object]
impl CostBreakupQuery {
    /// What each cost centre bore over a period, by ledger and group. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(10, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn cost_centre_breakup(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(desc = "Only this cost category.")] cost_category_id: Option<ID>,
        #[graphql(desc = "Only this cost centre and what is below it.")] cost_centre_id: Option<ID>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(desc = "What it is compared with.")] comparatives: Option<ComparativesInput>,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<CostCentreBreakup> {
        let asked =
            Arguments { business_ids, from, to, comparatives, as_known_at, ..Arguments::default() };
        let which =
            Which { category: cost_category_id, centre: cost_centre_id, ..Which::default() };
        shown(&found(ctx, asked, which).await?)
    }

    /// Which cost centres bore a ledger, or the ledgers below a group, over a period, and how much none did.
    /// Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(10, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn ledger_cost_breakup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ledger.")] ledger_id: Option<ID>,
        #[graphql(desc = "The group, in place of `ledgerId`.")] account_group_id: Option<ID>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(desc = "What it is compared with.")] comparatives: Option<ComparativesInput>,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<CostCentreBreakup> {
        if ledger_id.is_none() && account_group_id.is_none() {
            return Err(Error::bad_input("ledgerId", "name a ledger or a group").into());
        }
        let asked =
            Arguments { business_ids, from, to, comparatives, as_known_at, ..Arguments::default() };
        let which = Which { ledger: ledger_id, group: account_group_id, ..Which::default() };
        shown(&found(ctx, asked, which).await?)
    }

    /// What the centres of each cost category bore over a period. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(5, child_complexity)"
    )]
    async fn cost_category_summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(desc = "What it is compared with.")] comparatives: Option<ComparativesInput>,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<CostCategorySummary> {
        let asked =
            Arguments { business_ids, from, to, comparatives, as_known_at, ..Arguments::default() };
        let found = found(ctx, asked, Which::default()).await?;
        Ok(CostCategorySummary {
            head: StatementHead::of(&found.frame)?,
            periods: StatementPeriods::of(&found.frame)?,
            categories: categories(&found)?,
        })
    }

    /// The entries that a cost centre, or one below it, bears, the oldest first; nothing where there is no
    /// such centre. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn cost_centre_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cost centre's id.")] cost_centre_id: ID,
        #[graphql(desc = "Only entries of this ledger.")] ledger_id: Option<ID>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(
            desc = "As the books were known at this instant, at least two seconds ago; as they are now \
                    when left out."
        )]
        as_known_at: Option<DateTime>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<CostCentreEntryConnection> {
        let ask = PageAsk::new(ctx, ENTRIES, first, after.as_deref())?;
        let asking = asking(None, from, to, as_known_at);
        let ledger = ledger_id.map(|one| LedgerId::new(id::number(LEDGER, &one)));
        let centre = centre_of(&cost_centre_id);
        let scope = &*ctx.tenant()?;
        let found = cost_entries::of_centre(scope, centre, ledger, asking, &ask).await?;
        let Some((frame, page)) = found else {
            let none = crate::graphql::page::Page::cut(Vec::new(), &ask, 0, |_| Vec::new());
            return Ok(CostCentreEntryConnection::of::<CostCentreEntry>(ENTRIES, &ask, none));
        };
        let side = |amount: daybook_domain::money::Money| {
            (!amount.is_zero()).then(|| money(amount, &frame.lead))
        };
        let page = page.map(|one| CostCentreEntry {
            date: Date(one.voucher.dated),
            debit: side(one.debit),
            credit: side(one.credit),
            entry_line: one.entry_line,
            ledger_id: one.ledger,
            centre_id: one.centre,
            voucher: Voucher::from(one.voucher),
        });
        Ok(CostCentreEntryConnection::of(ENTRIES, &ask, page))
    }
}
