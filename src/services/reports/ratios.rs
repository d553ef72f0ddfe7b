//! Ratio analysis: what the statements say in proportion.

use daybook_domain::statement::ratios::{Figures, Part};

use super::{frame::Frame, positions, question::Question};
use crate::{error::Result, scope::TenantScope};

/// Codes of the ledgers to which the program charges what leaves stock.
const TAKE_FROM_STOCK: [&str; 2] = ["COST_OF_GOODS_SOLD", "STOCK_ADJUSTMENT"];

/// The figures of which ratios are made, over each of the frame's spans.
#[derive(Debug)]
pub struct RatioAnalysis {
    /// Whose, and when.
    pub frame: Frame,
    /// Over each span.
    pub figures: Vec<Figures>,
}

/// The ratios of a period and of its last day.
///
/// # Errors
/// No permission, a bad argument, or a database that cannot be read.
pub async fn ratio_analysis(scope: &TenantScope, question: &Question) -> Result<RatioAnalysis> {
    let (frame, snapshot) = Frame::open(scope, question).await?;
    let positions = positions::positions(&frame, snapshot.conn()).await?;
    drop(snapshot);
    let figures = positions.iter().map(|span| {
        Figures::of(frame.ledgers().filter_map(|(ledger, heading)| {
            let position = span.get(&ledger.id)?;
            let code = ledger.system_code.as_deref();
            Some(Part {
                heading,
                standing: position.closing,
                moved: position.moved,
                takes_from_stock: code.is_some_and(|code| TAKE_FROM_STOCK.contains(&code)),
            })
        }))
    });
    Ok(RatioAnalysis { figures: figures.collect(), frame })
}
