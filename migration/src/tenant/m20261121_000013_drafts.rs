//! Vouchers, and acts on them, that are not posted yet: kept apart from the posted tables, without a number.
//!
//! `content` is the whole command as JSON; what stands beside it is for lists. `makers` are the ids of the
//! users who wrote or submitted it, parted by one space: none of them approves it. The posted voucher is
//! written after its draft, so no reference can be checked there.

use crate::ddl::{Index, Table};

const DRAFTS: Table = Table {
    name: "voucher_drafts",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, action VARCHAR(16) NOT NULL, \
        voucher_id BIGINT NULL, content {text} NOT NULL, dated DATE NULL, \
        voucher_type_id BIGINT NULL, total VARCHAR(40) NULL, status VARCHAR(16) NOT NULL, \
        version INTEGER NOT NULL, makers {text} NOT NULL, created_by BIGINT NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, submitted_by BIGINT NULL, \
        submitted_at BIGINT NULL, decided_by BIGINT NULL, decided_at BIGINT NULL, \
        reason VARCHAR(500) NULL, result_voucher_id BIGINT NULL, \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (voucher_id) REFERENCES vouchers (id), \
        FOREIGN KEY (created_by) REFERENCES users (id), \
        CHECK (action IN ('POST', 'AMEND', 'CANCEL', 'REVERSE')), \
        CHECK (status IN ('OPEN', 'SUBMITTED', 'REJECTED', 'POSTED')), \
        CHECK (action = 'POST' OR voucher_id IS NOT NULL), \
        CHECK (status <> 'POSTED' OR result_voucher_id IS NOT NULL)",
};

crate::tables! {
    name: "m20261121_000013_drafts",
    tables: [DRAFTS],
    indexes: [
        Index {
            name: "drafts_business",
            table: "voucher_drafts",
            columns: "business_id, status, id",
        },
    ]
}
