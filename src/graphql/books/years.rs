//! Accounting years of a business in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{BusinessYearId, UserId},
    role::Permission,
};
use daybook_entity::tenant::business::{YearActKind as StoredKind, business_year, year_act};

use super::{businesses::asked, loaders};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        retry::input_hash,
        scalar::{Date, DateTime},
        staff::User,
    },
    lane::Claim,
    services::books::years::{self, ActOnYear, Acted},
    user_errors,
};

/// An accounting year that a business has opened.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct BusinessYear {
    /// Opaque global id.
    pub id: ID,
    /// "2025-26", or "2026" for a calendar year; "Opening" for the opening period.
    pub label: String,
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Date,
    /// Whether it is the one-day period that holds the opening balances.
    pub is_opening: bool,
    /// Whether something may be dated in it, as far as no period lock says otherwise.
    pub state: BusinessYearState,
    /// When it was opened: with the business, or by its first voucher.
    pub opened_at: DateTime,
    /// When it was closed; nothing is dated in it since. Null while it is open.
    pub closed_at: Option<DateTime>,
    #[graphql(skip)]
    number: BusinessYearId,
}

/// Whether an accounting year takes vouchers.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusinessYearState {
    /// It does.
    Open,
    /// It was closed: nothing is dated in it, cancelled or amended there.
    Closed,
}

/// What was done to an accounting year.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredKind")]
pub enum BusinessYearActKind {
    /// It was closed.
    Closed,
    /// It was opened again.
    Reopened,
}

/// An act on an accounting year; it is recorded for good.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct BusinessYearAct {
    /// What was done.
    pub kind: BusinessYearActKind,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub recorded_at: DateTime,
    #[graphql(skip)]
    by: Option<UserId>,
}

impl From<year_act::Model> for BusinessYearAct {
    fn from(row: year_act::Model) -> Self {
        Self {
            kind: row.kind.into(),
            reason: row.reason,
            recorded_at: DateTime(row.recorded_at),
            by: row.acted_by,
        }
    }
}

#[ComplexObject]
impl BusinessYearAct {
    /// Who did it. Null when it was the program itself, and for callers without USER_READ when it was
    /// somebody else.
    async fn acted_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        match self.by {
            Some(user) => Ok(loaders::user(ctx, user).await?.map(User::from)),
            None => Ok(None),
        }
    }
}

#[ComplexObject]
impl BusinessYear {
    /// Every time it was closed or opened again, the first act first. The opening period is closed and
    /// opened with the first year.
    async fn acts(&self, ctx: &Context<'_>) -> ApiResult<Vec<BusinessYearAct>> {
        let acts = loaders::year_acts(ctx, self.number).await?;
        Ok(acts.into_iter().map(BusinessYearAct::from).collect())
    }
}

/// The kind of a business year's global id.
pub const BUSINESS_YEAR: &str = "BusinessYear";

impl From<business_year::Model> for BusinessYear {
    fn from(row: business_year::Model) -> Self {
        Self {
            id: id::encode(BUSINESS_YEAR, row.id.get()),
            label: row.label,
            starts_on: Date(row.starts_on),
            ends_on: Date(row.ends_on),
            is_opening: row.is_opening,
            state: match row.closed_at {
                Some(_) => BusinessYearState::Closed,
                None => BusinessYearState::Open,
            },
            opened_at: DateTime(row.opened_at),
            number: row.id,
            closed_at: row.closed_at.map(DateTime),
        }
    }
}

user_errors!(
    /// Something wrong with an act on an accounting year.
    YearUserError,
    /// What can be wrong with an act on an accounting year.
    YearErrorCode {
        /// It is so already.
        AlreadyDone,
        /// Years are closed in order, and opened again from the last.
        NotAllowed,
        /// There is no such accounting year.
        NotFound,
        /// A hard lock covers all of it.
        PeriodLocked,
        /// A reason is needed.
        Required,
        /// The text is too long.
        TooLong,
    }
);

/// Which year to close or to open again.
#[derive(InputObject, Debug)]
pub struct BusinessYearActInput {
    /// The year.
    pub year_id: ID,
    /// Why; needed to open a year again.
    pub reason: Option<String>,
    /// Your own key for this request, 1 to 255 characters; the same key and input again changes nothing
    /// more and answers the year. Without one, a repeat is refused as ALREADY_DONE.
    pub idempotency_key: Option<String>,
}

/// What an act on a year did.
#[derive(SimpleObject, Debug)]
pub struct BusinessYearActPayload {
    /// The year as it stands now; null when something was wrong.
    pub year: Option<BusinessYear>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<YearUserError>,
}

impl BusinessYearActPayload {
    fn of(outcome: crate::error::Result<Acted>) -> ApiResult<Self> {
        let (done, user_errors) = answer(outcome)?;
        let replayed = done.as_ref().is_some_and(|done| done.replayed);
        Ok(Self { year: done.map(|done| done.year.into()), replayed, user_errors })
    }
}

/// Queries of years.
#[derive(Default, Debug)]
pub struct YearQuery;

#[Object]
impl YearQuery {
    /// The accounting years of a business in order of time, the opening period first.
    /// Requires: BUSINESS_READ.
    #[graphql(guard = "Requires(Permission::BusinessRead)")]
    async fn business_years(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
    ) -> ApiResult<Vec<BusinessYear>> {
        let scope = &ctx.tenant()?;
        let business = years::business_asked(scope, asked(business_id.as_ref())).await?;
        let years = years::list(scope, business).await?;
        Ok(years.into_iter().map(BusinessYear::from).collect())
    }
}

/// Mutations of years.
#[derive(Default, Debug)]
pub struct YearMutation;

#[Object]
impl YearMutation {
    /// Closes an accounting year: it posts nothing and locks every day of it. Years are closed in order.
    /// Requires: YEAR_CLOSE.
    #[graphql(guard = "Requires(Permission::YearClose)")]
    async fn business_year_close(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which year.")] input: BusinessYearActInput,
    ) -> ApiResult<BusinessYearActPayload> {
        let command = command("businessYearClose", input);
        BusinessYearActPayload::of(years::close(&*ctx.tenant()?, command).await)
    }

    /// Opens the last closed accounting year again; the reason is recorded. What a hard lock covers stays
    /// locked. Requires: YEAR_CLOSE.
    #[graphql(guard = "Requires(Permission::YearClose)")]
    async fn business_year_reopen(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which year, and why.")] input: BusinessYearActInput,
    ) -> ApiResult<BusinessYearActPayload> {
        let command = command("businessYearReopen", input);
        BusinessYearActPayload::of(years::reopen(&*ctx.tenant()?, command).await)
    }
}

fn command(field: &'static str, input: BusinessYearActInput) -> ActOnYear {
    let input_hash = input_hash(&input);
    ActOnYear {
        year: id::decode(BUSINESS_YEAR, &input.year_id).map(BusinessYearId::new),
        reason: input.reason,
        claim: input.idempotency_key.map(|key| Claim { field, key, input_hash }),
    }
}
