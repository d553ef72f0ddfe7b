//! Budgets in the API.

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject,
};
use daybook_domain::{
    budget::{BudgetBasis as Basis, Plan},
    id::{BudgetId, BusinessId, CostCentreId},
    role::Permission,
};
use daybook_entity::tenant::budgets::budget;

use super::{
    businesses::{Business, asked},
    cost_centres::{CostCentre, centre_of},
    entries::money,
    ledgers::{Ledger, ledger_of, maybe},
    loaders,
};
use crate::{
    connection,
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        master::{AccountGroup, groups::group_of},
        page::PageAsk,
        scalar::{Date, DateTime, Decimal, Money},
    },
    payloads,
    services::books::{
        budget_edit::{self as edit, ChangeBudget, CreateBudget, WrittenLine},
        budgets::{self, Planned},
        cost_centres, groups,
    },
    user_errors,
};

/// A plan of what ledgers or groups are to move or to stand at, over whole months.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct Budget {
    /// Opaque global id.
    pub id: ID,
    /// Its name, unique in the business whatever its case.
    pub name: String,
    /// First day, of a month.
    #[graphql(name = "from")]
    pub first_day: Date,
    /// Last day, of a month.
    #[graphql(name = "to")]
    pub last_day: Date,
    /// Words about it.
    pub description: Option<String>,
    /// When it was archived.
    pub archived_at: Option<DateTime>,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    #[graphql(skip)]
    budget: BudgetId,
    #[graphql(skip)]
    in_books: BusinessId,
}

/// The kind of a budget's global id.
pub const BUDGET: &str = "Budget";

impl From<budget::Model> for Budget {
    fn from(row: budget::Model) -> Self {
        Self {
            id: id::encode(BUDGET, row.id.get()),
            name: row.name,
            first_day: Date(row.starts_on),
            last_day: Date(row.ends_on),
            description: row.description,
            archived_at: row.archived_at.map(DateTime),
            version: row.version,
            budget: row.id,
            in_books: row.business_id,
        }
    }
}

#[ComplexObject]
impl Budget {
    /// The business that it belongs to.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.in_books, |business| business.clone().into()).await
    }

    /// Its lines in order.
    #[graphql(complexity = "crate::graphql::cost::of_many(10, child_complexity)")]
    async fn lines(&self, ctx: &Context<'_>) -> ApiResult<Vec<BudgetLine>> {
        let lines = loaders::budget_lines(ctx, self.budget).await?;
        let mut shown = Vec::with_capacity(lines.len());
        for line in lines {
            let of = |amount| {
                loaders::business(ctx, self.in_books, move |business| money(amount, business))
            };
            let (mut amount, mut months) = (None, Vec::new());
            match &line.plan {
                Plan::Whole(whole) => amount = Some(of(*whole).await?),
                Plan::Monthly(amounts) => {
                    for (first, planned) in amounts {
                        let amount = of(*planned).await?;
                        months.push(BudgetMonth { month: Date(*first), amount });
                    }
                }
            }
            shown.push(BudgetLine {
                basis: line.basis.into(),
                amount,
                months,
                of: line.of,
                centre: line.centre,
            });
        }
        Ok(shown)
    }
}

/// What a line of a budget plans.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Basis")]
pub enum BudgetBasis {
    /// What moves within each month.
    NetMovement,
    /// What it stands at at the end of each month.
    ClosingBalance,
}

/// A line of a budget. Amounts are above zero on the side on which balances of the group are normal; on the
/// debit side where either is.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct BudgetLine {
    /// Movements or balances.
    pub basis: BudgetBasis,
    /// What is planned for the whole period; null where it is planned by month.
    pub amount: Option<Money>,
    /// What is planned by month; empty where it is planned for the whole period.
    pub months: Vec<BudgetMonth>,
    #[graphql(skip)]
    of: Planned,
    #[graphql(skip)]
    centre: Option<CostCentreId>,
}

/// What is planned for a month.
#[derive(SimpleObject, Debug, Clone)]
pub struct BudgetMonth {
    /// First day of the month.
    pub month: Date,
    /// How much.
    pub amount: Money,
}

#[ComplexObject]
impl BudgetLine {
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

/// The ledger that something is planned for.
pub async fn planned_ledger(ctx: &Context<'_>, of: Planned) -> ApiResult<Option<Ledger>> {
    match of {
        Planned::Ledger(id) => Ok(Some(loaders::ledger(ctx, id).await?)),
        Planned::Group(_) => Ok(None),
    }
}

/// The group that something is planned for.
pub async fn planned_group(ctx: &Context<'_>, of: Planned) -> ApiResult<Option<AccountGroup>> {
    match of {
        Planned::Ledger(_) => Ok(None),
        Planned::Group(group) => {
            let known = groups::known(&*ctx.tenant()?).await?;
            Ok(known.resolve(group).map(AccountGroup::from))
        }
    }
}

/// The cost centre that something is planned for.
pub async fn planned_centre(
    ctx: &Context<'_>,
    centre: Option<CostCentreId>,
) -> ApiResult<Option<CostCentre>> {
    let Some(centre) = centre else { return Ok(None) };
    let known = cost_centres::known(&*ctx.tenant()?).await?;
    Ok(known.centres.get(&centre).cloned().map(CostCentre::from))
}

connection!(
    /// Budgets, the one that begins last first.
    BudgetConnection, BudgetEdge, Budget
);

user_errors!(
    /// Something wrong with a budget's input.
    BudgetUserError,
    /// What can be wrong with a budget's input.
    BudgetErrorCode {
        /// There is no such account group.
        AccountGroupUnknown,
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// There is no such cost centre in this business.
        CostCentreUnknown,
        /// There is no such ledger in this business.
        LedgerUnknown,
        /// There is no such budget.
        NotFound,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// The name is in use already, or two lines plan the same.
        Taken,
        /// The amount is beyond what is kept.
        TooLarge,
        /// The text is too long.
        TooLong,
        /// More than a business or a budget can have, or no lines.
        TooMany,
        /// More decimal places than the currency has.
        TooPrecise,
    }
);

/// A line of a budget: of a ledger or of a group, for the whole period or by month.
#[derive(InputObject, Debug)]
pub struct BudgetLineInput {
    /// The ledger.
    pub ledger_id: Option<ID>,
    /// The group, with all ledgers below it, in place of `ledgerId`.
    pub account_group_id: Option<ID>,
    /// Only what this cost centre, with all below it, bears.
    pub cost_centre_id: Option<ID>,
    /// Movements or balances.
    #[graphql(default_with = "BudgetBasis::NetMovement")]
    pub basis: BudgetBasis,
    /// What is planned for the whole period, on the side on which balances of the group are normal.
    pub amount: Option<Decimal>,
    /// What is planned by month, in place of `amount`.
    pub months: Option<Vec<BudgetMonthInput>>,
}

/// What is planned for a month.
#[derive(InputObject, Debug)]
pub struct BudgetMonthInput {
    /// Any day of the month.
    pub month: Date,
    /// How much, on the side on which balances of the group are normal.
    pub amount: Decimal,
}

impl From<BudgetLineInput> for WrittenLine {
    fn from(input: BudgetLineInput) -> Self {
        let months = |months: Vec<BudgetMonthInput>| {
            months.into_iter().map(|one| (one.month.0, one.amount.0)).collect()
        };
        Self {
            ledger: input.ledger_id.as_ref().map(ledger_of),
            group: input.account_group_id.as_ref().map(group_of),
            centre: input.cost_centre_id.as_ref().map(centre_of),
            basis: input.basis.into(),
            whole: input.amount.map(|amount| amount.0),
            months: input.months.map(months),
        }
    }
}

/// A budget to be made.
#[derive(InputObject, Debug)]
pub struct BudgetCreateInput {
    /// The business; may be left out by who sees only one.
    pub business_id: Option<ID>,
    /// Its name.
    pub name: String,
    /// First day, of a month.
    pub from: Date,
    /// Last day, of a month, at most 36 months in all.
    pub to: Date,
    /// Words about it.
    pub description: Option<String>,
    /// 1 to 200 lines.
    pub lines: Vec<BudgetLineInput>,
}

/// What to change of a budget; what is left out stays. Its period stays.
#[derive(InputObject, Debug)]
pub struct BudgetUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name; it cannot be null.
    pub name: MaybeUndefined<String>,
    /// Words about it; null for none.
    pub description: MaybeUndefined<String>,
    /// All of its lines from now on; it cannot be null.
    pub lines: MaybeUndefined<Vec<BudgetLineInput>>,
}

/// Archiving a budget, or bringing it back.
#[derive(InputObject, Debug)]
pub struct BudgetArchiveInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// True archives, false brings back.
    #[graphql(default = true)]
    pub archived: bool,
}

payloads! {
    /// The budget as it stands now; null when something was wrong.
    budget: Budget, of budget::Model, or BudgetUserError;
    /// What making a budget did.
    BudgetCreatePayload
    /// What changing a budget did.
    BudgetUpdatePayload
    /// What archiving a budget did.
    BudgetArchivePayload
}

/// The budget that a global id names.
pub fn budget_of(global: &ID) -> Option<BudgetId> {
    id::decode(BUDGET, global).map(BudgetId::new)
}

const BY_START: &str = "budgets:from:desc";

/// Queries of budgets.
#[derive(Default, Debug)]
pub struct BudgetQuery;

#[Object]
impl BudgetQuery {
    /// Budgets of a business, the one that begins last first. Requires: BUDGET_READ.
    #[graphql(
        guard = "Requires(Permission::BudgetRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn budgets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Only archived ones (true) or only others (false).")] is_archived: Option<
            bool,
        >,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BudgetConnection> {
        let ask = PageAsk::new(ctx, BY_START, first, after.as_deref())?;
        let business = asked(business_id.as_ref());
        let page = budgets::list(&*ctx.tenant()?, business, is_archived, &ask).await?;
        Ok(BudgetConnection::of(BY_START, &ask, page))
    }

    /// One budget. Requires: BUDGET_READ.
    #[graphql(guard = "Requires(Permission::BudgetRead)")]
    async fn budget(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The budget's id.")] id: ID,
    ) -> ApiResult<Option<Budget>> {
        let Some(id) = budget_of(&id) else { return Ok(None) };
        Ok(budgets::find(&*ctx.tenant()?, id).await?.map(Budget::from))
    }
}

/// Mutations of budgets.
#[derive(Default, Debug)]
pub struct BudgetMutation;

#[Object]
impl BudgetMutation {
    /// Makes a budget. Requires: BUDGET_UPDATE.
    #[graphql(
        guard = "Requires(Permission::BudgetUpdate)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn budget_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The budget.")] input: BudgetCreateInput,
    ) -> ApiResult<BudgetCreatePayload> {
        let command = CreateBudget {
            business: asked(input.business_id.as_ref()),
            name: input.name,
            from: input.from.0,
            to: input.to.0,
            description: input.description,
            lines: input.lines.into_iter().map(WrittenLine::from).collect(),
        };
        BudgetCreatePayload::of(edit::create(&*ctx.tenant()?, command).await)
    }

    /// Renames a budget, or writes all of its lines anew. Requires: BUDGET_UPDATE.
    #[graphql(
        guard = "Requires(Permission::BudgetUpdate)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn budget_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The budget's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: BudgetUpdateInput,
    ) -> ApiResult<BudgetUpdatePayload> {
        let lines =
            |lines: Vec<BudgetLineInput>| lines.into_iter().map(WrittenLine::from).collect();
        let change = ChangeBudget {
            expected_version: input.expected_version,
            name: maybe(input.name),
            description: maybe(input.description),
            lines: maybe(input.lines).map(|given| given.map(lines)),
            archived: None,
        };
        BudgetUpdatePayload::of(edit::change(&*ctx.tenant()?, budget_of(&id), change).await)
    }

    /// Archives a budget, or brings it back. Requires: BUDGET_UPDATE.
    #[graphql(guard = "Requires(Permission::BudgetUpdate)")]
    async fn budget_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The budget's id.")] id: ID,
        #[graphql(desc = "Which way.")] input: BudgetArchiveInput,
    ) -> ApiResult<BudgetArchivePayload> {
        let change = ChangeBudget {
            expected_version: input.expected_version,
            archived: Some(input.archived),
            ..ChangeBudget::default()
        };
        BudgetArchivePayload::of(edit::change(&*ctx.tenant()?, budget_of(&id), change).await)
    }
}
