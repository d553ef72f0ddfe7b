//! What the platform's office does: starts up, sets up tenants, keeps servers, migrates the fleet.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        clippy::disallowed_methods,
        clippy::large_futures,
        reason = "tests may fail loudly"
    )
)]

pub mod admins;
pub mod audit;
pub mod bootstrap;
pub mod fault;
pub mod fleet;
pub mod jobs;
pub mod provision;
pub mod ready;
pub mod repair;
pub mod rotate;
pub mod seed;
pub mod servers;
pub mod sessions;
pub mod system;
pub mod template;
pub mod tenants;
pub mod verify;
pub mod welcome;

#[cfg(test)]
mod isolation_tests;
#[cfg(test)]
mod reach_tests;
#[cfg(test)]
mod silence_tests;
#[cfg(test)]
pub(crate) mod site;
