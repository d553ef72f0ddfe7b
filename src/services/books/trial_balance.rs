//! The trial balance: what every ledger stands at, and that both sides are equal.

use chrono::NaiveDate;
use daybook_domain::{id::LedgerId, money::Money, role::Permission};
use daybook_entity::tenant::business::business;

use super::{
    balances::Whose,
    chart::{self, Asked},
    groups,
    standing::{Books, first_day},
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
    let from = first_day(&business, as_at);
    let reader = scope.db.reader().await?;
    let snapshot = reader.snapshot().await?;
    let books =
        Books { chart: &chart, groups: &groups, business: &business, whose: Whose::of(scope) };
    let standings = books.at(snapshot.conn(), None, as_at).await?;
    drop(snapshot);
    let rows = standings.into_iter().map(|(ledger, standing)| Row {
        ledger,
        opening: standing.opening,
        debit: standing.debit,
        credit: standing.credit,
        closing: standing.closing(),
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.retain(|row| !(row.opening.is_zero() && row.debit.is_zero() && row.credit.is_zero()));
    rows.sort_by_cached_key(|row| {
        (chart.ledgers.get(&row.ledger).map(|ledger| ledger.name_key.clone()), row.ledger)
    });
    let totals = rows.iter().fold(Totals::default(), add);
    Ok(TrialBalance { business, from, as_at, rows, totals })
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
