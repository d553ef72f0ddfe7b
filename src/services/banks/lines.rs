//! Lines of statements, what became of each, and what it may be.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{BankLineId, BankMatchId, BankStatementId, LedgerId},
    role::Permission,
};
use daybook_entity::tenant::bank::{bank_line, bank_match_line};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, LikeExpr},
};

use super::{
    account::{BankLedger, Banks},
    entries::day_and_id,
    propose::{self, Proposed},
    rules::{self, Suggestion},
};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::containing,
    },
    error::{Code, Error, Result},
    lane::Change,
    scope::TenantScope,
    services::books::vouchers::Wrong,
};

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineStatus {
    /// It waits.
    Unmatched,
    /// It is set against entries of the books.
    Matched,
    /// Somebody said why it is not.
    Ignored,
}

/// Which lines.
#[derive(Debug, Clone, Default)]
pub struct LineFilter {
    /// Of which this became.
    pub status: Option<LineStatus>,
    /// Not before this day.
    pub from: Option<NaiveDate>,
    /// Not after this day.
    pub to: Option<NaiveDate>,
    /// Brought in by this statement.
    pub statement: Option<BankStatementId>,
    /// Part of what the bank says, whatever its case.
    pub text: Option<String>,
}

/// A line with all that is told of it.
#[derive(Debug, Clone)]
pub struct Line {
    /// As it is stored.
    pub row: bank_line::Model,
    /// The account.
    pub bank: BankLedger,
    /// The match that it is in.
    pub matched: Option<BankMatchId>,
    /// What it may be, the best first; only of one that waits.
    pub proposals: Vec<Proposed>,
    /// What a rule says that it is; only of one that waits.
    pub suggestion: Option<Suggestion>,
}

impl Line {
    /// What became of it.
    pub fn status(&self) -> LineStatus {
        match (self.matched, self.row.ignored_at) {
            (Some(_), _) => LineStatus::Matched,
            (None, Some(_)) => LineStatus::Ignored,
            (None, None) => LineStatus::Unmatched,
        }
    }
}

const LIVE: &str = "EXISTS (SELECT 1 FROM bank_match_lines x WHERE x.live_line_id = bank_lines.id)";

/// Lines of a ledger of which this became.
pub fn of_status(ledger: LedgerId, status: Option<LineStatus>) -> Select<bank_line::Entity> {
    let query = bank_line::Entity::find().filter(bank_line::Column::LedgerId.eq(ledger));
    match status {
        None => query,
        Some(LineStatus::Matched) => query.filter(Expr::cust(LIVE)),
        Some(LineStatus::Ignored) => query.filter(bank_line::Column::IgnoredAt.is_not_null()),
        Some(LineStatus::Unmatched) => query
            .filter(bank_line::Column::IgnoredAt.is_null())
            .filter(Expr::cust(format!("NOT {LIVE}"))),
    }
}

/// Lines of a bank ledger by day, the oldest first. What each may be is found out where it is asked for.
///
/// # Errors
/// No permission, no such bank ledger, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    filter: &LineFilter,
    ask: &PageAsk,
    wants: Wants,
) -> Result<Page<Line>> {
    scope.require(Permission::BankRead)?;
    let banks = Banks::of(scope).await?;
    let bank = banks.asked(scope, ledger)?;
    let mut query = of_status(bank.ledger, filter.status);
    if let Some(from) = filter.from {
        query = query.filter(bank_line::Column::Dated.gte(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(bank_line::Column::Dated.lte(to));
    }
    if let Some(statement) = filter.statement {
        query = query.filter(bank_line::Column::StatementId.eq(statement));
    }
    if let Some(text) = &filter.text {
        let pattern = containing(&text.to_lowercase());
        let like = |column: &'static str| {
            let pattern = LikeExpr::new(pattern.clone()).escape('!');
            Expr::cust(format!("LOWER({column})")).like(pattern)
        };
        query = query.filter(
            Condition::any()
                .add(like("bank_lines.description"))
                .add(like("bank_lines.reference"))
                .add(like("bank_lines.counterpart")),
        );
    }
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let total = if ask.wants_total { query.clone().count(conn).await? } else { 0 };
    let rows = page_of(conn, query, ask).await?;
    let page = Page::cut(rows, ask, total, key);
    let lines: Vec<bank_line::Model> = page.rows.iter().map(|(_, row)| row.clone()).collect();
    let told = told(scope, conn, &banks, &bank, lines, wants).await?;
    let keys = page.rows.into_iter().map(|(key, _)| key);
    Ok(Page { rows: keys.zip(told).collect(), has_next: page.has_next, total: page.total })
}

/// The key of a line in its list.
pub fn key(row: &bank_line::Model) -> Vec<String> {
    vec![row.dated.to_string(), row.id.to_string()]
}

/// The rows of a page, and one more where there is one.
///
/// # Errors
/// A cursor of another list, or a database that cannot be read.
pub async fn page_of(
    conn: &impl ConnectionTrait,
    mut query: Select<bank_line::Entity>,
    ask: &PageAsk,
) -> Result<Vec<bank_line::Model>> {
    if let Some(key) = ask.after.as_deref() {
        let (day, id) = day_and_id(key)?;
        let same_day = Condition::all()
            .add(bank_line::Column::Dated.eq(day))
            .add(bank_line::Column::Id.gt(BankLineId::new(id)));
        query = query.filter(Condition::any().add(bank_line::Column::Dated.gt(day)).add(same_day));
    }
    let query = query.order_by_asc(bank_line::Column::Dated).order_by_asc(bank_line::Column::Id);
    Ok(query.limit(ask.first + 1).all(conn).await?)
}

/// What is to be found out about lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wants {
    /// Which entries they may be.
    pub proposals: bool,
    /// What a rule says.
    pub suggestion: bool,
}

/// Completes lines of one ledger.
///
/// # Errors
/// When the database cannot be read.
pub async fn told(
    scope: &TenantScope,
    conn: &impl ConnectionTrait,
    banks: &Banks,
    bank: &BankLedger,
    rows: Vec<bank_line::Model>,
    wants: Wants,
) -> Result<Vec<Line>> {
    let ids: Vec<BankLineId> = rows.iter().map(|row| row.id).collect();
    let mut matched: HashMap<BankLineId, BankMatchId> = HashMap::new();
    if !ids.is_empty() {
        let live = bank_match_line::Entity::find()
            .filter(bank_match_line::Column::LiveLineId.is_in(ids))
            .all(conn)
            .await?;
        matched.extend(live.into_iter().map(|row| (row.line_id, row.match_id)));
    }
    let waits =
        |row: &&bank_line::Model| row.ignored_at.is_none() && !matched.contains_key(&row.id);
    let waiting: Vec<bank_line::Model> = rows.iter().filter(waits).cloned().collect();
    let mut proposals = if wants.proposals && !waiting.is_empty() {
        propose::for_lines(conn, banks, bank, &waiting).await?
    } else {
        HashMap::new()
    };
    let rules = if wants.suggestion && !waiting.is_empty() {
        Some(rules::in_force(scope, conn, bank).await?)
    } else {
        None
    };
    Ok(rows
        .into_iter()
        .map(|row| Line {
            matched: matched.get(&row.id).copied(),
            proposals: proposals.remove(&row.id).unwrap_or_default(),
            suggestion: rules.as_ref().filter(|_| waits(&&row)).and_then(|all| all.first(&row)),
            bank: bank.clone(),
            row,
        })
        .collect())
}

/// One line, if the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: BankLineId) -> Result<Option<Line>> {
    Ok(find_all(scope, &[id]).await?.pop())
}

/// Those of these lines that the caller may see, with all that is told of them.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find_all(scope: &TenantScope, ids: &[BankLineId]) -> Result<Vec<Line>> {
    scope.require(Permission::BankRead)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let banks = Banks::of(scope).await?;
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let rows = bank_line::Entity::find()
        .filter(bank_line::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(bank_line::Column::Dated)
        .order_by_asc(bank_line::Column::Id)
        .all(conn)
        .await?;
    let mut of_ledger: HashMap<LedgerId, Vec<bank_line::Model>> = HashMap::new();
    for row in rows {
        of_ledger.entry(row.ledger_id).or_default().push(row);
    }
    let mut found = Vec::new();
    let wants = Wants { proposals: true, suggestion: true };
    for (ledger, rows) in of_ledger {
        if let Some(bank) = banks.visible(scope, ledger) {
            found.extend(told(scope, conn, &banks, &bank, rows, wants).await?);
        }
    }
    Ok(found)
}

/// Says why a line is not set against the books, or takes that back.
///
/// # Errors
/// No permission, or refusals: no such line, one that is matched, no reason.
pub async fn ignore(
    scope: &TenantScope,
    line: Option<BankLineId>,
    reason: Option<String>,
    is_ignored: bool,
) -> Result<Line> {
    scope.require(Permission::BankReconcile)?;
    let mut wrong = Wrong::below("input");
    let reason = if is_ignored { Some(wrong.reason(reason.as_deref())) } else { None };
    wrong.finish()?;
    let banks = Banks::of(scope).await?;
    let seen = {
        let reader = scope.db.reader().await?;
        match line {
            Some(id) => bank_line::Entity::find_by_id(id).one(reader.conn()).await?,
            None => None,
        }
    };
    let seen = seen.and_then(|row| banks.visible(scope, row.ledger_id).map(|bank| (bank, row.id)));
    let (bank, id) = seen.ok_or_else(unknown)?;
    let lane = scope.db.lane();
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move {
            let before = bank_line::Entity::find_by_id(id).one(writing.conn()).await?;
            let before = before.ok_or_else(unknown)?;
            let live = bank_match_line::Entity::find()
                .filter(bank_match_line::Column::LiveLineId.eq(id))
                .count(writing.conn())
                .await?;
            if live > 0 {
                let why = "this line is matched; undo that first";
                return Err(Error::refused(Code::BankReconciled, "input.lineId", why));
            }
            if before.ignored_reason == reason {
                return Ok(());
            }
            let told = Canonical::new().text_if("ignoredReason", before.ignored_reason.as_deref());
            let mut row = before.into_active_model();
            row.ignored_at = Set(reason.is_some().then(|| writing.recorded_at()));
            row.ignored_by = Set(writing.actor().user().filter(|_| reason.is_some()));
            row.ignored_reason = Set(reason.clone());
            row.update(writing.conn()).await?;
            writing.audit(Change {
                action: if reason.is_some() { "BANK_LINE_IGNORED" } else { "BANK_LINE_RESTORED" },
                subject_type: "BankLine",
                subject: Some(id.get()),
                business: Some(bank.business),
                canonical: Canonical::new()
                    .object("before", told)
                    .object("after", Canonical::new().text_if("ignoredReason", reason.as_deref()))
                    .finish(),
            });
            Ok(())
        })
    })
    .await?;
    find(scope, id).await?.ok_or_else(unknown)
}

/// That there is no such line.
pub fn unknown() -> Error {
    Error::refused(Code::BankLineUnknown, "input.lineId", "there is no such bank line")
}
