//! From a token or a subdomain to a tenant's open database.

pub mod lease;
pub mod memory;
pub mod open;
pub mod pulse;
pub mod readers;
pub mod route;

pub use lease::Lease;
pub use open::OpenTenant;
pub use route::Route;
