//! Budgets: made, changed, archived. Lines are written anew as a whole.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    budget::{BudgetBasis, MONTHS_MAX, Plan, months},
    chain::Canonical,
    id::{BudgetId, CostCentreId, LedgerId},
    money::Money,
    period::{month_key, month_start},
    role::Permission,
    statement::span::Span,
    text::fold,
};
use daybook_entity::tenant::{
    budgets::{budget, budget_amount, budget_line},
    business::business,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter,
};

use super::{
    budgets::{self, Line, Planned},
    businesses::named_twice,
    chart::{self, Asked, Chart},
    cost_centres::{self, Centres},
    groups::{self, GroupRef, Groups},
    vouchers::Wrong,
};
use crate::{
    error::{Code, Error, Result},
    lane::{Change, Writing},
    scope::TenantScope,
};

/// Most characters of a name.
pub const NAME_MAX: usize = 100;
/// Most budgets of a business.
pub const BUDGETS_MAX: u64 = 500;
/// Most lines of a budget.
pub const LINES_MAX: usize = 200;

/// A line as somebody writes it down.
#[derive(Debug, Clone)]
pub struct WrittenLine {
    /// A ledger: absent, or the inner `None` for an id that is not one.
    pub ledger: Option<Option<LedgerId>>,
    /// A group: absent, or the inner `None` for an id that is not one.
    pub group: Option<Option<GroupRef>>,
    /// A cost centre: absent, or the inner `None` for an id that is not one.
    pub centre: Option<Option<CostCentreId>>,
    /// Movements or balances.
    pub basis: BudgetBasis,
    /// A decimal amount for the whole period.
    pub whole: Option<String>,
    /// Any day of each month with its decimal amount.
    pub months: Option<Vec<(NaiveDate, String)>>,
}

/// A budget to be made.
#[derive(Debug, Clone)]
pub struct CreateBudget {
    /// In whose books.
    pub business: Asked,
    /// Its name.
    pub name: String,
    /// First day, of a month.
    pub from: NaiveDate,
    /// Last day, of a month.
    pub to: NaiveDate,
    /// Words about it.
    pub description: Option<String>,
    /// Its lines.
    pub lines: Vec<WrittenLine>,
}

/// What is changed of a budget; what is `None` stays, and `Some(None)` is an explicit null.
#[derive(Debug, Clone, Default)]
pub struct ChangeBudget {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<Option<String>>,
    /// Words about it.
    pub description: Option<Option<String>>,
    /// All of its lines.
    pub lines: Option<Option<Vec<WrittenLine>>>,
    /// Archived, or brought back.
    pub archived: Option<bool>,
}

/// What lines are read against.
struct Books<'b> {
    scope: &'b TenantScope,
    chart: &'b Chart,
    groups: &'b Groups,
    centres: &'b Centres,
    business: &'b business::Model,
    period: Span,
}

/// Makes a budget.
///
/// # Errors
/// No permission, or refusals: no such business, a period that is not of whole months, lines of nothing.
pub async fn create(scope: &TenantScope, command: CreateBudget) -> Result<budget::Model> {
    scope.require(Permission::BudgetUpdate)?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let centres = cost_centres::centres(scope).await?;
    let business = chart.chosen(scope, command.business, "input")?;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &command.name, NAME_MAX);
    let description = wrong.text("description", command.description.as_deref(), 500, false);
    let period = Span::new(command.from, command.to).filter(|one| months(*one).is_some());
    let Some(period) = period else {
        let why = format!(
            "a budget is for whole months, from the first day of one to the last of another, at most \
             {MONTHS_MAX}"
        );
        wrong.add(Code::Invalid, "to", &why);
        return wrong.finish_with(None);
    };
    let books =
        Books { scope, chart: &chart, groups: &groups, centres: &centres, business, period };
    let lines = books.read(&command.lines, &mut wrong);
    wrong.finish()?;
    let business = business.id;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let own = budget::Entity::find().filter(budget::Column::BusinessId.eq(business));
                if own.count(writing.conn()).await? >= BUDGETS_MAX {
                    let why = format!("a business has at most {BUDGETS_MAX} budgets");
                    return Err(Error::refused(Code::TooMany, "input", why));
                }
                let now = writing.recorded_at();
                let row = budget::Model {
                    id: BudgetId::new(writing.next_id()?),
                    business_id: business,
                    name_key: fold(&name),
                    name,
                    starts_on: period.from,
                    ends_on: period.to,
                    description,
                    archived_at: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                let stored =
                    budget::ActiveModel::from(row).insert(writing.conn()).await.map_err(taken)?;
                write_lines(writing, stored.id, &lines).await?;
                writing.audit(changed("BUDGET_CREATED", None, (&stored, &lines)));
                Ok(stored)
            })
        })
        .await
}

/// Changes a budget: its name, its words or all of its lines; archives it, or brings it back.
///
/// # Errors
/// No permission, or refusals: no such budget, a stale version, a taken name, lines of nothing.
pub async fn change(
    scope: &TenantScope,
    id: Option<BudgetId>,
    change: ChangeBudget,
) -> Result<budget::Model> {
    scope.require(Permission::BudgetUpdate)?;
    let unknown = || Error::refused(Code::NotFound, "id", "there is no such budget");
    let id = id.ok_or_else(unknown)?;
    let found = {
        let reader = scope.db.reader().await?;
        budget::Entity::find_by_id(id).one(reader.conn()).await?
    };
    let found = found.filter(|row| scope.access.businesses.includes(row.business_id));
    let found = found.ok_or_else(unknown)?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let centres = cost_centres::centres(scope).await?;
    let business = chart.visible(scope, found.business_id).ok_or_else(unknown)?;
    let mut wrong = Wrong::below("input");
    let name = wrong.given("name", change.name);
    let name = name.map(|name| wrong.required("name", &name, NAME_MAX));
    let description =
        change.description.map(|text| wrong.text("description", text.as_deref(), 500, false));
    let period = budgets::period(&found);
    let books =
        Books { scope, chart: &chart, groups: &groups, centres: &centres, business, period };
    let lines = wrong.given("lines", change.lines);
    let lines = lines.map(|lines| books.read(&lines, &mut wrong));
    wrong.finish()?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before = budget::Entity::find_by_id(id).one(writing.conn()).await?;
                let before = before.ok_or_else(unknown)?;
                Error::unless_current(change.expected_version, before.version)?;
                let old = budgets::read_lines(writing.conn(), &[id]).await?;
                let old = old.into_values().next().unwrap_or_default();
                let now = writing.recorded_at();
                let mut after = before.clone();
                if let Some(name) = name {
                    after.name_key = fold(&name);
                    after.name = name;
                }
                if let Some(text) = description {
                    after.description = text;
                }
                match change.archived {
                    Some(true) => after.archived_at = before.archived_at.or(Some(now)),
                    Some(false) => after.archived_at = None,
                    None => {}
                }
                let new = lines.unwrap_or_else(|| old.clone());
                if after == before && new == old {
                    return Ok(before);
                }
                let mut row = before.clone().into_active_model();
                row.name = Set(after.name);
                row.name_key = Set(after.name_key);
                row.description = Set(after.description);
                row.archived_at = Set(after.archived_at);
                row.version = Set(before.version + 1);
                row.updated_at = Set(now);
                let stored = row.update(writing.conn()).await.map_err(taken)?;
                if new != old {
                    remove_lines(writing, id).await?;
                    write_lines(writing, id, &new).await?;
                }
                let action = match change.archived {
                    None => "BUDGET_UPDATED",
                    Some(true) => "BUDGET_ARCHIVED",
                    Some(false) => "BUDGET_RESTORED",
                };
                writing.audit(changed(action, Some((&before, &old)), (&stored, &new)));
                Ok(stored)
            })
        })
        .await
}

impl Books<'_> {
    fn read(&self, written: &[WrittenLine], wrong: &mut Wrong<'_>) -> Vec<Line> {
        if written.is_empty() || written.len() > LINES_MAX {
            let why = format!("a budget has 1 to {LINES_MAX} lines");
            wrong.add(Code::TooMany, "lines", &why);
            return Vec::new();
        }
        let mut seen = HashSet::new();
        let mut lines = Vec::with_capacity(written.len());
        for (number, one) in written.iter().enumerate() {
            let place = format!("lines.{number}");
            let of = self.planned(one, &place, wrong);
            let centre = self.centre(one, &place, wrong);
            let plan = self.plan(one, &place, wrong);
            let (Some(of), Some(centre), Some(plan)) = (of, centre, plan) else { continue };
            if !seen.insert((of, centre, one.basis)) {
                let why = "another line plans the same";
                wrong.add(Code::Taken, &place, why);
                continue;
            }
            lines.push(Line { of, centre, basis: one.basis, plan });
        }
        lines
    }

    fn planned(&self, one: &WrittenLine, place: &str, wrong: &mut Wrong<'_>) -> Option<Planned> {
        match (one.ledger, one.group) {
            (Some(ledger), None) => {
                let found = ledger.filter(|id| {
                    let ledger = self.chart.visible_ledger(self.scope, *id);
                    ledger.is_some_and(|ledger| ledger.business_id == self.business.id)
                });
                if found.is_none() {
                    let why = "there is no such ledger in this business";
                    wrong.add(Code::LedgerUnknown, &format!("{place}.ledgerId"), why);
                }
                found.map(Planned::Ledger)
            }
            (None, Some(group)) => {
                let found = group.filter(|group| self.groups.resolve(*group).is_some());
                if found.is_none() {
                    let why = "there is no such account group";
                    wrong.add(Code::AccountGroupUnknown, &format!("{place}.accountGroupId"), why);
                }
                found.map(Planned::Group)
            }
            _ => {
                let why = "a line is of a ledger or of a group";
                wrong.add(Code::Invalid, place, why);
                None
            }
        }
    }

    fn centre(
        &self,
        one: &WrittenLine,
        place: &str,
        wrong: &mut Wrong<'_>,
    ) -> Option<Option<CostCentreId>> {
        let Some(asked) = one.centre else { return Some(None) };
        let found = asked.filter(|id| {
            let centre = self.centres.visible_centre(self.scope, *id);
            centre.is_some_and(|centre| centre.business_id == self.business.id)
        });
        if found.is_none() {
            let why = "there is no such cost centre in this business";
            wrong.add(Code::CostCentreUnknown, &format!("{place}.costCentreId"), why);
        }
        found.map(Some)
    }

    fn plan(&self, one: &WrittenLine, place: &str, wrong: &mut Wrong<'_>) -> Option<Plan> {
        let exponent = chart::exponent(self.business);
        match (&one.whole, &one.months) {
            (Some(amount), None) => {
                wrong.money(&format!("{place}.amount"), amount, exponent).map(Plan::Whole)
            }
            (None, Some(months)) if !months.is_empty() && months.len() <= MONTHS_MAX => {
                let mut amounts: BTreeMap<NaiveDate, Money> = BTreeMap::new();
                let mut all_right = true;
                for (number, (day, amount)) in months.iter().enumerate() {
                    let field = format!("{place}.months.{number}");
                    let first = month_start(*day);
                    if *day < self.period.from || *day > self.period.to {
                        let why = "this month is not one of the budget's";
                        wrong.add(Code::Invalid, &format!("{field}.month"), why);
                        all_right = false;
                    }
                    match wrong.money(&format!("{field}.amount"), amount, exponent) {
                        Some(amount) if amounts.insert(first, amount).is_none() => {}
                        Some(_) => {
                            let why = "this month stands here twice";
                            wrong.add(Code::Taken, &format!("{field}.month"), why);
                            all_right = false;
                        }
                        None => all_right = false,
                    }
                }
                all_right.then(|| Plan::Monthly(amounts.into_iter().collect()))
            }
            _ => {
                let why = format!(
                    "a line has an amount for the whole period, or amounts of 1 to {MONTHS_MAX} months"
                );
                wrong.add(Code::Invalid, place, &why);
                None
            }
        }
    }
}

fn amounts(plan: &Plan) -> Vec<(i32, Money)> {
    match plan {
        Plan::Whole(amount) => vec![(0, *amount)],
        Plan::Monthly(amounts) => {
            amounts.iter().map(|(first, amount)| (month_key(*first), *amount)).collect()
        }
    }
}

async fn remove_lines(writing: &Writing, budget: BudgetId) -> Result<()> {
    let conn = writing.conn();
    for text in [
        "DELETE FROM budget_amounts WHERE line_id IN \
         (SELECT id FROM budget_lines WHERE budget_id = ?)",
        "DELETE FROM budget_lines WHERE budget_id = ?",
    ] {
        let backend = conn.get_database_backend();
        let ask = crate::db::sql::statement(backend, text, [budget.get().into()]);
        conn.execute_raw(ask).await?;
    }
    Ok(())
}

async fn write_lines(writing: &Writing, budget: BudgetId, lines: &[Line]) -> Result<()> {
    let mut rows = Vec::with_capacity(lines.len());
    let mut planned = Vec::new();
    for (line, place) in lines.iter().zip(1_i32..) {
        let id = writing.next_id()?;
        let (ledger, group) = match line.of {
            Planned::Ledger(ledger) => (Some(ledger), None),
            Planned::Group(group) => (None, Some(group)),
        };
        rows.push(budget_line::ActiveModel::from(budget_line::Model {
            id,
            budget_id: budget,
            line: place,
            ledger_id: ledger,
            group_id: group.and_then(GroupRef::shared),
            subgroup_id: group.and_then(GroupRef::own),
            centre_id: line.centre,
            basis: line.basis,
        }));
        planned.extend(amounts(&line.plan).into_iter().map(|(month, amount)| {
            budget_amount::ActiveModel::from(budget_amount::Model { line_id: id, month, amount })
        }));
    }
    for chunk in rows.chunks(200) {
        let many = budget_line::Entity::insert_many(chunk.to_vec());
        many.exec_without_returning(writing.conn()).await?;
    }
    for chunk in planned.chunks(500) {
        let many = budget_amount::Entity::insert_many(chunk.to_vec());
        many.exec_without_returning(writing.conn()).await?;
    }
    Ok(())
}

fn taken(error: sea_orm::DbErr) -> Error {
    named_twice(error, "input.name")
}

type Told<'t> = (&'t budget::Model, &'t Vec<Line>);

fn changed(action: &'static str, before: Option<Told<'_>>, after: Told<'_>) -> Change {
    let (row, _) = after;
    Change {
        action,
        subject_type: "Budget",
        subject: Some(row.id.get()),
        business: Some(row.business_id),
        canonical: Canonical::new()
            .object_if("before", before.map(describe))
            .object("after", describe(after))
            .finish(),
    }
}

fn describe((row, lines): Told<'_>) -> Canonical {
    let line = |line: &Line| {
        let (ledger, group) = match line.of {
            Planned::Ledger(ledger) => (Some(ledger), None),
            Planned::Group(group) => (None, Some(group)),
        };
        let amounts = amounts(&line.plan).into_iter().map(|(month, amount)| {
            Canonical::new().int("month", i64::from(month)).int("amount", amount.minor())
        });
        Canonical::new()
            .int_if("ledger", ledger.map(LedgerId::get))
            .int_if("group", group.and_then(GroupRef::shared).map(|group| group.get()))
            .int_if("subgroup", group.and_then(GroupRef::own).map(|group| group.get()))
            .int_if("centre", line.centre.map(CostCentreId::get))
            .text("basis", &line.basis.to_value())
            .list("amounts", amounts)
    };
    Canonical::new()
        .text("name", &row.name)
        .text("from", &row.starts_on.to_string())
        .text("to", &row.ends_on.to_string())
        .text_if("description", row.description.as_deref())
        .int_if("archivedAt", row.archived_at)
        .int("version", i64::from(row.version))
        .list("lines", lines.iter().map(line))
}
