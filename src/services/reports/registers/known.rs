//! What the books are asked as: as they are now, or as they were known at an earlier moment.

use sea_orm::Value;

/// Which rows count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// All of them.
    Now,
    /// Those recorded up to an instant, UTC milliseconds.
    At(i64),
}

impl Known {
    /// A condition on rows of a table by its short name, and what it binds.
    pub fn of(self, table: &str) -> (String, Option<Value>) {
        match self {
            Self::Now => (String::new(), None),
            Self::At(at) => (format!(" AND {table}.recorded_at <= ?"), Some(at.into())),
        }
    }
}
