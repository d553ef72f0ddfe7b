//! The trial balance: what every ledger stands at, and that both sides are equal.

use chrono::NaiveDate;
use daybook_domain::{
    id::{BusinessId, LedgerId},
    money::Money,
    role::Permission,
};
use daybook_entity::{master::chart::Statement, tenant::business::business};

use super::{
    balances::{self, Movement},
    chart::{self, Asked},
    groups::{self, GroupRef},
    standard_ledgers::PROFIT_AND_LOSS,
};
use crate::{error::Result, scope::TenantScope};

/// A business's trial balance.
#[derive(Debug, Clone)]
pub struct TrialBalance {
    /// Whose.
    pub business: business::Model,
    /// First day of the accounting year that holds the last day: where movements begin.
    pub from: NaiveDate,
    /// Last day.
    pub as_at: NaiveDate,
    /// One row per ledger that ever moved, by name.
    pub rows: Vec<Row>,
    /// Sums of the columns.
    pub totals: Totals,
}

/// One ledger's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which ledger.
    pub ledger: LedgerId,
    /// Balance before the first day; debit above zero.
    pub opening: Money,
    /// Debits within the period.
    pub debit: Money,
    /// Credits within the period.
    pub credit: Money,
    /// Balance at the end of the last day; debit above zero.
    pub closing: Money,
}

/// Sums of the columns; the two sides of each pair are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Opening debit balances.
    pub opening_debit: Money,
    /// Opening credit balances.
    pub opening_credit: Money,
    /// Debits within the period.
    pub debit: Money,
    /// Credits within the period.
    pub credit: Money,
    /// Closing debit balances.
    pub closing_debit: Money,
    /// Closing credit balances.
    pub closing_credit: Money,
}

/// The trial balance of a business at the end of a day; today by default.
///
/// Income and expense begin anew with each accounting year: what they came to before stands in
/// Profit & Loss A/c. All figures are read from one snapshot.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn trial_balance(
    scope: &TenantScope,
    business: Asked,
    as_at: Option<NaiveDate>,
) -> Result<TrialBalance> {
    scope.require(Permission::ReportRead)?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let business = chart.asked(scope, business)?.clone();
    let as_at = as_at.unwrap_or_else(|| scope.clock.today(&business.time_zone));
    let from =
        chart::calendar(&business).year_containing(as_at).starts_on.max(business.books_begin_on);
    let from = from.min(as_at);
    let reader = scope.db.reader().await?;
    let snapshot = reader.snapshot().await?;
    let movements = balances::movements(snapshot.conn(), business.id, from, as_at).await?;
    drop(snapshot);

    let is_of_the_year = |ledger: LedgerId| {
        let model = chart.ledgers.get(&ledger)?;
        let group = groups.resolve(GroupRef::of(model)?)?;
        Some(group.statement == Statement::ProfitAndLoss)
    };
    let mut carried = Money::ZERO;
    let mut rows = Vec::with_capacity(movements.len() + 1);
    for (ledger, Movement { before, within }) in movements {
        let mut opening = before.balance();
        if is_of_the_year(ledger) == Some(true) {
            carried = carried.saturating_add(opening);
            opening = Money::ZERO;
        }
        let closing = opening.saturating_add(within.balance());
        rows.push(Row { ledger, opening, debit: within.debit, credit: within.credit, closing });
    }
    carry_result(&chart, business.id, carried, &mut rows);
    rows.retain(|row| !(row.opening.is_zero() && row.debit.is_zero() && row.credit.is_zero()));
    rows.sort_by_cached_key(|row| {
        (chart.ledgers.get(&row.ledger).map(|ledger| ledger.name_key.clone()), row.ledger)
    });
    let totals = rows.iter().fold(Totals::default(), add);
    Ok(TrialBalance { business, from, as_at, rows, totals })
}

/// Profit & Loss A/c takes over what income and expense came to before the year.
fn carry_result(chart: &chart::Chart, business: BusinessId, carried: Money, rows: &mut Vec<Row>) {
    if carried.is_zero() {
        return;
    }
    let own = chart.ledgers.values().find(|ledger| {
        ledger.business_id == business && ledger.system_code.as_deref() == Some(PROFIT_AND_LOSS)
    });
    let Some(ledger) = own.map(|ledger| ledger.id) else { return };
    match rows.iter_mut().find(|row| row.ledger == ledger) {
        Some(row) => {
            row.opening = row.opening.saturating_add(carried);
            row.closing = row.closing.saturating_add(carried);
        }
        None => rows.push(Row {
            ledger,
            opening: carried,
            debit: Money::ZERO,
            credit: Money::ZERO,
            closing: carried,
        }),
    }
}

fn add(totals: Totals, row: &Row) -> Totals {
    let sides = |balance: Money| {
        if balance.is_negative() { (Money::ZERO, balance.size()) } else { (balance, Money::ZERO) }
    };
    let (opening_debit, opening_credit) = sides(row.opening);
    let (closing_debit, closing_credit) = sides(row.closing);
    Totals {
        opening_debit: totals.opening_debit.saturating_add(opening_debit),
        opening_credit: totals.opening_credit.saturating_add(opening_credit),
        debit: totals.debit.saturating_add(row.debit),
        credit: totals.credit.saturating_add(row.credit),
        closing_debit: totals.closing_debit.saturating_add(closing_debit),
        closing_credit: totals.closing_credit.saturating_add(closing_credit),
    }
}
