//! The whole application over HTTP, on throw-away databases of every engine that is there.
//!
//! SQLite is always there. Servers are asked for at `DAYBOOK_TEST_POSTGRES` and `DAYBOOK_TEST_MYSQL`
//! (by default on this machine); one that does not answer is named and skipped, unless
//! `DAYBOOK_TEST_REQUIRE_ALL=1` turns that into a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test fails by panicking, with the reason"
)]

#[macro_use]
mod app;
mod client;
mod engine;
mod socket;

mod audit;
mod books;
mod contract;
mod durability;
mod edge;
mod examples;
mod files;
mod fleet;
mod hand;
mod imports;
mod jobs;
mod model;
mod nodes;
mod office;
mod pages;
mod passwords;
mod reports;
mod session;
mod staff;
mod structure;
mod subscription;
mod tenancy;
mod tokens;
mod transport;
