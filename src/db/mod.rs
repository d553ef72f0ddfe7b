//! Connections to databases: how they are opened, what a failure means, and how SQL differs.
//!
//! Nothing outside this module and `tenancy` opens a connection.

pub mod advisory;
pub mod connect;
pub mod control;
pub mod credentials;
pub mod failure;
pub mod files;
pub mod names;
pub mod page;
pub mod reach;
pub mod roles;
pub mod server;
pub mod slow;
pub mod snapshot;
pub mod sql;
pub mod target;
pub mod time;

pub use control::{ControlDb, ControlTxn};
pub use names::Names;
pub use server::Server;
pub use target::Target;
