//! What happened: the hash-chained edit log, retry keys, and the outbox of events.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::{
    ddl::{Index, Table},
    guard::{InsertOnly, protect, unprotect},
};

const AUDIT: Table = Table {
    name: "audit_logs",
    columns: "seq {pk} NOT NULL PRIMARY KEY, recorded_at BIGINT NOT NULL, \
        actor_kind VARCHAR(16) NOT NULL, actor_id BIGINT NULL, request_id VARCHAR(64) NULL, \
        action VARCHAR(64) NOT NULL, subject_type VARCHAR(64) NOT NULL, subject_id BIGINT NULL, \
        business_id BIGINT NULL, canonical {text} NOT NULL, hash VARCHAR(64) NOT NULL",
};

/// `result_ids` is a JSON array of the ids that were made, in the order of the answer.
const KEYS: Table = Table {
    name: "idempotency_keys",
    columns: "field VARCHAR(64) NOT NULL, retry_key VARCHAR(255) NOT NULL, \
        input_hash VARCHAR(64) NOT NULL, result_ids {text} NOT NULL, recorded_at BIGINT NOT NULL, \
        PRIMARY KEY (retry_key, field)",
};

const OUTBOX: Table = Table {
    name: "outbox",
    columns: "change_seq {pk} NOT NULL PRIMARY KEY, recorded_at BIGINT NOT NULL, \
        kind VARCHAR(64) NOT NULL, business_id BIGINT NULL, subject_id BIGINT NULL, \
        author_id BIGINT NULL, payload {text} NOT NULL",
};

const GUARDED: &[InsertOnly] = &[InsertOnly { table: "audit_logs", unique_keys: &[&["seq"]] }];

async fn after(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    protect(manager, GUARDED).await
}

async fn before_down(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    unprotect(manager, GUARDED).await
}

crate::tables! {
    name: "m20261121_000006_record",
    tables: [AUDIT, KEYS, OUTBOX],
    indexes: [
        Index { name: "audit_subject", table: "audit_logs", columns: "subject_type, subject_id, seq" },
        Index { name: "audit_business", table: "audit_logs", columns: "business_id, seq" },
        Index { name: "keys_recorded", table: "idempotency_keys", columns: "recorded_at" },
    ],
    after: after,
    before_down: before_down
}
