//! Signing in from end to end, on a throw-away platform of SQLite files.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod front;
mod office;
mod registering;
mod sessions;
mod signing_in;
mod working;
