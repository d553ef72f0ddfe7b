//! Splits of entries over cost centres: judged, staged as rows, read back.

use std::collections::{HashMap, HashSet};

use daybook_domain::{
    cost::{CostFault, CostSplit, CostUse, check_splits},
    id::{BusinessId, CostCategoryId, CostCentreId, VoucherVersionId},
    money::Money,
};
use daybook_entity::tenant::books::VoucherKind;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use super::{
    ids::Ids,
    judge::refuse,
    posting::{PostedVoucher, Posting},
    rows::Rows,
    state::State,
};
use crate::{
    db::sql::{list, statement},
    error::{Code, Result},
};

/// What matters of a cost centre when something is split over it.
#[derive(Debug, Clone, Copy)]
pub struct Centre {
    business: BusinessId,
    category: CostCategoryId,
    is_archived: bool,
}

/// Reads the centres that postings name and that are not known yet: nothing where none is named.
///
/// # Errors
/// When the database cannot be read.
pub async fn load(
    state: &mut State,
    txn: &DatabaseTransaction,
    postings: impl Iterator<Item = &Posting>,
) -> Result<()> {
    let splits = postings.flat_map(|posting| &posting.details).flat_map(|detail| &detail.costs);
    let missing: HashSet<CostCentreId> =
        splits.map(|split| split.centre).filter(|id| !state.centres.contains_key(id)).collect();
    let missing: Vec<CostCentreId> = missing.into_iter().collect();
    for chunk in missing.chunks(500) {
        let sql = format!(
            "SELECT c.id, c.business_id, c.category_id, c.archived_at, g.archived_at \
             FROM cost_centres c JOIN cost_categories g ON g.id = c.category_id \
             WHERE c.id IN ({})",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        for row in txn.query_all_raw(statement(txn.get_database_backend(), &sql, binds)).await? {
            let archived: [Option<i64>; 2] = [row.try_get_by_index(3)?, row.try_get_by_index(4)?];
            state.centres.insert(
                CostCentreId::new(row.try_get_by_index(0)?),
                Centre {
                    business: BusinessId::new(row.try_get_by_index(1)?),
                    category: CostCategoryId::new(row.try_get_by_index(2)?),
                    is_archived: archived.iter().any(Option::is_some),
                },
            );
        }
    }
    Ok(())
}

/// Whether the splits of a voucher's entries fit them and their ledgers. Openings, closings and what the
/// program itself posts need none, whatever the ledger wants; what does not count in the books has none.
///
/// # Errors
/// The first that does not.
pub fn judge_costs(state: &State, posting: &Posting) -> Result<()> {
    if posting.base_type.is_scenario() {
        return Ok(());
    }
    let lines = posting.entries.lines().iter();
    for (index, (line, detail)) in lines.zip(&posting.details).enumerate() {
        let Some(ledger) = state.ledgers.get(&line.ledger) else { continue };
        let is_ordinary = posting.kind == VoucherKind::Ordinary;
        let usage = match ledger.cost_use {
            CostUse::Required if !is_ordinary => CostUse::Allowed,
            other => other,
        };
        let place = format!("entries.{index}.costs");
        let mut splits = Vec::with_capacity(detail.costs.len());
        for (number, split) in detail.costs.iter().enumerate() {
            let field = format!("{place}.{number}.centreId");
            let centre = state.centres.get(&split.centre);
            let centre = centre.filter(|centre| centre.business == posting.business);
            let Some(centre) = centre else {
                let why = "there is no such cost centre in this business";
                return Err(refuse(posting, Code::CostCentreUnknown, &field, why));
            };
            if centre.is_archived {
                let why = "this cost centre, or its category, is archived and takes nothing more";
                return Err(refuse(posting, Code::CostCentreArchived, &field, why));
            }
            splits.push((centre.category, split.amount));
        }
        let entry = line.debit.saturating_add(line.credit);
        if let Err(fault) = check_splits(usage, entry, splits) {
            let code = match fault {
                CostFault::NotAllowed => Code::NotAllowed,
                CostFault::Missing => Code::Required,
                CostFault::TooMuch(_) | CostFault::TooLittle(_) => Code::CostsUnequal,
            };
            return Err(refuse(posting, code, &place, fault.message()));
        }
    }
    Ok(())
}

/// Adds the rows of a version's splits: `effect` 1 when it is posted, −1 when it is taken back.
///
/// # Errors
/// When ids can no longer be made.
pub fn stage(
    rows: &mut Rows,
    voucher: &PostedVoucher,
    (effect, recorded_at): (i16, i64),
    ids: &Ids,
) -> Result<()> {
    let splits = voucher
        .entries
        .iter()
        .flat_map(|entry| entry.detail.costs.iter().map(move |split| (entry, split)));
    for ((entry, split), place) in splits.zip(1_i32..) {
        let is_debit = entry.credit.is_zero();
        let side = |own: bool| if own { split.amount.minor() } else { 0 };
        rows.push([
            ids.next()?.into(),
            voucher.version_id.get().into(),
            place.into(),
            entry.line.into(),
            effect.into(),
            voucher.business.get().into(),
            entry.ledger.get().into(),
            split.centre.get().into(),
            voucher.dated.into(),
            side(is_debit).into(),
            side(!is_debit).into(),
            recorded_at.into(),
        ]);
    }
    Ok(())
}

/// The splits of versions by entry line, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn splits_of(
    conn: &impl ConnectionTrait,
    versions: &[VoucherVersionId],
) -> Result<HashMap<(VoucherVersionId, i32), Vec<CostSplit>>> {
    let mut found: HashMap<(VoucherVersionId, i32), Vec<CostSplit>> = HashMap::new();
    for chunk in versions.chunks(500) {
        let sql = format!(
            "SELECT version_id, entry_line, centre_id, debit + credit FROM cost_centre_splits \
             WHERE version_id IN ({}) AND effect = 1 ORDER BY version_id, line",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            let version = VoucherVersionId::new(row.try_get_by_index(0)?);
            let split = CostSplit {
                centre: CostCentreId::new(row.try_get_by_index(2)?),
                amount: Money::from_minor(row.try_get_by_index(3)?),
            };
            found.entry((version, row.try_get_by_index(1)?)).or_default().push(split);
        }
    }
    Ok(found)
}

/// Adds the splits to the entries of vouchers that were read with them.
///
/// # Errors
/// When the database cannot be read.
pub async fn fill(conn: &impl ConnectionTrait, vouchers: &mut [PostedVoucher]) -> Result<()> {
    let versions: Vec<VoucherVersionId> = vouchers.iter().map(|one| one.version_id).collect();
    let mut splits = splits_of(conn, &versions).await?;
    for voucher in vouchers {
        for entry in &mut voucher.entries {
            entry.detail.costs =
                splits.remove(&(voucher.version_id, entry.line)).unwrap_or_default();
        }
    }
    Ok(())
}
