//! What is open of parties whose entries settle their oldest bills, read under the fence.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    bill::{Open, settle_in_order},
    id::{BillId, LedgerId},
    money::Money,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use super::{exchange::counted, posting::Posting, state::State};
use crate::{
    db::sql::{list, statement},
    error::Result,
};

/// Most bills that one entry settles in this way.
pub const BILLS_MAX: usize = 500;

/// A bill in the order in which it is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub bill: BillId,
    /// Its date: what comes before does not settle it.
    pub dated: NaiveDate,
}

/// Statement of the bills of some ledgers, the oldest first by due date: those of which something is open,
/// and those named. It answers bill, ledger and date.
pub fn queue_text(ledgers: usize, named: usize) -> String {
    let also = match named {
        0 => String::new(),
        count => format!(" OR r.bill_id IN ({})", list(count)),
    };
    format!(
        "SELECT b.bill_id, b.ledger_id, b.dated FROM (SELECT r.bill_id FROM bill_wise_details r \
         WHERE r.ledger_id IN ({}) AND r.bill_id IS NOT NULL GROUP BY r.bill_id \
         HAVING SUM(r.effect * (r.debit - r.credit)) <> 0{also}) q \
         JOIN bill_wise_details b ON b.bill_id = q.bill_id AND b.effect = 1 \
         AND b.version_id IS NOT NULL AND b.kind IN ('NEW', 'ADVANCE') \
         WHERE NOT EXISTS (SELECT 1 FROM bill_wise_details n WHERE n.version_id = b.version_id \
         AND n.line = b.line AND n.effect = -1) \
         ORDER BY COALESCE(b.due_on, b.dated), b.dated, b.bill_id",
        list(ledgers)
    )
}

/// Reads the bills of these parties, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn queues(
    txn: &DatabaseTransaction,
    ledgers: &HashSet<LedgerId>,
    named: &HashSet<BillId>,
) -> Result<HashMap<LedgerId, Vec<Queued>>> {
    let mut found: HashMap<LedgerId, Vec<Queued>> = HashMap::new();
    if ledgers.is_empty() {
        return Ok(found);
    }
    let text = queue_text(ledgers.len(), named.len());
    let binds = ledgers.iter().map(|ledger| Value::from(ledger.get()));
    let binds = binds.chain(named.iter().map(|bill| Value::from(bill.get())));
    for row in txn.query_all_raw(statement(txn.get_database_backend(), &text, binds)).await? {
        let queued =
            Queued { bill: BillId::new(row.try_get_by_index(0)?), dated: row.try_get_by_index(2)? };
        found.entry(LedgerId::new(row.try_get_by_index(1)?)).or_default().push(queued);
    }
    Ok(found)
}

/// What an amount on a party's ledger (a debit above zero) settles by the state as it stands: each bill with
/// what it takes. Amounts are in the ledger's currency where they move that (`abroad`).
pub fn settles(
    state: &State,
    posting: &Posting,
    ledger: LedgerId,
    (amount, abroad): (Money, bool),
) -> Vec<(BillId, Money)> {
    let queue = state.queues.get(&ledger).into_iter().flatten();
    let bills = queue.filter(|queued| queued.dated <= posting.dated).filter_map(|queued| {
        let bill = state.bills.get(&queued.bill)?;
        let is_own = bill.ledger == ledger && bill.business == posting.business;
        is_own.then_some(Open { bill: queued.bill, open: counted(bill.open, abroad) })
    });
    settle_in_order(bills, amount, BILLS_MAX).0
}
