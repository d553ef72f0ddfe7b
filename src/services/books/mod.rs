//! Businesses, ledgers, vouchers, statements.

pub mod acts;
pub mod audit;
pub mod audit_changes;
pub mod balances;
pub mod bill_parts;
pub mod bills;
pub mod business_edit;
pub mod businesses;
pub mod chart;
pub mod documents;
pub mod drafts;
pub mod events;
pub mod filings;
pub mod groups;
pub mod ledgers;
pub mod lock_exceptions;
pub mod locks;
pub mod numbering;
pub mod openings;
pub mod registers;
pub mod scenarios;
pub mod standard_ledgers;
pub mod standing;
pub mod voucher_types;
pub mod vouchers;
pub mod years;
