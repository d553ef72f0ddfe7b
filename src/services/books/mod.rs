//! Businesses, ledgers, vouchers, statements.

pub mod businesses;
pub mod standard_ledgers;
