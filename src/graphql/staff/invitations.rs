//! One-time codes: for who is invited, and for who needs a new password.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role;

use super::{StaffUserError, User, businesses, set, user_of};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        permission::{Permission, Role},
        scalar::DateTime,
        session::shown_once,
    },
    services::staff::{self, Invite},
};

/// Somebody to be invited.
#[derive(InputObject, Debug)]
pub struct UserInviteInput {
    /// Their name.
    pub name: String,
    /// The address by which they will sign in.
    pub email: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Their role.
    pub role: Role,
    /// Permissions beyond the role's.
    pub permissions_added: Option<Vec<Permission>>,
    /// Permissions of the role that they shall not have.
    pub permissions_removed: Option<Vec<Permission>>,
    /// The businesses they may see; every one when left out.
    pub business_ids: Option<Vec<ID>>,
}

/// A one-time code, and the user for whom it is.
#[derive(SimpleObject, Debug)]
pub struct UserInvitePayload {
    /// The user; null when something was wrong.
    pub user: Option<User>,
    /// With this code, `invitationAccept` sets the first password. It is shown only here.
    pub code: Option<String>,
    /// When the code ends.
    pub code_expires_at: Option<DateTime>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<StaffUserError>,
}

/// A one-time code for a new password.
#[derive(SimpleObject, Debug)]
pub struct PasswordResetRequestPayload {
    /// The user; null when something was wrong.
    pub user: Option<User>,
    /// With this code, `passwordReset` sets a new password (or `invitationAccept` the first one, of a
    /// user who is still invited). It is shown only here.
    pub code: Option<String>,
    /// When the code ends.
    pub code_expires_at: Option<DateTime>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<StaffUserError>,
}

/// Mutations that make one-time codes.
#[derive(Default, Debug)]
pub struct CodeMutation;

#[Object]
impl CodeMutation {
    /// Invites somebody with a role and the businesses they may see. Requires: USER_INVITE.
    #[graphql(guard = "Requires(role::Permission::UserInvite)")]
    async fn user_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is invited.")] input: UserInviteInput,
    ) -> ApiResult<UserInvitePayload> {
        let invite = Invite {
            name: input.name,
            email: input.email,
            phone: input.phone,
            role: input.role.into(),
            added: set(input.permissions_added).unwrap_or_default(),
            removed: set(input.permissions_removed).unwrap_or_default(),
            businesses: input.business_ids.as_deref().map(businesses),
        };
        let outcome = staff::invite(ctx.desk()?, &*ctx.tenant()?, invite).await;
        let (made, user_errors) = answer(outcome)?;
        let (member, code) = made.unzip();
        let (code, code_expires_at) = shown_once(code);
        Ok(UserInvitePayload { user: member.map(User::from), code, code_expires_at, user_errors })
    }

    /// Makes a one-time code with which a user sets a new password; hand it on to them. Neither one's
    /// own password nor an owner's is set so. Requires: USER_UPDATE.
    #[graphql(guard = "Requires(role::Permission::UserUpdate)")]
    async fn password_reset_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> ApiResult<PasswordResetRequestPayload> {
        let outcome = staff::reset_code(ctx.desk()?, &*ctx.tenant()?, user_of(&id)).await;
        let (made, user_errors) = answer(outcome)?;
        let (member, code) = made.unzip();
        let (code, code_expires_at) = shown_once(code);
        Ok(PasswordResetRequestPayload {
            user: member.map(User::from),
            code,
            code_expires_at,
            user_errors,
        })
    }
}
