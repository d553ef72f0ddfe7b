//! The cash flow statement: what cash came and went for, told directly and from the profit.

use std::collections::HashMap;

use daybook_domain::{
    id::LedgerId,
    money::Money,
    statement::{
        cash_flow::{CashFlow, Moved},
        heading::{Activity, Heading},
    },
};

use super::{
    flows::{self, GroupSet, Wanted},
    frame::{Frame, Line},
    positions::{self, Position},
    question::Question,
};
use crate::{error::Result, scope::TenantScope, services::books::balances::Sums};

/// A cash flow statement. The amounts of a line stand in the order of the frame's spans: receipts and
/// payments of each where it tells of vouchers, opening and closing of each where it tells of cash.
#[derive(Debug)]
pub struct CashFlowStatement {
    /// Whose, and when.
    pub frame: Frame,
    /// What running the business brought and took: receipts and payments.
    pub operating: Vec<Line>,
    /// What is kept for years: receipts and payments.
    pub investing: Vec<Line>,
    /// Owners and lenders: receipts and payments.
    pub financing: Vec<Line>,
    /// Changes of long-lived ledgers without cash.
    pub non_cash: Vec<Line>,
    /// Changes of the other assets and liabilities of running the business.
    pub working_capital: Vec<Line>,
    /// The cash itself: opening and closing.
    pub cash: Vec<Line>,
    /// Sums over each span.
    pub flows: Vec<CashFlow>,
}

/// The cash flow over a period; vouchers that close a year are left out.
///
/// # Errors
/// No permission, a bad argument, or a database that cannot be read.
pub async fn cash_flow(scope: &TenantScope, question: &Question) -> Result<CashFlowStatement> {
    let (frame, snapshot) = Frame::open(scope, question).await?;
    let positions = positions::positions(&frame, snapshot.conn()).await?;
    let cash = GroupSet::of(&frame, |heading| heading.activity() == Activity::Cash);
    let mut with_cash: Vec<HashMap<LedgerId, Sums>> = Vec::new();
    for span in &frame.spans {
        let wanted = Wanted::InVouchersWith(&cash);
        with_cash.push(flows::flows(&frame, snapshot.conn(), *span, wanted).await?);
    }
    drop(snapshot);
    let over = |ledger: LedgerId| -> Vec<(Position, Sums)> {
        let sums = with_cash.iter().map(|span| span.get(&ledger).copied().unwrap_or_default());
        positions::of(&positions, ledger).zip(sums).collect()
    };
    let direct = |activity: Activity| {
        frame.lines(|ledger, heading| {
            let pair = |(_, sums): (Position, Sums)| [sums.credit, sums.debit];
            (heading.activity() == activity)
                .then(|| over(ledger.id).into_iter().flat_map(pair).collect())
        })
    };
    let indirect = |is_it: fn(Heading) -> bool, amount: fn((Position, Sums)) -> Money| {
        frame.lines(|ledger, heading| {
            is_it(heading).then(|| over(ledger.id).into_iter().map(amount).collect())
        })
    };
    let flows = positions.iter().zip(&with_cash).map(|(span, with_cash)| {
        CashFlow::of(frame.ledgers().map(|(ledger, heading)| {
            let position = span.get(&ledger.id).copied().unwrap_or_default();
            let sums = with_cash.get(&ledger.id).copied().unwrap_or_default();
            (heading, Moved { all: position.moved, with_cash: sums.balance() })
        }))
    });
    Ok(CashFlowStatement {
        operating: direct(Activity::Operating),
        investing: direct(Activity::Investing),
        financing: direct(Activity::Financing),
        non_cash: indirect(
            |heading| matches!(heading.activity(), Activity::Investing | Activity::Financing),
            |(position, sums)| sums.balance().saturating_sub(position.moved),
        ),
        working_capital: indirect(
            |heading| heading.activity() == Activity::Operating && !heading.is_of_the_year(),
            |(position, _)| -position.moved,
        ),
        cash: frame.lines(|ledger, heading| {
            let both = positions::of(&positions, ledger.id)
                .flat_map(|position| [position.opening, position.closing]);
            (heading.activity() == Activity::Cash).then(|| both.collect())
        }),
        flows: flows.collect(),
        frame,
    })
}
