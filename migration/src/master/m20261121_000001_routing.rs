//! Where each tenant lives: the routing table, the servers, and the directory for signing in.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::ddl::{Index, Table, run};

const STATE: Table = Table {
    name: "master_state",
    columns: "id INTEGER NOT NULL PRIMARY KEY, routing_version BIGINT NOT NULL, \
        catalogue_version BIGINT NOT NULL, sealing_check VARCHAR(200) NULL, CHECK (id = 1)",
};

const SERVERS: Table = Table {
    name: "database_servers",
    columns: "id {pk} NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL UNIQUE, \
        engine VARCHAR(16) NOT NULL, address VARCHAR(255) NOT NULL, port INTEGER NULL, \
        sealed_admin {text} NULL, key_id VARCHAR(16) NULL, capacity INTEGER NOT NULL, \
        is_default BOOLEAN NOT NULL, replica_address VARCHAR(255) NULL, replica_port INTEGER NULL, \
        status VARCHAR(16) NOT NULL, version INTEGER NOT NULL, created_at BIGINT NOT NULL, \
        updated_at BIGINT NOT NULL, CHECK (engine IN ('SQLITE', 'POSTGRES', 'MYSQL')), \
        CHECK (status IN ('OPEN', 'FULL', 'RETIRED'))",
};

/// `changed_in` is the routing version in which the row last changed: what a node must re-read.
/// `provision_lease_until` bounds how long an unfinished registration is believed to be alive.
const TENANTS: Table = Table {
    name: "tenant_master",
    columns: "id {pk} NOT NULL PRIMARY KEY, company_name VARCHAR(200) NOT NULL, \
        contact_name VARCHAR(200) NOT NULL, contact_email VARCHAR(254) NOT NULL, \
        contact_phone VARCHAR(32) NULL, country VARCHAR(2) NOT NULL, \
        subdomain VARCHAR(63) NOT NULL UNIQUE, server_id BIGINT NOT NULL, \
        database_name VARCHAR(63) NOT NULL UNIQUE, own_role BOOLEAN NOT NULL, \
        sealed_connection {text} NULL, key_id VARCHAR(16) NULL, \
        status VARCHAR(16) NOT NULL, status_reason VARCHAR(500) NULL, \
        subscription_status VARCHAR(16) NOT NULL, plan_code VARCHAR(32) NULL, \
        storage_limit_bytes BIGINT NOT NULL, referral_code VARCHAR(32) NULL, \
        schema_version VARCHAR(64) NULL, migration_state VARCHAR(16) NOT NULL, \
        migration_error VARCHAR(500) NULL, provision_step VARCHAR(32) NULL, \
        provision_lease_until BIGINT NULL, changed_in BIGINT NOT NULL, \
        version INTEGER NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
        activated_at BIGINT NULL, \
        FOREIGN KEY (server_id) REFERENCES database_servers (id), \
        CHECK (status IN ('PROVISIONING', 'ACTIVE', 'SUSPENDED', 'CLOSED')), \
        CHECK (subscription_status IN ('TRIAL', 'ACTIVE', 'PAST_DUE', 'CANCELLED')), \
        CHECK (migration_state IN ('CURRENT', 'BEHIND', 'MIGRATING', 'FAILED', 'SWAPPING'))",
};

const DIRECTORY: Table = Table {
    name: "login_directory",
    columns: "email_hash VARCHAR(64) NOT NULL, tenant_id BIGINT NOT NULL, \
        created_at BIGINT NOT NULL, PRIMARY KEY (email_hash, tenant_id), \
        FOREIGN KEY (tenant_id) REFERENCES tenant_master (id)",
};

const THROTTLE: Table = Table {
    name: "login_throttle",
    columns: "subject_hash VARCHAR(64) NOT NULL PRIMARY KEY, failures INTEGER NOT NULL, \
        window_began_at BIGINT NOT NULL, blocked_until BIGINT NOT NULL",
};

async fn after(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    run(
        manager,
        "INSERT INTO master_state (id, routing_version, catalogue_version) \
         SELECT 1, 1, 1 WHERE NOT EXISTS (SELECT 1 FROM master_state)",
    )
    .await
}

crate::tables! {
    name: "m20261121_000001_routing",
    tables: [STATE, SERVERS, TENANTS, DIRECTORY, THROTTLE],
    indexes: [
        Index { name: "tenant_master_changed", table: "tenant_master", columns: "changed_in" },
        Index { name: "tenant_master_status", table: "tenant_master", columns: "status, id" },
        Index { name: "tenant_master_server", table: "tenant_master", columns: "server_id" },
        Index { name: "login_directory_tenant", table: "login_directory", columns: "tenant_id" },
    ],
    after: after
}
