//! Gains and losses of settlements at other rates than their bills were opened at.

use chrono::NaiveDate;
use daybook_domain::{
    id::{BillId, BusinessId, EntryId, LedgerId, VoucherId},
    money::Money,
    role::Permission,
};
use daybook_entity::tenant::business::business;
use sea_orm::{ConnectionTrait, QueryResult, Value};

use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{statement, sum},
    },
    error::{Error, Result},
    lane::EXCHANGE_GAIN,
    scope::TenantScope,
    services::books::chart::{self, Asked},
};

/// Most days of one report.
const DAYS_MAX: i64 = 3_660;

/// The report.
#[derive(Debug)]
pub struct Realised {
    /// Whose.
    pub business: business::Model,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// All gains less all losses.
    pub net: Money,
    /// The pages of lines that were asked for.
    pub pages: Vec<Page<RealisedLine>>,
}

/// A gain or loss.
#[derive(Debug, Clone)]
pub struct RealisedLine {
    /// In whose books.
    pub business: BusinessId,
    /// The entry on Foreign Exchange Gain or Loss.
    pub entry: EntryId,
    /// Its day.
    pub day: NaiveDate,
    /// The voucher.
    pub voucher: VoucherId,
    /// The party; none for what somebody posted there by hand.
    pub party: Option<LedgerId>,
    /// The bill.
    pub bill: Option<BillId>,
    /// A gain; a loss below zero.
    pub gain: Money,
}

/// Reads the gains and losses of a range of days.
///
/// # Errors
/// No permission, arguments that cannot be used, or a database that cannot be read.
pub async fn read(
    scope: &TenantScope,
    business: Asked,
    (from, to): (NaiveDate, NaiveDate),
    asks: &[PageAsk],
) -> Result<Realised> {
    scope.require(Permission::ReportRead)?;
    if to < from || to.signed_duration_since(from).num_days() > DAYS_MAX {
        let why =
            format!("the last day is not before the first, nor over {DAYS_MAX} days after it");
        return Err(Error::bad_input("to", why));
    }
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let chart = chart::at(scope, &snapshot).await?;
    let business = chart.asked(scope, business)?.clone();
    let mut report = Realised { business, from, to, net: Money::ZERO, pages: Vec::new() };
    let Some(ledger) = chart.system_ledger(report.business.id, EXCHANGE_GAIN) else {
        report.pages = asks.iter().map(|ask| Page::cut(Vec::new(), ask, 0, |_| vec![])).collect();
        return Ok(report);
    };
    let conn = snapshot.conn();
    let backend = conn.get_database_backend();
    let range = [Value::from(ledger.get()), Value::from(from), Value::from(to)];
    let text = format!(
        "SELECT {}, {} FROM voucher_ledger_entries e \
         WHERE e.ledger_id = ? AND e.dated >= ? AND e.dated <= ?",
        sum(backend, "e.effect * (e.credit - e.debit)"),
        sum(backend, "e.effect"),
    );
    let mut total = 0;
    if let Some(row) = conn.query_one_raw(statement(backend, &text, range.clone())).await? {
        let net: Option<i64> = row.try_get_by_index(0)?;
        let count: Option<i64> = row.try_get_by_index(1)?;
        report.net = Money::from_minor(net.unwrap_or(0));
        total = u64::try_from(count.unwrap_or(0)).unwrap_or(0);
    }
    for ask in asks {
        let mut binds = range.to_vec();
        let mut text = LINES.to_owned();
        if let Some(key) = ask.after.as_deref() {
            let bad = || Error::bad_input("after", "this is not a cursor of this list");
            let [day, id] = key else { return Err(bad()) };
            let day: NaiveDate = day.parse().map_err(|_| bad())?;
            let id: i64 = id.parse().map_err(|_| bad())?;
            text.push_str(" AND (e.dated > ? OR (e.dated = ? AND e.id > ?))");
            binds.extend([Value::from(day), Value::from(day), Value::from(id)]);
        }
        text.push_str(&format!(" ORDER BY e.dated, e.id LIMIT {}", ask.first.saturating_add(1)));
        let rows = conn.query_all_raw(statement(backend, &text, binds)).await?;
        let lines = rows.iter().map(|row| line(report.business.id, row)).collect::<Result<_>>()?;
        report.pages.push(Page::cut(lines, ask, total, |line: &RealisedLine| {
            vec![line.day.to_string(), line.entry.to_string()]
        }));
    }
    Ok(report)
}

/// Entries that stand on the gain ledger. The one before it in its voucher is the party's, which moves
/// value alone; the bill row of that one names the bill.
const LINES: &str = "SELECT e.id, e.dated, w.voucher_id, e.credit - e.debit AS gain, p.ledger_id, \
     b.bill_id FROM voucher_ledger_entries e JOIN voucher_versions w ON w.id = e.version_id \
     LEFT JOIN voucher_ledger_entries t ON t.version_id = e.version_id AND t.line = e.line \
     AND t.effect = -1 \
     LEFT JOIN voucher_ledger_entries p ON p.version_id = e.version_id AND p.line = e.line - 1 \
     AND p.effect = 1 AND p.currency_amount = 0 \
     LEFT JOIN bill_wise_details b ON b.version_id = e.version_id AND b.entry_line = e.line - 1 \
     AND b.effect = 1 AND b.kind = 'AGAINST' AND b.currency_amount = 0 \
     WHERE e.ledger_id = ? AND e.dated >= ? AND e.dated <= ? AND e.effect = 1 \
     AND t.version_id IS NULL";

fn line(business: BusinessId, row: &QueryResult) -> Result<RealisedLine> {
    let party: Option<i64> = row.try_get_by_index(4)?;
    let bill: Option<i64> = row.try_get_by_index(5)?;
    Ok(RealisedLine {
        business,
        entry: EntryId::new(row.try_get_by_index(0)?),
        day: row.try_get_by_index(1)?,
        voucher: VoucherId::new(row.try_get_by_index(2)?),
        gain: Money::from_minor(row.try_get_by_index(3)?),
        party: party.map(LedgerId::new),
        bill: bill.map(BillId::new),
    })
}
