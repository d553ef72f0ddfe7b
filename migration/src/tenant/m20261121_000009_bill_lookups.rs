//! What has a bill open, and which bill rows a version or an act made, without reading all of a party's.

use crate::ddl::Index;

crate::tables! {
    name: "m20261121_000009_bill_lookups",
    tables: [],
    indexes: [
        Index { name: "bills_bill", table: "bill_wise_details", columns: "bill_id, dated" },
        Index { name: "bills_version", table: "bill_wise_details", columns: "version_id, line" },
        Index { name: "bills_act", table: "bill_wise_details", columns: "act_id, line" },
    ]
}
