//! Businesses in the API.

use async_graphql::{
    ComplexObject, Context, ID, InputObject, MaybeUndefined, Object, SimpleObject,
};
use daybook_domain::{id::BusinessId, role::Permission};
use daybook_entity::tenant::business::business;

use super::{entries::money, ledgers::maybe, loaders, years::BusinessYear};
use crate::{
    connection,
    error::Error,
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::{CurrencyCode, Date, DateTime, Money},
    },
    payloads,
    services::books::{
        businesses::{self, ChangeBusiness, NewBusiness, Settings},
        chart::{self, Asked},
        openings,
        standing::Wanted,
        years,
    },
    user_errors,
};

/// One set of books of the account's owner, with its own years, ledgers, settings and branding.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct Business {
    /// Opaque global id.
    pub id: ID,
    /// Its name, unique among the account's businesses.
    pub name: String,
    /// Full legal name.
    pub legal_name: Option<String>,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// Currency of its books.
    pub base_currency: CurrencyCode,
    /// Its time zone by the IANA name; days of the books are days there.
    pub time_zone: String,
    /// Month in which its accounting years begin, 1 to 12.
    pub year_first_month: i32,
    /// First day of its books.
    pub books_begin_on: Date,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// Code of its state, where the country taxes by state.
    pub state_code: Option<String>,
    /// Tax number other than a GSTIN, such as a KRA PIN.
    pub tax_number: Option<String>,
    /// Colour of its pages and documents, "#rrggbb".
    pub brand_colour: Option<String>,
    /// Address of its logo.
    pub logo_url: Option<String>,
    /// Rules that it chose.
    pub settings: BusinessSettings,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When it began in Daybook.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    #[graphql(skip)]
    business: BusinessId,
}

/// Rules that a business chooses for itself.
#[derive(SimpleObject, Debug, Clone)]
pub struct BusinessSettings {
    /// Whether journals may touch cash and bank ledgers.
    pub journal_allows_cash: bool,
    /// Whether vouchers, and acts on them, wait until somebody else approves them.
    pub approval_required: bool,
}

/// The kind of a business's global id.
pub const BUSINESS: &str = "Business";

impl From<business::Model> for Business {
    fn from(row: business::Model) -> Self {
        let settings = Settings::read(&row.settings);
        Self {
            id: id::encode(BUSINESS, row.id.get()),
            name: row.name,
            legal_name: row.legal_name,
            country: row.country,
            base_currency: CurrencyCode::of(&row.base_currency),
            time_zone: row.time_zone,
            year_first_month: row.year_first_month,
            books_begin_on: Date(row.books_begin_on),
            email: row.email,
            phone: row.phone,
            address: row.address,
            state_code: row.state_code,
            tax_number: row.tax_number,
            brand_colour: row.brand_colour,
            logo_url: row.logo_url,
            settings: BusinessSettings {
                journal_allows_cash: settings.journal_allows_cash,
                approval_required: settings.approval_required,
            },
            version: row.version,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
            business: row.id,
        }
    }
}

#[ComplexObject]
impl Business {
    /// Its registrations for goods and services tax, the primary one first.
    async fn gstins(&self, ctx: &Context<'_>) -> ApiResult<Vec<String>> {
        let chart = chart::chart(&*ctx.tenant()?).await?;
        let mut own: Vec<_> =
            chart.gstins.iter().filter(|one| one.business_id == self.business).collect();
        own.sort_by_key(|one| (!one.is_primary, one.id));
        Ok(own.into_iter().map(|one| one.gstin.clone()).collect())
    }

    /// By how much the balances brought in when the books began differ; a debit above zero, and zero when they
    /// agree. For roles that see only their own documents, of what they brought in.
    async fn opening_difference(&self, ctx: &Context<'_>) -> ApiResult<Money> {
        let chart = chart::chart(&*ctx.tenant()?).await?;
        let difference = openings::difference_of(&chart, self.business)
            .ok_or_else(|| Error::Internal("no difference ledger".into()))?;
        let sum = loaders::sum(ctx, difference, Wanted::Balance(None)).await?;
        loaders::business(ctx, self.business, |one| money(sum, one)).await
    }

    /// Its accounting years in order of time; the opening period, which holds the opening balances,
    /// comes first.
    async fn years(&self, ctx: &Context<'_>) -> ApiResult<Vec<BusinessYear>> {
        let years = years::list(&*ctx.tenant()?, self.business).await?;
        Ok(years.into_iter().map(BusinessYear::from).collect())
    }
}

connection!(
    /// Businesses, the oldest first.
    BusinessConnection, BusinessEdge, Business
);

user_errors!(
    /// Something wrong with a business's input.
    BusinessUserError,
    /// What can be wrong with a business's input.
    BusinessErrorCode {
        /// There is no such business.
        BusinessUnknown,
        /// This country is not in the catalogue.
        CountryUnknown,
        /// This currency is not in the catalogue.
        CurrencyUnknown,
        /// The GSTIN's form or check digit is wrong.
        GstinInvalid,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// The name is in use already.
        Taken,
        /// The text is too long.
        TooLong,
    }
);

/// A business to begin.
#[derive(InputObject, Debug)]
pub struct BusinessCreateInput {
    /// Its name.
    pub name: String,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// Currency of its books; the country's when left out.
    pub base_currency: Option<CurrencyCode>,
    /// Full legal name.
    pub legal_name: Option<String>,
    /// Primary registration for goods and services tax.
    pub gstin: Option<String>,
    /// Time zone by its IANA name; the country's when left out.
    pub time_zone: Option<String>,
    /// Month in which its accounting years begin, 1 to 12; the country's custom when left out.
    pub year_first_month: Option<i32>,
    /// First day of its books; the first day of the current accounting year when left out.
    pub books_begin_on: Option<Date>,
}

/// What to change of a business; what is left out stays, null empties.
#[derive(InputObject, Debug)]
pub struct BusinessUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name; it cannot be null.
    pub name: MaybeUndefined<String>,
    /// Full legal name.
    pub legal_name: MaybeUndefined<String>,
    /// Time zone by its IANA name, which cannot be null; stored dates never move.
    pub time_zone: MaybeUndefined<String>,
    /// E-mail address.
    pub email: MaybeUndefined<String>,
    /// Telephone number as its country writes it; kept as digits, the country code first.
    pub phone: MaybeUndefined<String>,
    /// Postal address.
    pub address: MaybeUndefined<String>,
    /// Tax number other than a GSTIN, such as a KRA PIN.
    pub tax_number: MaybeUndefined<String>,
    /// Colour of its pages and documents, "#rrggbb".
    pub brand_colour: MaybeUndefined<String>,
    /// Address of its logo, beginning with https://.
    pub logo_url: MaybeUndefined<String>,
    /// Whether journals may touch cash and bank ledgers; it cannot be null.
    pub journal_allows_cash: MaybeUndefined<bool>,
    /// Whether vouchers, and acts on them, wait until somebody else approves them; it cannot be null.
    pub approval_required: MaybeUndefined<bool>,
}

payloads! {
    /// The business as it stands now; null when something was wrong.
    business: Business, of business::Model, or BusinessUserError;
    /// What beginning a business did.
    BusinessCreatePayload
    /// What changing a business did.
    BusinessUpdatePayload
}

/// The business that an optional argument names.
pub fn asked(global: Option<&ID>) -> Asked {
    match global {
        None => Asked::Nothing,
        Some(global) => match business_of(global) {
            Some(id) => Asked::This(id),
            None => Asked::Malformed,
        },
    }
}

/// The business that a global id names.
pub fn business_of(global: &ID) -> Option<BusinessId> {
    id::decode(BUSINESS, global).map(BusinessId::new)
}

/// A business that the caller may see.
pub async fn find(ctx: &Context<'_>, id: Option<BusinessId>) -> ApiResult<Option<Business>> {
    let scope = &ctx.tenant()?;
    scope.require(Permission::BusinessRead)?;
    let chart = chart::chart(scope).await?;
    Ok(id.and_then(|id| chart.visible(scope, id)).cloned().map(Business::from))
}

/// Queries of businesses.
#[derive(Default, Debug)]
pub struct BusinessQuery;

const BY_AGE: &str = "businesses:id";

#[Object]
impl BusinessQuery {
    /// The businesses that you may see, the oldest first. Requires: BUSINESS_READ.
    #[graphql(
        guard = "Requires(Permission::BusinessRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn businesses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BusinessConnection> {
        let ask = PageAsk::new(ctx, BY_AGE, first, after.as_deref())?;
        let page = businesses::list(&*ctx.tenant()?, &ask).await?;
        Ok(BusinessConnection::of(BY_AGE, &ask, page))
    }

    /// One business. Requires: BUSINESS_READ.
    #[graphql(guard = "Requires(Permission::BusinessRead)")]
    async fn business(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business's id.")] id: ID,
    ) -> ApiResult<Option<Business>> {
        find(ctx, business_of(&id)).await
    }
}

/// Mutations of businesses.
#[derive(Default, Debug)]
pub struct BusinessMutation;

#[Object]
impl BusinessMutation {
    /// Begins another business with its first year and standard ledgers. Requires: BUSINESS_CREATE.
    #[graphql(guard = "Requires(Permission::BusinessCreate)")]
    async fn business_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business.")] input: BusinessCreateInput,
    ) -> ApiResult<BusinessCreatePayload> {
        let new = NewBusiness {
            name: input.name,
            country: input.country,
            base_currency: input.base_currency.map(|code| code.0.to_string()),
            gstin: input.gstin,
            time_zone: input.time_zone,
            year_first_month: input
                .year_first_month
                .map(|month| u32::try_from(month).unwrap_or(u32::MAX)),
            books_begin_on: input.books_begin_on.map(|day| day.0),
            legal_name: input.legal_name,
        };
        BusinessCreatePayload::of(businesses::create(&*ctx.tenant()?, new).await)
    }

    /// Changes a business, its settings or its branding. Requires: BUSINESS_UPDATE.
    #[graphql(guard = "Requires(Permission::BusinessUpdate)")]
    async fn business_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: BusinessUpdateInput,
    ) -> ApiResult<BusinessUpdatePayload> {
        let command = ChangeBusiness {
            expected_version: input.expected_version,
            name: maybe(input.name),
            legal_name: maybe(input.legal_name),
            time_zone: maybe(input.time_zone),
            email: maybe(input.email),
            phone: maybe(input.phone),
            address: maybe(input.address),
            tax_number: maybe(input.tax_number),
            brand_colour: maybe(input.brand_colour),
            logo_url: maybe(input.logo_url),
            journal_allows_cash: maybe(input.journal_allows_cash),
            approval_required: maybe(input.approval_required),
        };
        let scope = &ctx.tenant()?;
        BusinessUpdatePayload::of(businesses::update(scope, business_of(&id), command).await)
    }
}
