//! The businesses of one owner: each its own books, years, locks, settings and branding.

use sea_orm_migration::{DbErr, SchemaManager};

use crate::{
    ddl::{Index, Table},
    guard::{InsertOnly, protect, unprotect},
};

const BUSINESSES: Table = Table {
    name: "businesses",
    columns: "id {pk} NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL, \
        name_key VARCHAR(200) NOT NULL UNIQUE, legal_name VARCHAR(200) NULL, \
        country VARCHAR(2) NOT NULL, base_currency VARCHAR(3) NOT NULL, \
        currency_exponent INTEGER NOT NULL, time_zone VARCHAR(64) NOT NULL, \
        year_first_month INTEGER NOT NULL, books_begin_on DATE NOT NULL, \
        email VARCHAR(254) NULL, phone VARCHAR(32) NULL, address VARCHAR(500) NULL, \
        state_code VARCHAR(8) NULL, tax_number VARCHAR(32) NULL, brand_colour VARCHAR(7) NULL, \
        logo_url VARCHAR(500) NULL, settings {text} NOT NULL, archived_at BIGINT NULL, \
        version INTEGER NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL",
};

/// `closed_at` mirrors the newest act, so that one read tells which years are open.
const YEARS: Table = Table {
    name: "business_years",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, label VARCHAR(16) NOT NULL, \
        starts_on DATE NOT NULL, ends_on DATE NOT NULL, is_opening BOOLEAN NOT NULL, \
        opened_at BIGINT NOT NULL, closed_at BIGINT NULL, UNIQUE (business_id, starts_on), \
        FOREIGN KEY (business_id) REFERENCES businesses (id), CHECK (starts_on <= ends_on)",
};

const YEAR_ACTS: Table = Table {
    name: "year_acts",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, year_id BIGINT NOT NULL, \
        kind VARCHAR(16) NOT NULL, reason VARCHAR(500) NULL, acted_by BIGINT NULL, \
        recorded_at BIGINT NOT NULL, FOREIGN KEY (year_id) REFERENCES business_years (id), \
        CHECK (kind IN ('CLOSED', 'REOPENED'))",
};

const LOCKS: Table = Table {
    name: "period_locks",
    columns: "business_id BIGINT NOT NULL, kind VARCHAR(4) NOT NULL, area INTEGER NOT NULL, \
        locked_through DATE NOT NULL, reason VARCHAR(500) NULL, set_by BIGINT NULL, \
        set_at BIGINT NOT NULL, PRIMARY KEY (business_id, kind, area), \
        FOREIGN KEY (business_id) REFERENCES businesses (id), CHECK (kind IN ('SOFT', 'HARD'))",
};

const EXCEPTIONS: Table = Table {
    name: "lock_exceptions",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, areas INTEGER NOT NULL, \
        from_date DATE NOT NULL, to_date DATE NOT NULL, role VARCHAR(16) NULL, \
        expires_at BIGINT NOT NULL, reason VARCHAR(500) NOT NULL, granted_by BIGINT NULL, \
        granted_at BIGINT NOT NULL, FOREIGN KEY (business_id) REFERENCES businesses (id)",
};

const GSTINS: Table = Table {
    name: "gstins",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, gstin VARCHAR(15) NOT NULL, \
        state_code VARCHAR(2) NOT NULL, is_primary BOOLEAN NOT NULL, valid_from DATE NULL, \
        valid_to DATE NULL, created_at BIGINT NOT NULL, UNIQUE (business_id, gstin), \
        FOREIGN KEY (business_id) REFERENCES businesses (id)",
};

const GUARDED: &[InsertOnly] = &[InsertOnly { table: "year_acts", unique_keys: &[&["id"]] }];

async fn after(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    protect(manager, GUARDED).await
}

async fn before_down(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    unprotect(manager, GUARDED).await
}

crate::tables! {
    name: "m20261121_000003_businesses",
    tables: [BUSINESSES, YEARS, YEAR_ACTS, LOCKS, EXCEPTIONS, GSTINS],
    indexes: [
        Index { name: "year_acts_year", table: "year_acts", columns: "year_id, id" },
        Index { name: "lock_exceptions_business", table: "lock_exceptions", columns: "business_id" },
    ],
    after: after,
    before_down: before_down
}
