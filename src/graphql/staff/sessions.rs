//! Where people are signed in.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::id::{SessionId, UserId};

use super::{StaffUserError, User, user_of};
use crate::{
    connection,
    graphql::{
        books::loaders,
        context::{Asks, SignedIn},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::DateTime,
    },
    payloads,
    services::staff::{self, SignIn},
};

/// A place where somebody is signed in, from signing in until signing out.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct UserSession {
    /// Opaque global id.
    pub id: ID,
    /// Whether this request is signed in by it.
    pub is_current: bool,
    /// When they signed in.
    pub created_at: DateTime,
    /// When it was last renewed.
    pub renewed_at: DateTime,
    /// When it ends unless it is renewed before.
    pub expires_at: DateTime,
    /// When it was ended before its time.
    pub ended_at: Option<DateTime>,
    #[graphql(skip)]
    user: UserId,
}

/// The kind of a session's global id.
pub const SESSION: &str = "Session";

#[ComplexObject]
impl UserSession {
    /// Who is signed in; null when the caller may not see users.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        Ok(loaders::user(ctx, self.user).await?.map(User::from))
    }
}

impl From<SignIn> for UserSession {
    fn from(SignIn { row, renewed_at, is_current }: SignIn) -> Self {
        Self {
            id: id::encode(SESSION, row.id.get()),
            is_current,
            created_at: DateTime(row.created_at),
            renewed_at: DateTime(renewed_at),
            expires_at: DateTime(row.expires_at),
            ended_at: row.revoked_at.map(DateTime),
            user: row.user_id,
        }
    }
}

connection!(
    /// Sessions, the newest first.
    UserSessionConnection, UserSessionEdge, UserSession
);

payloads! {
    /// The session as it stands now; null when something was wrong.
    session: UserSession, of SignIn, or StaffUserError;
    /// What ending a session did.
    SessionEndPayload
}

const NEWEST_FIRST: &str = "sessions:id:desc";

/// The session that a global id names.
pub(super) fn session_of(global: &ID) -> SessionId {
    SessionId::new(id::number(SESSION, global))
}

/// Queries of sessions.
#[derive(Default, Debug)]
pub struct UserSessionQuery;

#[Object]
impl UserSessionQuery {
    /// Where you are signed in, or, with USER_UPDATE, where somebody else is; sessions that have ended
    /// are left out. Requires: a signed-in user.
    #[graphql(
        guard = "SignedIn",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; your own when left out.")] user_id: Option<ID>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<UserSessionConnection> {
        let scope = &ctx.tenant()?;
        let ask = PageAsk::new(ctx, NEWEST_FIRST, first, after.as_deref())?;
        let user = user_id.as_ref().map_or(scope.access.user, user_of);
        let page = staff::sessions(scope, user, &ask).await?;
        Ok(UserSessionConnection::of(NEWEST_FIRST, &ask, page))
    }
}

/// Mutations of sessions.
#[derive(Default, Debug)]
pub struct SessionEndMutation;

#[Object]
impl SessionEndMutation {
    /// Ends a session of yours, or, with USER_UPDATE, of somebody who holds no more rights than you;
    /// its tokens work no more from the next request on. Requires: a signed-in user.
    #[graphql(guard = "SignedIn")]
    async fn session_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session's id.")] id: ID,
    ) -> ApiResult<SessionEndPayload> {
        SessionEndPayload::of(staff::session_end(&*ctx.tenant()?, session_of(&id)).await)
    }
}
