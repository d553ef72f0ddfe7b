//! Books and bank statements in the formats of others: read into a neutral form, written from it.
//!
//! Everything here is a function from bytes to values, or from values to bytes. Nothing is looked up,
//! no file is opened that a file names, and whatever stands in a file, the answer is what could be read
//! of it and a list of findings: each with its line and its reason.
//!
//! Reading order: the neutral forms ([`staged`], [`bank`]), the rules they must keep ([`mod@review`]), then
//! a module for each format.

pub mod amount;
pub mod bank;
mod bytes;
pub mod dates;
mod escape;
pub mod finding;
pub mod journal;
pub mod limits;
mod references;
pub mod review;
pub mod staged;
pub mod standard;
pub mod table;
pub mod tally;
mod words;
pub mod write;

pub use finding::{Finding, Findings, Reason, Severity};
pub use limits::Limits;
pub use review::{Known, review};
pub use staged::{Currency, StagedBooks};
pub use write::{BooksWriter, Head, WriteError, write};

/// What was read of books.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What could be taken.
    pub books: StagedBooks,
    /// What could not, and what was taken otherwise than it stood there.
    pub findings: Findings,
}
