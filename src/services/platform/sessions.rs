//! Where somebody of the office is signed in, and ending that from elsewhere. Everybody sees and ends
//! their own sessions; who is disabled loses them all.

use std::collections::HashMap;

use daybook_domain::id::SessionId;
use daybook_entity::main::people::platform_session;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    auth::{
        family::{self, OFFICE},
        office_sessions,
        sessions::Ended,
    },
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    scope::PlatformScope,
    services::chain::read_cursor,
};

/// A session at the office, and when it was last renewed.
#[derive(Debug, Clone)]
pub struct OfficeSignIn {
    /// The session's row.
    pub row: platform_session::Model,
    /// When its newest refresh token was handed out.
    pub renewed_at: i64,
    /// Whether the caller is signed in by it.
    pub is_current: bool,
}

/// The caller's sessions that have not ended, the newest first.
///
/// # Errors
/// A bad cursor, or a main database that cannot be read.
pub async fn list(scope: &PlatformScope, ask: &PageAsk) -> Result<Page<OfficeSignIn>> {
    let reader = scope.office.main.reader();
    let all = platform_session::Entity::find()
        .filter(platform_session::Column::UserId.eq(scope.access.user))
        .filter(platform_session::Column::RevokedAt.is_null())
        .filter(platform_session::Column::ExpiresAt.gt(scope.office.clock.now_ms()));
    let total = if ask.wants_total { all.clone().count(reader).await? } else { 0 };
    let mut query =
        all.order_by_desc(platform_session::Column::Id).limit(ask.first.saturating_add(1));
    if let Some(key) = &ask.after {
        query = query.filter(platform_session::Column::Id.lt(read_cursor(key)?));
    }
    let page = Page::cut(query.all(reader).await?, ask, total, |row| vec![row.id.to_string()]);
    let ids: Vec<SessionId> = page.rows.iter().map(|(_, row)| row.id).collect();
    let renewed = family::renewals(reader, OFFICE, &ids).await?;
    Ok(page.map(|row| told(scope, row, &renewed)))
}

/// A session of the caller's; nothing for any other.
///
/// # Errors
/// A main database that cannot be read.
pub async fn find(scope: &PlatformScope, id: SessionId) -> Result<Option<OfficeSignIn>> {
    let reader = scope.office.main.reader();
    let row = platform_session::Entity::find_by_id(id).one(reader).await?;
    let Some(row) = row.filter(|row| row.user_id == scope.access.user) else { return Ok(None) };
    let renewed = family::renewals(reader, OFFICE, &[id]).await?;
    Ok(Some(told(scope, row, &renewed)))
}

/// Ends a session of the caller's, wherever it is used.
///
/// # Errors
/// A refusal on `id`: no such session of the caller's, or one that has ended.
pub async fn end(scope: &PlatformScope, id: SessionId) -> Result<OfficeSignIn> {
    let unknown = || Error::refused(Code::NotFound, "id", "there is no such session");
    let found = find(scope, id).await?.ok_or_else(unknown)?;
    let is_over = found.row.expires_at <= scope.office.clock.now_ms();
    let (office, user) = (&scope.office, scope.access.user);
    if is_over || !office_sessions::end(office, scope.actor(), user, id, Ended::Elsewhere).await? {
        return Err(Error::refused(Code::AlreadyDone, "id", "this session has ended"));
    }
    find(scope, id).await?.ok_or_else(unknown)
}

fn told(
    scope: &PlatformScope,
    row: platform_session::Model,
    renewed: &HashMap<SessionId, i64>,
) -> OfficeSignIn {
    let renewed_at = renewed.get(&row.id).copied().unwrap_or(row.created_at);
    OfficeSignIn { is_current: scope.access.session == row.id, renewed_at, row }
}
