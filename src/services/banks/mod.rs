//! Banks: statements brought in, their lines set against the books, and what still differs.

pub mod account;
pub mod by_hand;
pub mod entries;
pub mod lines;
pub mod matched;
pub mod matches;
pub mod post;
pub mod propose;
pub mod reading;
pub mod reconciliation;
pub mod rules;
pub mod stage;
pub mod statements;
