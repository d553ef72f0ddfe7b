//! Beginning recurring vouchers, changing, pausing, resuming, ending and running them, in the API.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::{
    acts::claim,
    ledgers::maybe,
    recurring::{
        CatchUpRule, RecurrenceUnit, RecurringMakes, RecurringRun, RecurringVoucher,
        ShortMonthRule, recurring_of, run_of,
    },
    templates::template_of,
    vouchers::VoucherUserError,
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        retry::input_hash,
        scalar::Date,
    },
    services::books::recurring::{
        Row, run,
        write::{self, ChangeRecurring, OnRecurring, Plan},
    },
};

/// A recurring voucher to be begun.
#[derive(InputObject, Debug)]
pub struct RecurringVoucherCreateInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// What is written on each date, in whose books.
    pub template_id: ID,
    /// What is counted between two dates.
    pub unit: RecurrenceUnit,
    /// How many of it, 1 to 366.
    #[graphql(default = 1)]
    pub every: i32,
    /// Of months, quarters and years: the day of the month, 1 to 31; that of `firstOn` when left out.
    pub day_of_month: Option<i32>,
    /// What becomes of that day where a month is too short for it.
    #[graphql(default_with = "ShortMonthRule::LastDay")]
    pub short_month: ShortMonthRule,
    /// No date lies before this day; at most 366 days back. Without `dayOfMonth` it is the first date.
    pub first_on: Date,
    /// No date lies after this day.
    pub until_on: Option<Date>,
    /// How many dates there are, 1 to 10,000.
    pub times: Option<i32>,
    /// What is made on each date.
    #[graphql(default_with = "RecurringMakes::Voucher")]
    pub makes: RecurringMakes,
    /// What becomes of dates that passed while nothing ran, those before today included.
    #[graphql(default_with = "CatchUpRule::All")]
    pub catch_up: CatchUpRule,
}

/// What is to change of a recurring voucher; what is left out stays.
#[derive(InputObject, Debug)]
pub struct RecurringVoucherUpdateInput {
    /// The version that you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// What is written on each date, in the same books.
    pub template_id: Option<ID>,
    /// What is counted between two dates.
    pub unit: Option<RecurrenceUnit>,
    /// How many of it, 1 to 366.
    pub every: Option<i32>,
    /// The day of the month; null takes it away.
    pub day_of_month: MaybeUndefined<i32>,
    /// What becomes of that day where a month is too short for it.
    pub short_month: Option<ShortMonthRule>,
    /// No date lies after this day; null takes it away.
    pub until_on: MaybeUndefined<Date>,
    /// How many dates there are; null takes it away.
    pub times: MaybeUndefined<i32>,
    /// What is made on each date.
    pub makes: Option<RecurringMakes>,
    /// What becomes of dates that passed while nothing ran.
    pub catch_up: Option<CatchUpRule>,
}

/// Which recurring voucher, as which it was seen.
#[derive(InputObject, Debug)]
pub struct RecurringVoucherInput {
    /// The recurring voucher.
    pub recurring_voucher_id: ID,
    /// The version that you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
}

impl From<&RecurringVoucherInput> for OnRecurring {
    fn from(input: &RecurringVoucherInput) -> Self {
        Self {
            recurring: recurring_of(&input.recurring_voucher_id),
            expected_version: input.expected_version,
        }
    }
}

/// Which recurring voucher is to make what has come due.
#[derive(InputObject, Debug)]
pub struct RecurringVoucherRunInput {
    /// The recurring voucher.
    pub recurring_voucher_id: ID,
}

/// A date that was refused, to be tried again.
#[derive(InputObject, Debug)]
pub struct RecurringRunRetryInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// What became of the date.
    pub run_id: ID,
}

/// What beginning a recurring voucher did.
#[derive(SimpleObject, Debug)]
pub struct RecurringVoucherCreatePayload {
    /// The recurring voucher as it stands now; null when something was wrong.
    pub recurring_voucher: Option<RecurringVoucher>,
    /// Whether an earlier call with the same key had begun it.
    pub replayed: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

/// What changing a recurring voucher did.
#[derive(SimpleObject, Debug)]
pub struct RecurringVoucherPayload {
    /// The recurring voucher as it stands now; null when something was wrong.
    pub recurring_voucher: Option<RecurringVoucher>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

impl RecurringVoucherPayload {
    fn of(outcome: crate::error::Result<Row>) -> ApiResult<Self> {
        let (row, user_errors) = answer(outcome)?;
        Ok(Self { recurring_voucher: row.map(RecurringVoucher::from), user_errors })
    }
}

/// What making up for what has come due did.
#[derive(SimpleObject, Debug)]
pub struct RecurringVoucherRunPayload {
    /// The recurring voucher as it stands now; null when something was wrong.
    pub recurring_voucher: Option<RecurringVoucher>,
    /// What became of each date that this call dealt with, at most 50; call again while `nextOn` has come.
    pub runs: Vec<RecurringRun>,
    /// What was wrong; empty when it was done. What a date was refused for stands in its run.
    pub user_errors: Vec<VoucherUserError>,
}

/// What trying a date again did.
#[derive(SimpleObject, Debug)]
pub struct RecurringRunRetryPayload {
    /// What became of the date; null when it was refused again.
    pub run: Option<RecurringRun>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

/// Most dates that one call deals with.
const RUNS_MAX: usize = 50;

/// Mutations of recurring vouchers.
#[derive(Default, Debug)]
pub struct RecurringMutation;

#[Object]
impl RecurringMutation {
    /// Begins a recurring voucher. It posts in the caller's name; each of its dates is dealt with once, within
    /// moments of its beginning where the business is, and what passed already is made up for as `catchUp`
    /// says. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn recurring_voucher_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The recurring voucher.")] input: RecurringVoucherCreateInput,
    ) -> ApiResult<RecurringVoucherCreatePayload> {
        let claim = claim("recurringVoucherCreate", &input.idempotency_key, input_hash(&input));
        let plan = Plan {
            unit: input.unit.into(),
            every: input.every,
            day_of_month: input.day_of_month,
            short_month: input.short_month.into(),
            first_on: input.first_on.0,
            until_on: input.until_on.map(|day| day.0),
            times: input.times,
            makes: input.makes.into(),
            catch_up: input.catch_up.into(),
        };
        let template = template_of(&input.template_id);
        let begun = write::create(&*ctx.tenant()?, template, plan, claim).await;
        let (begun, user_errors) = answer(begun)?;
        let replayed = begun.as_ref().is_some_and(|begun| begun.replayed);
        let recurring_voucher = begun.map(|begun| begun.row.into());
        Ok(RecurringVoucherCreatePayload { recurring_voucher, replayed, user_errors })
    }

    /// Changes what is still to come of a recurring voucher; from then on it posts in the caller's name. Dates
    /// that were dealt with do not come again. Requires: VOUCHER_POST.
    #[graphql(guard = "Requires(Permission::VoucherPost)")]
    async fn recurring_voucher_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The recurring voucher's id.")] id: ID,
        #[graphql(desc = "What is to change.")] input: RecurringVoucherUpdateInput,
    ) -> ApiResult<RecurringVoucherPayload> {
        let on =
            OnRecurring { recurring: recurring_of(&id), expected_version: input.expected_version };
        let change = ChangeRecurring {
            template: input.template_id.as_ref().map(template_of),
            unit: input.unit.map(Into::into),
            every: input.every,
            day_of_month: maybe(input.day_of_month),
            short_month: input.short_month.map(Into::into),
            until_on: maybe(input.until_on).map(|day| day.map(|day| day.0)),
            times: maybe(input.times),
            makes: input.makes.map(Into::into),
            catch_up: input.catch_up.map(Into::into),
        };
        RecurringVoucherPayload::of(write::update(&*ctx.tenant()?, on, change).await)
    }

    /// Makes nothing more of a recurring voucher until it is resumed. Requires: VOUCHER_POST.
    #[graphql(guard = "Requires(Permission::VoucherPost)")]
    async fn recurring_voucher_pause(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which recurring voucher.")] input: RecurringVoucherInput,
    ) -> ApiResult<RecurringVoucherPayload> {
        RecurringVoucherPayload::of(write::pause(&*ctx.tenant()?, (&input).into()).await)
    }

    /// Goes on with a paused recurring voucher, from today; dates that came while it was paused are left out.
    /// Requires: VOUCHER_POST.
    #[graphql(guard = "Requires(Permission::VoucherPost)")]
    async fn recurring_voucher_resume(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which recurring voucher.")] input: RecurringVoucherInput,
    ) -> ApiResult<RecurringVoucherPayload> {
        RecurringVoucherPayload::of(write::resume(&*ctx.tenant()?, (&input).into()).await)
    }

    /// Ends a recurring voucher for good; what it made stays as it is. Requires: VOUCHER_POST.
    #[graphql(guard = "Requires(Permission::VoucherPost)")]
    async fn recurring_voucher_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which recurring voucher.")] input: RecurringVoucherInput,
    ) -> ApiResult<RecurringVoucherPayload> {
        RecurringVoucherPayload::of(write::end(&*ctx.tenant()?, (&input).into()).await)
    }

    /// Makes now what has come due of a recurring voucher, without waiting for the work in the background. It
    /// needs no retry key: each date is dealt with once, whoever asks and how often. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(50, child_complexity.saturating_add(15))"
    )]
    async fn recurring_voucher_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which recurring voucher.")] input: RecurringVoucherRunInput,
    ) -> ApiResult<RecurringVoucherRunPayload> {
        let id = recurring_of(&input.recurring_voucher_id);
        let (done, user_errors) = answer(run::one_due(&*ctx.tenant()?, id, RUNS_MAX).await)?;
        let (row, runs) = done.unzip();
        Ok(RecurringVoucherRunPayload {
            recurring_voucher: row.map(RecurringVoucher::from),
            runs: runs.into_iter().flatten().map(RecurringRun::from).collect(),
            user_errors,
        })
    }

    /// Tries a date again that was refused, in the name of the recurring voucher's owner. When it is refused
    /// again, the run stays as it was. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn recurring_run_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which run.")] input: RecurringRunRetryInput,
    ) -> ApiResult<RecurringRunRetryPayload> {
        let claim = claim("recurringRunRetry", &input.idempotency_key, input_hash(&input));
        let retried = run::retry(&*ctx.tenant()?, run_of(&input.run_id), claim).await;
        let (retried, user_errors) = answer(retried)?;
        let replayed = retried.as_ref().is_some_and(|retried| retried.replayed);
        let run = retried.map(|retried| retried.run.into());
        Ok(RecurringRunRetryPayload { run, replayed, user_errors })
    }
}
