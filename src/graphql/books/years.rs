//! Accounting years of a business in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{id::BusinessYearId, role::Permission};
use daybook_entity::tenant::business::business_year;

use super::businesses::asked;
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        scalar::{Date, DateTime},
    },
    services::books::years::{self, ActOnYear},
    user_errors,
};

/// An accounting year that a business has opened.
#[derive(SimpleObject, Debug, Clone)]
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
    /// When it was closed; nothing is dated in it since.
    pub closed_at: Option<DateTime>,
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
}

/// What an act on a year did.
#[derive(SimpleObject, Debug)]
pub struct BusinessYearActPayload {
    /// The year as it stands now; null when something was wrong.
    pub year: Option<BusinessYear>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<YearUserError>,
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
    /// Closes an accounting year: it posts nothing and sets a lock. Requires: YEAR_CLOSE.
    #[graphql(guard = "Requires(Permission::YearClose)")]
    async fn business_year_close(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which year.")] input: BusinessYearActInput,
    ) -> ApiResult<BusinessYearActPayload> {
        let (year, user_errors) = answer(years::close(&*ctx.tenant()?, command(input)).await)?;
        Ok(BusinessYearActPayload { year: year.map(BusinessYear::from), user_errors })
    }

    /// Opens a closed accounting year again; the reason is recorded. Requires: YEAR_CLOSE.
    #[graphql(guard = "Requires(Permission::YearClose)")]
    async fn business_year_reopen(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which year, and why.")] input: BusinessYearActInput,
    ) -> ApiResult<BusinessYearActPayload> {
        let (year, user_errors) = answer(years::reopen(&*ctx.tenant()?, command(input)).await)?;
        Ok(BusinessYearActPayload { year: year.map(BusinessYear::from), user_errors })
    }
}

fn command(input: BusinessYearActInput) -> ActOnYear {
    ActOnYear {
        year: id::decode(BUSINESS_YEAR, &input.year_id).map(BusinessYearId::new),
        reason: input.reason,
    }
}
