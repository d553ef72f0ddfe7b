//! Files beside vouchers. One that was taken off stays, with who did it and why.

use crate::ddl::{Index, Table};

const ATTACHMENTS: Table = Table {
    name: "voucher_attachments",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, voucher_id BIGINT NOT NULL, \
        file_id BIGINT NOT NULL, note VARCHAR(500) NULL, attached_by BIGINT NOT NULL, \
        attached_at BIGINT NOT NULL, detached_by BIGINT NULL, detached_at BIGINT NULL, \
        reason VARCHAR(500) NULL, \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (voucher_id) REFERENCES vouchers (id), \
        FOREIGN KEY (file_id) REFERENCES stored_files (id), \
        FOREIGN KEY (attached_by) REFERENCES users (id), \
        FOREIGN KEY (detached_by) REFERENCES users (id), UNIQUE (file_id)",
};

crate::tables! {
    name: "m20261121_000015_attachments",
    tables: [ATTACHMENTS],
    indexes: [
        Index {
            name: "attachments_voucher",
            table: "voucher_attachments",
            columns: "voucher_id, id",
        },
    ]
}
