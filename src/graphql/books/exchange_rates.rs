//! Exchange rates in the API.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{BusinessId, UserId},
    role::Permission,
};
use daybook_entity::tenant::exchange::exchange_rate;

use super::{
    businesses::{Business, asked},
    loaders,
};
use crate::{
    connection,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        page::PageAsk,
        scalar::{CurrencyCode, Date, DateTime, Decimal},
        staff::User,
    },
    services::books::exchange_rates::{self, RateFilter, WrittenRate},
    user_errors,
};

/// What a unit of another currency is worth in a business's currency, from a day on until the next rate.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct ExchangeRate {
    /// The other currency.
    pub currency: CurrencyCode,
    /// First day on which it holds.
    pub valid_on: Date,
    /// Base units per unit of the other currency.
    pub rate: Decimal,
    /// Where it comes from.
    pub source: Option<String>,
    /// When it was set.
    pub set_at: DateTime,
    #[graphql(skip)]
    in_books: BusinessId,
    #[graphql(skip)]
    by: Option<UserId>,
}

impl From<exchange_rate::Model> for ExchangeRate {
    fn from(row: exchange_rate::Model) -> Self {
        Self {
            currency: CurrencyCode::of(&row.currency),
            valid_on: Date(row.valid_on),
            rate: Decimal(row.rate.format()),
            source: row.source,
            set_at: DateTime(row.set_at),
            in_books: row.business_id,
            by: row.set_by,
        }
    }
}

#[ComplexObject]
impl ExchangeRate {
    /// The business in whose books it counts.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.in_books, |one| one.clone().into()).await
    }

    /// Who set it. Null when the program itself did, and for callers without USER_READ when it was somebody
    /// else.
    async fn set_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        match self.by {
            Some(user) => Ok(loaders::user(ctx, user).await?.map(User::from)),
            None => Ok(None),
        }
    }
}

connection!(
    /// Exchange rates, the newest first.
    ExchangeRateConnection, ExchangeRateEdge, ExchangeRate
);

user_errors!(
    /// Something wrong with exchange rates.
    ExchangeRateUserError,
    /// What can be wrong with exchange rates.
    ExchangeRateErrorCode {
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// There is no such currency.
        CurrencyUnknown,
        /// It is the business's own currency.
        NotAllowed,
        /// There is no rate of this currency and day.
        NotFound,
        /// Two rates of one call are of the same currency and day.
        Taken,
        /// The text is too long.
        TooLong,
        /// More rates than a call can bring or a business keeps.
        TooMany,
    }
);

/// Which rates to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct ExchangeRateFilter {
    /// Of this currency.
    pub currency: Option<CurrencyCode>,
    /// Not from before this day.
    pub from: Option<Date>,
    /// Not from after this day.
    pub to: Option<Date>,
}

/// Rates to be set; each takes the place of the one of its currency and day.
#[derive(InputObject, Debug)]
pub struct ExchangeRateSetInput {
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// 1 to 1000 rates.
    pub rates: Vec<ExchangeRateInput>,
}

/// A rate.
#[derive(InputObject, Debug)]
pub struct ExchangeRateInput {
    /// The other currency.
    pub currency: CurrencyCode,
    /// First day on which it holds.
    pub valid_on: Date,
    /// Base units per unit of the other currency, with at most 10 decimal places.
    pub rate: Decimal,
    /// Where it comes from, such as the bank that names it.
    pub source: Option<String>,
}

/// A rate to be removed.
#[derive(InputObject, Debug)]
pub struct ExchangeRateRemoveInput {
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// The other currency.
    pub currency: CurrencyCode,
    /// First day on which it holds.
    pub valid_on: Date,
}

/// What setting rates did.
#[derive(SimpleObject, Debug)]
pub struct ExchangeRateSetPayload {
    /// The rates as they stand now, in the order of the input; null when something was wrong.
    pub exchange_rates: Option<Vec<ExchangeRate>>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<ExchangeRateUserError>,
}

/// What removing a rate did.
#[derive(SimpleObject, Debug)]
pub struct ExchangeRateRemovePayload {
    /// The rate as it was; null when something was wrong.
    pub exchange_rate: Option<ExchangeRate>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<ExchangeRateUserError>,
}

/// Queries of exchange rates.
#[derive(Default, Debug)]
pub struct ExchangeRateQuery;

const NEWEST: &str = "exchangeRates:validOn:desc";

#[Object]
impl ExchangeRateQuery {
    /// Exchange rates of a business, the newest first. Requires: LEDGER_READ.
    #[graphql(
        guard = "Requires(Permission::LedgerRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn exchange_rates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Which rates.")] filter: Option<ExchangeRateFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<ExchangeRateConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let filter = RateFilter {
            currency: filter.currency.map(|code| code.0),
            from: filter.from.map(|day| day.0),
            to: filter.to.map(|day| day.0),
        };
        let business = asked(business_id.as_ref());
        let page = exchange_rates::list(&*ctx.tenant()?, business, &filter, &ask).await?;
        Ok(ExchangeRateConnection::of(NEWEST, &ask, page))
    }
}

/// Mutations of exchange rates.
#[derive(Default, Debug)]
pub struct ExchangeRateMutation;

#[Object]
impl ExchangeRateMutation {
    /// Sets exchange rates, one or many, all or none. Vouchers that are posted already keep the rates that
    /// they have. Requires: EXCHANGE_RATE_SET.
    #[graphql(
        guard = "Requires(Permission::ExchangeRateSet)",
        complexity = "crate::graphql::cost::of_many(input.rates.len(), child_complexity.saturating_add(1))"
    )]
    async fn exchange_rate_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rates.")] input: ExchangeRateSetInput,
    ) -> ApiResult<ExchangeRateSetPayload> {
        let rates = input.rates.into_iter().map(|one| WrittenRate {
            currency: one.currency.0.to_string(),
            valid_on: one.valid_on.0,
            rate: one.rate.0,
            source: one.source,
        });
        let business = asked(input.business_id.as_ref());
        let done = exchange_rates::set(&*ctx.tenant()?, business, rates.collect()).await;
        let (rows, user_errors) = answer(done)?;
        let exchange_rates = rows.map(|rows| rows.into_iter().map(ExchangeRate::from).collect());
        Ok(ExchangeRateSetPayload { exchange_rates, user_errors })
    }

    /// Removes an exchange rate; what it was used for keeps it. Requires: EXCHANGE_RATE_SET.
    #[graphql(guard = "Requires(Permission::ExchangeRateSet)")]
    async fn exchange_rate_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rate.")] input: ExchangeRateRemoveInput,
    ) -> ApiResult<ExchangeRateRemovePayload> {
        let business = asked(input.business_id.as_ref());
        let (currency, day) = (input.currency.0, input.valid_on.0);
        let done = exchange_rates::remove(&*ctx.tenant()?, business, currency, day).await;
        let (row, user_errors) = answer(done)?;
        Ok(ExchangeRateRemovePayload { exchange_rate: row.map(ExchangeRate::from), user_errors })
    }
}
