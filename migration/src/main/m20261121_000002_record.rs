//! The audit log of the platform's own acts: insert-only and hash-chained.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::{
    ddl::{Index, Table, run},
    guard::{InsertOnly, protect, unprotect},
};

const CHAIN: Table = Table {
    name: "admin_chain",
    columns: "id INTEGER NOT NULL PRIMARY KEY, chain_seq BIGINT NOT NULL, \
        chain_hash VARCHAR(64) NOT NULL, last_recorded_at BIGINT NOT NULL, \
        access_seq BIGINT NOT NULL, CHECK (id = 1)",
};

const AUDIT: Table = Table {
    name: "admin_audit_logs",
    columns: "seq {pk} NOT NULL PRIMARY KEY, recorded_at BIGINT NOT NULL, \
        actor_kind VARCHAR(16) NOT NULL, actor_id BIGINT NULL, request_id VARCHAR(64) NULL, \
        action VARCHAR(64) NOT NULL, subject_type VARCHAR(64) NOT NULL, subject_id BIGINT NULL, \
        canonical {text} NOT NULL, hash VARCHAR(64) NOT NULL",
};

const GUARDED: &[InsertOnly] =
    &[InsertOnly { table: "admin_audit_logs", unique_keys: &[&["seq"]] }];

async fn after(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let genesis = "0".repeat(64);
    run(
        manager,
        &format!(
            "INSERT INTO admin_chain (id, chain_seq, chain_hash, last_recorded_at, access_seq) \
             SELECT 1, 0, '{genesis}', 0, 0 WHERE NOT EXISTS (SELECT 1 FROM admin_chain)"
        ),
    )
    .await?;
    protect(manager, GUARDED).await
}

async fn before_down(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    unprotect(manager, GUARDED).await
}

crate::tables! {
    name: "m20261121_000002_record",
    tables: [CHAIN, AUDIT],
    indexes: [
        Index { name: "admin_audit_subject", table: "admin_audit_logs", columns: "subject_type, subject_id, seq" },
    ],
    after: after,
    before_down: before_down
}
