//! The posted tables: a voucher, its versions with their rows, and what was done to it later.
//!
//! All of them are insert-only. Rows with an amount or a quantity carry their date, `effect` (+1, or
//! −1 where a version is taken back) and `recorded_at`; every sum is the sum of effect × amount.
//! Amounts are minor units; quantities, unit prices and rates are millionths; exchange rates are
//! base units per foreign unit at 10^-10. `areas` is the bit set that period locks are compared with.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::{
    ddl::{Index, Table},
    guard::{InsertOnly, lock_periods, protect, unprotect},
};

const SERIES: Table = Table {
    name: "voucher_series",
    columns: "id {pk} NOT NULL PRIMARY KEY, series_key VARCHAR(200) NOT NULL UNIQUE, \
        business_id BIGINT NOT NULL, voucher_type_id BIGINT NOT NULL, year_id BIGINT NULL, \
        prefix VARCHAR(32) NOT NULL, next_number BIGINT NOT NULL, created_at BIGINT NOT NULL",
};

const VOUCHERS: Table = Table {
    name: "vouchers",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, \
        voucher_type_id BIGINT NOT NULL, base_type VARCHAR(8) NOT NULL, year_id BIGINT NOT NULL, \
        series_id BIGINT NOT NULL, sequence BIGINT NOT NULL, number VARCHAR(32) NOT NULL, \
        reverses_id BIGINT NULL, created_by BIGINT NULL, recorded_at BIGINT NOT NULL, \
        UNIQUE (series_id, sequence), UNIQUE (series_id, number), \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (series_id) REFERENCES voucher_series (id), \
        FOREIGN KEY (year_id) REFERENCES business_years (id)",
};

const VERSIONS: Table = Table {
    name: "voucher_versions",
    columns: "id {pk} NOT NULL PRIMARY KEY, voucher_id BIGINT NOT NULL, version INTEGER NOT NULL, \
        business_id BIGINT NOT NULL, kind VARCHAR(16) NOT NULL, dated DATE NOT NULL, \
        total BIGINT NOT NULL, narration VARCHAR(2000) NULL, reference VARCHAR(100) NULL, \
        reference_date DATE NULL, party_ledger_id BIGINT NULL, occurred_at BIGINT NULL, \
        areas INTEGER NOT NULL, lock_exception_id BIGINT NULL, created_by BIGINT NULL, \
        change_seq BIGINT NOT NULL, recorded_at BIGINT NOT NULL, UNIQUE (voucher_id, version), \
        FOREIGN KEY (voucher_id) REFERENCES vouchers (id), \
        CHECK (kind IN ('ORDINARY', 'OPENING', 'CLOSING', 'SYSTEM')), CHECK (total >= 0)",
};

const ENTRIES: Table = Table {
    name: "voucher_ledger_entries",
    columns: "id {pk} NOT NULL PRIMARY KEY, version_id BIGINT NOT NULL, line INTEGER NOT NULL, \
        effect SMALLINT NOT NULL, business_id BIGINT NOT NULL, ledger_id BIGINT NOT NULL, \
        dated DATE NOT NULL, debit BIGINT NOT NULL, credit BIGINT NOT NULL, \
        currency VARCHAR(3) NULL, currency_amount BIGINT NULL, exchange_rate BIGINT NULL, \
        narration VARCHAR(500) NULL, closing BOOLEAN NOT NULL, recorded_at BIGINT NOT NULL, \
        UNIQUE (version_id, line, effect), \
        FOREIGN KEY (version_id) REFERENCES voucher_versions (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id), CHECK (effect = 1 OR effect = -1), \
        CHECK (debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0))",
};

const ITEMS: Table = Table {
    name: "voucher_items",
    columns: "id {pk} NOT NULL PRIMARY KEY, version_id BIGINT NOT NULL, line INTEGER NOT NULL, \
        effect SMALLINT NOT NULL, business_id BIGINT NOT NULL, item_id BIGINT NULL, \
        warehouse_id BIGINT NULL, dated DATE NOT NULL, description VARCHAR(500) NULL, \
        quantity BIGINT NOT NULL, unit VARCHAR(16) NULL, unit_price BIGINT NOT NULL, \
        gross BIGINT NOT NULL, discount BIGINT NOT NULL, taxable BIGINT NOT NULL, \
        recorded_at BIGINT NOT NULL, UNIQUE (version_id, line, effect), \
        FOREIGN KEY (version_id) REFERENCES voucher_versions (id), \
        CHECK (effect = 1 OR effect = -1)",
};

const TAX_LINES: Table = Table {
    name: "voucher_tax_lines",
    columns: "id {pk} NOT NULL PRIMARY KEY, version_id BIGINT NOT NULL, line INTEGER NOT NULL, \
        item_line INTEGER NULL, effect SMALLINT NOT NULL, business_id BIGINT NOT NULL, \
        dated DATE NOT NULL, tax_head VARCHAR(8) NOT NULL, rate BIGINT NOT NULL, \
        taxable BIGINT NOT NULL, amount BIGINT NOT NULL, recorded_at BIGINT NOT NULL, \
        UNIQUE (version_id, line, effect), \
        FOREIGN KEY (version_id) REFERENCES voucher_versions (id), \
        CHECK (effect = 1 OR effect = -1)",
};

const ACTS: Table = Table {
    name: "voucher_acts",
    columns: "id {pk} NOT NULL PRIMARY KEY, voucher_id BIGINT NOT NULL, version INTEGER NOT NULL, \
        business_id BIGINT NOT NULL, kind VARCHAR(16) NOT NULL, dated DATE NOT NULL, \
        areas INTEGER NOT NULL, lock_exception_id BIGINT NULL, reason VARCHAR(500) NULL, \
        related_voucher_id BIGINT NULL, acted_by BIGINT NULL, change_seq BIGINT NOT NULL, \
        recorded_at BIGINT NOT NULL, FOREIGN KEY (voucher_id) REFERENCES vouchers (id), \
        CHECK (kind IN ('CANCELLED', 'AMENDED', 'REVERSED', 'ALLOCATED', 'DEALLOCATED'))",
};

const BILLS: Table = Table {
    name: "bill_wise_details",
    columns: "id {pk} NOT NULL PRIMARY KEY, version_id BIGINT NULL, act_id BIGINT NULL, \
        line INTEGER NOT NULL, entry_line INTEGER NULL, effect SMALLINT NOT NULL, \
        business_id BIGINT NOT NULL, ledger_id BIGINT NOT NULL, bill_id BIGINT NULL, \
        kind VARCHAR(16) NOT NULL, reference VARCHAR(100) NULL, dated DATE NOT NULL, \
        due_on DATE NULL, debit BIGINT NOT NULL, credit BIGINT NOT NULL, \
        recorded_at BIGINT NOT NULL, FOREIGN KEY (version_id) REFERENCES voucher_versions (id), \
        FOREIGN KEY (act_id) REFERENCES voucher_acts (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id), CHECK (effect = 1 OR effect = -1), \
        CHECK (kind IN ('NEW', 'AGAINST', 'ADVANCE', 'ON_ACCOUNT')), \
        CHECK (debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)), \
        CHECK ((version_id IS NULL) <> (act_id IS NULL))",
};

/// What is summed per ledger and month, kept in the transaction that posts, recomputed by proof.
const TOTALS: Table = Table {
    name: "ledger_period_totals",
    columns: "ledger_id BIGINT NOT NULL, month INTEGER NOT NULL, closing BOOLEAN NOT NULL, \
        business_id BIGINT NOT NULL, debit BIGINT NOT NULL, credit BIGINT NOT NULL, \
        PRIMARY KEY (ledger_id, month, closing), FOREIGN KEY (ledger_id) REFERENCES ledgers (id)",
};

const GUARDED: &[InsertOnly] = &[
    InsertOnly {
        table: "vouchers",
        unique_keys: &[&["id"], &["series_id", "sequence"], &["series_id", "number"]],
    },
    InsertOnly { table: "voucher_versions", unique_keys: &[&["id"], &["voucher_id", "version"]] },
    InsertOnly {
        table: "voucher_ledger_entries",
        unique_keys: &[&["id"], &["version_id", "line", "effect"]],
    },
    InsertOnly {
        table: "voucher_items",
        unique_keys: &[&["id"], &["version_id", "line", "effect"]],
    },
    InsertOnly {
        table: "voucher_tax_lines",
        unique_keys: &[&["id"], &["version_id", "line", "effect"]],
    },
    InsertOnly { table: "voucher_acts", unique_keys: &[&["id"]] },
    InsertOnly { table: "bill_wise_details", unique_keys: &[&["id"]] },
];

async fn after(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    protect(manager, GUARDED).await?;
    lock_periods(manager, "voucher_versions", None).await?;
    lock_periods(
        manager,
        "voucher_acts",
        Some("'CANCELLED', 'AMENDED', 'ALLOCATED', 'DEALLOCATED'"),
    )
    .await
}

async fn before_down(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    unprotect(manager, GUARDED).await
}

crate::tables! {
    name: "m20261121_000005_vouchers",
    tables: [
        SERIES, VOUCHERS, VERSIONS, ENTRIES, ITEMS, TAX_LINES, ACTS, BILLS, TOTALS,
    ],
    indexes: [
        Index {
            name: "entries_ledger_day",
            table: "voucher_ledger_entries",
            columns: "ledger_id, dated, effect, debit, credit",
        },
        Index { name: "versions_day", table: "voucher_versions", columns: "business_id, dated, id" },
        Index { name: "acts_voucher", table: "voucher_acts", columns: "voucher_id, id" },
        Index { name: "totals_business", table: "ledger_period_totals", columns: "business_id, month" },
        Index { name: "bills_ledger", table: "bill_wise_details", columns: "ledger_id, bill_id, dated" },
        Index { name: "items_item_day", table: "voucher_items", columns: "item_id, dated" },
    ],
    after: after,
    before_down: before_down
}
