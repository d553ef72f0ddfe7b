//! Accounting years of a business: closing one posts nothing, it sets a lock.

use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, BusinessYearId},
    lock::Areas,
    role::Permission,
};
use daybook_entity::tenant::business::{
    LockKind, YearActKind, business_year, period_lock, year_act,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, sea_query::OnConflict,
};

use super::{
    chart::{self, Asked},
    vouchers::Wrong,
};
use crate::{
    error::{Code, Error, Result},
    lane::{Change, Writing},
    scope::TenantScope,
};

/// The years of a business in order of time, the opening period first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(scope: &TenantScope, business: BusinessId) -> Result<Vec<business_year::Model>> {
    let reader = scope.db.reader().await?;
    let years = business_year::Entity::find()
        .filter(business_year::Column::BusinessId.eq(business))
        .order_by_asc(business_year::Column::StartsOn)
        .all(reader.conn())
        .await?;
    Ok(years)
}

/// A year of a business that the caller sees.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: BusinessYearId) -> Result<Option<business_year::Model>> {
    scope.require(Permission::BusinessRead)?;
    let reader = scope.db.reader().await?;
    let found = business_year::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(found.filter(|year| scope.access.businesses.includes(year.business_id)))
}

/// A year to be closed or opened again.
#[derive(Debug, Clone)]
pub struct ActOnYear {
    /// The year; `None` when the id given is not one.
    pub year: Option<BusinessYearId>,
    /// Why; needed to open it again.
    pub reason: Option<String>,
}

/// Closes a year: no more vouchers may be dated in it or before it.
///
/// # Errors
/// No permission, no such year, closed already, or an earlier year that is still open.
pub async fn close(scope: &TenantScope, command: ActOnYear) -> Result<business_year::Model> {
    act(scope, command, YearActKind::Closed).await
}

/// Opens a closed year again.
///
/// # Errors
/// No permission, no such year, not closed, or a later year that is closed.
pub async fn reopen(scope: &TenantScope, command: ActOnYear) -> Result<business_year::Model> {
    act(scope, command, YearActKind::Reopened).await
}

async fn act(
    scope: &TenantScope,
    command: ActOnYear,
    kind: YearActKind,
) -> Result<business_year::Model> {
    scope.require(Permission::YearClose)?;
    let mut wrong = Wrong::below("input");
    let reason = wrong.text("reason", command.reason.as_deref(), 500, true);
    if kind == YearActKind::Reopened && reason.is_none() {
        wrong.add(Code::Required, "reason", "say why the year is opened again");
    }
    wrong.finish()?;
    let chart = chart::chart(scope).await?;
    let visible: Vec<BusinessId> = chart.all_visible(scope).iter().map(|one| one.id).collect();
    let id = command.year.ok_or_else(unknown)?;
    let actor = scope.actor();
    scope
        .db
        .lane()
        .write(actor, move |writing| {
            Box::pin(async move {
                let year = business_year::Entity::find_by_id(id)
                    .one(writing.conn())
                    .await?
                    .filter(|year| visible.contains(&year.business_id))
                    .ok_or_else(unknown)?;
                let years = business_year::Entity::find()
                    .filter(business_year::Column::BusinessId.eq(year.business_id))
                    .order_by_asc(business_year::Column::StartsOn)
                    .all(writing.conn())
                    .await?;
                judge(&years, &year, kind)?;
                carry_out(writing, &years, year, kind, reason).await
            })
        })
        .await
}

fn unknown() -> Error {
    Error::refused(Code::NotFound, "input.yearId", "there is no such accounting year")
}

/// Years are closed in order, the opening period with the first; and opened again from the last.
fn judge(
    years: &[business_year::Model],
    year: &business_year::Model,
    kind: YearActKind,
) -> Result<()> {
    let refuse = |code, why| Err(Error::refused(code, "input.yearId", why));
    if year.is_opening {
        return refuse(Code::NotAllowed, "the opening period follows the first year");
    }
    let is_closed = year.closed_at.is_some();
    let earlier_open = years
        .iter()
        .any(|one| !one.is_opening && one.starts_on < year.starts_on && one.closed_at.is_none());
    let later_closed =
        years.iter().any(|one| one.starts_on > year.starts_on && one.closed_at.is_some());
    match kind {
        YearActKind::Closed if is_closed => {
            refuse(Code::AlreadyDone, "this year is closed already")
        }
        YearActKind::Closed if earlier_open => {
            refuse(Code::NotAllowed, "an earlier year is still open; close that first")
        }
        YearActKind::Reopened if !is_closed => refuse(Code::AlreadyDone, "this year is open"),
        YearActKind::Reopened if later_closed => {
            refuse(Code::NotAllowed, "a later year is closed; open that first")
        }
        _ => Ok(()),
    }
}

async fn carry_out(
    writing: &mut Writing,
    years: &[business_year::Model],
    year: business_year::Model,
    kind: YearActKind,
    reason: Option<String>,
) -> Result<business_year::Model> {
    let now = writing.recorded_at();
    let actor = writing.actor().user();
    let act = year_act::Model {
        id: writing.next_id()?,
        business_id: year.business_id,
        year_id: year.id,
        kind,
        reason: reason.clone(),
        acted_by: actor,
        recorded_at: now,
    };
    year_act::ActiveModel::from(act).insert(writing.conn()).await?;
    let closed_at = (kind == YearActKind::Closed).then_some(now);
    let first = years.iter().find(|one| !one.is_opening).map(|one| one.id);
    for opening in years.iter().filter(|one| one.is_opening && first == Some(year.id)) {
        let mut row = opening.clone().into_active_model();
        row.closed_at = Set(closed_at);
        row.update(writing.conn()).await?;
    }
    let mut row = year.clone().into_active_model();
    row.closed_at = Set(closed_at);
    let stored = row.update(writing.conn()).await?;
    lock_through(writing, years, &year, kind, reason.clone()).await?;
    writing.settings_change();
    writing.audit(Change {
        action: if kind == YearActKind::Closed { "YEAR_CLOSED" } else { "YEAR_REOPENED" },
        subject_type: "BusinessYear",
        subject: Some(year.id.get()),
        business: Some(year.business_id),
        canonical: Canonical::new()
            .text("label", &year.label)
            .text("endsOn", &year.ends_on.to_string())
            .text_if("reason", reason.as_deref())
            .finish(),
    });
    Ok(stored)
}

/// The hard lock of closed years ends with the last closed one; without one it goes.
async fn lock_through(
    writing: &mut Writing,
    years: &[business_year::Model],
    year: &business_year::Model,
    kind: YearActKind,
    reason: Option<String>,
) -> Result<()> {
    let last_closed = match kind {
        YearActKind::Closed => Some(year.ends_on),
        YearActKind::Reopened => years
            .iter()
            .filter(|one| !one.is_opening && one.closed_at.is_some() && one.id != year.id)
            .map(|one| one.ends_on)
            .max(),
    };
    let Some(through) = last_closed else {
        period_lock::Entity::delete_many()
            .filter(period_lock::Column::BusinessId.eq(year.business_id))
            .filter(period_lock::Column::Kind.eq(LockKind::Hard))
            .filter(period_lock::Column::Area.eq(Areas::ALL.bits()))
            .exec(writing.conn())
            .await?;
        return Ok(());
    };
    let row = period_lock::Model {
        business_id: year.business_id,
        kind: LockKind::Hard,
        area: Areas::ALL.bits(),
        locked_through: through,
        reason,
        set_by: writing.actor().user(),
        set_at: writing.recorded_at(),
    };
    let key =
        [period_lock::Column::BusinessId, period_lock::Column::Kind, period_lock::Column::Area];
    let taken_over = [
        period_lock::Column::LockedThrough,
        period_lock::Column::Reason,
        period_lock::Column::SetBy,
        period_lock::Column::SetAt,
    ];
    period_lock::Entity::insert(period_lock::ActiveModel::from(row))
        .on_conflict(OnConflict::columns(key).update_columns(taken_over).to_owned())
        .exec_without_returning(writing.conn())
        .await?;
    Ok(())
}

/// The business that years are listed of.
///
/// # Errors
/// No permission or no such business.
pub async fn business_asked(scope: &TenantScope, business: Asked) -> Result<BusinessId> {
    scope.require(Permission::BusinessRead)?;
    Ok(chart::chart(scope).await?.asked(scope, business)?.id)
}
