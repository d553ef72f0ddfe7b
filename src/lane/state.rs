//! What postings are judged by, kept between batches while nobody else has written.
//!
//! The fence tells whether that holds: the same `settings_seq` means that ledgers, years and locks
//! are as they were; the same `chain_seq` means that nothing at all was written meanwhile, so the
//! series stand where this lane left them.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    cost::CostUse,
    currency::CurrencyCode,
    id::{BillId, BusinessId, CostCentreId, LedgerId, SeriesId, VoucherId},
    lock::{Exception, Lock},
    period::AccountingCalendar,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Value};

use super::{
    costs::{self, Centre},
    exchange,
    fence::Fence,
    locks,
    numbers::Numbers,
    oldest::Queued,
    posting::Posting,
    targets::{Bill, Target},
};
use crate::{
    db::sql::{list, statement},
    error::Result,
};

/// What the lane remembers.
#[derive(Debug, Default)]
pub struct State {
    settings_seq: Option<i64>,
    chain_seq: Option<i64>,
    pub(super) businesses: HashMap<BusinessId, Business>,
    pub(super) ledgers: HashMap<LedgerId, Ledger>,
    /// Where differences between exchange rates go, of businesses with ledgers in other currencies.
    pub(super) exchange: HashMap<BusinessId, LedgerId>,
    pub(super) series: HashMap<String, Series>,
    /// Places of series that the batch under way may not take again.
    pub(super) numbers: Numbers,
    /// Vouchers that the batch under way acts on.
    pub(super) targets: HashMap<VoucherId, Target>,
    /// Bills that it touches.
    pub(super) bills: HashMap<BillId, Bill>,
    /// Bills of parties whose entries settle the oldest, in that order.
    pub(super) queues: HashMap<LedgerId, Vec<Queued>>,
    pub(super) centres: HashMap<CostCentreId, Centre>,
}

/// A business, its years and its locks.
#[derive(Debug, Clone)]
pub struct Business {
    /// Which months its years begin with.
    pub calendar: AccountingCalendar,
    /// Closed down: nothing is posted any more.
    pub is_archived: bool,
    /// Years in order of time; the opening period first, if there is one.
    pub years: Vec<Year>,
    /// Locks in force.
    pub locks: Vec<Lock>,
    /// Exceptions from soft locks that were in force when they were read.
    pub exceptions: Vec<Exception>,
}

/// An accounting year of a business.
#[derive(Debug, Clone)]
pub struct Year {
    /// Its id.
    pub id: i64,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Whether it is the one-day period that holds opening vouchers.
    pub is_opening: bool,
    /// Whether an act has closed it.
    pub is_closed: bool,
}

/// What matters of a ledger when something is posted to it.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// In whose books it is.
    pub business: BusinessId,
    /// Archived: takes no more entries.
    pub is_archived: bool,
    /// Its entries say which bills they open and settle.
    pub is_bill_wise: bool,
    /// Its own currency, in which its entries are.
    pub currency: Option<CurrencyCode>,
    /// Whether its entries are split over cost centres.
    pub cost_use: CostUse,
}

/// A number series.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    /// Its id.
    pub id: SeriesId,
    /// The number that the next voucher takes.
    pub next: i64,
    /// When it began, UTC milliseconds.
    pub created_at: i64,
}

impl State {
    /// Forgets what somebody else may have changed since this lane last committed.
    pub fn follow(&mut self, fence: &Fence) {
        if self.settings_seq != Some(fence.settings_seq) {
            self.forget_settings();
            self.settings_seq = Some(fence.settings_seq);
        }
        if self.chain_seq != Some(fence.chain_seq) {
            self.series.clear();
        }
    }

    /// Forgets businesses and ledgers, because the transaction under way changes them.
    pub fn forget_settings(&mut self) {
        self.businesses.clear();
        self.ledgers.clear();
        self.exchange.clear();
        self.centres.clear();
    }

    /// Remembers where the fence stands after this lane's own commit.
    pub fn committed(&mut self, fence: &Fence) {
        self.settings_seq = Some(fence.settings_seq);
        self.chain_seq = Some(fence.chain_seq);
    }

    /// Reads what the postings need and is not known yet: a few queries however many it is, often none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(
        &mut self,
        txn: &DatabaseTransaction,
        now: i64,
        postings: impl Iterator<Item = &Posting> + Clone,
    ) -> Result<()> {
        let mut ledgers = HashSet::new();
        let acted_on = self.targets.values().map(|target| target.voucher.business);
        let mut businesses: HashSet<BusinessId> =
            acted_on.filter(|business| !self.businesses.contains_key(business)).collect();
        for posting in postings.clone() {
            if !self.businesses.contains_key(&posting.business) {
                businesses.insert(posting.business);
            }
            let named = posting.entries.lines().iter().map(|line| line.ledger).chain(posting.party);
            ledgers.extend(named.filter(|ledger| !self.ledgers.contains_key(ledger)));
        }
        let businesses: Vec<BusinessId> = businesses.into_iter().collect();
        for chunk in businesses.chunks(500) {
            self.businesses.extend(read_businesses(txn, chunk, now).await?);
        }
        let ledgers: Vec<LedgerId> = ledgers.into_iter().collect();
        for chunk in ledgers.chunks(500) {
            let backend = txn.get_database_backend();
            let sql = format!(
                "SELECT id, business_id, archived_at, is_bill_wise, currency, cost_use FROM ledgers \
                 WHERE id IN ({})",
                list(chunk.len())
            );
            let values = chunk.iter().map(|ledger| Value::from(ledger.get()));
            for row in txn.query_all_raw(statement(backend, &sql, values)).await? {
                let archived: Option<i64> = row.try_get_by_index(2)?;
                let currency: Option<String> = row.try_get_by_index(4)?;
                let cost_use: String = row.try_get_by_index(5)?;
                self.ledgers.insert(
                    LedgerId::new(row.try_get_by_index(0)?),
                    Ledger {
                        business: BusinessId::new(row.try_get_by_index(1)?),
                        is_archived: archived.is_some(),
                        is_bill_wise: row.try_get_by_index(3)?,
                        currency: exchange::currency(currency)?,
                        cost_use: CostUse::parse(&cost_use).unwrap_or_default(),
                    },
                );
            }
        }
        exchange::load(self, txn, postings.clone()).await?;
        costs::load(self, txn, postings).await
    }

    /// Reads the series of these keys that are not known yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load_series(
        &mut self,
        txn: &DatabaseTransaction,
        keys: Vec<String>,
    ) -> Result<()> {
        let missing: HashSet<String> =
            keys.into_iter().filter(|key| !self.series.contains_key(key)).collect();
        let missing: Vec<String> = missing.into_iter().collect();
        for chunk in missing.chunks(200) {
            let backend = txn.get_database_backend();
            let sql = format!(
                "SELECT series_key, id, next_number, created_at FROM voucher_series \
                 WHERE series_key IN ({})",
                list(chunk.len())
            );
            let values = chunk.iter().map(|key| Value::from(key.as_str()));
            for row in txn.query_all_raw(statement(backend, &sql, values)).await? {
                self.series.insert(
                    row.try_get_by_index(0)?,
                    Series {
                        id: SeriesId::new(row.try_get_by_index(1)?),
                        next: row.try_get_by_index(2)?,
                        created_at: row.try_get_by_index(3)?,
                    },
                );
            }
        }
        Ok(())
    }
}

/// Those of these businesses that exist, each with its years, its locks and the exceptions in force.
async fn read_businesses(
    txn: &DatabaseTransaction,
    ids: &[BusinessId],
    now: i64,
) -> Result<HashMap<BusinessId, Business>> {
    let backend = txn.get_database_backend();
    let ask = |columns: &str, table: &str, key: &str, order: &str| {
        let marks = list(ids.len());
        let sql = format!("SELECT {key}, {columns} FROM {table} WHERE {key} IN ({marks}){order}");
        statement(backend, &sql, ids.iter().map(|id| Value::from(id.get())))
    };
    let mut found = HashMap::new();
    let rows = ask("year_first_month, archived_at", "businesses", "id", "");
    for row in txn.query_all_raw(rows).await? {
        let first_month: i32 = row.try_get_by_index(1)?;
        let archived: Option<i64> = row.try_get_by_index(2)?;
        let business = Business {
            calendar: AccountingCalendar::starting_in(u32::try_from(first_month).unwrap_or(1)),
            is_archived: archived.is_some(),
            years: Vec::new(),
            locks: Vec::new(),
            exceptions: Vec::new(),
        };
        found.insert(of(&row)?, business);
    }
    let years = "id, starts_on, ends_on, is_opening, closed_at";
    let rows = ask(years, "business_years", "business_id", " ORDER BY starts_on");
    for row in txn.query_all_raw(rows).await? {
        if let Some(business) = found.get_mut(&of(&row)?) {
            business.years.push(year(&row)?);
        }
    }
    let rows = ask(locks::LOCK, "period_locks", "business_id", "");
    for row in txn.query_all_raw(rows).await? {
        if let Some(business) = found.get_mut(&of(&row)?) {
            business.locks.push(locks::lock(&row)?);
        }
    }
    let in_force = format!(" AND revoked_at IS NULL AND expires_at > {now} ORDER BY id");
    let rows = ask(locks::EXCEPTION, "lock_exceptions", "business_id", &in_force);
    for row in txn.query_all_raw(rows).await? {
        if let Some(business) = found.get_mut(&of(&row)?) {
            business.exceptions.extend(locks::exception(&row)?);
        }
    }
    Ok(found)
}

/// The business that a row is about.
fn of(row: &QueryResult) -> Result<BusinessId> {
    Ok(BusinessId::new(row.try_get_by_index(0)?))
}

fn year(row: &QueryResult) -> Result<Year> {
    let closed: Option<i64> = row.try_get_by_index(5)?;
    Ok(Year {
        id: row.try_get_by_index(1)?,
        starts_on: row.try_get_by_index(2)?,
        ends_on: row.try_get_by_index(3)?,
        is_opening: row.try_get_by_index(4)?,
        is_closed: closed.is_some(),
    })
}
