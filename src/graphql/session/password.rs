//! One's own password: changed, or set with a one-time code.

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

/// A password to be changed.
#[derive(InputObject, Debug)]
pub struct PasswordChangeInput {
    /// The password until now.
    #[graphql(secret)]
    pub current_password: String,
    /// The password from now on: 8 to 256 characters.
    #[graphql(secret)]
    pub new_password: String,
}

/// A password to be set with a one-time code.
#[derive(InputObject, Debug)]
pub struct PasswordResetInput {
    /// The code that `passwordResetRequest` answered.
    #[graphql(secret)]
    pub code: String,
    /// The new password: 8 to 256 characters.
    #[graphql(secret)]
    pub password: String,
}

/// A password at the platform's office to be set with a one-time code.
#[derive(InputObject, Debug)]
pub struct AdminPasswordResetInput {
    /// The code that `adminPasswordResetRequest` answered.
    #[graphql(secret)]
    pub code: String,
    /// The new password: 8 to 256 characters.
    #[graphql(secret)]
    pub password: String,
}

/// What changing a password did.
#[derive(SimpleObject, Debug)]
pub struct PasswordChangePayload {
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

session_payloads! {
    /// What setting a password with a code did; it signs in.
    PasswordResetPayload
    /// What setting a password at the platform's office with a code did; it signs in.
    AdminPasswordResetPayload
}

/// Mutations of passwords.
#[derive(Default, Debug)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Changes one's own password and ends all one's other sessions. Requires: a signed-in user.
    #[graphql(guard = "SignedIn")]
    async fn password_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password until now, and the new one.")] input: PasswordChangeInput,
    ) -> ApiResult<PasswordChangePayload> {
        let (current, new) = (secret(input.current_password), secret(input.new_password));
        let desk = ctx.desk()?;
        let outcome = match ctx.caller()? {
            Caller::Tenant(scope) => session::change_password(desk, scope, current, new).await,
            Caller::Platform(scope) => {
                session::change_office_password(desk, scope, current, new).await
            }
            Caller::Nobody(_) | Caller::Listening(_) => Err(Error::Unauthenticated),
        };
        let (_, user_errors) = answer(outcome)?;
        Ok(PasswordChangePayload { user_errors })
    }

    /// Sets a new password with a one-time code, ends all sessions of before, and signs in.
    /// Anyone may call it.
    async fn password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code and the new password.")] input: PasswordResetInput,
    ) -> ApiResult<PasswordResetPayload> {
        let (code, password) = (secret(input.code), secret(input.password));
        let request = ctx.caller()?.request();
        let outcome = session::password_reset(ctx.desk()?, request, &code, password).await;
        PasswordResetPayload::of(outcome.map(|(_, handed)| handed))
    }

    /// Sets a new password at the platform's office with a one-time code, ends all sessions of before,
    /// and signs in. Anyone may call it.
    async fn admin_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code and the new password.")] input: AdminPasswordResetInput,
    ) -> ApiResult<AdminPasswordResetPayload> {
        let (code, password) = (secret(input.code), secret(input.password));
        let (desk, request) = (ctx.desk()?, ctx.caller()?.request());
        let outcome = session::admin_password_reset(desk, request, &code, password).await;
        AdminPasswordResetPayload::of(outcome)
    }
}
