//! Jobs are unique by what they are about, and know the version that a worker claimed; how far a tenant's
//! outbox was handled; when each tenant's schedules are due.
//!
//! Nothing wrote jobs before, so the table is made anew.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::ddl::{Index, Table, add_column, create, drop_all, drop_column, index};

/// `unique_key` is made of kind, tenant and the kind's own key: a unique key over columns that may be
/// empty would let the same job stand twice.
const JOBS: Table = Table {
    name: "jobs",
    columns: "id {pk} NOT NULL PRIMARY KEY, kind VARCHAR(64) NOT NULL, tenant_id BIGINT NULL, \
        job_key VARCHAR(100) NOT NULL, unique_key VARCHAR(190) NOT NULL UNIQUE, \
        payload {text} NOT NULL, state VARCHAR(16) NOT NULL, attempts INTEGER NOT NULL, \
        version BIGINT NOT NULL, due_at BIGINT NOT NULL, lease_until BIGINT NULL, \
        leased_by VARCHAR(64) NULL, last_error VARCHAR(500) NULL, created_at BIGINT NOT NULL, \
        updated_at BIGINT NOT NULL, CHECK (state IN ('READY', 'LEASED', 'DONE', 'DEAD'))",
};

const JOBS_DUE: Index = Index { name: "jobs_due", table: "jobs", columns: "state, due_at" };

/// `epoch` and `change_seq` tell as of which state of the tenant's database it was found out: an older
/// finding never takes the place of a newer one.
const TENANT_DUE: Table = Table {
    name: "tenant_due",
    columns: "tenant_id {pk} NOT NULL PRIMARY KEY, due_at BIGINT NULL, epoch BIGINT NOT NULL, \
        change_seq BIGINT NOT NULL, updated_at BIGINT NOT NULL",
};

const TENANT_DUE_AT: Index =
    Index { name: "tenant_due_at", table: "tenant_due", columns: "due_at" };

/// How far the outbox was handled, in which epoch of the tenant's database, when somebody looked last; and
/// the newest event that workers are known to wait for.
const HANDLED: [&str; 4] = ["handled_seq", "handled_epoch", "handled_at", "wanted_seq"];

const JOBS_BEFORE: Table = Table {
    name: "jobs",
    columns: "id {pk} NOT NULL PRIMARY KEY, kind VARCHAR(64) NOT NULL, tenant_id BIGINT NULL, \
        change_seq BIGINT NULL, payload {text} NOT NULL, state VARCHAR(16) NOT NULL, \
        attempts INTEGER NOT NULL, due_at BIGINT NOT NULL, lease_until BIGINT NULL, \
        leased_by VARCHAR(64) NULL, last_error VARCHAR(500) NULL, created_at BIGINT NOT NULL, \
        updated_at BIGINT NOT NULL, UNIQUE (kind, tenant_id, change_seq), \
        CHECK (state IN ('READY', 'LEASED', 'DONE', 'DEAD'))",
};

async fn replace(manager: &SchemaManager<'_>, table: Table) -> Result<(), DbErr> {
    drop_all(manager, &[table]).await?;
    create(manager, table).await?;
    index(manager, JOBS_DUE).await
}

crate::migration! {
    name: "m20261121_000004_jobs",
    up: |manager| {
        replace(manager, JOBS).await?;
        create(manager, TENANT_DUE).await?;
        index(manager, TENANT_DUE_AT).await?;
        for column in HANDLED {
            add_column(manager, "outbox_pending", column, "BIGINT NOT NULL DEFAULT 0").await?;
        }
        Ok(())
    },
    down: |manager| {
        for column in HANDLED {
            drop_column(manager, "outbox_pending", column).await?;
        }
        drop_all(manager, &[TENANT_DUE]).await?;
        replace(manager, JOBS_BEFORE).await
    }
}
