//! The fence: the one row that every write to this database locks first.
//!
//! `tenant_id` names whose database this is (0 in a template), so that a wrong route is noticed.
//! `access_seq` rises with every change of a user, role, key or session; `settings_seq` with every
//! change of what postings are judged by (ledgers, years, locks, series); `change_seq` numbers events.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::ddl::{Table, run};

const LANE: Table = Table {
    name: "lane",
    columns: "id INTEGER NOT NULL PRIMARY KEY, tenant_id BIGINT NOT NULL, epoch BIGINT NOT NULL, \
        accepts_writes BOOLEAN NOT NULL, access_seq BIGINT NOT NULL, settings_seq BIGINT NOT NULL, \
        change_seq BIGINT NOT NULL, last_recorded_at BIGINT NOT NULL, chain_seq BIGINT NOT NULL, \
        chain_hash VARCHAR(64) NOT NULL, CHECK (id = 1)",
};

async fn after(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let genesis = "0".repeat(64);
    run(
        manager,
        &format!(
            "INSERT INTO lane (id, tenant_id, epoch, accepts_writes, access_seq, settings_seq, \
             change_seq, last_recorded_at, chain_seq, chain_hash) \
             SELECT 1, 0, 1, TRUE, 0, 0, 0, 0, 0, '{genesis}' \
             WHERE NOT EXISTS (SELECT 1 FROM lane)"
        ),
    )
    .await
}

crate::tables! {
    name: "m20261121_000001_lane",
    tables: [LANE],
    indexes: [],
    after: after
}
