//! Archived ledgers with entries in the range.

use std::collections::HashMap;

use daybook_domain::id::LedgerId;
use daybook_entity::tenant::chart::ledger;
use sea_orm::{ConnectionTrait, Value};

use super::Named;
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
    services::reports::registers::{
        frame::Frame,
        span::{Span, Sweep},
    },
};

/// Ledgers of one query.
const LEDGERS_MAX: usize = 200;

/// An archived ledger with entries.
#[derive(Debug, Clone)]
pub struct ArchivedLedger {
    /// The ledger.
    pub ledger: ledger::Model,
    /// How many of its entries stand in the range.
    pub entries: i64,
    /// What it stands at over the range.
    pub span: Span,
}

impl Named for ArchivedLedger {
    fn name(&self) -> (&str, i64) {
        (&self.ledger.name_key, self.ledger.id.get())
    }
}

pub(super) async fn read(
    conn: &impl ConnectionTrait,
    frame: &Frame,
) -> Result<Vec<ArchivedLedger>> {
    let archived: Vec<&ledger::Model> =
        frame.ledgers().into_iter().filter(|one| one.archived_at.is_some()).collect();
    let mut found = Vec::new();
    for business in &frame.businesses {
        let own = archived.iter().filter(|one| one.business_id == business.id);
        let own: Vec<LedgerId> = own.map(|one| one.id).collect();
        for ledgers in own.chunks(LEDGERS_MAX) {
            let counts = counts(conn, frame, ledgers).await?;
            let moved: Vec<LedgerId> = counts.keys().copied().collect();
            if moved.is_empty() {
                continue;
            }
            let (books, range) = (frame.books(business), (frame.from, frame.to));
            let sweep = Sweep::read(conn, &books, Some(&moved), range, &[], frame.known).await?;
            let of = |one: &&&ledger::Model| {
                let entries = *counts.get(&one.id)?;
                let ledger = ledger::Model::clone(one);
                Some(ArchivedLedger { ledger, entries, span: sweep.span(one.id) })
            };
            found.extend(archived.iter().filter_map(|one| of(&one)));
        }
    }
    found.sort_unstable_by(|one: &ArchivedLedger, other| one.name().cmp(&other.name()));
    Ok(found)
}

/// How many entries stand, by ledger; an entry and its twin of effect −1 count as none.
async fn counts(
    conn: &impl ConnectionTrait,
    frame: &Frame,
    ledgers: &[LedgerId],
) -> Result<HashMap<LedgerId, i64>> {
    let backend = conn.get_database_backend();
    let (recorded, recorded_bind) = frame.known.of("e");
    let count = sum(backend, "e.effect");
    let text = format!(
        "SELECT e.ledger_id, {count} FROM voucher_ledger_entries e WHERE e.ledger_id IN ({}) \
         AND e.dated >= ? AND e.dated <= ?{recorded} GROUP BY e.ledger_id HAVING {count} > 0",
        list(ledgers.len())
    );
    let mut binds: Vec<Value> = ledgers.iter().map(|ledger| ledger.get().into()).collect();
    binds.extend([Value::from(frame.from), Value::from(frame.to)]);
    binds.extend(recorded_bind);
    let rows = conn.query_all_raw(statement(backend, &text, binds)).await?;
    let count = |row: &sea_orm::QueryResult| {
        Ok((LedgerId::new(row.try_get_by_index(0)?), row.try_get_by_index(1)?))
    };
    rows.iter().map(count).collect()
}
