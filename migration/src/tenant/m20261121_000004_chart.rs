//! The tenant's own chart: ledgers, sub-groups below the shared groups, and what it overrides.
//!
//! `group_id` and `voucher_type_id` name rows of the master database, which no key can check: the
//! service does. A ledger hangs below a shared group or below a sub-group; only Profit & Loss A/c
//! hangs below neither. Names are unique per business whatever their case: `name_key` is folded.

use crate::ddl::{Index, Table};

const SUBGROUPS: Table = Table {
    name: "account_subgroups",
    columns: "id {pk} NOT NULL PRIMARY KEY, parent_group_id BIGINT NULL, parent_subgroup_id BIGINT NULL, \
        name VARCHAR(100) NOT NULL, name_key VARCHAR(100) NOT NULL UNIQUE, archived_at BIGINT NULL, \
        version INTEGER NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
        FOREIGN KEY (parent_subgroup_id) REFERENCES account_subgroups (id), \
        CHECK ((parent_group_id IS NULL) <> (parent_subgroup_id IS NULL))",
};

const GROUP_OVERRIDES: Table = Table {
    name: "account_group_overrides",
    columns: "group_id {pk} NOT NULL PRIMARY KEY, is_hidden BOOLEAN NOT NULL, updated_at BIGINT NOT NULL",
};

const TYPE_OVERRIDES: Table = Table {
    name: "voucher_type_overrides",
    columns: "voucher_type_id {pk} NOT NULL PRIMARY KEY, numbering_prefix VARCHAR(16) NULL, \
        number_width INTEGER NULL, is_hidden BOOLEAN NOT NULL, updated_at BIGINT NOT NULL",
};

const LEDGERS: Table = Table {
    name: "ledgers",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, name VARCHAR(200) NOT NULL, \
        name_key VARCHAR(200) NOT NULL, group_id BIGINT NULL, subgroup_id BIGINT NULL, \
        system_code VARCHAR(32) NULL, tax_head VARCHAR(8) NULL, tax_direction VARCHAR(8) NULL, \
        currency VARCHAR(3) NULL, is_bill_wise BOOLEAN NOT NULL, credit_days INTEGER NULL, \
        description VARCHAR(500) NULL, archived_at BIGINT NULL, version INTEGER NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (business_id, name_key), \
        UNIQUE (business_id, system_code), FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (subgroup_id) REFERENCES account_subgroups (id), \
        CHECK (group_id IS NULL OR subgroup_id IS NULL)",
};

crate::tables! {
    name: "m20261121_000004_chart",
    tables: [SUBGROUPS, GROUP_OVERRIDES, TYPE_OVERRIDES, LEDGERS],
    indexes: [
        Index { name: "ledgers_group", table: "ledgers", columns: "business_id, group_id" },
    ]
}
