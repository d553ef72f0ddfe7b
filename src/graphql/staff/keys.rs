//! Keys with which machines act for a user.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{ApiKeyId, UserId},
    role::{self, PermissionSet},
};
use daybook_entity::tenant::people::api_key;

use super::{StaffUserError, User};
use crate::{
    connection,
    graphql::{
        books::loaders,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        page::PageAsk,
        permission::Permission,
        scalar::DateTime,
    },
    payloads,
    services::staff::{self, NewKey},
};

/// The kind of a key's global id.
pub const API_KEY: &str = "ApiKey";

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
    /// When it was last used, to within an hour; null for one that never was.
    pub last_used_at: Option<DateTime>,
    #[graphql(skip)]
    user: UserId,
}

#[ComplexObject]
impl ApiKey {
    /// The user for whom it acts; null when the caller may not see users.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        Ok(loaders::user(ctx, self.user).await?.map(User::from))
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
            last_used_at: row.last_used_at.map(DateTime),
            user: row.user_id,
        }
    }
}

connection!(
    /// Keys in the order in which they were made.
    ApiKeyConnection, ApiKeyEdge, ApiKey
);

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

payloads! {
    /// The key as it stands now; null when something was wrong.
    api_key: ApiKey, of api_key::Model, or StaffUserError;
    /// What revoking a key did.
    ApiKeyRevokePayload
}

const KEYS_BY_AGE: &str = "apiKeys:id";

/// The key that a global id names.
pub(super) fn key_of(global: &ID) -> ApiKeyId {
    ApiKeyId::new(id::number(API_KEY, global))
}

/// Queries of keys.
#[derive(Default, Debug)]
pub struct KeyQuery;

#[Object]
impl KeyQuery {
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

/// Mutations of keys.
#[derive(Default, Debug)]
pub struct KeyMutation;

#[Object]
impl KeyMutation {
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
        ApiKeyRevokePayload::of(staff::api_key_revoke(&*ctx.tenant()?, key_of(&id)).await)
    }
}
