//! Numbers that vouchers bring along: which places of a series are free for them, under the fence.
//!
//! A place at or beyond a series' next number is free. One below it is free when neither the database nor
//! the batch under way has it. Nothing is read or remembered in a batch without such numbers.

use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use super::{judge, posting::Posting, state::State};
use crate::{
    db::sql::{list, statement},
    error::Result,
};

/// Places of series that are taken, as far as a batch asks.
#[derive(Debug, Default)]
pub struct Numbers {
    is_asked: bool,
    taken: HashMap<String, HashSet<i64>>,
}

impl Numbers {
    /// Whether a voucher may take a place.
    pub fn is_free(&self, key: &str, place: i64) -> bool {
        self.taken.get(key).is_none_or(|places| !places.contains(&place))
    }

    /// A place was taken.
    pub fn take(&mut self, key: &str, place: i64) {
        if self.is_asked {
            self.taken.entry(key.to_owned()).or_default().insert(place);
        }
    }

    /// It was given back.
    pub fn give_back(&mut self, key: &str, place: i64) {
        if let Some(places) = self.taken.get_mut(key) {
            places.remove(&place);
        }
    }
}

/// Reads which of the places that postings bring along are taken; nothing where none does.
///
/// # Errors
/// When the database cannot be read.
pub async fn load<'p>(
    state: &mut State,
    txn: &DatabaseTransaction,
    postings: impl Iterator<Item = &'p Posting>,
) -> Result<()> {
    state.numbers = Numbers::default();
    let mut asked: HashMap<String, Vec<i64>> = HashMap::new();
    for posting in postings.filter(|posting| posting.numbering.own.is_some()) {
        state.numbers.is_asked = true;
        if let Some((key, place)) = judge::own_place(state, posting) {
            asked.entry(key).or_default().push(place);
        }
    }
    let backend = txn.get_database_backend();
    for (key, places) in asked {
        let Some(series) = state.series.get(&key).map(|series| series.id) else { continue };
        let taken = state.numbers.taken.entry(key).or_default();
        for chunk in places.chunks(500) {
            let sql = format!(
                "SELECT sequence FROM vouchers WHERE series_id = ? AND sequence IN ({})",
                list(chunk.len())
            );
            let binds = std::iter::once(Value::from(series.get()))
                .chain(chunk.iter().map(|place| Value::from(*place)));
            for row in txn.query_all_raw(statement(backend, &sql, binds)).await? {
                taken.insert(row.try_get_by_index(0)?);
            }
        }
    }
    Ok(())
}
