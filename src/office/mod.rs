//! The platform's office: its databases, and everything that works on them.

pub mod file_rules;
pub mod log;
pub mod queue;
pub mod servers;

use std::{sync::Arc, time::Duration};

pub use file_rules::FileRules;
pub use log::OfficeWriting;
pub use servers::Servers;

use crate::{
    clock::Clock,
    db::{ControlDb, connect::SessionLimits},
    lane::Ids,
    seal::KeyRing,
};

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
    /// What seals credentials and hashes addresses.
    pub keys: Arc<KeyRing>,
    /// Servers that tenants live on.
    pub servers: Servers,
    /// Bounds of the platform's own work.
    pub rules: Rules,
}

/// Bounds of the platform's own work.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whether each tenant gets a database user of its own (servers).
    pub separate_users: bool,
    /// How long a registration that shows no life is believed to be alive, in milliseconds.
    pub provision_lease_ms: i64,
    /// Storage that a new tenant may use, in bytes.
    pub storage_limit_bytes: i64,
    /// Tenants that are migrated at the same time.
    pub migrate_parallel: usize,
    /// Longest wait until everybody has let go of a SQLite tenant that is to be replaced.
    pub swap_wait: Duration,
    /// Limits of sessions that write.
    pub sessions: SessionLimits,
    /// Bounds of uploads and downloads.
    pub files: FileRules,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            separate_users: false,
            provision_lease_ms: 30_000,
            storage_limit_bytes: 5 << 30,
            migrate_parallel: 4,
            swap_wait: Duration::from_secs(10),
            sessions: SessionLimits::default(),
            files: FileRules::default(),
        }
    }
}
