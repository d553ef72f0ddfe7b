//! The tenancy on real databases: SQLite always, PostgreSQL where it is reachable.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they expect")]

mod anchors;
mod announce;
mod house;
mod nodes;
mod places;
mod routing;
mod servers;
