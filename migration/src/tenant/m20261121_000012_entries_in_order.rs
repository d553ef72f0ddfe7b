//! Entries of a ledger in the order of its statement: by day, then by when they were posted. The index
//! until now had a day's entries in the order of their amounts, so that each page of a statement sorted
//! all that follows; the sums that it served are served by this one too.

use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager};

use crate::ddl::{Index, drop_index, index};

const TABLE: &str = "voucher_ledger_entries";

const BEFORE: Index = Index {
    name: "entries_ledger_day",
    table: TABLE,
    columns: "ledger_id, dated, effect, debit, credit",
};

const AFTER: Index = Index {
    name: "entries_ledger_line",
    table: TABLE,
    columns: "ledger_id, dated, id, effect, debit, credit",
};

/// This migration.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261121_000012_entries_in_order"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    // The new one first: MySQL keeps an index for the foreign key on the ledger.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, AFTER).await?;
        drop_index(manager, BEFORE).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index(manager, BEFORE).await?;
        drop_index(manager, AFTER).await
    }
}
