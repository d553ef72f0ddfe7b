//! Statements of ledgers: what they stood at, every entry with the balance after it, and what they stand at.
//!
//! The balance before a page comes from sums up to its day and from the entries of that day alone, so the
//! last page costs what the first one does.

use chrono::NaiveDate;
use daybook_domain::{
    chart::{BANK, BANK_OVERDRAFT, CASH, SUNDRY_CREDITORS, SUNDRY_DEBTORS},
    id::LedgerId,
    money::Money,
    role::Permission,
};
use daybook_entity::tenant::{business::business, chart::ledger};
use sea_orm::ConnectionTrait;

use super::{
    abroad::{self, Abroad},
    frame::{Asking, Begins, Frame, path},
    lines::{self, Line, Place},
    span::{Span, Sweep, Turn},
};
use crate::{
    db::page::{Page, PageAsk},
    error::{Error, Result},
    scope::TenantScope,
    services::books::{
        chart::{self, Asked},
        groups::{self, GroupRef, Groups},
        standing::Books,
    },
};

/// Most ledgers of one book.
pub const LEDGERS_MAX: usize = 100;

/// A statement over one or several ledgers.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it was asked of.
    pub frame: Frame,
    /// What each ledger stands at, by name.
    pub ledgers: Vec<(LedgerId, Span)>,
    /// What they stand at together.
    pub total: Span,
    /// The same in the currency of a ledger that has one of its own, where it is the only one.
    pub abroad: Option<Abroad>,
    /// The pages of lines that were asked for.
    pub pages: Vec<Page<StatementLine>>,
}

/// A line of a statement.
#[derive(Debug, Clone)]
pub struct StatementLine {
    /// Its day.
    pub day: NaiveDate,
    /// The ledger.
    pub ledger: LedgerId,
    /// What it tells.
    pub what: What,
    /// What the ledgers of the statement stand at after it; a debit above zero.
    pub balance: Money,
    /// The same in the ledger's own currency, in a statement of one ledger that has one.
    pub abroad: Option<Money>,
}

/// What a line tells.
#[derive(Debug, Clone)]
pub enum What {
    /// An entry.
    Entry(Box<Line>),
    /// What the first day of an accounting year brought in, or took away below zero.
    Carried(Money),
}

/// Which lines of a statement are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The pages.
    pub pages: Vec<PageAsk>,
    /// Whether the other side of each voucher is.
    pub with_counters: bool,
}

/// The statement of a ledger; nothing where the caller sees no such ledger.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn of_ledger(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    asking: Asking,
    wanted: &Wanted,
) -> Result<Option<Statement>> {
    match frame_of(scope, ledger, asking).await? {
        Some((ledger, frame)) => read(scope, frame, &[ledger.id], wanted).await.map(Some),
        None => Ok(None),
    }
}

/// A ledger and what its statement stands in; nothing where the caller sees no such ledger.
///
/// # Errors
/// No permission, or an argument that cannot be used.
pub async fn frame_of(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    asking: Asking,
) -> Result<Option<(ledger::Model, Frame)>> {
    let Some(ledger) = found(scope, ledger).await? else { return Ok(None) };
    let businesses = Some(vec![Asked::This(ledger.business_id)]);
    let frame = Frame::of(scope, Asking { businesses, ..asking }, Begins::WithTheYear).await?;
    Ok(Some((ledger, frame)))
}

/// Which side of a trade a party is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartySide {
    /// It buys: its ledger hangs below Sundry Debtors.
    Customer,
    /// It sells: its ledger hangs below Sundry Creditors.
    Supplier,
}

/// The statement of a party's account; nothing where the caller sees no such ledger.
///
/// # Errors
/// No permission, a ledger that is no party's, or a database that cannot be read.
pub async fn of_party(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    asking: Asking,
    wanted: &Wanted,
) -> Result<Option<(PartySide, Statement)>> {
    let Some(row) = found(scope, ledger).await? else { return Ok(None) };
    let side = side_of(&*groups::groups(scope).await?, &row)?;
    let statement = of_ledger(scope, ledger, asking, wanted).await?;
    Ok(statement.map(|statement| (side, statement)))
}

/// Which side of a trade the party of a ledger is on.
///
/// # Errors
/// [`Error::BadInput`] when the ledger is no party's.
pub fn side_of(groups: &Groups, ledger: &ledger::Model) -> Result<PartySide> {
    let above = path(groups, GroupRef::of(ledger));
    let is_below = |code: &str| above.iter().any(|group| group.code == code);
    if is_below(SUNDRY_DEBTORS) {
        Ok(PartySide::Customer)
    } else if is_below(SUNDRY_CREDITORS) {
        Ok(PartySide::Supplier)
    } else {
        let why = "a party's ledger hangs below Sundry Debtors or Sundry Creditors";
        Err(Error::bad_input("ledgerId", why))
    }
}

/// A book of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// Ledgers below Cash-in-Hand.
    Cash,
    /// Ledgers below Bank Accounts and Bank OD.
    Bank,
}

impl Book {
    fn groups(self) -> &'static [&'static str] {
        match self {
            Self::Cash => &[CASH],
            Self::Bank => &[BANK, BANK_OVERDRAFT],
        }
    }
}

/// The cash book or the bank book: the statement over all of its ledgers, or over some of them.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn of_book(
    scope: &TenantScope,
    book: Book,
    only: Option<Vec<Option<LedgerId>>>,
    asking: Asking,
    wanted: &Wanted,
) -> Result<Statement> {
    let frame = Frame::of(scope, asking, Begins::WithTheYear).await?;
    let mut ledgers = frame.ledgers_below(book.groups());
    if let Some(only) = only {
        if only.iter().any(|one| one.is_none_or(|one| !ledgers.contains(&one))) {
            return Err(Error::bad_input("ledgerIds", "there is no such ledger in this book"));
        }
        ledgers.retain(|ledger| only.contains(&Some(*ledger)));
    }
    if ledgers.len() > LEDGERS_MAX {
        let why = format!("this book has over {LEDGERS_MAX} ledgers; name those to be shown");
        return Err(Error::bad_input("ledgerIds", why));
    }
    read(scope, frame, &ledgers, wanted).await
}

async fn found(scope: &TenantScope, ledger: Option<LedgerId>) -> Result<Option<ledger::Model>> {
    scope.require(Permission::ReportRead)?;
    let chart = chart::chart(scope).await?;
    Ok(ledger.and_then(|ledger| chart.visible_ledger(scope, ledger)).cloned())
}

async fn read(
    scope: &TenantScope,
    frame: Frame,
    ledgers: &[LedgerId],
    wanted: &Wanted,
) -> Result<Statement> {
    let snapshot = scope.db.reader().await?.snapshot().await?;
    read_in(snapshot.conn(), frame, ledgers, wanted).await
}

/// The statement of ledgers that stand in a frame, from a state of the database that the caller holds.
///
/// # Errors
/// An argument that cannot be used, or a database that cannot be read.
pub async fn read_in(
    conn: &impl ConnectionTrait,
    frame: Frame,
    ledgers: &[LedgerId],
    wanted: &Wanted,
) -> Result<Statement> {
    let range = (frame.from, frame.to);
    let starts: Vec<Option<Place>> =
        wanted.pages.iter().map(|ask| start(ask, range)).collect::<Result<_>>()?;
    let days: Vec<NaiveDate> = starts.iter().flatten().map(|place| place.day).collect();
    let of = |business: &business::Model| -> Vec<LedgerId> {
        let is_own = |ledger: &&LedgerId| {
            let row = frame.chart.ledgers.get(*ledger);
            row.is_some_and(|row| row.business_id == business.id)
        };
        ledgers.iter().filter(is_own).copied().collect()
    };
    let books: Vec<(Books<'_>, Vec<LedgerId>)> =
        frame.businesses.iter().map(|one| (frame.books(one), of(one))).collect();
    let mut sheets = Vec::with_capacity(books.len());
    for (books, own) in &books {
        if !own.is_empty() {
            let sweep = Sweep::read(conn, books, Some(own), range, &days, frame.known).await?;
            sheets.push((sweep, own.as_slice()));
        }
    }
    let spans: Vec<(LedgerId, Span)> = sheets
        .iter()
        .flat_map(|(sweep, own)| own.iter().map(|ledger| (*ledger, sweep.span(*ledger))))
        .collect();
    let total = spans.iter().fold(Span::default(), |total, (_, span)| total.with(*span));
    let mut turns: Vec<Turn> = sheets
        .iter()
        .flat_map(|(sweep, own)| own.iter().flat_map(|ledger| sweep.turns(*ledger)))
        .collect();
    turns.sort_by_key(|turn| turn.day);
    let own = match ledgers {
        [only] => {
            frame.chart.ledgers.get(only).and_then(|row| Some((*only, row.currency.clone()?)))
        }
        _ => None,
    };
    let abroad = match own {
        Some((ledger, currency)) => {
            let after = frame.to.succ_opt().unwrap_or(frame.to);
            let opening = abroad::before(conn, ledger, frame.from, frame.known).await?;
            let closing = abroad::before(conn, ledger, after, frame.known).await?;
            Some(Abroad { currency, opening, closing })
        }
        None => None,
    };
    let mut pages = Vec::with_capacity(wanted.pages.len());
    for (ask, start) in wanted.pages.iter().zip(starts) {
        let opened = start.map_or(frame.from, |start| start.day);
        let before = sheets
            .iter()
            .flat_map(|(sweep, own)| own.iter().map(|ledger| sweep.opening(*ledger, opened)))
            .fold(Money::ZERO, Money::saturating_add);
        let own = abroad.as_ref().filter(|_| start.is_some());
        let abroad = match (own, ledgers.first()) {
            (Some(_), Some(ledger)) => {
                Some(abroad::before(conn, *ledger, opened, frame.known).await?)
            }
            _ => abroad.as_ref().map(|abroad| abroad.opening),
        };
        let page = Paging { frame: &frame, ledgers, turns: &turns, ask, start, abroad };
        pages.push(page.read(conn, before, wanted.with_counters).await?);
    }
    drop(sheets);
    drop(books);
    Ok(Statement { ledgers: spans, total, abroad, pages, frame })
}

/// The place after which a page begins; none for the first page of the range.
fn start(ask: &PageAsk, (from, to): (NaiveDate, NaiveDate)) -> Result<Option<Place>> {
    let Some(key) = ask.after.as_deref() else { return Ok(None) };
    let bad = || Error::bad_input("after", "this is not a cursor of this list");
    let [day, entry] = key else { return Err(bad()) };
    let day: NaiveDate = day.parse().map_err(|_| bad())?;
    let entry: i64 = entry.parse().map_err(|_| bad())?;
    // Beyond the range nothing follows, as after its last entry.
    let place = if day > to { Place { day: to, entry: i64::MAX } } else { Place { day, entry } };
    Ok(Some(place).filter(|place| place.day >= from))
}

/// One page of a statement's lines.
struct Paging<'s> {
    frame: &'s Frame,
    ledgers: &'s [LedgerId],
    turns: &'s [Turn],
    ask: &'s PageAsk,
    start: Option<Place>,
    /// What the ledger stands at in its own currency before the day on which the page begins.
    abroad: Option<Money>,
}

impl Paging<'_> {
    /// Reads it; `before` is what the ledgers stand at before the day on which it begins.
    async fn read(
        &self,
        conn: &impl ConnectionTrait,
        before: Money,
        with_counters: bool,
    ) -> Result<Page<StatementLine>> {
        let Frame { from, to, known, .. } = *self.frame;
        let mut balance = before;
        let mut abroad = self.abroad;
        if let Some(start) = self.start.filter(|start| start.entry > 0) {
            let sums = lines::sums_within(conn, self.ledgers, start, known).await?;
            balance = balance.saturating_add(sums.balance());
            if let (Some(before), Some(ledger)) = (abroad, self.ledgers.first()) {
                let within = abroad::within(conn, *ledger, start, known).await?;
                abroad = Some(before.saturating_add(within));
            }
        }
        let most = self.ask.first.saturating_add(1);
        let ledgers = self.ledgers;
        let mut found = lines::lines(conn, ledgers, (from, to), self.start, known, most).await?;
        if with_counters {
            lines::fill_counters(conn, &mut found).await?;
        }
        let total = if self.ask.wants_total {
            let entries = lines::count(conn, ledgers, (from, to), known).await?;
            entries.saturating_add(u64::try_from(self.turns.len()).unwrap_or(0))
        } else {
            0
        };
        let mut rows: Vec<(Place, StatementLine)> = self
            .turns
            .iter()
            .map(|turn| (Place { day: turn.day, entry: 0 }, carried(turn)))
            .filter(|(place, _)| self.start.is_none_or(|start| *place > start))
            .collect();
        rows.extend(found.into_iter().map(|line| (line.place(), entered(line))));
        rows.sort_by_key(|(place, _)| *place);
        rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        for (_, row) in &mut rows {
            balance = balance.saturating_add(row.what.amount());
            row.balance = balance;
            if let (Some(before), What::Entry(line)) = (abroad, &row.what) {
                abroad = Some(before.saturating_add(abroad::moved(&line.entry)));
            }
            row.abroad = abroad;
        }
        let page = Page::cut(rows, self.ask, total, |(place, _)| {
            vec![place.day.to_string(), place.entry.to_string()]
        });
        Ok(page.map(|(_, row)| row))
    }
}

impl What {
    /// What it adds to the balance.
    fn amount(&self) -> Money {
        match self {
            Self::Entry(line) => line.entry.debit.saturating_sub(line.entry.credit),
            Self::Carried(amount) => *amount,
        }
    }
}

fn carried(turn: &Turn) -> StatementLine {
    StatementLine {
        day: turn.day,
        ledger: turn.ledger,
        what: What::Carried(turn.amount),
        balance: Money::ZERO,
        abroad: None,
    }
}

fn entered(line: Line) -> StatementLine {
    StatementLine {
        day: line.voucher.dated,
        ledger: line.entry.ledger,
        what: What::Entry(Box::new(line)),
        balance: Money::ZERO,
        abroad: None,
    }
}
