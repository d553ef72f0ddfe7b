//! Statements of the books: what balances come to under headings, and what must agree.
//!
//! Reading order: the time that a statement covers, where a ledger stands in it, the turn of the year,
//! the tree of groups, and the arithmetic of each statement.

pub mod cash_flow;
pub mod funds_flow;
pub mod heading;
pub mod profit;
pub mod ratios;
pub mod sheet;
pub mod span;
pub mod tree;
pub mod turn;

#[cfg(test)]
mod tests;
