//! Brings every tenant's database to this release: bounded in parallel, one failure stops no other.
//!
//! Before the first statement the tenant's fence is closed and its epoch raised: a posting under way
//! ends first, later ones are refused, and every node resolves the tenant again. A SQLite tenant is
//! migrated on a copy that then takes the file's place (`swap`). On a server the database is changed in
//! place: each migration is one transaction on PostgreSQL and, on MySQL, a list of statements that may be
//! run again, so nothing is left that a second run does not finish. Whatever the way, the books are added
//! up before and after (`proof`).

mod proof;
mod swap;

use std::time::Duration;

use daybook_domain::id::TenantId;
use daybook_entity::master::tenant::{Engine, MigrationState, TenantStatus, tenant_master};
use daybook_migration::{MigratorTrait, TenantMigrator, newest};
use futures_util::{StreamExt, stream};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, Set,
};

use self::proof::Proof;
use super::{fault, template};
use crate::{
    db::{Server, advisory::exclusively, control::begin_write, roles::grant_rows, sql::statement},
    error::{Error, Result},
    lane::Fence,
    office::Office,
    tenancy,
};

/// Tenants that go first, one by one; when all of them fail, the release is at fault, not they.
const CANARIES: usize = 3;
/// Longest wait for another process that migrates the fleet.
const PATIENCE: Duration = Duration::from_secs(2);
const ERROR_CHARS_MAX: usize = 500;

/// How the fleet is to be migrated.
#[derive(Debug, Clone, Copy, Default)]
pub struct FleetOptions {
    /// Only this tenant.
    pub only: Option<TenantId>,
    /// Look, and change nothing.
    pub dry_run: bool,
}

/// What became of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has this release's tables now.
    Migrated,
    /// It would be migrated (dry run).
    WouldMigrate,
    /// Its tables are newer than this program: left alone.
    Ahead,
    /// It could not be migrated; the next run tries again.
    Failed(String),
}

/// One tenant that was not at this release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantOutcome {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name in addresses.
    pub subdomain: String,
    /// The version it had.
    pub from: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetReport {
    /// Tenants that were not at this release, in the order in which they were done.
    pub tenants: Vec<TenantOutcome>,
    /// Tenants that were left alone because every canary had failed.
    pub skipped: usize,
}

impl FleetReport {
    /// Whether every tenant is at this release, or would be: the exit status.
    pub fn is_success(&self) -> bool {
        let is_good =
            |one: &TenantOutcome| matches!(one.outcome, Outcome::Migrated | Outcome::WouldMigrate);
        self.skipped == 0 && self.tenants.iter().all(is_good)
    }
}

/// Migrates the fleet; `progress` hears of each tenant with how many are done and how many there are.
///
/// # Errors
/// When master cannot be read or another process migrates; a tenant's failure is in the report.
pub async fn migrate(
    office: &Office,
    options: FleetOptions,
    progress: &(dyn Fn(&TenantOutcome, usize, usize) + Sync),
) -> Result<FleetReport> {
    let work = async {
        let waiting = behind(office, options.only).await?;
        let total = waiting.len();
        let mut report = FleetReport::default();
        let mut waiting = waiting.into_iter();
        let mut failed = 0;
        // Canaries: the first that succeeds opens the way for the rest.
        while failed == report.tenants.len() && failed < CANARIES {
            let Some(row) = waiting.next() else { break };
            let done = one(office, row, options.dry_run).await;
            failed += usize::from(matches!(done.outcome, Outcome::Failed(_)));
            report.tenants.push(done);
            if let Some(done) = report.tenants.last() {
                progress(done, report.tenants.len(), total);
            }
        }
        if failed == CANARIES {
            report.skipped = waiting.len();
            return Ok(report);
        }
        let mut rest = stream::iter(waiting)
            .map(|row| one(office, row, options.dry_run))
            .buffer_unordered(office.rules.migrate_parallel.max(1));
        while let Some(done) = rest.next().await {
            progress(&done, report.tenants.len().saturating_add(1), total);
            report.tenants.push(done);
        }
        Ok(report)
    };
    exclusively(office.master.target(), "migrate-the-fleet", PATIENCE, Box::pin(work)).await
}

/// Tenants whose tables are not known to be this release's, the oldest first.
async fn behind(office: &Office, only: Option<TenantId>) -> Result<Vec<tenant_master::Model>> {
    use tenant_master::Column;
    let unlike = Condition::any()
        .add(Column::SchemaVersion.is_null())
        .add(Column::SchemaVersion.ne(newest::<TenantMigrator>()))
        .add(Column::MigrationState.ne(MigrationState::Current));
    let served = [TenantStatus::Active, TenantStatus::Suspended];
    Ok(tenant_master::Entity::find()
        .filter(Condition::all().add(Column::Status.is_in(served)).add(unlike))
        .filter(Condition::all().add_option(only.map(|id| Column::Id.eq(id))))
        .order_by_asc(Column::Id)
        .all(office.master.writer())
        .await?)
}

async fn one(office: &Office, row: tenant_master::Model, dry_run: bool) -> TenantOutcome {
    let target = newest::<TenantMigrator>();
    let outcome = if row.schema_version.as_ref().is_some_and(|version| *version > target) {
        Outcome::Ahead
    } else if dry_run {
        Outcome::WouldMigrate
    } else {
        match migrate_one(office, &row).await {
            Ok(()) => Outcome::Migrated,
            Err(error) if fault::is_stop(&error) => Outcome::Failed(error.to_string()),
            Err(error) => {
                let why = error.cause().unwrap_or_else(|| error.to_string());
                tracing::error!(tenant = %row.id, cause = %why, "a tenant could not be migrated");
                let why: String = why.chars().take(ERROR_CHARS_MAX).collect();
                let failed = (MigrationState::Failed, Some(why.clone()));
                if let Err(error) = mark(office, row.id, failed, None).await {
                    tracing::error!(tenant = %row.id, cause = ?error.cause(), "nor could it be noted");
                }
                Outcome::Failed(why)
            }
        }
    };
    TenantOutcome { tenant: row.id, subdomain: row.subdomain, from: row.schema_version, outcome }
}

async fn migrate_one(office: &Office, row: &tenant_master::Model) -> Result<()> {
    let server = office.servers.by_id(&office.master, row.server_id).await?;
    if !server.exists(&row.database_name).await? {
        return Err(Error::Unavailable(format!("the database {} is missing", row.database_name)));
    }
    match server.path() {
        Some(folder) => swap::migrate(office, row, &server, folder).await,
        None => in_place(office, row, &server).await,
    }
}

async fn in_place(office: &Office, row: &tenant_master::Model, server: &Server) -> Result<()> {
    mark(office, row.id, (MigrationState::Migrating, None), None).await?;
    let connection = template::open(&server.database(&row.database_name)).await?;
    let done = change(&connection, server, row).await;
    connection.close().await.ok();
    done?;
    mark(office, row.id, (MigrationState::Current, None), Some(newest::<TenantMigrator>())).await
}

async fn change(
    connection: &DatabaseConnection,
    server: &Server,
    row: &tenant_master::Model,
) -> Result<()> {
    let engine = server.engine();
    close_fence(connection, engine, row.id).await?;
    let migrated = async {
        let before = Proof::of(connection).await?;
        TenantMigrator::up(connection, None).await?;
        if engine == Engine::Postgres && row.own_role {
            grant_rows(connection, server.names()).await?;
        }
        before.must_be(&Proof::of(connection).await?)
    };
    let migrated = migrated.await;
    // Also after a failure: what is there is whole, and an older node may still serve it.
    open_fence(connection, engine, row.id).await?;
    migrated
}

/// Waits for the transaction under way, then lets nothing more be written.
async fn close_fence(
    connection: &DatabaseConnection,
    engine: Engine,
    tenant: TenantId,
) -> Result<()> {
    let close = "UPDATE lane SET accepts_writes = FALSE, epoch = epoch + 1 WHERE id = 1";
    set_fence(connection, engine, tenant, close).await
}

async fn open_fence(
    connection: &DatabaseConnection,
    engine: Engine,
    tenant: TenantId,
) -> Result<()> {
    let open = "UPDATE lane SET accepts_writes = TRUE WHERE id = 1";
    set_fence(connection, engine, tenant, open).await
}

async fn set_fence(
    connection: &DatabaseConnection,
    engine: Engine,
    tenant: TenantId,
    update: &str,
) -> Result<()> {
    let txn = begin_write(connection, engine).await?;
    let fence = Fence::lock(&txn).await?;
    if fence.tenant != tenant {
        return Err(Error::Internal(format!(
            "the row of tenant {tenant} leads to the database of tenant {}",
            fence.tenant
        )));
    }
    txn.execute_raw(statement(txn.get_database_backend(), update, [])).await?;
    Ok(txn.commit().await?)
}

async fn mark(
    office: &Office,
    tenant: TenantId,
    (state, error): (MigrationState, Option<String>),
    version: Option<String>,
) -> Result<()> {
    let txn = office.master.begin().await?;
    let mut row = tenant_master::Model::into_active_model(
        tenant_master::Entity::find_by_id(tenant)
            .one(txn.conn())
            .await?
            .ok_or(Error::TenantNotFound)?,
    );
    row.migration_state = Set(state);
    row.migration_error = Set(error);
    if let Some(version) = version {
        row.schema_version = Set(Some(version));
    }
    row.updated_at = Set(office.clock.now_ms());
    row.changed_in = Set(tenancy::touch(&txn).await?);
    tenant_master::Entity::update(row).exec(txn.conn()).await?;
    txn.commit().await
}

#[cfg(test)]
#[path = "fleet_tests.rs"]
mod tests;
