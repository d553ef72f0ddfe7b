//! The command line: the program itself, in a folder of its own, as an operator runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests may fail loudly"
)]

mod books;
mod clerk;
#[allow(dead_code, reason = "the other tests' caller can do more")]
#[path = "../it/client.rs"]
mod client;
mod commands;
mod crash;
mod crowd;
#[allow(dead_code, reason = "the other tests' databases")]
#[path = "../it/engine.rs"]
mod engine;
mod example;
mod full;
mod instance;
mod nodes;
mod place;
mod platform;
mod serving;
mod startup;
