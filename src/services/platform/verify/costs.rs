//! Splits of entries over cost centres, compared with what the edit log tells of them.

use daybook_domain::cost::CostSplit;
use daybook_entity::tenant::{books::voucher_version, costs::cost_centre_split};

use crate::lane::{PostedEntry, PostedVoucher};

/// Puts a version's splits to its entries; nothing when a row does not agree with its entry or version.
pub fn put(
    entries: &mut [PostedEntry],
    rows: &[cost_centre_split::Model],
    version: &voucher_version::Model,
    recorded_at: i64,
) -> Option<()> {
    for (row, place) in rows.iter().zip(1_i32..) {
        let entry = entries.iter_mut().find(|entry| entry.line == row.entry_line)?;
        let is_debit = entry.credit.is_zero();
        let (own, other) = if is_debit { (row.debit, row.credit) } else { (row.credit, row.debit) };
        let agrees = row.line == place
            && row.business_id == version.business_id
            && row.dated == version.dated
            && row.recorded_at == recorded_at
            && row.ledger_id == entry.ledger
            && other.is_zero();
        if !agrees {
            return None;
        }
        entry.detail.costs.push(CostSplit { centre: row.centre_id, amount: own });
    }
    Some(())
}

/// Whether the splits of a version were taken back whole, and then.
pub fn is_taken_back(
    made: &[cost_centre_split::Model],
    undone: &[cost_centre_split::Model],
    recorded_at: i64,
) -> bool {
    made.len() == undone.len()
        && made.iter().zip(undone).all(|(one, other)| {
            let same = cost_centre_split::Model {
                id: one.id,
                effect: one.effect,
                recorded_at: one.recorded_at,
                ..other.clone()
            };
            same == *one && other.recorded_at == recorded_at
        })
}

/// How many splits the entries of a voucher have.
pub fn count(voucher: &PostedVoucher) -> usize {
    voucher.entries.iter().map(|entry| entry.detail.costs.len()).sum()
}
