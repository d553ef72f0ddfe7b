//! A table before it is written: its head, its rows, and what every writer of it does.

use chrono::NaiveDate;
use daybook_domain::money::Money;

/// What stands above a table, and what its columns are.
#[derive(Debug, Clone)]
pub struct Head {
    /// What it is.
    pub title: String,
    /// Whose books.
    pub business: String,
    /// Further lines, such as its days.
    pub notes: Vec<String>,
    /// Code of the currency of its amounts.
    pub currency: String,
    /// Decimal places of that currency.
    pub exponent: u8,
    /// Whether figures are grouped as in India: 1,23,45,678.
    pub groups_by_lakh: bool,
    /// Whether rows stand in a tree; their levels are told where they cannot be shown.
    pub is_tree: bool,
    /// Its columns, from left to right.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// What stands above it.
    pub name: String,
    /// What stands in it.
    pub kind: Kind,
    /// How wide it is beside the others, where space is scarce.
    pub share: u16,
}

impl Column {
    /// A column of words.
    pub fn text(name: &str, share: u16) -> Self {
        Self { name: name.to_owned(), kind: Kind::Text, share }
    }

    /// A column of amounts.
    pub fn amount(name: &str) -> Self {
        Self { name: name.to_owned(), kind: Kind::Amount, share: 14 }
    }

    /// A column of days.
    pub fn day(name: &str) -> Self {
        Self { name: name.to_owned(), kind: Kind::Day, share: 10 }
    }
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words, on the left.
    Text,
    /// Amounts of the table's currency, on the right.
    Amount,
    /// Days.
    Day,
}

/// What stands in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// An amount of the table's currency.
    Amount(Money),
    /// A day.
    Day(NaiveDate),
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Words, where there are any.
    pub fn words(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    /// An amount that is shown only where it is not zero.
    pub fn unless_zero(amount: Money) -> Self {
        if amount.is_zero() { Self::Empty } else { Self::Amount(amount) }
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// How deep it stands in the tree, from 1; 0 for what stands beside the tree.
    pub level: u8,
    /// Whether it stands out: a heading, a group or a sum.
    pub is_strong: bool,
    /// One per column.
    pub cells: Vec<Cell>,
}

impl Row {
    /// A row among others.
    pub fn plain(cells: Vec<Cell>) -> Self {
        Self { level: 0, is_strong: false, cells }
    }

    /// A row that stands out.
    pub fn strong(cells: Vec<Cell>) -> Self {
        Self { level: 0, is_strong: true, cells }
    }
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk did not take it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// More rows than this form holds.
    #[error("this has more than {0} rows, which is too many for this form; take CSV or fewer days")]
    TooManyRows(u64),
    /// The writer itself could not.
    #[error("{0}")]
    Cannot(String),
}

/// Writes a table's rows in one form.
pub trait TableWriter: Send {
    /// Writes the next row.
    ///
    /// # Errors
    /// [`WriteError`] says why it was not written.
    fn row(&mut self, row: Row) -> Result<(), WriteError>;

    /// Ends the table; nothing is written before it is ended.
    ///
    /// # Errors
    /// [`WriteError`] says why it was not written.
    fn finish(self: Box<Self>) -> Result<(), WriteError>;
}
