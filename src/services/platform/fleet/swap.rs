//! Migrates a SQLite tenant on a copy, and lets the copy take the file's place.
//!
//! The fence is closed and the routing row says `swapping`, so every process lets the tenant go at its
//! next poll. Then the lock file is taken alone; nobody can open the tenant until it is given back. The
//! old file is folded into one (`journal_mode=DELETE`, which fails while anybody has it open), copied, and
//! the copy is migrated, checked, added up, and renamed over it. Before the rename the old file is the
//! tenant and nothing in it has changed but its fence; after it the copy is, whole and with its fence
//! open. So whatever fails is undone by removing the copy and opening the fence, and after a crash a
//! second run finds one or the other.
//!
//! The old file is not kept: a tenant posts to the new one at once, and an older file beside it would be
//! a second truth that somebody restores over newer vouchers. To go back there are backups.

use std::path::Path;

use tokio::time::{Instant, sleep};

use super::*;
use crate::{
    db::{Target, files},
    tenancy::FileLock,
};

/// How often the lock is asked for.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Where the tenant is, and where its copy is made.
struct Place<'p> {
    file: Target,
    copy: Target,
    folder: &'p Path,
    name: &'p str,
    tenant: TenantId,
}

/// Brings a tenant to this release, or leaves it as it was.
pub(super) async fn migrate(
    office: &Office,
    row: &tenant_master::Model,
    server: &Server,
    folder: &Path,
) -> Result<()> {
    let (name, newest) = (row.database_name.as_str(), newest::<TenantMigrator>());
    let place = Place {
        file: server.database(name),
        copy: Target::Sqlite { path: files::unfinished(folder, name) },
        folder,
        name,
        tenant: row.id,
    };
    // What a run left that died on its way.
    files::remove_unfinished(folder, name).await?;
    if !place.begin().await? {
        return mark(office, row.id, (MigrationState::Current, None), Some(newest)).await;
    }
    let swapped = async {
        fault::point("swap", "closed")?;
        mark(office, row.id, (MigrationState::Swapping, None), None).await?;
        fault::point("swap", "marked")?;
        let lock = place.alone(office.rules.swap_wait).await?;
        place.swap().await?;
        mark(office, row.id, (MigrationState::Current, None), Some(newest)).await?;
        drop(lock);
        Ok(())
    };
    match swapped.await {
        Err(error) if !fault::is_stop(&error) => {
            if let Err(undone) = place.undo().await {
                let cause = undone.cause().unwrap_or_else(|| undone.to_string());
                tracing::error!(tenant = %row.id, %cause, "a tenant's fence could not be opened again");
            }
            Err(error)
        }
        outcome => outcome,
    }
}

impl Place<'_> {
    /// Closes the fence. False when the file has this release's tables: a run died after the rename, and
    /// the fence was open in the copy.
    async fn begin(&self) -> Result<bool> {
        let lock = FileLock::share_of(&self.file)?;
        let connection = template::open(&self.file).await?;
        let begun = async {
            let lacks = !TenantMigrator::get_pending_migrations(&connection).await?.is_empty();
            if lacks {
                close_fence(&connection, Engine::Sqlite, self.tenant).await?;
            } else {
                open_fence(&connection, Engine::Sqlite, self.tenant).await?;
            }
            Ok(lacks)
        };
        let begun = begun.await;
        connection.close().await?;
        drop(lock);
        begun
    }

    /// Waits until nobody has the file open.
    async fn alone(&self, wait: Duration) -> Result<FileLock> {
        let until = Instant::now() + wait;
        loop {
            if let Some(lock) = FileLock::alone(path(&self.file)?)? {
                return Ok(lock);
            }
            if Instant::now() >= until {
                return Err(Error::Unavailable(format!(
                    "it was still in use elsewhere after {} ms; it stays as it was",
                    wait.as_millis()
                )));
            }
            sleep(ASK_EVERY).await;
        }
    }

    /// The lock is held: nobody else opens the file.
    async fn swap(&self) -> Result<()> {
        let old = template::open(&self.file).await?;
        let before = Proof::of(&old).await;
        template::close(old, &self.file).await?;
        let before = before?;
        fault::point("swap", "folded")?;
        let (from, to) = (path(&self.file)?.to_owned(), path(&self.copy)?.to_owned());
        files::copy(from.clone(), to.clone()).await?;
        fault::point("swap", "copied")?;
        let new = template::open(&self.copy).await?;
        let migrated = self.migrate_copy(&new, &before).await;
        let closed = template::close(new, &self.copy).await;
        migrated?;
        closed?;
        fault::point("swap", "migrated")?;
        files::publish(to, from).await?;
        fault::point("swap", "renamed")
    }

    async fn migrate_copy(&self, copy: &DatabaseConnection, before: &Proof) -> Result<()> {
        TenantMigrator::up(copy, None).await?;
        for check in ["PRAGMA integrity_check(1)", "PRAGMA foreign_key_check"] {
            let ask = statement(copy.get_database_backend(), check, []);
            if let Some(found) = copy.query_one_raw(ask).await? {
                let found: String = found.try_get_by_index(0)?;
                if found != "ok" {
                    return Err(Error::Internal(format!("the copy fails {check}: {found}")));
                }
            }
        }
        before.must_be(&Proof::of(copy).await?)?;
        open_fence(copy, Engine::Sqlite, self.tenant).await
    }

    /// The file was not touched but for its fence, or is the new one already.
    async fn undo(&self) -> Result<()> {
        files::remove_unfinished(self.folder, self.name).await?;
        let lock = FileLock::share_of(&self.file)?;
        let connection = template::open(&self.file).await?;
        let opened = open_fence(&connection, Engine::Sqlite, self.tenant).await;
        connection.close().await?;
        drop(lock);
        opened
    }
}

fn path(target: &Target) -> Result<&Path> {
    match target {
        Target::Sqlite { path } => Ok(path),
        Target::Server(_) => Err(Error::Internal("a server has no file".into())),
    }
}
