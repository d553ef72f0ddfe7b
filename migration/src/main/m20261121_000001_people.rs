//! People who work for the platform, and their sessions.

use crate::ddl::{Index, Table};

const USERS: Table = Table {
    name: "platform_users",
    columns: "id {pk} NOT NULL PRIMARY KEY, email VARCHAR(254) NOT NULL, \
        email_key VARCHAR(254) NOT NULL UNIQUE, name VARCHAR(200) NOT NULL, \
        password_hash VARCHAR(255) NULL, role VARCHAR(16) NOT NULL, status VARCHAR(16) NOT NULL, \
        version INTEGER NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
        CHECK (role IN ('ADMIN', 'SUPPORT', 'SALESMAN', 'DISTRIBUTOR')), \
        CHECK (status IN ('INVITED', 'ACTIVE', 'DISABLED'))",
};

const SESSIONS: Table = Table {
    name: "platform_sessions",
    columns: "id {pk} NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, created_at BIGINT NOT NULL, \
        expires_at BIGINT NOT NULL, revoked_at BIGINT NULL, revoked_because VARCHAR(32) NULL, \
        FOREIGN KEY (user_id) REFERENCES platform_users (id)",
};

const REFRESH_TOKENS: Table = Table {
    name: "platform_refresh_tokens",
    columns: "token_hash VARCHAR(64) NOT NULL PRIMARY KEY, session_id BIGINT NOT NULL, \
        issued_at BIGINT NOT NULL, used_at BIGINT NULL, \
        FOREIGN KEY (session_id) REFERENCES platform_sessions (id)",
};

const CODES: Table = Table {
    name: "platform_one_time_codes",
    columns: "code_hash VARCHAR(64) NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, \
        purpose VARCHAR(16) NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, \
        used_at BIGINT NULL, FOREIGN KEY (user_id) REFERENCES platform_users (id), \
        CHECK (purpose IN ('INVITATION', 'PASSWORD_RESET'))",
};

crate::tables! {
    name: "m20261121_000001_people",
    tables: [USERS, SESSIONS, REFRESH_TOKENS, CODES],
    indexes: [
        Index { name: "platform_sessions_user", table: "platform_sessions", columns: "user_id" },
        Index { name: "platform_refresh_session", table: "platform_refresh_tokens", columns: "session_id" },
        Index { name: "platform_codes_user", table: "platform_one_time_codes", columns: "user_id" },
    ]
}
