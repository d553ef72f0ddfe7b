//! The API: thin resolvers over services.

pub mod context;
pub mod cost;
pub mod error;
pub mod id;
pub mod page;
pub mod permission;
pub mod retry;
pub mod scalar;

pub mod books;
pub mod master;
pub mod platform;
pub mod session;
pub mod staff;
