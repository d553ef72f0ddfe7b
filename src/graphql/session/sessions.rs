//! Sessions: renewed and ended.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{SessionUserError, secret, session_payloads};
use crate::{
    error::Error,
    graphql::{
        context::{Asks, Caller, SignedIn},
        error::{ApiResult, answer},
    },
    services::session,
};

/// A session to be renewed.
#[derive(InputObject, Debug)]
pub struct SessionRefreshInput {
    /// The newest refresh token of the session. Good once: one that comes back ends the session.
    #[graphql(secret)]
    pub refresh_token: String,
}

session_payloads! {
    /// What renewing a session did.
    SessionRefreshPayload
}

/// What signing out did.
#[derive(SimpleObject, Debug)]
pub struct LogoutPayload {
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

/// Mutations of sessions.
#[derive(Default, Debug)]
pub struct SessionsMutation;

#[Object]
impl SessionsMutation {
    /// Renews a session of a tenant or of the platform's office: the refresh token is used up, and
    /// the answer holds the next one. Anyone may call it.
    async fn session_refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] input: SessionRefreshInput,
    ) -> ApiResult<SessionRefreshPayload> {
        let token = secret(input.refresh_token);
        let outcome = session::refresh(ctx.desk()?, ctx.caller()?.request(), &token).await;
        SessionRefreshPayload::of(outcome)
    }

    /// Ends the session by which this request is signed in. Requires: a signed-in user.
    #[graphql(guard = "SignedIn")]
    async fn logout(&self, ctx: &Context<'_>) -> ApiResult<LogoutPayload> {
        let outcome = match ctx.caller()? {
            Caller::Tenant(scope) => session::logout(scope).await,
            Caller::Platform(scope) => session::logout_office(ctx.desk()?, scope).await,
            Caller::Nobody(_) | Caller::Listening(_) => Err(Error::Unauthenticated),
        };
        let (_, user_errors) = answer(outcome)?;
        Ok(LogoutPayload { user_errors })
    }
}
