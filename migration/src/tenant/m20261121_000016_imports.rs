//! Books that are brought along: what was found in a file, and what its names stand for here.
//!
//! The file itself is among the stored files. These rows are worked on until the import is applied or
//! discarded; what it posted stands in the books and in the edit log. `options`, `mapping` and `summary`
//! are JSON.

use crate::ddl::{Index, Table};

const IMPORTS: Table = Table {
    name: "imports",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, file_id BIGINT NOT NULL, \
        file_name VARCHAR(255) NOT NULL, sha256 VARCHAR(64) NOT NULL, format VARCHAR(16) NOT NULL, \
        kind VARCHAR(16) NOT NULL, state VARCHAR(16) NOT NULL, options {text} NOT NULL, \
        mapping {text} NOT NULL, summary {text} NOT NULL, errors BIGINT NOT NULL, \
        notes BIGINT NOT NULL, version INTEGER NOT NULL, created_by BIGINT NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, applied_by BIGINT NULL, \
        applied_at BIGINT NULL, FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (created_by) REFERENCES users (id), \
        CHECK (state IN ('STAGED', 'APPLIED', 'DISCARDED')), \
        CHECK ((state = 'APPLIED') = (applied_at IS NOT NULL))",
};

const FINDINGS: Table = Table {
    name: "import_findings",
    columns: "import_id BIGINT NOT NULL, place INTEGER NOT NULL, line BIGINT NULL, \
        record VARCHAR(400) NULL, severity VARCHAR(8) NOT NULL, code VARCHAR(32) NOT NULL, \
        message VARCHAR(400) NOT NULL, PRIMARY KEY (import_id, place), \
        FOREIGN KEY (import_id) REFERENCES imports (id), \
        CHECK (severity IN ('NOTE', 'ERROR'))",
};

crate::tables! {
    name: "m20261121_000016_imports",
    tables: [IMPORTS, FINDINGS],
    indexes: [
        Index {
            name: "imports_business",
            table: "imports",
            columns: "business_id, id",
        },
        Index {
            name: "imports_file",
            table: "imports",
            columns: "business_id, sha256",
        },
    ]
}
