//! Budgets read back: one, several by id, or a page of them, each with its lines.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    budget::{BudgetBasis, Plan},
    id::{BudgetId, CostCentreId, LedgerId},
    role::Permission,
    statement::span::Span,
};
use daybook_entity::tenant::budgets::{budget, budget_amount, budget_line};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{
    chart::{self, Asked},
    groups::GroupRef,
};
use crate::{
    db::page::{Page, PageAsk},
    error::{Error, Result},
    scope::TenantScope,
};

/// What a line plans for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Planned {
    /// A ledger.
    Ledger(LedgerId),
    /// All ledgers below a group, at any depth.
    Group(GroupRef),
}

/// A line of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it plans for.
    pub of: Planned,
    /// Only what this centre, with all below it, bears.
    pub centre: Option<CostCentreId>,
    /// Movements or balances.
    pub basis: BudgetBasis,
    /// How much, above zero on the usual side.
    pub plan: Plan,
}

/// Lines of budgets, by budget.
pub type Lines = HashMap<BudgetId, Vec<Line>>;

/// The period of a budget.
pub fn period(row: &budget::Model) -> Span {
    Span { from: row.starts_on, to: row.ends_on }
}

/// Year × 100 + month as the first day of that month.
pub fn first_day(month: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(month / 100, u32::try_from(month % 100).ok()?, 1)
}

/// Lines of budgets in their order.
///
/// # Errors
/// When the database cannot be read.
pub async fn read_lines(conn: &impl ConnectionTrait, budgets: &[BudgetId]) -> Result<Lines> {
    let mut found = Lines::new();
    for chunk in budgets.chunks(500) {
        let rows = budget_line::Entity::find()
            .filter(budget_line::Column::BudgetId.is_in(chunk.iter().copied()))
            .order_by_asc(budget_line::Column::BudgetId)
            .order_by_asc(budget_line::Column::Line)
            .all(conn)
            .await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut amounts: HashMap<i64, Vec<budget_amount::Model>> = HashMap::new();
        for ids in ids.chunks(500) {
            let own = budget_amount::Entity::find()
                .filter(budget_amount::Column::LineId.is_in(ids.iter().copied()))
                .order_by_asc(budget_amount::Column::Month);
            for row in own.all(conn).await? {
                amounts.entry(row.line_id).or_default().push(row);
            }
        }
        for row in rows {
            let own = amounts.remove(&row.id).unwrap_or_default();
            let (budget, line) = (row.budget_id, line(row, &own)?);
            found.entry(budget).or_default().push(line);
        }
    }
    Ok(found)
}

fn line(row: budget_line::Model, amounts: &[budget_amount::Model]) -> Result<Line> {
    let group = row.subgroup_id.map(GroupRef::Own).or(row.group_id.map(GroupRef::Shared));
    let of = row.ledger_id.map(Planned::Ledger).or(group.map(Planned::Group));
    let of = of.ok_or_else(|| Error::Internal(format!("budget line {} is of nothing", row.id)))?;
    let plan = match amounts {
        [only] if only.month == 0 => Plan::Whole(only.amount),
        several => {
            let months = several.iter();
            Plan::Monthly(
                months.filter_map(|one| Some((first_day(one.month)?, one.amount))).collect(),
            )
        }
    };
    Ok(Line { of, centre: row.centre_id, basis: row.basis, plan })
}

/// Lines of budgets that the caller was shown.
///
/// # Errors
/// When the database cannot be read.
pub async fn lines_of(scope: &TenantScope, budgets: &[BudgetId]) -> Result<Lines> {
    let reader = scope.db.reader().await?;
    read_lines(reader.conn(), budgets).await
}

/// One budget, if the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: BudgetId) -> Result<Option<budget::Model>> {
    scope.require(Permission::BudgetRead)?;
    let reader = scope.db.reader().await?;
    let found = budget::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(found.filter(|row| scope.access.businesses.includes(row.business_id)))
}

/// Budgets of a business, the one that begins last first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    is_archived: Option<bool>,
    ask: &PageAsk,
) -> Result<Page<budget::Model>> {
    scope.require(Permission::BudgetRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let mut query = budget::Entity::find().filter(budget::Column::BusinessId.eq(business));
    query = match is_archived {
        Some(true) => query.filter(budget::Column::ArchivedAt.is_not_null()),
        Some(false) => query.filter(budget::Column::ArchivedAt.is_null()),
        None => query,
    };
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let total = if ask.wants_total { query.clone().count(conn).await? } else { 0 };
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [day, id] = key else { return Err(bad()) };
        let day: NaiveDate = day.parse().map_err(|_| bad())?;
        let id = BudgetId::new(id.parse().map_err(|_| bad())?);
        query = query.filter(Condition::any().add(budget::Column::StartsOn.lt(day)).add(
            Condition::all().add(budget::Column::StartsOn.eq(day)).add(budget::Column::Id.lt(id)),
        ));
    }
    let rows = query
        .order_by_desc(budget::Column::StartsOn)
        .order_by_desc(budget::Column::Id)
        .limit(ask.first + 1)
        .all(conn)
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.starts_on.to_string(), row.id.to_string()]))
}
