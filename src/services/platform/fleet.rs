//! Brings every tenant's database to this release: bounded in parallel, one failure stops no other.
//!
//! All engines are changed in place. Each migration is one transaction on SQLite and PostgreSQL, and on
//! MySQL a list of statements that may be run again, so nothing is left that a second run does not
//! finish. Before the first statement the tenant's fence is closed and its epoch raised: a posting
//! under way ends first, later ones are refused, and every node resolves the tenant again. The fence's
//! chain is compared before and after. (A migration that must rebuild posted tables on SQLite will
//! copy the file and swap it; none does so far.)

use std::time::Duration;

use daybook_domain::id::TenantId;
use daybook_entity::master::tenant::{Engine, MigrationState, TenantStatus, tenant_master};
use daybook_migration::{MigratorTrait, TenantMigrator, newest};
use futures_util::{StreamExt, stream};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, Set,
};

use super::template;
use crate::{
    db::{advisory::exclusively, control::begin_write, roles::grant_rows, sql::statement},
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
    mark(office, row.id, (MigrationState::Migrating, None), None).await?;
    let connection = template::open(&server.database(&row.database_name)).await?;
    let engine = server.engine();
    let done = async {
        let before = close_fence(&connection, engine, row.id).await?;
        let migrated = TenantMigrator::up(&connection, None).await.map_err(Error::from);
        let migrated = match migrated {
            Ok(()) if engine == Engine::Postgres && row.own_role => {
                grant_rows(&connection, server.names()).await
            }
            outcome => outcome,
        };
        // Also after a failure: what is there is whole, and an older node may still serve it.
        let after = open_fence(&connection, engine).await?;
        migrated?;
        if (before.chain_seq, before.chain_hash) != (after.chain_seq, after.chain_hash) {
            return Err(Error::Internal("the edit log's chain moved during a migration".into()));
        }
        Ok(())
    };
    let done: Result<()> = done.await;
    connection.close().await.ok();
    done?;
    mark(office, row.id, (MigrationState::Current, None), Some(newest::<TenantMigrator>())).await
}

/// Waits for the transaction under way, then lets nothing more be written.
async fn close_fence(
    connection: &DatabaseConnection,
    engine: Engine,
    tenant: TenantId,
) -> Result<Fence> {
    let txn = begin_write(connection, engine).await?;
    let fence = Fence::lock(&txn).await?;
    if fence.tenant != tenant {
        return Err(Error::Internal(format!(
            "the row of tenant {tenant} leads to the database of tenant {}",
            fence.tenant
        )));
    }
    let close = "UPDATE lane SET accepts_writes = FALSE, epoch = epoch + 1 WHERE id = 1";
    txn.execute_raw(statement(txn.get_database_backend(), close, [])).await?;
    txn.commit().await?;
    Ok(fence)
}

async fn open_fence(connection: &DatabaseConnection, engine: Engine) -> Result<Fence> {
    let txn = begin_write(connection, engine).await?;
    let fence = Fence::lock(&txn).await?;
    let open = "UPDATE lane SET accepts_writes = TRUE WHERE id = 1";
    txn.execute_raw(statement(txn.get_database_backend(), open, [])).await?;
    txn.commit().await?;
    Ok(fence)
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
