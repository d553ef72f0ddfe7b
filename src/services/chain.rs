//! Verifying a hash-chained log, whichever database holds it.

use daybook_domain::chain::{ChainHash, link};

pub use crate::db::page::read_cursor;
use crate::error::{Error, Result};

/// What verifying a chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Rows whose hash was computed anew.
    pub checked: i64,
    /// Number of the first row whose hash or place is wrong.
    pub first_broken: Option<i64>,
    /// Number of the last row that was checked.
    pub last: i64,
    /// Whether the end of the log was reached.
    pub is_complete: bool,
}

/// Rows read at a time.
pub const PAGE_ROWS: u64 = 1_000;
/// Most rows that one call verifies.
pub const ROWS_MAX: i64 = 100_000;

/// Goes along a chain, page by page.
#[derive(Debug)]
pub struct Walk {
    hash: ChainHash,
    /// Number of the last row that was checked.
    pub last: i64,
    checked: i64,
    first_broken: Option<i64>,
}

impl Walk {
    /// Begins after a row that was verified before, or at the beginning (0).
    ///
    /// # Errors
    /// [`Error::BadInput`] when there is no such row.
    pub fn after(after: i64, hash: Option<String>) -> Result<Self> {
        let bad = || Error::bad_input("after", "there is no such row in the log");
        let hash = match hash {
            Some(hash) => ChainHash::from_hex(&hash).ok_or_else(bad)?,
            None if after == 0 => ChainHash::GENESIS,
            None => return Err(bad()),
        };
        Ok(Self { hash, last: after, checked: 0, first_broken: None })
    }

    /// Whether there are rows to check up to `end`, and this call may.
    pub fn goes_on(&self, end: i64) -> bool {
        self.first_broken.is_none() && self.last < end && self.checked < ROWS_MAX
    }

    /// Checks the next rows in their order: number, canonical text, hash in hexadecimal.
    pub fn take<'r>(&mut self, rows: impl Iterator<Item = (i64, &'r str, &'r str)>) {
        for (seq, text, stored) in rows {
            let expected = self.last.saturating_add(1);
            let hash = link(self.hash, expected, text);
            if seq != expected || hash.to_hex() != stored {
                self.first_broken = Some(expected);
                return;
            }
            (self.hash, self.last) = (hash, expected);
            self.checked = self.checked.saturating_add(1);
        }
    }

    /// What was found, given where the log says that it ends.
    pub fn end(self, end: i64, hash: &str) -> Verified {
        let Self { first_broken, last, checked, .. } = self;
        let is_short = last < end && checked < ROWS_MAX;
        let is_other = last == end && self.hash.to_hex() != hash;
        let first_broken = first_broken.or_else(|| match (is_short, is_other) {
            (true, _) => Some(last.saturating_add(1)),
            (_, true) => Some(last),
            _ => None,
        });
        Verified { checked, first_broken, last, is_complete: last >= end || first_broken.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(texts: &[&str]) -> Vec<(i64, String, String)> {
        let mut hash = ChainHash::GENESIS;
        let mut rows = Vec::new();
        for (seq, text) in (1..).zip(texts) {
            hash = link(hash, seq, text);
            rows.push((seq, (*text).to_owned(), hash.to_hex()));
        }
        rows
    }

    fn walk(rows: &[(i64, String, String)], end: i64) -> Verified {
        let last = rows.last().map(|row| row.2.clone()).unwrap_or_default();
        let mut walk = Walk::after(0, None).unwrap_or_else(|_| unreachable!());
        walk.take(rows.iter().map(|(seq, text, hash)| (*seq, text.as_str(), hash.as_str())));
        walk.end(end, &last)
    }

    #[test]
    fn a_whole_chain_is_well() {
        let found = walk(&chain(&["a", "b", "c"]), 3);
        assert_eq!((found.first_broken, found.checked, found.is_complete), (None, 3, true));
    }

    #[test]
    fn a_changed_missing_or_cut_row_is_named() {
        let mut changed = chain(&["a", "b", "c"]);
        if let Some(row) = changed.get_mut(1) {
            row.1 = "B".to_owned();
        }
        assert_eq!(walk(&changed, 3).first_broken, Some(2));
        let mut missing = chain(&["a", "b", "c"]);
        missing.remove(1);
        assert_eq!(walk(&missing, 3).first_broken, Some(2));
        assert_eq!(walk(&chain(&["a", "b"]), 3).first_broken, Some(3));
        assert!(Walk::after(7, None).is_err());
    }
}
