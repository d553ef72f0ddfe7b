//! Which vouchers a bank has confirmed: they stay as they are until that is undone.

use std::collections::HashSet;

use daybook_domain::id::VoucherId;
use sea_orm::{ConnectionTrait, Value};

use crate::{
    db::sql::{list, statement},
    error::Result,
};

/// Those of these vouchers of which an entry is in a match that stands.
///
/// # Errors
/// When the database cannot be read.
pub async fn reconciled(
    conn: &impl ConnectionTrait,
    ids: &[VoucherId],
) -> Result<HashSet<VoucherId>> {
    let mut found = HashSet::new();
    for chunk in ids.chunks(500) {
        let sql = format!(
            "SELECT voucher_id FROM bank_match_entries \
             WHERE voucher_id IN ({}) AND live_entry_id IS NOT NULL",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get()));
        let ask = statement(conn.get_database_backend(), &sql, binds);
        for row in conn.query_all_raw(ask).await? {
            found.insert(VoucherId::new(row.try_get_by_index(0)?));
        }
    }
    Ok(found)
}
