//! The funds flow statement: where working capital came from, and what it was used for.

use std::collections::HashMap;

use daybook_domain::{
    id::LedgerId,
    money::Money,
    statement::{
        funds_flow::{FundsFlow, Shifted},
        heading::{Current, Heading},
    },
};

use super::{
    flows::{self, GroupSet, Wanted},
    frame::{Frame, Line},
    positions::{self, Position},
    question::Question,
};
use crate::{error::Result, scope::TenantScope, services::books::balances::Sums};

/// A funds flow statement. The amounts of a line stand in the order of the frame's spans; opening and
/// closing of each where it tells of working capital.
#[derive(Debug)]
pub struct FundsFlowStatement {
    /// Whose, and when.
    pub frame: Frame,
    /// Changes of long-lived ledgers without working capital.
    pub non_fund: Vec<Line>,
    /// What long-lived ledgers brought.
    pub sources: Vec<Line>,
    /// What they took.
    pub applications: Vec<Line>,
    /// Current assets: opening and closing.
    pub current_assets: Vec<Line>,
    /// Current liabilities: opening and closing.
    pub current_liabilities: Vec<Line>,
    /// Sums over each span.
    pub flows: Vec<FundsFlow>,
}

/// The flow of funds over a period; vouchers that close a year are left out.
///
/// # Errors
/// No permission, a bad argument, or a database that cannot be read.
pub async fn funds_flow(scope: &TenantScope, question: &Question) -> Result<FundsFlowStatement> {
    let (frame, snapshot) = Frame::open(scope, question).await?;
    let positions = positions::positions(&frame, snapshot.conn()).await?;
    let long_term = GroupSet::of(&frame, Heading::is_long_term);
    let current = GroupSet::of(&frame, |heading| heading.current().is_some());
    let mut funds: Vec<HashMap<LedgerId, Sums>> = Vec::new();
    for span in &frame.spans {
        let wanted = Wanted::Of(&long_term, &current);
        funds.push(flows::flows(&frame, snapshot.conn(), *span, wanted).await?);
    }
    drop(snapshot);
    let over = |ledger: LedgerId| -> Vec<(Position, Sums)> {
        let sums = funds.iter().map(|span| span.get(&ledger).copied().unwrap_or_default());
        positions::of(&positions, ledger).zip(sums).collect()
    };
    let long_lived = |amount: fn((Position, Sums)) -> Money| {
        frame.lines(|ledger, heading| {
            heading
                .is_long_term()
                .then(|| over(ledger.id).into_iter().map(amount).collect::<Vec<Money>>())
        })
    };
    let stood = |part: Current| {
        frame.lines(|ledger, heading| {
            let both = positions::of(&positions, ledger.id).flat_map(|position| {
                [heading.shown(position.opening), heading.shown(position.closing)]
            });
            (heading.current() == Some(part)).then(|| both.collect::<Vec<Money>>())
        })
    };
    let flows = positions.iter().zip(&funds).map(|(span, funds)| {
        FundsFlow::of(frame.ledgers().map(|(ledger, heading)| {
            let position = span.get(&ledger.id).copied().unwrap_or_default();
            let sums = funds.get(&ledger.id).copied().unwrap_or_default();
            let (used, brought) = (sums.debit, sums.credit);
            (heading, Shifted { all: position.moved, used, brought })
        }))
    });
    Ok(FundsFlowStatement {
        non_fund: long_lived(|(position, sums)| sums.balance().saturating_sub(position.moved)),
        sources: long_lived(|(_, sums)| sums.credit),
        applications: long_lived(|(_, sums)| sums.debit),
        current_assets: stood(Current::Asset),
        current_liabilities: stood(Current::Liability),
        flows: flows.collect(),
        frame,
    })
}
