//! Tax returns that were filed: what was told to the State stays, so their periods lock themselves.

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, TaxFilingId},
    lock::Area,
    role::Permission,
};
use daybook_entity::tenant::{
    business::LockKind,
    filings::tax_filing::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{
    chart::{self, Asked},
    locks,
    vouchers::{Wrong, check_key},
};
use crate::{
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    lane::{Change, Claim, Writing},
    scope::TenantScope,
};

/// Most characters of a form's name.
pub const FORM_MAX: usize = 16;
/// Most characters of a registration.
pub const REGISTRATION_MAX: usize = 32;
/// Most characters of an acknowledgement.
pub const ACKNOWLEDGEMENT_MAX: usize = 50;
/// Most days of a period: a year, with room for a short or long one.
const PERIOD_DAYS_MAX: i64 = 400;

/// A return that was filed.
#[derive(Debug, Clone)]
pub struct RecordFiling {
    /// In whose books.
    pub business: Asked,
    /// Such as `GSTR-3B`.
    pub form: String,
    /// The registration that filed it.
    pub registration: Option<String>,
    /// First day of its period.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// When it was filed; today when left out.
    pub filed_on: Option<NaiveDate>,
    /// The number that the State gave it.
    pub acknowledgement: Option<String>,
}

/// A filing, and whether an earlier call with the same key had recorded or withdrawn it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// As it stands now.
    pub filing: Model,
    /// Whether it was there already.
    pub replayed: bool,
}

/// Filings of a business, the latest recorded first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(scope: &TenantScope, business: Asked, ask: &PageAsk) -> Result<Page<Model>> {
    scope.require(Permission::BusinessRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let reader = scope.db.reader().await?;
    let mut rows = Entity::find().filter(Column::BusinessId.eq(business));
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

/// A filing in a business that the caller sees.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: TaxFilingId) -> Result<Option<Model>> {
    scope.require(Permission::BusinessRead)?;
    let reader = scope.db.reader().await?;
    let found = Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(found.filter(|row| scope.access.businesses.includes(row.business_id)))
}

/// Through which day returns of a business are filed, and by which form.
///
/// # Errors
/// When the database cannot be read.
pub async fn filed_through(
    conn: &impl ConnectionTrait,
    business: BusinessId,
) -> Result<Option<(NaiveDate, String)>> {
    let last = Entity::find()
        .filter(Column::BusinessId.eq(business))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_desc(Column::PeriodTo)
        .one(conn)
        .await?;
    Ok(last.map(|row| (row.period_to, row.form)))
}

/// Records that a return was filed, and locks the tax through the last day of its period.
///
/// # Errors
/// No permission, or refusals: no such business, a period that cannot be, a return filed already.
pub async fn record(scope: &TenantScope, command: RecordFiling, claim: Claim) -> Result<Recorded> {
    scope.require(Permission::PeriodLockSet)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, command.business, "input")?;
    let today = scope.clock.today(&business.time_zone);
    let id = business.id;
    let row = checked(&command, id, today)?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                if let Some(ids) = writing.replay(&claim).await? {
                    return replayed(writing, &ids).await;
                }
                let same = Entity::find()
                    .filter(Column::BusinessId.eq(id))
                    .filter(Column::WithdrawnAt.is_null())
                    .filter(Column::Form.eq(row.form.as_str()))
                    .filter(Column::PeriodFrom.lte(row.period_to))
                    .filter(Column::PeriodTo.gte(row.period_from))
                    .all(writing.conn())
                    .await?;
                if same.iter().any(|other| other.registration == row.registration) {
                    let why = "this form is recorded as filed for days of this period";
                    return Err(Error::refused(Code::AlreadyDone, "input.periodFrom", why));
                }
                let row = Model {
                    id: TaxFilingId::new(writing.next_id()?),
                    recorded_by: writing.actor().user(),
                    recorded_at: writing.recorded_at(),
                    ..row
                };
                let filing = ActiveModel::from(row).insert(writing.conn()).await?;
                note(writing, "TAX_FILING_RECORDED", &filing);
                let reason = format!("{} filed through {}", filing.form, filing.period_to);
                locks::reach(writing, id, (LockKind::Soft, Area::Tax), filing.period_to, reason)
                    .await?;
                writing.remember(&claim, &[filing.id.get()]);
                Ok(Recorded { filing, replayed: false })
            })
        })
        .await
}

/// Records that a filing was a mistake. The lock stays until somebody moves it.
///
/// # Errors
/// No permission, or refusals: no such filing, withdrawn already, no reason.
pub async fn withdraw(
    scope: &TenantScope,
    id: Option<TaxFilingId>,
    reason: &str,
    claim: Claim,
) -> Result<Recorded> {
    scope.require(Permission::PeriodLockSet)?;
    check_key(&claim.key, "input")?;
    let mut wrong = Wrong::below("input");
    let reason = wrong.reason(Some(reason));
    wrong.finish()?;
    let seen = match id {
        Some(id) => find(scope, id).await?,
        None => None,
    };
    let seen = seen.ok_or_else(|| {
        Error::refused(Code::NotFound, "input.taxFilingId", "there is no such filing")
    })?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                if let Some(ids) = writing.replay(&claim).await? {
                    return replayed(writing, &ids).await;
                }
                let found = Entity::find_by_id(seen.id).one(writing.conn()).await?.unwrap_or(seen);
                if found.withdrawn_at.is_some() {
                    let why = "this filing is withdrawn already";
                    return Err(Error::refused(Code::AlreadyDone, "input.taxFilingId", why));
                }
                let mut row = found.into_active_model();
                row.withdrawn_at = Set(Some(writing.recorded_at()));
                row.withdrawn_by = Set(writing.actor().user());
                row.withdrawn_reason = Set(Some(reason));
                let filing = row.update(writing.conn()).await?;
                note(writing, "TAX_FILING_WITHDRAWN", &filing);
                writing.remember(&claim, &[filing.id.get()]);
                Ok(Recorded { filing, replayed: false })
            })
        })
        .await
}

async fn replayed(writing: &Writing, ids: &[i64]) -> Result<Recorded> {
    let id = ids.first().copied().map(TaxFilingId::new);
    let id = id.ok_or_else(|| Error::Internal("a retry key of no filing".into()))?;
    let filing = Entity::find_by_id(id).one(writing.conn()).await?;
    let filing = filing.ok_or_else(|| Error::Internal("a filing is gone".into()))?;
    Ok(Recorded { filing, replayed: true })
}

fn checked(command: &RecordFiling, business: BusinessId, today: NaiveDate) -> Result<Model> {
    let mut wrong = Wrong::below("input");
    let form = wrong.required("form", &command.form, FORM_MAX);
    let registration = command.registration.as_deref();
    let registration = wrong.text("registration", registration, REGISTRATION_MAX, true);
    let number = command.acknowledgement.as_deref();
    let acknowledgement = wrong.text("acknowledgement", number, ACKNOWLEDGEMENT_MAX, true);
    let filed_on = command.filed_on.unwrap_or(today);
    if command.to < command.from {
        wrong.add(Code::Invalid, "periodTo", "the last day comes before the first");
    } else if (command.to - command.from).num_days() > PERIOD_DAYS_MAX {
        wrong.add(Code::Invalid, "periodTo", "a return covers a year at most");
    } else if filed_on <= command.from {
        wrong.add(Code::Invalid, "filedOn", "a return is not filed before its period");
    } else if filed_on > today {
        wrong.add(Code::Invalid, "filedOn", "this day has not come yet");
    }
    wrong.finish()?;
    Ok(Model {
        id: TaxFilingId::new(0),
        business_id: business,
        form: form.to_uppercase(),
        registration: registration.map(|one| one.to_uppercase()),
        period_from: command.from,
        period_to: command.to,
        filed_on,
        acknowledgement,
        recorded_by: None,
        recorded_at: 0,
        withdrawn_at: None,
        withdrawn_by: None,
        withdrawn_reason: None,
    })
}

fn note(writing: &mut Writing, action: &'static str, row: &Model) {
    writing.audit(Change {
        action,
        subject_type: "TaxFiling",
        subject: Some(row.id.get()),
        business: Some(row.business_id),
        canonical: Canonical::new()
            .text("form", &row.form)
            .text_if("registration", row.registration.as_deref())
            .text("from", &row.period_from.to_string())
            .text("to", &row.period_to.to_string())
            .text("filedOn", &row.filed_on.to_string())
            .text_if("acknowledgement", row.acknowledgement.as_deref())
            .text_if("reason", row.withdrawn_reason.as_deref())
            .finish(),
    });
}
