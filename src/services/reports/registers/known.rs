//! What the books are asked as: as they are now, or as they were known at an earlier moment.

use sea_orm::Value;

use crate::{
    error::{Error, Result},
    scope::TenantScope,
};

/// How long an instant must have passed before the books can be asked as known then: clocks of nodes
/// that write differ by less, so nothing more is recorded at it.
const SETTLED_MS: i64 = 2_000;

/// Which rows count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// All of them.
    Now,
    /// Those recorded up to an instant, UTC milliseconds.
    At(i64),
}

impl Known {
    /// What an argument `asKnownAt` means.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the instant is not past yet.
    pub fn asked(scope: &TenantScope, at: Option<i64>) -> Result<Self> {
        let Some(at) = at else { return Ok(Self::Now) };
        if at > scope.clock.now_ms().saturating_sub(SETTLED_MS) {
            let why = "ask for an instant at least two seconds ago, or leave it out for now";
            return Err(Error::bad_input("asKnownAt", why));
        }
        Ok(Self::At(at))
    }

    /// A condition on rows of a table by its short name, and what it binds.
    pub fn of(self, table: &str) -> (String, Option<Value>) {
        match self {
            Self::Now => (String::new(), None),
            Self::At(at) => (format!(" AND {table}.recorded_at <= ?"), Some(at.into())),
        }
    }
}
