//! Tax returns that were filed, in the API.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{id::TaxFilingId, role::Permission};
use daybook_entity::tenant::filings::tax_filing;

use super::{
    businesses::{Business, asked},
    loaders,
    lock_exceptions::person,
    locks::PeriodLockUserError,
};
use crate::{
    connection,
    error::Result,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        page::PageAsk,
        retry::input_hash,
        scalar::{Date, DateTime},
        staff::User,
    },
    lane::Claim,
    services::books::filings::{self, RecordFiling, Recorded},
};

/// A tax return that was filed for a period; through its last day the tax is locked.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct TaxFiling {
    /// Opaque global id.
    pub id: ID,
    /// The form, such as "GSTR-3B".
    pub form: String,
    /// The registration that filed it; null where that was not said.
    pub registration: Option<String>,
    /// First day of its period.
    pub period_from: Date,
    /// Last day.
    pub period_to: Date,
    /// When it was filed.
    pub filed_on: Date,
    /// The number that the State gave it.
    pub acknowledgement: Option<String>,
    /// When it was recorded here.
    pub recorded_at: DateTime,
    /// From when on it counts as never filed; null while it stands.
    pub withdrawn_at: Option<DateTime>,
    /// Why it was withdrawn.
    pub withdrawn_reason: Option<String>,
    #[graphql(skip)]
    row: tax_filing::Model,
}

/// The kind of a filing's global id.
pub const TAX_FILING: &str = "TaxFiling";

impl From<tax_filing::Model> for TaxFiling {
    fn from(row: tax_filing::Model) -> Self {
        Self {
            id: id::encode(TAX_FILING, row.id.get()),
            form: row.form.clone(),
            registration: row.registration.clone(),
            period_from: Date(row.period_from),
            period_to: Date(row.period_to),
            filed_on: Date(row.filed_on),
            acknowledgement: row.acknowledgement.clone(),
            recorded_at: DateTime(row.recorded_at),
            withdrawn_at: row.withdrawn_at.map(DateTime),
            withdrawn_reason: row.withdrawn_reason.clone(),
            row,
        }
    }
}

#[ComplexObject]
impl TaxFiling {
    /// In whose books.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.row.business_id, |one| one.clone().into()).await
    }

    /// Who recorded it. Null when it was a machine, and for callers without USER_READ when it was somebody
    /// else.
    async fn recorded_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        person(ctx, self.row.recorded_by).await
    }

    /// Who withdrew it; null where nobody did, and for callers without USER_READ when it was somebody else.
    async fn withdrawn_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        person(ctx, self.row.withdrawn_by).await
    }
}

connection!(
    /// Tax returns that were filed, the latest recorded first.
    TaxFilingConnection, TaxFilingEdge, TaxFiling
);

/// A return that was filed.
#[derive(InputObject, Debug)]
pub struct TaxFilingRecordInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again records nothing
    /// more.
    pub idempotency_key: String,
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// The form, such as "GSTR-3B"; at most 16 characters.
    pub form: String,
    /// The registration that filed it, where the business has more than one.
    pub registration: Option<String>,
    /// First day of its period.
    pub period_from: Date,
    /// Last day; through it the tax is locked.
    pub period_to: Date,
    /// When it was filed; today when left out.
    pub filed_on: Option<Date>,
    /// The number that the State gave it.
    pub acknowledgement: Option<String>,
}

/// Why a filing counts as never made.
#[derive(InputObject, Debug)]
pub struct TaxFilingWithdrawInput {
    /// Your own key for this request, 1 to 255 characters; the same key again changes nothing more.
    pub idempotency_key: String,
    /// The filing.
    pub tax_filing_id: ID,
    /// Why.
    pub reason: String,
}

/// What recording or withdrawing a filing did.
#[derive(SimpleObject, Debug)]
pub struct TaxFilingPayload {
    /// The filing as it stands now; null when something was wrong.
    pub tax_filing: Option<TaxFiling>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<PeriodLockUserError>,
}

impl TaxFilingPayload {
    fn of(outcome: Result<Recorded>) -> ApiResult<Self> {
        let (done, user_errors) = answer(outcome)?;
        let replayed = done.as_ref().is_some_and(|done| done.replayed);
        let tax_filing = done.map(|done| done.filing.into());
        Ok(Self { tax_filing, replayed, user_errors })
    }
}

const NEWEST: &str = "taxFilings:id:desc";

/// Queries of filings.
#[derive(Default, Debug)]
pub struct FilingQuery;

#[Object]
impl FilingQuery {
    /// Tax returns that a business filed, the latest recorded first, withdrawn ones included.
    /// Requires: BUSINESS_READ.
    #[graphql(
        guard = "Requires(Permission::BusinessRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn tax_filings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<TaxFilingConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let business = asked(business_id.as_ref());
        let page = filings::list(&*ctx.tenant()?, business, &ask).await?;
        Ok(TaxFilingConnection::of(NEWEST, &ask, page))
    }
}

/// Mutations of filings.
#[derive(Default, Debug)]
pub struct FilingMutation;

#[Object]
impl FilingMutation {
    /// Records that a tax return was filed. Through the last day of its period the soft lock of TAX holds
    /// from then on; it is not moved back before that day while the filing stands.
    /// Requires: PERIOD_LOCK_SET.
    #[graphql(guard = "Requires(Permission::PeriodLockSet)")]
    async fn tax_filing_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The return.")] input: TaxFilingRecordInput,
    ) -> ApiResult<TaxFilingPayload> {
        let claim = Claim {
            field: "taxFilingRecord",
            key: input.idempotency_key.clone(),
            input_hash: input_hash(&input),
        };
        let command = RecordFiling {
            business: asked(input.business_id.as_ref()),
            form: input.form,
            registration: input.registration,
            from: input.period_from.0,
            to: input.period_to.0,
            filed_on: input.filed_on.map(|day| day.0),
            acknowledgement: input.acknowledgement,
        };
        TaxFilingPayload::of(filings::record(&*ctx.tenant()?, command, claim).await)
    }

    /// Records that a filing was a mistake; the reason is kept. The lock stays until somebody moves it.
    /// Requires: PERIOD_LOCK_SET.
    #[graphql(guard = "Requires(Permission::PeriodLockSet)")]
    async fn tax_filing_withdraw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which filing, and why.")] input: TaxFilingWithdrawInput,
    ) -> ApiResult<TaxFilingPayload> {
        let claim = Claim {
            field: "taxFilingWithdraw",
            key: input.idempotency_key.clone(),
            input_hash: input_hash(&input),
        };
        let filing = id::decode(TAX_FILING, &input.tax_filing_id).map(TaxFilingId::new);
        let done = filings::withdraw(&*ctx.tenant()?, filing, &input.reason, claim).await;
        TaxFilingPayload::of(done)
    }
}
