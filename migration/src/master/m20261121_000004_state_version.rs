//! A version for States, so that a stale edit is noticed.

crate::column! {
    name: "m20261121_000004_state_version",
    table: "states",
    column: "version",
    definition: "INTEGER NOT NULL DEFAULT 1",
}
