//! What somebody posted in a business is found at once: roles that see only their own documents read by
//! it, and so do their sums.

use crate::ddl::Index;

/// The author first: the other way round, MySQL would take this index in place of the one that it keeps
/// for the reference to businesses, and could not give it up again.
const OWN: Index =
    Index { name: "vouchers_author", table: "vouchers", columns: "created_by, business_id" };

crate::index! {
    name: "m20261121_000010_own_vouchers",
    index: OWN,
}
