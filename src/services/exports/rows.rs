//! A report as a table: its head, and its rows as far as they are read.

use async_trait::async_trait;

use super::ask::Form;
use crate::{
    documents::{
        file_name::part,
        table::{Head, Row},
    },
    error::Result,
};

/// Rows that are read at a time.
pub const PAGE_ROWS: u64 = 2_000;

/// Reads the rows of a long table, one page after the other.
#[async_trait]
pub trait Pager: Send {
    /// The next rows; none behind the last.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn next(&mut self) -> Result<Vec<Row>>;
}

/// A report on its way to a file.
pub struct Table {
    /// What stands above it.
    pub head: Head,
    /// How many rows it has, where that is known before they are read.
    pub count: Option<u64>,
    pub(super) rows: Vec<Row>,
    pub(super) more: Option<Box<dyn Pager>>,
}

impl Table {
    /// A table whose rows are all there.
    pub fn whole(head: Head, rows: Vec<Row>) -> Self {
        Self { head, count: u64::try_from(rows.len()).ok(), rows, more: None }
    }

    /// A table whose rows are still to be read.
    pub fn paged(head: Head, count: Option<u64>, pager: impl Pager + 'static) -> Self {
        Self { head, count, rows: Vec::new(), more: Some(Box::new(pager)) }
    }

    /// The next rows; none behind the last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next(&mut self) -> Result<Vec<Row>> {
        if !self.rows.is_empty() {
            return Ok(std::mem::take(&mut self.rows));
        }
        match &mut self.more {
            Some(pager) => pager.next().await,
            None => Ok(Vec::new()),
        }
    }

    /// What its file is called.
    pub fn file_name(&self, form: Form) -> String {
        let Head { title, business, .. } = &self.head;
        format!("{} - {}.{}", part(title), part(business), form.ending())
    }
}
