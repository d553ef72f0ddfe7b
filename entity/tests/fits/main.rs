//! The entities against the migrated tables, and the tables' own guards, on every engine at hand.
//!
//! SQLite always takes part. PostgreSQL and MariaDB take part when they answer at
//! `DAYBOOK_TEST_POSTGRES` and `DAYBOOK_TEST_MYSQL`; with `DAYBOOK_TEST_REQUIRE_ALL=1` they must.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and stands outside the doors of the application"
)]

mod engine;
mod guards;
mod locks;
mod round_trip;
mod rows;
