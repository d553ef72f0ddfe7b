//! Staff and keys of machines in the API.

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject,
};
use daybook_domain::{
    id::{ApiKeyId, BusinessId, UserId},
    role::{self, PermissionSet},
};
use daybook_entity::tenant::people::{UserStatus as StoredStatus, api_key};

use crate::{
    auth::roles,
    connection,
    graphql::{
        books::businesses::{BUSINESS, business_of},
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        node::Node,
        page::PageAsk,
        permission::{Permission, Role},
        scalar::DateTime,
        session::USER,
    },
    scope::Visible,
    services::staff::{self, Invite, Member, NewKey, Update},
    user_errors,
};

/// The kind of a key's global id.
pub const API_KEY: &str = "ApiKey";

/// Whether a user may sign in.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredStatus")]
pub enum UserStatus {
    /// Has not set a password yet.
    Invited,
    /// May.
    Active,
    /// May not any more.
    Disabled,
}

/// Somebody who works in the account.
#[derive(SimpleObject, Debug, Clone)]
pub struct User {
    /// Opaque global id.
    pub id: ID,
    /// Their name.
    pub name: String,
    /// The address by which they sign in.
    pub email: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Their role.
    pub role: Role,
    /// What they may do: the role's permissions with the adjustments below.
    pub permissions: Vec<Permission>,
    /// Permissions beyond the role's.
    pub permissions_added: Vec<Permission>,
    /// Permissions of the role that they do not have.
    pub permissions_removed: Vec<Permission>,
    /// Whether they see every business, also those still to be made.
    pub all_businesses: bool,
    /// Ids of the businesses that they see, where they do not see all.
    pub business_ids: Vec<ID>,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When they were invited.
    pub created_at: DateTime,
    /// When they were last changed.
    pub updated_at: DateTime,
}

impl From<Member> for User {
    fn from(Member { user, businesses }: Member) -> Self {
        let list = |text: &str| Permission::list(PermissionSet::from_text(text));
        let business_ids = match businesses {
            Visible::All => Vec::new(),
            Visible::Only(ids) => ids.iter().map(|one| id::encode(BUSINESS, one.get())).collect(),
        };
        Self {
            id: id::encode(USER, user.id.get()),
            role: roles::tenant_role(user.role).into(),
            permissions: Permission::list(roles::permissions_of(&user)),
            permissions_added: list(&user.permissions_added),
            permissions_removed: list(&user.permissions_removed),
            all_businesses: user.all_businesses,
            business_ids,
            status: user.status.into(),
            version: user.version,
            created_at: DateTime(user.created_at),
            updated_at: DateTime(user.updated_at),
            name: user.name,
            email: user.email,
            phone: user.phone,
        }
    }
}

connection!(
    /// Users in the order in which they came.
    UserConnection, UserEdge, User
);

/// A key with which a machine acts for a user.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct ApiKey {
    /// Opaque global id.
    pub id: ID,
    /// What it is for.
    pub name: String,
    /// What it may do, within what its user may do.
    pub scopes: Vec<Permission>,
    /// When it was made.
    pub created_at: DateTime,
    /// When it ends by itself.
    pub expires_at: Option<DateTime>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime>,
    #[graphql(skip)]
    user: UserId,
}

#[ComplexObject]
impl ApiKey {
    /// The user for whom it acts; null when the caller may not see users.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        let scope = &ctx.tenant()?;
        let may = scope.require(role::Permission::UserRead).is_ok();
        if !may && scope.access.user != self.user {
            return Ok(None);
        }
        Ok(staff::user(scope, self.user).await?.map(User::from))
    }
}

impl From<api_key::Model> for ApiKey {
    fn from(row: api_key::Model) -> Self {
        Self {
            id: id::encode(API_KEY, row.id.get()),
            name: row.name,
            scopes: Permission::list(PermissionSet::from_text(&row.scopes)),
            created_at: DateTime(row.created_at),
            expires_at: row.expires_at.map(DateTime),
            revoked_at: row.revoked_at.map(DateTime),
            user: row.user_id,
        }
    }
}

connection!(
    /// Keys in the order in which they were made.
    ApiKeyConnection, ApiKeyEdge, ApiKey
);

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
        /// There is no such user or key.
        NotFound,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
    }
);

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

/// What to change of a user; what is left out stays.
#[derive(InputObject, Debug)]
pub struct UserUpdateInput {
    /// The version you saw; refused as STALE when somebody changed the user meanwhile.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Permissions beyond the role's, in place of those of before.
    pub permissions_added: Option<Vec<Permission>>,
    /// Permissions of the role that they shall not have, in place of those of before.
    pub permissions_removed: Option<Vec<Permission>>,
    /// The businesses they may see; null stands for every one.
    pub business_ids: MaybeUndefined<Vec<ID>>,
}

/// A key to be made for the caller.
#[derive(InputObject, Debug)]
pub struct ApiKeyCreateInput {
    /// What it is for.
    pub name: String,
    /// What it may do; only what the caller may do.
    pub scopes: Vec<Permission>,
    /// When it ends by itself; never when left out.
    pub expires_at: Option<DateTime>,
}

/// Which version of a user is to be changed.
#[derive(InputObject, Debug, Default)]
pub struct UserStatusInput {
    /// The version you saw; refused as STALE when somebody changed the user meanwhile.
    pub expected_version: Option<i32>,
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

macro_rules! user_payloads {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(SimpleObject, Debug)]
        pub struct $name {
            /// The user as they stand now; null when something was wrong.
            pub user: Option<User>,
            /// What was wrong; empty when it was done.
            pub user_errors: Vec<StaffUserError>,
        }

        impl $name {
            fn of(outcome: crate::error::Result<Member>) -> ApiResult<Self> {
                let (member, user_errors) = answer(outcome)?;
                Ok(Self { user: member.map(User::from), user_errors })
            }
        }
    )+};
}

user_payloads! {
    /// What changing a user did.
    UserUpdatePayload
    /// What disabling a user did.
    UserDisablePayload
    /// What enabling a user did.
    UserEnablePayload
}

/// What making a key did.
#[derive(SimpleObject, Debug)]
pub struct ApiKeyCreatePayload {
    /// The key; null when something was wrong.
    pub api_key: Option<ApiKey>,
    /// The secret for `Authorization: Bearer …` or `X-Api-Key`. It is shown only here.
    pub secret: Option<String>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<StaffUserError>,
}

/// What revoking a key did.
#[derive(SimpleObject, Debug)]
pub struct ApiKeyRevokePayload {
    /// The key as it stands now; null when something was wrong.
    pub api_key: Option<ApiKey>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<StaffUserError>,
}

const USERS_BY_AGE: &str = "users:id";
const KEYS_BY_AGE: &str = "apiKeys:id";

/// The user that a global id names; 0 is none and found nowhere.
fn user_of(global: &ID) -> UserId {
    UserId::new(id::decode(USER, global).unwrap_or(0))
}

fn key_of(global: &ID) -> ApiKeyId {
    ApiKeyId::new(id::decode(API_KEY, global).unwrap_or(0))
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
        let found = staff::api_key(&*ctx.tenant()?, key_of(global)).await?;
        return Ok(found.map(|key| Node::ApiKey(Box::new(key.into()))));
    }
    Ok(None)
}

/// Queries of staff and keys.
#[derive(Default, Debug)]
pub struct StaffQuery;

#[Object]
impl StaffQuery {
    /// Who works in the account, in the order in which they came. Requires: USER_READ.
    #[graphql(
        guard = "Requires(role::Permission::UserRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<UserConnection> {
        let ask = PageAsk::new(ctx, USERS_BY_AGE, first, after.as_deref())?;
        let page = staff::users(&*ctx.tenant()?, &ask).await?;
        Ok(UserConnection::of(USERS_BY_AGE, &ask, page))
    }

    /// Somebody who works in the account. Requires: USER_READ.
    #[graphql(guard = "Requires(role::Permission::UserRead)")]
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> ApiResult<Option<User>> {
        Ok(staff::user(&*ctx.tenant()?, user_of(&id)).await?.map(User::from))
    }

    /// Keys with which machines act, revoked ones included. Requires: API_KEY_READ.
    #[graphql(
        guard = "Requires(role::Permission::ApiKeyRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<ApiKeyConnection> {
        let ask = PageAsk::new(ctx, KEYS_BY_AGE, first, after.as_deref())?;
        let page = staff::api_keys(&*ctx.tenant()?, &ask).await?;
        Ok(ApiKeyConnection::of(KEYS_BY_AGE, &ask, page))
    }
}

/// Mutations of staff and keys.
#[derive(Default, Debug)]
pub struct StaffMutation;

#[Object]
impl StaffMutation {
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
        Ok(UserInvitePayload {
            user: member.map(User::from),
            code_expires_at: code.as_ref().map(|code| DateTime(code.expires_at)),
            code: code.map(|code| code.code.reveal()),
            user_errors,
        })
    }

    /// Changes a user's name, role, permissions or businesses; it counts at once. Requires:
    /// USER_UPDATE.
    #[graphql(guard = "Requires(role::Permission::UserUpdate)")]
    async fn user_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: UserUpdateInput,
    ) -> ApiResult<UserUpdatePayload> {
        let update = Update {
            expected_version: input.expected_version,
            name: input.name,
            role: input.role.map(role::TenantRole::from),
            added: set(input.permissions_added),
            removed: set(input.permissions_removed),
            businesses: match input.business_ids {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(ids) => Some(Some(businesses(&ids))),
            },
        };
        UserUpdatePayload::of(staff::update(&*ctx.tenant()?, user_of(&id), update).await)
    }

    /// Lets a user in no more; all sessions end and their keys rest. Requires: USER_UPDATE.
    #[graphql(guard = "Requires(role::Permission::UserUpdate)")]
    async fn user_disable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
        #[graphql(desc = "The version you saw.")] input: Option<UserStatusInput>,
    ) -> ApiResult<UserDisablePayload> {
        let version = input.unwrap_or_default().expected_version;
        UserDisablePayload::of(staff::disable(&*ctx.tenant()?, user_of(&id), version).await)
    }

    /// Lets a disabled user in again. Requires: USER_UPDATE.
    #[graphql(guard = "Requires(role::Permission::UserUpdate)")]
    async fn user_enable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
        #[graphql(desc = "The version you saw.")] input: Option<UserStatusInput>,
    ) -> ApiResult<UserEnablePayload> {
        let version = input.unwrap_or_default().expected_version;
        UserEnablePayload::of(staff::enable(&*ctx.tenant()?, user_of(&id), version).await)
    }

    /// Makes a one-time code with which a user sets a new password. Requires: USER_UPDATE.
    #[graphql(guard = "Requires(role::Permission::UserUpdate)")]
    async fn password_reset_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> ApiResult<PasswordResetRequestPayload> {
        let outcome = staff::reset_code(ctx.desk()?, &*ctx.tenant()?, user_of(&id)).await;
        let (made, user_errors) = answer(outcome)?;
        let (member, code) = made.unzip();
        Ok(PasswordResetRequestPayload {
            user: member.map(User::from),
            code_expires_at: code.as_ref().map(|code| DateTime(code.expires_at)),
            code: code.map(|code| code.code.reveal()),
            user_errors,
        })
    }

    /// Makes a key with which a machine acts for the caller. Requires: API_KEY_CREATE.
    #[graphql(guard = "Requires(role::Permission::ApiKeyCreate)")]
    async fn api_key_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key.")] input: ApiKeyCreateInput,
    ) -> ApiResult<ApiKeyCreatePayload> {
        let new = NewKey {
            name: input.name,
            scopes: Permission::set(input.scopes),
            expires_at: input.expires_at.map(|end| end.0),
        };
        let (made, user_errors) = answer(staff::api_key_create(&*ctx.tenant()?, new).await)?;
        let (row, secret) = made.unzip();
        Ok(ApiKeyCreatePayload {
            api_key: row.map(ApiKey::from),
            secret: secret.map(|secret| secret.reveal()),
            user_errors,
        })
    }

    /// Takes a key back; it works no more from the next request on. Requires: API_KEY_REVOKE.
    #[graphql(guard = "Requires(role::Permission::ApiKeyRevoke)")]
    async fn api_key_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key's id.")] id: ID,
    ) -> ApiResult<ApiKeyRevokePayload> {
        let outcome = staff::api_key_revoke(&*ctx.tenant()?, key_of(&id)).await;
        let (row, user_errors) = answer(outcome)?;
        Ok(ApiKeyRevokePayload { api_key: row.map(ApiKey::from), user_errors })
    }
}
