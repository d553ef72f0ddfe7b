//! Cost centres below their categories, and how entries of posted vouchers are split over them.
//!
//! Splits are posted rows: insert-only, with date, `effect` (+1, or −1 where a version is taken back) and
//! `recorded_at`. A centre stays in its category, so a split need not name that. A centre hangs below
//! another one of its category or below none. Of a ledger, `cost_use` tells whether its entries are split.

use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager};

use crate::{
    ddl::{Index, Table, add_column, create, drop_all, drop_column, index},
    guard::{InsertOnly, protect, unprotect},
};

const CATEGORIES: Table = Table {
    name: "cost_categories",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, name VARCHAR(100) NOT NULL, \
        name_key VARCHAR(100) NOT NULL, archived_at BIGINT NULL, version INTEGER NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (business_id, name_key), \
        FOREIGN KEY (business_id) REFERENCES businesses (id)",
};

const CENTRES: Table = Table {
    name: "cost_centres",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, category_id BIGINT NOT NULL, \
        parent_id BIGINT NULL, name VARCHAR(100) NOT NULL, name_key VARCHAR(100) NOT NULL, \
        archived_at BIGINT NULL, version INTEGER NOT NULL, created_at BIGINT NOT NULL, \
        updated_at BIGINT NOT NULL, UNIQUE (business_id, name_key), \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (category_id) REFERENCES cost_categories (id), \
        FOREIGN KEY (parent_id) REFERENCES cost_centres (id)",
};

const SPLITS: Table = Table {
    name: "cost_centre_splits",
    columns: "id {pk} NOT NULL PRIMARY KEY, version_id BIGINT NOT NULL, line INTEGER NOT NULL, \
        entry_line INTEGER NOT NULL, effect SMALLINT NOT NULL, business_id BIGINT NOT NULL, \
        ledger_id BIGINT NOT NULL, centre_id BIGINT NOT NULL, dated DATE NOT NULL, \
        debit BIGINT NOT NULL, credit BIGINT NOT NULL, recorded_at BIGINT NOT NULL, \
        UNIQUE (version_id, line, effect), \
        FOREIGN KEY (version_id) REFERENCES voucher_versions (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id), \
        FOREIGN KEY (centre_id) REFERENCES cost_centres (id), CHECK (effect = 1 OR effect = -1), \
        CHECK (debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0))",
};

const TABLES: &[Table] = &[CATEGORIES, CENTRES, SPLITS];

const BY_CENTRE: Index = Index {
    name: "splits_centre_day",
    table: "cost_centre_splits",
    columns: "centre_id, dated, id",
};

const BY_BUSINESS: Index = Index {
    name: "splits_business_day",
    table: "cost_centre_splits",
    columns: "business_id, dated, centre_id, ledger_id",
};

const GUARDED: &[InsertOnly] = &[InsertOnly {
    table: "cost_centre_splits",
    unique_keys: &[&["id"], &["version_id", "line", "effect"]],
}];

/// This migration.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261121_000022_cost_centres"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            create(manager, *table).await?;
        }
        index(manager, BY_CENTRE).await?;
        index(manager, BY_BUSINESS).await?;
        protect(manager, GUARDED).await?;
        add_column(manager, "ledgers", "cost_use", "VARCHAR(16) NOT NULL DEFAULT 'ALLOWED'").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "ledgers", "cost_use").await?;
        unprotect(manager, GUARDED).await?;
        drop_all(manager, TABLES).await
    }
}
