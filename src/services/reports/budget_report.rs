//! Budgets against what came: several side by side, by month and altogether.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use daybook_domain::{
    budget::{BudgetBasis, Variance, months},
    id::{BudgetId, BusinessId, CostCentreId, LedgerId},
    money::Money,
    statement::span::Span,
};
use daybook_entity::{master::chart::NormalSide, tenant::budgets::budget};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{
    cost_sums::CostSums,
    frame::Frame,
    marks::eve,
    positions::{self, Positions},
    question::{Comparatives, Question, Whose},
    registers::frame::path,
    scenario::Scenario,
};
use crate::{
    error::{Error, Result},
    scope::TenantScope,
    services::books::{
        budgets::{self, Line, Planned},
        chart::Asked,
        cost_centres::{self, Centres},
        groups::GroupRef,
    },
};

/// Most budgets side by side.
pub const BUDGETS_MAX: usize = 10;

/// What a report is asked of.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The budgets, in their order; `None` for an id that is not one.
    pub budgets: Vec<Option<BudgetId>>,
    /// First day; that of the first budget when absent.
    pub from: Option<NaiveDate>,
    /// Last day; that of the first budget when absent.
    pub to: Option<NaiveDate>,
    /// Only what was recorded up to this instant, UTC milliseconds.
    pub known_at: Option<i64>,
}

/// Budgets beside what came.
#[derive(Debug)]
pub struct BudgetReport {
    /// Whose, by months.
    pub frame: Frame,
    /// The budgets, in the order asked.
    pub budgets: Vec<budget::Model>,
    /// What any of them plans.
    pub rows: Vec<Row>,
}

/// Something planned, and what came. Amounts are above zero on the usual side.
#[derive(Debug, Clone)]
pub struct Row {
    /// What is planned for.
    pub of: Planned,
    /// Only what this centre, with all below it, bears.
    pub centre: Option<CostCentreId>,
    /// Movements or balances.
    pub basis: BudgetBasis,
    /// What came, by month.
    pub months: Vec<Money>,
    /// What came altogether: of balances, the last.
    pub actual: Money,
    /// What each budget says to it; none where it says nothing.
    pub plans: Vec<Option<Planning>>,
}

/// What a budget plans, and how far what came differs.
#[derive(Debug, Clone)]
pub struct Planning {
    /// By month; none where nothing is planned for it.
    pub months: Vec<Option<(Money, Variance)>>,
    /// Altogether; none where that cannot be told for these months.
    pub total: Option<(Money, Variance)>,
}

/// Reads budgets and what came.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn report(scope: &TenantScope, asking: &Asking) -> Result<BudgetReport> {
    scope.require(daybook_domain::role::Permission::ReportRead)?;
    let budgets = found(scope, &asking.budgets).await?;
    let first = budgets.first().ok_or_else(|| wrong("name at least one budget"))?;
    let period = budgets::period(first);
    let span = Span::new(asking.from.unwrap_or(period.from), asking.to.unwrap_or(period.to));
    let months = span.and_then(months).ok_or_else(|| {
        let why = "budgets are compared by whole months: name the first day of one, and the last of \
                   another not before it, 36 at most";
        Error::bad_input(if asking.from.is_some() { "from" } else { "to" }, why)
    })?;
    let question = Question {
        whose: Whose::One(Asked::This(first.business_id)),
        from: months.first().map(|one| one.from),
        to: months.last().map(|one| one.to),
        last_day: "to",
        comparatives: Comparatives::default(),
        known_at: asking.known_at,
        scenario: Scenario::default(),
    };
    let (mut frame, snapshot) = Frame::open(scope, &question).await?;
    frame.spans = months;
    let conn = snapshot.conn();
    let ids: Vec<BudgetId> = budgets.iter().map(|one| one.id).collect();
    let mut lines = budgets::read_lines(conn, &ids).await?;
    let lines: Vec<Vec<Line>> = ids.iter().map(|id| lines.remove(id).unwrap_or_default()).collect();
    let centres = cost_centres::at(scope, &snapshot).await?;
    let actual = Actual::read(&frame, &centres, conn, lines.iter().flatten()).await?;
    drop(snapshot);
    let mut rows: Vec<Row> = Vec::new();
    for (place, lines) in lines.iter().enumerate() {
        for line in lines {
            let same =
                |row: &Row| (row.of, row.centre, row.basis) == (line.of, line.centre, line.basis);
            let at = match rows.iter().position(same) {
                Some(at) => at,
                None => {
                    rows.push(actual.row(line, budgets.len()));
                    rows.len().saturating_sub(1)
                }
            };
            let budget = budgets.get(place);
            if let (Some(row), Some(budget)) = (rows.get_mut(at), budget) {
                let planning = planning(line, row, &frame.spans, budgets::period(budget));
                if let Some(slot) = row.plans.get_mut(place) {
                    *slot = Some(planning);
                }
            }
        }
    }
    Ok(BudgetReport { rows, budgets, frame })
}

fn wrong(why: &str) -> Error {
    Error::bad_input("budgetIds", why)
}

async fn found(scope: &TenantScope, asked: &[Option<BudgetId>]) -> Result<Vec<budget::Model>> {
    if asked.is_empty() || asked.len() > BUDGETS_MAX {
        return Err(wrong(&format!("name 1 to {BUDGETS_MAX} budgets")));
    }
    let unknown = || wrong("there is no such budget");
    let ids: Option<Vec<BudgetId>> = asked.iter().copied().collect();
    let ids = ids.ok_or_else(unknown)?;
    let reader = scope.db.reader().await?;
    let rows = budget::Entity::find().filter(budget::Column::Id.is_in(ids.iter().copied()));
    let rows: HashMap<BudgetId, budget::Model> =
        rows.all(reader.conn()).await?.into_iter().map(|row| (row.id, row)).collect();
    let mut found: Vec<budget::Model> = Vec::with_capacity(ids.len());
    for id in ids {
        let row = rows.get(&id).filter(|row| scope.access.businesses.includes(row.business_id));
        let row = row.ok_or_else(unknown)?;
        if found.iter().any(|one| one.id == row.id) {
            return Err(wrong("name each budget once"));
        }
        if found.first().is_some_and(|one| one.business_id != row.business_id) {
            return Err(wrong("budgets beside each other are of one business"));
        }
        found.push(row.clone());
    }
    Ok(found)
}

fn planning(line: &Line, row: &Row, months: &[Span], period: Span) -> Planning {
    let each = months.iter().zip(&row.months);
    let each = each.map(|(month, actual)| {
        let planned = line.plan.month(*month)?;
        Some((planned, Variance::of(*actual, planned)))
    });
    let total = line.plan.total(line.basis, months, period);
    Planning {
        months: each.collect(),
        total: total.map(|planned| (planned, Variance::of(row.actual, planned))),
    }
}

/// What came, in one snapshot.
struct Actual<'a> {
    frame: &'a Frame,
    centres: &'a Centres,
    positions: Positions,
    costs: CostSums,
}

impl<'a> Actual<'a> {
    async fn read<'l>(
        frame: &'a Frame,
        centres: &'a Centres,
        conn: &impl ConnectionTrait,
        mut lines: impl Iterator<Item = &'l Line>,
    ) -> Result<Self> {
        let positions = positions::positions(frame, conn).await?;
        let costs = if lines.any(|line| line.centre.is_some()) {
            let days: BTreeSet<NaiveDate> =
                frame.spans.iter().flat_map(|span| [eve(span.from), span.to]).collect();
            let businesses: Vec<BusinessId> = frame.business_ids();
            CostSums::read(conn, &businesses, &days, frame.known_at).await?
        } else {
            CostSums::default()
        };
        Ok(Self { frame, centres, positions, costs })
    }

    fn row(&self, line: &Line, budgets: usize) -> Row {
        let ledgers = self.ledgers(line.of);
        let is_credit = self.is_credit(line.of);
        let months: Vec<Money> = self
            .frame
            .spans
            .iter()
            .enumerate()
            .map(|(place, span)| {
                let debit = match line.centre {
                    Some(centre) => self.borne(centre, &ledgers, *span, line.basis),
                    None => self.moved(&ledgers, place, line.basis),
                };
                if is_credit { -debit } else { debit }
            })
            .collect();
        let actual = match line.basis {
            BudgetBasis::NetMovement => {
                months.iter().copied().fold(Money::ZERO, Money::saturating_add)
            }
            BudgetBasis::ClosingBalance => months.last().copied().unwrap_or_default(),
        };
        let plans = vec![None; budgets];
        Row { of: line.of, centre: line.centre, basis: line.basis, months, actual, plans }
    }

    fn ledgers(&self, of: Planned) -> Vec<LedgerId> {
        let own = self.frame.ledgers().map(|(ledger, _)| ledger);
        let is_of = |ledger: &&daybook_entity::tenant::chart::ledger::Model| match of {
            Planned::Ledger(id) => ledger.id == id,
            Planned::Group(group) => {
                let above = path(&self.frame.groups, GroupRef::of(ledger));
                above.iter().any(|one| one.reference == group)
            }
        };
        own.filter(is_of).map(|ledger| ledger.id).collect()
    }

    /// Whether balances are usually credits.
    fn is_credit(&self, of: Planned) -> bool {
        let group = match of {
            Planned::Group(group) => Some(group),
            Planned::Ledger(id) => self.frame.chart.ledgers.get(&id).and_then(GroupRef::of),
        };
        let group = group.and_then(|group| self.frame.groups.resolve(group));
        group.is_some_and(|group| group.normal_side == NormalSide::Credit)
    }

    /// What ledgers moved in a month, or stand at at its end: a debit above zero.
    fn moved(&self, ledgers: &[LedgerId], month: usize, basis: BudgetBasis) -> Money {
        let Some(span) = self.positions.get(month) else { return Money::ZERO };
        let each = ledgers.iter().filter_map(|ledger| span.get(ledger));
        let each = each.map(|position| match basis {
            BudgetBasis::NetMovement => position.moved,
            BudgetBasis::ClosingBalance => position.closing,
        });
        each.fold(Money::ZERO, Money::saturating_add)
    }

    /// What a centre, with all below it, bore of ledgers.
    fn borne(
        &self,
        centre: CostCentreId,
        ledgers: &[LedgerId],
        span: Span,
        basis: BudgetBasis,
    ) -> Money {
        let own = self.costs.cells().filter(|(one, ledger)| {
            ledgers.contains(ledger) && self.centres.is_within(*one, centre)
        });
        let each = own.map(|cell| match basis {
            BudgetBasis::NetMovement => self.costs.between(cell, (eve(span.from), span.to)),
            BudgetBasis::ClosingBalance => self.costs.at(cell, span.to),
        });
        each.fold(Money::ZERO, |sum, one| sum.saturating_add(one.balance()))
    }
}
