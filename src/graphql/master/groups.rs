//! Account groups as a tenant sees them: the shared ones, and its own below them.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};
use chrono::NaiveDate;
use daybook_domain::id::{AccountGroupId, SubGroupId};
use daybook_entity::master::chart as stored;

use crate::{
    clock::Clock,
    connection,
    graphql::{
        context::{Asks, Caller, Served},
        error::ApiResult,
        id,
        scalar::Date,
    },
    master::{Catalogue, catalogue::is_in_force},
    scope::PlatformScope,
    services::{
        books::{
            chart::{self, Chart},
            groups::{self, Group, GroupRef, Groups},
        },
        master::lists::shared_groups,
    },
};

/// A heading under which ledgers stand in the statements.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct AccountGroup {
    /// Opaque global id.
    pub id: ID,
    /// Code of the shared group that it is or hangs below.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether everybody shares it or it is your own.
    pub origin: AccountGroupOrigin,
    /// What kind of thing its ledgers are.
    pub nature: AccountNature,
    /// The side on which its balances are normal.
    pub normal_side: NormalSide,
    /// Where it is reported.
    pub statement: FinancialStatement,
    /// Whether it counts above gross profit.
    pub affects_gross_profit: bool,
    /// 1 for a primary group.
    pub level: i32,
    /// Whether it came with the product.
    pub is_system: bool,
    /// Whether you hide it from choosing.
    pub is_hidden: bool,
    /// The day from which it takes no more ledgers, also where a group above it was retired.
    pub retired_on: Option<Date>,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    #[graphql(skip)]
    was_archived: bool,
    #[graphql(skip)]
    pub(crate) reference: GroupRef,
    #[graphql(skip)]
    pub(crate) parent_reference: Option<GroupRef>,
}

/// Where a group comes from.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountGroupOrigin {
    /// The same for all accounts.
    Shared,
    /// The account's own.
    Own,
}

/// What kind of thing ledgers are.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountNature {
    /// What is owned or due to the business.
    Asset,
    /// What it owes, capital included.
    Liability,
    /// What it earns.
    Income,
    /// What it spends.
    Expense,
}

/// The side on which a balance is normal.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormalSide {
    /// Debit.
    Debit,
    /// Credit.
    Credit,
    /// Either.
    Either,
}

/// A statement of the books.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinancialStatement {
    /// Balance sheet.
    BalanceSheet,
    /// Profit and loss account.
    ProfitAndLoss,
}

impl From<stored::Nature> for AccountNature {
    fn from(nature: stored::Nature) -> Self {
        match nature {
            stored::Nature::Asset => Self::Asset,
            stored::Nature::Liability => Self::Liability,
            stored::Nature::Income => Self::Income,
            stored::Nature::Expense => Self::Expense,
        }
    }
}

impl From<stored::NormalSide> for NormalSide {
    fn from(side: stored::NormalSide) -> Self {
        match side {
            stored::NormalSide::Debit => Self::Debit,
            stored::NormalSide::Credit => Self::Credit,
            stored::NormalSide::Either => Self::Either,
        }
    }
}

impl From<stored::Statement> for FinancialStatement {
    fn from(statement: stored::Statement) -> Self {
        match statement {
            stored::Statement::BalanceSheet => Self::BalanceSheet,
            stored::Statement::ProfitAndLoss => Self::ProfitAndLoss,
        }
    }
}

impl From<AccountNature> for stored::Nature {
    fn from(nature: AccountNature) -> Self {
        match nature {
            AccountNature::Asset => Self::Asset,
            AccountNature::Liability => Self::Liability,
            AccountNature::Income => Self::Income,
            AccountNature::Expense => Self::Expense,
        }
    }
}

impl From<NormalSide> for stored::NormalSide {
    fn from(side: NormalSide) -> Self {
        match side {
            NormalSide::Debit => Self::Debit,
            NormalSide::Credit => Self::Credit,
            NormalSide::Either => Self::Either,
        }
    }
}

/// The kind of a shared group's global id.
pub const ACCOUNT_GROUP: &str = "AccountGroup";
/// The kind of an own group's global id.
pub const ACCOUNT_SUBGROUP: &str = "AccountSubgroup";

/// The global id of a group.
pub fn id_of(group: GroupRef) -> ID {
    match group {
        GroupRef::Shared(number) => id::encode(ACCOUNT_GROUP, number.get()),
        GroupRef::Own(number) => id::encode(ACCOUNT_SUBGROUP, number.get()),
    }
}

impl From<&Group> for AccountGroup {
    fn from(group: &Group) -> Self {
        Self {
            id: id_of(group.reference),
            code: group.code.clone(),
            name: group.name.clone(),
            origin: match group.reference {
                GroupRef::Shared(_) => AccountGroupOrigin::Shared,
                GroupRef::Own(_) => AccountGroupOrigin::Own,
            },
            nature: group.nature.into(),
            normal_side: group.normal_side.into(),
            statement: group.statement.into(),
            affects_gross_profit: group.affects_gross_profit,
            level: group.level,
            is_system: group.is_system,
            is_hidden: group.is_hidden,
            was_archived: group.is_archived,
            retired_on: group.retired_on.map(Date),
            version: group.version,
            reference: group.reference,
            parent_reference: group.parent,
        }
    }
}

#[ComplexObject]
impl AccountGroup {
    /// Whether it takes no more ledgers: it was archived, or the day of its retirement has come.
    async fn is_archived(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        let retired_on = self.retired_on.map(|day| day.0);
        Ok(self.was_archived || !is_in_force(retired_on, looker(ctx)?.today()))
    }

    /// The group above it; null for a primary group.
    async fn parent(&self, ctx: &Context<'_>) -> ApiResult<Option<AccountGroup>> {
        let groups = looker(ctx)?.groups().await?;
        let parent = self.parent_reference.and_then(|parent| groups.resolve(parent));
        Ok(parent.map(AccountGroup::from))
    }

    /// The groups directly below it.
    async fn children(&self, ctx: &Context<'_>) -> ApiResult<Vec<AccountGroup>> {
        let groups = looker(ctx)?.groups().await?;
        Ok(groups.below(self.reference).map(AccountGroup::from).collect())
    }
}

/// The group that a global id names.
pub fn group_of(global: &ID) -> Option<GroupRef> {
    let (kind, number) = id::split(global)?;
    match kind.as_str() {
        ACCOUNT_GROUP => Some(GroupRef::Shared(AccountGroupId::new(number))),
        ACCOUNT_SUBGROUP => Some(GroupRef::Own(SubGroupId::new(number))),
        _ => None,
    }
}

/// The group that a filter names; an id that names no group has nothing below it.
pub fn group_asked(global: &ID) -> GroupRef {
    group_of(global).unwrap_or(GroupRef::Own(SubGroupId::new(0)))
}

/// Who looks at the shared structure.
pub enum Looker<'c> {
    /// Somebody of a tenant, who sees what the tenant adapted.
    Tenant(Arc<Served>),
    /// Its keeper.
    Keeper(&'c PlatformScope),
}

impl Looker<'_> {
    /// The catalogue, as it stands at this request.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        match self {
            Self::Tenant(scope) => Arc::clone(&scope.catalogue),
            Self::Keeper(scope) => scope.tenancy.catalogue(),
        }
    }

    /// The time.
    pub fn clock(&self) -> &Clock {
        match self {
            Self::Tenant(scope) => &scope.clock,
            Self::Keeper(scope) => &scope.office.clock,
        }
    }

    /// Today where the tenant is; for the keeper, who keeps them for all countries, in UTC.
    pub fn today(&self) -> NaiveDate {
        match self {
            Self::Tenant(scope) => {
                scope.catalogue.today_in(&scope.clock, &scope.db.route().country)
            }
            Self::Keeper(scope) => scope.office.clock.today("UTC"),
        }
    }

    /// The groups: a tenant's with its own ones.
    pub async fn groups(&self) -> ApiResult<Arc<Groups>> {
        match self {
            Self::Tenant(scope) => Ok(groups::groups(scope).await?),
            Self::Keeper(_) => Ok(Arc::new(shared_groups(&self.catalogue()))),
        }
    }

    /// A tenant's chart, where what it overrides stands.
    pub async fn chart(&self) -> ApiResult<Option<Arc<Chart>>> {
        match self {
            Self::Tenant(scope) => Ok(Some(chart::chart(scope).await?)),
            Self::Keeper(_) => Ok(None),
        }
    }
}

/// Who looks at the shared structure in this request.
pub fn looker<'c>(ctx: &'c Context<'_>) -> ApiResult<Looker<'c>> {
    match ctx.caller()? {
        Caller::Platform(scope) => Ok(Looker::Keeper(scope)),
        _ => Ok(Looker::Tenant(ctx.tenant()?)),
    }
}

connection!(
    /// Account groups as a tree is read: each before those below it.
    AccountGroupConnection, AccountGroupEdge, AccountGroup
);

impl From<Group> for AccountGroup {
    fn from(group: Group) -> Self {
        Self::from(&group)
    }
}
