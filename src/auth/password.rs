//! Passwords: hashed slowly, off the async threads, with a bound on how many at once.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use daybook_domain::password::PASSWORD_CHARS_MAX;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// What a hash costs, and how many run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes of one hash.
    pub lanes: u32,
    /// Hashes that run at the same time.
    pub parallel: usize,
    /// Hashes that may wait for their turn; more are refused.
    pub queue_max: usize,
}

impl Default for HashCost {
    /// 19 MiB, two passes, one lane: the OWASP Password Storage Cheat Sheet, argon2id.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1, parallel: 2, queue_max: 64 }
    }
}

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    params: Params,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue_max: usize,
    dummy: String,
}

/// What comparing a password with a hash gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not the password.
    Wrong,
    /// It is.
    Right {
        /// Whether the hash was made at another cost than today's and should be made anew.
        is_outdated: bool,
    },
}

/// Longest wait for a turn; whoever waits longer is told to come back.
const TURN_WAIT: Duration = Duration::from_secs(5);
/// Most bytes that are hashed: the longest password, in the widest characters.
const BYTES_MAX: usize = PASSWORD_CHARS_MAX * 4;

impl Passwords {
    /// A hasher of this cost. It makes one hash now, for strangers to be compared with.
    ///
    /// # Errors
    /// When argon2 does not take the parameters.
    pub fn new(cost: HashCost) -> Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|error| Error::Internal(format!("argon2 parameters: {error}")))?;
        let dummy = hash_now(&params, &super::secret::random_text()?)?;
        Ok(Self(Arc::new(Inner {
            params,
            turns: Arc::new(Semaphore::new(cost.parallel.max(1))),
            waiting: AtomicUsize::new(0),
            queue_max: cost.queue_max,
            dummy,
        })))
    }

    /// The hash of a password, as a PHC string with its own salt and parameters.
    ///
    /// # Errors
    /// [`Error::Throttled`] when too many wait.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        let turn = self.turn().await?;
        let inner = Arc::clone(&self.0);
        blocking(turn, move || hash_now(&inner.params, password.expose_secret())).await
    }

    /// Compares a password with a stored hash. A password too long to have been accepted is wrong,
    /// at the same cost.
    ///
    /// # Errors
    /// [`Error::Throttled`] when too many wait.
    pub async fn verify(&self, password: SecretString, stored: String) -> Result<Verdict> {
        let turn = self.turn().await?;
        let inner = Arc::clone(&self.0);
        blocking(turn, move || verify_now(&inner.params, password.expose_secret(), &stored)).await
    }

    /// Costs what [`Passwords::verify`] costs, for whom there is no hash.
    ///
    /// # Errors
    /// [`Error::Throttled`] when too many wait.
    pub async fn verify_nobody(&self, password: SecretString) -> Result<()> {
        self.verify(password, self.0.dummy.clone()).await.map(|_| ())
    }

    /// Waits for a turn. The permit goes with the work, so that a caller who leaves frees nothing
    /// that is still running.
    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        let place = Place::take(&self.0)?;
        let turns = Arc::clone(&self.0.turns);
        let waited = tokio::time::timeout(TURN_WAIT, turns.acquire_owned()).await;
        drop(place);
        match waited {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(Error::Internal("the hashing semaphore is closed".into())),
            Err(_) => Err(busy()),
        }
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Passwords").field("params", &self.0.params).finish_non_exhaustive()
    }
}

/// A place among those that wait.
struct Place<'p>(&'p AtomicUsize);

impl<'p> Place<'p> {
    fn take(inner: &'p Inner) -> Result<Self> {
        let place = Self(&inner.waiting);
        let before = inner.waiting.fetch_add(1, Ordering::AcqRel);
        if before >= inner.queue_max.max(1) { Err(busy()) } else { Ok(place) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn busy() -> Error {
    Error::Throttled { retry_after_ms: 2_000 }
}

async fn blocking<T: Send + 'static>(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(format!("hashing ended badly: {error}")))?
}

fn hash_now(params: &Params, password: &str) -> Result<String> {
    if password.len() > BYTES_MAX {
        return Err(Error::Internal("a password was not checked before it was hashed".into()));
    }
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hash = hasher
        .hash_password(password.as_bytes())
        .map_err(|error| Error::Internal(format!("argon2: {error}")))?;
    Ok(hash.to_string())
}

fn verify_now(params: &Params, password: &str, stored: &str) -> Result<Verdict> {
    let is_too_long = password.len() > BYTES_MAX;
    let tried = if is_too_long { "" } else { password };
    let hash = PasswordHash::new(stored).map_err(|error| {
        Error::Internal(format!("a stored password hash is malformed: {error}"))
    })?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    if hasher.verify_password(tried.as_bytes(), &hash).is_err() || is_too_long {
        return Ok(Verdict::Wrong);
    }
    let is_current = Params::try_from(&hash).is_ok_and(|made_with| {
        hash.algorithm.as_str() == "argon2id"
            && made_with.m_cost() == params.m_cost()
            && made_with.t_cost() == params.t_cost()
            && made_with.p_cost() == params.p_cost()
    });
    Ok(Verdict::Right { is_outdated: !is_current })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const CHEAP: HashCost =
        HashCost { memory_kib: 64, passes: 1, lanes: 1, parallel: 2, queue_max: 4 };

    fn text(password: &str) -> SecretString {
        SecretString::from(password)
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_no_other() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let hash = passwords.hash(text("correct horse battery")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let verify = async |tried: &str| passwords.verify(text(tried), hash.clone()).await.unwrap();
        assert_eq!(verify("correct horse battery").await, Verdict::Right { is_outdated: false });
        for wrong in ["", "correct horse", "correct horse battery ", &"x".repeat(5_000)] {
            assert_eq!(verify(wrong).await, Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_outdated() {
        let before = Passwords::new(HashCost { memory_kib: 32, ..CHEAP }).unwrap();
        let hash = before.hash(text("correct horse battery")).await.unwrap();
        let now = Passwords::new(CHEAP).unwrap();
        let verdict = now.verify(text("correct horse battery"), hash).await.unwrap();
        assert_eq!(verdict, Verdict::Right { is_outdated: true });
    }

    #[tokio::test]
    async fn equal_passwords_have_different_hashes() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let one = passwords.hash(text("correct horse battery")).await.unwrap();
        assert_ne!(one, passwords.hash(text("correct horse battery")).await.unwrap());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn beyond_the_queue_callers_are_sent_away() {
        let slow =
            HashCost { memory_kib: 8 * 1024, passes: 8, parallel: 1, queue_max: 2, lanes: 1 };
        let passwords = Passwords::new(slow).unwrap();
        let tries = (0..16).map(|_| passwords.verify_nobody(text("whatever")));
        let outcomes = futures_util::future::join_all(tries).await;
        let refused = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(Error::Throttled { .. })))
            .count();
        assert!(refused > 0 && refused < 16, "{refused} of 16 were refused");
        passwords.verify_nobody(text("whatever")).await.unwrap();
    }
}
