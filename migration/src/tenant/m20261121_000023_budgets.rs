//! Budgets: what is planned for ledgers or groups, by month or for a whole period.
//!
//! A line is of a ledger, of a shared group (in master) or of a sub-group, and perhaps of a cost centre.
//! Amounts are above zero on the usual side of the ledger's or group's nature. `month` is year × 100 +
//! month, or 0 for the whole period. Lines are written anew with each change; the edit log keeps them all.

use crate::ddl::{Index, Table};

const BUDGETS: Table = Table {
    name: "budgets",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, name VARCHAR(100) NOT NULL, \
        name_key VARCHAR(100) NOT NULL, starts_on DATE NOT NULL, ends_on DATE NOT NULL, \
        description VARCHAR(500) NULL, archived_at BIGINT NULL, version INTEGER NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (business_id, name_key), \
        FOREIGN KEY (business_id) REFERENCES businesses (id), CHECK (starts_on <= ends_on)",
};

const LINES: Table = Table {
    name: "budget_lines",
    columns: "id {pk} NOT NULL PRIMARY KEY, budget_id BIGINT NOT NULL, line INTEGER NOT NULL, \
        ledger_id BIGINT NULL, group_id BIGINT NULL, subgroup_id BIGINT NULL, centre_id BIGINT NULL, \
        basis VARCHAR(20) NOT NULL, UNIQUE (budget_id, line), \
        FOREIGN KEY (budget_id) REFERENCES budgets (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id), \
        FOREIGN KEY (subgroup_id) REFERENCES account_subgroups (id), \
        FOREIGN KEY (centre_id) REFERENCES cost_centres (id), \
        CHECK (basis IN ('NET_MOVEMENT', 'CLOSING_BALANCE')), \
        CHECK ((CASE WHEN ledger_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN group_id IS NULL THEN 0 \
        ELSE 1 END) + (CASE WHEN subgroup_id IS NULL THEN 0 ELSE 1 END) = 1)",
};

const AMOUNTS: Table = Table {
    name: "budget_amounts",
    columns: "line_id BIGINT NOT NULL, month INTEGER NOT NULL, amount BIGINT NOT NULL, \
        PRIMARY KEY (line_id, month), FOREIGN KEY (line_id) REFERENCES budget_lines (id)",
};

crate::tables! {
    name: "m20261121_000023_budgets",
    tables: [BUDGETS, LINES, AMOUNTS],
    indexes: [
        Index { name: "budgets_business", table: "budgets", columns: "business_id, starts_on, id" },
    ]
}
