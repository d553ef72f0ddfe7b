//! Keyset pages: a page begins after a row's sort key, never at a count of rows.

use crate::error::{Error, Result};

/// What a list was asked: how many, after which row, and whether the total is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAsk {
    /// How many rows, 1 to the bound.
    pub first: u64,
    /// Key of the row after which the page begins, as the order's cursor holds it.
    pub after: Option<Vec<String>>,
    /// Whether the number of all rows is wanted.
    pub wants_total: bool,
}

impl PageAsk {
    /// The number after which the page of a list begins whose key is one number.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the cursor is one of another list.
    pub fn after_number(&self) -> Result<Option<i64>> {
        self.after.as_deref().map(read_cursor).transpose()
    }
}

/// The number that a cursor of one number holds.
///
/// # Errors
/// [`Error::BadInput`] when it is none.
pub fn read_cursor(key: &[String]) -> Result<i64> {
    let bad = || Error::bad_input("after", "this is not a cursor of this list");
    let [number] = key else { return Err(bad()) };
    number.parse().map_err(|_| bad())
}

/// A page of rows with the key of each.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, each with the values of its sort key.
    pub rows: Vec<(Vec<String>, T)>,
    /// Whether more follow.
    pub has_next: bool,
    /// How many there are in all, where it was asked.
    pub total: i64,
}

impl<T> Page<T> {
    /// The page of rows that were read with one more than asked, which only tells that more follow.
    pub fn cut(rows: Vec<T>, ask: &PageAsk, total: u64, key: impl Fn(&T) -> Vec<String>) -> Self {
        let most = usize::try_from(ask.first).unwrap_or(usize::MAX);
        let has_next = rows.len() > most;
        let rows = rows.into_iter().take(most).map(|row| (key(&row), row)).collect();
        Self { rows, has_next, total: i64::try_from(total).unwrap_or(i64::MAX) }
    }

    /// A page of rows by name and number that are all at hand.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the cursor is one of another list.
    pub fn of_all(rows: &[T], ask: &PageAsk, key: impl Fn(&T) -> (String, i64)) -> Result<Self>
    where
        T: Clone,
    {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let start = match ask.after.as_deref() {
            None => 0,
            Some([name, id]) => {
                let last = (name.clone(), id.parse().map_err(|_| bad())?);
                rows.iter().take_while(|row| key(row) <= last).count()
            }
            Some(_) => return Err(bad()),
        };
        let most = usize::try_from(ask.first).unwrap_or(usize::MAX).saturating_add(1);
        let shown = rows.iter().skip(start).take(most).cloned().collect();
        let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        Ok(Self::cut(shown, ask, total, |row| {
            let (name, id) = key(row);
            vec![name, id.to_string()]
        }))
    }

    /// As [`Page::map`], where making something of a row can fail.
    ///
    /// # Errors
    /// The first row's of which nothing can be made.
    pub fn try_map<U>(self, change: impl Fn(T) -> Result<U>) -> Result<Page<U>> {
        let rows = self.rows.into_iter().map(|(key, row)| Ok((key, change(row)?)));
        let rows = rows.collect::<Result<_>>()?;
        Ok(Page { rows, has_next: self.has_next, total: self.total })
    }

    /// The same page of something else made of each row.
    pub fn map<U>(self, change: impl Fn(T) -> U) -> Page<U> {
        let rows = self.rows.into_iter().map(|(key, row)| (key, change(row))).collect();
        Page { rows, has_next: self.has_next, total: self.total }
    }
}
