//! How much one request may ask for, checked before the parser, the validator and the resolvers.
//!
//! The order is: [`check_json`] on the raw body, [`check_text`] on each query text, the parser,
//! [`check_document`] on each document, and for a batch [`check_batch`] over all of them.

pub mod document;
pub mod scan;
mod weigh;

use std::fmt;

pub use document::{Facts, check_batch, check_document};
pub use scan::{check_json, check_text};
pub use weigh::is_introspection;

/// The caps on one request. Each number is the highest that is still allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Nesting of fields in one operation; fragments add none of their own.
    pub depth: usize,
    /// The same below `__schema` and `__type`, where tools unfold types level by level.
    pub introspection_depth: usize,
    /// Aliases in one document.
    pub aliases: usize,
    /// Root fields of one operation, those in fragments included.
    pub root_fields: usize,
    /// Directives in one document.
    pub directives: usize,
    /// Words and signs in one document, as the GraphQL specification divides its text.
    pub tokens: usize,
    /// Selections of one document after all fragments are written out.
    pub selections: usize,
    /// Levels of brackets in a document or a body, and of selections and fragments in each other.
    pub nesting: usize,
    /// Root fields of which a request may hold one in all, so that guessing passwords cannot be
    /// packed.
    pub single_root_fields: &'static [&'static str],
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            depth: 15,
            introspection_depth: 20,
            aliases: 50,
            root_fields: 20,
            directives: 20,
            tokens: 5_000,
            selections: 20_000,
            nesting: 200,
            single_root_fields: &["login", "adminLogin", "register", "loginChoose"],
        }
    }
}

/// Which answer a refused request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExcessKind {
    /// A cap is passed.
    TooComplex,
    /// The request cannot be understood: no such operation, or fragments in a circle.
    BadRequest,
}

/// A request refused before it ran.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Excess {
    /// Which answer it gets.
    pub kind: ExcessKind,
    /// A sentence for the caller that names the bound.
    pub message: String,
}

impl Excess {
    fn too_complex(message: impl fmt::Display) -> Self {
        Self { kind: ExcessKind::TooComplex, message: message.to_string() }
    }

    fn bad_request(message: impl fmt::Display) -> Self {
        Self { kind: ExcessKind::BadRequest, message: message.to_string() }
    }
}
