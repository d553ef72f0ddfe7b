//! What the platform's office does: starts up, sets up tenants, keeps servers, migrates the fleet.

pub mod bootstrap;
pub mod fault;
pub mod provision;
pub mod repair;
pub mod routing;
pub mod seed;
pub mod template;

#[cfg(test)]
mod site;
