//! Books brought along from other programs, and taken out again.
//!
//! A file is read, its names are given a meaning, and what would be posted is shown before anything is:
//! `stage` and `map` check, `apply` posts all of it in one transaction or nothing. Reading order: what is
//! asked ([`asked`]), how bytes become staged books ([`mod@reading`]), what names stand for ([`names`]), what
//! would be posted ([`mod@plan`], with [`openings`] and [`bills`]), then the acts.

pub mod apply;
pub mod asked;
pub mod bills;
pub mod check;
mod checks;
pub mod export;
pub mod list;
pub mod names;
pub mod openings;
pub mod outgoing;
pub mod plan;
pub mod reading;
pub mod stage;
