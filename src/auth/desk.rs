//! The sign-in desk: everything that recognising people and signing them in takes.

use std::{sync::Arc, time::Duration};

use super::{
    directory::Directory,
    office_access::OfficeAccess,
    password::{HashCost, Passwords},
    throttle::{Limits, Throttle},
    token::{Lifetimes, Tokens},
};
use crate::{config::Security, error::Result, office::Office, seal::KeyRing, tenancy::Tenancy};

/// How long things last at the desk.
#[derive(Debug, Clone)]
pub struct DeskSettings {
    /// How long a session may be renewed before one signs in again.
    pub session: Duration,
    /// How long a one-time code holds.
    pub code: Duration,
    /// How long every answer takes to a sign-in that names no tenant.
    pub floor: Duration,
    /// The domain under which tenants have subdomains; `*.localhost` counts always.
    pub base_domain: Option<String>,
    /// What hashing a password costs.
    pub hash_cost: HashCost,
    /// How much guessing is let through.
    pub limits: Limits,
}

impl DeskSettings {
    /// As the configuration says.
    pub fn of(security: &Security, base_domain: Option<String>) -> Self {
        let defaults = Self::default();
        let free = i32::try_from(security.login_failures_max).unwrap_or(i32::MAX);
        Self {
            session: Duration::from_secs(security.refresh_token_days * 24 * 3_600),
            code: Duration::from_secs(security.one_time_code_hours * 3_600),
            floor: Duration::from_millis(security.login_floor_ms),
            base_domain,
            hash_cost: HashCost {
                memory_kib: security.argon2_memory_kib,
                passes: security.argon2_iterations,
                lanes: security.argon2_parallelism,
                parallel: security.hashes_parallel,
                queue_max: security.hashes_parallel.saturating_mul(32),
            },
            limits: Limits {
                email_free: free,
                source_free: free,
                window_ms: whole_ms(security.login_window_seconds),
                pause_longest_ms: whole_ms(security.login_window_seconds),
                registrations_per_hour: i32::try_from(security.register_per_hour_per_address)
                    .unwrap_or(i32::MAX),
                ..defaults.limits
            },
        }
    }
}

/// How long tokens count, as the configuration says.
pub fn token_lifetimes(security: &Security) -> Lifetimes {
    Lifetimes {
        access_ms: whole_ms(security.access_token_seconds),
        choice_ms: whole_ms(security.choice_token_seconds),
    }
}

fn whole_ms(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX / 2)
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            session: Duration::from_secs(30 * 24 * 3_600),
            code: Duration::from_secs(24 * 3_600),
            floor: Duration::from_millis(400),
            base_domain: None,
            hash_cost: HashCost::default(),
            limits: Limits::default(),
        }
    }
}

/// What signing in takes.
#[derive(Debug)]
pub struct Desk {
    /// The platform's databases.
    pub office: Arc<Office>,
    /// The way to tenants.
    pub tenancy: Arc<Tenancy>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Signs tokens.
    pub tokens: Tokens,
    /// Finds the tenants of an address.
    pub directory: Directory,
    /// Slows down guessing.
    pub throttle: Throttle,
    /// What is known of the office's sessions.
    pub office_access: OfficeAccess,
    /// How long things last.
    pub settings: DeskSettings,
}

impl Desk {
    /// Sets the desk up. It starts the directory's task, so a runtime must be there.
    ///
    /// # Errors
    /// When argon2 does not take the configured cost.
    pub fn new(
        office: Arc<Office>,
        tenancy: Arc<Tenancy>,
        keys: &Arc<KeyRing>,
        tokens: Tokens,
        settings: DeskSettings,
    ) -> Result<Self> {
        let (master, clock) = (&office.master, &office.clock);
        Ok(Self {
            passwords: Passwords::new(settings.hash_cost)?,
            directory: Directory::new(master.clone(), Arc::clone(keys), clock.clone()),
            throttle: Throttle::new(
                master.clone(),
                Arc::clone(keys),
                clock.clone(),
                settings.limits,
            ),
            office_access: OfficeAccess::default(),
            office,
            tenancy,
            tokens,
            settings,
        })
    }

    /// How long a session lasts, in milliseconds.
    pub fn session_ms(&self) -> i64 {
        millis(self.settings.session)
    }

    /// How long a one-time code lasts, in milliseconds.
    pub fn code_ms(&self) -> i64 {
        millis(self.settings.code)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}
