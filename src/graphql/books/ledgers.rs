//! Ledgers in the API.

use async_graphql::{
    ComplexObject, Context, ID, InputObject, MaybeUndefined, Object, SimpleObject,
};
use daybook_domain::id::{BusinessId, LedgerId};
use daybook_entity::tenant::chart::ledger;

use super::{
    businesses::asked,
    cost_centres::CostCentreUse,
    entries::{money, money_in},
    loaders,
};
use crate::{
    connection,
    graphql::{
        books::businesses::Business,
        context::{Asks, Requires},
        error::ApiResult,
        id,
        master::groups::{AccountGroup, group_asked, group_of},
        page::PageAsk,
        scalar::{CurrencyCode, Date, DateTime, Decimal, Money},
    },
    payloads,
    services::books::{
        chart,
        groups::{self, GroupRef},
        ledgers::{self, ChangeLedger, OpenLedger},
        openings::Opening,
        standing::Wanted,
    },
    user_errors,
};
use daybook_domain::role::Permission;

/// An account of a business: what its entries add up to.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct Ledger {
    /// Opaque global id.
    pub id: ID,
    /// Its name, unique in the business whatever its case.
    pub name: String,
    /// Code by which the program posts to it; such ledgers can be neither archived nor regrouped.
    pub system_code: Option<String>,
    /// Head of the tax that it collects, such as "CGST", where it is a tax ledger.
    pub tax_head: Option<String>,
    /// Its own currency, in which its entries and bills are; null for the business's.
    pub currency: Option<CurrencyCode>,
    /// Whether its entries carry bills.
    pub is_bill_wise: bool,
    /// Days until a bill is due.
    pub credit_days: Option<i32>,
    /// Whether its entries are split over cost centres.
    pub cost_centre_use: CostCentreUse,
    /// Words about it.
    pub description: Option<String>,
    /// When it was archived; it takes no more entries since.
    pub archived_at: Option<DateTime>,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When it was opened.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    #[graphql(skip)]
    ledger: LedgerId,
    #[graphql(skip)]
    in_books: BusinessId,
    #[graphql(skip)]
    group: Option<GroupRef>,
}

/// The kind of a ledger's global id.
pub const LEDGER: &str = "Ledger";

impl From<ledger::Model> for Ledger {
    fn from(row: ledger::Model) -> Self {
        Self {
            id: id::encode(LEDGER, row.id.get()),
            ledger: row.id,
            in_books: row.business_id,
            group: GroupRef::of(&row),
            name: row.name,
            system_code: row.system_code,
            tax_head: row.tax_head,
            currency: row.currency.as_deref().map(CurrencyCode::of),
            is_bill_wise: row.is_bill_wise,
            credit_days: row.credit_days,
            cost_centre_use: row.cost_use.into(),
            description: row.description,
            archived_at: row.archived_at.map(DateTime),
            version: row.version,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
        }
    }
}

#[ComplexObject]
impl Ledger {
    /// The business in whose books it is.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.in_books, |business| business.clone().into()).await
    }

    /// The group it hangs below; only Profit & Loss A/c has none.
    async fn account_group(&self, ctx: &Context<'_>) -> ApiResult<Option<AccountGroup>> {
        let groups = groups::known(&*ctx.tenant()?).await?;
        let group = self.group.and_then(|group| groups.resolve(group));
        Ok(group.map(AccountGroup::from))
    }

    /// Its balance at the end of a day: debit above zero, credit below. It is what the trial balance of
    /// that day shows: income and expense begin anew with each accounting year, and what they came to
    /// before stands in Profit & Loss A/c. Roles that see only their own documents get the sum of those.
    async fn balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day; today in the business's zone when left out.")] as_at: Option<
            Date,
        >,
    ) -> ApiResult<Money> {
        self.sum(ctx, Wanted::Balance(as_at.map(|day| day.0))).await
    }

    /// Its balance at the end of a day in its own currency: debit above zero, credit below; null where it has
    /// none. Roles that see only their own documents get the sum of those.
    async fn currency_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day; today in the business's zone when left out.")] as_at: Option<
            Date,
        >,
    ) -> ApiResult<Option<Money>> {
        let Some(currency) = &self.currency else { return Ok(None) };
        let wanted = Wanted::Abroad(as_at.map(|day| day.0));
        let sum = loaders::sum(ctx, self.ledger, wanted).await?;
        Ok(Some(money_in(&*ctx.tenant()?, sum, currency.0.as_str())))
    }

    /// What it was opened with when the books began: debit above zero, credit below. Roles that see only
    /// their own documents get the sum of the openings that they made.
    async fn opening_balance(&self, ctx: &Context<'_>) -> ApiResult<Money> {
        self.sum(ctx, Wanted::Opening).await
    }
}

impl Ledger {
    async fn sum(&self, ctx: &Context<'_>, wanted: Wanted) -> ApiResult<Money> {
        let sum = loaders::sum(ctx, self.ledger, wanted).await?;
        loaders::business(ctx, self.in_books, |business| money(sum, business)).await
    }
}

connection!(
    /// Ledgers by name.
    LedgerConnection, LedgerEdge, Ledger
);

user_errors!(
    /// Something wrong with a ledger's input.
    LedgerUserError,
    /// What can be wrong with a ledger's input.
    LedgerErrorCode {
        /// There is no such account group.
        AccountGroupUnknown,
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// There is no such currency.
        CurrencyUnknown,
        /// The ledger has entries, and they stay in its currency.
        InUse,
        /// There is no such ledger.
        LedgerUnknown,
        /// Income and expense are kept in the business's currency.
        NotAllowed,
        /// Not exactly one side, or not above zero.
        NotOneSided,
        /// The period of the opening balances is locked.
        PeriodLocked,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// The program itself posts to this ledger.
        System,
        /// The name is in use already.
        Taken,
        /// The amount is beyond what is kept.
        TooLarge,
        /// The text is too long.
        TooLong,
        /// More decimal places than the currency has.
        TooPrecise,
        /// The opening period is closed.
        YearClosed,
    }
);

/// Which ledgers to list.
#[derive(InputObject, Debug, Default)]
pub struct LedgerFilter {
    /// Part of the name, whatever its case.
    pub text: Option<String>,
    /// Directly below this group.
    pub account_group_id: Option<ID>,
    /// Only archived ones (true) or only others (false).
    pub is_archived: Option<bool>,
}

/// An opening balance: exactly one side.
#[derive(InputObject, Debug)]
pub struct OpeningBalanceInput {
    /// A debit balance, in the business's currency.
    pub debit: Option<Decimal>,
    /// A credit balance, in the business's currency.
    pub credit: Option<Decimal>,
    /// The same in the ledger's own currency, above zero; needed where it has one.
    pub currency_amount: Option<Decimal>,
}

/// A ledger to be opened.
#[derive(InputObject, Debug)]
pub struct LedgerCreateInput {
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// Its name.
    pub name: String,
    /// The group it hangs below: a shared one or one of your own.
    pub account_group_id: ID,
    /// Its balance when the books began; posted as an opening voucher.
    pub opening_balance: Option<OpeningBalanceInput>,
    /// Its own currency, where that is not the business's. Its entries are in that currency then, and its
    /// bills too; only ledgers of the balance sheet have one.
    pub currency: Option<CurrencyCode>,
    /// Whether its entries carry bills.
    #[graphql(default)]
    pub is_bill_wise: bool,
    /// Days until a bill is due.
    pub credit_days: Option<i32>,
    /// Whether its entries are split over cost centres.
    #[graphql(default_with = "CostCentreUse::Allowed")]
    pub cost_centre_use: CostCentreUse,
    /// Words about it.
    pub description: Option<String>,
}

/// What to change of a ledger; what is left out stays.
#[derive(InputObject, Debug)]
pub struct LedgerUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name; it cannot be null.
    pub name: MaybeUndefined<String>,
    /// Another group; it cannot be null.
    pub account_group_id: MaybeUndefined<ID>,
    /// Its own currency, only while it has no entries; null for the business's.
    pub currency: MaybeUndefined<CurrencyCode>,
    /// Whether its entries carry bills; it cannot be null.
    pub is_bill_wise: MaybeUndefined<bool>,
    /// Days until a bill is due; null for none.
    pub credit_days: MaybeUndefined<i32>,
    /// Whether its entries are split over cost centres; it cannot be null.
    pub cost_centre_use: MaybeUndefined<CostCentreUse>,
    /// Words about it; null for none.
    pub description: MaybeUndefined<String>,
}

/// Archiving a ledger, or bringing it back.
#[derive(InputObject, Debug)]
pub struct LedgerArchiveInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// True archives, false brings back.
    #[graphql(default = true)]
    pub archived: bool,
}

payloads! {
    /// The ledger as it stands now; null when something was wrong.
    ledger: Ledger, of ledger::Model, or LedgerUserError;
    /// What opening a ledger did.
    LedgerCreatePayload
    /// What changing a ledger did.
    LedgerUpdatePayload
    /// What archiving a ledger did.
    LedgerArchivePayload
}

/// The ledger that a global id names.
pub fn ledger_of(global: &ID) -> Option<LedgerId> {
    id::decode(LEDGER, global).map(LedgerId::new)
}

/// Queries of ledgers.
#[derive(Default, Debug)]
pub struct LedgerQuery;

const BY_NAME: &str = "ledgers:name";

#[Object]
impl LedgerQuery {
    /// Ledgers of a business by name. Requires: LEDGER_READ.
    #[graphql(
        guard = "Requires(Permission::LedgerRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn ledgers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Which ledgers.")] filter: Option<LedgerFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<LedgerConnection> {
        let scope = &ctx.tenant()?;
        let ask = PageAsk::new(ctx, BY_NAME, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let wanted = ledgers::LedgerFilter {
            text: filter.text,
            group: filter.account_group_id.as_ref().map(group_asked),
            is_archived: filter.is_archived,
        };
        let page = ledgers::list(scope, asked(business_id.as_ref()), &wanted, &ask).await?;
        Ok(LedgerConnection::of(BY_NAME, &ask, page))
    }

    /// One ledger. Requires: LEDGER_READ.
    #[graphql(guard = "Requires(Permission::LedgerRead)")]
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ledger's id.")] id: ID,
    ) -> ApiResult<Option<Ledger>> {
        find(ctx, ledger_of(&id)).await
    }
}

/// A ledger that the caller may see.
pub async fn find(ctx: &Context<'_>, id: Option<LedgerId>) -> ApiResult<Option<Ledger>> {
    let scope = &ctx.tenant()?;
    scope.require(Permission::LedgerRead)?;
    let chart = chart::chart(scope).await?;
    let row = id.and_then(|id| chart.visible_ledger(scope, id));
    Ok(row.cloned().map(Ledger::from))
}

/// Mutations of ledgers.
#[derive(Default, Debug)]
pub struct LedgerMutation;

#[Object]
impl LedgerMutation {
    /// Opens a ledger; its opening balance, if one is given, is posted with it. Requires: LEDGER_CREATE.
    #[graphql(guard = "Requires(Permission::LedgerCreate)")]
    async fn ledger_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ledger.")] input: LedgerCreateInput,
    ) -> ApiResult<LedgerCreatePayload> {
        let command = OpenLedger {
            business: asked(input.business_id.as_ref()),
            name: input.name,
            group: group_of(&input.account_group_id),
            opening: input.opening_balance.map(|opening| Opening {
                debit: opening.debit.map(|amount| amount.0),
                credit: opening.credit.map(|amount| amount.0),
                currency_amount: opening.currency_amount.map(|amount| amount.0),
            }),
            currency: input.currency.map(|code| code.0.to_string()),
            is_bill_wise: input.is_bill_wise,
            credit_days: input.credit_days,
            description: input.description,
            cost_use: input.cost_centre_use.into(),
        };
        LedgerCreatePayload::of(ledgers::create(&*ctx.tenant()?, command).await)
    }

    /// Renames a ledger, moves it to another group, or changes its details. Requires: LEDGER_UPDATE.
    #[graphql(guard = "Requires(Permission::LedgerUpdate)")]
    async fn ledger_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ledger's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: LedgerUpdateInput,
    ) -> ApiResult<LedgerUpdatePayload> {
        let command = ChangeLedger {
            expected_version: input.expected_version,
            name: maybe(input.name),
            group: maybe(input.account_group_id).map(|id| id.map(|id| group_of(&id))),
            currency: maybe(input.currency).map(|code| code.map(|code| code.0.to_string())),
            is_bill_wise: maybe(input.is_bill_wise),
            credit_days: maybe(input.credit_days),
            description: maybe(input.description),
            cost_use: maybe(input.cost_centre_use).map(|usage| usage.map(Into::into)),
        };
        LedgerUpdatePayload::of(ledgers::update(&*ctx.tenant()?, ledger_of(&id), command).await)
    }

    /// Archives a ledger, so that it takes no more entries, or brings it back. Requires: LEDGER_ARCHIVE.
    #[graphql(guard = "Requires(Permission::LedgerArchive)")]
    async fn ledger_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ledger's id.")] id: ID,
        #[graphql(desc = "Which way.")] input: LedgerArchiveInput,
    ) -> ApiResult<LedgerArchivePayload> {
        let scope = &ctx.tenant()?;
        let outcome =
            ledgers::archive(scope, ledger_of(&id), input.expected_version, input.archived).await;
        LedgerArchivePayload::of(outcome)
    }
}

/// Left out, null, or a value.
pub fn maybe<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}
