//! The balance sheet: what is owned and what is owed at the end of a day.

use daybook_domain::{chart::Nature, money::Money, statement::sheet::Sheet};

use super::{
    frame::{Frame, Line},
    positions,
    question::Question,
};
use crate::{
    error::Result, scope::TenantScope, services::books::standard_ledgers::OPENING_DIFFERENCE,
};

/// A balance sheet at the last day of each of the frame's spans.
#[derive(Debug)]
pub struct BalanceSheet {
    /// Whose, and when.
    pub frame: Frame,
    /// What is owned.
    pub assets: Vec<Line>,
    /// What is owed, with capital and the result of earlier years; without the running year's.
    pub liabilities: Vec<Line>,
    /// Sums at each day.
    pub sheets: Vec<Sheet>,
    /// What stands in Difference in Opening Balances at each day, as liabilities are shown.
    pub opening_differences: Vec<Money>,
}

/// The balance sheet at the end of a day.
///
/// What income and expense stand at is the profit of the running accounting year; what they came to in
/// earlier years stands in Profit & Loss A/c.
///
/// # Errors
/// No permission, a bad argument, or a database that cannot be read.
pub async fn balance_sheet(scope: &TenantScope, question: &Question) -> Result<BalanceSheet> {
    let (frame, snapshot) = Frame::open(scope, question).await?;
    let positions = positions::positions(&frame, snapshot.conn()).await?;
    drop(snapshot);
    let side = |nature: Nature| {
        frame.lines(|ledger, heading| {
            let stood = positions::of(&positions, ledger.id).map(|one| heading.shown(one.closing));
            (heading.nature() == nature).then(|| stood.collect::<Vec<Money>>())
        })
    };
    let sheets = positions.iter().map(|span| {
        Sheet::of(
            span.iter()
                .filter_map(|(ledger, position)| Some((frame.heading(*ledger)?, position.closing))),
        )
    });
    let mut opening_differences = vec![Money::ZERO; frame.spans.len()];
    for business in &frame.businesses {
        let Some(ledger) = frame.system_ledger(business.id, OPENING_DIFFERENCE) else { continue };
        let stood = positions::of(&positions, ledger);
        for (sum, position) in opening_differences.iter_mut().zip(stood) {
            *sum = sum.saturating_sub(position.closing);
        }
    }
    Ok(BalanceSheet {
        assets: side(Nature::Asset),
        liabilities: side(Nature::Liability),
        sheets: sheets.collect(),
        opening_differences,
        frame,
    })
}
