//! Statements of ledgers, cash book, bank book and accounts of parties in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use daybook_domain::{id::LedgerId, role::Permission};
use daybook_entity::tenant::business::business;

use super::arguments::asking;
use crate::{
    connection,
    error::Error,
    graphql::{
        books::{
            businesses::Business,
            entries::{VoucherEntry, money, money_in},
            ledgers::{Ledger, ledger_of},
            loaders,
            vouchers::Voucher,
        },
        context::{Asks, Requires},
        error::ApiResult,
        page::{Ahead, Page, PageAsk},
        scalar::{CurrencyCode, Date, DateTime, Money},
    },
    scope::TenantScope,
    services::reports::registers::{
        abroad::{self as service_abroad, Abroad},
        frame::Asking,
        ledger_statement::{self as service, Book, PartySide, Statement, Wanted, What},
        span::Span,
    },
};

const LINES: &str = "ledgerStatement:lines";

/// The statement of a ledger: what it stood at, its entries with the balance after each, and what it
/// stands at. Balances are debits above zero and credits below.
///
/// Income and expense begin anew with each accounting year: its first day has a line that carries what
/// they came to into Profit & Loss A/c. Entries that were cancelled or amended are not shown.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct LedgerStatement {
    /// The ledger.
    pub ledger: Ledger,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// Balance before the first day.
    pub opening: Money,
    /// Sum of the debits.
    pub debit: Money,
    /// Sum of the credits.
    pub credit: Money,
    /// What first days of accounting years brought in, or took away below zero.
    pub carried: Money,
    /// Balance at the end of the last day: the opening, and all that moved.
    pub closing: Money,
    /// Balance before the first day in the ledger's own currency; null where it has none.
    pub currency_opening: Option<Money>,
    /// Balance at the end of the last day in the ledger's own currency; null where it has none.
    pub currency_closing: Option<Money>,
    #[graphql(skip)]
    lines: Ahead<LedgerStatementLine>,
}

/// The cash book or the bank book: the statement over all ledgers of money at hand of one kind.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct LedgerBook {
    /// The businesses in whose books it is.
    pub businesses: Vec<Business>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// Balance before the first day.
    pub opening: Money,
    /// Sum of the debits: what came in.
    pub debit: Money,
    /// Sum of the credits: what went out.
    pub credit: Money,
    /// Balance at the end of the last day.
    pub closing: Money,
    /// What each of its ledgers stands at, by name; at most 100.
    pub ledgers: Vec<LedgerBookRow>,
    #[graphql(skip)]
    lines: Ahead<LedgerStatementLine>,
}

/// What one ledger of a book stands at.
#[derive(SimpleObject, Debug)]
pub struct LedgerBookRow {
    /// The ledger.
    pub ledger: Ledger,
    /// Balance before the first day.
    pub opening: Money,
    /// Sum of the debits.
    pub debit: Money,
    /// Sum of the credits.
    pub credit: Money,
    /// Balance at the end of the last day.
    pub closing: Money,
}

/// The statement of a party's account.
#[derive(SimpleObject, Debug)]
pub struct PartyStatement {
    /// Which side of a trade the party is on.
    pub side: PartyStatementSide,
    /// The statement of its ledger: above zero the party owes, below zero it is owed.
    pub statement: LedgerStatement,
}

/// Which side of a trade a party is on.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "PartySide")]
pub enum PartyStatementSide {
    /// It buys: its ledger hangs below Sundry Debtors.
    Customer,
    /// It sells: its ledger hangs below Sundry Creditors.
    Supplier,
}

/// A line of a ledger's statement.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct LedgerStatementLine {
    /// What the line tells.
    pub kind: LedgerStatementLineKind,
    /// Its day.
    pub date: Date,
    /// Debit; null on a credit.
    pub debit: Option<Money>,
    /// Credit; null on a debit.
    pub credit: Option<Money>,
    /// What the statement's ledgers stand at after it: a debit above zero, a credit below.
    pub balance: Money,
    /// Debit in the ledger's own currency; null on a credit, and where it has none.
    pub currency_debit: Option<Money>,
    /// Credit in the ledger's own currency; null on a debit, and where it has none.
    pub currency_credit: Option<Money>,
    /// What the ledger stands at in its own currency after it; null where it has none, and in books of
    /// several ledgers.
    pub currency_balance: Option<Money>,
    /// The voucher, in the version that the entry belongs to; null where an amount is carried.
    pub voucher: Option<Voucher>,
    /// The entry; null where an amount is carried.
    pub entry: Option<VoucherEntry>,
    /// How many ledgers stand on the other side of the voucher.
    pub counter_ledger_count: i32,
    #[graphql(skip)]
    ledger_id: LedgerId,
    #[graphql(skip)]
    counters: Vec<LedgerId>,
}

/// What a line of a ledger's statement tells.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerStatementLineKind {
    /// An entry of a voucher.
    Entry,
    /// The first day of an accounting year carries the result of the year before from income and expense
    /// into Profit & Loss A/c. No voucher does that.
    Carried,
}

connection!(
    /// Lines of a ledger's statement, by date and then by when they were posted.
    LedgerStatementLineConnection, LedgerStatementLineEdge, LedgerStatementLine
);

#[ComplexObject]
impl LedgerStatementLine {
    /// The ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.ledger_id).await
    }

    /// The ledgers on the other side of the voucher, in its order; the first 10 of them.
    #[graphql(complexity = "crate::graphql::cost::of_many(3, child_complexity)")]
    async fn counter_ledgers(&self, ctx: &Context<'_>) -> ApiResult<Vec<Ledger>> {
        let mut found = Vec::with_capacity(self.counters.len());
        for ledger in &self.counters {
            found.push(loaders::ledger(ctx, *ledger).await?);
        }
        Ok(found)
    }
}

/// Answers the lines that were read ahead.
fn lines(
    ctx: &Context<'_>,
    found: &Ahead<LedgerStatementLine>,
    first: Option<i32>,
    after: Option<&str>,
) -> ApiResult<LedgerStatementLineConnection> {
    let ask = PageAsk::new(ctx, LINES, first, after)?;
    Ok(LedgerStatementLineConnection::of(LINES, &ask, found.page(&ask)?))
}

#[ComplexObject]
impl LedgerStatement {
    /// Its lines, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<LedgerStatementLineConnection> {
        lines(ctx, &self.lines, first, after.as_deref())
    }
}

#[ComplexObject]
impl LedgerBook {
    /// The lines of all its ledgers, the oldest first, with the balance of all of them after each.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<LedgerStatementLineConnection> {
        lines(ctx, &self.lines, first, after.as_deref())
    }
}

/// How amounts of a statement are written.
struct Writer<'w> {
    scope: &'w TenantScope,
    business: &'w business::Model,
    /// The ledger's own currency, in a statement of one that has one.
    currency: Option<&'w str>,
}

impl Writer<'_> {
    fn abroad(&self, amount: daybook_domain::money::Money, code: &str) -> Money {
        money_in(self.scope, amount, code)
    }

    fn line(&self, line: service::StatementLine) -> LedgerStatementLine {
        let of = |amount| money(amount, self.business);
        let side = |amount: daybook_domain::money::Money| (!amount.is_zero()).then(|| of(amount));
        let (date, balance, ledger_id) = (Date(line.day), of(line.balance), line.ledger);
        let abroad = |amount| self.currency.map(|code| self.abroad(amount, code));
        let currency_balance = line.abroad.and_then(abroad);
        match line.what {
            What::Entry(found) => {
                let moved = service_abroad::moved(&found.entry);
                let moved = abroad(moved.size());
                let (currency_debit, currency_credit) =
                    if found.entry.debit.is_zero() { (None, moved) } else { (moved, None) };
                let exponent_of = |code: &str| {
                    let currency = self.scope.catalogue.currency(code);
                    currency.and_then(|one| u8::try_from(one.exponent).ok()).unwrap_or(2)
                };
                LedgerStatementLine {
                    kind: LedgerStatementLineKind::Entry,
                    date,
                    debit: side(found.entry.debit),
                    credit: side(found.entry.credit),
                    balance,
                    currency_debit,
                    currency_credit,
                    currency_balance,
                    entry: Some(VoucherEntry::of(
                        &found.entry,
                        found.voucher.version_id,
                        self.business,
                        exponent_of,
                    )),
                    counter_ledger_count: i32::try_from(found.counter_count).unwrap_or(i32::MAX),
                    ledger_id,
                    counters: found.counters,
                    voucher: Some(Voucher::from(found.voucher)),
                }
            }
            What::Carried(amount) => {
                let is_credit = amount.is_negative();
                LedgerStatementLine {
                    kind: LedgerStatementLineKind::Carried,
                    date,
                    debit: (!is_credit).then(|| of(amount)),
                    credit: is_credit.then(|| of(amount.size())),
                    balance,
                    currency_debit: None,
                    currency_credit: None,
                    currency_balance,
                    entry: None,
                    counter_ledger_count: 0,
                    ledger_id,
                    counters: Vec::new(),
                    voucher: None,
                }
            }
        }
    }

    fn lines(
        &self,
        asks: Vec<PageAsk>,
        pages: Vec<Page<service::StatementLine>>,
    ) -> Ahead<LedgerStatementLine> {
        let pages = pages.into_iter().map(|page| page.map(|line| self.line(line)));
        Ahead::of(asks, pages.collect())
    }
}

fn statement_of(
    scope: &TenantScope,
    found: Statement,
    asks: Vec<PageAsk>,
) -> ApiResult<LedgerStatement> {
    let business = &found.frame.lead;
    let of = |amount| money(amount, business);
    let ledger = found.ledgers.first().and_then(|(id, _)| found.frame.chart.ledgers.get(id));
    let ledger =
        ledger.cloned().ok_or_else(|| Error::Internal("a statement of no ledger".into()))?;
    let Span { opening, debit, credit, carried } = found.total;
    let currency = found.abroad.as_ref().map(|abroad| abroad.currency.as_str());
    let abroad = |of: fn(&Abroad) -> daybook_domain::money::Money| {
        found.abroad.as_ref().map(|one| money_in(scope, of(one), &one.currency))
    };
    Ok(LedgerStatement {
        ledger: ledger.into(),
        from: Date(found.frame.from),
        to: Date(found.frame.to),
        currency: CurrencyCode::of(&business.base_currency),
        opening: of(opening),
        debit: of(debit),
        credit: of(credit),
        carried: of(carried),
        closing: of(found.total.closing()),
        currency_opening: abroad(|abroad| abroad.opening),
        currency_closing: abroad(|abroad| abroad.closing),
        lines: Writer { scope, business, currency }.lines(asks, found.pages),
    })
}

fn book_of(scope: &TenantScope, found: Statement, asks: Vec<PageAsk>) -> LedgerBook {
    let business = &found.frame.lead;
    let of = |amount| money(amount, business);
    let row = |(id, span): &(LedgerId, Span)| {
        let ledger = found.frame.chart.ledgers.get(id)?.clone();
        Some(LedgerBookRow {
            ledger: ledger.into(),
            opening: of(span.opening),
            debit: of(span.debit),
            credit: of(span.credit),
            closing: of(span.closing()),
        })
    };
    LedgerBook {
        businesses: found.frame.businesses.iter().cloned().map(Business::from).collect(),
        from: Date(found.frame.from),
        to: Date(found.frame.to),
        currency: CurrencyCode::of(&business.base_currency),
        opening: of(found.total.opening),
        debit: of(found.total.debit),
        credit: of(found.total.credit),
        closing: of(found.total.closing()),
        ledgers: found.ledgers.iter().filter_map(row).collect(),
        lines: Writer { scope, business, currency: None }.lines(asks, found.pages),
    }
}

/// What a document asks of the lines at the end of this path.
fn wanted(ctx: &Context<'_>, path: &[&str]) -> ApiResult<Wanted> {
    let below = path.iter().fold(ctx.look_ahead(), |above, field| above.field(field));
    let has = |field: &str| {
        below.field("nodes").field(field).exists()
            || below.field("edges").field("node").field(field).exists()
    };
    Ok(Wanted {
        pages: PageAsk::ahead(ctx, path, LINES)?,
        with_counters: has("counterLedgers") || has("counterLedgerCount"),
    })
}

/// Queries of statements of ledgers.
#[derive(Default, Debug)]
pub struct LedgerStatementQuery;

#[Object]
impl LedgerStatementQuery {
    /// The statement of a ledger; null when there is none that you may see. Its closing balance is what
    /// the trial balance of the last day shows. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    async fn ledger_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ledger's id.")] ledger_id: ID,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day, when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(
            desc = "As the books were known at this instant, at least two seconds ago; as they are now \
                    when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<Option<LedgerStatement>> {
        let scope = &ctx.tenant()?;
        let wanted = wanted(ctx, &["lines"])?;
        let asking = asking(None, from, to, as_known_at);
        let found = service::of_ledger(scope, ledger_of(&ledger_id), asking, &wanted).await?;
        found.map(|found| statement_of(scope, found, wanted.pages)).transpose()
    }

    /// The statement of a party's account: of a ledger below Sundry Debtors or Sundry Creditors; null when
    /// there is none that you may see. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    async fn party_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the party's ledger.")] ledger_id: ID,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day, when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(
            desc = "As the books were known at this instant, at least two seconds ago; as they are now \
                    when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<Option<PartyStatement>> {
        let scope = &ctx.tenant()?;
        let wanted = wanted(ctx, &["statement", "lines"])?;
        let asking = asking(None, from, to, as_known_at);
        let found = service::of_party(scope, ledger_of(&ledger_id), asking, &wanted).await?;
        let Some((side, found)) = found else { return Ok(None) };
        let statement = statement_of(scope, found, wanted.pages)?;
        Ok(Some(PartyStatement { side: side.into(), statement }))
    }

    /// The cash book: the statement over all ledgers below Cash-in-Hand. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(2, child_complexity)"
    )]
    async fn cash_book(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(desc = "Only these of its ledgers.")] ledger_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day, when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(
            desc = "As the books were known at this instant, at least two seconds ago; as they are now \
                    when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<LedgerBook> {
        let asking = asking(business_ids, from, to, as_known_at);
        book(ctx, Book::Cash, ledger_ids, asking).await
    }

    /// The bank book: the statement over all ledgers below Bank Accounts and Bank OD A/c.
    /// Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(2, child_complexity)"
    )]
    async fn bank_book(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(desc = "Only these of its ledgers.")] ledger_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day, when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(
            desc = "As the books were known at this instant, at least two seconds ago; as they are now \
                    when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<LedgerBook> {
        let asking = asking(business_ids, from, to, as_known_at);
        book(ctx, Book::Bank, ledger_ids, asking).await
    }
}

async fn book(
    ctx: &Context<'_>,
    book: Book,
    ledger_ids: Option<Vec<ID>>,
    asking: Asking,
) -> ApiResult<LedgerBook> {
    let scope = &ctx.tenant()?;
    let wanted = wanted(ctx, &["lines"])?;
    let only = ledger_ids.map(|ids| ids.iter().map(ledger_of).collect());
    let found = service::of_book(scope, book, only, asking, &wanted).await?;
    Ok(book_of(scope, found, wanted.pages))
}
