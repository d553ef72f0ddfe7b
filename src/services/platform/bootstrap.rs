//! From nothing to a platform: creates, migrates and seeds main and master.
//!
//! Safe to run at every start and on several nodes at once: the work is done under a lock that they
//! share, and each part first looks whether it is done.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use daybook_domain::id::DatabaseServerId;
use daybook_entity::master::tenant::{Engine, ServerStatus, database_server, master_state};
use daybook_migration::{MainMigrator, MasterMigrator, MigratorTrait};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, Set};

use super::seed::Seed;
use crate::{
    clock::Clock,
    db::{
        ControlDb, ControlTxn, Names, Server, Target,
        advisory::exclusively,
        connect::SessionLimits,
        credentials::{Credentials, server_context},
        files,
    },
    error::{Error, Result},
    master::cache,
    office::servers::SQLITE_ADDRESS,
    seal::KeyRing,
    tenancy,
};

/// Longest wait for another node that starts up at the same time.
const PATIENCE: Duration = Duration::from_secs(120);
/// Tenants that the first server may hold, until an administrator says otherwise.
const FIRST_CAPACITY: i32 = 100_000;
/// The text whose sealed form tells a wrong key.
const CHECK_TEXT: &[u8] = b"daybook";
const CHECK_CONTEXT: &str = "master_state:sealing_check";

/// What the start needs beside the two databases.
#[derive(Debug, Clone)]
pub struct Start<'s> {
    /// The data folder.
    pub data: PathBuf,
    /// Where tenants go at first: a server, or nothing for SQLite files in the data folder.
    pub tenants: Option<Target>,
    /// The forms of names.
    pub names: Names,
    /// What seals credentials.
    pub keys: &'s KeyRing,
    /// The time.
    pub clock: Clock,
    /// Limits of sessions that write.
    pub sessions: SessionLimits,
}

/// Creates what is missing, migrates main and master, seeds master where it is empty, and opens both.
///
/// # Errors
/// [`Error::Unavailable`] when a server cannot be reached or another node takes too long;
/// [`Error::Internal`] when both are one database or the encryption key is not the one that sealed.
pub async fn prepare(
    main: &Target,
    master: &Target,
    start: &Start<'_>,
) -> Result<(ControlDb, ControlDb)> {
    if main.label() == master.label() && is_same_place(main, master) {
        let why = "main.url and master.url are the same database; each needs one of its own";
        return Err(Error::Internal(why.into()));
    }
    let lock = format!("start-up-{}", master.label());
    let work = async {
        let main = ready::<MainMigrator>(main, start).await?;
        let master = ready::<MasterMigrator>(master, start).await?;
        seed_master(&master, start).await?;
        Ok((main, master))
    };
    exclusively(master, &lock, PATIENCE, Box::pin(work)).await
}

fn is_same_place(one: &Target, other: &Target) -> bool {
    match (one, other) {
        (Target::Sqlite { path: one }, Target::Sqlite { path: other }) => one == other,
        (Target::Server(one), Target::Server(other)) => {
            (&one.host, one.port, &one.database) == (&other.host, other.port, &other.database)
        }
        _ => false,
    }
}

static CHANGING: AtomicUsize = AtomicUsize::new(0);

/// Stands while tables are changed. MySQL keeps each step of that at once, so that half of a migration
/// would stay behind if the process left in the middle.
struct Changing;

impl Changing {
    fn begin() -> Self {
        CHANGING.fetch_add(1, Ordering::AcqRel);
        Self
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        CHANGING.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whether the tables of main or master are being changed, so that a start should not be broken off.
pub fn is_changing() -> bool {
    CHANGING.load(Ordering::Acquire) > 0
}

/// A database that exists and has the tables of this release.
async fn ready<M: MigratorTrait>(target: &Target, start: &Start<'_>) -> Result<ControlDb> {
    match target {
        Target::Sqlite { path } => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                let folder = folder.to_owned();
                files::blocking(move || files::make_folder(&folder)).await?;
            }
        }
        Target::Server(place) => {
            let server = Server::open(place, start.names.clone()).await?;
            let outcome = async {
                if !server.exists(&place.database).await? {
                    server.create(&place.database).await?;
                    tracing::info!(database = %target.label(), "created");
                }
                Ok(())
            };
            let outcome: Result<()> = outcome.await;
            server.close().await;
            outcome?;
        }
    }
    let db = ControlDb::open(target.clone(), start.sessions).await?;
    let _changing = Changing::begin();
    M::up(db.writer(), None).await?;
    Ok(db)
}

async fn seed_master(master: &ControlDb, start: &Start<'_>) -> Result<()> {
    let now = start.clock.now_ms();
    let txn = master.begin().await?;
    if Seed::read(now)?.load(txn.conn()).await? {
        cache::touch(&txn).await?;
        tracing::info!("the shared structure was seeded");
    }
    if database_server::Entity::find().count(txn.conn()).await? == 0 {
        first_server(&txn, start, now).await?;
        tenancy::touch(&txn).await?;
    }
    check_key(&txn, start.keys).await?;
    txn.commit().await
}

async fn first_server(txn: &ControlTxn, start: &Start<'_>, now: i64) -> Result<()> {
    let id = DatabaseServerId::new(1);
    let row = match &start.tenants {
        Some(Target::Server(place)) => {
            let credentials =
                Credentials { user: place.user.clone(), password: place.password.clone() };
            let sealed = credentials.seal(start.keys, &server_context(id))?;
            database_server::Model {
                id,
                name: "first".to_owned(),
                engine: place.engine,
                address: format!("{}{}", place.host, place.tls),
                port: Some(i32::from(place.port)),
                sealed_admin: Some(sealed.text),
                key_id: Some(sealed.key_id),
                ..folder_row(id, now)
            }
        }
        _ => folder_row(id, now),
    };
    database_server::Entity::insert(row.into_active_model())
        .exec_without_returning(txn.conn())
        .await?;
    Ok(())
}

/// The row of the SQLite files in the data folder.
fn folder_row(id: DatabaseServerId, now: i64) -> database_server::Model {
    database_server::Model {
        id,
        name: "local files".to_owned(),
        engine: Engine::Sqlite,
        address: SQLITE_ADDRESS.to_owned(),
        port: None,
        sealed_admin: None,
        key_id: None,
        capacity: FIRST_CAPACITY,
        is_default: true,
        replica_address: None,
        replica_port: None,
        status: ServerStatus::Open,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Notices a wrong encryption key at start rather than at the first tenant's request.
async fn check_key(txn: &ControlTxn, keys: &KeyRing) -> Result<()> {
    let state = master_state::Entity::find_by_id(1)
        .one(txn.conn())
        .await?
        .ok_or_else(|| Error::Internal("the row of master_state is missing".into()))?;
    match &state.sealing_check {
        Some(sealed) => {
            keys.open(sealed, CHECK_CONTEXT).map_err(|error| {
                Error::Internal(format!("ENCRYPTION_KEY is not the key of this platform: {error}"))
            })?;
        }
        None => {
            let sealed = seal_check(keys)?;
            let mut row = state.into_active_model();
            row.sealing_check = Set(Some(sealed));
            row.update(txn.conn()).await?;
        }
    }
    Ok(())
}

/// The sealed text that a later start opens.
///
/// # Errors
/// [`Error::Internal`] when nothing can be sealed.
pub(super) fn seal_check(keys: &KeyRing) -> Result<String> {
    let sealed =
        keys.seal(CHECK_TEXT, CHECK_CONTEXT).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(sealed.text)
}

/// Takes the right to connect to main and master from PUBLIC, where tenants have users of their own.
///
/// # Errors
/// When a server refuses.
pub async fn keep_tenants_out(databases: [&Target; 2], names: &Names) -> Result<()> {
    for target in databases {
        if let Target::Server(place) = target {
            let server = Server::open(place, names.clone()).await?;
            let outcome = server.keep_public_out(&place.database).await;
            server.close().await;
            outcome?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "bootstrap_tests.rs"]
mod tests;
