//! The command line: the program itself, in a folder of its own, as an operator runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests may fail loudly"
)]

mod commands;
mod example;
mod place;
mod platform;
mod serving;
