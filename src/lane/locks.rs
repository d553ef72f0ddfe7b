//! Period locks as the lane meets them: their rows, and whether a date may be entered.

use chrono::NaiveDate;
use daybook_domain::{
    id::{LockExceptionId, UserId},
    lock::{Area, Areas, Entering, Exception, Holder, Lock, enter},
    role::TenantRole,
};
use sea_orm::QueryResult;

use super::{actor::Actor, posting::Posting, state::Business};
use crate::error::{Code, Error, Result};

/// Columns of a lock, after the business.
pub const LOCK: &str = "kind, area, locked_through";
/// Columns of an exception, after the business.
pub const EXCEPTION: &str = "id, areas, from_date, to_date, role, user_id, expires_at";

/// A lock from its row. An area that is not known locks everything.
///
/// # Errors
/// When the row has another form.
pub fn lock(row: &QueryResult) -> Result<Lock> {
    let kind: String = row.try_get_by_index(1)?;
    Ok(Lock {
        is_hard: kind == "HARD",
        area: Area::of_bit(row.try_get_by_index(2)?).unwrap_or(Area::All),
        through: row.try_get_by_index(3)?,
    })
}

/// An exception from its row; one for a role that is not known is nobody's.
///
/// # Errors
/// When the row has another form.
pub fn exception(row: &QueryResult) -> Result<Option<Exception>> {
    let role: Option<String> = row.try_get_by_index(5)?;
    let user: Option<i64> = row.try_get_by_index(6)?;
    let holder = match (user, role.as_deref().map(TenantRole::parse)) {
        (Some(user), _) => Holder::User(UserId::new(user)),
        (None, Some(Some(role))) => Holder::Role(role),
        (None, Some(None)) => return Ok(None),
        (None, None) => Holder::Anybody,
    };
    Ok(Some(Exception {
        id: LockExceptionId::new(row.try_get_by_index(1)?),
        areas: Areas::from_bits(row.try_get_by_index(2)?),
        from: row.try_get_by_index(3)?,
        to: row.try_get_by_index(4)?,
        holder,
        expires_at: row.try_get_by_index(7)?,
    }))
}

/// Who brings something into the books, and when it is recorded.
#[derive(Debug, Clone, Copy)]
pub struct By {
    user: Option<UserId>,
    role: Option<TenantRole>,
    /// UTC milliseconds.
    pub recorded_at: i64,
}

impl By {
    /// An actor at an instant.
    pub fn of(actor: &Actor, recorded_at: i64) -> Self {
        Self { user: actor.user(), role: actor.role, recorded_at }
    }
}

/// Whether locks let a voucher's date pass, and by which exception.
///
/// # Errors
/// A refusal of the date, or of the exception that was named.
pub fn check_locks(business: &Business, posting: &Posting, by: By) -> Result<Option<i64>> {
    let what = (posting.areas, posting.dated, posting.lock_exception);
    pass_locks(business, what, by, &posting.path, "date")
}

/// Whether locks let areas on a day pass, and by which exception: the one named, or one that the actor
/// holds.
///
/// # Errors
/// A refusal of `field` below `path`, or of `lockExceptionId` there where one was named.
pub fn pass_locks(
    business: &Business,
    (areas, dated, exception): (Areas, NaiveDate, Option<i64>),
    by: By,
    path: &str,
    field: &str,
) -> Result<Option<i64>> {
    let exception = exception.map(LockExceptionId::new);
    let (user, role, at) = (by.user, by.role, by.recorded_at);
    let what = Entering { areas, dated, user, role, exception, at };
    match enter(&business.locks, &business.exceptions, &what) {
        Ok(passed) => Ok(passed.map(LockExceptionId::get)),
        Err(locked) => {
            let field = if locked.why.is_of_exception() { "lockExceptionId" } else { field };
            Err(Error::refused(Code::PeriodLocked, &format!("{path}.{field}"), locked.to_string()))
        }
    }
}
