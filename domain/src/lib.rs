//! Daybook's rules: money, double entry, numbering, periods, identity.
//!
//! Everything here is a pure function or a plain value: no I/O, no clock, no async. The day and the
//! instant are passed in. The feature `orm` adds only how a database column holds a value.
//!
//! Reading order: what is counted, what it is counted in, when, and who may.

pub mod id;

pub mod currency;
pub mod exchange;
pub mod money;

pub mod period;
pub mod recurrence;

pub mod bill;
pub mod budget;
pub mod catalogue;
pub mod chart;
pub mod cost;
pub mod instrument;
pub mod numbering;
pub mod voucher;

pub mod statement;

pub mod matching;

pub mod chain;

pub mod role;

pub mod item_line;
pub mod lock;

pub mod email;
pub mod file;
pub mod gstin;
pub mod identifiers;
pub mod password;
pub mod phone;
pub mod subdomain;
pub mod text;
