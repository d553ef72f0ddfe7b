//! By which instrument an entry on a bank ledger was paid: written with the entry, and as final as it.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::{
    ddl::Table,
    guard::{InsertOnly, protect, unprotect},
};

const DETAILS: Table = Table {
    name: "entry_bank_details",
    columns: "entry_id {pk} NOT NULL PRIMARY KEY, version_id BIGINT NOT NULL, line INTEGER NOT NULL, \
        effect SMALLINT NOT NULL, business_id BIGINT NOT NULL, ledger_id BIGINT NOT NULL, \
        dated DATE NOT NULL, instrument VARCHAR(16) NOT NULL, number VARCHAR(100) NULL, \
        instrument_date DATE NULL, payee VARCHAR(200) NULL, bank VARCHAR(200) NULL, \
        recorded_at BIGINT NOT NULL, UNIQUE (version_id, line, effect), \
        FOREIGN KEY (version_id) REFERENCES voucher_versions (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id), CHECK (effect = 1 OR effect = -1), \
        CHECK (instrument IN ('CHEQUE', 'DEMAND_DRAFT', 'NEFT', 'RTGS', 'IMPS', 'UPI', 'MPESA', \
        'CARD', 'CASH', 'OTHER'))",
};

const GUARDED: &[InsertOnly] = &[InsertOnly {
    table: "entry_bank_details",
    unique_keys: &[&["entry_id"], &["version_id", "line", "effect"]],
}];

async fn after(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    protect(manager, GUARDED).await
}

async fn before_down(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    unprotect(manager, GUARDED).await
}

crate::tables! {
    name: "m20261121_000020_bank_details",
    tables: [DETAILS],
    indexes: [],
    after: after,
    before_down: before_down
}
