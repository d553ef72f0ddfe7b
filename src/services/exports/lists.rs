//! Lists as tables: open bills, the edit log.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{NaiveDate, NaiveTime};
use daybook_domain::{
    id::{BusinessId, UserId},
    money::Money,
    role::Permission,
};

use super::{
    ask::Ask,
    names,
    rows::{PAGE_ROWS, Pager, Table},
};
use crate::{
    db::page::PageAsk,
    documents::table::{Cell, Column, Head, Row},
    error::{Error, Result},
    scope::TenantScope,
    services::{
        books::{
            audit::{self, AuditFilter},
            bills::{self, BillFilter},
            chart::{self, Asked, Chart},
        },
        staff,
    },
    tenancy::Snapshot,
};

/// Which open bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that others owe, and what was paid in advance to them.
    Receivable,
    /// Those that are owed to others, and what others paid in advance.
    Payable,
}

/// Bills of which something is open at the end of a day, by when they are due.
pub async fn bills(scope: &TenantScope, ask: &Ask, side: Side) -> Result<Table> {
    scope.require(Permission::ReportRead)?;
    if ask.known_at.is_some() {
        return Err(Error::bad_input("asKnownAt", "open bills are shown as they are known now"));
    }
    let chart = chart::chart(scope).await?;
    let business = chart.asked(scope, ask.only())?.clone();
    let as_at = ask.to.unwrap_or_else(|| scope.clock.today(&business.time_zone));
    let columns = vec![
        Column::text("Party", 30),
        Column::text("Bill", 18),
        Column::day("Date"),
        Column::day("Due"),
        Column::amount("Amount"),
        Column::amount("Open"),
    ];
    let title = match side {
        Side::Receivable => "Bills receivable",
        Side::Payable => "Bills payable",
    };
    let mut head = names::head(title, std::slice::from_ref(&business), &business, columns);
    names::days(&mut head, None, as_at, None);
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let pages = BillPages {
        chart,
        snapshot,
        business: business.id,
        as_at,
        side,
        after: None,
        open: Money::ZERO,
        is_done: false,
    };
    Ok(Table::paged(head, None, pages))
}

struct BillPages {
    chart: Arc<Chart>,
    snapshot: Snapshot,
    business: BusinessId,
    as_at: NaiveDate,
    side: Side,
    after: Option<Vec<String>>,
    open: Money,
    is_done: bool,
}

impl BillPages {
    async fn page(&mut self) -> Result<Vec<Row>> {
        let ask = PageAsk { first: PAGE_ROWS, after: self.after.take(), wants_total: false };
        let filter = BillFilter { ledger: None, as_at: Some(self.as_at), open_only: true };
        let conn = self.snapshot.conn();
        let found = bills::list_in(conn, self.business, self.as_at, filter, &ask).await?;
        let mut rows = Vec::new();
        for (key, bill) in found.rows {
            self.after = Some(key);
            let is_receivable = !bill.open.is_negative();
            if is_receivable != (self.side == Side::Receivable) {
                continue;
            }
            let shown = |amount: Money| if is_receivable { amount } else { -amount };
            self.open = self.open.saturating_add(shown(bill.open));
            let party = self.chart.ledgers.get(&bill.ledger);
            rows.push(Row::plain(vec![
                Cell::words(party.map(|ledger| ledger.name.as_str())),
                Cell::words(bill.reference.as_deref()),
                Cell::Day(bill.dated),
                bill.due_on.map_or(Cell::Empty, Cell::Day),
                Cell::Amount(shown(bill.amount)),
                Cell::Amount(shown(bill.open)),
            ]));
        }
        if !found.has_next {
            self.is_done = true;
            let mut cells = vec![Cell::text("Total")];
            cells.extend(vec![Cell::Empty; 4]);
            cells.push(Cell::Amount(self.open));
            rows.push(Row::strong(cells));
        }
        Ok(rows)
    }
}

#[async_trait]
impl Pager for BillPages {
    async fn next(&mut self) -> Result<Vec<Row>> {
        // A page may hold bills of the other side alone.
        while !self.is_done {
            let rows = self.page().await?;
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
        Ok(Vec::new())
    }
}

/// The edit log, the newest line first; days are those of UTC.
pub async fn edit_log(scope: &TenantScope, ask: &Ask) -> Result<Table> {
    scope.require(Permission::AuditRead)?;
    if ask.known_at.is_some() {
        let why = "the edit log is never other than it is; name days instead";
        return Err(Error::bad_input("asKnownAt", why));
    }
    let chart = chart::chart(scope).await?;
    let asked = ask.only();
    let whose = match asked {
        Asked::Nothing => scope.db.route().company_name.clone(),
        asked => chart.asked(scope, asked)?.name.clone(),
    };
    let columns = vec![
        Column::text("No.", 7),
        Column::text("At", 17),
        Column::text("By", 14),
        Column::text("Action", 18),
        Column::text("Subject", 14),
        Column::text("Content", 50),
        Column::text("Hash", 12),
    ];
    let head = Head {
        title: "Edit log".to_owned(),
        business: whose,
        notes: vec!["Instants in UTC, the newest first.".to_owned()],
        currency: String::new(),
        exponent: 0,
        groups_by_lakh: false,
        is_tree: false,
        columns,
    };
    let begins = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    let filter = AuditFilter {
        from: ask.from.map(begins),
        before: ask.to.and_then(|day| day.succ_opt()).map(begins),
        ..AuditFilter::default()
    };
    let first = PageAsk { first: 1, after: None, wants_total: true };
    let count = audit::list(scope, asked, &filter, &first).await?.total;
    let count = u64::try_from(count).ok();
    let pages = LogPages { scope: scope.clone(), asked, filter, after: None, is_done: false };
    Ok(Table::paged(head, count, pages))
}

struct LogPages {
    scope: TenantScope,
    asked: Asked,
    filter: AuditFilter,
    after: Option<Vec<String>>,
    is_done: bool,
}

#[async_trait]
impl Pager for LogPages {
    async fn next(&mut self) -> Result<Vec<Row>> {
        if self.is_done {
            return Ok(Vec::new());
        }
        let ask = PageAsk { first: PAGE_ROWS, after: self.after.take(), wants_total: false };
        let found = audit::list(&self.scope, self.asked, &self.filter, &ask).await?;
        self.is_done = !found.has_next;
        let mut actors: Vec<UserId> = found
            .rows
            .iter()
            .filter(|(_, entry)| entry.row.actor_kind != "PLATFORM")
            .filter_map(|(_, entry)| entry.row.actor_id.map(UserId::new))
            .collect();
        actors.sort_unstable();
        actors.dedup();
        let users = staff::users_among(&self.scope, &actors).await?;
        let mut rows = Vec::with_capacity(found.rows.len());
        for (key, entry) in found.rows {
            self.after = Some(key);
            let row = entry.row;
            let user = row.actor_id.and_then(|id| users.get(&UserId::new(id)));
            let user = user.filter(|_| row.actor_kind != "PLATFORM");
            let by = user.map_or(row.actor_kind, |member| member.user.name.clone());
            let subject = match row.subject_id {
                Some(id) => format!("{} {id}", row.subject_type),
                None => row.subject_type,
            };
            rows.push(Row::plain(vec![
                Cell::Text(row.seq.to_string()),
                Cell::Text(names::moment(row.recorded_at)),
                Cell::Text(by),
                Cell::Text(row.action),
                Cell::Text(subject),
                Cell::Text(row.canonical),
                Cell::Text(row.hash),
            ]));
        }
        Ok(rows)
    }
}
