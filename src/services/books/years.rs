//! Accounting years of a business: closing one posts nothing, it locks its days.

use std::collections::HashMap;

use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, BusinessYearId},
    lock::Area,
    period::{OpenYear, YearRefusal, judge_close, judge_reopen},
    role::Permission,
};
use daybook_entity::tenant::business::{
    LockKind, YearActKind, business_year, period_lock, year_act,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};

use super::{
    chart::{self, Asked},
    vouchers::{REASON_MAX, Wrong, check_key},
};
use crate::{
    error::{Code, Error, Result},
    lane::{Change, Claim, Writing},
    scope::TenantScope,
};

/// The years of a business in order of time, the opening period first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(scope: &TenantScope, business: BusinessId) -> Result<Vec<business_year::Model>> {
    let reader = scope.db.reader().await?;
    of_business(reader.conn(), business).await
}

async fn of_business(
    conn: &impl ConnectionTrait,
    business: BusinessId,
) -> Result<Vec<business_year::Model>> {
    let years = business_year::Entity::find()
        .filter(business_year::Column::BusinessId.eq(business))
        .order_by_asc(business_year::Column::StartsOn)
        .all(conn)
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

/// What was done to each of these years, the first act first.
///
/// # Errors
/// When the database cannot be read.
pub async fn acts_of(
    scope: &TenantScope,
    years: &[BusinessYearId],
) -> Result<HashMap<BusinessYearId, Vec<year_act::Model>>> {
    let reader = scope.db.reader().await?;
    let mut found: HashMap<BusinessYearId, Vec<year_act::Model>> = HashMap::new();
    for chunk in years.chunks(500) {
        let acts = year_act::Entity::find()
            .filter(year_act::Column::YearId.is_in(chunk.iter().copied()))
            .order_by_asc(year_act::Column::Id)
            .all(reader.conn())
            .await?;
        for act in acts.into_iter().filter(|act| scope.access.businesses.includes(act.business_id))
        {
            found.entry(act.year_id).or_default().push(act);
        }
    }
    Ok(found)
}

/// A year to be closed or opened again.
#[derive(Debug, Clone)]
pub struct ActOnYear {
    /// The year; `None` when the id given is not one.
    pub year: Option<BusinessYearId>,
    /// Why; needed to open it again.
    pub reason: Option<String>,
    /// The caller's key for the request, where there is one.
    pub claim: Option<Claim>,
}

/// What an act on a year left.
#[derive(Debug, Clone)]
pub struct Acted {
    /// The year as it stands now.
    pub year: business_year::Model,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
}

/// Closes a year: no more vouchers may be dated in it or before it.
///
/// # Errors
/// No permission, no such year, closed already, or an earlier year that is still open.
pub async fn close(scope: &TenantScope, command: ActOnYear) -> Result<Acted> {
    act(scope, command, YearActKind::Closed).await
}

/// Opens a closed year again.
///
/// # Errors
/// No permission, no such year, not closed, a later year that is closed, or a hard lock over all of it.
pub async fn reopen(scope: &TenantScope, command: ActOnYear) -> Result<Acted> {
    act(scope, command, YearActKind::Reopened).await
}

async fn act(scope: &TenantScope, command: ActOnYear, kind: YearActKind) -> Result<Acted> {
    scope.require(Permission::YearClose)?;
    let claim = command.claim;
    if let Some(claim) = &claim {
        check_key(&claim.key, "input")?;
    }
    let mut wrong = Wrong::below("input");
    let reason = match kind {
        YearActKind::Closed => wrong.text("reason", command.reason.as_deref(), REASON_MAX, true),
        YearActKind::Reopened => Some(wrong.reason(command.reason.as_deref())),
    };
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
                if let Some(claim) = &claim
                    && writing.replay(claim).await?.is_some()
                {
                    return Ok(Acted { year, replayed: true });
                }
                let years = of_business(writing.conn(), year.business_id).await?;
                judge(writing.conn(), &years, &year, kind).await?;
                let year = carry_out(writing, &years, year, kind, reason).await?;
                if let Some(claim) = &claim {
                    writing.remember(claim, &[year.id.get()]);
                }
                Ok(Acted { year, replayed: false })
            })
        })
        .await
}

fn unknown() -> Error {
    Error::refused(Code::NotFound, "input.yearId", "there is no such accounting year")
}

/// Years are closed in order, the opening period with the first; and opened again from the last.
async fn judge(
    conn: &impl ConnectionTrait,
    years: &[business_year::Model],
    year: &business_year::Model,
    kind: YearActKind,
) -> Result<()> {
    let refuse = |code, why: String| Err(Error::refused(code, "input.yearId", why));
    if year.is_opening {
        return refuse(Code::NotAllowed, "the opening period follows the first year".to_owned());
    }
    let ordinary: Vec<&business_year::Model> = years.iter().filter(|one| !one.is_opening).collect();
    let place = ordinary.iter().position(|one| one.id == year.id);
    let place = place.ok_or_else(|| Error::Internal("a year of no business".into()))?;
    let open: Vec<OpenYear> = ordinary
        .iter()
        .map(|one| OpenYear {
            starts_on: one.starts_on,
            ends_on: one.ends_on,
            closed: one.closed_at.is_some(),
        })
        .collect();
    let outcome = match kind {
        YearActKind::Closed => judge_close(&open, place),
        YearActKind::Reopened => {
            let hard = period_lock::Entity::find()
                .filter(period_lock::Column::BusinessId.eq(year.business_id))
                .filter(period_lock::Column::Kind.eq(LockKind::Hard))
                .filter(period_lock::Column::Area.eq(Area::All.bit().bits()))
                .one(conn)
                .await?;
            judge_reopen(&open, place, hard.map(|lock| lock.locked_through))
        }
    };
    let Err(why) = outcome else { return Ok(()) };
    let code = match why {
        YearRefusal::AlreadyClosed | YearRefusal::AlreadyOpen => Code::AlreadyDone,
        YearRefusal::EarlierOpen | YearRefusal::LaterClosed => Code::NotAllowed,
        YearRefusal::ClosedForGood { .. } => Code::PeriodLocked,
    };
    refuse(code, why.to_string())
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
    let before = describe(&year);
    let mut row = year.into_active_model();
    row.closed_at = Set(closed_at);
    let stored = row.update(writing.conn()).await?;
    writing.settings_change();
    writing.audit(Change {
        action: if kind == YearActKind::Closed { "YEAR_CLOSED" } else { "YEAR_REOPENED" },
        subject_type: "BusinessYear",
        subject: Some(stored.id.get()),
        business: Some(stored.business_id),
        canonical: Canonical::new()
            .object("before", before)
            .object("after", describe(&stored).text_if("reason", reason.as_deref()))
            .finish(),
    });
    Ok(stored)
}

fn describe(year: &business_year::Model) -> Canonical {
    Canonical::new()
        .text("label", &year.label)
        .text("startsOn", &year.starts_on.to_string())
        .text("endsOn", &year.ends_on.to_string())
        .int_if("closedAt", year.closed_at)
}

/// The business that years are listed of.
///
/// # Errors
/// No permission or no such business.
pub async fn business_asked(scope: &TenantScope, business: Asked) -> Result<BusinessId> {
    scope.require(Permission::BusinessRead)?;
    Ok(chart::chart(scope).await?.asked(scope, business)?.id)
}
