//! Entries of vouchers that do not count in the books: memoranda and reversing journals. They stand in a table
//! of their own, so that no sum over the books meets them; reports that are asked for a scenario add them.
//!
//! Insert-only like the entries of the books. `applies_until` is the last day on which a reversing journal
//! is part of a scenario.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::{
    ddl::{Index, Table},
    guard::{InsertOnly, protect, unprotect},
};

const ENTRIES: Table = Table {
    name: "scenario_entries",
    columns: "id {pk} NOT NULL PRIMARY KEY, version_id BIGINT NOT NULL, line INTEGER NOT NULL, \
        effect SMALLINT NOT NULL, business_id BIGINT NOT NULL, ledger_id BIGINT NOT NULL, \
        dated DATE NOT NULL, applies_until DATE NULL, debit BIGINT NOT NULL, credit BIGINT NOT NULL, \
        currency VARCHAR(3) NULL, currency_amount BIGINT NULL, exchange_rate BIGINT NULL, \
        narration VARCHAR(500) NULL, recorded_at BIGINT NOT NULL, \
        UNIQUE (version_id, line, effect), \
        FOREIGN KEY (version_id) REFERENCES voucher_versions (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id), CHECK (effect = 1 OR effect = -1), \
        CHECK (debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)), \
        CHECK (applies_until IS NULL OR applies_until >= dated)",
};

const GUARDED: &[InsertOnly] = &[InsertOnly {
    table: "scenario_entries",
    unique_keys: &[&["id"], &["version_id", "line", "effect"]],
}];

async fn after(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    protect(manager, GUARDED).await
}

async fn before_down(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    unprotect(manager, GUARDED).await
}

crate::tables! {
    name: "m20261121_000028_scenario_entries",
    tables: [ENTRIES],
    indexes: [
        Index {
            name: "scenario_business_day",
            table: "scenario_entries",
            columns: "business_id, dated",
        },
    ],
    after: after,
    before_down: before_down
}
