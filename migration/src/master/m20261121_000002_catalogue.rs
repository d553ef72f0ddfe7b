//! The accounting structure that all tenants share live, dated where the law is dated.
//!
//! Rates are millionths of one (18 % is 180000). Rows that are in use are retired by date and never
//! deleted; `is_system` rows came with the product.

use crate::ddl::{Index, Table};

const GROUPS: Table = Table {
    name: "account_groups",
    columns: "id {pk} NOT NULL PRIMARY KEY, group_code VARCHAR(16) NOT NULL UNIQUE, \
        name VARCHAR(100) NOT NULL, name_key VARCHAR(100) NOT NULL UNIQUE, parent_id BIGINT NULL, \
        nature VARCHAR(16) NOT NULL, normal_side VARCHAR(8) NOT NULL, \
        affects_gross_profit BOOLEAN NOT NULL, statement VARCHAR(16) NOT NULL, \
        is_system BOOLEAN NOT NULL, sort_order INTEGER NOT NULL, retired_on DATE NULL, \
        version INTEGER NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
        FOREIGN KEY (parent_id) REFERENCES account_groups (id), \
        CHECK (nature IN ('ASSET', 'LIABILITY', 'INCOME', 'EXPENSE')), \
        CHECK (normal_side IN ('DEBIT', 'CREDIT', 'EITHER')), \
        CHECK (statement IN ('BALANCE_SHEET', 'PROFIT_AND_LOSS'))",
};

const VOUCHER_TYPES: Table = Table {
    name: "voucher_types",
    columns: "id {pk} NOT NULL PRIMARY KEY, code VARCHAR(16) NOT NULL UNIQUE, \
        name VARCHAR(100) NOT NULL, name_key VARCHAR(100) NOT NULL UNIQUE, \
        base_type VARCHAR(8) NOT NULL, affects_books BOOLEAN NOT NULL, stock VARCHAR(8) NOT NULL, \
        numbering VARCHAR(8) NOT NULL, numbering_prefix VARCHAR(16) NOT NULL, \
        number_width INTEGER NOT NULL, is_tax_document BOOLEAN NOT NULL, \
        is_system BOOLEAN NOT NULL, sort_order INTEGER NOT NULL, retired_on DATE NULL, \
        version INTEGER NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL",
};

const GST_RATES: Table = Table {
    name: "gst_rates",
    columns: "id {pk} NOT NULL PRIMARY KEY, rate_code VARCHAR(32) NOT NULL, \
        rate_name VARCHAR(100) NOT NULL, country VARCHAR(2) NOT NULL, igst_rate BIGINT NOT NULL, \
        cgst_rate BIGINT NOT NULL, sgst_rate BIGINT NOT NULL, cess_rate BIGINT NOT NULL, \
        note VARCHAR(500) NULL, source VARCHAR(200) NULL, valid_from DATE NOT NULL, \
        valid_to DATE NULL, is_system BOOLEAN NOT NULL, version INTEGER NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
        UNIQUE (country, rate_code, valid_from), \
        CHECK (cgst_rate = sgst_rate AND igst_rate >= 0 AND cess_rate >= 0)",
};

const TDS_SECTIONS: Table = Table {
    name: "tds_sections",
    columns: "id {pk} NOT NULL PRIMARY KEY, kind VARCHAR(4) NOT NULL, act VARCHAR(4) NOT NULL, \
        code VARCHAR(32) NOT NULL, section VARCHAR(32) NOT NULL, new_table_ref VARCHAR(64) NULL, return_code VARCHAR(16) NULL, \
        nature VARCHAR(200) NOT NULL, deductee_class VARCHAR(32) NOT NULL, \
        rate BIGINT NULL, no_pan_rate BIGINT NULL, single_limit BIGINT NULL, aggregate_limit BIGINT NULL, \
        limit_period VARCHAR(16) NOT NULL, excess_only BOOLEAN NOT NULL, valid_from DATE NOT NULL, \
        valid_to DATE NULL, successor_code VARCHAR(32) NULL, note VARCHAR(500) NULL, \
        is_system BOOLEAN NOT NULL, version INTEGER NOT NULL, created_at BIGINT NOT NULL, \
        updated_at BIGINT NOT NULL, UNIQUE (kind, code, deductee_class, valid_from), \
        CHECK (kind IN ('TDS', 'TCS')), CHECK (act IN ('1961', '2025')), \
        CHECK (rate >= 0), CHECK (no_pan_rate >= 0)",
};

const YEARS: Table = Table {
    name: "accounting_years",
    columns: "id {pk} NOT NULL PRIMARY KEY, first_month INTEGER NOT NULL, \
        label VARCHAR(16) NOT NULL, starts_on DATE NOT NULL, ends_on DATE NOT NULL, \
        is_system BOOLEAN NOT NULL, created_at BIGINT NOT NULL, UNIQUE (first_month, starts_on), \
        CHECK (first_month >= 1 AND first_month <= 12 AND starts_on < ends_on)",
};

const STATES: Table = Table {
    name: "states",
    columns: "id {pk} NOT NULL PRIMARY KEY, country VARCHAR(2) NOT NULL, code VARCHAR(8) NOT NULL, \
        name VARCHAR(100) NOT NULL, levies_utgst BOOLEAN NOT NULL, used_for VARCHAR(32) NOT NULL, \
        valid_to DATE NULL, is_system BOOLEAN NOT NULL, created_at BIGINT NOT NULL, \
        UNIQUE (country, code)",
};

const CURRENCIES: Table = Table {
    name: "currencies",
    columns: "id {pk} NOT NULL PRIMARY KEY, code VARCHAR(3) NOT NULL UNIQUE, \
        numeric_code VARCHAR(3) NOT NULL, name VARCHAR(100) NOT NULL, exponent INTEGER NOT NULL, \
        symbol VARCHAR(16) NULL, minor_name VARCHAR(50) NULL, is_system BOOLEAN NOT NULL, \
        created_at BIGINT NOT NULL, CHECK (exponent >= 0 AND exponent <= 4)",
};

const COUNTRIES: Table = Table {
    name: "countries",
    columns: "id {pk} NOT NULL PRIMARY KEY, code VARCHAR(2) NOT NULL UNIQUE, \
        name VARCHAR(100) NOT NULL, currency VARCHAR(3) NOT NULL, time_zone VARCHAR(64) NOT NULL, \
        first_month INTEGER NOT NULL, indian_grouping BOOLEAN NOT NULL, created_at BIGINT NOT NULL",
};

crate::tables! {
    name: "m20261121_000002_catalogue",
    tables: [GROUPS, VOUCHER_TYPES, GST_RATES, TDS_SECTIONS, YEARS, STATES, CURRENCIES, COUNTRIES],
    indexes: [
        Index { name: "tds_sections_section", table: "tds_sections", columns: "section, valid_from" },
        Index { name: "gst_rates_valid", table: "gst_rates", columns: "country, valid_from" },
    ]
}
