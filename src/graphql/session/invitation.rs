//! Taking up an invitation.

use async_graphql::{Context, InputObject, Object};

use super::{secret, session_payloads};
use crate::{
    graphql::{context::Asks, error::ApiResult},
    services::session,
};

/// An invitation to be taken up.
#[derive(InputObject, Debug)]
pub struct InvitationAcceptInput {
    /// The code that `userInvite`, or for an owner `tenantCreate`, answered.
    #[graphql(secret)]
    pub code: String,
    /// The password: 8 to 256 characters.
    #[graphql(secret)]
    pub password: String,
    /// One's name, where it was written otherwise in the invitation.
    pub name: Option<String>,
}

/// An invitation to the platform's office to be taken up.
#[derive(InputObject, Debug)]
pub struct AdminInvitationAcceptInput {
    /// The code that `adminCreate` answered.
    #[graphql(secret)]
    pub code: String,
    /// The password: 8 to 256 characters.
    #[graphql(secret)]
    pub password: String,
    /// One's name, where it was written otherwise in the invitation.
    pub name: Option<String>,
}

session_payloads! {
    /// What taking up an invitation did; it signs in.
    InvitationAcceptPayload
    /// What taking up an invitation to the platform's office did; it signs in.
    AdminInvitationAcceptPayload
}

/// Mutations of those who were invited.
#[derive(Default, Debug)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Takes up an invitation: sets the first password and signs in. Anyone may call it.
    async fn invitation_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code and the password.")] input: InvitationAcceptInput,
    ) -> ApiResult<InvitationAcceptPayload> {
        let (code, password) = (secret(input.code), secret(input.password));
        let (desk, request) = (ctx.desk()?, ctx.caller()?.request());
        let name = input.name.as_deref();
        let outcome = session::invitation_accept(desk, request, &code, password, name).await;
        InvitationAcceptPayload::of(outcome.map(|(_, handed)| handed))
    }

    /// Takes up an invitation to the platform's office: sets the first password and signs in.
    /// Anyone may call it.
    async fn admin_invitation_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code and the password.")] input: AdminInvitationAcceptInput,
    ) -> ApiResult<AdminInvitationAcceptPayload> {
        let (code, password) = (secret(input.code), secret(input.password));
        let (desk, request) = (ctx.desk()?, ctx.caller()?.request());
        let name = input.name.as_deref();
        let outcome = session::admin_invitation_accept(desk, request, &code, password, name).await;
        AdminInvitationAcceptPayload::of(outcome)
    }
}
