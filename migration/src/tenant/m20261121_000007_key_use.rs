//! When a machine's key was last used.

crate::column! {
    name: "m20261121_000007_key_use",
    table: "api_keys",
    column: "last_used_at",
    definition: "BIGINT NULL",
}
