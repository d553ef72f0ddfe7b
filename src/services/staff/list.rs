//! Who works here.

use std::collections::{BTreeSet, HashMap};

use daybook_domain::{
    id::{BusinessId, UserId},
    role::Permission,
};
use daybook_entity::tenant::people::{user, user_business};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::{
    auth::access,
    db::page::{Page, PageAsk},
    error::{Error, Result},
    scope::{TenantScope, Visible},
};

/// A user with the businesses they may see.
#[derive(Debug, Clone)]
pub struct Member {
    /// The user's row.
    pub user: user::Model,
    /// Which businesses.
    pub businesses: Visible,
}

impl Member {
    pub(super) async fn of(connection: &impl ConnectionTrait, user: user::Model) -> Result<Self> {
        let businesses = access::visible(connection, &user).await?;
        Ok(Self { user, businesses })
    }
}

/// A user. Oneself may always be seen.
///
/// # Errors
/// [`Error::Forbidden`] without `USER_READ`.
pub async fn user(scope: &TenantScope, id: UserId) -> Result<Option<Member>> {
    if id != scope.access.user {
        scope.require(Permission::UserRead)?;
    }
    let reader = scope.db.reader().await?;
    match user::Entity::find_by_id(id).one(reader.conn()).await? {
        Some(row) => Ok(Some(Member::of(reader.conn(), row).await?)),
        None => Ok(None),
    }
}

/// Users in the order in which they came.
///
/// # Errors
/// [`Error::Forbidden`] without `USER_READ`; a bad cursor.
pub async fn users(scope: &TenantScope, ask: &PageAsk) -> Result<Page<Member>> {
    scope.require(Permission::UserRead)?;
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let mut query = user::Entity::find().order_by_asc(user::Column::Id).limit(ask.first + 1);
    if let Some(after) = after(ask)? {
        query = query.filter(user::Column::Id.gt(after));
    }
    let rows = query.all(conn).await?;
    let total = if ask.wants_total { user::Entity::find().count(conn).await? } else { 0 };
    let seen = businesses_of(conn, &rows).await?;
    let page = Page::cut(rows, ask, total, |row| vec![row.id.to_string()]);
    Ok(page.map(|user| member(user, &seen)))
}

/// Those of these users whom the caller may see: everybody with `USER_READ`, else only oneself.
///
/// # Errors
/// When the database cannot be read.
pub async fn users_among(scope: &TenantScope, ids: &[UserId]) -> Result<HashMap<UserId, Member>> {
    let sees_all = scope.require(Permission::UserRead).is_ok();
    let ids: Vec<UserId> =
        ids.iter().copied().filter(|id| sees_all || *id == scope.access.user).collect();
    let mut found = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(found);
    }
    let reader = scope.db.reader().await?;
    for chunk in ids.chunks(500) {
        let chosen = user::Column::Id.is_in(chunk.iter().copied());
        let rows = user::Entity::find().filter(chosen).all(reader.conn()).await?;
        let seen = businesses_of(reader.conn(), &rows).await?;
        found.extend(rows.into_iter().map(|row| (row.id, member(row, &seen))));
    }
    Ok(found)
}

type Seen = HashMap<UserId, BTreeSet<BusinessId>>;

/// The businesses of those who do not see all.
async fn businesses_of(conn: &impl ConnectionTrait, rows: &[user::Model]) -> Result<Seen> {
    let ids = rows.iter().filter(|row| !row.all_businesses).map(|row| row.id);
    let chosen = user_business::Column::UserId.is_in(ids);
    let mut seen = Seen::new();
    for row in user_business::Entity::find().filter(chosen).all(conn).await? {
        seen.entry(row.user_id).or_default().insert(row.business_id);
    }
    Ok(seen)
}

fn member(user: user::Model, seen: &Seen) -> Member {
    let businesses = if user.all_businesses {
        Visible::All
    } else {
        Visible::Only(seen.get(&user.id).cloned().unwrap_or_default())
    };
    Member { user, businesses }
}

/// The row after which a page by id begins.
pub(super) fn after(ask: &PageAsk) -> Result<Option<i64>> {
    let Some(key) = &ask.after else { return Ok(None) };
    match key.as_slice() {
        [id] => id.parse().map(Some).map_err(|_| bad_cursor()),
        _ => Err(bad_cursor()),
    }
}

fn bad_cursor() -> Error {
    Error::bad_input("after", "this is not a cursor of this list")
}
