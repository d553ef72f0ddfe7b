//! Files that people upload, and their bytes in parts: in the tenant's own database, with which they move.
//!
//! `attempt` counts the times that somebody began to send the bytes: only the newest may go on.

use crate::ddl::{Index, Table};

const FILES: Table = Table {
    name: "stored_files",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, \
        purpose VARCHAR(16) NOT NULL, name VARCHAR(200) NOT NULL, media_type VARCHAR(100) NOT NULL, \
        size BIGINT NOT NULL, sha256 VARCHAR(64) NULL, state VARCHAR(16) NOT NULL, \
        attempt INTEGER NOT NULL, created_by BIGINT NOT NULL, created_at BIGINT NOT NULL, \
        expires_at BIGINT NULL, \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (created_by) REFERENCES users (id), \
        CHECK (purpose IN ('ATTACHMENT', 'IMPORT', 'BANK_STATEMENT')), \
        CHECK (state IN ('AWAITED', 'STORED')), CHECK (size > 0), \
        CHECK (state = 'AWAITED' OR sha256 IS NOT NULL), \
        CHECK (state = 'STORED' OR expires_at IS NOT NULL)",
};

const CHUNKS: Table = Table {
    name: "stored_file_chunks",
    columns: "file_id BIGINT NOT NULL, part INTEGER NOT NULL, bytes {bytes} NOT NULL, \
        PRIMARY KEY (file_id, part), FOREIGN KEY (file_id) REFERENCES stored_files (id)",
};

crate::tables! {
    name: "m20261121_000014_files",
    tables: [FILES, CHUNKS],
    indexes: [
        Index { name: "stored_files_expiry", table: "stored_files", columns: "expires_at, id" },
    ]
}
