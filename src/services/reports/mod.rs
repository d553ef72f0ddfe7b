//! Reports of one business or of several together, each read from one snapshot: statements here, what
//! lists rows in `registers`.
//!
//! Reading order: what is asked, the frame that every figure stands in, the sums that are read, the days
//! on which a period turns, and the statements.

pub mod ageing;
pub mod balance_sheet;
pub mod budget_report;
pub mod cash_flow;
pub mod cost_breakup;
pub mod cost_sums;
pub mod currency_position;
pub mod flows;
pub mod frame;
pub mod funds_flow;
pub mod marks;
pub mod positions;
pub mod profit_and_loss;
pub mod question;
pub mod ratios;
pub mod realised_exchange;
pub mod registers;
pub mod scenario;
pub mod trial_balance;
