//! Businesses, ledgers, vouchers, statements.
