//! Recurring vouchers read back, with what became of their dates.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    id::{RecurringRunId, RecurringVoucherId},
    role::Permission,
};
use daybook_entity::tenant::recurring::{
    RecurringState, RunState, recurring_run, recurring_voucher,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::{Row, Run, is_visible, schedule_of};
use crate::{
    db::page::{Page, PageAsk},
    error::Result,
    scope::TenantScope,
    services::books::chart::{self, Asked},
};

/// Most dates to come that are shown.
pub const DATES_MAX: usize = 60;

/// A recurring voucher that the caller sees; nothing where there is none.
pub(super) async fn seen_by(scope: &TenantScope, id: RecurringVoucherId) -> Result<Option<Row>> {
    let reader = scope.db.reader().await?;
    let found = recurring_voucher::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(found.filter(|row| is_visible(&scope.access, row)))
}

/// A recurring voucher that the caller sees; nothing where there is none.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: RecurringVoucherId) -> Result<Option<Row>> {
    scope.require(Permission::VoucherRead)?;
    seen_by(scope, id).await
}

/// The recurring vouchers with these ids that the caller sees.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn among(
    scope: &TenantScope,
    ids: &[RecurringVoucherId],
) -> Result<HashMap<RecurringVoucherId, Row>> {
    scope.require(Permission::VoucherRead)?;
    let wanted = recurring_voucher::Column::Id.is_in(ids.iter().copied());
    let reader = scope.db.reader().await?;
    let rows = recurring_voucher::Entity::find().filter(wanted).all(reader.conn()).await?;
    let seen = rows.into_iter().filter(|row| is_visible(&scope.access, row));
    Ok(seen.map(|row| (row.id, row)).collect())
}

/// A page of a business's recurring vouchers, the newest first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    states: Option<Vec<RecurringState>>,
    ask: &PageAsk,
) -> Result<Page<Row>> {
    use recurring_voucher::Column;
    scope.require(Permission::VoucherRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let mut wanted = Condition::all()
        .add(Column::BusinessId.eq(business))
        .add_option(states.map(|states| Column::State.is_in(states)));
    if scope.access.own_documents_only {
        wanted = wanted.add(Column::OwnerId.eq(scope.access.user));
    }
    let reader = scope.db.reader().await?;
    let mut rows = recurring_voucher::Entity::find().filter(wanted);
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        rows = rows.filter(Column::Id.lt(after));
    }
    let rows = rows
        .order_by_desc(Column::Id)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}

/// The dates to come of a recurring voucher, from the first that was not dealt with; none of one that has
/// ended.
pub fn dates_to_come(row: &Row, most: usize) -> Vec<NaiveDate> {
    match (row.next_on, schedule_of(row)) {
        (Some(next), Ok(schedule)) => schedule.dates(next).take(most.min(DATES_MAX)).collect(),
        _ => Vec::new(),
    }
}

/// Which runs a list shows; all conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Of this recurring voucher.
    pub recurring: Option<RecurringVoucherId>,
    /// That came to this.
    pub states: Option<Vec<RunState>>,
}

/// A page of what became of dates in a business, the newest first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn runs(
    scope: &TenantScope,
    business: Asked,
    filter: RunFilter,
    ask: &PageAsk,
) -> Result<Page<Run>> {
    use recurring_run::Column;
    scope.require(Permission::VoucherRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let mut wanted = Condition::all()
        .add(Column::BusinessId.eq(business))
        .add_option(filter.recurring.map(|id| Column::RecurringId.eq(id)))
        .add_option(filter.states.map(|states| Column::State.is_in(states)));
    if scope.access.own_documents_only {
        let own = recurring_voucher::Entity::find()
            .select_only()
            .column(recurring_voucher::Column::Id)
            .filter(recurring_voucher::Column::OwnerId.eq(scope.access.user))
            .into_query();
        wanted = wanted.add(Column::RecurringId.in_subquery(own));
    }
    let reader = scope.db.reader().await?;
    let mut rows = recurring_run::Entity::find().filter(wanted);
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        rows = rows.filter(Column::Id.lt(after));
    }
    let rows = rows
        .order_by_desc(Column::Id)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}

/// What became of one date, with its recurring voucher; nothing where there is none that the caller sees.
pub(super) async fn run_seen_by(
    scope: &TenantScope,
    id: RecurringRunId,
) -> Result<Option<(Run, Row)>> {
    let run = {
        let reader = scope.db.reader().await?;
        recurring_run::Entity::find_by_id(id).one(reader.conn()).await?
    };
    let Some(run) = run else { return Ok(None) };
    Ok(seen_by(scope, run.recurring_id).await?.map(|row| (run, row)))
}

/// What became of one date; nothing where there is none that the caller sees.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find_run(scope: &TenantScope, id: RecurringRunId) -> Result<Option<Run>> {
    scope.require(Permission::VoucherRead)?;
    Ok(run_seen_by(scope, id).await?.map(|(run, _)| run))
}
