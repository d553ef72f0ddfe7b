//! Tax returns that were filed, each for a period whose tax then stays as it was told to the State.

use crate::ddl::{Index, Table};

const FILINGS: Table = Table {
    name: "tax_filings",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, form VARCHAR(16) NOT NULL, \
        registration VARCHAR(32) NULL, period_from DATE NOT NULL, period_to DATE NOT NULL, \
        filed_on DATE NOT NULL, acknowledgement VARCHAR(50) NULL, recorded_by BIGINT NULL, \
        recorded_at BIGINT NOT NULL, withdrawn_at BIGINT NULL, withdrawn_by BIGINT NULL, \
        withdrawn_reason VARCHAR(500) NULL, \
        FOREIGN KEY (business_id) REFERENCES businesses (id), CHECK (period_from <= period_to), \
        CHECK (filed_on > period_from)",
};

crate::tables! {
    name: "m20261121_000029_tax_filings",
    tables: [FILINGS],
    indexes: [
        Index {
            name: "filings_business",
            table: "tax_filings",
            columns: "business_id, period_to, id",
        },
    ]
}
