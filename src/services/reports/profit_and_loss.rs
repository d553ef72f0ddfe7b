//! Profit and loss: what was earned and spent over a period, down to gross and to net profit.

use daybook_domain::{
    money::Money,
    statement::{heading::Heading, profit::Profit},
};

use super::{
    frame::{Frame, Line},
    positions,
    question::Question,
};
use crate::{error::Result, scope::TenantScope};

/// A profit and loss account. Amounts of lines stand in the order of the frame's spans.
#[derive(Debug)]
pub struct ProfitAndLoss {
    /// Whose, and when.
    pub frame: Frame,
    /// Sales and other direct income.
    pub direct_income: Vec<Line>,
    /// Purchases and other direct expense.
    pub direct_expense: Vec<Line>,
    /// Income below gross profit.
    pub indirect_income: Vec<Line>,
    /// Expense below gross profit.
    pub indirect_expense: Vec<Line>,
    /// Sums over each span.
    pub profits: Vec<Profit>,
}

/// Profit and loss over a period; rows of closing vouchers are left out.
///
/// # Errors
/// No permission, a bad argument, or a database that cannot be read.
pub async fn profit_and_loss(scope: &TenantScope, question: &Question) -> Result<ProfitAndLoss> {
    let (frame, snapshot) = Frame::open(scope, question).await?;
    let positions = positions::positions(&frame, snapshot.conn()).await?;
    drop(snapshot);
    let section = |headings: &[Heading]| {
        frame.lines(|ledger, heading| {
            let moved = positions::of(&positions, ledger.id).map(|one| heading.shown(one.moved));
            headings.contains(&heading).then(|| moved.collect::<Vec<Money>>())
        })
    };
    let profits = positions.iter().map(|span| {
        let moved = span
            .iter()
            .filter_map(|(ledger, position)| Some((frame.heading(*ledger)?, position.moved)));
        Profit::of(moved)
    });
    Ok(ProfitAndLoss {
        direct_income: section(&[Heading::Sales, Heading::DirectIncome]),
        direct_expense: section(&[Heading::Purchase, Heading::DirectExpense]),
        indirect_income: section(&[Heading::IndirectIncome]),
        indirect_expense: section(&[Heading::IndirectExpense]),
        profits: profits.collect(),
        frame,
    })
}
