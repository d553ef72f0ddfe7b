//! Period locks of a business: soft ones that people set and lift, hard ones that only move on.

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, UserId},
    lock::{Area, Step, harden, step},
    role::Permission,
};
use daybook_entity::tenant::business::{
    LockKind, YearActKind, business_year, period_lock, year_act,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select,
    sea_query::OnConflict,
};

use super::{
    chart::{self, Asked},
    filings,
    vouchers::{REASON_MAX, Wrong, check_key},
};
use crate::{
    error::{Code, Error, Result},
    lane::{Change, Claim, Writing},
    scope::TenantScope,
};

/// A lock that holds, and who set it, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// In whose books.
    pub business: BusinessId,
    /// How firmly.
    pub kind: HeldKind,
    /// What it locks.
    pub area: Area,
    /// Last locked day.
    pub through: NaiveDate,
    /// Why.
    pub reason: Option<String>,
    /// Who set it.
    pub set_by: Option<UserId>,
    /// When, UTC milliseconds.
    pub set_at: i64,
}

/// How firmly a period is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldKind {
    /// Yields to an exception.
    Soft,
    /// By closed years, until the last of them is opened again.
    Year,
    /// For good.
    Hard,
}

/// What a soft lock is to become.
#[derive(Debug, Clone)]
pub struct SetLock {
    /// In whose books.
    pub business: Asked,
    /// Which area.
    pub area: Area,
    /// Last locked day.
    pub through: NaiveDate,
    /// Why; needed where days are opened again.
    pub reason: Option<String>,
    /// Through when the caller saw the area locked, where they say it.
    pub expected: Option<Option<NaiveDate>>,
}

/// A soft lock to be lifted.
#[derive(Debug, Clone)]
pub struct LiftLock {
    /// In whose books.
    pub business: Asked,
    /// Which area.
    pub area: Area,
    /// Why.
    pub reason: String,
    /// Through when the caller saw the area locked, where they say it.
    pub expected: Option<Option<NaiveDate>>,
}

/// Days to be closed for good.
#[derive(Debug, Clone)]
pub struct HardenLock {
    /// In whose books.
    pub business: Asked,
    /// Which area.
    pub area: Area,
    /// Last locked day.
    pub through: NaiveDate,
    /// Why.
    pub reason: String,
}

/// What a change of locks left.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The locks that hold now.
    pub locks: Vec<Held>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
}

/// The locks of a business: soft ones, that of closed years, hard ones.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(scope: &TenantScope, business: Asked) -> Result<Vec<Held>> {
    scope.require(Permission::BusinessRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let snapshot = scope.db.reader().await?.snapshot().await?;
    held(snapshot.conn(), business).await
}

async fn held(conn: &impl ConnectionTrait, business: BusinessId) -> Result<Vec<Held>> {
    let rows = period_lock::Entity::find()
        .filter(period_lock::Column::BusinessId.eq(business))
        .order_by_asc(period_lock::Column::Area)
        .all(conn)
        .await?;
    let of_kind = |kind| rows.iter().filter(move |row| row.kind == kind).map(of_row);
    let mut locks: Vec<Held> = of_kind(LockKind::Soft).collect();
    locks.extend(of_years(conn, business).await?);
    locks.extend(of_kind(LockKind::Hard));
    Ok(locks)
}

fn of_row(row: &period_lock::Model) -> Held {
    Held {
        business: row.business_id,
        kind: match row.kind {
            LockKind::Soft => HeldKind::Soft,
            LockKind::Hard => HeldKind::Hard,
        },
        // As the lane reads it.
        area: Area::of_bit(row.area).unwrap_or(Area::All),
        through: row.locked_through,
        reason: row.reason.clone(),
        set_by: row.set_by,
        set_at: row.set_at,
    }
}

/// What closed years lock: everything through the end of the last of them.
async fn of_years(conn: &impl ConnectionTrait, business: BusinessId) -> Result<Option<Held>> {
    let year = business_year::Entity::find()
        .filter(business_year::Column::BusinessId.eq(business))
        .filter(business_year::Column::IsOpening.eq(false))
        .filter(business_year::Column::ClosedAt.is_not_null())
        .order_by_desc(business_year::Column::EndsOn)
        .one(conn)
        .await?;
    let Some(year) = year else { return Ok(None) };
    let act = year_act::Entity::find()
        .filter(year_act::Column::YearId.eq(year.id))
        .filter(year_act::Column::Kind.eq(YearActKind::Closed))
        .order_by_desc(year_act::Column::Id)
        .one(conn)
        .await?;
    let (reason, set_by) = act.map_or((None, None), |act| (act.reason, act.acted_by));
    let set_at = year.closed_at.unwrap_or_default();
    let (kind, area, through) = (HeldKind::Year, Area::All, year.ends_on);
    Ok(Some(Held { business, kind, area, through, reason, set_by, set_at }))
}

/// Sets a soft lock, further on or back.
///
/// # Errors
/// No permission, or refusals: no such business, a date that somebody moved meanwhile, no reason for
/// opening days again.
pub async fn set(scope: &TenantScope, command: SetLock, claim: Claim) -> Result<Changed> {
    scope.require(Permission::PeriodLockSet)?;
    check_key(&claim.key, "input")?;
    let mut wrong = Wrong::below("input");
    let reason = wrong.text("reason", command.reason.as_deref(), REASON_MAX, true);
    wrong.finish()?;
    let to = Some(command.through);
    let (kind, area, expected) = (LockKind::Soft, command.area, command.expected);
    change(scope, command.business, Edit { kind, area, to, reason, expected }, claim).await
}

/// Lifts a soft lock.
///
/// # Errors
/// No permission, or refusals: no such business, no soft lock there, no reason.
pub async fn lift(scope: &TenantScope, command: LiftLock, claim: Claim) -> Result<Changed> {
    scope.require(Permission::PeriodLockSet)?;
    check_key(&claim.key, "input")?;
    let mut wrong = Wrong::below("input");
    let reason = Some(wrong.reason(Some(&command.reason)));
    wrong.finish()?;
    let (kind, area, expected) = (LockKind::Soft, command.area, command.expected);
    change(scope, command.business, Edit { kind, area, to: None, reason, expected }, claim).await
}

/// Closes days for good: the lock yields to nobody, and from then on only moves on.
///
/// # Errors
/// No permission, or refusals: no such business, a date before the one that holds, one still to come.
pub async fn set_hard(scope: &TenantScope, command: HardenLock, claim: Claim) -> Result<Changed> {
    scope.require(Permission::PeriodLockHarden)?;
    check_key(&claim.key, "input")?;
    let mut wrong = Wrong::below("input");
    let reason = Some(wrong.reason(Some(&command.reason)));
    wrong.finish()?;
    let to = Some(command.through);
    let (kind, area, expected) = (LockKind::Hard, command.area, None);
    change(scope, command.business, Edit { kind, area, to, reason, expected }, claim).await
}

/// What is to become of one lock; through no day at all lifts it.
struct Edit {
    kind: LockKind,
    area: Area,
    to: Option<NaiveDate>,
    reason: Option<String>,
    expected: Option<Option<NaiveDate>>,
}

impl Edit {
    fn row(&self, business: BusinessId) -> Select<period_lock::Entity> {
        period_lock::Entity::find()
            .filter(period_lock::Column::BusinessId.eq(business))
            .filter(period_lock::Column::Kind.eq(self.kind))
            .filter(period_lock::Column::Area.eq(self.area.bit().bits()))
    }

    /// Judged with the lock as it stands.
    fn judge(
        &self,
        before: Option<&period_lock::Model>,
        filed: Option<(NaiveDate, String)>,
        today: NaiveDate,
    ) -> Result<()> {
        let refuse = |code, field: &str, why: &str| {
            Err(Error::refused(code, &format!("input.{field}"), why))
        };
        let from = before.map(|row| row.locked_through);
        if let Some((through, form)) = filed
            && from.is_some_and(|from| from >= through)
            && self.to.is_none_or(|to| to < through)
        {
            let why = format!("{form} is filed through {through}; grant an exception instead");
            return refuse(Code::NotAllowed, "area", &why);
        }
        match (self.kind, self.to) {
            (LockKind::Hard, None) => {
                refuse(Code::NotAllowed, "area", "a hard lock is never lifted")
            }
            (LockKind::Hard, Some(to)) => match harden(from, to, today) {
                Ok(_) => Ok(()),
                Err(why) => refuse(Code::NotAllowed, "lockedThrough", &why.to_string()),
            },
            (LockKind::Soft, None) if from.is_none() => {
                refuse(Code::AlreadyDone, "area", "no soft lock of this area is set")
            }
            (LockKind::Soft, Some(to)) if step(from, to) == Step::Back && self.reason.is_none() => {
                let why = "this opens days that were locked; say why";
                refuse(Code::Required, "reason", why)
            }
            (LockKind::Soft, _) => Ok(()),
        }
    }

    fn action(&self) -> &'static str {
        match (self.kind, self.to) {
            (LockKind::Hard, _) => "PERIOD_LOCK_HARDENED",
            (LockKind::Soft, Some(_)) => "PERIOD_LOCK_SET",
            (LockKind::Soft, None) => "PERIOD_LOCK_LIFTED",
        }
    }
}

async fn change(scope: &TenantScope, business: Asked, edit: Edit, claim: Claim) -> Result<Changed> {
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, business, "input")?;
    let today = scope.clock.today(&business.time_zone);
    let business = business.id;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let made = writing.replay(&claim).await?;
                let replayed = made.is_some();
                match made {
                    Some(ids) => same_books(&ids, business)?,
                    None => {
                        carry_out(writing, business, today, edit).await?;
                        writing.remember(&claim, &[business.get()]);
                    }
                }
                Ok(Changed { locks: held(writing.conn(), business).await?, replayed })
            })
        })
        .await
}

/// Whether a key that was used before was used for these books: a business that was not named may be
/// another one to another caller.
pub(super) fn same_books(ids: &[i64], business: BusinessId) -> Result<()> {
    if ids.contains(&business.get()) {
        return Ok(());
    }
    let why = "this idempotencyKey was used in other books; use a new key for a new request";
    Err(Error::Conflict(why.to_owned()))
}

/// Lets a lock reach at least this day; one that reaches further stays.
///
/// # Errors
/// When the database cannot be read or written.
pub(super) async fn reach(
    writing: &mut Writing,
    business: BusinessId,
    (kind, area): (LockKind, Area),
    through: NaiveDate,
    reason: String,
) -> Result<()> {
    let edit = Edit { kind, area, to: Some(through), reason: Some(reason), expected: None };
    let held = edit.row(business).one(writing.conn()).await?;
    if held.is_some_and(|row| row.locked_through >= through) {
        return Ok(());
    }
    carry_out(writing, business, through, edit).await
}

async fn carry_out(
    writing: &mut Writing,
    id: BusinessId,
    today: NaiveDate,
    edit: Edit,
) -> Result<()> {
    let before = edit.row(id).one(writing.conn()).await?;
    let from = before.as_ref().map(|row| row.locked_through);
    if edit.expected.is_some_and(|expected| expected != from) {
        let why = match from {
            Some(from) => format!("somebody set this lock meanwhile: it holds through {from}"),
            None => "somebody lifted this lock meanwhile".to_owned(),
        };
        return Err(Error::refused(Code::Stale, "input.expectedLockedThrough", why));
    }
    let is_tax = (edit.kind, edit.area) == (LockKind::Soft, Area::Tax);
    let filed = if is_tax { filings::filed_through(writing.conn(), id).await? } else { None };
    edit.judge(before.as_ref(), filed, today)?;
    let after = edit.to.map(|through| period_lock::Model {
        business_id: id,
        kind: edit.kind,
        area: edit.area.bit().bits(),
        locked_through: through,
        reason: edit.reason.clone(),
        set_by: writing.actor().user(),
        set_at: writing.recorded_at(),
    });
    if let (Some(before), Some(after)) = (&before, &after)
        && before.locked_through == after.locked_through
        && (after.reason.is_none() || before.reason == after.reason)
    {
        // Nothing changes, and so nothing is recorded.
        return Ok(());
    }
    store(writing, &edit, after.as_ref(), id).await?;
    writing.settings_change();
    let mut content = Canonical::new();
    if let Some(before) = &before {
        content = content.object("before", describe(before));
    }
    let now = match &after {
        Some(after) => describe(after),
        None => subject(&edit).text_if("reason", edit.reason.as_deref()),
    };
    writing.audit(Change {
        action: edit.action(),
        subject_type: "PeriodLock",
        subject: None,
        business: Some(id),
        canonical: content.object("after", now).finish(),
    });
    Ok(())
}

async fn store(
    writing: &Writing,
    edit: &Edit,
    after: Option<&period_lock::Model>,
    business: BusinessId,
) -> Result<()> {
    use period_lock::Column;
    match after {
        None => {
            period_lock::Entity::delete_many()
                .filter(Column::BusinessId.eq(business))
                .filter(Column::Kind.eq(edit.kind))
                .filter(Column::Area.eq(edit.area.bit().bits()))
                .exec(writing.conn())
                .await?;
        }
        Some(after) => {
            let row = period_lock::ActiveModel::from(after.clone()).reset_all();
            let key = [Column::BusinessId, Column::Kind, Column::Area];
            let taken = [Column::LockedThrough, Column::Reason, Column::SetBy, Column::SetAt];
            period_lock::Entity::insert(row)
                .on_conflict(OnConflict::columns(key).update_columns(taken).to_owned())
                .exec_without_returning(writing.conn())
                .await?;
        }
    }
    Ok(())
}

fn subject(edit: &Edit) -> Canonical {
    Canonical::new().text("kind", word(edit.kind)).text("area", edit.area.as_str())
}

fn describe(row: &period_lock::Model) -> Canonical {
    let area = Area::of_bit(row.area).unwrap_or(Area::All);
    Canonical::new()
        .text("kind", word(row.kind))
        .text("area", area.as_str())
        .text("lockedThrough", &row.locked_through.to_string())
        .text_if("reason", row.reason.as_deref())
}

const fn word(kind: LockKind) -> &'static str {
    match kind {
        LockKind::Soft => "SOFT",
        LockKind::Hard => "HARD",
    }
}
