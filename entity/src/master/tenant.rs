//! Where each tenant lives: the routing table, the servers, and the directory for signing in.

use crate::column::*;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum Engine {
    /// SQLite, in a file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MariaDB or MySQL.
    Mysql,
}

/// Whether new tenants go to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum ServerStatus {
    /// They do.
    Open,
    /// It has reached its capacity.
    Full,
    /// It takes no more.
    Retired,
}

/// Where a tenant stands with the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum TenantStatus {
    /// Its database is being made.
    Provisioning,
    /// Served.
    Active,
    /// Suspended by the platform's office; its users are refused until it is resumed.
    Suspended,
    /// Refused for good.
    Closed,
}

/// Whether a tenant pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum SubscriptionStatus {
    /// Tries the product.
    Trial,
    /// Pays.
    Active,
    /// Owes.
    PastDue,
    /// Has left.
    Cancelled,
}

/// How a tenant's database stands to the tables of this release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum MigrationState {
    /// Up to date.
    Current,
    /// Waits for migration.
    Behind,
    /// Being changed.
    Migrating,
    /// Could not be changed; see the error.
    Failed,
    /// A migrated copy is taking its place.
    Swapping,
}

pub mod master_state {
    //! The one row by which nodes notice that something changed.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "master_state")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// Rises with every change of a tenant or a server.
        pub routing_version: i64,
        /// Rises with every change of the shared structure.
        pub catalogue_version: i64,
        /// A known text sealed with the encryption key, so that a wrong key is noticed at start.
        pub sealing_check: Option<String>,
    }

    no_relations!();
}

pub mod database_server {
    //! A place where tenants' databases may live.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "database_servers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: DatabaseServerId,
        pub name: String,
        pub engine: Engine,
        /// A folder for SQLite, else a host.
        pub address: String,
        pub port: Option<i32>,
        /// Credentials, encrypted under `key_id`.
        #[sea_orm(column_type = "Text", nullable)]
        pub sealed_admin: Option<String>,
        pub key_id: Option<String>,
        /// Most databases it may hold.
        pub capacity: i32,
        pub is_default: bool,
        /// A read replica for reports.
        pub replica_address: Option<String>,
        pub replica_port: Option<i32>,
        pub status: ServerStatus,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod tenant_master {
    //! A customer of the platform, and the way to its database.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant_master")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TenantId,
        pub company_name: String,
        pub contact_name: String,
        pub contact_email: String,
        pub contact_phone: Option<String>,
        /// ISO 3166-1 alpha-2.
        pub country: String,
        pub subdomain: String,
        pub server_id: DatabaseServerId,
        pub database_name: String,
        /// Whether its database has a database user of its own.
        pub own_role: bool,
        /// Credentials of its own, encrypted under `key_id`.
        #[sea_orm(column_type = "Text", nullable)]
        pub sealed_connection: Option<String>,
        pub key_id: Option<String>,
        pub status: TenantStatus,
        pub status_reason: Option<String>,
        pub subscription_status: SubscriptionStatus,
        pub plan_code: Option<String>,
        pub storage_limit_bytes: i64,
        pub referral_code: Option<String>,
        /// Name of the newest migration that its database has.
        pub schema_version: Option<String>,
        pub migration_state: MigrationState,
        pub migration_error: Option<String>,
        /// The last step that an unfinished registration reached.
        pub provision_step: Option<String>,
        /// How long an unfinished registration is believed to be alive.
        pub provision_lease_until: Option<i64>,
        /// The routing version in which the row last changed.
        pub changed_in: i64,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
        pub activated_at: Option<i64>,
    }

    no_relations!();
}

pub mod login_directory {
    //! Which tenants know an e-mail address.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "login_directory")]
    pub struct Model {
        /// Keyed hash of the lower-cased address, in hexadecimal.
        #[sea_orm(primary_key, auto_increment = false)]
        pub email_hash: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: TenantId,
        pub created_at: i64,
    }

    no_relations!();
}

pub mod login_throttle {
    //! Failures to sign in, by address and by source.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "login_throttle")]
    pub struct Model {
        /// Keyed hash of what is throttled, in hexadecimal.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject_hash: String,
        /// Within the window that began at `window_began_at`.
        pub failures: i32,
        pub window_began_at: i64,
        pub blocked_until: i64,
    }

    no_relations!();
}
