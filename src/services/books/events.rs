//! The outbox, as those who listen read it.

use daybook_domain::id::{BusinessId, VoucherId};
use sea_orm::{ConnectionTrait, Value};

use crate::{
    db::sql::statement,
    error::Result,
    lane::{Fence, writing::VOUCHER_POSTED},
    scope::TenantScope,
};

/// That a voucher was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoucherPosted {
    /// Number of the event; they rise without gaps.
    pub change_seq: i64,
    /// In whose books.
    pub business: Option<BusinessId>,
    /// Which voucher.
    pub voucher: Option<VoucherId>,
}

/// Most events that are read at once.
pub const EVENTS_MAX: usize = 100;

/// The first hundred vouchers posted after an event, in order.
///
/// # Errors
/// When the database cannot be read.
pub async fn vouchers_posted_after(scope: &TenantScope, after: i64) -> Result<Vec<VoucherPosted>> {
    let reader = scope.db.reader().await?;
    let sql = format!(
        "SELECT change_seq, business_id, subject_id FROM outbox \
         WHERE change_seq > ? AND kind = ? ORDER BY change_seq LIMIT {EVENTS_MAX}"
    );
    let conn = reader.conn();
    let binds = [Value::from(after), Value::from(VOUCHER_POSTED)];
    let rows = conn.query_all_raw(statement(conn.get_database_backend(), &sql, binds)).await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let business: Option<i64> = row.try_get_by_index(1)?;
        let voucher: Option<i64> = row.try_get_by_index(2)?;
        events.push(VoucherPosted {
            change_seq: row.try_get_by_index(0)?,
            business: business.map(BusinessId::new),
            voucher: voucher.map(VoucherId::new),
        });
    }
    Ok(events)
}

/// Number of the newest event.
///
/// # Errors
/// When the database cannot be read.
pub async fn newest(scope: &TenantScope) -> Result<i64> {
    let reader = scope.db.reader().await?;
    Ok(Fence::read(reader.conn()).await?.change_seq)
}
