//! The accounting structure that all tenants share.

pub mod cache;
pub mod catalogue;

pub use cache::CatalogueCache;
pub use catalogue::Catalogue;
