//! What the edit logs of tenants and of the office have in common.

use async_graphql::{Enum, ID, SimpleObject};

use super::{id, page};
use crate::{
    error::Result,
    services::chain::{Verified, read_cursor},
};

/// Who did something.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditActorKind {
    /// A user of the account.
    User,
    /// A machine with a key that acts for a user.
    ApiKey,
    /// Somebody of the platform's office.
    Platform,
    /// The program itself.
    System,
}

impl AuditActorKind {
    /// The kind of this stored word.
    pub fn of(word: &str) -> Self {
        match word {
            "USER" => Self::User,
            "API_KEY" => Self::ApiKey,
            "PLATFORM" => Self::Platform,
            _ => Self::System,
        }
    }

    /// The global id of an actor of this kind.
    pub fn id(self, number: Option<i64>) -> Option<ID> {
        let kind = match self {
            Self::User | Self::ApiKey => super::session::USER,
            Self::Platform => super::session::ADMIN,
            Self::System => return None,
        };
        number.map(|number| id::encode(kind, number))
    }
}

/// What recomputing the hashes of an edit log found.
#[derive(SimpleObject, Debug)]
pub struct AuditVerification {
    /// Whether every row that was checked is as it was written, and none is missing.
    pub ok: bool,
    /// How many rows were checked by this call.
    pub checked_rows: i32,
    /// Number of the first row that was changed, moved or removed.
    pub first_broken: Option<i64>,
    /// Whether the end of the log was reached; if not, go on with `after: endCursor`.
    pub is_complete: bool,
    /// Place of the last row that was checked.
    pub end_cursor: String,
}

const VERIFY: &str = "auditVerify";

/// The row after which a verification goes on; 0 is before the first.
///
/// # Errors
/// [`crate::error::Error::BadInput`] for what is no end cursor of a verification.
pub fn verified_until(cursor: Option<&str>) -> Result<i64> {
    cursor.map_or(Ok(0), |cursor| read_cursor(&page::decode(VERIFY, cursor)?))
}

impl From<Verified> for AuditVerification {
    fn from(found: Verified) -> Self {
        Self {
            ok: found.first_broken.is_none(),
            checked_rows: i32::try_from(found.checked).unwrap_or(i32::MAX),
            first_broken: found.first_broken,
            is_complete: found.is_complete,
            end_cursor: page::encode(VERIFY, &[found.last.to_string()]),
        }
    }
}

/// The number of an actor of a kind; 0, which nobody has, where the id is of no such actor.
pub fn actor(kind: &str, global: Option<&ID>) -> Option<i64> {
    global.map(|global| id::number(kind, global))
}
