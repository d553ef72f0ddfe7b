//! Bills of parties: what is open of each, and amounts set against them later.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    currency::CurrencyCode,
    id::{BillId, BusinessId, LedgerId, VoucherActId, VoucherId},
    money::Money,
    role::Permission,
};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};

use super::{
    acts::{WrittenAct, act_on},
    chart::{self, Asked, Chart},
    exchange_ledgers,
    vouchers::{Wrong, check_key, perform},
};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{self, statement, sum},
    },
    error::{Code, Error, Result},
    lane::{
        Claim, Deed, Posted,
        posting::{Allocate, Allocation, Settle},
    },
    scope::TenantScope,
};

/// A bill and what is open of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Its identity.
    pub id: BillId,
    /// In whose books.
    pub business: BusinessId,
    /// The party.
    pub ledger: LedgerId,
    /// Its number.
    pub reference: Option<String>,
    /// Its date.
    pub dated: NaiveDate,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// The voucher that opened it.
    pub voucher: VoucherId,
    /// Paid in advance, before there was a bill.
    pub is_advance: bool,
    /// What it came to; a debit above zero.
    pub amount: Money,
    /// What is open at the day asked for; a debit above zero.
    pub open: Money,
    /// The same in the ledger's currency, where it has one of its own.
    pub abroad: Option<InLedger>,
}

/// A bill in the currency of its ledger; debits above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InLedger {
    /// Which currency.
    pub currency: CurrencyCode,
    /// What it came to.
    pub amount: Money,
    /// What is open at the day asked for.
    pub open: Money,
}

/// Which bills to list.
#[derive(Debug, Clone, Copy)]
pub struct BillFilter {
    /// Of this party.
    pub ledger: Option<LedgerId>,
    /// As at the end of this day.
    pub as_at: Option<NaiveDate>,
    /// Only those of which something is open then.
    pub open_only: bool,
}

/// A page of bills by due date, the earliest first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    filter: BillFilter,
    ask: &PageAsk,
) -> Result<Page<Bill>> {
    scope.require(Permission::ReportRead)?;
    let chart = chart::chart(scope).await?;
    let business = chart.asked(scope, business)?;
    let as_at = filter.as_at.unwrap_or_else(|| scope.clock.today(&business.time_zone));
    let reader = scope.db.reader().await?;
    list_in(reader.conn(), business.id, as_at, filter, ask).await
}

/// A page of bills of a business as at a day, from a state of the database that the caller holds.
///
/// # Errors
/// A cursor of another list, or a database that cannot be read.
pub async fn list_in(
    conn: &impl ConnectionTrait,
    business: BusinessId,
    as_at: NaiveDate,
    filter: BillFilter,
    ask: &PageAsk,
) -> Result<Page<Bill>> {
    let backend = conn.get_database_backend();
    let mut text = bills_as_at(backend);
    let mut binds: Vec<Value> =
        vec![as_at.into(), as_at.into(), business.get().into(), as_at.into()];
    if let Some(ledger) = filter.ledger {
        text.push_str(" AND b.ledger_id = ?");
        binds.push(ledger.get().into());
    }
    let filtered = if filter.open_only { " WHERE q.left_open <> 0" } else { "" };
    let total = if ask.wants_total {
        let sql = format!("SELECT COUNT(*) FROM ({text}) q{filtered}");
        let row = conn.query_one_raw(statement(backend, &sql, binds.clone())).await?;
        row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or(0)
    } else {
        0
    };
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [day, id] = key else { return Err(bad()) };
        let day: NaiveDate = day.parse().map_err(|_| bad())?;
        let id: i64 = id.parse().map_err(|_| bad())?;
        let due = "COALESCE(b.due_on, b.dated)";
        text.push_str(&format!(" AND ({due} > ? OR ({due} = ? AND b.bill_id > ?))"));
        binds.extend([Value::from(day), Value::from(day), Value::from(id)]);
    }
    let sql = format!(
        "SELECT * FROM ({text}) q{filtered} ORDER BY COALESCE(q.due_on, q.dated), q.bill_id LIMIT {}",
        ask.first + 1
    );
    let mut bills = Vec::new();
    for row in conn.query_all_raw(statement(backend, &sql, binds)).await? {
        bills.push(bill(business, &row)?);
    }
    let total = u64::try_from(total).unwrap_or(0);
    Ok(Page::cut(bills, ask, total, |bill| {
        vec![bill.due_on.unwrap_or(bill.dated).to_string(), bill.id.to_string()]
    }))
}

/// All bills of a business of which something is open, whatever their day.
///
/// # Errors
/// When the database cannot be read.
pub async fn open_ones(conn: &impl ConnectionTrait, business: BusinessId) -> Result<Vec<Bill>> {
    let backend = conn.get_database_backend();
    let text = format!("SELECT * FROM ({}) q WHERE q.left_open <> 0", bills_as_at(backend));
    let last = NaiveDate::from_ymd_opt(9_999, 12, 31).unwrap_or_default();
    let binds = [Value::from(last), last.into(), business.get().into(), last.into()];
    let rows = conn.query_all_raw(statement(backend, &text, binds)).await?;
    rows.iter().map(|row| bill(business, row)).collect()
}

/// One bill as it stands today, if the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: BillId) -> Result<Option<Bill>> {
    scope.require(Permission::ReportRead)?;
    let chart = chart::chart(scope).await?;
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let backend = conn.get_database_backend();
    let sql = "SELECT business_id, dated FROM bill_wise_details WHERE id = ? AND bill_id = ?";
    let ask = statement(backend, sql, [id.get().into(), id.get().into()]);
    let Some(row) = conn.query_one_raw(ask).await? else { return Ok(None) };
    let business = chart.visible(scope, BusinessId::new(row.try_get_by_index(0)?));
    let Some(business) = business else { return Ok(None) };
    let sql = format!("{} AND b.bill_id = ?", bills_as_at(backend));
    // The bill of a later day counts from its own day on.
    let dated: NaiveDate = row.try_get_by_index(1)?;
    let day = dated.max(scope.clock.today(&business.time_zone));
    let binds = [day.into(), day.into(), business.id.get().into(), day.into(), id.get().into()];
    let row = conn.query_one_raw(statement(backend, &sql, binds)).await?;
    row.map(|row| bill(business.id, &row)).transpose()
}

/// Bills of a business by a day, with what is open of each: binds the day twice, the business, the day.
fn bills_as_at(backend: DbBackend) -> String {
    let open = sum(backend, "r.effect * (r.debit - r.credit)");
    let abroad = "CASE WHEN r.debit > 0 THEN r.currency_amount ELSE -r.currency_amount END";
    let abroad = sum(backend, &format!("r.effect * {abroad}"));
    // A version that was taken back opened nothing.
    format!(
        "SELECT b.bill_id, b.ledger_id, b.reference, b.dated, b.due_on, w.voucher_id, b.kind, \
         b.debit - b.credit AS amount, COALESCE((SELECT {open} FROM bill_wise_details r \
         WHERE r.bill_id = b.bill_id AND r.dated <= ?), 0) AS left_open, b.currency, \
         CASE WHEN b.debit > 0 THEN b.currency_amount ELSE -b.currency_amount END AS abroad, \
         CASE WHEN b.currency IS NULL THEN NULL ELSE (SELECT {abroad} FROM bill_wise_details r \
         WHERE r.bill_id = b.bill_id AND r.dated <= ?) END AS abroad_open \
         FROM bill_wise_details b JOIN voucher_versions w ON w.id = b.version_id \
         WHERE b.business_id = ? AND b.version_id IS NOT NULL AND b.kind IN ('NEW', 'ADVANCE') AND b.effect = 1 AND b.dated <= ? \
         AND NOT EXISTS (SELECT 1 FROM bill_wise_details n \
         WHERE n.version_id = b.version_id AND n.line = b.line AND n.effect = -1)"
    )
}

fn bill(business: BusinessId, row: &QueryResult) -> Result<Bill> {
    let kind: String = row.try_get_by_index(6)?;
    let code: Option<String> = row.try_get_by_index(9)?;
    let amounts: (Option<i64>, Option<i64>) =
        (row.try_get_by_index(10)?, row.try_get_by_index(11)?);
    let abroad = code.and_then(|code| CurrencyCode::parse(&code).ok()).map(|currency| InLedger {
        currency,
        amount: Money::from_minor(amounts.0.unwrap_or(0)),
        open: Money::from_minor(amounts.1.unwrap_or(0)),
    });
    Ok(Bill {
        id: BillId::new(row.try_get_by_index(0)?),
        business,
        ledger: LedgerId::new(row.try_get_by_index(1)?),
        reference: row.try_get_by_index(2)?,
        dated: row.try_get_by_index(3)?,
        due_on: row.try_get_by_index(4)?,
        voucher: VoucherId::new(row.try_get_by_index(5)?),
        is_advance: kind == "ADVANCE",
        amount: Money::from_minor(row.try_get_by_index(7)?),
        open: Money::from_minor(row.try_get_by_index(8)?),
        abroad,
    })
}

/// Adds what bills come to in the currency of their ledgers, to those on ledgers that have one.
///
/// # Errors
/// When the database cannot be read.
pub async fn fill_abroad(
    conn: &impl ConnectionTrait,
    chart: &Chart,
    bills: Vec<&mut Bill>,
    at: NaiveDate,
) -> Result<()> {
    let is_abroad = |bill: &Bill| {
        chart.ledgers.get(&bill.ledger).is_some_and(|ledger| ledger.currency.is_some())
    };
    let mut bills: Vec<&mut Bill> = bills.into_iter().filter(|bill| is_abroad(bill)).collect();
    for chunk in bills.chunks_mut(500) {
        let backend = conn.get_database_backend();
        let moved = "CASE WHEN r.debit > 0 THEN r.currency_amount ELSE -r.currency_amount END";
        let opens = "CASE WHEN r.kind IN ('NEW', 'ADVANCE') AND r.version_id IS NOT NULL \
             THEN r.effect ELSE 0 END";
        let text = format!(
            "SELECT r.bill_id, MAX(r.currency), {}, {} FROM bill_wise_details r \
             WHERE r.bill_id IN ({}) AND r.dated <= ? GROUP BY r.bill_id",
            sum(backend, &format!("{opens} * {moved}")),
            sum(backend, &format!("r.effect * {moved}")),
            sql::list(chunk.len()),
        );
        let mut binds: Vec<Value> = chunk.iter().map(|bill| bill.id.get().into()).collect();
        binds.push(at.into());
        let mut found: HashMap<BillId, InLedger> = HashMap::new();
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let code: Option<String> = row.try_get_by_index(1)?;
            let amounts: (Option<i64>, Option<i64>) =
                (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
            if let Some(currency) = code.and_then(|code| CurrencyCode::parse(&code).ok()) {
                let id = BillId::new(row.try_get_by_index(0)?);
                let (amount, open) = (amounts.0.unwrap_or(0), amounts.1.unwrap_or(0));
                let (amount, open) = (Money::from_minor(amount), Money::from_minor(open));
                found.insert(id, InLedger { currency, amount, open });
            }
        }
        for bill in chunk {
            bill.abroad = found.remove(&bill.id);
        }
    }
    Ok(())
}

/// Amounts of a voucher that wait, to be set against bills.
#[derive(Debug, Clone)]
pub struct WrittenAllocation {
    /// Which voucher, and why.
    pub act: WrittenAct,
    /// The party; `None` when the id given is not one.
    pub ledger: Option<LedgerId>,
    /// Day of the allocation; today when left out.
    pub dated: Option<NaiveDate>,
    /// Each bill with a decimal amount; `None` when the id given is not one.
    pub bills: Vec<(Option<BillId>, String)>,
}

/// Most bills that one call settles.
pub const BILLS_MAX: usize = 500;

/// Sets what a voucher left on account, or paid in advance, against bills of the same party.
///
/// # Errors
/// No permission, or refusals: no such voucher or bill, more than is there or open, a lock.
pub async fn allocate(
    scope: &TenantScope,
    written: WrittenAllocation,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    scope.require(Permission::BillAllocate)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let (ledger, bills, dated) = (written.ledger, written.bills, written.dated);
    let deed = act_on(scope, written.act).await?.and_then(|(on, voucher)| {
        let mut wrong = Wrong::below("input");
        let business = chart.chosen(scope, Asked::This(voucher.business), "input")?;
        let row = ledger.and_then(|id| chart.visible_ledger(scope, id));
        let row = row.filter(|ledger| ledger.business_id == voucher.business);
        let own = row.and_then(|row| row.currency.as_deref());
        let exponent =
            own.map_or(chart::exponent(business), |code| scope.catalogue.currency_exponent(code));
        if row.is_none() {
            wrong.add(Code::LedgerUnknown, "ledgerId", "there is no such ledger");
        }
        if bills.is_empty() || bills.len() > BILLS_MAX {
            let why = format!("name 1 to {BILLS_MAX} bills");
            wrong.add(Code::TooMany, "allocations", &why);
        }
        let mut settled = Vec::with_capacity(bills.len());
        for (index, (bill, amount)) in bills.iter().enumerate() {
            let path = format!("allocations.{index}.amount");
            let amount = wrong.money(&path, amount, exponent);
            match (bill, amount) {
                (_, Some(amount)) if amount.is_zero() || amount.is_negative() => {
                    wrong.add(Code::Invalid, &path, "an amount is above zero");
                }
                (Some(bill), Some(amount)) => settled.push(Settle { bill: *bill, amount }),
                (None, _) => {
                    let field = format!("allocations.{index}.billId");
                    wrong.add(Code::BillUnknown, &field, "there is no such bill");
                }
                (_, None) => {}
            }
        }
        wrong.finish()?;
        let Some(row) = row else { return Err(Error::Internal("no ledger".into())) };
        let dated = dated.unwrap_or_else(|| scope.clock.today(&business.time_zone));
        // What a voucher of tomorrow left may be set against a bill at its own date, no earlier.
        let dated = dated.max(voucher.dated);
        let what = Allocation::Settle(settled);
        let difference = exchange_ledgers::stand_in(scope, &chart, row, dated)?.map(Box::new);
        Ok(Deed::Allocate(Allocate { on, ledger: row.id, dated, what, difference }))
    });
    perform(scope, deed, claim, dry_run).await
}

/// Undoes an allocation.
///
/// # Errors
/// No permission, or refusals: no such voucher, no such allocation that stands, a lock.
pub async fn deallocate(
    scope: &TenantScope,
    act: WrittenAct,
    allocation: Option<VoucherActId>,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    scope.require(Permission::BillAllocate)?;
    check_key(&claim.key, "input")?;
    let deed = act_on(scope, act).await?.and_then(|(on, voucher)| {
        let Some(allocation) = allocation else {
            let why = "there is no such allocation";
            return Err(Error::refused(Code::NotFound, "input.allocationId", why));
        };
        Ok(Deed::Allocate(Allocate {
            on,
            ledger: LedgerId::new(0),
            dated: voucher.dated,
            what: Allocation::Undo(allocation),
            difference: None,
        }))
    });
    perform(scope, deed, claim, dry_run).await
}
