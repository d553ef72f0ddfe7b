//! Businesses, ledgers, vouchers, statements.

pub mod audit;
pub mod audit_changes;
pub mod balances;
pub mod business_edit;
pub mod businesses;
pub mod chart;
pub mod events;
pub mod groups;
pub mod ledgers;
pub mod registers;
pub mod standard_ledgers;
pub mod standing;
pub mod trial_balance;
pub mod vouchers;
pub mod years;
