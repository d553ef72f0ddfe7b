//! What the platform's office does: starts up, sets up tenants, keeps servers, migrates the fleet.

pub mod admins;
pub mod bootstrap;
pub mod fault;
pub mod fleet;
pub mod provision;
pub mod repair;
pub mod rotate;
pub mod seed;
pub mod servers;
pub mod system;
pub mod template;
pub mod tenants;

#[cfg(test)]
pub(crate) mod site;
mod isolation_tests;
#[cfg(test)]
mod site;
