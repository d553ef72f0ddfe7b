//! Registering a company.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{Account, Session, SessionUserError, secret};
use crate::{
    graphql::{
        context::Asks,
        error::{ApiResult, answer},
        scalar::CurrencyCode,
    },
    services::{
        platform::provision::NewTenant,
        session::{self, Register},
    },
};

/// Who registers.
#[derive(InputObject, Debug)]
pub struct RegisterInput {
    /// The company, and the name of its first business.
    pub company_name: String,
    /// The name in addresses: 3 to 40 letters, digits and hyphens, unique on the platform.
    pub subdomain: String,
    /// Who owns the account.
    pub owner_name: String,
    /// The owner's address, by which they sign in.
    pub email: String,
    /// The owner's password: 8 to 256 characters.
    #[graphql(secret)]
    pub password: String,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// Currency of the first business; the country's when left out.
    pub base_currency: Option<CurrencyCode>,
    /// Registration of the first business for goods and services tax.
    pub gstin: Option<String>,
    /// The owner's telephone number.
    pub phone: Option<String>,
    /// The code of who recommended the platform.
    pub referral_code: Option<String>,
}

/// What registering did.
#[derive(SimpleObject, Debug)]
pub struct RegisterPayload {
    /// The new account; null when something was wrong.
    pub tenant: Option<Account>,
    /// The owner's tokens; null when something was wrong.
    pub session: Option<Session>,
    /// Whether the account was there already: the same owner had registered it with the same address
    /// and password, and did not hear the answer.
    pub replayed: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

/// Registering.
#[derive(Default, Debug)]
pub struct RegisterMutation;

#[Object]
impl RegisterMutation {
    /// Registers a company: makes its account with a first business, and signs its owner in. It may be
    /// sent again when no answer came: the owner is signed in to what the first call made.
    /// Anyone may call it.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who registers.")] input: RegisterInput,
    ) -> ApiResult<RegisterPayload> {
        let tenant = NewTenant {
            company_name: input.company_name,
            subdomain: input.subdomain,
            owner_name: input.owner_name,
            email: input.email,
            password_hash: None,
            country: input.country,
            base_currency: input.base_currency.map(|code| code.0.to_string()),
            gstin: input.gstin,
            books_begin_on: None,
            phone: input.phone,
            server: None,
            referral_code: input.referral_code,
        };
        let register = Register { tenant, password: secret(input.password) };
        let request = ctx.caller()?.request();
        let (made, user_errors) = answer(session::register(ctx.desk()?, request, register).await)?;
        Ok(RegisterPayload {
            tenant: made.as_ref().map(|made| Account::from(made.tenant.as_ref())),
            replayed: made.as_ref().is_some_and(|made| made.replayed),
            session: made.map(|made| Session::from(made.session)),
            user_errors,
        })
    }
}
