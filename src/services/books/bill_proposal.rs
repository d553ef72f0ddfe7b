//! Which bills of a party an amount would settle, the oldest first: what posting with `OLDEST_FIRST` does,
//! as far as nothing comes between.

use chrono::NaiveDate;
use daybook_domain::{
    bill::{Open, settle_in_order},
    id::{BillId, BusinessId, LedgerId, VoucherId},
    money::Money,
    role::Permission,
};
use sea_orm::{ConnectionTrait, Value};

use super::{
    bills::{self, Bill},
    chart::{self, Chart},
};
use crate::{
    db::sql::{statement, sum},
    error::{Error, Result},
    lane::oldest::BILLS_MAX,
    scope::TenantScope,
};

/// What is proposed.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The currency of all amounts: the ledger's own, or the business's.
    pub currency: String,
    /// Each bill with what it takes, above zero.
    pub parts: Vec<(Bill, Money)>,
    /// What no bill takes.
    pub left: Money,
    /// Whether the entry would be a debit.
    pub is_debit: bool,
}

/// Proposes what an amount on a party's ledger settles; nothing where the caller sees no such ledger. The
/// entry is on the side given, or else on the one that settles what is open altogether.
///
/// # Errors
/// No permission, an amount that cannot be used, or a database that cannot be read.
pub async fn propose(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    amount: &str,
    at: Option<NaiveDate>,
    is_debit: Option<bool>,
) -> Result<Option<Proposal>> {
    scope.require(Permission::ReportRead)?;
    let chart = chart::chart(scope).await?;
    let Some(party) = ledger.and_then(|id| chart.visible_ledger(scope, id)) else {
        return Ok(None);
    };
    let Some(business) = chart.businesses.get(&party.business_id) else { return Ok(None) };
    // Bills are counted in the currency of their ledger, as the lane counts them.
    let currency = party.currency.clone().unwrap_or_else(|| business.base_currency.clone());
    let exponent = match &party.currency {
        Some(code) => scope.catalogue.currency_exponent(code),
        None => chart::exponent(business),
    };
    let amount = Money::parse(amount, exponent)
        .map_err(|why| Error::bad_input("amount", why.to_string()))?;
    if amount.is_zero() || amount.is_negative() {
        return Err(Error::bad_input("amount", "an amount is above zero"));
    }
    if !party.is_bill_wise {
        return Err(Error::bad_input("partyLedgerId", "this ledger is not kept bill by bill"));
    }
    let at = at.unwrap_or_else(|| scope.clock.today(&business.time_zone));
    let bills = open_bills(scope, &chart, party.id, at).await?;
    let is_debit = is_debit.unwrap_or_else(|| {
        let open = bills.iter().fold(Money::ZERO, |sum, one| sum.saturating_add(counted(one)));
        open.is_negative()
    });
    let signed = if is_debit { amount } else { -amount };
    let queue = bills.iter().map(|one| Open { bill: one, open: counted(one) });
    let (parts, left) = settle_in_order(queue, signed, BILLS_MAX);
    let parts = parts.into_iter().map(|(bill, part)| (bill.clone(), part)).collect();
    Ok(Some(Proposal { currency, parts, left, is_debit }))
}

fn counted(bill: &Bill) -> Money {
    bill.abroad.as_ref().map_or(bill.open, |abroad| abroad.open)
}

/// The bills of a party that are dated up to a day and of which something is open, in the order in which the
/// lane settles them.
async fn open_bills(
    scope: &TenantScope,
    chart: &Chart,
    ledger: LedgerId,
    at: NaiveDate,
) -> Result<Vec<Bill>> {
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let backend = conn.get_database_backend();
    let open = "r.effect * (r.debit - r.credit)";
    let text = format!(
        "SELECT b.bill_id, b.business_id, b.reference, b.dated, b.due_on, w.voucher_id, b.kind, \
         b.debit - b.credit, q.left_open FROM (SELECT r.bill_id, {} AS left_open \
         FROM bill_wise_details r WHERE r.ledger_id = ? AND r.bill_id IS NOT NULL \
         GROUP BY r.bill_id HAVING SUM({open}) <> 0) q \
         JOIN bill_wise_details b ON b.bill_id = q.bill_id AND b.effect = 1 \
         AND b.version_id IS NOT NULL AND b.kind IN ('NEW', 'ADVANCE') \
         JOIN voucher_versions w ON w.id = b.version_id \
         WHERE b.dated <= ? AND NOT EXISTS (SELECT 1 FROM bill_wise_details n \
         WHERE n.version_id = b.version_id AND n.line = b.line AND n.effect = -1) \
         ORDER BY COALESCE(b.due_on, b.dated), b.dated, b.bill_id",
        sum(backend, open),
    );
    let ask = statement(backend, &text, [Value::from(ledger.get()), Value::from(at)]);
    let mut bills = Vec::new();
    for row in conn.query_all_raw(ask).await? {
        let kind: String = row.try_get_by_index(6)?;
        bills.push(Bill {
            id: BillId::new(row.try_get_by_index(0)?),
            business: BusinessId::new(row.try_get_by_index(1)?),
            ledger,
            reference: row.try_get_by_index(2)?,
            dated: row.try_get_by_index(3)?,
            due_on: row.try_get_by_index(4)?,
            voucher: VoucherId::new(row.try_get_by_index(5)?),
            is_advance: kind == "ADVANCE",
            amount: Money::from_minor(row.try_get_by_index(7)?),
            open: Money::from_minor(row.try_get_by_index(8)?),
            abroad: None,
        });
    }
    bills::fill_abroad(conn, chart, bills.iter_mut().collect(), at).await?;
    Ok(bills)
}
