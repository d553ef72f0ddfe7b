//! What customers owe and what suppliers are owed at the end of a day, by age: bill by bill, by party, and
//! how far that is what the parties' ledgers stand at.
//!
//! Bills are sorted into buckets where they are summed, in the database, by the days on which its rule
//! (`domain::bill`) lets each bucket begin: memory holds parties, never bills.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    bill::{AgedFrom, Buckets},
    chart::{SUNDRY_CREDITORS, SUNDRY_DEBTORS},
    id::{BillId, BusinessId, LedgerId, VoucherId},
    money::Money,
};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Value};

use super::{
    frame::Frame,
    marks::Rows,
    question::{Comparatives, Question, Whose},
    registers::frame::path,
    scenario::Scenario,
};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{list, statement, sum},
    },
    error::{Error, Result},
    scope::TenantScope,
    services::books::{
        bills::{self, Bill},
        groups::GroupRef,
    },
};

/// Most parties of one report.
const PARTIES_MAX: usize = 20_000;

/// Whose debts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What customers owe: ledgers below Sundry Debtors.
    Receivable,
    /// What suppliers are owed: ledgers below Sundry Creditors.
    Payable,
}

impl Side {
    const fn group(self) -> &'static str {
        match self {
            Self::Receivable => SUNDRY_DEBTORS,
            Self::Payable => SUNDRY_CREDITORS,
        }
    }

    /// An amount that is a debit above zero, as this side counts it.
    fn counts(self, amount: Money) -> Money {
        match self {
            Self::Receivable => amount,
            Self::Payable => -amount,
        }
    }
}

/// What an ageing is asked of.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Whose books.
    pub whose: Whose,
    /// At the end of which day; today when absent.
    pub at: Option<NaiveDate>,
    /// Only what was recorded up to this instant, UTC milliseconds.
    pub known_at: Option<i64>,
    /// Only these parties.
    pub parties: Option<Vec<LedgerId>>,
    /// By which ages.
    pub buckets: Buckets,
    /// Pages of parties.
    pub party_asks: Vec<PageAsk>,
    /// Pages of bills.
    pub bill_asks: Vec<PageAsk>,
}

/// Amounts by age; above zero they are owed as the report's side expects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aged {
    /// What is open of bills, by bucket.
    pub buckets: Vec<Money>,
    /// What is open on the other side: paid in advance, credited, settled before its day.
    pub advances: Money,
    /// What is not set against any bill.
    pub on_account: Money,
    /// What the ledgers stand at.
    pub balance: Money,
}

impl Aged {
    fn none(buckets: &Buckets) -> Self {
        let zero = Money::ZERO;
        let buckets = vec![zero; buckets.count()];
        Self { buckets, advances: zero, on_account: zero, balance: zero }
    }

    /// Bills, advances and what is on account, together.
    pub fn outstanding(&self) -> Money {
        let bills = self.buckets.iter().copied().fold(Money::ZERO, Money::saturating_add);
        bills.saturating_add(self.advances).saturating_add(self.on_account)
    }

    /// What the ledgers stand at beyond that: entries made while they were not kept bill by bill.
    pub fn difference(&self) -> Money {
        self.balance.saturating_sub(self.outstanding())
    }

    fn is_empty(&self) -> bool {
        let rest = [self.advances, self.on_account, self.balance];
        self.buckets.iter().chain(&rest).all(|amount| amount.is_zero())
    }

    fn add(&mut self, other: &Self) {
        for (sum, amount) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum = sum.saturating_add(*amount);
        }
        self.advances = self.advances.saturating_add(other.advances);
        self.on_account = self.on_account.saturating_add(other.on_account);
        self.balance = self.balance.saturating_add(other.balance);
    }
}

/// A party's debts.
#[derive(Debug, Clone)]
pub struct Party {
    /// Its ledger.
    pub ledger: LedgerId,
    name: String,
    /// How many bills are open.
    pub bills: i64,
    /// What is owed.
    pub aged: Aged,
}

/// A bill of which something is open.
#[derive(Debug, Clone)]
pub struct AgedBill {
    /// The bill; what is open of it is a debit above zero, as everywhere.
    pub bill: Bill,
    /// The same as the report counts it.
    pub outstanding: Money,
    /// From which day it ages.
    pub since: NaiveDate,
    /// Its bucket; none on the other side.
    pub bucket: Option<usize>,
}

/// Debts by age.
#[derive(Debug)]
pub struct Ageing {
    /// Whose, and as known when.
    pub frame: Frame,
    /// At the end of this day.
    pub at: NaiveDate,
    /// By these ages.
    pub buckets: Buckets,
    /// All parties together.
    pub total: Aged,
    /// The pages of parties that were asked for.
    pub parties: Vec<Page<Party>>,
    /// The pages of bills that were asked for.
    pub bills: Vec<Page<AgedBill>>,
}

/// Reads the debts of one side.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn ageing(scope: &TenantScope, side: Side, asking: Asking) -> Result<Ageing> {
    let question = Question {
        whose: asking.whose,
        from: asking.at,
        to: asking.at,
        last_day: "at",
        comparatives: Comparatives::default(),
        known_at: asking.known_at,
        scenario: Scenario::default(),
    };
    let (frame, snapshot) = Frame::open(scope, &question).await?;
    let conn = snapshot.conn();
    let at = frame.spans.first().map(|span| span.to);
    let at = at.ok_or_else(|| Error::Internal("an ageing of no day".into()))?;
    let wanted: Option<HashSet<LedgerId>> = asking.parties.map(|ids| ids.into_iter().collect());
    let is_party = |ledger: &daybook_entity::tenant::chart::ledger::Model| {
        let above = path(&frame.groups, GroupRef::of(ledger));
        above.iter().any(|group| group.code == side.group())
            && wanted.as_ref().is_none_or(|wanted| wanted.contains(&ledger.id))
    };
    let own = frame.ledgers().map(|(ledger, _)| ledger).filter(|ledger| is_party(ledger));
    let own: Vec<(LedgerId, String)> = own.map(|one| (one.id, one.name_key.clone())).collect();
    if own.len() > PARTIES_MAX {
        let why = format!("these are more than {PARTIES_MAX} parties; name some of them");
        return Err(Error::bad_input("partyIds", why));
    }
    let ledgers: Vec<LedgerId> = own.iter().map(|(id, _)| *id).collect();
    let debts = Debts { side, at, ledgers: &ledgers, buckets: &asking.buckets, frame: &frame };
    let mut found = debts.by_party(conn).await?;
    let mut total = Aged::none(&asking.buckets);
    let mut rows = Vec::new();
    for (ledger, name) in &own {
        let Some((bills, aged)) = found.remove(ledger) else { continue };
        total.add(&aged);
        if !aged.is_empty() {
            rows.push(Party { ledger: *ledger, name: name.clone(), bills, aged });
        }
    }
    let page = |ask: &PageAsk| {
        Page::of_all(&rows, ask, |row: &Party| (row.name.clone(), row.ledger.get()))
    };
    let parties = asking.party_asks.iter().map(page).collect::<Result<_>>()?;
    let mut bills = Vec::with_capacity(asking.bill_asks.len());
    for ask in &asking.bill_asks {
        bills.push(debts.bills(conn, ask).await?);
    }
    Ok(Ageing { at, buckets: asking.buckets, total, parties, bills, frame })
}

/// The debts of some parties at the end of a day.
struct Debts<'d> {
    side: Side,
    at: NaiveDate,
    ledgers: &'d [LedgerId],
    buckets: &'d Buckets,
    frame: &'d Frame,
}

/// The row `o` that opened the bill of a row `q`, as it stands.
fn opening(recorded: impl Fn(&str) -> String) -> String {
    format!(
        "JOIN bill_wise_details o ON o.bill_id = q.bill_id AND o.effect = 1 \
         AND o.version_id IS NOT NULL AND o.kind IN ('NEW', 'ADVANCE'){} \
         AND NOT EXISTS (SELECT 1 FROM bill_wise_details n WHERE n.version_id = o.version_id \
         AND n.line = o.line AND n.effect = -1{})",
        recorded("o"),
        recorded("n"),
    )
}

impl Debts<'_> {
    fn recorded(&self, table: &str) -> String {
        match self.frame.known_at {
            Some(_) => format!(" AND {table}.recorded_at <= ?"),
            None => String::new(),
        }
    }

    fn known(&self) -> Option<Value> {
        self.frame.known_at.map(Value::from)
    }

    /// The day from which a bill ages.
    fn since(&self) -> &'static str {
        match self.buckets.aged_from() {
            AgedFrom::DueDate => "COALESCE(o.due_on, o.dated)",
            AgedFrom::BillDate => "o.dated",
        }
    }

    /// What is open of each bill of the parties: `ledger_id`, `bill_id`, `left_open`.
    fn open_bills(&self, backend: DbBackend, binds: &mut Vec<Value>) -> String {
        let open = "r.effect * (r.debit - r.credit)";
        binds.extend(self.ledgers.iter().map(|ledger| Value::from(ledger.get())));
        binds.push(self.at.into());
        binds.extend(self.known());
        format!(
            "SELECT r.ledger_id, r.bill_id, {} AS left_open FROM bill_wise_details r \
             WHERE r.ledger_id IN ({}) AND r.bill_id IS NOT NULL AND r.dated <= ?{} \
             GROUP BY r.ledger_id, r.bill_id HAVING SUM({open}) <> 0",
            sum(backend, open),
            list(self.ledgers.len()),
            self.recorded("r"),
        )
    }

    /// Each party's debts, with the number of its open bills.
    async fn by_party(
        &self,
        conn: &impl ConnectionTrait,
    ) -> Result<HashMap<LedgerId, (i64, Aged)>> {
        let mut found: HashMap<LedgerId, (i64, Aged)> =
            self.ledgers.iter().map(|ledger| (*ledger, (0, Aged::none(self.buckets)))).collect();
        if self.ledgers.is_empty() {
            return Ok(found);
        }
        let backend = conn.get_database_backend();
        let starts = self.buckets.first_days(self.at);
        let mut binds: Vec<Value> = starts.iter().map(|day| Value::from(*day)).collect();
        let since = self.since();
        let wrong_side = match self.side {
            Side::Receivable => "q.left_open < 0",
            Side::Payable => "q.left_open > 0",
        };
        let mut place = format!("CASE WHEN {wrong_side} THEN -1");
        for bucket in 0..starts.len() {
            place.push_str(&format!(" WHEN {since} >= ? THEN {bucket}"));
        }
        place.push_str(&format!(" ELSE {} END", starts.len()));
        let bills = self.open_bills(backend, &mut binds);
        binds.extend(self.known());
        binds.extend(self.known());
        let text = format!(
            "SELECT q.ledger_id, {place}, {}, COUNT(*) FROM ({bills}) q {} GROUP BY 1, 2",
            sum(backend, "q.left_open"),
            opening(|table| self.recorded(table)),
        );
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let ledger = LedgerId::new(row.try_get_by_index(0)?);
            let place: i32 = row.try_get_by_index(1)?;
            let amount: Option<i64> = row.try_get_by_index(2)?;
            let count: i64 = row.try_get_by_index(3)?;
            let amount = self.side.counts(Money::from_minor(amount.unwrap_or(0)));
            let Some((bills, aged)) = found.get_mut(&ledger) else { continue };
            *bills = bills.saturating_add(count);
            match usize::try_from(place).ok().and_then(|place| aged.buckets.get_mut(place)) {
                Some(bucket) => *bucket = bucket.saturating_add(amount),
                None => aged.advances = aged.advances.saturating_add(amount),
            }
        }
        self.on_account(conn, &mut found).await?;
        self.balances(conn, &mut found).await?;
        Ok(found)
    }

    async fn on_account(
        &self,
        conn: &impl ConnectionTrait,
        found: &mut HashMap<LedgerId, (i64, Aged)>,
    ) -> Result<()> {
        let backend = conn.get_database_backend();
        let text = format!(
            "SELECT r.ledger_id, {} FROM bill_wise_details r WHERE r.ledger_id IN ({}) \
             AND r.bill_id IS NULL AND r.dated <= ?{} GROUP BY r.ledger_id",
            sum(backend, "r.effect * (r.debit - r.credit)"),
            list(self.ledgers.len()),
            self.recorded("r"),
        );
        let mut binds: Vec<Value> =
            self.ledgers.iter().map(|ledger| Value::from(ledger.get())).collect();
        binds.push(self.at.into());
        binds.extend(self.known());
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let amount: Option<i64> = row.try_get_by_index(1)?;
            if let Some((_, aged)) = found.get_mut(&LedgerId::new(row.try_get_by_index(0)?)) {
                aged.on_account = self.side.counts(Money::from_minor(amount.unwrap_or(0)));
            }
        }
        Ok(())
    }

    async fn balances(
        &self,
        conn: &impl ConnectionTrait,
        found: &mut HashMap<LedgerId, (i64, Aged)>,
    ) -> Result<()> {
        let businesses = self.frame.business_ids();
        let rows = Rows {
            businesses: &businesses,
            known_at: self.frame.known_at,
            scenario: Scenario::default(),
        };
        let reached = rows.up_to(conn, &BTreeSet::from([self.at])).await?;
        for (ledger, (_, aged)) in found {
            aged.balance = self.side.counts(reached.all.at(*ledger, self.at).balance());
        }
        Ok(())
    }

    /// A page of open bills, the oldest first.
    async fn bills(&self, conn: &impl ConnectionTrait, ask: &PageAsk) -> Result<Page<AgedBill>> {
        let backend = conn.get_database_backend();
        if self.ledgers.is_empty() {
            return Ok(Page::cut(Vec::new(), ask, 0, |_| Vec::new()));
        }
        let total = if ask.wants_total {
            let mut binds = Vec::new();
            let text = format!("SELECT COUNT(*) FROM ({}) q", self.open_bills(backend, &mut binds));
            let row = conn.query_one_raw(statement(backend, &text, binds)).await?;
            row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or(0)
        } else {
            0
        };
        let since = self.since();
        let mut binds = Vec::new();
        let bills = self.open_bills(backend, &mut binds);
        binds.extend(self.known());
        binds.extend(self.known());
        let mut beyond = String::new();
        if let Some(key) = ask.after.as_deref() {
            let bad = || Error::bad_input("after", "this is not a cursor of this list");
            let [day, id] = key else { return Err(bad()) };
            let day: NaiveDate = day.parse().map_err(|_| bad())?;
            let id: i64 = id.parse().map_err(|_| bad())?;
            beyond = format!(" WHERE {since} > ? OR ({since} = ? AND q.bill_id > ?)");
            binds.extend([Value::from(day), Value::from(day), Value::from(id)]);
        }
        let text = format!(
            "SELECT q.bill_id, q.ledger_id, q.left_open, o.business_id, o.reference, o.dated, \
             o.due_on, o.kind, o.debit - o.credit, w.voucher_id FROM ({bills}) q {} \
             JOIN voucher_versions w ON w.id = o.version_id{beyond} \
             ORDER BY {since}, q.bill_id LIMIT {}",
            opening(|table| self.recorded(table)),
            ask.first.saturating_add(1),
        );
        let rows = conn.query_all_raw(statement(backend, &text, binds)).await?;
        let mut rows = rows.iter().map(|row| self.bill(row)).collect::<Result<Vec<_>>>()?;
        let bills = rows.iter_mut().map(|one| &mut one.bill).collect();
        bills::fill_abroad(conn, &self.frame.chart, bills, self.at).await?;
        let total = u64::try_from(total).unwrap_or(0);
        let key = |one: &AgedBill| vec![one.since.to_string(), one.bill.id.to_string()];
        Ok(Page::cut(rows, ask, total, key))
    }

    fn bill(&self, row: &QueryResult) -> Result<AgedBill> {
        let kind: String = row.try_get_by_index(7)?;
        let bill = Bill {
            id: BillId::new(row.try_get_by_index(0)?),
            business: BusinessId::new(row.try_get_by_index(3)?),
            ledger: LedgerId::new(row.try_get_by_index(1)?),
            reference: row.try_get_by_index(4)?,
            dated: row.try_get_by_index(5)?,
            due_on: row.try_get_by_index(6)?,
            voucher: VoucherId::new(row.try_get_by_index(9)?),
            is_advance: kind == "ADVANCE",
            amount: Money::from_minor(row.try_get_by_index(8)?),
            open: Money::from_minor(row.try_get_by_index(2)?),
            abroad: None,
        };
        let since = match self.buckets.aged_from() {
            AgedFrom::DueDate => bill.due_on.unwrap_or(bill.dated),
            AgedFrom::BillDate => bill.dated,
        };
        let outstanding = self.side.counts(bill.open);
        let bucket = (!outstanding.is_negative()).then(|| self.buckets.of(since, self.at));
        Ok(AgedBill { bill, outstanding, since, bucket })
    }
}
