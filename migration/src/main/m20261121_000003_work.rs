//! Work in the background, and the marks by which nodes hear of each other's postings.

use crate::ddl::{Index, Table};

const JOBS: Table = Table {
    name: "jobs",
    columns: "id {pk} NOT NULL PRIMARY KEY, kind VARCHAR(64) NOT NULL, tenant_id BIGINT NULL, \
        change_seq BIGINT NULL, payload {text} NOT NULL, state VARCHAR(16) NOT NULL, \
        attempts INTEGER NOT NULL, due_at BIGINT NOT NULL, lease_until BIGINT NULL, \
        leased_by VARCHAR(64) NULL, last_error VARCHAR(500) NULL, created_at BIGINT NOT NULL, \
        updated_at BIGINT NOT NULL, UNIQUE (kind, tenant_id, change_seq), \
        CHECK (state IN ('READY', 'LEASED', 'DONE', 'DEAD'))",
};

const TENANT_CHANGES: Table = Table {
    name: "tenant_changes",
    columns: "tenant_id {pk} NOT NULL PRIMARY KEY, change_seq BIGINT NOT NULL, \
        marked_at BIGINT NOT NULL",
};

const OUTBOX_PENDING: Table = Table {
    name: "outbox_pending",
    columns: "tenant_id {pk} NOT NULL PRIMARY KEY, generation BIGINT NOT NULL, \
        pending BOOLEAN NOT NULL, updated_at BIGINT NOT NULL",
};

crate::tables! {
    name: "m20261121_000003_work",
    tables: [JOBS, TENANT_CHANGES, OUTBOX_PENDING],
    indexes: [
        Index { name: "jobs_due", table: "jobs", columns: "state, due_at" },
        Index { name: "tenant_changes_marked", table: "tenant_changes", columns: "marked_at" },
    ]
}
