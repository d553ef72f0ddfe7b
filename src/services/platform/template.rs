//! New tenants' databases are copies of a migrated template; migrating each would take ten times as long.
//!
//! SQLite: a file beside the tenants, written whole before it gets its name. PostgreSQL: a database that
//! takes no connections once it is finished, and bears the server's own mark of a template. MySQL has no
//! copy: each database is migrated. The name carries a hash of the migrations, so that a new release
//! makes a new template and an older node beside it goes on with its own.

use std::{path::PathBuf, time::Duration};

use daybook_entity::master::tenant::Engine;
use daybook_migration::{MigratorTrait, TenantMigrator};
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::{
    db::{
        Server, Target,
        advisory::exclusively,
        connect::{self, SessionLimits, Use},
        files, names,
        roles::grant_rows,
        sql::statement,
    },
    error::{Error, Result},
};

/// Longest wait for another node that makes the same template.
const PATIENCE: Duration = Duration::from_secs(120);
/// Folder of the templates, inside the tenants' folder.
const FOLDER: &str = "templates";

/// Hash of the names of a tenant's migrations.
pub fn hash() -> String {
    let migrations: Vec<String> =
        TenantMigrator::migrations().iter().map(|one| one.name().to_owned()).collect();
    names::hash_of(&migrations)
}

/// A new database with a tenant's tables, named for good except on SQLite, where it is still
/// unfinished: see [`unfinished`]. On PostgreSQL it takes no connections yet.
///
/// # Errors
/// When the server or the disk refuses.
pub async fn copy(server: &Server, name: &str) -> Result<()> {
    match server.engine() {
        Engine::Sqlite => {
            let template = file(server).await?;
            files::copy(template, unfinished(server, name)?).await
        }
        Engine::Postgres => {
            let template = database(server).await?;
            server.create_from_template(&template, name).await
        }
        Engine::Mysql => {
            server.create(name).await?;
            migrate(&server.database(name)).await
        }
    }
}

/// Where a SQLite database is made before it gets its name.
///
/// # Errors
/// [`Error::Internal`] for a server.
pub fn unfinished(server: &Server, name: &str) -> Result<PathBuf> {
    let folder = server.path().ok_or_else(|| Error::Internal("a server has no folder".into()))?;
    Ok(files::unfinished(folder, name))
}

/// The SQLite template, made if it is missing.
///
/// # Errors
/// When the disk refuses.
async fn file(server: &Server) -> Result<PathBuf> {
    let folder = server.path().ok_or_else(|| Error::Internal("a server has no folder".into()))?;
    let folder = folder.join(FOLDER);
    let path = folder.join(format!("tenant-{}.sqlite", hash()));
    if path.exists() {
        return Ok(path);
    }
    let lock = Target::Sqlite { path: path.clone() };
    exclusively(&lock, "template", PATIENCE, async {
        if path.exists() {
            return Ok(());
        }
        let making = files::unfinished(&folder, "tenant");
        files::remove_database(&folder, "tenant").await?;
        migrate(&Target::Sqlite { path: making.clone() }).await?;
        files::publish(making, path.clone()).await
    })
    .await?;
    Ok(path)
}

/// The PostgreSQL template, made if it is missing; half-made ones are made anew.
async fn database(server: &Server) -> Result<String> {
    let name = server.names().template(&hash());
    if server.is_marked_template(&name).await? {
        return Ok(name);
    }
    exclusively(&server.database(&name), &name, PATIENCE, async {
        if server.is_marked_template(&name).await? {
            return Ok(());
        }
        server.drop_database(&name).await?;
        server.make_group().await?;
        server.create(&name).await?;
        let target = server.database(&name);
        migrate(&target).await?;
        let connection = open(&target).await?;
        let granted = grant_rows(&connection, server.names()).await;
        connection.close().await?;
        granted?;
        server.admit(&name, false).await?;
        server.end_sessions(&name).await?;
        server.mark_template(&name, true).await
    })
    .await?;
    Ok(name)
}

/// Brings a database to this release and closes it; on SQLite nothing stays beside the file.
async fn migrate(target: &Target) -> Result<()> {
    let connection = open(target).await?;
    let migrated = TenantMigrator::up(&connection, None).await;
    close(connection, target).await?;
    Ok(migrated?)
}

/// Opens a database for work outside any lane.
///
/// # Errors
/// [`Error::Unavailable`] when it cannot be reached.
pub async fn open(target: &Target) -> Result<DatabaseConnection> {
    connect::open(target, Use::Write, 1, SessionLimits::default()).await
}

/// Closes it; a SQLite file is then the whole database, without a journal beside it.
///
/// # Errors
/// [`Error::Unavailable`] when something else still has the file open.
pub async fn close(connection: DatabaseConnection, target: &Target) -> Result<()> {
    let folded = match target {
        Target::Sqlite { .. } => fold(&connection).await,
        Target::Server(_) => Ok(()),
    };
    connection.close().await?;
    folded
}

async fn fold(connection: &DatabaseConnection) -> Result<()> {
    let ask = statement(connection.get_database_backend(), "PRAGMA journal_mode = DELETE", []);
    let mode: Option<String> = match connection.query_one_raw(ask).await? {
        Some(row) => Some(row.try_get_by_index(0)?),
        None => None,
    };
    if mode.as_deref() != Some("delete") {
        return Err(Error::Unavailable("the database file is in use elsewhere".into()));
    }
    Ok(())
}
