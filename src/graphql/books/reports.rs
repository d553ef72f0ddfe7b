//! Statements of the books in the API.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::{id::LedgerId, role::Permission};

use super::{
    businesses::{Business, asked},
    entries::money,
    ledgers::Ledger,
    loaders,
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        scalar::{CurrencyCode, Date, Money},
    },
    services::books::trial_balance::{self, Row},
};

/// What every ledger stands at; both sides are equal.
#[derive(SimpleObject, Debug)]
pub struct TrialBalance {
    /// Whose.
    pub business: Business,
    /// First day of the accounting year: where openings end and movements begin.
    pub from: Date,
    /// Last day.
    pub as_at: Date,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// One row per ledger that moved, by name.
    pub rows: Vec<TrialBalanceRow>,
    /// Sums of the columns.
    pub totals: TrialBalanceTotals,
    /// Whether closing debits equal closing credits; always true.
    pub is_balanced: bool,
}

/// One ledger's line of a trial balance. Each balance stands on one side, the other is zero.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct TrialBalanceRow {
    /// Debit balance before the first day.
    pub opening_debit: Money,
    /// Credit balance before the first day.
    pub opening_credit: Money,
    /// Debits within the period.
    pub debit: Money,
    /// Credits within the period.
    pub credit: Money,
    /// Debit balance at the end of the last day.
    pub closing_debit: Money,
    /// Credit balance at the end of the last day.
    pub closing_credit: Money,
    #[graphql(skip)]
    ledger_id: LedgerId,
}

#[ComplexObject]
impl TrialBalanceRow {
    /// The ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.ledger_id).await
    }
}

/// Sums of a trial balance's columns; each pair is equal.
#[derive(SimpleObject, Debug)]
pub struct TrialBalanceTotals {
    /// Debit balances before the first day.
    pub opening_debit: Money,
    /// Credit balances before the first day.
    pub opening_credit: Money,
    /// Debits within the period.
    pub debit: Money,
    /// Credits within the period.
    pub credit: Money,
    /// Debit balances at the end of the last day.
    pub closing_debit: Money,
    /// Credit balances at the end of the last day.
    pub closing_credit: Money,
}

impl From<trial_balance::TrialBalance> for TrialBalance {
    fn from(found: trial_balance::TrialBalance) -> Self {
        let business = &found.business;
        let of = |amount| money(amount, business);
        let sides = |balance: daybook_domain::money::Money| {
            let zero = daybook_domain::money::Money::ZERO;
            if balance.is_negative() { (zero, balance.size()) } else { (balance, zero) }
        };
        let row = |row: &Row| {
            let (opening_debit, opening_credit) = sides(row.opening);
            let (closing_debit, closing_credit) = sides(row.closing);
            TrialBalanceRow {
                opening_debit: of(opening_debit),
                opening_credit: of(opening_credit),
                debit: of(row.debit),
                credit: of(row.credit),
                closing_debit: of(closing_debit),
                closing_credit: of(closing_credit),
                ledger_id: row.ledger,
            }
        };
        let totals = found.totals;
        Self {
            from: Date(found.from),
            as_at: Date(found.as_at),
            currency: super::entries::currency(business),
            rows: found.rows.iter().map(row).collect(),
            totals: TrialBalanceTotals {
                opening_debit: of(totals.opening_debit),
                opening_credit: of(totals.opening_credit),
                debit: of(totals.debit),
                credit: of(totals.credit),
                closing_debit: of(totals.closing_debit),
                closing_credit: of(totals.closing_credit),
            },
            is_balanced: totals.closing_debit == totals.closing_credit,
            business: Business::from(found.business.clone()),
        }
    }
}

/// Queries of statements.
#[derive(Default, Debug)]
pub struct ReportQuery;

#[Object]
impl ReportQuery {
    /// The trial balance of a business at the end of a day: openings, movements of the accounting year
    /// so far, and closings of every ledger, read from one snapshot. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    async fn trial_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] as_at: Option<
            Date,
        >,
    ) -> ApiResult<TrialBalance> {
        let business = asked(business_id.as_ref());
        let day = as_at.map(|day| day.0);
        let found = trial_balance::trial_balance(&*ctx.tenant()?, business, day).await?;
        Ok(found.into())
    }
}
