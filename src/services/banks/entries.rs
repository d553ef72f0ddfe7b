//! Entries of the books on a bank ledger, and whether the bank has them too.

use chrono::NaiveDate;
use daybook_domain::{
    id::{BankMatchId, EntryId, LedgerId, VoucherId},
    matching,
    money::Money,
    role::Permission,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::account::{BankLedger, Banks};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{list as marks, statement},
    },
    error::{Error, Result},
    lane::{BankDetail, bank_details},
    scope::TenantScope,
};

/// An entry on a bank ledger that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookEntry {
    /// Which entry.
    pub id: EntryId,
    /// Its voucher.
    pub voucher: VoucherId,
    /// The voucher's number.
    pub number: String,
    /// The voucher's day.
    pub dated: NaiveDate,
    /// The amount in the account's currency, a debit above zero.
    pub amount: Money,
    /// Words about the entry, or about its voucher.
    pub narration: Option<String>,
    /// The other side's number for the voucher.
    pub reference: Option<String>,
    /// The voucher's party.
    pub party: Option<LedgerId>,
    /// Whether it brought a balance in when the books began.
    pub is_opening: bool,
    /// By which instrument it was paid.
    pub detail: Option<BankDetail>,
    /// The match that it is in.
    pub confirmed: Option<Confirmed>,
}

/// That the bank has an entry too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// By which match.
    pub id: BankMatchId,
    /// The day on which the bank had booked all of it.
    pub bank_date: NaiveDate,
    /// The day on which both bank and books have all of it.
    pub settled_on: NaiveDate,
    /// Whether somebody said so without a statement.
    pub is_by_hand: bool,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Those that the bank has, or those that it has not.
    pub is_reconciled: Option<bool>,
    /// Not before this day.
    pub from: Option<NaiveDate>,
    /// Not after this day.
    pub to: Option<NaiveDate>,
}

/// A question for entries: conditions with their values.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Conditions, each beginning with AND.
    pub text: String,
    /// Their values.
    pub binds: Vec<Value>,
}

impl Wanted {
    /// Adds a condition with one value.
    pub fn and(&mut self, text: &str, bind: impl Into<Value>) {
        self.text.push_str(text);
        self.binds.push(bind.into());
    }
}

/// Entries `e` of a ledger that stand, with version `w`, voucher `v`, bank detail `d` and match `m`: binds the
/// ledger.
pub fn from_entries() -> &'static str {
    "FROM voucher_ledger_entries e JOIN voucher_versions w ON w.id = e.version_id \
     JOIN vouchers v ON v.id = w.voucher_id \
     LEFT JOIN entry_bank_details d ON d.entry_id = e.id \
     LEFT JOIN bank_match_entries x ON x.live_entry_id = e.id \
     LEFT JOIN bank_matches m ON m.id = x.match_id \
     WHERE e.ledger_id = ? AND e.effect = 1 AND NOT EXISTS (SELECT 1 FROM voucher_ledger_entries t \
     WHERE t.version_id = e.version_id AND t.line = e.line AND t.effect = -1)"
}

/// Reads entries; `rest` orders and bounds them.
///
/// # Errors
/// When the database cannot be read.
pub async fn read(
    conn: &impl ConnectionTrait,
    bank: &BankLedger,
    wanted: &Wanted,
    rest: &str,
) -> Result<Vec<BookEntry>> {
    let sql = format!(
        "SELECT e.id, v.id, v.number, e.dated, {}, COALESCE(e.narration, w.narration), w.reference, \
         w.party_ledger_id, w.kind, m.id, m.bank_date, m.settled_on, d.entry_id, d.instrument, \
         d.number, d.instrument_date, d.payee, d.bank, m.kind {}{}{rest}",
        bank.amount(),
        from_entries(),
        wanted.text,
    );
    let binds = std::iter::once(Value::from(bank.ledger.get())).chain(wanted.binds.iter().cloned());
    let rows = conn.query_all_raw(statement(conn.get_database_backend(), &sql, binds)).await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &QueryResult) -> Result<BookEntry> {
    let id = |index: usize| -> Result<i64> { Ok(row.try_get_by_index(index)?) };
    let maybe = |index: usize| -> Result<Option<i64>> { Ok(row.try_get_by_index(index)?) };
    let kind: String = row.try_get_by_index(8)?;
    let confirmed = match maybe(9)? {
        Some(found) => Some(Confirmed {
            id: BankMatchId::new(found),
            bank_date: row.try_get_by_index(10)?,
            settled_on: row.try_get_by_index(11)?,
            is_by_hand: row.try_get_by_index::<String>(18)? == "BY_HAND",
        }),
        None => None,
    };
    Ok(BookEntry {
        id: EntryId::new(id(0)?),
        voucher: VoucherId::new(id(1)?),
        number: row.try_get_by_index(2)?,
        dated: row.try_get_by_index(3)?,
        amount: Money::from_minor(id(4)?),
        narration: row.try_get_by_index(5)?,
        reference: row.try_get_by_index(6)?,
        party: maybe(7)?.map(LedgerId::new),
        is_opening: kind == "OPENING",
        detail: match maybe(12)? {
            Some(_) => Some(bank_details::read(row, 13)?),
            None => None,
        },
        confirmed,
    })
}

/// Those of these entries that stand on the ledger.
///
/// # Errors
/// When the database cannot be read.
pub async fn these(
    conn: &impl ConnectionTrait,
    bank: &BankLedger,
    ids: &[EntryId],
) -> Result<Vec<BookEntry>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let wanted = Wanted {
            text: format!(" AND e.id IN ({})", marks(chunk.len())),
            binds: chunk.iter().map(|id| Value::from(id.get())).collect(),
        };
        found.extend(read(conn, bank, &wanted, "").await?);
    }
    Ok(found)
}

/// A page of entries in the order of their days.
///
/// # Errors
/// A cursor of another list, or a database that cannot be read.
pub async fn page(
    conn: &impl ConnectionTrait,
    bank: &BankLedger,
    mut wanted: Wanted,
    ask: &PageAsk,
) -> Result<Page<BookEntry>> {
    let total = if ask.wants_total {
        let sql = format!("SELECT COUNT(*) {}{}", from_entries(), wanted.text);
        let binds =
            std::iter::once(Value::from(bank.ledger.get())).chain(wanted.binds.iter().cloned());
        let found = conn.query_one_raw(statement(conn.get_database_backend(), &sql, binds)).await?;
        found.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or(0)
    } else {
        0
    };
    if let Some(key) = ask.after.as_deref() {
        let (day, id) = day_and_id(key)?;
        wanted.text.push_str(" AND (e.dated > ? OR (e.dated = ? AND e.id > ?))");
        wanted.binds.extend([Value::from(day), Value::from(day), Value::from(id)]);
    }
    let rest = format!(" ORDER BY e.dated, e.id LIMIT {}", ask.first + 1);
    let rows = read(conn, bank, &wanted, &rest).await?;
    let total = u64::try_from(total).unwrap_or(0);
    Ok(Page::cut(rows, ask, total, |entry| vec![entry.dated.to_string(), entry.id.to_string()]))
}

/// What a cursor of a list by day and id holds.
///
/// # Errors
/// [`Error::BadInput`] when it is one of another list.
pub fn day_and_id(key: &[String]) -> Result<(NaiveDate, i64)> {
    let bad = || Error::bad_input("after", "this is not a cursor of this list");
    let [day, id] = key else { return Err(bad()) };
    Ok((day.parse().map_err(|_| bad())?, id.parse().map_err(|_| bad())?))
}

/// Entries on a bank ledger by day, the oldest first.
///
/// # Errors
/// No permission, no such bank ledger, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    filter: &EntryFilter,
    ask: &PageAsk,
) -> Result<(BankLedger, Page<BookEntry>)> {
    scope.require(Permission::BankRead)?;
    let bank = Banks::of(scope).await?.asked(scope, ledger)?;
    let mut wanted = Wanted::default();
    if let Some(from) = filter.from {
        wanted.and(" AND e.dated >= ?", from);
    }
    if let Some(to) = filter.to {
        wanted.and(" AND e.dated <= ?", to);
    }
    match filter.is_reconciled {
        // What was there when the books began is taken for reconciled.
        Some(true) => wanted.text.push_str(" AND (m.id IS NOT NULL OR w.kind = 'OPENING')"),
        Some(false) => wanted.text.push_str(" AND m.id IS NULL AND w.kind <> 'OPENING'"),
        None => {}
    }
    let reader = scope.db.reader().await?;
    let page = page(reader.conn(), &bank, wanted, ask).await?;
    Ok((bank, page))
}

impl BookEntry {
    /// The entry as matching sees it; `party` is the name of its party.
    pub fn for_matching(&self, party: Option<&str>) -> matching::Entry {
        let detail = self.detail.as_ref();
        let numbers = [detail.and_then(|one| one.number.as_deref()), self.reference.as_deref()];
        let words = [
            self.narration.as_deref(),
            party,
            detail.and_then(|one| one.payee.as_deref()),
            Some(self.number.as_str()),
        ];
        matching::Entry {
            id: self.id,
            dated: self.dated,
            instrument_date: detail.and_then(|one| one.dated),
            amount: self.amount,
            said: matching::Said::of(numbers.into_iter().flatten(), words.into_iter().flatten()),
        }
    }
}
