//! Keeping accounting years, States and currencies.

use async_graphql::{Context, ID, InputObject, Object};
use daybook_domain::{id::StateId, role::Permission};
use daybook_entity::master::chart::{accounting_year, currency, state};

use super::MasterUserError;
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        master::{
            places::{AccountingYear, Currency, STATE, State},
            words::StateUse,
        },
        scalar::{CurrencyCode, Date},
    },
    payloads,
    services::master::keep::{
        places::{self, CreateCurrency, CreateState},
        years,
    },
};

/// An accounting year to be made.
#[derive(InputObject, Debug)]
pub struct AdminAccountingYearCreateInput {
    /// The calendar: the month in which its years begin, 1 to 12.
    pub first_month: i32,
    /// First day of that month; the year stands next to those that are there.
    pub starts_on: Date,
}

payloads! {
    /// The year; null when something was wrong.
    accounting_year: AccountingYear, of accounting_year::Model, or MasterUserError;
    /// What adding an accounting year did.
    AdminAccountingYearPayload
}

/// A State to be made.
#[derive(InputObject, Debug)]
pub struct AdminStateCreateInput {
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// Its code; in India two digits.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it levies UTGST in place of SGST.
    #[graphql(default)]
    pub levies_utgst: bool,
    /// What its code is used for.
    #[graphql(default_with = "StateUse::Supply")]
    pub used_for: StateUse,
}

/// The last day of a State's code.
#[derive(InputObject, Debug)]
pub struct AdminStateRetireInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// Last day on which the code holds; null to let it go on.
    pub valid_to: Option<Date>,
}

payloads! {
    /// The State as it stands now; null when something was wrong.
    state: State, of state::Model, or MasterUserError;
    /// What a change of a State did.
    AdminStatePayload
}

/// A currency to be made.
#[derive(InputObject, Debug)]
pub struct AdminCurrencyCreateInput {
    /// Its three letters of ISO 4217.
    pub code: CurrencyCode,
    /// Its three digits.
    pub numeric_code: String,
    /// Its name.
    pub name: String,
    /// Decimal places of its amounts, 0 to 4.
    pub exponent: i32,
    /// Its sign.
    pub symbol: Option<String>,
    /// Name of its minor unit.
    pub minor_name: Option<String>,
}

payloads! {
    /// The currency; null when something was wrong.
    currency: Currency, of currency::Model, or MasterUserError;
    /// What adding a currency did.
    AdminCurrencyPayload
}

/// Mutations of years, States and currencies.
#[derive(Default, Debug)]
pub struct PlaceKeeping;

#[Object]
impl PlaceKeeping {
    /// Adds an accounting year to a calendar, next to those that are there. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_accounting_year_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which year.")] input: AdminAccountingYearCreateInput,
    ) -> ApiResult<AdminAccountingYearPayload> {
        let outcome = years::create(ctx.platform()?, input.first_month, input.starts_on.0).await;
        AdminAccountingYearPayload::of(outcome)
    }

    /// Adds a State, territory or county. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_state_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The State.")] input: AdminStateCreateInput,
    ) -> ApiResult<AdminStatePayload> {
        let command = CreateState {
            country: input.country,
            code: input.code,
            name: input.name,
            levies_utgst: input.levies_utgst,
            used_for: input.used_for.into(),
        };
        AdminStatePayload::of(places::create_state(ctx.platform()?, command).await)
    }

    /// Sets the last day of a State's code, or lets it go on. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_state_retire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The State's id.")] id: ID,
        #[graphql(desc = "Until when.")] input: AdminStateRetireInput,
    ) -> ApiResult<AdminStatePayload> {
        let state = id::decode(STATE, &id).map(StateId::new);
        let (version, day) = (input.expected_version, input.valid_to.map(|day| day.0));
        AdminStatePayload::of(places::retire_state(ctx.platform()?, state, version, day).await)
    }

    /// Adds a currency. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_currency_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The currency.")] input: AdminCurrencyCreateInput,
    ) -> ApiResult<AdminCurrencyPayload> {
        let command = CreateCurrency {
            code: input.code.0,
            numeric_code: input.numeric_code,
            name: input.name,
            exponent: input.exponent,
            symbol: input.symbol,
            minor_name: input.minor_name,
        };
        AdminCurrencyPayload::of(places::create_currency(ctx.platform()?, command).await)
    }
}
