//! Exceptions from soft locks: granted to a user or a role for some areas and dates, for a while.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, LockExceptionId, UserId},
    lock::{Area, Areas},
    role::{Permission, TenantRole},
};
use daybook_entity::tenant::{
    business::lock_exception,
    people::{UserStatus, user},
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{
    chart::{self, Asked},
    locks::same_books,
    vouchers::{Wrong, check_key},
};
use crate::{
    auth::{access, roles},
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    lane::{Change, Claim, Writing},
    scope::TenantScope,
};

/// Longest time for which an exception is granted.
const LONGEST_MS: i64 = 366 * 24 * 60 * 60 * 1_000;

/// An exception to be granted.
#[derive(Debug, Clone)]
pub struct Grant {
    /// In whose books.
    pub business: Asked,
    /// The areas that it opens.
    pub areas: Vec<Area>,
    /// First day that it opens.
    pub from: NaiveDate,
    /// Last day that it opens.
    pub to: NaiveDate,
    /// To which user; `Some(None)` when the id given is not one.
    pub user: Option<Option<UserId>>,
    /// Or to which role.
    pub role: Option<TenantRole>,
    /// From when on it holds no more, UTC milliseconds.
    pub expires_at: i64,
    /// Why.
    pub reason: String,
}

/// What a change of an exception left.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The exception as it stands now.
    pub exception: lock_exception::Model,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
}

/// Which exceptions a list shows.
#[derive(Debug, Clone, Default)]
pub struct ExceptionFilter {
    /// Only those in force, or only those that are not any more.
    pub is_in_force: Option<bool>,
    /// Of this user.
    pub user: Option<UserId>,
    /// Of this role.
    pub role: Option<TenantRole>,
}

impl ExceptionFilter {
    fn condition(&self, now: i64) -> Condition {
        use lock_exception::Column;
        let in_force =
            Condition::all().add(Column::RevokedAt.is_null()).add(Column::ExpiresAt.gt(now));
        Condition::all()
            .add_option(self.is_in_force.map(|yes| if yes { in_force } else { in_force.not() }))
            .add_option(self.user.map(|user| Column::UserId.eq(user)))
            .add_option(self.role.map(|role| Column::Role.eq(roles::stored_role(role))))
    }
}

/// Whether an exception is in force at an instant.
pub fn is_in_force(row: &lock_exception::Model, now: i64) -> bool {
    row.revoked_at.is_none() && now < row.expires_at
}

/// The exceptions of a business, the newest first.
///
/// # Errors
/// No permission, no such business, a bad cursor, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    filter: &ExceptionFilter,
    ask: &PageAsk,
) -> Result<Page<lock_exception::Model>> {
    use lock_exception::Column;
    scope.require(Permission::LockExceptionRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let reader = scope.db.reader().await?;
    let mut rows = lock_exception::Entity::find()
        .filter(Column::BusinessId.eq(business))
        .filter(filter.condition(scope.clock.now_ms()));
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(key) = &ask.after {
        let id = match key.as_slice() {
            [id] => id.parse::<i64>().ok(),
            _ => None,
        };
        let id = id.ok_or_else(|| Error::bad_input("after", "this is not a cursor"))?;
        rows = rows.filter(Column::Id.lt(id));
    }
    let rows = rows
        .order_by_desc(Column::Id)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}

/// An exception in a business that the caller sees.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(
    scope: &TenantScope,
    id: LockExceptionId,
) -> Result<Option<lock_exception::Model>> {
    scope.require(Permission::LockExceptionRead)?;
    let reader = scope.db.reader().await?;
    let found = lock_exception::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(found.filter(|row| scope.access.businesses.includes(row.business_id)))
}

/// Those of these exceptions that the caller may see; none without the permission.
///
/// # Errors
/// When the database cannot be read.
pub async fn among(
    scope: &TenantScope,
    ids: &[LockExceptionId],
) -> Result<HashMap<LockExceptionId, lock_exception::Model>> {
    let mut found = HashMap::new();
    if scope.require(Permission::LockExceptionRead).is_err() {
        return Ok(found);
    }
    let reader = scope.db.reader().await?;
    for chunk in ids.chunks(500) {
        let chosen = lock_exception::Column::Id.is_in(chunk.iter().copied());
        let rows = lock_exception::Entity::find().filter(chosen).all(reader.conn()).await?;
        let seen = rows.into_iter().filter(|row| scope.access.businesses.includes(row.business_id));
        found.extend(seen.map(|row| (row.id, row)));
    }
    Ok(found)
}

/// Grants an exception.
///
/// # Errors
/// No permission, or refusals: no such business or user, no holder or two, no areas, dates or expiry
/// that cannot be, no reason.
pub async fn grant(scope: &TenantScope, command: Grant, claim: Claim) -> Result<Changed> {
    scope.require(Permission::LockExceptionGrant)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, command.business, "input")?.id;
    let granting = read(command)?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                if let Some(ids) = writing.replay(&claim).await? {
                    let done = made_before(writing, &ids).await?;
                    same_books(&[done.exception.business_id.get()], business)?;
                    return Ok(done);
                }
                let exception = carry_out(writing, business, granting).await?;
                writing.remember(&claim, &[exception.id.get()]);
                Ok(Changed { exception, replayed: false })
            })
        })
        .await
}

/// What needs no lock.
fn read(command: Grant) -> Result<Granting> {
    let mut wrong = Wrong::below("input");
    let reason = wrong.reason(Some(&command.reason));
    if command.areas.is_empty() {
        wrong.add(Code::Required, "areas", "say which areas it opens");
    }
    if command.to < command.from {
        wrong.add(Code::Invalid, "to", "the last day lies before the first");
    }
    let holder = match (command.user, command.role) {
        (Some(Some(user)), None) => Some(Holder::User(user)),
        (Some(None), None) => {
            wrong.add(Code::NotFound, "userId", "there is no such user");
            None
        }
        (None, Some(role)) => Some(Holder::Role(role)),
        (None, None) => {
            wrong.add(Code::Required, "userId", "say which user or which role may use it");
            None
        }
        (Some(_), Some(_)) => {
            wrong.add(Code::Invalid, "role", "it is either a user's or a role's");
            None
        }
    };
    wrong.finish()?;
    let holder = holder.ok_or_else(|| Error::Internal("an exception of nobody".into()))?;
    let areas = Areas::of(command.areas);
    let (from, to, expires_at) = (command.from, command.to, command.expires_at);
    Ok(Granting { areas, from, to, holder, expires_at, reason })
}

/// A grant that is in form.
struct Granting {
    areas: Areas,
    from: NaiveDate,
    to: NaiveDate,
    holder: Holder,
    expires_at: i64,
    reason: String,
}

enum Holder {
    User(UserId),
    Role(TenantRole),
}

async fn carry_out(
    writing: &mut Writing,
    business: BusinessId,
    granting: Granting,
) -> Result<lock_exception::Model> {
    let now = writing.recorded_at();
    if granting.expires_at <= now || granting.expires_at - now > LONGEST_MS {
        let why = "an exception ends in the future, within a year";
        return Err(Error::refused(Code::Invalid, "input.expiresAt", why));
    }
    let (user_id, role) = match granting.holder {
        Holder::User(user) => (Some(user), None),
        Holder::Role(role) => (None, Some(roles::stored_role(role))),
    };
    if let Some(user) = user_id {
        may_hold(writing, user, business).await?;
    }
    let row = lock_exception::Model {
        id: LockExceptionId::new(writing.next_id()?),
        business_id: business,
        areas: granting.areas.bits(),
        from_date: granting.from,
        to_date: granting.to,
        role,
        expires_at: granting.expires_at,
        reason: granting.reason,
        granted_by: writing.actor().user(),
        granted_at: now,
        user_id,
        revoked_at: None,
        revoked_by: None,
    };
    let stored = lock_exception::ActiveModel::from(row).insert(writing.conn()).await?;
    record(writing, "LOCK_EXCEPTION_GRANTED", None, &stored);
    Ok(stored)
}

/// Whoever holds an exception works here and sees the business.
async fn may_hold(writing: &Writing, user: UserId, business: BusinessId) -> Result<()> {
    let refuse = |code, why: &str| Err(Error::refused(code, "input.userId", why));
    let found = user::Entity::find_by_id(user).one(writing.conn()).await?;
    let Some(found) = found else {
        return refuse(Code::NotFound, "there is no such user");
    };
    if found.status == UserStatus::Disabled {
        return refuse(Code::NotAllowed, "this user is disabled");
    }
    if !access::visible(writing.conn(), &found).await?.includes(business) {
        return refuse(Code::NotAllowed, "this user does not see the business");
    }
    Ok(())
}

async fn made_before(writing: &Writing, ids: &[i64]) -> Result<Changed> {
    let id = LockExceptionId::new(ids.first().copied().unwrap_or_default());
    let found = lock_exception::Entity::find_by_id(id).one(writing.conn()).await?;
    let exception = found.ok_or_else(|| Error::Internal("an exception is missing".into()))?;
    Ok(Changed { exception, replayed: true })
}

/// Takes an exception back; it opens nothing from then on.
///
/// # Errors
/// No permission, or refusals: no such exception, or one that is over already.
pub async fn revoke(
    scope: &TenantScope,
    id: Option<LockExceptionId>,
    claim: Claim,
) -> Result<Changed> {
    scope.require(Permission::LockExceptionGrant)?;
    check_key(&claim.key, "input")?;
    let unknown = || Error::refused(Code::NotFound, "id", "there is no such exception");
    let id = id.ok_or_else(unknown)?;
    let access = scope.access.clone();
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before = lock_exception::Entity::find_by_id(id)
                    .one(writing.conn())
                    .await?
                    .filter(|row| access.businesses.includes(row.business_id))
                    .ok_or_else(unknown)?;
                if let Some(ids) = writing.replay(&claim).await? {
                    return made_before(writing, &ids).await;
                }
                let now = writing.recorded_at();
                if !is_in_force(&before, now) {
                    let why = match before.revoked_at {
                        Some(_) => "this exception was revoked before",
                        None => "this exception has expired",
                    };
                    return Err(Error::refused(Code::AlreadyDone, "id", why));
                }
                let mut row = before.clone().into_active_model();
                row.revoked_at = Set(Some(now));
                row.revoked_by = Set(writing.actor().user());
                let exception = row.update(writing.conn()).await?;
                record(writing, "LOCK_EXCEPTION_REVOKED", Some(&before), &exception);
                writing.remember(&claim, &[exception.id.get()]);
                Ok(Changed { exception, replayed: false })
            })
        })
        .await
}

fn record(
    writing: &mut Writing,
    action: &'static str,
    before: Option<&lock_exception::Model>,
    after: &lock_exception::Model,
) {
    writing.settings_change();
    let content = match before {
        Some(before) => Canonical::new().object("before", describe(before)),
        None => Canonical::new(),
    };
    writing.audit(Change {
        action,
        subject_type: "LockException",
        subject: Some(after.id.get()),
        business: Some(after.business_id),
        canonical: content.object("after", describe(after)).finish(),
    });
}

fn describe(row: &lock_exception::Model) -> Canonical {
    let areas: Vec<&str> = Areas::from_bits(row.areas).iter().map(Area::as_str).collect();
    Canonical::new()
        .text("opens", &areas.join(" "))
        .text("from", &row.from_date.to_string())
        .text("to", &row.to_date.to_string())
        .int_if("user", row.user_id.map(UserId::get))
        .text_if("role", row.role.map(|role| role.to_value()).as_deref())
        .int("expiresAt", row.expires_at)
        .text("reason", &row.reason)
        .int_if("revokedAt", row.revoked_at)
}
