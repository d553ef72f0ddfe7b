//! Connections to databases: how they are opened, what a failure means, and how SQL differs.
//!
//! Nothing outside this module and `tenancy` opens a connection.

pub mod connect;
pub mod control;
pub mod failure;
pub mod page;
pub mod snapshot;
pub mod sql;
pub mod target;
pub mod time;

pub use control::{ControlDb, ControlTxn};
pub use target::Target;
