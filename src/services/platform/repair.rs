//! Finds what registrations left half-made, and clears it. Safe beside registrations that run.
//!
//! A half-made tenant is taken over by its lease: only an expired one, and only by whoever changes it
//! first. A database that no row names is dropped only when nobody but the program ever wrote to it:
//! after master was restored from an older copy, such a database may hold somebody's books.

use std::collections::HashSet;

use daybook_domain::{chain::Canonical, id::TenantId};
use daybook_entity::master::{
    node::chain_anchor,
    tenant::{Engine, TenantStatus, database_server, login_directory, tenant_master},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr,
};
use sea_orm_migration::SchemaManager;

use super::template;
use crate::{
    db::{Server, Target, sql::statement},
    error::Result,
    lane::{Actor, Change},
    office::Office,
};

/// What was found, by name. Where it was cleared, nothing of it is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Subdomains of registrations that died on their way.
    pub half_made: Vec<String>,
    /// Databases that no tenant's row names and nobody ever used.
    pub orphaned_databases: Vec<String>,
    /// Roles of tenants that are not there.
    pub orphaned_roles: Vec<String>,
    /// Entries of the login directory that lead to no tenant.
    pub orphaned_entries: u64,
    /// Databases that no tenant's row names, though somebody used them: never dropped.
    pub unnamed_in_use: Vec<String>,
    /// Subdomains of tenants whose database is missing: only reported.
    pub missing: Vec<String>,
    /// What could not be looked at or cleared, and why.
    pub failures: Vec<String>,
}

impl Report {
    /// Whether there was nothing to find.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something is left that clearing does not mend.
    pub fn needs_somebody(&self) -> bool {
        !(self.unnamed_in_use.is_empty() && self.missing.is_empty() && self.failures.is_empty())
    }
}

/// Looks through all servers and rows; clears what it finds where `clears` says so.
///
/// # Errors
/// When master cannot be read; what fails on one server is in the report.
pub async fn repair(office: &Office, clears: bool) -> Result<Report> {
    let mut report = Report::default();
    for row in expired(office, None).await? {
        report.half_made.push(row.subdomain.clone());
        if clears && let Err(error) = take_over(office, row.clone()).await {
            report.failures.push(format!("{}: {}", row.subdomain, told(&error)));
        }
    }
    let servers = database_server::Entity::find()
        .order_by_asc(database_server::Column::Id)
        .all(office.master.reader())
        .await?;
    for row in servers {
        let looked = match office.servers.of(&row).await {
            Ok(server) => look_through(office, &row, &server, clears, &mut report).await,
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            report.failures.push(format!("{}: {}", row.name, told(&error)));
        }
    }
    report.orphaned_entries = stray_entries(office, clears).await?;
    Ok(report)
}

async fn look_through(
    office: &Office,
    place: &database_server::Model,
    server: &Server,
    clears: bool,
    report: &mut Report,
) -> Result<()> {
    // What exists is listed before the rows: a registration writes its row first, so whatever it made
    // by then is named by a row that is read afterwards.
    let databases = server.databases().await?;
    let roles = server.roles().await?;
    let rows = tenant_master::Entity::find()
        .filter(tenant_master::Column::ServerId.eq(place.id))
        .all(office.master.writer())
        .await?;
    let named: HashSet<&str> = rows.iter().map(|row| row.database_name.as_str()).collect();
    let grace = office.rules.provision_lease_ms.saturating_mul(2);
    let long_ago = office.clock.now_ms().saturating_sub(grace);
    for found in &databases {
        let name = found.name.as_str();
        let Some(begun_at) = server.names().begun_at(name) else { continue };
        if named.contains(name) || begun_at > long_ago {
            continue;
        }
        match was_used(server, name).await {
            Ok(true) => report.unnamed_in_use.push(name.to_owned()),
            Ok(false) => {
                report.orphaned_databases.push(name.to_owned());
                if clears && let Err(error) = server.drop_database(name).await {
                    report.failures.push(format!("{name}: {}", told(&error)));
                }
            }
            Err(error) => report.failures.push(format!("{name}: {}", told(&error))),
        }
    }
    for role in roles {
        let tenant = server.names().tenant_of_role(&role);
        if rows.iter().any(|row| row.own_role && Some(row.id) == tenant) {
            continue;
        }
        if clears && let Err(error) = server.drop_role(&role).await {
            report.failures.push(format!("{role}: {}", told(&error)));
        }
        report.orphaned_roles.push(role);
    }
    let here: HashSet<&str> = databases.iter().map(|found| found.name.as_str()).collect();
    for row in &rows {
        let is_served = matches!(row.status, TenantStatus::Active | TenantStatus::Suspended);
        // A registration that ended between the two readings made its database after the first.
        if is_served
            && !here.contains(row.database_name.as_str())
            && !server.exists(&row.database_name).await?
        {
            report.missing.push(row.subdomain.clone());
        }
    }
    Ok(())
}

/// Whether anybody but the program ever wrote to a database.
async fn was_used(server: &Server, name: &str) -> Result<bool> {
    let target = server.database(name);
    if let Target::Sqlite { path } = &target
        && !path.exists()
    {
        return Ok(false);
    }
    if server.engine() == Engine::Postgres && !server.admits(name).await? {
        return Ok(false);
    }
    let connection = template::open(&target).await?;
    let used = async {
        if !SchemaManager::new(&connection).has_table("audit_logs").await? {
            return Ok(false);
        }
        let sql = "SELECT seq FROM audit_logs WHERE actor_kind <> 'SYSTEM' LIMIT 1";
        let ask = statement(connection.get_database_backend(), sql, []);
        Ok(connection.query_one_raw(ask).await?.is_some())
    };
    let used = used.await;
    connection.close_by_ref().await?;
    used
}

/// Clears an expired registration of this subdomain, so that it can be tried again.
///
/// # Errors
/// When what was half-made cannot be cleared.
pub(super) async fn clear_expired_of(office: &Office, subdomain: &str) -> Result<()> {
    for row in expired(office, Some(subdomain)).await? {
        take_over(office, row).await?;
    }
    Ok(())
}

async fn expired(office: &Office, subdomain: Option<&str>) -> Result<Vec<tenant_master::Model>> {
    let mut rows = tenant_master::Entity::find()
        .filter(tenant_master::Column::Status.eq(TenantStatus::Provisioning))
        .filter(tenant_master::Column::ProvisionLeaseUntil.lt(office.clock.now_ms()));
    if let Some(subdomain) = subdomain {
        rows = rows.filter(tenant_master::Column::Subdomain.eq(subdomain));
    }
    Ok(rows.all(office.master.writer()).await?)
}

/// Takes an expired lease and clears what it covers; nothing if somebody else was first.
async fn take_over(office: &Office, row: tenant_master::Model) -> Result<()> {
    let now = office.clock.now_ms();
    let until = now.saturating_add(office.rules.provision_lease_ms);
    let taken = tenant_master::Entity::update_many()
        .col_expr(tenant_master::Column::ProvisionStep, Expr::value("clearing"))
        .col_expr(tenant_master::Column::ProvisionLeaseUntil, Expr::value(until))
        .filter(tenant_master::Column::Id.eq(row.id))
        .filter(tenant_master::Column::Status.eq(TenantStatus::Provisioning))
        .filter(tenant_master::Column::ProvisionLeaseUntil.eq(row.provision_lease_until))
        .exec(office.master.writer())
        .await?;
    if taken.rows_affected == 0 {
        return Ok(());
    }
    clear(office, &row).await
}

/// Undoes a registration, whatever step it reached: the row goes last, so that a crash on the way
/// leaves something that is found again.
///
/// # Errors
/// When something cannot be removed; the row then stays.
pub(super) async fn clear(office: &Office, row: &tenant_master::Model) -> Result<()> {
    let server = office.servers.by_id(&office.master, row.server_id).await?;
    server.drop_database(&row.database_name).await?;
    if row.own_role {
        server.drop_role(&server.names().role(row.id)).await?;
    }
    note_undone(office, row).await;
    forget(office, row.id).await
}

/// Removes a registration's row and its directory entries.
///
/// # Errors
/// When master cannot be written.
pub(super) async fn forget(office: &Office, tenant: TenantId) -> Result<()> {
    let txn = office.master.begin().await?;
    login_directory::Entity::delete_many()
        .filter(login_directory::Column::TenantId.eq(tenant))
        .exec(txn.conn())
        .await?;
    chain_anchor::Entity::delete_many()
        .filter(chain_anchor::Column::TenantId.eq(tenant))
        .exec(txn.conn())
        .await?;
    tenant_master::Entity::delete_many()
        .filter(tenant_master::Column::Id.eq(tenant))
        .filter(tenant_master::Column::Status.eq(TenantStatus::Provisioning))
        .exec(txn.conn())
        .await?;
    txn.commit().await
}

/// The log should know; that it cannot be written is no reason to leave things half-made.
async fn note_undone(office: &Office, row: &tenant_master::Model) {
    let change = Change {
        action: "TENANT_SETUP_UNDONE",
        subject_type: "Tenant",
        subject: Some(row.id.get()),
        business: None,
        canonical: Canonical::new()
            .text("subdomain", &row.subdomain)
            .text("database", &row.database_name)
            .text_if("step", row.provision_step.as_deref())
            .finish(),
    };
    let written = async {
        let mut log = office.write(Actor::system()).await?;
        log.audit(&change).await?;
        log.commit().await
    };
    if let Err(error) = written.await {
        tracing::warn!(tenant = %row.id, cause = ?error.cause(), "the log has no row of an undone setup");
    }
}

async fn stray_entries(office: &Office, clears: bool) -> Result<u64> {
    let connection = office.master.writer();
    let backend = connection.get_database_backend();
    let stray = "FROM login_directory WHERE tenant_id NOT IN (SELECT id FROM tenant_master)";
    if clears {
        let removed =
            connection.execute_raw(statement(backend, &format!("DELETE {stray}"), [])).await?;
        return Ok(removed.rows_affected());
    }
    let count = statement(backend, &format!("SELECT COUNT(*) {stray}"), []);
    let found: i64 = match connection.query_one_raw(count).await? {
        Some(row) => row.try_get_by_index(0)?,
        None => 0,
    };
    Ok(u64::try_from(found).unwrap_or(0))
}

/// What an operator may read of a failure.
fn told(error: &crate::error::Error) -> String {
    error.cause().unwrap_or_else(|| error.to_string())
}
