//! Recurring vouchers, and what became of their dates, in the API.

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject, resolver_utils::EnumType,
};
use daybook_domain::{
    id::{RecurringRunId, RecurringVoucherId},
    role::Permission,
};
use daybook_entity::tenant::recurring::{self as stored, recurring_run, recurring_voucher};

use super::{
    businesses::{Business, asked},
    drafts::VoucherDraft,
    loaders,
    templates::VoucherTemplate,
    vouchers::{Voucher, VoucherErrorCode, VoucherUserError},
};
use crate::{
    connection,
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::{Date, DateTime},
        staff::User,
    },
    services::books::recurring::{
        list::{self, RunFilter},
        run::{Why, whys},
    },
};

/// What is counted between two dates.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "stored::RecurrenceUnit")]
pub enum RecurrenceUnit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Quarters: three months.
    Quarter,
    /// Years.
    Year,
}

/// What becomes of a day that a month is too short for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "stored::ShortMonthRule")]
pub enum ShortMonthRule {
    /// The last day of that month.
    LastDay,
    /// The first day of the month after it.
    NextMonth,
    /// That month has none.
    Skip,
}

/// How far a recurring voucher is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "stored::RecurringState")]
pub enum RecurringState {
    /// Something is made on each of its dates.
    Active,
    /// Nothing is made until it is resumed.
    Paused,
    /// No date is left, or somebody ended it.
    Ended,
}

/// What a recurring voucher makes.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "stored::RecurringMakes")]
pub enum RecurringMakes {
    /// A posted voucher; where the business wants approval, a draft that waits for it.
    Voucher,
    /// A draft that is completed and posted later.
    Draft,
}

/// What becomes of dates that passed while nothing ran.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "stored::CatchUpRule")]
pub enum CatchUpRule {
    /// Each is made up for, dated as it should have been.
    All,
    /// Only the latest is made up for.
    Latest,
    /// They are left out.
    Skip,
}

/// What became of a date.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "stored::RunState")]
pub enum RecurringRunState {
    /// A voucher was posted.
    Posted,
    /// A draft was made.
    Drafted,
    /// It was refused, and may be tried again.
    Failed,
}

/// Why a draft was made where a voucher was to be posted.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "stored::DraftReason")]
pub enum RecurringDraftReason {
    /// The business wants vouchers approved.
    Approval,
    /// Its owner may not post there any more.
    Owner,
}

/// A voucher that comes again by a rule of dates: a standing rent, salaries. A day begins where the business
/// is, and each date is dealt with once.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct RecurringVoucher {
    /// Opaque global id.
    pub id: ID,
    /// How far it is.
    pub state: RecurringState,
    /// Rises with each change by somebody; send it back as `expectedVersion`.
    pub version: i32,
    /// What is counted between two dates.
    pub unit: RecurrenceUnit,
    /// How many of it.
    pub every: i32,
    /// Of months, quarters and years: the day of the month, where it is not that of the first date.
    pub day_of_month: Option<i32>,
    /// What becomes of that day where a month is too short for it.
    pub short_month: ShortMonthRule,
    /// No date lies before this day.
    pub first_on: Date,
    /// No date lies after this day.
    pub until_on: Option<Date>,
    /// How many dates there are, left out ones included.
    pub times: Option<i32>,
    /// Dates that were dealt with, left out ones included.
    pub dealt_with: i32,
    /// The first date that was not dealt with; null once it has ended.
    pub next_on: Option<Date>,
    /// What is made on each date.
    pub makes: RecurringMakes,
    /// What becomes of dates that passed while nothing ran.
    pub catch_up: CatchUpRule,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it last changed or made something.
    pub updated_at: DateTime,
    #[graphql(skip)]
    row: recurring_voucher::Model,
}

/// The kind of a recurring voucher's global id.
pub const RECURRING_VOUCHER: &str = "RecurringVoucher";

impl From<recurring_voucher::Model> for RecurringVoucher {
    fn from(row: recurring_voucher::Model) -> Self {
        Self {
            id: id::encode(RECURRING_VOUCHER, row.id.get()),
            state: row.state.into(),
            version: row.version,
            unit: row.unit.into(),
            every: row.every_units,
            day_of_month: row.day_of_month,
            short_month: row.short_month.into(),
            first_on: Date(row.first_on),
            until_on: row.until_on.map(Date),
            times: row.times,
            dealt_with: row.dealt_with,
            next_on: row.next_on.map(Date),
            makes: row.makes.into(),
            catch_up: row.catch_up.into(),
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
            row,
        }
    }
}

#[ComplexObject]
impl RecurringVoucher {
    /// In whose books.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.row.business_id, |one| one.clone().into()).await
    }

    /// What is written on each date.
    async fn template(&self, ctx: &Context<'_>) -> ApiResult<VoucherTemplate> {
        loaders::template(ctx, self.row.template_id).await
    }

    /// In whose name it posts: whoever wrote it last. Null for callers without USER_READ when it is somebody
    /// else.
    async fn owner(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        Ok(loaders::user(ctx, self.row.owner_id).await?.map(User::from))
    }

    /// The next dates, at most 60; none of one that has ended.
    async fn next_dates(
        &self,
        #[graphql(desc = "How many, 1 to 60; 12 when left out.")] count: Option<i32>,
    ) -> Vec<Date> {
        let most = usize::try_from(count.unwrap_or(12)).unwrap_or(0);
        list::dates_to_come(&self.row, most).into_iter().map(Date).collect()
    }
}

/// What became of one date of a recurring voucher.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct RecurringRun {
    /// Opaque global id.
    pub id: ID,
    /// The date; the voucher bears it.
    pub due_on: Date,
    /// What became of it.
    pub state: RecurringRunState,
    /// Why a draft was made where a voucher was to be posted.
    pub draft_reason: Option<RecurringDraftReason>,
    /// Dates before this one that were left out, by the rule for what is missed.
    pub left_out: i32,
    /// Why it was refused; empty unless it failed. Fields are named from "template" on.
    pub errors: Vec<VoucherUserError>,
    /// When it was dealt with first.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    #[graphql(skip)]
    row: recurring_run::Model,
}

/// The kind of a run's global id.
pub const RECURRING_RUN: &str = "RecurringRun";

impl From<Why> for VoucherUserError {
    fn from(why: Why) -> Self {
        let known = VoucherErrorCode::items().iter().find(|item| item.name == why.code);
        let code = known.map_or(VoucherErrorCode::Invalid, |item| item.value);
        Self { code, field: (!why.field.is_empty()).then_some(why.field), message: why.message }
    }
}

impl From<recurring_run::Model> for RecurringRun {
    fn from(row: recurring_run::Model) -> Self {
        Self {
            id: id::encode(RECURRING_RUN, row.id.get()),
            due_on: Date(row.due_on),
            state: row.state.into(),
            draft_reason: row.reason.map(Into::into),
            left_out: row.left_out,
            errors: whys(&row).into_iter().map(VoucherUserError::from).collect(),
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
            row,
        }
    }
}

#[ComplexObject]
impl RecurringRun {
    /// Of which recurring voucher.
    async fn recurring_voucher(&self, ctx: &Context<'_>) -> ApiResult<Option<RecurringVoucher>> {
        Ok(loaders::recurring(ctx, self.row.recurring_id).await?.map(RecurringVoucher::from))
    }

    /// The voucher that was posted, as it stands now.
    async fn voucher(&self, ctx: &Context<'_>) -> ApiResult<Option<Voucher>> {
        match self.row.voucher_id {
            Some(id) => Ok(loaders::voucher(ctx, id).await?.map(Voucher::from)),
            None => Ok(None),
        }
    }

    /// The draft that was made, as it stands now; null once somebody threw it away.
    async fn draft(&self, ctx: &Context<'_>) -> ApiResult<Option<VoucherDraft>> {
        match self.row.draft_id {
            Some(id) => Ok(loaders::draft(ctx, id).await?.map(VoucherDraft::from)),
            None => Ok(None),
        }
    }
}

connection!(
    /// Recurring vouchers, the newest first.
    RecurringVoucherConnection, RecurringVoucherEdge, RecurringVoucher
);

connection!(
    /// What became of dates, the newest first.
    RecurringRunConnection, RecurringRunEdge, RecurringRun
);

/// Which runs to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct RecurringRunFilter {
    /// Of this recurring voucher.
    pub recurring_voucher_id: Option<ID>,
    /// That came to this.
    pub state: Option<Vec<RecurringRunState>>,
}

/// The recurring voucher that a global id names; none has the number 0.
pub fn recurring_of(global: &ID) -> RecurringVoucherId {
    RecurringVoucherId::new(id::number(RECURRING_VOUCHER, global))
}

/// The run that a global id names; none has the number 0.
pub fn run_of(global: &ID) -> RecurringRunId {
    RecurringRunId::new(id::number(RECURRING_RUN, global))
}

const NEWEST: &str = "recurringVouchers:id:desc";
const NEWEST_RUNS: &str = "recurringRuns:id:desc";

/// Queries of recurring vouchers.
#[derive(Default, Debug)]
pub struct RecurringQuery;

#[Object]
impl RecurringQuery {
    /// Recurring vouchers of a business, the newest first. Roles that see only their own documents see only
    /// those. Requires: VOUCHER_READ.
    #[graphql(
        guard = "Requires(Permission::VoucherRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn recurring_vouchers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Only those that are so far.")] state: Option<Vec<RecurringState>>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<RecurringVoucherConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let states = state.map(|all| all.into_iter().map(Into::into).collect());
        let business = asked(business_id.as_ref());
        let page = list::list(&*ctx.tenant()?, business, states, &ask).await?;
        Ok(RecurringVoucherConnection::of(NEWEST, &ask, page))
    }

    /// What became of the dates of recurring vouchers, the newest first: the voucher, the draft, or why it was
    /// refused. Requires: VOUCHER_READ.
    #[graphql(
        guard = "Requires(Permission::VoucherRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn recurring_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Which of them.")] filter: Option<RecurringRunFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<RecurringRunConnection> {
        let ask = PageAsk::new(ctx, NEWEST_RUNS, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let filter = RunFilter {
            recurring: filter.recurring_voucher_id.as_ref().map(recurring_of),
            states: filter.state.map(|all| all.into_iter().map(Into::into).collect()),
        };
        let business = asked(business_id.as_ref());
        let page = list::runs(&*ctx.tenant()?, business, filter, &ask).await?;
        Ok(RecurringRunConnection::of(NEWEST_RUNS, &ask, page))
    }
}
