//! Numbers of a series that no voucher has. A series begins with 1 and goes up to the number that it gives
//! out next.

use std::collections::HashMap;

use daybook_domain::id::{BusinessId, SeriesId, VoucherId, VoucherTypeId};
use sea_orm::{ConnectionTrait, Value};

use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{list, statement},
    },
    error::{Error, Result},
    lane::PostedVoucher,
    lane::stored::current,
    services::reports::registers::frame::Frame,
};

/// Numbers that are missing, one after the other.
#[derive(Debug, Clone)]
pub struct NumberGap {
    /// In whose series.
    pub business: BusinessId,
    /// The series.
    pub series: SeriesId,
    /// What it numbers.
    pub voucher_type: VoucherTypeId,
    /// What stands before its numbers.
    pub prefix: String,
    /// The first that is missing.
    pub first: i64,
    /// The last that is missing.
    pub last: i64,
    /// The voucher with the number after it; none where the series has none.
    pub next: Option<PostedVoucher>,
}

/// Pages of the gaps in the series of the accounting years that the range touches.
pub(super) async fn read(
    conn: &impl ConnectionTrait,
    frame: &Frame,
    asks: &[PageAsk],
) -> Result<Vec<Page<NumberGap>>> {
    let mut pages = Vec::with_capacity(asks.len());
    for ask in asks {
        let after = match ask.after.as_deref() {
            None => None,
            Some([series, first]) => {
                let number = |text: &String| text.parse::<i64>().map_err(|_| not_ours());
                Some((number(series)?, number(first)?))
            }
            Some(_) => return Err(not_ours()),
        };
        let (found, total) = gaps(conn, frame, after, ask).await?;
        let ids: Vec<VoucherId> = found.iter().filter_map(|(_, next)| *next).collect();
        let vouchers: HashMap<VoucherId, PostedVoucher> =
            current(conn, &ids).await?.into_iter().map(|one| (one.id, one)).collect();
        let rows: Vec<NumberGap> = found
            .into_iter()
            .map(|(gap, next)| NumberGap {
                next: next.and_then(|next| vouchers.get(&next).cloned()),
                ..gap
            })
            .collect();
        pages.push(Page::cut(rows, ask, total, |gap| {
            vec![gap.series.to_string(), gap.first.to_string()]
        }));
    }
    Ok(pages)
}

fn not_ours() -> Error {
    Error::bad_input("after", "this is not a cursor of this list")
}

/// Gaps with the voucher after each, and how many there are where that is asked.
async fn gaps(
    conn: &impl ConnectionTrait,
    frame: &Frame,
    after: Option<(i64, i64)>,
    ask: &PageAsk,
) -> Result<(Vec<(NumberGap, Option<VoucherId>)>, u64)> {
    let backend = conn.get_database_backend();
    let (recorded, recorded_bind) = frame.known.of("v");
    let mut base: Vec<Value> = frame.businesses.iter().map(|one| one.id.get().into()).collect();
    base.extend([Value::from(frame.to), Value::from(frame.from)]);
    // Beyond its last voucher a series has a gap up to the number that comes next. What that was at an
    // earlier moment is not kept, so as known then the last voucher ends the series.
    let tail = if recorded_bind.is_some() {
        String::new()
    } else {
        format!(
            " UNION ALL SELECT s.id, s.business_id, s.voucher_type_id, s.prefix, \
             COALESCE((SELECT MAX(v.sequence) FROM vouchers v WHERE v.series_id = s.id), 0), \
             s.next_number, NULL FROM voucher_series s WHERE {}",
            series(frame),
        )
    };
    let all = format!(
        "SELECT s.id AS series_id, s.business_id, s.voucher_type_id, s.prefix, \
         COALESCE(LAG(v.sequence) OVER (PARTITION BY v.series_id ORDER BY v.sequence), 0) AS had, \
         v.sequence AS has, v.id AS voucher_id FROM voucher_series s \
         JOIN vouchers v ON v.series_id = s.id WHERE {}{recorded}{tail}",
        series(frame),
    );
    let mut binds = base.clone();
    let is_now = recorded_bind.is_none();
    binds.extend(recorded_bind);
    if is_now {
        binds.extend(base);
    }
    let gaps = format!("SELECT * FROM ({all}) n WHERE has - had > 1");
    let mut total = 0;
    if ask.wants_total {
        let text = format!("SELECT COUNT(*) FROM ({gaps}) g");
        let row = conn.query_one_raw(statement(backend, &text, binds.clone())).await?;
        let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        total = u64::try_from(count.unwrap_or(0)).unwrap_or(0);
    }
    let beyond = match after {
        Some((series, first)) => {
            binds.extend([series.into(), series.into(), (first - 1).into()]);
            " WHERE series_id > ? OR (series_id = ? AND had > ?)"
        }
        None => "",
    };
    let text = format!(
        "SELECT series_id, business_id, voucher_type_id, prefix, had, has, voucher_id \
         FROM ({gaps}) g{beyond} ORDER BY series_id, had LIMIT {}",
        ask.first.saturating_add(1)
    );
    let mut found = Vec::new();
    for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
        let (had, has): (i64, i64) = (row.try_get_by_index(4)?, row.try_get_by_index(5)?);
        let next: Option<i64> = row.try_get_by_index(6)?;
        let gap = NumberGap {
            series: SeriesId::new(row.try_get_by_index(0)?),
            business: BusinessId::new(row.try_get_by_index(1)?),
            voucher_type: VoucherTypeId::new(row.try_get_by_index(2)?),
            prefix: row.try_get_by_index(3)?,
            first: had + 1,
            last: has - 1,
            next: None,
        };
        found.push((gap, next.map(VoucherId::new)));
    }
    Ok((found, total))
}

/// A condition on a series `s`: of these businesses, and of a year that the range touches, where it is of
/// a year.
fn series(frame: &Frame) -> String {
    format!(
        "s.business_id IN ({}) AND (s.year_id IS NULL OR EXISTS (SELECT 1 FROM business_years y \
         WHERE y.id = s.year_id AND y.starts_on <= ? AND y.ends_on >= ?))",
        list(frame.businesses.len())
    )
}
