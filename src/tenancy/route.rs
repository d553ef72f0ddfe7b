//! A tenant's routing row, ready for use.

use std::path::{Path, PathBuf};

use daybook_domain::id::{DatabaseServerId, TenantId};
use daybook_entity::master::tenant::{MigrationState, SubscriptionStatus, TenantStatus};

use crate::{
    db::Target,
    error::{Error, Result},
};

/// Where a tenant lives and whether it may be served. The target's secrets are opened already.
#[derive(Debug, Clone)]
pub struct Route {
    /// The tenant.
    pub id: TenantId,
    /// Unique name in addresses.
    pub subdomain: String,
    /// The company.
    pub company_name: String,
    /// Country of ISO 3166-1, two letters.
    pub country: String,
    /// Whether it may be served.
    pub status: TenantStatus,
    /// State of what it pays.
    pub subscription_status: SubscriptionStatus,
    /// The server it lives on.
    pub server: DatabaseServerId,
    /// Its database's name.
    pub database_name: String,
    /// How to reach it for writing and reading.
    pub target: Target,
    /// A replica for reports, where the server has one.
    pub replica: Option<Target>,
    /// Newest migration of its tables.
    pub schema_version: Option<String>,
    /// Whether its tables are as this program wants them.
    pub migration_state: MigrationState,
    /// Most bytes that its attachments may take.
    pub storage_limit_bytes: i64,
    /// Routing version in which the row last changed.
    pub changed_in: i64,
}

impl Route {
    /// Whether the tenant is served to its users.
    ///
    /// # Errors
    /// [`Error::TenantSuspended`], or [`Error::TenantNotFound`] for one that is not there yet or not
    /// any more.
    pub fn check_status(&self) -> Result<()> {
        match self.status {
            TenantStatus::Active => Ok(()),
            TenantStatus::Suspended => Err(Error::TenantSuspended),
            TenantStatus::Provisioning | TenantStatus::Closed => Err(Error::TenantNotFound),
        }
    }

    /// Whether its tables are those of this program, whose newest migration is `newest`. A tenant that a
    /// newer program could not migrate is still served by the one whose tables it has.
    ///
    /// # Errors
    /// [`Error::TenantUpgrading`] when they are behind, ahead or being changed.
    pub fn check_schema(&self, newest: &str) -> Result<()> {
        let is_being_changed =
            matches!(self.migration_state, MigrationState::Migrating | MigrationState::Swapping);
        let is_current = self.schema_version.as_deref() == Some(newest);
        if is_current && !is_being_changed { Ok(()) } else { Err(Error::TenantUpgrading) }
    }

    /// Whether an open database of this route still serves that one.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        self.server == other.server
            && self.status == other.status
            && self.migration_state == other.migration_state
            && self.schema_version == other.schema_version
            && is_same_target(&self.target, &other.target)
            && match (&self.replica, &other.replica) {
                (Some(one), Some(two)) => is_same_target(one, two),
                (None, None) => true,
                _ => false,
            }
    }
}

fn is_same_target(one: &Target, other: &Target) -> bool {
    match (one, other) {
        (Target::Sqlite { path: one }, Target::Sqlite { path: other }) => one == other,
        (Target::Server(one), Target::Server(other)) => one == other,
        _ => false,
    }
}

/// The file of a SQLite tenant: `tenants/<database name>.sqlite` in the data folder.
///
/// # Errors
/// [`Error::Internal`] when the name could lead out of the folder.
pub fn sqlite_file(data_dir: &Path, database_name: &str) -> Result<PathBuf> {
    let is_plain = !database_name.is_empty()
        && database_name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if !is_plain {
        return Err(Error::Internal(format!("{database_name:?} is no name of a database file")));
    }
    Ok(data_dir.join("tenants").join(format!("{database_name}.sqlite")))
}
