//! Which cost centres bear an entry, as somebody writes it down.

use daybook_domain::{cost::CostSplit, id::CostCentreId};
use daybook_entity::tenant::business::business;

use super::{chart, vouchers::Wrong};
use crate::error::Code;

/// A part of an entry that a cost centre bears, as somebody writes it down.
#[derive(Debug, Clone)]
pub struct WrittenCost {
    /// The centre; `None` when the id given is not one.
    pub centre: Option<CostCentreId>,
    /// A decimal number in the business's currency.
    pub amount: String,
}

/// Most splits of one entry.
pub const SPLITS_MAX: usize = 200;

/// Reads the splits of an entry; what is wrong is added. Centres are judged in the lane.
pub fn read(
    business: &business::Model,
    written: &[WrittenCost],
    place: &str,
    wrong: &mut Wrong<'_>,
) -> Vec<CostSplit> {
    let place = format!("{place}.costs");
    if written.len() > SPLITS_MAX {
        let why = format!("an entry is split over at most {SPLITS_MAX} cost centres");
        wrong.add(Code::TooMany, &place, &why);
        return Vec::new();
    }
    let mut splits = Vec::with_capacity(written.len());
    for (number, one) in written.iter().enumerate() {
        let field = format!("{place}.{number}");
        let path = format!("{field}.amount");
        let amount = wrong.money(&path, &one.amount, chart::exponent(business));
        match (one.centre, amount) {
            (_, Some(amount)) if amount.is_zero() || amount.is_negative() => {
                wrong.add(Code::Invalid, &path, "an amount is above zero");
            }
            (None, _) => {
                let why = "there is no such cost centre in this business";
                wrong.add(Code::CostCentreUnknown, &format!("{field}.centreId"), why);
            }
            (Some(centre), Some(amount)) => splits.push(CostSplit { centre, amount }),
            (Some(_), None) => {}
        }
    }
    splits
}
