//! Which act an act undoes: an allocation is undone by its negative.

crate::column! {
    name: "m20261121_000008_undone_acts",
    table: "voucher_acts",
    column: "undoes_id",
    definition: "BIGINT NULL",
}
