//! Who works in the account: listed, changed, let in or not.

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject,
};
use daybook_domain::role::{self, PermissionSet};
use daybook_entity::tenant::people::UserStatus as StoredStatus;

use super::{StaffUserError, businesses, set, user_of};
use crate::{
    auth::roles,
    connection,
    graphql::{
        books::{businesses::Business, ledgers::maybe},
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        permission::{Permission, Role},
        scalar::DateTime,
        session::USER,
    },
    payloads,
    scope::Visible,
    services::{
        books::chart,
        staff::{self, Member, Update, UserFilter as Which},
    },
};

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
#[graphql(complex)]
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
    /// Whether they may sign in.
    pub status: UserStatus,
    /// When they last signed in; null for somebody who never did.
    pub last_login_at: Option<DateTime>,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When they were invited.
    pub created_at: DateTime,
    /// When they were last changed.
    pub updated_at: DateTime,
    #[graphql(skip)]
    seen: Visible,
}

#[ComplexObject]
impl User {
    /// The businesses that they see, as far as the caller sees them, the oldest first. Empty without
    /// BUSINESS_READ.
    async fn businesses(&self, ctx: &Context<'_>) -> ApiResult<Vec<Business>> {
        let scope = &ctx.tenant()?;
        if scope.require(role::Permission::BusinessRead).is_err() {
            return Ok(Vec::new());
        }
        let chart = chart::chart(scope).await?;
        let both = chart.all_visible(scope).into_iter().filter(|one| self.seen.includes(one.id));
        Ok(both.cloned().map(Business::from).collect())
    }
}

impl From<Member> for User {
    fn from(Member { user, businesses, last_login_at }: Member) -> Self {
        let list = |text: &str| Permission::list(PermissionSet::from_text(text));
        Self {
            id: id::encode(USER, user.id.get()),
            role: roles::tenant_role(user.role).into(),
            permissions: Permission::list(roles::permissions_of(&user)),
            permissions_added: list(&user.permissions_added),
            permissions_removed: list(&user.permissions_removed),
            all_businesses: user.all_businesses,
            status: user.status.into(),
            last_login_at: last_login_at.map(DateTime),
            version: user.version,
            created_at: DateTime(user.created_at),
            updated_at: DateTime(user.updated_at),
            name: user.name,
            email: user.email,
            phone: user.phone,
            seen: businesses,
        }
    }
}

connection!(
    /// Users in the order in which they came.
    UserConnection, UserEdge, User
);

/// Which users to list.
#[derive(InputObject, Debug, Default)]
pub struct UserFilter {
    /// Part of name or e-mail address, whatever its case.
    pub text: Option<String>,
    /// Of these roles.
    pub role: Option<Vec<Role>>,
    /// That may or may not sign in.
    pub status: Option<Vec<UserStatus>>,
}

impl From<UserFilter> for Which {
    fn from(filter: UserFilter) -> Self {
        let role = |role: Role| roles::stored_role(role.into());
        Self {
            text: filter.text,
            role: filter.role.map(|list| list.into_iter().map(role).collect()),
            status: filter.status.map(|list| list.into_iter().map(Into::into).collect()),
        }
    }
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

/// Which version of a user is to be changed.
#[derive(InputObject, Debug, Default)]
pub struct UserStatusInput {
    /// The version you saw; refused as STALE when somebody changed the user meanwhile.
    pub expected_version: Option<i32>,
}

payloads! {
    /// The user as they stand now; null when something was wrong.
    user: User, of Member, or StaffUserError;
    /// What changing a user did.
    UserUpdatePayload
    /// What disabling a user did.
    UserDisablePayload
    /// What enabling a user did.
    UserEnablePayload
}

const USERS_BY_AGE: &str = "users:id";

/// Queries of staff.
#[derive(Default, Debug)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// Who works in the account, in the order in which they came. Requires: USER_READ.
    #[graphql(
        guard = "Requires(role::Permission::UserRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<UserFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<UserConnection> {
        let ask = PageAsk::new(ctx, USERS_BY_AGE, first, after.as_deref())?;
        let filter = filter.unwrap_or_default().into();
        let page = staff::users(&*ctx.tenant()?, filter, &ask).await?;
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
}

/// Mutations of staff.
#[derive(Default, Debug)]
pub struct UserMutation;

#[Object]
impl UserMutation {
    /// Changes a user's name, role, permissions or businesses; it counts at once, and a one-time code
    /// made for other rights is void. Requires: USER_UPDATE.
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
            businesses: maybe(input.business_ids).map(|ids| ids.as_deref().map(businesses)),
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
}
