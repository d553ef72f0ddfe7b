//! Where people of the office are signed in.

use async_graphql::{Context, ID, Object, SimpleObject};
use daybook_domain::id::SessionId;

use super::admins::AdminUserError;
use crate::{
    connection,
    graphql::{
        context::{Asks, SignedIn},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::DateTime,
    },
    payloads,
    services::platform::sessions::{self, OfficeSignIn},
};

/// A place where you are signed in to the platform's office, from signing in until signing out.
#[derive(SimpleObject, Debug, Clone)]
pub struct AdminSession {
    /// Opaque global id.
    pub id: ID,
    /// Whether this request is signed in by it.
    pub is_current: bool,
    /// When you signed in.
    pub created_at: DateTime,
    /// When it was last renewed.
    pub renewed_at: DateTime,
    /// When it ends unless it is renewed before.
    pub expires_at: DateTime,
    /// When it was ended before its time.
    pub ended_at: Option<DateTime>,
}

/// The kind of the global id of a session at the office, as the office's log names it too.
pub const PLATFORM_SESSION: &str = "PlatformSession";

impl From<OfficeSignIn> for AdminSession {
    fn from(OfficeSignIn { row, renewed_at, is_current }: OfficeSignIn) -> Self {
        Self {
            id: id::encode(PLATFORM_SESSION, row.id.get()),
            is_current,
            created_at: DateTime(row.created_at),
            renewed_at: DateTime(renewed_at),
            expires_at: DateTime(row.expires_at),
            ended_at: row.revoked_at.map(DateTime),
        }
    }
}

connection!(
    /// Sessions at the office, the newest first.
    AdminSessionConnection, AdminSessionEdge, AdminSession
);

payloads! {
    /// The session as it stands now; null when something was wrong.
    session: AdminSession, of OfficeSignIn, or AdminUserError;
    /// What ending a session at the office did.
    AdminSessionEndPayload
}

const NEWEST_FIRST: &str = "adminSessions:id:desc";

/// Queries of sessions at the office.
#[derive(Default, Debug)]
pub struct AdminSessionQuery;

#[Object]
impl AdminSessionQuery {
    /// Where you are signed in to the platform's office; sessions that have ended are left out.
    /// Requires: a signed-in user.
    #[graphql(
        guard = "SignedIn",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AdminSessionConnection> {
        let ask = PageAsk::new(ctx, NEWEST_FIRST, first, after.as_deref())?;
        let page = sessions::list(ctx.platform()?, &ask).await?;
        Ok(AdminSessionConnection::of(NEWEST_FIRST, &ask, page))
    }
}

/// Mutations of sessions at the office.
#[derive(Default, Debug)]
pub struct AdminSessionMutation;

#[Object]
impl AdminSessionMutation {
    /// Ends a session of yours at the platform's office; its tokens work no more from the next request
    /// on. Requires: a signed-in user.
    #[graphql(guard = "SignedIn")]
    async fn admin_session_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session's id.")] id: ID,
    ) -> ApiResult<AdminSessionEndPayload> {
        let session = SessionId::new(id::number(PLATFORM_SESSION, &id));
        let outcome = sessions::end(ctx.platform()?, session).await;
        ctx.desk()?.office_access.forget();
        AdminSessionEndPayload::of(outcome)
    }
}
