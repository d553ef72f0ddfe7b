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
        let like = |text: &str| {
            let text = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
            LikeExpr::new(format!("%{text}%")).escape('!')
        };
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
pub async fn users(scope: &TenantScope, filter: UserFilter, ask: &PageAsk) -> Result<Page<Member>> {
    scope.require(Permission::UserRead)?;
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let all = user::Entity::find().filter(filter.condition());
    let total = if ask.wants_total { all.clone().count(conn).await? } else { 0 };
    let mut query = all.order_by_asc(user::Column::Id).limit(ask.first + 1);
    if let Some(after) = after(ask)? {
        query = query.filter(user::Column::Id.gt(after));
    }
    let rows = query.all(conn).await?;
    let ids = rows.iter().filter(|row| !row.all_businesses).map(|row| row.id);
    let mut seen: HashMap<UserId, BTreeSet<BusinessId>> = HashMap::new();
    for row in user_business::Entity::find()
        .filter(user_business::Column::UserId.is_in(ids))
        .all(conn)
        .await?
    {
        seen.entry(row.user_id).or_default().insert(row.business_id);
    }
    let logins = last_logins(conn, rows.iter().map(|row| row.id)).await?;
    let page = Page::cut(rows, ask, total, |row| vec![row.id.to_string()]);
    Ok(page.map(|user| {
        let businesses = if user.all_businesses {
            Visible::All
        } else {
            Visible::Only(seen.get(&user.id).cloned().unwrap_or_default())
        };
        let last_login_at = logins.get(&user.id).copied();
        Member { user, businesses, last_login_at }
    }))
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
