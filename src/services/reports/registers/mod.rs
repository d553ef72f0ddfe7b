//! Reports over the whole books: registers, statements of ledgers, what stands out.

pub mod abroad;
pub mod cost_entries;
pub mod exceptions;
pub mod frame;
pub mod group_summary;
pub mod history;
pub mod known;
pub mod ledger_statement;
pub mod lines;
pub mod span;
pub mod sums;
pub mod voucher_register;
