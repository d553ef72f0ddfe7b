//! Signing in with a password: to a tenant, to one of several, to the platform's office.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use secrecy::ExposeSecret;

use super::{Account, Session, SessionUserError, secret, session_payloads};
use crate::{
    graphql::{
        context::Asks,
        error::{ApiResult, answer},
    },
    services::session::{self, Login, OfficeLogin, Outcome},
    tenancy::Route,
};

/// One of several accounts that an e-mail address and a password fit.
#[derive(SimpleObject, Debug, Clone)]
pub struct LoginChoice {
    /// The account.
    pub tenant: Account,
}

/// Who signs in, and where.
#[derive(InputObject, Debug)]
pub struct LoginInput {
    /// E-mail address.
    pub email: String,
    /// Password.
    #[graphql(secret)]
    pub password: String,
    /// The account, where it is not named by the host or by `X-Tenant`; may be left out.
    pub subdomain: Option<String>,
}

/// Which of several accounts to sign in to.
#[derive(InputObject, Debug)]
pub struct LoginChooseInput {
    /// The token that `login` answered; counts for five minutes.
    #[graphql(secret)]
    pub choice_token: String,
    /// The account.
    pub subdomain: String,
}

/// Who of the platform's office signs in.
#[derive(InputObject, Debug)]
pub struct AdminLoginInput {
    /// E-mail address.
    pub email: String,
    /// Password.
    #[graphql(secret)]
    pub password: String,
}

/// What signing in did: a session, or a choice to make.
#[derive(SimpleObject, Debug, Default)]
pub struct LoginPayload {
    /// The tokens; null when there is a choice to make or something was wrong.
    pub session: Option<Session>,
    /// The account signed in to.
    pub tenant: Option<Account>,
    /// Accounts that the password fits, when there are several.
    pub choices: Vec<LoginChoice>,
    /// With this, `loginChoose` signs in to one of them; counts for five minutes.
    pub choice_token: Option<String>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

/// What choosing an account did.
#[derive(SimpleObject, Debug)]
pub struct LoginChoosePayload {
    /// The tokens; null when something was wrong.
    pub session: Option<Session>,
    /// The account signed in to.
    pub tenant: Option<Account>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

session_payloads! {
    /// What signing in to the platform's office did.
    AdminLoginPayload
}

fn signed_in(outcome: Option<Outcome>) -> (Option<Session>, Option<Account>) {
    match outcome {
        Some(Outcome::SignedIn { tenant, session }) => {
            (Some(session.into()), Some(Account::from(tenant.as_ref())))
        }
        Some(Outcome::Choose { .. }) | None => (None, None),
    }
}

/// Mutations of signing in.
#[derive(Default, Debug)]
pub struct LoginMutation;

#[Object]
impl LoginMutation {
    /// Signs in to a tenant with e-mail address and password. Where no account is named and the
    /// password fits several, it answers `choices` and a `choiceToken`. Anyone may call it.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in, and where.")] input: LoginInput,
    ) -> ApiResult<LoginPayload> {
        let LoginInput { email, password, subdomain } = input;
        let login = Login { email, password: secret(password), subdomain };
        let outcome = session::login(ctx.desk()?, ctx.caller()?.request(), login).await;
        let (outcome, user_errors) = answer(outcome)?;
        if let Some(Outcome::Choose { token, tenants }) = outcome {
            let choice = |tenant: &Arc<Route>| LoginChoice { tenant: tenant.as_ref().into() };
            return Ok(LoginPayload {
                choices: tenants.iter().map(choice).collect(),
                choice_token: Some(token.expose_secret().to_owned()),
                ..LoginPayload::default()
            });
        }
        let (session, tenant) = signed_in(outcome);
        Ok(LoginPayload { session, tenant, user_errors, ..LoginPayload::default() })
    }

    /// Signs in to one of the accounts that `login` answered. Anyone may call it.
    async fn login_choose(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: LoginChooseInput,
    ) -> ApiResult<LoginChoosePayload> {
        let token = secret(input.choice_token);
        let request = ctx.caller()?.request();
        let outcome = session::login_choose(ctx.desk()?, request, &token, &input.subdomain).await;
        let (outcome, user_errors) = answer(outcome)?;
        let (session, tenant) = signed_in(outcome);
        Ok(LoginChoosePayload { session, tenant, user_errors })
    }

    /// Signs in to the platform's office. Anyone may call it.
    async fn admin_login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: AdminLoginInput,
    ) -> ApiResult<AdminLoginPayload> {
        let login = OfficeLogin { email: input.email, password: secret(input.password) };
        let outcome = session::admin_login(ctx.desk()?, ctx.caller()?.request(), login).await;
        AdminLoginPayload::of(outcome)
    }
}
