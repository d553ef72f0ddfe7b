//! The entries that a cost centre bears, by date and by when they were posted.

use chrono::NaiveDate;
use daybook_domain::{
    id::{CostCentreId, LedgerId},
    money::Money,
};
use sea_orm::{ConnectionTrait, Value};

use super::frame::{Asking, Begins, Frame};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{list, statement, sum},
    },
    error::{Error, Result},
    lane::{
        PostedVoucher,
        stored::{HEADER, HEADER_COLUMNS, voucher},
    },
    scope::TenantScope,
    services::books::{chart::Asked, cost_centres},
};

/// What a centre bears of an entry.
#[derive(Debug, Clone)]
pub struct CostEntry {
    /// The voucher, in the version of the entry.
    pub voucher: PostedVoucher,
    /// The centre: the one asked for, or one below it.
    pub centre: CostCentreId,
    /// The entry's ledger.
    pub ledger: LedgerId,
    /// The entry's place in the voucher.
    pub entry_line: i32,
    /// What it bears of a debit.
    pub debit: Money,
    /// What it bears of a credit.
    pub credit: Money,
    id: i64,
}

/// A page of entries that a centre, or one below it, bears; nothing where the caller sees no such centre.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn of_centre(
    scope: &TenantScope,
    centre: Option<CostCentreId>,
    ledger: Option<LedgerId>,
    asking: Asking,
    ask: &PageAsk,
) -> Result<Option<(Frame, Page<CostEntry>)>> {
    scope.require(daybook_domain::role::Permission::ReportRead)?;
    let centres = cost_centres::centres(scope).await?;
    let Some(found) = centre.and_then(|id| centres.visible_centre(scope, id)) else {
        return Ok(None);
    };
    let businesses = Some(vec![Asked::This(found.business_id)]);
    let frame = Frame::of(scope, Asking { businesses, ..asking }, Begins::WithTheYear).await?;
    let own = centres.ordered.iter().filter(|id| centres.is_within(**id, found.id));
    let own: Vec<CostCentreId> = own.copied().collect();
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let conn = snapshot.conn();
    let backend = conn.get_database_backend();
    let (recorded, recorded_bind) = frame.known.of("s");
    let (twin, twin_bind) = frame.known.of("t");
    let of_ledger = if ledger.is_some() { " AND s.ledger_id = ?" } else { "" };
    let condition = format!(
        "s.centre_id IN ({}) AND s.dated >= ? AND s.dated <= ?{of_ledger}{recorded}",
        list(own.len())
    );
    let mut of_condition: Vec<Value> = own.iter().map(|id| Value::from(id.get())).collect();
    of_condition.extend([Value::from(frame.from), Value::from(frame.to)]);
    of_condition.extend(ledger.map(|id| Value::from(id.get())));
    of_condition.extend(recorded_bind);
    let total = if ask.wants_total {
        // A split and its twin count as none.
        let text = format!(
            "SELECT {} FROM cost_centre_splits s WHERE {condition}",
            sum(backend, "s.effect")
        );
        let row = conn.query_one_raw(statement(backend, &text, of_condition.clone())).await?;
        let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
        u64::try_from(count.unwrap_or(0)).unwrap_or(0)
    } else {
        0
    };
    let mut binds: Vec<Value> = twin_bind.into_iter().collect();
    binds.extend(of_condition);
    let mut beyond = "";
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [day, id] = key else { return Err(bad()) };
        let day: NaiveDate = day.parse().map_err(|_| bad())?;
        let id: i64 = id.parse().map_err(|_| bad())?;
        beyond = " AND (s.dated > ? OR (s.dated = ? AND s.id > ?))";
        binds.extend([Value::from(day), Value::from(day), Value::from(id)]);
    }
    let text = format!(
        "SELECT {HEADER}, s.id, s.centre_id, s.ledger_id, s.entry_line, s.debit, s.credit \
         FROM cost_centre_splits s LEFT JOIN cost_centre_splits t ON t.version_id = s.version_id \
         AND t.line = s.line AND t.effect = -1{twin} \
         JOIN voucher_versions w ON w.id = s.version_id JOIN vouchers v ON v.id = w.voucher_id \
         WHERE {condition} AND s.effect = 1 AND t.version_id IS NULL{beyond} \
         ORDER BY s.dated, s.id LIMIT {}",
        ask.first.saturating_add(1)
    );
    let mut rows = Vec::new();
    for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
        rows.push(CostEntry {
            voucher: voucher(&row)?,
            id: row.try_get_by_index(HEADER_COLUMNS)?,
            centre: CostCentreId::new(row.try_get_by_index(HEADER_COLUMNS + 1)?),
            ledger: LedgerId::new(row.try_get_by_index(HEADER_COLUMNS + 2)?),
            entry_line: row.try_get_by_index(HEADER_COLUMNS + 3)?,
            debit: Money::from_minor(row.try_get_by_index(HEADER_COLUMNS + 4)?),
            credit: Money::from_minor(row.try_get_by_index(HEADER_COLUMNS + 5)?),
        });
    }
    let key = |one: &CostEntry| vec![one.voucher.dated.to_string(), one.id.to_string()];
    Ok(Some((frame, Page::cut(rows, ask, total, key))))
}
