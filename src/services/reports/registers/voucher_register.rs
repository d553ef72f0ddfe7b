//! The day book and the registers: vouchers that stand, by date and by when they were stored, the oldest
//! first; how many there are, and what they come to by month.

use chrono::NaiveDate;
use daybook_domain::{money::Money, voucher::BaseType};
use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::{
    frame::{Asking, Begins, Frame},
    known::Known,
};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{list, statement, sum},
    },
    error::{Error, Result},
    lane::{
        PostedVoucher,
        stored::{HEADER, voucher},
    },
    scope::TenantScope,
};

/// A register of vouchers.
#[derive(Debug, Clone)]
pub struct Register {
    /// What it was asked of.
    pub frame: Frame,
    /// How many there are and what they come to; empty where it was not wanted.
    pub tally: Tally,
    /// The pages of months that were asked for.
    pub month_pages: Vec<Page<Month>>,
    /// The pages of vouchers that were asked for.
    pub pages: Vec<Page<PostedVoucher>>,
}

/// How many vouchers, and what they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// Sum of their totals.
    pub total: Money,
}

/// A month's vouchers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// First day of the month.
    pub begins: NaiveDate,
    /// How many, and what they come to.
    pub tally: Tally,
}

/// What of a register is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Whether number and sum of all vouchers are.
    pub tally: bool,
    /// Pages of months.
    pub months: Vec<PageAsk>,
    /// Pages of vouchers.
    pub vouchers: Vec<PageAsk>,
}

/// The day book: all vouchers of a day, or of a range of days, that count in the books.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn day_book(scope: &TenantScope, asking: Asking, wanted: &Wanted) -> Result<Register> {
    let frame = Frame::of(scope, asking, Begins::WithTheDay).await?;
    read(scope, frame, None, wanted).await
}

/// The register of vouchers that behave as one built-in type.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn of_type(
    scope: &TenantScope,
    base: BaseType,
    asking: Asking,
    wanted: &Wanted,
) -> Result<Register> {
    let frame = Frame::of(scope, asking, Begins::WithTheYear).await?;
    read(scope, frame, Some(base), wanted).await
}

async fn read(
    scope: &TenantScope,
    frame: Frame,
    base: Option<BaseType>,
    wanted: &Wanted,
) -> Result<Register> {
    let snapshot = scope.db.reader().await?.snapshot().await?;
    read_in(snapshot.conn(), frame, base, wanted).await
}

/// The day book, or the register of a type, from a state of the database that the caller holds.
///
/// # Errors
/// An argument that cannot be used, or a database that cannot be read.
pub async fn read_in(
    conn: &impl ConnectionTrait,
    frame: Frame,
    base: Option<BaseType>,
    wanted: &Wanted,
) -> Result<Register> {
    let shelf = Shelf { frame: &frame, base };
    let needs_tally = wanted.tally || wanted.vouchers.iter().any(|ask| ask.wants_total);
    let months = if needs_tally || !wanted.months.is_empty() {
        shelf.months(conn).await?
    } else {
        Vec::new()
    };
    let tally = months.iter().fold(Tally::default(), |sum, month| Tally {
        count: sum.count.saturating_add(month.tally.count),
        total: sum.total.saturating_add(month.tally.total),
    });
    let month_pages = wanted.months.iter().map(|ask| month_page(&months, ask));
    let month_pages = month_pages.collect::<Result<_>>()?;
    let mut pages = Vec::with_capacity(wanted.vouchers.len());
    for ask in &wanted.vouchers {
        pages.push(shelf.page(conn, ask, tally.count).await?);
    }
    Ok(Register { tally, month_pages, pages, frame })
}

/// Vouchers that stand, of the businesses, days and type that were asked for.
struct Shelf<'f> {
    frame: &'f Frame,
    base: Option<BaseType>,
}

impl Shelf<'_> {
    async fn page(
        &self,
        conn: &impl ConnectionTrait,
        ask: &PageAsk,
        total: i64,
    ) -> Result<Page<PostedVoucher>> {
        let Frame { from, to, .. } = *self.frame;
        let backend = conn.get_database_backend();
        let most = ask.first.saturating_add(1);
        let known = self.frame.known;
        let (ends, ends_bind) = with_end(known);
        let (recorded, recorded_bind) = known.of("w");
        // Asked of each version, so that versions are read in the order of their index.
        let of_type = match self.base {
            Some(_) => "= ?".to_owned(),
            None => format!("IN ({})", counting()),
        };
        let of_type = format!(
            " AND (SELECT b.base_type FROM vouchers b WHERE b.id = w.voucher_id) {of_type}"
        );
        let after = after(ask)?;
        let beyond = if after.is_some() { " AND (w.dated > ? OR w.id > ?)" } else { "" };
        let since = after.map_or(from, |(day, _)| day.max(from));
        let mut binds: Vec<Value> = Vec::new();
        // One part per business: each ends as soon as it has enough.
        let parts: Vec<String> = self
            .frame
            .businesses
            .iter()
            .enumerate()
            .map(|(place, business)| {
                binds.extend(ends_bind.clone());
                binds.extend([business.id.get().into(), since.into(), to.into()]);
                if let Some((day, id)) = after {
                    binds.extend([Value::from(day), Value::from(id)]);
                }
                binds.extend(self.base.map(|base| Value::from(base.code())));
                binds.extend(recorded_bind.clone());
                format!(
                    "SELECT * FROM (SELECT w.id AS version_id, w.dated AS version_day \
                     FROM voucher_versions w {ends} WHERE w.business_id = ? AND w.dated >= ? \
                     AND w.dated <= ?{beyond}{of_type} AND a.voucher_id IS NULL{recorded} \
                     ORDER BY w.dated, w.id LIMIT {most}) p{place}"
                )
            })
            .collect();
        let text = format!(
            "SELECT {HEADER} FROM ({}) k JOIN voucher_versions w ON w.id = k.version_id \
             JOIN vouchers v ON v.id = w.voucher_id \
             ORDER BY k.version_day, k.version_id LIMIT {most}",
            parts.join(" UNION ALL ")
        );
        let rows = conn.query_all_raw(statement(backend, &text, binds)).await?;
        let rows: Vec<PostedVoucher> = rows.iter().map(voucher).collect::<Result<_>>()?;
        let total = u64::try_from(total).unwrap_or(0);
        Ok(Page::cut(rows, ask, total, |voucher| {
            vec![voucher.dated.to_string(), voucher.version_id.to_string()]
        }))
    }

    /// The months that have vouchers, in order.
    async fn months(&self, conn: &impl ConnectionTrait) -> Result<Vec<Month>> {
        let backend = conn.get_database_backend();
        let known = self.frame.known;
        let (ends, ends_bind) = with_end(known);
        let (recorded, recorded_bind) = known.of("w");
        let of_type = match self.base {
            Some(_) => "= ?".to_owned(),
            None => format!("IN ({})", counting()),
        };
        let of_type = format!("JOIN vouchers b ON b.id = w.voucher_id AND b.base_type {of_type} ");
        let businesses = &self.frame.businesses;
        let month = month(backend, "w.dated");
        let text = format!(
            "SELECT {month}, COUNT(*), {} FROM voucher_versions w {of_type}{ends} \
             WHERE w.business_id IN ({}) AND w.dated >= ? AND w.dated <= ? \
             AND a.voucher_id IS NULL{recorded} GROUP BY {month} ORDER BY 1",
            sum(backend, "w.total"),
            list(businesses.len()),
        );
        let mut binds: Vec<Value> = self.base.map(|base| base.code().into()).into_iter().collect();
        binds.extend(ends_bind);
        binds.extend(businesses.iter().map(|one| Value::from(one.id.get())));
        binds.extend([Value::from(self.frame.from), Value::from(self.frame.to)]);
        binds.extend(recorded_bind);
        let mut months = Vec::new();
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let key: i64 = row.try_get_by_index(0)?;
            let total: Option<i64> = row.try_get_by_index(2)?;
            let tally = Tally {
                count: row.try_get_by_index(1)?,
                total: Money::from_minor(total.unwrap_or(0)),
            };
            let begins = month_of(key);
            let begins = begins.ok_or_else(|| Error::Internal(format!("no month {key}")))?;
            months.push(Month { begins, tally });
        }
        Ok(months)
    }
}

/// The built-in types that count in the books, as a list of texts in SQL.
fn counting() -> String {
    let codes = BaseType::EVERY.into_iter().filter(|base| base.affects_books());
    codes.map(|base| format!("'{}'", base.code())).collect::<Vec<_>>().join(", ")
}

/// Joins the act `a` by which a version `w` was cancelled or amended, and what that binds. A version
/// without one stands. (For NOT EXISTS, MariaDB would read all acts.)
fn with_end(known: Known) -> (String, Option<Value>) {
    let (recorded, bind) = known.of("a");
    let text = format!(
        "LEFT JOIN voucher_acts a ON a.voucher_id = w.voucher_id AND a.version = w.version \
         AND a.kind IN ('CANCELLED', 'AMENDED'){recorded}"
    );
    (text, bind)
}

fn after(ask: &PageAsk) -> Result<Option<(NaiveDate, i64)>> {
    let Some(key) = ask.after.as_deref() else { return Ok(None) };
    let bad = || Error::bad_input("after", "this is not a cursor of this list");
    let [day, id] = key else { return Err(bad()) };
    let day: NaiveDate = day.parse().map_err(|_| bad())?;
    let id: i64 = id.parse().map_err(|_| bad())?;
    Ok(Some((day, id)))
}

/// Year × 100 + month of a date, as a 64-bit number.
fn month(backend: DbBackend, column: &str) -> String {
    match backend {
        DbBackend::MySql => format!("CAST(YEAR({column}) * 100 + MONTH({column}) AS SIGNED)"),
        DbBackend::Postgres => format!(
            "CAST(EXTRACT(YEAR FROM {column}) * 100 + EXTRACT(MONTH FROM {column}) AS BIGINT)"
        ),
        _ => format!("CAST(strftime('%Y%m', {column}) AS BIGINT)"),
    }
}

fn month_of(key: i64) -> Option<NaiveDate> {
    let year = i32::try_from(key / 100).ok()?;
    NaiveDate::from_ymd_opt(year, u32::try_from(key % 100).ok()?, 1)
}

fn month_page(months: &[Month], ask: &PageAsk) -> Result<Page<Month>> {
    let bad = || Error::bad_input("after", "this is not a cursor of this list");
    let after: Option<NaiveDate> = match ask.after.as_deref() {
        None => None,
        Some([day]) => Some(day.parse().map_err(|_| bad())?),
        Some(_) => return Err(bad()),
    };
    let most = usize::try_from(ask.first).unwrap_or(usize::MAX).saturating_add(1);
    let rest = months.iter().filter(|month| after.is_none_or(|after| month.begins > after));
    let rows: Vec<Month> = rest.take(most).copied().collect();
    let total = u64::try_from(months.len()).unwrap_or(u64::MAX);
    Ok(Page::cut(rows, ask, total, |month| vec![month.begins.to_string()]))
}
