//! Statements of banks, their lines, and what of the books each line was found to be.
//!
//! A line comes in once: its fingerprint is unique for its ledger. A match sets lines against entries; while
//! it stands, `live_line_id` and `live_entry_id` repeat the ids, so that none is in two matches, and they are
//! empty once it is undone. A voucher posted from a line is written after its match, so no reference to
//! entries can be checked there.

use crate::ddl::{Index, Table};

const ACCOUNTS: Table = Table {
    name: "bank_accounts",
    columns: "ledger_id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, \
        account VARCHAR(100) NULL, mapping {text} NULL, updated_at BIGINT NOT NULL, \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id)",
};

const STATEMENTS: Table = Table {
    name: "bank_statements",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, ledger_id BIGINT NOT NULL, \
        file_id BIGINT NULL, file_name VARCHAR(255) NOT NULL, format VARCHAR(16) NOT NULL, \
        sha256 VARCHAR(64) NOT NULL, account VARCHAR(100) NULL, from_date DATE NULL, \
        to_date DATE NULL, opening BIGINT NULL, closing BIGINT NULL, difference BIGINT NULL, \
        lines_new INTEGER NOT NULL, lines_known INTEGER NOT NULL, lines_refused INTEGER NOT NULL, \
        findings {text} NOT NULL, created_by BIGINT NULL, created_at BIGINT NOT NULL, \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id), \
        CHECK (format IN ('CSV', 'XLSX', 'OFX', 'MT940'))",
};

const LINES: Table = Table {
    name: "bank_lines",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, ledger_id BIGINT NOT NULL, \
        statement_id BIGINT NOT NULL, file_line INTEGER NOT NULL, dated DATE NOT NULL, \
        value_date DATE NULL, amount BIGINT NOT NULL, description {text} NOT NULL, \
        reference VARCHAR(200) NULL, counterpart VARCHAR(200) NULL, bank_reference VARCHAR(200) NULL, \
        balance BIGINT NULL, fingerprint VARCHAR(64) NOT NULL, ignored_by BIGINT NULL, \
        ignored_at BIGINT NULL, ignored_reason VARCHAR(500) NULL, created_at BIGINT NOT NULL, \
        UNIQUE (ledger_id, fingerprint), FOREIGN KEY (statement_id) REFERENCES bank_statements (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id)",
};

const MATCHES: Table = Table {
    name: "bank_matches",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, ledger_id BIGINT NOT NULL, \
        kind VARCHAR(16) NOT NULL, bank_date DATE NOT NULL, settled_on DATE NOT NULL, \
        amount BIGINT NOT NULL, score INTEGER NULL, matched_by BIGINT NULL, \
        matched_at BIGINT NOT NULL, undone_by BIGINT NULL, undone_at BIGINT NULL, \
        undone_reason VARCHAR(500) NULL, FOREIGN KEY (ledger_id) REFERENCES ledgers (id), \
        CHECK (kind IN ('STATEMENT', 'BY_HAND'))",
};

const MATCH_LINES: Table = Table {
    name: "bank_match_lines",
    columns: "id {pk} NOT NULL PRIMARY KEY, match_id BIGINT NOT NULL, line_id BIGINT NOT NULL, \
        live_line_id BIGINT NULL UNIQUE, FOREIGN KEY (match_id) REFERENCES bank_matches (id), \
        FOREIGN KEY (line_id) REFERENCES bank_lines (id)",
};

const MATCH_ENTRIES: Table = Table {
    name: "bank_match_entries",
    columns: "id {pk} NOT NULL PRIMARY KEY, match_id BIGINT NOT NULL, entry_id BIGINT NOT NULL, \
        voucher_id BIGINT NOT NULL, amount BIGINT NOT NULL, live_entry_id BIGINT NULL UNIQUE, \
        FOREIGN KEY (match_id) REFERENCES bank_matches (id)",
};

const RULES: Table = Table {
    name: "bank_rules",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, ledger_id BIGINT NULL, \
        name VARCHAR(200) NOT NULL, priority INTEGER NOT NULL, comparison VARCHAR(16) NOT NULL, \
        pattern VARCHAR(200) NOT NULL, side VARCHAR(16) NOT NULL, amount_min BIGINT NULL, \
        amount_max BIGINT NULL, target_ledger_id BIGINT NOT NULL, voucher_type_id BIGINT NULL, \
        narration VARCHAR(500) NULL, version INTEGER NOT NULL, created_at BIGINT NOT NULL, \
        updated_at BIGINT NOT NULL, FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (ledger_id) REFERENCES ledgers (id), \
        FOREIGN KEY (target_ledger_id) REFERENCES ledgers (id), \
        CHECK (comparison IN ('CONTAINS', 'EQUALS', 'REGEX')), \
        CHECK (side IN ('MONEY_IN', 'MONEY_OUT', 'EITHER'))",
};

crate::tables! {
    name: "m20261121_000021_bank_statements",
    tables: [ACCOUNTS, STATEMENTS, LINES, MATCHES, MATCH_LINES, MATCH_ENTRIES, RULES],
    indexes: [
        Index { name: "statements_ledger", table: "bank_statements", columns: "ledger_id, id" },
        Index { name: "bank_lines_day", table: "bank_lines", columns: "ledger_id, dated, id" },
        Index { name: "matches_ledger", table: "bank_matches", columns: "ledger_id, id" },
        Index { name: "match_lines_match", table: "bank_match_lines", columns: "match_id, line_id" },
        Index {
            name: "match_entries_match",
            table: "bank_match_entries",
            columns: "match_id, entry_id",
        },
        Index {
            name: "match_entries_voucher",
            table: "bank_match_entries",
            columns: "voucher_id, live_entry_id",
        },
        Index { name: "bank_rules_order", table: "bank_rules", columns: "business_id, priority, id" },
    ]
}
