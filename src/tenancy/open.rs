//! One tenant's open database: its lane, its readers, and what the node remembers of it.

use std::sync::Arc;

use daybook_entity::master::tenant::Engine;

use super::{
    memory::Memory,
    pulse::{Beat, Pulse},
    readers::{Reader, Readers},
    route::Route,
};
use crate::{error::Result, lane::Lane};

/// An open tenant. Requests hold it through a [`super::Lease`].
#[derive(Debug)]
pub struct OpenTenant {
    /// The routing row by which it was opened.
    pub route: Arc<Route>,
    /// What layers above remember of it.
    pub memory: Memory,
    pub(super) lane: Lane,
    pub(super) readers: Readers,
    pub(super) pulse: Arc<Pulse>,
}

impl OpenTenant {
    /// The only way to write.
    pub fn lane(&self) -> &Lane {
        &self.lane
    }

    /// A connection for reading, given back when dropped.
    ///
    /// # Errors
    /// [`crate::error::Error::Throttled`] when none is free in time, `Unavailable` when the database
    /// cannot be reached.
    pub async fn reader(&self) -> Result<Reader> {
        self.readers.take().await
    }

    /// The counters of the fence, at most the freshness bound old; read anew when they are older.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn beat(&self) -> Result<Beat> {
        match self.pulse.known() {
            Some(beat) => Ok(beat),
            None => {
                let reader = self.reader().await?;
                self.pulse.read(reader.conn()).await
            }
        }
    }

    /// Which engine serves it.
    pub fn engine(&self) -> Engine {
        self.route.target.engine()
    }
}
