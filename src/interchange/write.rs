//! What every writer of books has in common: records go in one by one, so that memory stays flat.

use std::io;

use chrono::NaiveDate;

use super::staged::{Currency, StagedBooks, StagedGroup, StagedLedger, StagedVoucher};

/// What is known of books before their records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What amounts are counted in.
    pub currency: Currency,
    /// The day on which ledgers open.
    pub opened_on: Option<NaiveDate>,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The receiver failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The format cannot say it.
    #[error("this cannot be written in this format: {0}")]
    Cannot(String),
}

/// Takes groups first, each behind its parent, then ledgers, then vouchers.
pub trait BooksWriter {
    /// Writes a group.
    ///
    /// # Errors
    /// When the receiver fails, or the format cannot say it.
    fn group(&mut self, group: &StagedGroup) -> Result<(), WriteError>;

    /// Writes a ledger with its opening.
    ///
    /// # Errors
    /// As above.
    fn ledger(&mut self, ledger: &StagedLedger) -> Result<(), WriteError>;

    /// Writes a voucher.
    ///
    /// # Errors
    /// As above, and when it names a ledger that was not written.
    fn voucher(&mut self, voucher: &StagedVoucher) -> Result<(), WriteError>;

    /// Writes what stands at the end. Nothing may follow.
    ///
    /// # Errors
    /// As above.
    fn finish(&mut self) -> Result<(), WriteError>;
}

/// Writes whole books.
///
/// # Errors
/// When the receiver fails, or the format cannot say something in them.
pub fn write(books: &StagedBooks, writer: &mut dyn BooksWriter) -> Result<(), WriteError> {
    for group in &books.groups {
        writer.group(group)?;
    }
    for ledger in &books.ledgers {
        writer.ledger(ledger)?;
    }
    for voucher in &books.vouchers {
        writer.voucher(voucher)?;
    }
    writer.finish()
}

impl StagedBooks {
    /// What is known of them before their records are.
    pub fn head(&self) -> Head {
        Head { currency: self.currency.clone(), opened_on: self.opened_on }
    }
}
