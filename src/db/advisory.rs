//! A lock that processes share: work that must be done once while several start at the same time.
//!
//! PostgreSQL and MySQL hold it in a session of their own, SQLite in a lock file beside the database;
//! either way it falls when its holder dies.

use std::{fs::File, path::Path, time::Duration};

use daybook_entity::master::tenant::Engine;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{files, server::open_office, sql::statement, target::Target};
use crate::error::{Error, Result};

/// Between two looks at a lock that somebody else holds.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Does work while no other process does work of the same name at the same place.
///
/// `target` names the place; its database need not exist yet. Waits at most `patience`.
///
/// # Errors
/// [`Error::Unavailable`] when the lock is not to be had in time, or what the work says.
pub async fn exclusively<T>(
    target: &Target,
    name: &str,
    patience: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let held = match target {
        Target::Sqlite { path } => {
            let folder = path.parent().unwrap_or_else(|| Path::new("."));
            Held::File(lock_file(folder, name, patience).await?)
        }
        Target::Server(server) => {
            let wait_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
            let session = open_office(server, 1, wait_ms).await?;
            take(&session, server.engine, name, patience).await?;
            Held::Session { session, engine: server.engine, key: key_of(name) }
        }
    };
    let outcome = work.await;
    held.release().await;
    outcome
}

enum Held {
    File(File),
    Session { session: DatabaseConnection, engine: Engine, key: i64 },
}

impl Held {
    async fn release(self) {
        match self {
            Self::File(file) => drop(file),
            Self::Session { session, engine, key } => {
                let (sql, value) = match engine {
                    Engine::Postgres => ("SELECT pg_advisory_unlock(?)", key.into()),
                    _ => ("SELECT RELEASE_LOCK(?)", key_text(key).into()),
                };
                let ask = statement(session.get_database_backend(), sql, [value]);
                if let Err(error) = session.query_one_raw(ask).await {
                    tracing::warn!(%error, "a shared lock was not given back; its session ends");
                }
                session.close().await.ok();
            }
        }
    }
}

async fn take(
    session: &DatabaseConnection,
    engine: Engine,
    name: &str,
    patience: Duration,
) -> Result<()> {
    let backend = session.get_database_backend();
    let key = key_of(name);
    let until = Instant::now() + patience;
    let mut waits = Waits::default();
    loop {
        let (sql, values) = match engine {
            Engine::Postgres => ("SELECT CAST(pg_try_advisory_lock(?) AS INT)", vec![key.into()]),
            _ => ("SELECT CAST(GET_LOCK(?, 0) AS INT)", vec![key_text(key).into()]),
        };
        let row = session.query_one_raw(statement(backend, sql, values)).await?;
        let taken: Option<i32> = match row {
            Some(row) => row.try_get_by_index(0)?,
            None => None,
        };
        if taken == Some(1) {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(busy(name));
        }
        waits.tell(name);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Says once that somebody else has the lock: a start that waits is not a start that hangs.
#[derive(Default)]
struct Waits(bool);

impl Waits {
    fn tell(&mut self, name: &str) {
        if !std::mem::replace(&mut self.0, true) {
            tracing::info!(lock = name, "waiting for another process that does the same");
        }
    }
}

async fn lock_file(folder: &Path, name: &str, patience: Duration) -> Result<File> {
    let path = folder.join(format!(".{}.lock", name.replace([':', '/', '\\'], "-")));
    let folder = folder.to_owned();
    let file = files::blocking(move || {
        files::make_folder(&folder)?;
        files::open_lock(&path)
    })
    .await?;
    let until = Instant::now() + patience;
    let mut waits = Waits::default();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) if Instant::now() < until => {
                waits.tell(name);
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Err(std::fs::TryLockError::WouldBlock) => return Err(busy(name)),
            Err(std::fs::TryLockError::Error(error)) => {
                return Err(Error::Unavailable(format!("the lock {name}: {error}")));
            }
        }
    }
}

fn busy(name: &str) -> Error {
    Error::Unavailable(format!("another process is still busy with {name}"))
}

/// The lock's number: the first 63 bits of the name's hash.
fn key_of(name: &str) -> i64 {
    let digest = Sha256::digest(format!("daybook:{name}").as_bytes());
    digest.iter().take(8).fold(0_i64, |key, byte| (key << 8) | i64::from(*byte)) & i64::MAX
}

fn key_text(key: i64) -> String {
    format!("daybook_{key:016x}")
}
