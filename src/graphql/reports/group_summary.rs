//! The summary of a group in the API.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::role::Permission;
use daybook_entity::tenant::business::business;

use super::arguments::asking;
use crate::{
    connection,
    graphql::{
        books::{businesses::Business, entries::money, ledgers::Ledger},
        context::{Asks, Requires},
        error::ApiResult,
        master::{AccountGroup, groups::group_of},
        page::{Ahead, PageAsk},
        scalar::{CurrencyCode, Date, DateTime, Money},
    },
    services::reports::registers::{
        group_summary::{self as service, What},
        span::Span,
    },
};

const ROWS: &str = "groupSummary:rows";

/// The summary of a group: what the groups and ledgers directly below it stood at, moved and stand at.
/// Balances are debits above zero and credits below.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct GroupSummary {
    /// The group.
    pub account_group: AccountGroup,
    /// The businesses in whose books it is.
    pub businesses: Vec<Business>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// Balance before the first day.
    pub opening: Money,
    /// Sum of the debits.
    pub debit: Money,
    /// Sum of the credits.
    pub credit: Money,
    /// What first days of accounting years within the range took to Profit & Loss A/c, or brought to it.
    pub carried: Money,
    /// Balance at the end of the last day: the opening, and all that moved.
    pub closing: Money,
    #[graphql(skip)]
    rows: Ahead<GroupSummaryRow>,
}

/// What a group or a ledger directly below another group stood at, moved and stands at.
#[derive(SimpleObject, Debug, Clone)]
pub struct GroupSummaryRow {
    /// The group, with everything below it; null where the row is a ledger's.
    pub account_group: Option<AccountGroup>,
    /// The ledger; null where the row is a group's.
    pub ledger: Option<Ledger>,
    /// Balance before the first day.
    pub opening: Money,
    /// Sum of the debits.
    pub debit: Money,
    /// Sum of the credits.
    pub credit: Money,
    /// What first days of accounting years within the range took to Profit & Loss A/c, or brought to it.
    pub carried: Money,
    /// Balance at the end of the last day.
    pub closing: Money,
}

connection!(
    /// Rows of a group's summary: groups in their order, then ledgers by name. What never moved is left out.
    GroupSummaryRowConnection, GroupSummaryRowEdge, GroupSummaryRow
);

#[ComplexObject]
impl GroupSummary {
    /// Its rows.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn rows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<GroupSummaryRowConnection> {
        let ask = PageAsk::new(ctx, ROWS, first, after.as_deref())?;
        Ok(GroupSummaryRowConnection::of(ROWS, &ask, self.rows.page(&ask)?))
    }
}

fn row(found: service::Row, business: &business::Model) -> GroupSummaryRow {
    let of = |amount| money(amount, business);
    let Span { opening, debit, credit, carried } = found.span;
    let (account_group, ledger) = match found.what {
        What::Group(group) => (Some(AccountGroup::from(group.as_ref())), None),
        What::Ledger(ledger) => (None, Some(Ledger::from(*ledger))),
    };
    GroupSummaryRow {
        account_group,
        ledger,
        opening: of(opening),
        debit: of(debit),
        credit: of(credit),
        carried: of(carried),
        closing: of(found.span.closing()),
    }
}

/// Queries of summaries of groups.
#[derive(Default, Debug)]
pub struct GroupSummaryQuery;

#[Object]
impl GroupSummaryQuery {
    /// The summary of a group over a range of days; null when there is no such group. A row's group has a
    /// summary of its own, a row's ledger a statement. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    async fn group_summary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id: a shared one or one of your own.")] account_group_id: ID,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day, when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(
            desc = "As the books were known at this instant, at least two seconds ago; as they are now \
                    when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<Option<GroupSummary>> {
        let scope = &ctx.tenant()?;
        let asks = PageAsk::ahead(ctx, &["rows"], ROWS)?;
        let asking = asking(business_ids, from, to, as_known_at);
        let group = group_of(&account_group_id);
        let Some(found) = service::of_group(scope, group, asking, &asks).await? else {
            return Ok(None);
        };
        let business = &found.frame.lead;
        let of = |amount| money(amount, business);
        let pages = found.pages.into_iter().map(|page| page.map(|one| row(one, business)));
        let businesses = found.frame.businesses.iter().cloned();
        Ok(Some(GroupSummary {
            account_group: (&found.group).into(),
            businesses: businesses.map(Business::from).collect(),
            from: Date(found.frame.from),
            to: Date(found.frame.to),
            currency: CurrencyCode::of(&business.base_currency),
            opening: of(found.total.opening),
            debit: of(found.total.debit),
            credit: of(found.total.credit),
            carried: of(found.total.carried),
            closing: of(found.total.closing()),
            rows: Ahead::of(asks, pages.collect()),
        }))
    }
}
