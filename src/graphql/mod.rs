//! The API: thin resolvers over services.

pub mod context;
pub mod error;
pub mod id;
pub mod page;
pub mod retry;
pub mod scalar;

pub mod books;
pub mod master;
pub mod platform;
