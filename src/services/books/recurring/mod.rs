//! Recurring vouchers: a template, a rule of dates, and what is made on each of them.
//!
//! A recurring voucher posts in the name of its owner: whoever wrote it, and after a change whoever changed
//! it, so that nobody posts in another's name. What is due is made by `run`, in one transaction a date.

pub mod list;
pub mod run;
pub mod write;

use daybook_domain::{
    chain::Canonical,
    recurrence::{BadRule, CatchUp, Recurrence, Schedule, ShortMonth, Unit},
};
use daybook_entity::tenant::recurring::{
    CatchUpRule, RecurrenceUnit, ShortMonthRule, recurring_run, recurring_voucher,
};
use sea_orm::ActiveEnum;

use crate::{lane::Change, scope::Access};

/// A recurring voucher as it is stored.
pub type Row = recurring_voucher::Model;
/// What became of one date.
pub type Run = recurring_run::Model;

/// Whether the caller may see a recurring voucher: in a business that they see, and their own where they see
/// no others' documents.
fn is_visible(access: &Access, row: &Row) -> bool {
    access.businesses.includes(row.business_id)
        && (!access.own_documents_only || row.owner_id == access.user)
}

/// The rule of a row.
///
/// # Errors
/// What is out of bounds.
fn rule_of(row: &Row) -> Result<Recurrence, BadRule> {
    let unit = match row.unit {
        RecurrenceUnit::Day => Unit::Day,
        RecurrenceUnit::Week => Unit::Week,
        RecurrenceUnit::Month => Unit::Month,
        RecurrenceUnit::Quarter => Unit::Quarter,
        RecurrenceUnit::Year => Unit::Year,
    };
    let short = match row.short_month {
        ShortMonthRule::LastDay => ShortMonth::LastDay,
        ShortMonthRule::NextMonth => ShortMonth::NextMonth,
        ShortMonthRule::Skip => ShortMonth::Skip,
    };
    let every = u32::try_from(row.every_units).map_err(|_| BadRule::Every)?;
    let day = row.day_of_month.map(u32::try_from).transpose().map_err(|_| BadRule::Day)?;
    Recurrence::new(unit, every, row.first_on, day, short)
}

/// The dates that a row has left.
///
/// # Errors
/// What is out of bounds of its rule.
fn schedule_of(row: &Row) -> Result<Schedule, BadRule> {
    let left = row.times.map(|times| times.saturating_sub(row.dealt_with).max(0));
    let left = left.map(|left| u32::try_from(left).unwrap_or(0));
    Ok(Schedule { rule: rule_of(row)?, until: row.until_on, left })
}

const fn catch_up_of(row: &Row) -> CatchUp {
    match row.catch_up {
        CatchUpRule::All => CatchUp::All,
        CatchUpRule::Latest => CatchUp::Latest,
        CatchUpRule::Skip => CatchUp::Skip,
    }
}

/// The line of the edit log: how a recurring voucher was and how it is.
fn changed(action: &'static str, before: Option<&Row>, after: &Row) -> Change {
    let mut content = Canonical::new();
    if let Some(before) = before {
        content = content.object("before", describe(before));
    }
    Change {
        action,
        subject_type: "RecurringVoucher",
        subject: Some(after.id.get()),
        business: Some(after.business_id),
        canonical: content.object("after", describe(after)).finish(),
    }
}

fn describe(row: &Row) -> Canonical {
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
    Canonical::new()
        .int("template", row.template_id.get())
        .text("unit", &row.unit.to_value())
        .int("every", i64::from(row.every_units))
        .int_if("dayOfMonth", row.day_of_month.map(i64::from))
        .text("shortMonth", &row.short_month.to_value())
        .text("firstOn", &row.first_on.to_string())
        .text_if("untilOn", day(row.until_on).as_deref())
        .int_if("times", row.times.map(i64::from))
        .int("dealtWith", i64::from(row.dealt_with))
        .text_if("nextOn", day(row.next_on).as_deref())
        .text("state", &row.state.to_value())
        .text("makes", &row.makes.to_value())
        .text("catchUp", &row.catch_up.to_value())
        .int("owner", row.owner_id.get())
}
