//! Lines of statements: groups and ledgers with their amounts, and sums of them.

use std::sync::Arc;

use async_graphql::{ComplexObject, Enum, SimpleObject};
use daybook_domain::{money::Money as Amount, statement::tree::Named};

use super::ask::StatementDetail;
use crate::{
    error::Error,
    graphql::{
        books::ledgers::Ledger,
        error::ApiResult,
        master::AccountGroup,
        scalar::{CurrencyCode, Decimal, Money},
    },
    services::{
        books::groups::GroupRef,
        reports::frame::{Frame, Line, totals},
    },
};

/// What a line of a statement stands for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementLineKind {
    /// A group: the sum of all ledgers below it.
    Group,
    /// A ledger.
    Ledger,
}

/// Where a line stands, and for what.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct StatementPlace {
    /// Group or ledger.
    pub kind: StatementLineKind,
    /// Name of the group or ledger.
    pub name: String,
    /// 1 at the top, one more below each group.
    pub level: i32,
    #[graphql(skip)]
    named: Named<daybook_domain::id::LedgerId, GroupRef>,
    #[graphql(skip)]
    above: Option<GroupRef>,
    #[graphql(skip)]
    frame: Arc<Frame>,
}

#[ComplexObject]
impl StatementPlace {
    /// The group, on the line of one.
    async fn account_group(&self) -> Option<AccountGroup> {
        match self.named {
            Named::Group(group) => self.frame.groups.resolve(group).map(AccountGroup::from),
            Named::Ledger(_) => None,
        }
    }

    /// The ledger, on the line of one.
    async fn ledger(&self) -> Option<Ledger> {
        match self.named {
            Named::Group(_) => None,
            Named::Ledger(id) => self.frame.chart.ledgers.get(&id).cloned().map(Ledger::from),
        }
    }

    /// The group that the line stands below; null at the top.
    async fn parent(&self) -> Option<AccountGroup> {
        self.above.and_then(|group| self.frame.groups.resolve(group)).map(AccountGroup::from)
    }
}

impl StatementPlace {
    /// The place of a line.
    pub fn of(frame: &Arc<Frame>, line: &Line) -> Self {
        let (kind, name) = match line.named {
            Named::Group(group) => {
                let group = frame.groups.resolve(group);
                (StatementLineKind::Group, group.map(|group| group.name.clone()))
            }
            Named::Ledger(id) => {
                let ledger = frame.chart.ledgers.get(&id);
                (StatementLineKind::Ledger, ledger.map(|ledger| ledger.name.clone()))
            }
        };
        Self {
            kind,
            name: name.unwrap_or_default(),
            level: line.level,
            named: line.named,
            above: line.parent,
            frame: Arc::clone(frame),
        }
    }
}

/// Whether a line is shown in so much detail.
pub fn is_wanted(line: &Line, detail: StatementDetail) -> bool {
    match (detail, line.named) {
        (StatementDetail::Groups, Named::Ledger(_)) => line.parent.is_none(),
        _ => true,
    }
}

/// How amounts of a frame are written.
#[derive(Debug, Clone)]
pub struct Writer {
    exponent: u8,
    currency: crate::graphql::scalar::CurrencyCode,
}

impl Writer {
    /// In the currency of the frame's businesses.
    pub fn of(frame: &Frame) -> ApiResult<Self> {
        let first = frame.businesses.first();
        let first = first.ok_or_else(|| Error::Internal("a statement of no business".into()))?;
        Ok(Self {
            exponent: crate::services::books::chart::exponent(first),
            currency: CurrencyCode::of(&first.base_currency),
        })
    }

    /// An amount.
    pub fn money(&self, amount: Amount) -> Money {
        Money { amount: Decimal(amount.format(self.exponent)), currency: self.currency.clone() }
    }

    /// The currency of all amounts.
    pub fn currency(&self) -> CurrencyCode {
        self.currency.clone()
    }

    /// An amount of the period asked, and of those that it is compared with.
    pub fn figure(&self, amounts: impl IntoIterator<Item = Amount>) -> StatementFigure {
        let mut amounts = amounts.into_iter().map(|amount| self.money(amount));
        StatementFigure {
            amount: amounts.next().unwrap_or_else(|| self.money(Amount::ZERO)),
            comparatives: amounts.collect(),
        }
    }

    /// A section whose lines have one amount per span.
    pub fn section(
        &self,
        frame: &Arc<Frame>,
        lines: &[Line],
        detail: StatementDetail,
    ) -> StatementSection {
        StatementSection {
            total: self.figure(totals(lines, frame.spans.len())),
            lines: lines
                .iter()
                .filter(|line| is_wanted(line, detail))
                .map(|line| StatementLine {
                    place: StatementPlace::of(frame, line),
                    figure: self.figure(line.amounts.iter().copied()),
                })
                .collect(),
        }
    }

    /// A section whose lines have opening and closing of each span.
    pub fn movements(
        &self,
        frame: &Arc<Frame>,
        lines: &[Line],
        detail: StatementDetail,
    ) -> MovementSection {
        let of = |amounts: &[Amount]| {
            let (pairs, _) = amounts.as_chunks::<2>();
            let mut figures = pairs.iter().map(|[opening, closing]| MovementFigures {
                opening: self.money(*opening),
                closing: self.money(*closing),
                change: self.money(closing.saturating_sub(*opening)),
            });
            let first = figures.next();
            let zero = || self.money(Amount::ZERO);
            MovementColumns {
                figures: first.unwrap_or_else(|| MovementFigures {
                    opening: zero(),
                    closing: zero(),
                    change: zero(),
                }),
                comparatives: figures.collect(),
            }
        };
        MovementSection {
            total: of(&totals(lines, frame.spans.len() * 2)),
            lines: lines
                .iter()
                .filter(|line| is_wanted(line, detail))
                .map(|line| MovementLine {
                    place: StatementPlace::of(frame, line),
                    columns: of(&line.amounts),
                })
                .collect(),
        }
    }
}

/// An amount, beside those that it is compared with.
#[derive(SimpleObject, Debug, Clone)]
pub struct StatementFigure {
    /// Of the period asked.
    pub amount: Money,
    /// Of each period that it is compared with, in their order.
    pub comparatives: Vec<Money>,
}

/// A line of a statement.
#[derive(SimpleObject, Debug)]
pub struct StatementLine {
    #[graphql(flatten)]
    place: StatementPlace,
    #[graphql(flatten)]
    figure: StatementFigure,
}

/// Part of a statement: its lines as they are read, each group before what is below it, and their sum.
/// What is zero in all periods is left out.
#[derive(SimpleObject, Debug)]
pub struct StatementSection {
    /// Groups and ledgers.
    pub lines: Vec<StatementLine>,
    /// Sum of the lines at level 1.
    pub total: StatementFigure,
}

/// What something stood at before a period and at its end.
#[derive(SimpleObject, Debug, Clone)]
pub struct MovementFigures {
    /// Before the first day.
    pub opening: Money,
    /// At the end of the last day.
    pub closing: Money,
    /// Closing less opening.
    pub change: Money,
}

/// What something stood at before and after the period asked, beside those that it is compared with.
#[derive(SimpleObject, Debug, Clone)]
pub struct MovementColumns {
    #[graphql(flatten)]
    figures: MovementFigures,
    /// The same of each period that it is compared with, in their order.
    pub comparatives: Vec<MovementFigures>,
}

/// A line that tells of balances before and after.
#[derive(SimpleObject, Debug)]
pub struct MovementLine {
    #[graphql(flatten)]
    place: StatementPlace,
    #[graphql(flatten)]
    columns: MovementColumns,
}

/// Balances before and after: lines as they are read, each group before what is below it, and their sum.
#[derive(SimpleObject, Debug)]
pub struct MovementSection {
    /// Groups and ledgers.
    pub lines: Vec<MovementLine>,
    /// Sum of the lines at level 1.
    pub total: MovementColumns,
}
