//! Accounting years of the calendars that businesses follow.

use chrono::{Datelike, Days, NaiveDate};
use daybook_domain::{chain::Canonical, id::AccountingYearId, period::AccountingCalendar};
use daybook_entity::master::chart::accounting_year;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use super::{Keeping, taken};
use crate::{
    error::{Code, Error, Result},
    lane::Change,
    scope::PlatformScope,
};

/// Adds the year of a calendar that begins on a day, the first of the calendar's month.
///
/// # Errors
/// No permission, or refusals: a month beyond 1 to 12, another first day, or a gap to the other years.
pub async fn create(
    scope: &PlatformScope,
    first_month: i32,
    starts_on: NaiveDate,
) -> Result<accounting_year::Model> {
    let keeping = Keeping::begin(scope).await?;
    let month = u32::try_from(first_month).ok().filter(|month| (1..=12).contains(month));
    let month = month
        .ok_or_else(|| Error::refused(Code::Invalid, "input.firstMonth", "a month is 1 to 12"))?;
    let calendar = AccountingCalendar::starting_in(month);
    let span = calendar.year_containing(starts_on);
    if starts_on.month() != month || starts_on.day() != 1 {
        let why = "a year begins on the first day of its calendar's first month";
        return Err(Error::refused(Code::Invalid, "input.startsOn", why));
    }
    let others = accounting_year::Entity::find()
        .filter(accounting_year::Column::FirstMonth.eq(first_month))
        .all(keeping.conn())
        .await?;
    if others.iter().any(|year| year.starts_on == starts_on) {
        return Err(Error::refused(Code::Taken, "input.startsOn", "this year is there already"));
    }
    let follows = |last: NaiveDate, first: NaiveDate| {
        last.checked_add_days(Days::new(1)).is_some_and(|next| next == first)
    };
    let abuts = others
        .iter()
        .any(|year| follows(year.ends_on, span.starts_on) || follows(span.ends_on, year.starts_on));
    if !others.is_empty() && !abuts {
        let why = "years leave no gap: add the one next to the others first";
        return Err(Error::refused(Code::NotAllowed, "input.startsOn", why));
    }
    let row = accounting_year::Model {
        id: AccountingYearId::new(keeping.next_id()?),
        first_month,
        label: calendar.label(span),
        starts_on: span.starts_on,
        ends_on: span.ends_on,
        is_system: false,
        created_at: keeping.now,
    };
    let stored = accounting_year::ActiveModel::from(row)
        .insert(keeping.conn())
        .await
        .map_err(taken("startsOn"))?;
    let content = Canonical::new()
        .int("firstMonth", i64::from(stored.first_month))
        .text("label", &stored.label)
        .text("startsOn", &stored.starts_on.to_string())
        .text("endsOn", &stored.ends_on.to_string());
    keeping
        .finish(Change {
            action: "MASTER_YEAR_CREATED",
            subject_type: "AccountingYear",
            subject: Some(stored.id.get()),
            business: None,
            canonical: Canonical::new().object("after", content).finish(),
        })
        .await?;
    Ok(stored)
}
