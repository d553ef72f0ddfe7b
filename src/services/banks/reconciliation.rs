//! The bank reconciliation statement: from the balance as per books to the balance as per bank.
//!
//! A match counts from the day on which both sides have all of it. Before that its entries are outstanding
//! and its lines unknown to the books, each from its own day on; so the statement is right at every day, also
//! between a charge at the bank and its voucher. Lines that somebody ignores did move the balance of the bank,
//! and are among those that the books do not have.

use chrono::NaiveDate;
use daybook_domain::{id::LedgerId, money::Money, role::Permission};
use daybook_entity::tenant::{
    bank::{bank_line, bank_statement},
    business::business,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value,
    sea_query::Expr,
};

use super::{
    account::{BankLedger, Banks},
    entries::{self, BookEntry, Wanted, from_entries},
    lines::{self, Line, Wants},
};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::{statement, sum},
    },
    error::Result,
    scope::TenantScope,
    services::books::balances::{self, Whose},
};

/// The pages that are asked for together with the sums.
#[derive(Debug, Clone, Default)]
pub struct Asks {
    /// Of deposits that the bank has not credited.
    pub deposits: Vec<PageAsk>,
    /// Of payments that the bank has not debited.
    pub payments: Vec<PageAsk>,
    /// Of lines that the books do not have.
    pub lines: Vec<PageAsk>,
}

/// How many, and what they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// How many.
    pub count: i64,
    /// What they come to.
    pub amount: Money,
}

/// A balance that a bank stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// At the end of which day.
    pub on: NaiveDate,
    /// The balance.
    pub balance: Money,
    /// What its lines moved since, up to the day asked for.
    pub since: Money,
}

/// The statement of one day.
#[derive(Debug, Clone)]
pub struct Reconciliation {
    /// The account.
    pub bank: BankLedger,
    /// Whose books.
    pub business: business::Model,
    /// The day.
    pub at: NaiveDate,
    /// Balance as per books; money at the bank is above zero.
    pub books: Money,
    /// Deposits that the bank has not credited.
    pub deposits: Sum,
    /// Payments that the bank has not debited; below zero.
    pub payments: Sum,
    /// Money that came in at the bank and is not in the books.
    pub bank_in: Sum,
    /// Money that went out at the bank and is not in the books; below zero.
    pub bank_out: Sum,
    /// What the bank itself stated.
    pub stated: Option<Stated>,
    /// Pages of deposits, in the order of their asks.
    pub deposit_pages: Vec<Page<BookEntry>>,
    /// Pages of payments.
    pub payment_pages: Vec<Page<BookEntry>>,
    /// Pages of lines.
    pub line_pages: Vec<Page<Line>>,
}

impl Reconciliation {
    /// Balance as per bank, computed from the books.
    pub fn bank_balance(&self) -> Money {
        self.books
            .saturating_sub(self.deposits.amount)
            .saturating_sub(self.payments.amount)
            .saturating_add(self.bank_in.amount)
            .saturating_add(self.bank_out.amount)
    }

    /// What the bank stated more than that.
    pub fn difference(&self) -> Option<Money> {
        let stated = self.stated?;
        Some(stated.balance.saturating_add(stated.since).saturating_sub(self.bank_balance()))
    }
}

/// The reconciliation of a bank ledger at the end of a day; none when there is no such ledger.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn at(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    day: Option<NaiveDate>,
    asks: &Asks,
) -> Result<Option<Reconciliation>> {
    scope.require(Permission::BankRead)?;
    let banks = Banks::of(scope).await?;
    let Some(bank) = ledger.and_then(|id| banks.visible(scope, id)) else { return Ok(None) };
    let Some(business) = banks.chart.visible(scope, bank.business).cloned() else {
        return Ok(None);
    };
    let at = day.unwrap_or_else(|| scope.clock.today(&business.time_zone));
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let conn = snapshot.conn();
    let books = balance(conn, &bank, at).await?;
    let (deposits, payments) = outstanding(conn, &bank, at).await?;
    let (bank_in, bank_out) = unknown(conn, &bank, at).await?;
    let stated = stated(conn, &bank, at).await?;
    let mut deposit_pages = Vec::with_capacity(asks.deposits.len());
    for ask in &asks.deposits {
        let wanted = open_entries(&bank, at, ">");
        deposit_pages.push(entries::page(conn, &bank, wanted, ask).await?);
    }
    let mut payment_pages = Vec::with_capacity(asks.payments.len());
    for ask in &asks.payments {
        let wanted = open_entries(&bank, at, "<");
        payment_pages.push(entries::page(conn, &bank, wanted, ask).await?);
    }
    let mut line_pages = Vec::with_capacity(asks.lines.len());
    for ask in &asks.lines {
        let rows = lines::page_of(conn, open_lines(&bank, at), ask).await?;
        let total = bank_in.count.saturating_add(bank_out.count);
        let page = Page::cut(rows, ask, u64::try_from(total).unwrap_or(0), lines::key);
        let rows: Vec<bank_line::Model> = page.rows.iter().map(|(_, row)| row.clone()).collect();
        let wants = Wants { proposals: false, suggestion: false };
        let told = lines::told(scope, conn, &banks, &bank, rows, wants).await?;
        let keys = page.rows.into_iter().map(|(key, _)| key);
        let rows = keys.zip(told).collect();
        line_pages.push(Page { rows, has_next: page.has_next, total: page.total });
    }
    Ok(Some(Reconciliation {
        bank,
        business,
        at,
        books,
        deposits,
        payments,
        bank_in,
        bank_out,
        stated,
        deposit_pages,
        payment_pages,
        line_pages,
    }))
}

/// Balance as per books, in the account's currency.
async fn balance(conn: &impl ConnectionTrait, bank: &BankLedger, at: NaiveDate) -> Result<Money> {
    if !bank.is_foreign {
        let only = [bank.ledger];
        let sums = balances::as_at(conn, bank.business, Some(&only), Whose::Everybody, at).await?;
        return Ok(sums.get(&bank.ledger).map(|sums| sums.balance()).unwrap_or_default());
    }
    let backend = conn.get_database_backend();
    let sql = format!(
        "SELECT {} FROM voucher_ledger_entries e WHERE e.ledger_id = ? AND e.dated <= ?",
        sum(backend, &format!("e.effect * {}", bank.amount()))
    );
    let binds = [Value::from(bank.ledger.get()), Value::from(at)];
    let row = conn.query_one_raw(statement(backend, &sql, binds)).await?;
    let found: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    Ok(Money::from_minor(found.unwrap_or(0)))
}

/// Entries of one sign that the bank does not have by a day.
fn open_entries(bank: &BankLedger, at: NaiveDate, sign: &str) -> Wanted {
    let mut wanted = open_at(at);
    wanted.text.push_str(&format!(" AND {} {sign} 0", bank.amount()));
    wanted
}

fn open_at(at: NaiveDate) -> Wanted {
    let mut wanted = Wanted::default();
    wanted.text.push_str(" AND w.kind <> 'OPENING'");
    wanted.and(" AND e.dated <= ?", at);
    wanted.and(" AND (m.id IS NULL OR m.settled_on > ?)", at);
    wanted
}

async fn outstanding(
    conn: &impl ConnectionTrait,
    bank: &BankLedger,
    at: NaiveDate,
) -> Result<(Sum, Sum)> {
    let backend = conn.get_database_backend();
    let wanted = open_at(at);
    let amount = bank.amount();
    let sql = format!(
        "SELECT {above}, {sum_above}, {below}, {sum_below} {}{}",
        from_entries(),
        wanted.text,
        above = sum(backend, &format!("CASE WHEN {amount} > 0 THEN 1 ELSE 0 END")),
        sum_above = sum(backend, &format!("CASE WHEN {amount} > 0 THEN {amount} ELSE 0 END")),
        below = sum(backend, &format!("CASE WHEN {amount} < 0 THEN 1 ELSE 0 END")),
        sum_below = sum(backend, &format!("CASE WHEN {amount} < 0 THEN {amount} ELSE 0 END")),
    );
    let binds = std::iter::once(Value::from(bank.ledger.get())).chain(wanted.binds);
    sums(conn, &sql, binds.collect()).await
}

async fn sums(conn: &impl ConnectionTrait, sql: &str, binds: Vec<Value>) -> Result<(Sum, Sum)> {
    let row = conn.query_one_raw(statement(conn.get_database_backend(), sql, binds)).await?;
    let Some(row) = row else { return Ok(<(Sum, Sum)>::default()) };
    let number = |index: usize| -> Result<i64> {
        let found: Option<i64> = row.try_get_by_index(index)?;
        Ok(found.unwrap_or(0))
    };
    let of = |count: i64, amount: i64| Sum { count, amount: Money::from_minor(amount) };
    Ok((of(number(0)?, number(1)?), of(number(2)?, number(3)?)))
}

/// Of lines `bank_lines`: in a match of which books and bank have all by a day. Binds the day.
const SETTLED: &str = "EXISTS (SELECT 1 FROM bank_match_lines x \
     JOIN bank_matches m ON m.id = x.match_id \
     WHERE x.live_line_id = bank_lines.id AND m.settled_on <= ";

fn open_lines(bank: &BankLedger, at: NaiveDate) -> Select<bank_line::Entity> {
    // A day, which cannot be anything else in SQL.
    let settled = format!("NOT {SETTLED}'{at}')");
    bank_line::Entity::find()
        .filter(bank_line::Column::LedgerId.eq(bank.ledger))
        .filter(bank_line::Column::Dated.lte(at))
        .filter(Expr::cust(settled))
}

/// Lines of a bank that the books do not have by a day: money in, money out.
async fn unknown(
    conn: &impl ConnectionTrait,
    bank: &BankLedger,
    at: NaiveDate,
) -> Result<(Sum, Sum)> {
    let backend = conn.get_database_backend();
    let sql = format!(
        "SELECT {}, {}, {}, {} FROM bank_lines WHERE ledger_id = ? AND dated <= ? \
         AND NOT {SETTLED}?)",
        sum(backend, "CASE WHEN amount > 0 THEN 1 ELSE 0 END"),
        sum(backend, "CASE WHEN amount > 0 THEN amount ELSE 0 END"),
        sum(backend, "CASE WHEN amount < 0 THEN 1 ELSE 0 END"),
        sum(backend, "CASE WHEN amount < 0 THEN amount ELSE 0 END"),
    );
    let binds = vec![bank.ledger.get().into(), at.into(), at.into()];
    sums(conn, &sql, binds).await
}

/// The newest balance that the bank stated by a day: behind a line, or at the end of a statement.
async fn stated(
    conn: &impl ConnectionTrait,
    bank: &BankLedger,
    at: NaiveDate,
) -> Result<Option<Stated>> {
    let of_line = bank_line::Entity::find()
        .filter(bank_line::Column::LedgerId.eq(bank.ledger))
        .filter(bank_line::Column::Dated.lte(at))
        .filter(bank_line::Column::Balance.is_not_null())
        .order_by_desc(bank_line::Column::Dated)
        .order_by_desc(bank_line::Column::Id)
        .one(conn)
        .await?;
    let of_statement = bank_statement::Entity::find()
        .filter(bank_statement::Column::LedgerId.eq(bank.ledger))
        .filter(bank_statement::Column::ToDate.lte(at))
        .filter(bank_statement::Column::Closing.is_not_null())
        .order_by_desc(bank_statement::Column::ToDate)
        .order_by_desc(bank_statement::Column::Id)
        .limit(1)
        .one(conn)
        .await?;
    let of_line = of_line.and_then(|line| Some((line.dated, line.balance?)));
    let of_statement = of_statement.and_then(|one| Some((one.to_date?, one.closing?)));
    let newest = match (of_line, of_statement) {
        (Some(line), Some(whole)) => Some(if whole.0 > line.0 { whole } else { line }),
        (one, other) => one.or(other),
    };
    let Some((on, balance)) = newest else { return Ok(None) };
    let backend = conn.get_database_backend();
    let sql = format!(
        "SELECT {} FROM bank_lines WHERE ledger_id = ? AND dated > ? AND dated <= ?",
        sum(backend, "amount")
    );
    let binds = [Value::from(bank.ledger.get()), Value::from(on), Value::from(at)];
    let row = conn.query_one_raw(statement(backend, &sql, binds)).await?;
    let since: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    Ok(Some(Stated { on, balance, since: Money::from_minor(since.unwrap_or(0)) }))
}
