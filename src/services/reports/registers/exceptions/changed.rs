//! Vouchers that were cancelled or amended: the acts, with the version that no longer stands.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::id::{UserId, VoucherActId, VoucherId};
use daybook_entity::tenant::books::ActKind;
use sea_orm::{ActiveEnum, ConnectionTrait, QueryResult, Value};

use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{list, statement},
    },
    error::{Error, Result},
    lane::{
        PostedVoucher,
        stored::{HEADER, HEADER_COLUMNS, current, voucher},
    },
    services::reports::registers::{frame::Frame, known::Known},
};

/// An act on a voucher.
#[derive(Debug, Clone)]
pub struct Act {
    /// Its number.
    pub id: VoucherActId,
    /// What was done.
    pub kind: ActKind,
    /// To which version.
    pub version: i32,
    /// Cancelled, amended: the day of that version.
    pub dated: NaiveDate,
    /// Why.
    pub reason: Option<String>,
    /// The voucher that has to do with it, such as the one that reverses this.
    pub related: Option<PostedVoucher>,
    /// Who did it.
    pub acted_by: Option<UserId>,
    /// When it was stored, UTC milliseconds.
    pub recorded_at: i64,
}

/// A voucher that was changed.
#[derive(Debug, Clone)]
pub struct ChangedVoucher {
    /// The act.
    pub act: Act,
    /// The voucher in the version that no longer stands.
    pub voucher: PostedVoucher,
}

const ACT: &str = "a.id, a.kind, a.version, a.dated, a.reason, a.related_voucher_id, a.acted_by, \
     a.recorded_at";

/// Acts by which versions dated in the range were cancelled or amended.
pub(super) async fn read(
    conn: &impl ConnectionTrait,
    frame: &Frame,
    ask: &PageAsk,
) -> Result<Page<ChangedVoucher>> {
    let backend = conn.get_database_backend();
    let (recorded, recorded_bind) = frame.known.of("a");
    let mut text = format!(
        "FROM voucher_acts a WHERE a.business_id IN ({}) AND a.dated >= ? AND a.dated <= ? \
         AND a.kind IN ('CANCELLED', 'AMENDED'){recorded}",
        list(frame.businesses.len())
    );
    let mut binds: Vec<Value> = frame.businesses.iter().map(|one| one.id.get().into()).collect();
    binds.extend([Value::from(frame.from), Value::from(frame.to)]);
    binds.extend(recorded_bind);
    let total = count(conn, ask, &text, &binds).await?;
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [day, id] = key else { return Err(bad()) };
        let day: NaiveDate = day.parse().map_err(|_| bad())?;
        let id: i64 = id.parse().map_err(|_| bad())?;
        text.push_str(" AND (a.dated > ? OR (a.dated = ? AND a.id > ?))");
        binds.extend([Value::from(day), Value::from(day), Value::from(id)]);
    }
    let text = format!(
        "SELECT {HEADER}, {ACT} FROM (SELECT a.* {text} ORDER BY a.dated, a.id LIMIT {}) a \
         JOIN vouchers v ON v.id = a.voucher_id \
         JOIN voucher_versions w ON w.voucher_id = a.voucher_id AND w.version = a.version \
         ORDER BY a.dated, a.id",
        ask.first.saturating_add(1)
    );
    let rows = conn.query_all_raw(statement(backend, &text, binds)).await?;
    let mut acts = Vec::with_capacity(rows.len());
    let mut vouchers = Vec::with_capacity(rows.len());
    for row in &rows {
        acts.push(act(row, HEADER_COLUMNS)?);
        vouchers.push(voucher(row)?);
    }
    let acts = related(conn, acts).await?;
    let rows = acts.into_iter().zip(vouchers).map(|(act, voucher)| ChangedVoucher { act, voucher });
    Ok(Page::cut(rows.collect(), ask, total, |row: &ChangedVoucher| {
        vec![row.act.dated.to_string(), row.act.id.to_string()]
    }))
}

/// A page of the acts on a voucher, in the order in which they were done.
///
/// # Errors
/// A cursor that is none, or a database that cannot be read.
pub async fn acts_of(
    conn: &impl ConnectionTrait,
    id: VoucherId,
    known: Known,
    ask: &PageAsk,
) -> Result<Page<Act>> {
    let backend = conn.get_database_backend();
    let (recorded, recorded_bind) = known.of("a");
    let mut text = format!("FROM voucher_acts a WHERE a.voucher_id = ?{recorded}");
    let mut binds: Vec<Value> = vec![id.get().into()];
    binds.extend(recorded_bind);
    let total = count(conn, ask, &text, &binds).await?;
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [id] = key else { return Err(bad()) };
        text.push_str(" AND a.id > ?");
        binds.push(id.parse::<i64>().map_err(|_| bad())?.into());
    }
    let text = format!("SELECT {ACT} {text} ORDER BY a.id LIMIT {}", ask.first.saturating_add(1));
    let rows = conn.query_all_raw(statement(backend, &text, binds)).await?;
    let acts = rows.iter().map(|row| act(row, 0)).collect::<Result<_>>()?;
    let acts = related(conn, acts).await?;
    Ok(Page::cut(acts, ask, total, |act| vec![act.id.to_string()]))
}

async fn count(
    conn: &impl ConnectionTrait,
    ask: &PageAsk,
    from: &str,
    binds: &[Value],
) -> Result<u64> {
    if !ask.wants_total {
        return Ok(0);
    }
    let backend = conn.get_database_backend();
    let text = format!("SELECT COUNT(*) {from}");
    let row = conn.query_one_raw(statement(backend, &text, binds.to_vec())).await?;
    let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
}

/// An act as it is read, with the number of the voucher that has to do with it.
fn act(row: &QueryResult, at: usize) -> Result<(Act, Option<VoucherId>)> {
    let kind: String = row.try_get_by_index(at + 1)?;
    let related: Option<i64> = row.try_get_by_index(at + 5)?;
    let acted_by: Option<i64> = row.try_get_by_index(at + 6)?;
    let act = Act {
        id: VoucherActId::new(row.try_get_by_index(at)?),
        kind: ActKind::try_from_value(&kind)?,
        version: row.try_get_by_index(at + 2)?,
        dated: row.try_get_by_index(at + 3)?,
        reason: row.try_get_by_index(at + 4)?,
        related: None,
        acted_by: acted_by.map(UserId::new),
        recorded_at: row.try_get_by_index(at + 7)?,
    };
    Ok((act, related.map(VoucherId::new)))
}

/// Fills in the vouchers that have to do with acts.
async fn related(
    conn: &impl ConnectionTrait,
    acts: Vec<(Act, Option<VoucherId>)>,
) -> Result<Vec<Act>> {
    let ids: Vec<VoucherId> = acts.iter().filter_map(|(_, related)| *related).collect();
    let found: HashMap<VoucherId, PostedVoucher> =
        current(conn, &ids).await?.into_iter().map(|one| (one.id, one)).collect();
    let acts = acts.into_iter().map(|(act, related)| Act {
        related: related.and_then(|related| found.get(&related).cloned()),
        ..act
    });
    Ok(acts.collect())
}
