//! From accepted postings to rows, and from stored retry keys to replays.

use std::collections::{BTreeMap, HashMap};

use daybook_domain::{
    id::{EntryId, VoucherId, VoucherVersionId},
    money::Money,
    period::month_key,
};
use daybook_entity::tenant::books::VoucherKind;
use sea_orm::{ActiveEnum, ConnectionTrait, Value};

use super::{
    ids::Ids,
    judge::{Changes, Place},
    posting::{Claim, PostedEntry, PostedVoucher, Posting},
    rows::Rows,
    state::State,
    tables,
};
use crate::{
    db::sql::{list, statement},
    error::{Error, Result},
};

/// Retry keys that are known: stored earlier, or made earlier in the same batch.
#[derive(Debug, Default)]
pub struct Known(HashMap<(String, String), (String, String)>);

impl Known {
    /// Adds a stored key.
    pub fn add(&mut self, field: String, key: String, input_hash: String, ids: String) {
        self.0.insert((field, key), (input_hash, ids));
    }
}

/// The stored keys of claims.
///
/// # Errors
/// When the database cannot be read.
pub async fn find_claims(conn: &impl ConnectionTrait, claims: &[&Claim]) -> Result<Known> {
    let mut known = Known::default();
    let backend = conn.get_database_backend();
    for chunk in claims.chunks(128) {
        // A power of two of marks, the last key repeated, keeps the number of texts small.
        let marks = chunk.len().next_power_of_two();
        let last = chunk.last().map(|claim| claim.key.as_str()).unwrap_or_default();
        let keys = chunk.iter().map(|claim| claim.key.as_str());
        let keys = keys.chain(std::iter::repeat(last)).take(marks).map(Value::from);
        let sql = format!(
            "SELECT field, retry_key, input_hash, result_ids FROM idempotency_keys \
             WHERE retry_key IN ({})",
            list(marks)
        );
        for row in conn.query_all_raw(statement(backend, &sql, keys)).await? {
            known.add(
                row.try_get_by_index(0)?,
                row.try_get_by_index(1)?,
                row.try_get_by_index(2)?,
                row.try_get_by_index(3)?,
            );
        }
    }
    Ok(known)
}

/// What an earlier call with this key made, as a plain read finds it: for an input that is refused
/// before it reaches the lane.
///
/// # Errors
/// [`Error::Conflict`] when that call had another input.
pub async fn earlier(conn: &impl ConnectionTrait, claim: &Claim) -> Result<Option<Vec<i64>>> {
    replay_of(&find_claims(conn, &[claim]).await?, claim)
}

/// What an earlier call with this key made.
///
/// # Errors
/// [`Error::Conflict`] when that call had another input.
pub fn replay_of(known: &Known, claim: &Claim) -> Result<Option<Vec<i64>>> {
    let Some((hash, ids)) = known.0.get(&(claim.field.to_owned(), claim.key.clone())) else {
        return Ok(None);
    };
    if *hash != claim.input_hash {
        return Err(Error::Conflict(
            "this idempotencyKey was used with another input; use a new key for a new request"
                .into(),
        ));
    }
    serde_json::from_str(ids)
        .map(Some)
        .map_err(|error| Error::Internal(format!("stored retry ids do not parse: {error}")))
}

/// Ids as they are stored beside a retry key.
pub fn ids_text(ids: &[i64]) -> String {
    let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("[{}]", texts.join(","))
}

/// What a voucher gets from the transaction that stores it.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Its id.
    pub id: VoucherId,
    /// The tenant's user who posts it.
    pub created_by: Option<i64>,
    /// Number of its event.
    pub change_seq: i64,
    /// The transaction's instant.
    pub recorded_at: i64,
}

/// The voucher as it will be stored.
///
/// # Errors
/// When ids can no longer be made.
pub fn voucher(posting: &Posting, place: Place, stamp: Stamp, ids: &Ids) -> Result<PostedVoucher> {
    let lines = posting.entries.lines();
    let mut details = posting.details.iter().cloned();
    let mut entries = Vec::with_capacity(lines.len());
    for (line, number) in lines.iter().zip(1..) {
        entries.push(PostedEntry {
            id: EntryId::new(ids.next()?),
            line: number,
            ledger: line.ledger,
            debit: line.debit,
            credit: line.credit,
            detail: details.next().unwrap_or_default(),
        });
    }
    Ok(PostedVoucher {
        id: stamp.id,
        business: posting.business,
        voucher_type: posting.voucher_type,
        base_type: posting.base_type,
        year: place.year,
        series: place.series,
        sequence: place.sequence,
        number: place.number,
        reverses: posting.reverses,
        version_id: VoucherVersionId::new(ids.next()?),
        version: 1,
        kind: posting.kind,
        dated: posting.dated,
        total: posting.entries.total(),
        narration: posting.narration.clone(),
        reference: posting.reference.clone(),
        reference_date: posting.reference_date,
        party: posting.party,
        occurred_at: posting.occurred_at,
        areas: posting.areas,
        lock_exception: place.lock_exception,
        created_by: stamp.created_by,
        change_seq: stamp.change_seq,
        recorded_at: stamp.recorded_at,
        entries,
    })
}

/// Rows of a batch before they are written.
#[derive(Debug)]
pub struct Staged {
    vouchers: Rows,
    versions: Rows,
    entries: Rows,
    totals: BTreeMap<(i64, i32, bool), (i64, Money, Money)>,
}

impl Default for Staged {
    fn default() -> Self {
        Self {
            vouchers: Rows::of(&tables::VOUCHERS),
            versions: Rows::of(&tables::VERSIONS),
            entries: Rows::of(&tables::ENTRIES),
            totals: BTreeMap::new(),
        }
    }
}

impl Staged {
    /// Adds the rows of one voucher.
    pub fn add(&mut self, voucher: &PostedVoucher) {
        let business = voucher.business.get();
        self.vouchers.push([
            voucher.id.get().into(),
            business.into(),
            voucher.voucher_type.get().into(),
            voucher.base_type.code().into(),
            voucher.year.into(),
            voucher.series.get().into(),
            voucher.sequence.into(),
            voucher.number.as_str().into(),
            voucher.reverses.map(VoucherId::get).into(),
            voucher.created_by.into(),
            voucher.recorded_at.into(),
        ]);
        self.versions.push([
            voucher.version_id.get().into(),
            voucher.id.get().into(),
            voucher.version.into(),
            business.into(),
            voucher.kind.to_value().into(),
            voucher.dated.into(),
            voucher.total.minor().into(),
            voucher.narration.clone().into(),
            voucher.reference.clone().into(),
            voucher.reference_date.into(),
            voucher.party.map(|party| party.get()).into(),
            voucher.occurred_at.into(),
            voucher.areas.bits().into(),
            voucher.lock_exception.into(),
            voucher.created_by.into(),
            voucher.change_seq.into(),
            voucher.recorded_at.into(),
        ]);
        let closing = voucher.kind == VoucherKind::Closing;
        let month = month_key(voucher.dated);
        for entry in &voucher.entries {
            let foreign = entry.detail.foreign.as_ref();
            self.entries.push([
                entry.id.get().into(),
                voucher.version_id.get().into(),
                entry.line.into(),
                1_i16.into(),
                business.into(),
                entry.ledger.get().into(),
                voucher.dated.into(),
                entry.debit.minor().into(),
                entry.credit.minor().into(),
                foreign.map(|foreign| foreign.currency.to_string()).into(),
                foreign.map(|foreign| foreign.amount.minor()).into(),
                foreign.map(|foreign| foreign.rate.raw()).into(),
                entry.detail.narration.clone().into(),
                closing.into(),
                voucher.recorded_at.into(),
            ]);
            let sums = self.totals.entry((entry.ledger.get(), month, closing)).or_insert((
                business,
                Money::ZERO,
                Money::ZERO,
            ));
            sums.1 = sums.1.saturating_add(entry.debit);
            sums.2 = sums.2.saturating_add(entry.credit);
        }
    }

    /// All rows in the order of their references; the sums in key order, so that no two writers lock
    /// them crosswise.
    pub fn into_rows(self, changes: &Changes, state: &State, recorded_at: i64) -> Vec<Rows> {
        let mut years = Rows::of(&tables::YEARS);
        for year in &changes.years {
            years.push([
                year.id.into(),
                year.business.get().into(),
                year.label.as_str().into(),
                year.span.starts_on.into(),
                year.span.ends_on.into(),
                false.into(),
                recorded_at.into(),
            ]);
        }
        let mut series = Rows::of(&tables::SERIES);
        for touched in &changes.series {
            if let Some(now) = state.series.get(&touched.key) {
                series.push([
                    now.id.get().into(),
                    touched.key.as_str().into(),
                    touched.business.get().into(),
                    touched.voucher_type.into(),
                    Some(touched.year).into(),
                    touched.prefix.as_str().into(),
                    now.next.into(),
                    now.created_at.into(),
                ]);
            }
        }
        let mut totals = Rows::of(&tables::TOTALS);
        for ((ledger, month, closing), (business, debit, credit)) in self.totals {
            totals.push([
                ledger.into(),
                month.into(),
                closing.into(),
                business.into(),
                debit.minor().into(),
                credit.minor().into(),
            ]);
        }
        vec![years, series, self.vouchers, self.versions, self.entries, totals]
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("stored JSON does not parse: {error}"))
    }
}
