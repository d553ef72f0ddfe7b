//! Voucher types of the tenant's own, each derived from a shared one, and what follows their numbers.
//!
//! An own type takes its id from the same range as shared ones take theirs, so that a voucher names either
//! in one column.

use crate::ddl::{Table, add_column, create, drop_all, drop_column};

const TYPES: Table = Table {
    name: "own_voucher_types",
    columns: "id {pk} NOT NULL PRIMARY KEY, shared_type_id BIGINT NOT NULL, code VARCHAR(8) NOT NULL UNIQUE, \
        name VARCHAR(60) NOT NULL, name_key VARCHAR(60) NOT NULL UNIQUE, \
        numbering_prefix VARCHAR(16) NOT NULL, number_suffix VARCHAR(16) NOT NULL, \
        number_width INTEGER NOT NULL, archived_at BIGINT NULL, version INTEGER NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL",
};

crate::migration! {
    name: "m20261121_000027_own_voucher_types",
    up: |manager| {
        create(manager, TYPES).await?;
        add_column(manager, "voucher_type_overrides", "number_suffix", "VARCHAR(16) NULL").await
    },
    down: |manager| {
        drop_column(manager, "voucher_type_overrides", "number_suffix").await?;
        drop_all(manager, &[TYPES]).await
    }
}
