//! Where people are signed in, and ending that from elsewhere.
//!
//! A signed-in user sees and ends their own sessions; others' are for who may change users. A machine's
//! key is no session, so it counts as somebody else.

use std::collections::HashMap;

use daybook_domain::{
    id::{SessionId, UserId},
    role::Permission,
};
use daybook_entity::tenant::people::{session, user};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rights::{self, Rights};
use crate::{
    auth::{
        family::{self, TENANT},
        sessions::{self, Ended},
    },
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    scope::TenantScope,
};

/// A session, and when it was last renewed.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The session's row.
    pub row: session::Model,
    /// When its newest refresh token was handed out.
    pub renewed_at: i64,
    /// Whether the caller is signed in by it.
    pub is_current: bool,
}

fn is_own(scope: &TenantScope, user: UserId) -> bool {
    scope.access.session.is_some() && scope.access.user == user
}

/// The sessions of a user that have not ended, the newest first.
///
/// # Errors
/// [`Error::Forbidden`] for another user's without `USER_UPDATE`; a bad cursor.
pub async fn sessions(scope: &TenantScope, user: UserId, ask: &PageAsk) -> Result<Page<SignIn>> {
    if !is_own(scope, user) {
        scope.require(Permission::UserUpdate)?;
    }
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let all = session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(scope.clock.now_ms()));
    let total = if ask.wants_total { all.clone().count(conn).await? } else { 0 };
    let mut query = all.order_by_desc(session::Column::Id).limit(ask.first + 1);
    if let Some(after) = ask.after_number()? {
        query = query.filter(session::Column::Id.lt(after));
    }
    let page = Page::cut(query.all(conn).await?, ask, total, |row| vec![row.id.to_string()]);
    let ids: Vec<SessionId> = page.rows.iter().map(|(_, row)| row.id).collect();
    let renewed = family::renewals(conn, TENANT, &ids).await?;
    Ok(page.map(|row| told(scope, row, &renewed)))
}

/// A session of whoever may see it.
///
/// # Errors
/// As [`sessions()`].
pub async fn session(scope: &TenantScope, id: SessionId) -> Result<Option<SignIn>> {
    let reader = scope.db.reader().await?;
    let row = session::Entity::find_by_id(id).one(reader.conn()).await?;
    let may_change = scope.require(Permission::UserUpdate);
    let Some(row) = row.filter(|row| may_change.is_ok() || is_own(scope, row.user_id)) else {
        return Ok(None);
    };
    let renewed = family::renewals(reader.conn(), TENANT, &[row.id]).await?;
    Ok(Some(told(scope, row, &renewed)))
}

/// Ends a session, wherever it is used; at once here, within a second on other nodes.
///
/// # Errors
/// A refusal on `id`: no such session for the caller, one that has ended, or one of somebody who may do
/// more than the caller.
pub async fn session_end(scope: &TenantScope, id: SessionId) -> Result<SignIn> {
    let (caller, may_change) =
        (scope.access.clone(), scope.require(Permission::UserUpdate).is_ok());
    let own = caller.session.map(|_| caller.user);
    let (row, renewed) = scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let unknown = || Error::refused(Code::NotFound, "id", "there is no such session");
                let row = session::Entity::find_by_id(id).one(writing.conn()).await?;
                let is_own = |row: &session::Model| own == Some(row.user_id);
                let row = row.filter(|row| may_change || is_own(row)).ok_or_else(unknown)?;
                if !is_own(&row) {
                    let holder = user::Entity::find_by_id(row.user_id).one(writing.conn()).await?;
                    let holder = holder.ok_or_else(unknown)?;
                    rights::may_touch(&Rights::of(writing.conn(), &holder).await?, &caller)?;
                }
                let now = writing.recorded_at();
                let is_over = row.expires_at <= now;
                if is_over || !sessions::end_one(writing, row.user_id, id, Ended::Elsewhere).await?
                {
                    let why = "this session has ended";
                    return Err(Error::refused(Code::AlreadyDone, "id", why));
                }
                let renewed = family::renewals(writing.conn(), TENANT, &[id]).await?;
                Ok((session::Model { revoked_at: Some(now), ..row }, renewed))
            })
        })
        .await?;
    Ok(told(scope, row, &renewed))
}

fn told(scope: &TenantScope, row: session::Model, renewed: &HashMap<SessionId, i64>) -> SignIn {
    let renewed_at = renewed.get(&row.id).copied().unwrap_or(row.created_at);
    SignIn { is_current: scope.access.session == Some(row.id), renewed_at, row }
}
