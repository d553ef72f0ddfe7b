//! The tenant's people: users, their sessions, keys for machines, one-time codes.
//!
//! `permissions_added` and `permissions_removed` adjust the role's preset: permission words
//! separated by one space. Secrets are stored as SHA-256 in hexadecimal, passwords as argon2id.

use crate::ddl::{Index, Table};

const USERS: Table = Table {
    name: "users",
    columns: "id {pk} NOT NULL PRIMARY KEY, email VARCHAR(254) NOT NULL, \
        email_key VARCHAR(254) NOT NULL UNIQUE, name VARCHAR(200) NOT NULL, \
        phone VARCHAR(32) NULL, password_hash VARCHAR(255) NULL, role VARCHAR(16) NOT NULL, \
        permissions_added {text} NOT NULL, permissions_removed {text} NOT NULL, \
        all_businesses BOOLEAN NOT NULL, status VARCHAR(16) NOT NULL, version INTEGER NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
        CHECK (role IN ('OWNER', 'ACCOUNTANT', 'CASHIER', 'STAFF', 'VIEWER', 'AGENT')), \
        CHECK (status IN ('INVITED', 'ACTIVE', 'DISABLED'))",
};

const USER_BUSINESSES: Table = Table {
    name: "user_businesses",
    columns: "user_id BIGINT NOT NULL, business_id BIGINT NOT NULL, PRIMARY KEY (user_id, business_id), \
        FOREIGN KEY (user_id) REFERENCES users (id)",
};

const SESSIONS: Table = Table {
    name: "sessions",
    columns: "id {pk} NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, created_at BIGINT NOT NULL, \
        expires_at BIGINT NOT NULL, revoked_at BIGINT NULL, revoked_because VARCHAR(32) NULL, \
        FOREIGN KEY (user_id) REFERENCES users (id)",
};

const REFRESH_TOKENS: Table = Table {
    name: "refresh_tokens",
    columns: "token_hash VARCHAR(64) NOT NULL PRIMARY KEY, session_id BIGINT NOT NULL, \
        issued_at BIGINT NOT NULL, used_at BIGINT NULL, \
        FOREIGN KEY (session_id) REFERENCES sessions (id)",
};

const API_KEYS: Table = Table {
    name: "api_keys",
    columns: "id {pk} NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, name VARCHAR(100) NOT NULL, \
        secret_hash VARCHAR(64) NOT NULL UNIQUE, scopes {text} NOT NULL, created_at BIGINT NOT NULL, \
        expires_at BIGINT NULL, revoked_at BIGINT NULL, FOREIGN KEY (user_id) REFERENCES users (id)",
};

const CODES: Table = Table {
    name: "one_time_codes",
    columns: "code_hash VARCHAR(64) NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, \
        purpose VARCHAR(16) NOT NULL, created_by BIGINT NULL, created_at BIGINT NOT NULL, \
        expires_at BIGINT NOT NULL, used_at BIGINT NULL, \
        FOREIGN KEY (user_id) REFERENCES users (id), \
        CHECK (purpose IN ('INVITATION', 'PASSWORD_RESET'))",
};

crate::tables! {
    name: "m20261121_000002_people",
    tables: [USERS, USER_BUSINESSES, SESSIONS, REFRESH_TOKENS, API_KEYS, CODES],
    indexes: [
        Index { name: "sessions_user", table: "sessions", columns: "user_id" },
        Index { name: "refresh_tokens_session", table: "refresh_tokens", columns: "session_id" },
        Index { name: "api_keys_user", table: "api_keys", columns: "user_id" },
        Index { name: "one_time_codes_user", table: "one_time_codes", columns: "user_id" },
    ]
}
