//! Slows down guessing: failures to sign in are counted per address of mail and per address of network.
//!
//! What is good once stands there as well, so that it is used up on all nodes at once.
//!
//! The counts stand in master, so that all nodes share them, under keyed hashes, so that nobody reads
//! from them who tried. After a few free failures each further one doubles the pause. Attempts in
//! flight are bounded per node, so that guesses sent at once do not all pass before the first fails.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use daybook_entity::master::tenant::login_throttle;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};

use crate::{
    clock::Clock,
    db::{
        ControlDb, failure,
        sql::{for_update, statement},
    },
    error::{Error, Result},
    seal::KeyRing,
};

const LABEL: &str = "login_throttle";
const HOUR_MS: i64 = 3_600_000;
/// Longer ago than any window.
const DAY_MS: i64 = 24 * HOUR_MS;

/// How much guessing is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Failures of one e-mail address that cost no pause.
    pub email_free: i32,
    /// Failures from one network address that cost no pause.
    pub source_free: i32,
    /// Failures are forgotten this long after the first of them.
    pub window_ms: i64,
    /// The first pause.
    pub pause_first_ms: i64,
    /// The longest pause.
    pub pause_longest_ms: i64,
    /// Attempts for one e-mail address at the same time on one node.
    pub email_parallel: u32,
    /// Attempts from one network address at the same time on one node.
    pub source_parallel: u32,
    /// New tenants that one network address may register in an hour.
    pub registrations_per_hour: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            email_free: 10,
            source_free: 10,
            window_ms: 900_000,
            pause_first_ms: 10_000,
            pause_longest_ms: 900_000,
            email_parallel: 4,
            source_parallel: 32,
            registrations_per_hour: 10,
        }
    }
}

/// Counts failures.
#[derive(Debug, Clone)]
pub struct Throttle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    master: ControlDb,
    keys: Arc<KeyRing>,
    clock: Clock,
    limits: Limits,
    in_flight: Mutex<HashMap<String, u32>>,
}

#[derive(Debug, Clone)]
struct Subject {
    hash: String,
    free: i32,
    parallel: u32,
    is_forgiven_by_success: bool,
}

/// An attempt that was let through; dropped, it is no longer in flight.
#[derive(Debug)]
pub struct Attempt {
    throttle: Throttle,
    subjects: Vec<Subject>,
    has_failures: bool,
}

impl Throttle {
    /// Counts in this master.
    pub fn new(master: ControlDb, keys: Arc<KeyRing>, clock: Clock, limits: Limits) -> Self {
        let in_flight = Mutex::default();
        Self(Arc::new(Inner { master, keys, clock, limits, in_flight }))
    }

    /// Lets an attempt through, or says how long to wait.
    ///
    /// # Errors
    /// [`Error::Throttled`], or when master cannot be read.
    pub async fn begin(
        &self,
        email_key: &str,
        realm: &str,
        source: Option<IpAddr>,
    ) -> Result<Attempt> {
        let mut attempt = self.board(self.subjects(email_key, realm, source))?;
        let hashes = attempt.subjects.iter().map(|subject| subject.hash.as_str());
        let rows = login_throttle::Entity::find()
            .filter(login_throttle::Column::SubjectHash.is_in(hashes))
            .all(self.0.master.reader())
            .await?;
        let now = self.0.clock.now_ms();
        let wait = rows.iter().map(|row| row.blocked_until.saturating_sub(now)).max().unwrap_or(0);
        if wait > 0 {
            metrics::counter!("daybook_logins_throttled_total").increment(1);
            return Err(Error::Throttled { retry_after_ms: wait.unsigned_abs() });
        }
        attempt.has_failures = !rows.is_empty();
        Ok(attempt)
    }

    fn subjects(&self, email_key: &str, realm: &str, source: Option<IpAddr>) -> Vec<Subject> {
        let Inner { keys, limits, .. } = self.0.as_ref();
        let hash = |text: String| keys.keyed_hash(LABEL, &text);
        let mut subjects = vec![Subject {
            hash: hash(format!("email\n{realm}\n{email_key}")),
            free: limits.email_free,
            parallel: limits.email_parallel,
            is_forgiven_by_success: true,
        }];
        if let Some(source) = source {
            // A success forgives nothing here: an attacker may own one account.
            subjects.push(Subject {
                hash: hash(format!("source\n{}", network_of(source))),
                free: limits.source_free,
                parallel: limits.source_parallel,
                is_forgiven_by_success: false,
            });
        }
        subjects
    }

    fn board(&self, subjects: Vec<Subject>) -> Result<Attempt> {
        let mut in_flight = self.0.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |subject: &Subject| {
            in_flight.get(&subject.hash).is_some_and(|count| *count >= subject.parallel)
        };
        if subjects.iter().any(is_full) {
            return Err(Error::Throttled { retry_after_ms: 1_000 });
        }
        for subject in &subjects {
            *in_flight.entry(subject.hash.clone()).or_insert(0) += 1;
        }
        drop(in_flight);
        Ok(Attempt { throttle: self.clone(), subjects, has_failures: false })
    }

    /// Lets a registration through and counts it.
    ///
    /// # Errors
    /// [`Error::Throttled`], or when master cannot be read or written.
    pub async fn registration(&self, source: Option<IpAddr>) -> Result<()> {
        let Some(source) = source else { return Ok(()) };
        let Inner { master, keys, clock, limits, .. } = self.0.as_ref();
        let hash = keys.keyed_hash(LABEL, &format!("register\n{}", network_of(source)));
        let found = login_throttle::Entity::find_by_id(hash.clone()).one(master.reader()).await?;
        let now = clock.now_ms();
        let until = found.map_or(0, |row| {
            let is_full = row.failures >= limits.registrations_per_hour;
            if is_full { row.window_began_at + HOUR_MS } else { 0 }
        });
        if until > now {
            return Err(Error::Throttled { retry_after_ms: until.abs_diff(now) });
        }
        let subjects =
            [Subject { hash, free: i32::MAX, parallel: u32::MAX, is_forgiven_by_success: false }];
        self.count(&subjects, HOUR_MS).await
    }

    /// Uses up what is good once, such as a choice; whether it was good still. All nodes share it.
    ///
    /// # Errors
    /// When master cannot be written.
    pub async fn use_up(&self, id: &str) -> Result<bool> {
        let Inner { master, keys, clock, .. } = self.0.as_ref();
        let writer = master.writer();
        let (hash, now) = (keys.keyed_hash(LABEL, &format!("once\n{id}")), clock.now_ms());
        // It stays until the counts of a day ago are cleared, longer than anything good once lasts.
        let sql = "INSERT INTO login_throttle (failures, window_began_at, blocked_until, \
                   subject_hash) VALUES (1, ?, ?, ?)";
        let values: [Value; 3] = [now.into(), now.into(), hash.into()];
        match writer.execute_raw(statement(writer.get_database_backend(), sql, values)).await {
            Ok(_) => Ok(true),
            Err(error) if failure::is_taken(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn count_failure(&self, subjects: &[Subject]) -> Result<()> {
        self.count(subjects, self.0.limits.window_ms).await
    }

    /// Counts one more of each within a window.
    async fn count(&self, subjects: &[Subject], window_ms: i64) -> Result<()> {
        match self.try_count(subjects, window_ms).await {
            // Two first ones at once: the row is there now.
            Err(Error::Database(cause)) if failure::is_taken(&cause) => {
                self.try_count(subjects, window_ms).await
            }
            outcome => outcome,
        }
    }

    async fn try_count(&self, subjects: &[Subject], window_ms: i64) -> Result<()> {
        let Inner { master, clock, limits, .. } = self.0.as_ref();
        let txn = master.begin().await?;
        let conn = txn.conn();
        let backend = conn.get_database_backend();
        let now = clock.now_ms();
        // In one order everywhere, so that two attempts never wait for each other.
        let mut subjects: Vec<&Subject> = subjects.iter().collect();
        subjects.sort_by(|one, other| one.hash.cmp(&other.hash));
        for subject in subjects {
            let sql = format!(
                "SELECT failures, window_began_at FROM login_throttle WHERE subject_hash = ?{}",
                for_update(backend)
            );
            let ask = statement(backend, &sql, [subject.hash.clone().into()]);
            let found: Option<(i32, i64)> = match conn.query_one_raw(ask).await? {
                Some(row) => Some((row.try_get_by_index(0)?, row.try_get_by_index(1)?)),
                None => None,
            };
            let (failures, began) = match found {
                Some((failures, began)) if now - began < window_ms => {
                    (failures.saturating_add(1), began)
                }
                _ => (1, now),
            };
            let until =
                now + limits.pause_ms(failures.saturating_sub(subject.free).saturating_add(1));
            let sql = if found.is_some() {
                "UPDATE login_throttle SET failures = ?, window_began_at = ?, blocked_until = ? \
                 WHERE subject_hash = ?"
            } else {
                "INSERT INTO login_throttle (failures, window_began_at, blocked_until, \
                 subject_hash) VALUES (?, ?, ?, ?)"
            };
            let values: [Value; 4] =
                [failures.into(), began.into(), until.into(), subject.hash.clone().into()];
            conn.execute_raw(statement(backend, sql, values)).await?;
        }
        if now % 64 == 0 {
            let sql = "DELETE FROM login_throttle WHERE window_began_at < ? AND blocked_until < ?";
            let values = [(now - DAY_MS).into(), now.into()];
            conn.execute_raw(statement(backend, sql, values)).await?;
        }
        txn.commit().await
    }
}

impl Limits {
    /// The pause after so many failures, counted from the last free one.
    fn pause_ms(&self, beyond: i32) -> i64 {
        let Ok(doublings) = u32::try_from(beyond - 1) else { return 0 };
        let factor = 1_i64.checked_shl(doublings.min(40)).unwrap_or(i64::MAX);
        self.pause_first_ms.saturating_mul(factor).min(self.pause_longest_ms)
    }
}

impl Attempt {
    /// It failed: counts it.
    ///
    /// # Errors
    /// When master cannot be written.
    pub async fn failed(self) -> Result<()> {
        self.throttle.count_failure(&self.subjects).await
    }

    /// It succeeded: earlier failures of this e-mail address are forgiven.
    ///
    /// # Errors
    /// When master cannot be written.
    pub async fn succeeded(self) -> Result<()> {
        if !self.has_failures {
            return Ok(());
        }
        let writer = self.throttle.0.master.writer();
        for subject in self.subjects.iter().filter(|subject| subject.is_forgiven_by_success) {
            let sql = "DELETE FROM login_throttle WHERE subject_hash = ?";
            let values = [subject.hash.clone().into()];
            writer.execute_raw(statement(writer.get_database_backend(), sql, values)).await?;
        }
        Ok(())
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let inner = &self.throttle.0;
        let mut in_flight = inner.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in &self.subjects {
            if let Some(count) = in_flight.get_mut(&subject.hash) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    in_flight.remove(&subject.hash);
                }
            }
        }
    }
}

/// Who is one source: an IPv4 address, or the /64 network that one customer has of IPv6.
pub fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        address => address,
    }
}
