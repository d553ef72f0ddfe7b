//! Budgets: what was planned beside what came.

use chrono::{Months, NaiveDate};

use crate::{
    chart::words,
    money::{Money, Rate},
    period::month_start,
    statement::span::{Span, is_month_end},
};

words! {
    /// What a line of a budget plans.
    #[cfg_attr(feature = "orm", derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum))]
    #[cfg_attr(
        feature = "orm",
        sea_orm(
            rs_type = "String",
            db_type = "String(sea_orm::sea_query::StringLen::N(20))",
            rename_all = "SCREAMING_SNAKE_CASE"
        )
    )]
    BudgetBasis {
        /// What moves within each month.
        NetMovement = "NET_MOVEMENT",
        /// What it stands at at the end of each month.
        ClosingBalance = "CLOSING_BALANCE",
    }
}

/// Most months of a budget.
pub const MONTHS_MAX: usize = 36;

/// The months of a period that is of whole months, at most [`MONTHS_MAX`]; none for another one.
pub fn months(period: Span) -> Option<Vec<Span>> {
    if period.from != month_start(period.from) || !is_month_end(period.to) {
        return None;
    }
    let mut found = Vec::new();
    let mut first = period.from;
    while first <= period.to {
        let next = first.checked_add_months(Months::new(1))?;
        if found.len() >= MONTHS_MAX {
            return None;
        }
        found.push(Span { from: first, to: next.pred_opt()? });
        first = next;
    }
    Some(found)
}

/// What a line plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// One amount for the whole period.
    Whole(Money),
    /// Amounts of months, each named by its first day; a month without one has nothing planned.
    Monthly(Vec<(NaiveDate, Money)>),
}

impl Plan {
    /// What is planned for a month; none where only the whole period is planned.
    pub fn month(&self, month: Span) -> Option<Money> {
        match self {
            Self::Whole(_) => None,
            Self::Monthly(amounts) => {
                amounts.iter().find(|(first, _)| *first == month.from).map(|(_, amount)| *amount)
            }
        }
    }

    /// What is planned for all of these months, of a budget over `period`: of movements their sum, of
    /// balances the last one that is planned. One amount for a whole period counts for just that.
    pub fn total(&self, basis: BudgetBasis, months: &[Span], period: Span) -> Option<Money> {
        match (self, basis) {
            (Self::Whole(amount), _) => {
                let from = months.first()?.from;
                let to = months.last()?.to;
                (Span { from, to } == period).then_some(*amount)
            }
            (Self::Monthly(_), BudgetBasis::NetMovement) => {
                let amounts: Vec<Money> =
                    months.iter().filter_map(|one| self.month(*one)).collect();
                (!amounts.is_empty())
                    .then(|| amounts.into_iter().fold(Money::ZERO, Money::saturating_add))
            }
            (Self::Monthly(_), BudgetBasis::ClosingBalance) => {
                months.last().and_then(|last| self.month(*last))
            }
        }
    }
}

/// By how much what came differs from what was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variance {
    /// What came less what was planned.
    pub amount: Money,
    /// That as a share of what was planned; none where nothing was, or beyond what is kept.
    pub share: Option<Rate>,
}

impl Variance {
    /// Of an actual from a plan. The share is rounded to a millionth, a half away from zero, and has the
    /// sign of the amount where something above zero was planned.
    pub fn of(actual: Money, planned: Money) -> Self {
        let amount = actual.saturating_sub(planned);
        let base = i128::from(planned.minor());
        let share = (base != 0)
            .then(|| {
                let scaled = i128::from(amount.minor()) * 1_000_000;
                let half = base.abs() / 2 * scaled.signum();
                let nearest = (scaled + half) / base.abs() * base.signum();
                i64::try_from(nearest).ok().map(Rate::from_raw)
            })
            .flatten();
        Self { amount, share }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: &str, to: &str) -> Span {
        Span::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_period_has_its_months() {
        let year = months(span("2025-04-01", "2026-03-31")).unwrap();
        assert_eq!(year.len(), 12);
        assert_eq!(year.last(), Some(&span("2026-03-01", "2026-03-31")));
        assert_eq!(months(span("2025-04-02", "2026-03-31")), None);
        assert_eq!(months(span("2025-04-01", "2026-03-30")), None);
        assert_eq!(months(span("2020-01-01", "2023-01-31")), None);
        assert_eq!(months(span("2020-01-01", "2022-12-31")).unwrap().len(), 36);
    }

    #[test]
    fn movements_add_up_and_balances_stand() {
        let period = span("2025-04-01", "2025-06-30");
        let all = months(period).unwrap();
        let amount = Money::from_minor;
        let plan = Plan::Monthly(vec![
            (all.first().unwrap().from, amount(10)),
            (all.last().unwrap().from, amount(30)),
        ]);
        assert_eq!(plan.total(BudgetBasis::NetMovement, &all, period), Some(amount(40)));
        assert_eq!(plan.total(BudgetBasis::ClosingBalance, &all, period), Some(amount(30)));
        let two = all.get(..2).unwrap();
        assert_eq!(plan.total(BudgetBasis::NetMovement, two, period), Some(amount(10)));
        assert_eq!(plan.total(BudgetBasis::ClosingBalance, two, period), None);
        let whole = Plan::Whole(amount(90));
        assert_eq!(whole.total(BudgetBasis::NetMovement, &all, period), Some(amount(90)));
        assert_eq!(whole.total(BudgetBasis::NetMovement, two, period), None);
        assert_eq!(whole.month(period), None);
    }

    #[test]
    fn shares_are_exact_to_a_millionth() {
        let cases = [
            (110, 100, 10, Some("10")),
            (90, 100, -10, Some("-10")),
            (2, 3, -1, Some("-33.3333")),
            (4, 3, 1, Some("33.3333")),
            (5, 3, 2, Some("66.6667")),
            (-110, -100, -10, Some("10")),
            (5, 0, 5, None),
            (0, 0, 0, None),
        ];
        for (actual, planned, amount, share) in cases {
            let found = Variance::of(Money::from_minor(actual), Money::from_minor(planned));
            assert_eq!(found.amount.minor(), amount, "{actual} of {planned}");
            let text = found.share.map(Rate::format_percent);
            assert_eq!(text.as_deref(), share, "{actual} of {planned}");
        }
    }

    proptest! {
        #[test]
        fn no_amount_panics(actual in any::<i64>(), planned in any::<i64>()) {
            let found = Variance::of(Money::from_minor(actual), Money::from_minor(planned));
            prop_assert_eq!(found.share.is_some() && planned == 0, false);
        }
    }
}
