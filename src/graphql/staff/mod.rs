//! Staff and keys of machines in the API.

mod invitations;
mod keys;
mod sessions;
mod users;

use async_graphql::{Context, ID, MergedObject};
use daybook_domain::{
    id::{BusinessId, UserId},
    role::PermissionSet,
};

pub use keys::{API_KEY, ApiKey};
pub use sessions::{SESSION, UserSession};
pub use users::User;

use crate::{
    graphql::{
        books::businesses::business_of, context::Asks, error::ApiResult, id, node::Node,
        permission::Permission, session::USER,
    },
    services::staff,
    user_errors,
};

user_errors!(
    /// Something wrong with a change of staff or keys.
    StaffUserError,
    /// What can be wrong with a change of staff or keys.
    StaffErrorCode {
        /// It was done before.
        AlreadyDone,
        /// There is no such business.
        BusinessUnknown,
        /// Somebody here has this e-mail address already.
        EmailTaken,
        /// The last owner stays an owner who can sign in.
        LastOwner,
        /// Nobody grants or touches rights that they do not hold.
        NotAllowed,
        /// There is no such user, key or session.
        NotFound,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
    }
);

/// The user that a global id names.
fn user_of(global: &ID) -> UserId {
    UserId::new(id::number(USER, global))
}

fn set(list: Option<Vec<Permission>>) -> Option<PermissionSet> {
    list.map(Permission::set)
}

fn businesses(ids: &[ID]) -> Vec<Option<BusinessId>> {
    ids.iter().map(business_of).collect()
}

/// The user or key of the caller's tenant that a global id names; `None` for any other kind.
///
/// # Errors
/// No permission for that kind, or a database that cannot be read.
pub async fn node(ctx: &Context<'_>, global: &ID) -> ApiResult<Option<Node>> {
    if id::decode(USER, global).is_some() {
        let found = staff::user(&*ctx.tenant()?, user_of(global)).await?;
        return Ok(found.map(|user| Node::User(Box::new(user.into()))));
    }
    if id::decode(API_KEY, global).is_some() {
        let found = staff::api_key(&*ctx.tenant()?, keys::key_of(global)).await?;
        return Ok(found.map(|key| Node::ApiKey(Box::new(key.into()))));
    }
    if id::decode(SESSION, global).is_some() {
        let found = staff::session(&*ctx.tenant()?, sessions::session_of(global)).await?;
        return Ok(found.map(|one| Node::UserSession(Box::new(one.into()))));
    }
    Ok(None)
}

/// Queries of staff and keys.
#[derive(MergedObject, Default, Debug)]
pub struct StaffQuery(users::UserQuery, keys::KeyQuery, sessions::UserSessionQuery);

/// Mutations of staff and keys.
#[derive(MergedObject, Default, Debug)]
pub struct StaffMutation(
    invitations::CodeMutation,
    users::UserMutation,
    keys::KeyMutation,
    sessions::SessionEndMutation,
);
