//! Beginning recurring vouchers, changing, pausing, resuming and ending them.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use daybook_domain::{
    id::{RecurringVoucherId, VoucherTemplateId},
    recurrence::BadRule,
    role::Permission,
};
use daybook_entity::tenant::recurring::{
    CatchUpRule, RecurrenceUnit, RecurringMakes, RecurringState, ShortMonthRule, recurring_voucher,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::{Row, changed, is_visible, list::seen_by, schedule_of};
use crate::{
    error::{Code, Error, Result},
    lane::{Claim, Writing, writing::SCHEDULES_CHANGED},
    scope::{Access, TenantScope},
    services::books::{
        chart::{self, Asked},
        templates::{self, with_maker},
        vouchers::check_key,
    },
};

/// When, and what.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// What is counted between two dates.
    pub unit: RecurrenceUnit,
    /// How many of it.
    pub every: i32,
    /// Of months, quarters and years: the day; that of the first date where it is left out.
    pub day_of_month: Option<i32>,
    /// What becomes of that day where a month is too short for it.
    pub short_month: ShortMonthRule,
    /// No date lies before this day.
    pub first_on: NaiveDate,
    /// No date lies after this day.
    pub until_on: Option<NaiveDate>,
    /// How many dates there are.
    pub times: Option<i32>,
    /// What is made.
    pub makes: RecurringMakes,
    /// What becomes of dates that passed while nothing ran.
    pub catch_up: CatchUpRule,
}

/// What is changed of a recurring voucher; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeRecurring {
    /// Another template.
    pub template: Option<VoucherTemplateId>,
    /// Another count.
    pub unit: Option<RecurrenceUnit>,
    /// How many of it.
    pub every: Option<i32>,
    /// Another day of the month; `Some(None)` takes it away.
    pub day_of_month: Option<Option<i32>>,
    /// Another rule for short months.
    pub short_month: Option<ShortMonthRule>,
    /// Another last day; `Some(None)` takes it away.
    pub until_on: Option<Option<NaiveDate>>,
    /// Another number of dates; `Some(None)` takes it away.
    pub times: Option<Option<i32>>,
    /// Something else to be made.
    pub makes: Option<RecurringMakes>,
    /// Another rule for what is missed.
    pub catch_up: Option<CatchUpRule>,
}

/// A first date lies at most so many days back: what is missed is made up for, one by one.
pub const DAYS_BACK_MAX: u64 = 366;
/// A first date lies at most so many days ahead.
const DAYS_AHEAD_MAX: u64 = 3_660;
/// Most dates of one recurring voucher.
pub const TIMES_MAX: i32 = 10_000;
/// Most recurring vouchers of a business that have not ended.
const RECURRING_MAX: u64 = 1_000;

/// What a mutation that takes a retry key did.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The recurring voucher as it stands now.
    pub row: Row,
    /// Whether an earlier call with the same key had begun it.
    pub replayed: bool,
}

/// Begins a recurring voucher in the caller's name.
///
/// # Errors
/// No permission, or refusals: no such template, a rule that gives no date.
pub async fn create(
    scope: &TenantScope,
    template: VoucherTemplateId,
    plan: Plan,
    claim: Claim,
) -> Result<Begun> {
    scope.require(Permission::VoucherPost)?;
    check_key(&claim.key, "input")?;
    let template = templates::needed(scope, template, "templateId").await?;
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, Asked::This(template.business_id), "input")?;
    check_first(plan.first_on, scope.clock.today(&business.time_zone))?;
    let owner = scope.access.user;
    let row = Row {
        id: RecurringVoucherId::new(0),
        business_id: business.id,
        template_id: template.id,
        unit: plan.unit,
        every_units: plan.every,
        day_of_month: plan.day_of_month,
        short_month: plan.short_month,
        first_on: plan.first_on,
        until_on: plan.until_on,
        times: plan.times,
        dealt_with: 0,
        last_on: None,
        next_on: None,
        state: RecurringState::Active,
        makes: plan.makes,
        catch_up: plan.catch_up,
        owner_id: owner,
        version: 1,
        makers: owner.to_string(),
        created_at: 0,
        updated_at: 0,
    };
    let row = planned(row)?;
    let access = Arc::clone(&scope.access);
    let (id, replayed) = scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                if let Some(ids) = writing.replay(&claim).await? {
                    let id = ids.first().copied().unwrap_or(0);
                    return Ok((RecurringVoucherId::new(id), true));
                }
                let stored = begin(writing, &access, row).await?;
                writing.remember(&claim, &[stored.id.get()]);
                Ok((stored.id, false))
            })
        })
        .await?;
    let row = seen_by(scope, id).await?.ok_or_else(unknown)?;
    Ok(Begun { row, replayed })
}

async fn begin(writing: &mut Writing, access: &Access, row: Row) -> Result<Row> {
    use recurring_voucher::Column;
    // It may have been thrown away since.
    templates::of_writing(writing, access, row.template_id).await?;
    let others = recurring_voucher::Entity::find()
        .filter(Column::BusinessId.eq(row.business_id))
        .filter(Column::State.ne(RecurringState::Ended))
        .count(writing.conn())
        .await?;
    if others >= RECURRING_MAX {
        let why = format!("a business has at most {RECURRING_MAX} recurring vouchers at a time");
        return Err(Error::refused(Code::TooMany, "input", why));
    }
    let now = writing.recorded_at();
    let id = RecurringVoucherId::new(writing.next_id()?);
    let row = Row { id, created_at: now, updated_at: now, ..row };
    let stored = recurring_voucher::ActiveModel::from(row).insert(writing.conn()).await?;
    writing.audit(changed("RECURRING_VOUCHER_CREATED", None, &stored));
    writing.emit(SCHEDULES_CHANGED, Some(stored.business_id), None, String::new());
    Ok(stored)
}

/// Which recurring voucher, as which it was seen.
#[derive(Debug, Clone, Copy)]
pub struct OnRecurring {
    /// The recurring voucher.
    pub recurring: RecurringVoucherId,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
}

/// Changes what is still to come of a recurring voucher. From then on it posts in the caller's name.
///
/// # Errors
/// No permission, or refusals: no such recurring voucher or template, an ended one, a stale version, a rule
/// that gives no date.
pub async fn update(scope: &TenantScope, on: OnRecurring, change: ChangeRecurring) -> Result<Row> {
    scope.require(Permission::VoucherPost)?;
    let seen = seen_by(scope, on.recurring).await?.ok_or_else(unknown)?;
    if let Some(id) = change.template {
        let template = templates::needed(scope, id, "templateId").await?;
        if template.business_id != seen.business_id {
            let why = "this template belongs to another business";
            return Err(Error::refused(Code::NotAllowed, "input.templateId", why));
        }
    }
    let access = Arc::clone(&scope.access);
    edit(scope, on, "RECURRING_VOUCHER_UPDATED", move |row| {
        not_ended(row)?;
        row.template_id = change.template.unwrap_or(row.template_id);
        row.unit = change.unit.unwrap_or(row.unit);
        row.every_units = change.every.unwrap_or(row.every_units);
        row.day_of_month = change.day_of_month.unwrap_or(row.day_of_month);
        row.short_month = change.short_month.unwrap_or(row.short_month);
        row.until_on = change.until_on.unwrap_or(row.until_on);
        row.times = change.times.unwrap_or(row.times);
        row.makes = change.makes.unwrap_or(row.makes);
        row.catch_up = change.catch_up.unwrap_or(row.catch_up);
        row.owner_id = access.user;
        row.makers = with_maker(&row.makers, access.user);
        *row = planned(row.clone())?;
        Ok(())
    })
    .await
}

/// Makes nothing more until it is resumed.
///
/// # Errors
/// No permission, or refusals: no such recurring voucher, an ended one, a stale version.
pub async fn pause(scope: &TenantScope, on: OnRecurring) -> Result<Row> {
    scope.require(Permission::VoucherPost)?;
    edit(scope, on, "RECURRING_VOUCHER_PAUSED", |row| {
        not_ended(row)?;
        row.state = RecurringState::Paused;
        Ok(())
    })
    .await
}

/// Goes on with the dates from today; those that came while it was paused are left out.
///
/// # Errors
/// No permission, or refusals: no such recurring voucher, an ended one, a stale version.
pub async fn resume(scope: &TenantScope, on: OnRecurring) -> Result<Row> {
    scope.require(Permission::VoucherPost)?;
    let seen = seen_by(scope, on.recurring).await?.ok_or_else(unknown)?;
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, Asked::This(seen.business_id), "input")?;
    let today = scope.clock.today(&business.time_zone);
    edit(scope, on, "RECURRING_VOUCHER_RESUMED", move |row| {
        not_ended(row)?;
        if row.state == RecurringState::Active {
            return Ok(());
        }
        row.state = RecurringState::Active;
        let Some(next) = row.next_on else { return Ok(()) };
        let schedule = schedule_of(row).map_err(refuse_rule)?;
        let missed = schedule.dates(next).take_while(|day| *day < today).count();
        let passed = i32::try_from(missed).unwrap_or(i32::MAX);
        let next = schedule.dates(next).nth(missed);
        row.dealt_with = row.dealt_with.saturating_add(passed);
        row.last_on = row.last_on.max(today.pred_opt());
        move_on(row, next);
        Ok(())
    })
    .await
}

/// Ends it: no date is left.
///
/// # Errors
/// No permission, or refusals: no such recurring voucher, a stale version.
pub async fn end(scope: &TenantScope, on: OnRecurring) -> Result<Row> {
    scope.require(Permission::VoucherPost)?;
    edit(scope, on, "RECURRING_VOUCHER_ENDED", |row| {
        move_on(row, None);
        Ok(())
    })
    .await
}

/// Goes on to a date, or ends where there is none.
pub(super) fn move_on(row: &mut Row, next: Option<NaiveDate>) {
    row.next_on = next;
    if next.is_none() {
        row.state = RecurringState::Ended;
    }
}

fn not_ended(row: &Row) -> Result<()> {
    if row.state == RecurringState::Ended {
        let why = "this recurring voucher has ended; begin another one";
        return Err(Error::refused(Code::NotAllowed, "input.recurringVoucherId", why));
    }
    Ok(())
}

pub(super) fn unknown() -> Error {
    let why = "there is no such recurring voucher";
    Error::refused(Code::NotFound, "input.recurringVoucherId", why)
}

async fn edit<F>(
    scope: &TenantScope,
    on: OnRecurring,
    action: &'static str,
    change: F,
) -> Result<Row>
where
    F: FnOnce(&mut Row) -> Result<()> + Send + 'static,
{
    let access = Arc::clone(&scope.access);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let found = recurring_voucher::Entity::find_by_id(on.recurring);
                let found = found.one(writing.conn()).await?;
                let before = found.filter(|row| is_visible(&access, row)).ok_or_else(unknown)?;
                Error::unless_current(on.expected_version, before.version)?;
                let mut after = before.clone();
                change(&mut after)?;
                if after == before {
                    return Ok(before);
                }
                if after.template_id != before.template_id {
                    templates::of_writing(writing, &access, after.template_id).await?;
                }
                after.version = before.version.saturating_add(1);
                after.updated_at = writing.recorded_at();
                let row = recurring_voucher::ActiveModel::from(after).reset_all();
                let stored = row.update(writing.conn()).await?;
                writing.audit(changed(action, Some(&before), &stored));
                writing.emit(SCHEDULES_CHANGED, Some(stored.business_id), None, String::new());
                Ok(stored)
            })
        })
        .await
}

/// The row with the next date that its rule gives after what was dealt with.
fn planned(mut row: Row) -> Result<Row> {
    let refuse =
        |field: &str, why: &str| Err(Error::refused(Code::Invalid, &format!("input.{field}"), why));
    if row.until_on.is_some_and(|until| until < row.first_on) {
        return refuse("untilOn", "the last day is not before the first");
    }
    if row.times.is_some_and(|times| !(1..=TIMES_MAX).contains(&times)) {
        return refuse("times", &format!("1 to {TIMES_MAX} dates"));
    }
    let schedule = schedule_of(&row).map_err(refuse_rule)?;
    let from = row.last_on.and_then(|last| last.succ_opt()).unwrap_or(row.first_on);
    row.next_on = schedule.dates(from).next();
    if row.next_on.is_none() {
        return refuse("", "no date is left by this rule; end it instead");
    }
    Ok(row)
}

fn refuse_rule(why: BadRule) -> Error {
    let field = match why {
        BadRule::Every => "every",
        BadRule::Day | BadRule::DayOfDays => "dayOfMonth",
    };
    Error::refused(Code::Invalid, &format!("input.{field}"), why.to_string())
}

fn check_first(first: NaiveDate, today: NaiveDate) -> Result<()> {
    let earliest = today.checked_sub_days(Days::new(DAYS_BACK_MAX)).unwrap_or(today);
    let latest = today.checked_add_days(Days::new(DAYS_AHEAD_MAX)).unwrap_or(today);
    if (earliest..=latest).contains(&first) {
        return Ok(());
    }
    let why = format!("the first date lies between {earliest} and {latest}");
    Err(Error::refused(Code::Invalid, "input.firstOn", why))
}
