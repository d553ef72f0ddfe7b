//! Who works here.

use std::collections::{BTreeSet, HashMap};

use daybook_domain::{
    id::{BusinessId, UserId},
    role::Permission,
};
use daybook_entity::tenant::people::{UserRole, UserStatus, session, user, user_business};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, ExprTrait, Func, LikeExpr},
};

use crate::{
    auth::access,
    db::{
        page::{Page, PageAsk},
        sql::containing,
    },
    error::Result,
    scope::{TenantScope, Visible},
};

/// A user with the businesses they may see.
#[derive(Debug, Clone)]
pub struct Member {
    /// The user's row.
    pub user: user::Model,
    /// Which businesses.
    pub businesses: Visible,
    /// When they last signed in.
    pub last_login_at: Option<i64>,
}

impl Member {
    pub(super) async fn of(connection: &impl ConnectionTrait, user: user::Model) -> Result<Self> {
        let businesses = access::visible(connection, &user).await?;
        let last_login_at = last_logins(connection, [user.id]).await?.remove(&user.id);
        Ok(Self { user, businesses, last_login_at })
    }
}

/// When users last signed in. Of ended sessions the newest is kept, so nothing else need be stored.
async fn last_logins(
    connection: &impl ConnectionTrait,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, i64>> {
    let rows: Vec<(UserId, i64)> = session::Entity::find()
        .select_only()
        .column(session::Column::UserId)
        .column_as(session::Column::CreatedAt.max(), "last_login_at")
        .filter(session::Column::UserId.is_in(users))
        .group_by(session::Column::UserId)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Which users a list shows.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Part of name or address, upper and lower case alike.
    pub text: Option<String>,
    /// Of these roles.
    pub role: Option<Vec<UserRole>>,
    /// Of these states.
    pub status: Option<Vec<UserStatus>>,
}

impl UserFilter {
    fn condition(self) -> Condition {
        let text = self.text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
        let like = |text: &str| LikeExpr::new(containing(text)).escape('!');
        Condition::all()
            .add_option(self.role.map(|roles| user::Column::Role.is_in(roles)))
            .add_option(self.status.map(|states| user::Column::Status.is_in(states)))
            .add_option(text.map(|text| {
                let name = Expr::expr(Func::lower(Expr::col(user::Column::Name)));
                Condition::any()
                    .add(name.like(like(&text)))
                    .add(Expr::col(user::Column::EmailKey).like(like(&text)))
            }))
    }
}

/// A user. Oneself may always be seen.
///
/// # Errors
/// [`crate::error::Error::Forbidden`] without `USER_READ`.
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
/// [`crate::error::Error::Forbidden`] without `USER_READ`; a bad cursor.
pub async fn users(scope: &TenantScope, filter: UserFilter, ask: &PageAsk) -> Result<Page<Member>> {
    scope.require(Permission::UserRead)?;
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let all = user::Entity::find().filter(filter.condition());
    let total = if ask.wants_total { all.clone().count(conn).await? } else { 0 };
    let mut query = all.order_by_asc(user::Column::Id).limit(ask.first + 1);
    if let Some(after) = ask.after_number()? {
        query = query.filter(user::Column::Id.gt(after));
    }
    let rows = query.all(conn).await?;
    let seen = Seen::of(conn, &rows).await?;
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
        let seen = Seen::of(reader.conn(), &rows).await?;
        found.extend(rows.into_iter().map(|row| (row.id, member(row, &seen))));
    }
    Ok(found)
}

/// What stands in other tables of users.
struct Seen {
    /// The businesses of those who do not see all.
    businesses: HashMap<UserId, BTreeSet<BusinessId>>,
    logins: HashMap<UserId, i64>,
}

impl Seen {
    async fn of(conn: &impl ConnectionTrait, rows: &[user::Model]) -> Result<Self> {
        let ids = rows.iter().filter(|row| !row.all_businesses).map(|row| row.id);
        let chosen = user_business::Column::UserId.is_in(ids);
        let mut seen: HashMap<UserId, BTreeSet<BusinessId>> = HashMap::new();
        for row in user_business::Entity::find().filter(chosen).all(conn).await? {
            seen.entry(row.user_id).or_default().insert(row.business_id);
        }
        let logins = last_logins(conn, rows.iter().map(|row| row.id)).await?;
        Ok(Self { businesses: seen, logins })
    }
}

fn member(user: user::Model, seen: &Seen) -> Member {
    let businesses = if user.all_businesses {
        Visible::All
    } else {
        Visible::Only(seen.businesses.get(&user.id).cloned().unwrap_or_default())
    };
    let last_login_at = seen.logins.get(&user.id).copied();
    Member { user, businesses, last_login_at }
}
