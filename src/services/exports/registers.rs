//! Registers as tables: statements of ledgers, the day book, registers of vouchers, summaries of groups.
//!
//! What is long is read page by page from one snapshot, so that all its pages agree.

use async_trait::async_trait;
use daybook_domain::{id::LedgerId, voucher::BaseType};
use daybook_entity::tenant::chart::ledger as ledgers;

use super::{
    ask::{self, Ask, Form, Group},
    names,
    rows::{PAGE_ROWS, Pager, Table},
};
use crate::{
    db::page::PageAsk,
    documents::table::{Cell, Column, Head, Row},
    error::{Error, Result},
    lane::PostedVoucher,
    scope::TenantScope,
    services::{
        books::groups,
        reports::registers::{
            frame::{Begins, Frame},
            group_summary::{self, What as Summed},
            known::Known,
            ledger_statement::{self as statement, StatementLine, What},
            span::Span,
            voucher_register::{self as register, Tally},
        },
    },
    tenancy::Snapshot,
};

fn head(frame: &Frame, title: &str, columns: Vec<Column>) -> Head {
    let mut head = names::head(title, &frame.businesses, &frame.lead, columns);
    let known_at = match frame.known {
        Known::Now => None,
        Known::At(at) => Some(at),
    };
    names::days(&mut head, Some(frame.from), frame.to, known_at);
    head
}

fn page(first: u64, after: Option<Vec<String>>, wants_total: bool) -> PageAsk {
    PageAsk { first, after, wants_total }
}

fn unknown(argument: &str, what: &str) -> Error {
    Error::bad_input(argument, format!("there is no such {what}"))
}

/// The statement of a ledger.
pub async fn ledger(scope: &TenantScope, ask: &Ask, number: i64) -> Result<Table> {
    let found = statement::frame_of(scope, ask::ledger(number), ask.asking()).await?;
    let (ledger, frame) = found.ok_or_else(|| unknown("ledgerId", "ledger"))?;
    of_ledger(scope, ask, &ledger, frame, "Ledger statement").await
}

/// The statement of a party's account.
pub async fn party(scope: &TenantScope, ask: &Ask, number: i64) -> Result<Table> {
    let found = statement::frame_of(scope, ask::ledger(number), ask.asking()).await?;
    let (ledger, frame) = found.ok_or_else(|| unknown("ledgerId", "ledger"))?;
    statement::side_of(&*groups::groups(scope).await?, &ledger)?;
    of_ledger(scope, ask, &ledger, frame, "Statement of account").await
}

async fn of_ledger(
    scope: &TenantScope,
    ask: &Ask,
    ledger: &ledgers::Model,
    frame: Frame,
    title: &str,
) -> Result<Table> {
    let mut columns = vec![
        Column::day("Date"),
        Column::text("Voucher", 14),
        Column::text("Type", 11),
        Column::text("Particulars", 34),
    ];
    columns.extend(["Debit", "Credit", "Balance"].map(Column::amount));
    let mut head = head(&frame, &format!("{title}: {}", ledger.name), columns);
    head.notes.push("A balance below zero is a credit.".to_owned());
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let count = if ask.form == Form::Pdf {
        let wanted = statement::Wanted { pages: vec![page(1, None, true)], with_counters: false };
        let own = [ledger.id];
        let read = statement::read_in(snapshot.conn(), frame.clone(), &own, &wanted).await?;
        // The opening and the sum stand beside the entries.
        read.pages.first().and_then(|page| u64::try_from(page.total.saturating_add(2)).ok())
    } else {
        None
    };
    let pages = StatementPages {
        scope: scope.clone(),
        snapshot,
        frame,
        ledger: ledger.id,
        after: None,
        state: State::Begins,
    };
    Ok(Table::paged(head, count, pages))
}

/// How far a long table was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Begins,
    GoesOn,
    Ended,
}

struct StatementPages {
    scope: TenantScope,
    snapshot: Snapshot,
    frame: Frame,
    ledger: LedgerId,
    after: Option<Vec<String>>,
    state: State,
}

#[async_trait]
impl Pager for StatementPages {
    async fn next(&mut self) -> Result<Vec<Row>> {
        if self.state == State::Ended {
            return Ok(Vec::new());
        }
        let wanted = statement::Wanted {
            pages: vec![page(PAGE_ROWS, self.after.take(), false)],
            with_counters: true,
        };
        let (conn, own) = (self.snapshot.conn(), [self.ledger]);
        let read = statement::read_in(conn, self.frame.clone(), &own, &wanted).await?;
        let Span { opening, debit, credit, .. } = read.total;
        let mut rows = Vec::new();
        if self.state == State::Begins {
            let mut cells = vec![Cell::Day(self.frame.from), Cell::Empty, Cell::Empty];
            cells.extend([Cell::text("Opening balance"), Cell::Empty, Cell::Empty]);
            cells.push(Cell::Amount(opening));
            rows.push(Row::strong(cells));
        }
        self.state = State::GoesOn;
        let found = read.pages.into_iter().next();
        let found = found.ok_or_else(|| Error::Internal("a statement without a page".into()))?;
        for (key, line) in found.rows {
            self.after = Some(key);
            rows.push(self.row(line));
        }
        if !found.has_next {
            self.state = State::Ended;
            let mut cells = vec![Cell::Day(self.frame.to), Cell::Empty, Cell::Empty];
            cells.push(Cell::text("Total and closing balance"));
            cells.extend([debit, credit, read.total.closing()].map(Cell::Amount));
            rows.push(Row::strong(cells));
        }
        Ok(rows)
    }
}

impl StatementPages {
    fn row(&self, line: StatementLine) -> Row {
        let (day, balance) = (Cell::Day(line.day), Cell::Amount(line.balance));
        let entry = match line.what {
            What::Entry(entry) => entry,
            What::Carried(amount) => {
                let what = Cell::text("Carried by the turn of the year");
                let mut cells = vec![day, Cell::Empty, Cell::Empty, what];
                if amount.is_negative() {
                    cells.extend([Cell::Empty, Cell::Amount(amount.size()), balance]);
                } else {
                    cells.extend([Cell::Amount(amount), Cell::Empty, balance]);
                }
                return Row::plain(cells);
            }
        };
        let names = entry.counters.iter().filter_map(|id| self.frame.chart.ledgers.get(id));
        let mut names: Vec<&str> = names.map(|ledger| ledger.name.as_str()).collect();
        if entry.counter_count > names.len() {
            names.push("…");
        }
        let mut particulars = names.join(", ");
        let words = entry.entry.detail.narration.as_deref().or(entry.voucher.narration.as_deref());
        if let Some(words) = words.filter(|words| !words.is_empty()) {
            if !particulars.is_empty() {
                particulars.push_str(": ");
            }
            particulars.push_str(words);
        }
        Row::plain(vec![
            day,
            Cell::text(entry.voucher.number.clone()),
            Cell::Text(names::voucher_type(&self.scope, entry.voucher.voucher_type)),
            Cell::Text(particulars),
            Cell::unless_zero(entry.entry.debit),
            Cell::unless_zero(entry.entry.credit),
            balance,
        ])
    }
}

/// The day book, or the register of a base type.
pub async fn vouchers(scope: &TenantScope, ask: &Ask, base: Option<&String>) -> Result<Table> {
    let base = match base {
        None => None,
        Some(code) => {
            Some(BaseType::parse(code).ok_or_else(|| unknown("baseType", "voucher type"))?)
        }
    };
    let begins = if base.is_some() { Begins::WithTheYear } else { Begins::WithTheDay };
    let frame = Frame::of(scope, ask.asking(), begins).await?;
    let columns = vec![
        Column::day("Date"),
        Column::text("Voucher", 16),
        Column::text("Type", 12),
        Column::text("Party", 24),
        Column::text("Narration", 32),
        Column::amount("Amount"),
    ];
    let title = match base {
        None => "Day book".to_owned(),
        Some(base) => {
            let name = scope.catalogue.voucher_type_coded(base.code()).map(|one| one.name.as_str());
            format!("Register: {}", name.unwrap_or(base.code()))
        }
    };
    let head = head(&frame, &title, columns);
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let wanted = register::Wanted { tally: true, ..register::Wanted::default() };
    let tally = register::read_in(snapshot.conn(), frame.clone(), base, &wanted).await?.tally;
    let count = u64::try_from(tally.count.saturating_add(1)).ok();
    let scope = scope.clone();
    let pages =
        VoucherPages { scope, snapshot, frame, base, tally, after: None, state: State::Begins };
    Ok(Table::paged(head, count, pages))
}

struct VoucherPages {
    scope: TenantScope,
    snapshot: Snapshot,
    frame: Frame,
    base: Option<BaseType>,
    tally: Tally,
    after: Option<Vec<String>>,
    state: State,
}

#[async_trait]
impl Pager for VoucherPages {
    async fn next(&mut self) -> Result<Vec<Row>> {
        if self.state == State::Ended {
            return Ok(Vec::new());
        }
        self.state = State::GoesOn;
        let wanted = register::Wanted {
            vouchers: vec![page(PAGE_ROWS, self.after.take(), false)],
            ..register::Wanted::default()
        };
        let (conn, frame) = (self.snapshot.conn(), self.frame.clone());
        let read = register::read_in(conn, frame, self.base, &wanted).await?;
        let found = read.pages.into_iter().next();
        let found = found.ok_or_else(|| Error::Internal("a register without a page".into()))?;
        let mut rows = Vec::with_capacity(found.rows.len().saturating_add(1));
        for (key, voucher) in found.rows {
            self.after = Some(key);
            rows.push(self.row(voucher));
        }
        if !found.has_next {
            self.state = State::Ended;
            let mut cells = vec![Cell::Empty; 4];
            cells.push(Cell::Text(format!("Total of {} vouchers", self.tally.count)));
            cells.push(Cell::Amount(self.tally.total));
            rows.push(Row::strong(cells));
        }
        Ok(rows)
    }
}

impl VoucherPages {
    fn row(&self, voucher: PostedVoucher) -> Row {
        let party = voucher.party.and_then(|id| self.frame.chart.ledgers.get(&id));
        Row::plain(vec![
            Cell::Day(voucher.dated),
            Cell::Text(voucher.number),
            Cell::Text(names::voucher_type(&self.scope, voucher.voucher_type)),
            Cell::words(party.map(|ledger| ledger.name.as_str())),
            Cell::words(voucher.narration.as_deref()),
            Cell::Amount(voucher.total),
        ])
    }
}

/// The summary of a group.
pub async fn group_summary(scope: &TenantScope, ask: &Ask, group: Group) -> Result<Table> {
    let asks = [page(u64::from(u32::MAX), None, false)];
    let found = group_summary::of_group(scope, Some(group.into()), ask.asking(), &asks).await?;
    let found = found.ok_or_else(|| unknown("accountGroupId", "account group"))?;
    let mut columns = vec![Column::text("Particulars", 44)];
    columns.extend(["Opening", "Debit", "Credit", "Closing"].map(Column::amount));
    let row = |name: &str, span: Span| {
        let amounts = [span.opening, span.debit, span.credit, span.closing()].map(Cell::Amount);
        std::iter::once(Cell::text(name)).chain(amounts).collect::<Vec<Cell>>()
    };
    let mut rows = Vec::new();
    for (_, one) in found.pages.iter().flat_map(|page| &page.rows) {
        rows.push(match &one.what {
            Summed::Group(group) => Row::strong(row(&group.name, one.span)),
            Summed::Ledger(ledger) => Row::plain(row(&ledger.name, one.span)),
        });
    }
    rows.push(Row::strong(row("Total", found.total)));
    let mut head = head(&found.frame, &format!("Group summary: {}", found.group.name), columns);
    head.notes.push("A balance below zero is a credit.".to_owned());
    Ok(Table::whole(head, rows))
}
