//! Closed sets of imports and exports.

use async_graphql::Enum;
use daybook_entity::tenant::imports::{FindingSeverity as StoredSeverity, ImportState as Stored};

use crate::services::imports::asked;

/// Formats in which books come and go.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "asked::Format")]
pub enum BookFormat {
    /// One sheet as text, with headings.
    Csv,
    /// A workbook with the sheets Groups, Ledgers, Openings and Vouchers, or one of them.
    Xlsx,
    /// Tally's masters and vouchers.
    TallyXml,
    /// A journal of hledger.
    Hledger,
    /// A journal of beancount.
    Beancount,
}

/// What a file of books holds.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "asked::Kind")]
pub enum BookPart {
    /// Everything.
    Books,
    /// Groups.
    Groups,
    /// Ledgers, with what they open with where the sheet has it.
    Ledgers,
    /// What ledgers open with, and the bills of that.
    Openings,
    /// Vouchers.
    Vouchers,
}

/// Which numbers imported vouchers get.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "asked::Numbers")]
pub enum ImportNumbers {
    /// Those that they bring along; one without gets the next number of its series.
    Keep,
    /// The next numbers of their series; what they bring along becomes their reference, where they have none.
    New,
}

/// How far an import has come.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Stored")]
pub enum ImportState {
    /// Its file was read, and waits.
    Staged,
    /// Everything in it is in the books.
    Applied,
    /// It was given up.
    Discarded,
}

/// How much a finding weighs.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredSeverity")]
pub enum ImportFindingSeverity {
    /// Worth knowing: something was left out, or taken in one of several ways.
    Note,
    /// It keeps the import from being applied.
    Error,
}
