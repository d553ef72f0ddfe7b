//! The platform's office: its databases, and everything that works on them.

pub mod log;

use std::sync::Arc;

pub use log::OfficeWriting;

use crate::{clock::Clock, db::ControlDb, lane::Ids};

/// What the platform's own services need.
#[derive(Debug)]
pub struct Office {
    /// The platform's own database.
    pub main: ControlDb,
    /// Routing and shared structure.
    pub master: ControlDb,
    /// Source of ids.
    pub ids: Arc<Ids>,
    /// The time.
    pub clock: Clock,
}
