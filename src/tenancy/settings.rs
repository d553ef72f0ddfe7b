//! Bounds of the tenancy, each with its starting value.

use std::{path::PathBuf, time::Duration};

use crate::{db::connect::SessionLimits, lane::Bounds};

/// How many tenants may be open, how long things wait, and how often the node looks around.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder; SQLite tenants live in its folder `tenants`.
    pub data_dir: PathBuf,
    /// Most tenants open at once: those being opened and those being closed count.
    pub open_max: usize,
    /// Longest wait for a place among them.
    pub lease_wait: Duration,
    /// Longest time that opening one may take.
    pub open_wait: Duration,
    /// An unused tenant is closed after this time.
    pub idle_close: Duration,
    /// Reading connections of one SQLite tenant.
    pub readers_per_file: usize,
    /// Reading connections of one tenant on a server, within the server's budget.
    pub readers_on_server: usize,
    /// An unused reading connection is closed after this time.
    pub reader_idle: Duration,
    /// Longest wait for a reading connection.
    pub reader_wait: Duration,
    /// Share of a server's connections, in per cent, that all processes together may take.
    pub socket_share_percent: u32,
    /// How often the versions in master are read.
    pub poll_every: Duration,
    /// A request is refused when the last good reading began longer ago than this.
    pub stale_after: Duration,
    /// A node whose clock differs from the master server's by more than this does not write.
    pub clock_skew_max: Duration,
    /// How long what was read of a tenant's fence counts.
    pub access_fresh: Duration,
    /// How long it is remembered that a tenant does not exist.
    pub negative_for: Duration,
    /// Routing rows held in memory.
    pub routes_max: usize,
    /// How often this node's commits are marked for other nodes.
    pub mark_every: Duration,
    /// How often the ends of edit logs that grew are appended to master.
    pub anchor_every: Duration,
    /// How the lane groups postings.
    pub lane: Bounds,
    /// Bounds of database sessions.
    pub session: SessionLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            open_max: 512,
            lease_wait: Duration::from_secs(2),
            open_wait: Duration::from_secs(8),
            idle_close: Duration::from_secs(300),
            readers_per_file: 2,
            readers_on_server: 8,
            reader_idle: Duration::from_secs(30),
            reader_wait: Duration::from_secs(2),
            socket_share_percent: 80,
            poll_every: Duration::from_millis(300),
            stale_after: Duration::from_secs(1),
            clock_skew_max: Duration::from_secs(1),
            access_fresh: Duration::from_millis(800),
            negative_for: Duration::from_secs(5),
            routes_max: 20_000,
            mark_every: Duration::from_millis(500),
            anchor_every: Duration::from_secs(60),
            lane: Bounds { batch_max: 128, queue_max: 1_024 },
            session: SessionLimits::default(),
        }
    }
}

impl Settings {
    /// File descriptors that a full house of SQLite tenants takes: each connection has the database,
    /// its log and the log's index open, and each tenant its lock file.
    pub fn descriptors_needed(&self) -> usize {
        let connections = self.readers_per_file.saturating_add(1);
        self.open_max.saturating_mul(connections.saturating_mul(3).saturating_add(1))
    }
}
