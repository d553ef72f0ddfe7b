//! The accounting structure that all tenants share.

pub mod catalogue;

pub use catalogue::Catalogue;
