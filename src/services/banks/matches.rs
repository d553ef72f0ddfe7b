//! Sets lines of a bank against entries of the books, and undoes that. Both are recorded.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{BankLineId, BankMatchId, EntryId, LedgerId, VoucherId},
    matching::{Proposal, beyond_doubt},
    money::Money,
    role::Permission,
};
use daybook_entity::tenant::bank::{
    MatchKind, bank_line, bank_match, bank_match_entry, bank_match_line,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{
    account::{BankLedger, Banks},
    entries::{self, BookEntry},
    lines::{LineStatus, of_status},
    matched::members,
    propose,
};
use crate::{
    error::{Code, Error, Result},
    lane::{Change, Writing},
    scope::TenantScope,
    services::books::vouchers::Wrong,
};

pub use super::matched::{find, find_all, list};

/// Most lines, and entries, of one match.
pub const TOGETHER_MAX: usize = 100;
/// Most lines that one call confirms by their proposals.
pub const BULK_MAX: u64 = 500;

/// A match with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// As it is stored.
    pub row: bank_match::Model,
    /// The account.
    pub bank: BankLedger,
    /// Its lines.
    pub lines: Vec<BankLineId>,
    /// Its entries, each with its voucher.
    pub entries: Vec<bank_match_entry::Model>,
}

/// Confirms that lines are entries.
///
/// # Errors
/// No permission, or refusals: no such line or entry, one that is matched or ignored, sums that differ.
pub async fn confirm(
    scope: &TenantScope,
    lines: Vec<Option<BankLineId>>,
    entries: Vec<Option<EntryId>>,
) -> Result<Match> {
    scope.require(Permission::BankReconcile)?;
    let mut wrong = Wrong::below("input");
    for (field, count) in [("lineIds", lines.len()), ("entryIds", entries.len())] {
        if count == 0 || count > TOGETHER_MAX {
            wrong.add(Code::TooMany, field, &format!("name 1 to {TOGETHER_MAX}"));
        }
    }
    let line_ids: Vec<BankLineId> = lines
        .iter()
        .enumerate()
        .filter_map(|(index, line)| {
            if line.is_none() {
                let field = format!("lineIds.{index}");
                wrong.add(Code::BankLineUnknown, &field, "there is no such bank line");
            }
            *line
        })
        .collect();
    let entry_ids: Vec<EntryId> = entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            if entry.is_none() {
                let why = "there is no such entry on this ledger";
                wrong.add(Code::EntryUnknown, &format!("entryIds.{index}"), why);
            }
            *entry
        })
        .collect();
    wrong.finish()?;
    let banks = Banks::of(scope).await?;
    let bank = {
        let reader = scope.db.reader().await?;
        let Some(first) = line_ids.first() else { return Err(Error::Internal("no line".into())) };
        let row = bank_line::Entity::find_by_id(*first).one(reader.conn()).await?;
        row.and_then(|row| banks.visible(scope, row.ledger_id))
    };
    let bank = bank.ok_or_else(|| {
        Error::refused(Code::BankLineUnknown, "input.lineIds.0", "there is no such bank line")
    })?;
    let lane = scope.db.lane();
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move {
            let together = [Together { lines: line_ids, entries: entry_ids, score: None }];
            let mut made = settle(writing, &bank, &together, Refused::Tell).await?;
            made.pop().ok_or_else(|| Error::Internal("nothing was matched".into()))
        })
    })
    .await
}

/// Lines and entries to be set against each other.
#[derive(Debug, Clone)]
pub struct Together {
    /// The lines.
    pub lines: Vec<BankLineId>,
    /// The entries.
    pub entries: Vec<EntryId>,
    /// How sure the proposal was that it came from.
    pub score: Option<u8>,
}

impl From<Proposal> for Together {
    fn from(proposal: Proposal) -> Self {
        Self { lines: proposal.lines, entries: proposal.entries, score: Some(proposal.score) }
    }
}

/// What becomes of a set that cannot be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nothing is done, and why is told.
    Tell,
    /// It is left out.
    Skip,
}

/// What a bulk confirmation did.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// The matches.
    pub matches: Vec<Match>,
    /// How many lines were looked at.
    pub looked_at: usize,
    /// Whether more lines wait beyond those.
    pub has_more: bool,
}

/// Confirms all proposals of a ledger that are sure enough and stand alone: no other is as good for a line
/// or an entry of theirs.
///
/// # Errors
/// No permission, or refusals: no such bank ledger, a score out of range.
pub async fn confirm_sure(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    least: i32,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<Confirmed> {
    scope.require(Permission::BankReconcile)?;
    let banks = Banks::of(scope).await?;
    let bank = banks.chosen(scope, ledger)?;
    let least = u8::try_from(least).ok().filter(|least| (50..=100).contains(least));
    let Some(least) = least else {
        let why = "a score for confirming without a look is 50 to 100";
        return Err(Error::refused(Code::Invalid, "input.minScore", why));
    };
    let (lines, proposals) = {
        let reader = scope.db.reader().await?;
        let conn = reader.conn();
        let mut query = of_status(bank.ledger, Some(LineStatus::Unmatched));
        if let Some(from) = from {
            query = query.filter(bank_line::Column::Dated.gte(from));
        }
        if let Some(to) = to {
            query = query.filter(bank_line::Column::Dated.lte(to));
        }
        let lines = query
            .order_by_asc(bank_line::Column::Dated)
            .order_by_asc(bank_line::Column::Id)
            .limit(BULK_MAX + 1)
            .all(conn)
            .await?;
        let most = usize::try_from(BULK_MAX).unwrap_or(usize::MAX);
        let shown = lines.get(..most).unwrap_or(&lines);
        let found = propose::for_lines(conn, &banks, &bank, shown).await?;
        (lines, found)
    };
    let most = usize::try_from(BULK_MAX).unwrap_or(usize::MAX);
    let all: Vec<Proposal> = proposals.into_values().flatten().map(|one| one.proposal).collect();
    let sure: Vec<Together> = beyond_doubt(&all, least).into_iter().map(Together::from).collect();
    let (looked_at, has_more) = (lines.len().min(most), lines.len() > most);
    if sure.is_empty() {
        return Ok(Confirmed { matches: Vec::new(), looked_at, has_more });
    }
    let lane = scope.db.lane();
    let matches = lane
        .write(scope.actor(), move |writing| {
            Box::pin(async move { settle(writing, &bank, &sure, Refused::Skip).await })
        })
        .await?;
    Ok(Confirmed { matches, looked_at, has_more })
}

/// Sets lines against entries, judged as both stand under the fence.
///
/// # Errors
/// Why one of the sets cannot be, where that is to be told; or what the database says.
pub async fn settle(
    writing: &mut Writing,
    bank: &BankLedger,
    sets: &[Together],
    refused: Refused,
) -> Result<Vec<Match>> {
    let lines: Vec<BankLineId> = sets.iter().flat_map(|set| set.lines.clone()).collect();
    let entries: Vec<EntryId> = sets.iter().flat_map(|set| set.entries.clone()).collect();
    let mut standing = Standing::read(writing.conn(), bank, &lines, &entries).await?;
    let mut made = Vec::with_capacity(sets.len());
    for set in sets {
        match standing.judge(bank, set) {
            Ok(judged) => made.push(judged),
            Err(Error::Refused(_)) if refused == Refused::Skip => {}
            Err(error) => return Err(error),
        }
    }
    record(writing, bank, made).await
}

/// Lines and entries as they stand.
struct Standing {
    lines: HashMap<BankLineId, bank_line::Model>,
    matched: HashSet<BankLineId>,
    entries: HashMap<EntryId, BookEntry>,
}

impl Standing {
    async fn read(
        conn: &impl ConnectionTrait,
        bank: &BankLedger,
        lines: &[BankLineId],
        entries: &[EntryId],
    ) -> Result<Self> {
        let mut found =
            Self { lines: HashMap::new(), matched: HashSet::new(), entries: HashMap::new() };
        for chunk in lines.chunks(500) {
            let rows = bank_line::Entity::find()
                .filter(bank_line::Column::LedgerId.eq(bank.ledger))
                .filter(bank_line::Column::Id.is_in(chunk.iter().copied()))
                .all(conn)
                .await?;
            found.lines.extend(rows.into_iter().map(|row| (row.id, row)));
            let live = bank_match_line::Entity::find()
                .filter(bank_match_line::Column::LiveLineId.is_in(chunk.iter().copied()))
                .all(conn)
                .await?;
            found.matched.extend(live.into_iter().map(|row| row.line_id));
        }
        let rows = entries::these(conn, bank, entries).await?;
        found.entries.extend(rows.into_iter().map(|row| (row.id, row)));
        Ok(found)
    }

    /// What a set becomes; its lines and entries are taken then.
    fn judge(&mut self, bank: &BankLedger, set: &Together) -> Result<Made> {
        let refuse = |code, field: &str, index: usize, why: &str| {
            Err(Error::refused(code, &format!("input.{field}.{index}"), why))
        };
        let mut bank_date = NaiveDate::MIN;
        let mut sums = (Money::ZERO, Money::ZERO);
        for (index, id) in set.lines.iter().enumerate() {
            let Some(line) = self.lines.get(id) else {
                let why = "there is no such bank line on this ledger";
                return refuse(Code::BankLineUnknown, "lineIds", index, why);
            };
            if self.matched.contains(id) || set.lines.iter().take(index).any(|one| one == id) {
                let why = "this line is matched already";
                return refuse(Code::AlreadyDone, "lineIds", index, why);
            }
            if line.ignored_at.is_some() {
                let why = "this line is ignored; take that back first";
                return refuse(Code::NotAllowed, "lineIds", index, why);
            }
            bank_date = bank_date.max(line.dated);
            sums.0 = sums.0.saturating_add(line.amount);
        }
        let mut settled_on = bank_date;
        let mut entries = Vec::with_capacity(set.entries.len());
        for (index, id) in set.entries.iter().enumerate() {
            let Some(entry) = self.entries.get(id) else {
                let why = "there is no such entry on this ledger that stands";
                return refuse(Code::EntryUnknown, "entryIds", index, why);
            };
            if entry.confirmed.is_some() || set.entries.iter().take(index).any(|one| one == id) {
                let why = "this entry is reconciled already";
                return refuse(Code::AlreadyDone, "entryIds", index, why);
            }
            if entry.is_opening {
                let why = "what the books began with is no single movement at the bank";
                return refuse(Code::NotAllowed, "entryIds", index, why);
            }
            settled_on = settled_on.max(entry.dated);
            sums.1 = sums.1.saturating_add(entry.amount);
            entries.push((entry.id, entry.voucher, entry.amount));
        }
        if sums.0 != sums.1 {
            let amount = |money: Money| money.format(bank.exponent);
            let (bank, books) = (amount(sums.0), amount(sums.1));
            let why = format!("the bank says {bank} and the books {books}; they must be equal");
            return Err(Error::refused(Code::AmountsDiffer, "input.entryIds", why));
        }
        self.matched.extend(set.lines.iter().copied());
        for id in &set.entries {
            self.entries.remove(id);
        }
        Ok(Made {
            kind: MatchKind::Statement,
            bank_date,
            settled_on,
            amount: sums.0,
            score: set.score,
            lines: set.lines.clone(),
            entries,
        })
    }
}

/// A match before it has an id.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it rests on.
    pub kind: MatchKind,
    /// The day on which the bank had booked all of it.
    pub bank_date: NaiveDate,
    /// The day on which both have all of it.
    pub settled_on: NaiveDate,
    /// The sum.
    pub amount: Money,
    /// How sure the proposal was.
    pub score: Option<u8>,
    /// Its lines.
    pub lines: Vec<BankLineId>,
    /// Its entries, with their vouchers and amounts.
    pub entries: Vec<(EntryId, VoucherId, Money)>,
}

/// Writes matches that were judged.
///
/// # Errors
/// What the database says.
pub async fn record(
    writing: &mut Writing,
    bank: &BankLedger,
    made: Vec<Made>,
) -> Result<Vec<Match>> {
    let mut matches = Vec::with_capacity(made.len());
    let (mut heads, mut lines, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for one in made {
        let row = bank_match::Model {
            id: BankMatchId::new(writing.next_id()?),
            business_id: bank.business,
            ledger_id: bank.ledger,
            kind: one.kind,
            bank_date: one.bank_date,
            settled_on: one.settled_on,
            amount: one.amount,
            score: one.score.map(i32::from),
            matched_by: writing.actor().user(),
            matched_at: writing.recorded_at(),
            undone_by: None,
            undone_at: None,
            undone_reason: None,
        };
        for line in &one.lines {
            let row = bank_match_line::Model {
                id: writing.next_id()?,
                match_id: row.id,
                line_id: *line,
                live_line_id: Some(*line),
            };
            lines.push(row.into_active_model().reset_all());
        }
        let mut kept = Vec::with_capacity(one.entries.len());
        for (entry, voucher, amount) in one.entries {
            kept.push(bank_match_entry::Model {
                id: writing.next_id()?,
                match_id: row.id,
                entry_id: entry,
                voucher_id: voucher,
                amount,
                live_entry_id: Some(entry),
            });
        }
        entries.extend(kept.iter().map(|row| row.clone().into_active_model().reset_all()));
        heads.push(row.clone().into_active_model().reset_all());
        writing.audit(changed("BANK_MATCHED", &row, &one.lines, &kept));
        matches.push(Match { row, bank: bank.clone(), lines: one.lines, entries: kept });
    }
    let conn = writing.conn();
    for chunk in in_chunks(heads) {
        bank_match::Entity::insert_many(chunk).exec_without_returning(conn).await?;
    }
    for chunk in in_chunks(lines) {
        bank_match_line::Entity::insert_many(chunk).exec_without_returning(conn).await?;
    }
    for chunk in in_chunks(entries) {
        bank_match_entry::Entity::insert_many(chunk).exec_without_returning(conn).await?;
    }
    Ok(matches)
}

fn in_chunks<T>(mut all: Vec<T>) -> Vec<Vec<T>> {
    let mut chunks = Vec::new();
    while !all.is_empty() {
        let rest = all.split_off(all.len().min(200));
        chunks.push(std::mem::replace(&mut all, rest));
    }
    chunks
}

fn changed(
    action: &'static str,
    row: &bank_match::Model,
    lines: &[BankLineId],
    entries: &[bank_match_entry::Model],
) -> Change {
    let lines = lines.iter().map(|line| Canonical::new().int("bankLine", line.get()));
    let entries = entries.iter().map(|entry| {
        Canonical::new()
            .int("voucherEntry", entry.entry_id.get())
            .int("voucher", entry.voucher_id.get())
    });
    Change {
        action,
        subject_type: "BankMatch",
        subject: Some(row.id.get()),
        business: Some(row.business_id),
        canonical: Canonical::new()
            .int("ledger", row.ledger_id.get())
            .text("kind", &row.kind.to_value())
            .text("bankDate", &row.bank_date.to_string())
            .int("total", row.amount.minor())
            .int_if("score", row.score.map(i64::from))
            .text_if("reason", row.undone_reason.as_deref())
            .list("lines", lines)
            .list("entries", entries)
            .finish(),
    }
}

/// Undoes a match: its lines wait again, and its entries are free to be changed.
///
/// # Errors
/// No permission, or refusals: no such match, one that is undone, no reason.
pub async fn undo(
    scope: &TenantScope,
    id: Option<BankMatchId>,
    reason: Option<String>,
) -> Result<Match> {
    scope.require(Permission::BankReconcile)?;
    let mut wrong = Wrong::below("input");
    let reason = wrong.reason(reason.as_deref());
    wrong.finish()?;
    let found = match id {
        Some(id) => find(scope, id).await?,
        None => None,
    };
    let found = found.ok_or_else(unknown)?;
    let lane = scope.db.lane();
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move {
            let row = take_back(writing, found.row.id, Some(reason)).await?;
            Ok(Match { row, ..found })
        })
    })
    .await
}

/// Takes a match back that stands.
///
/// # Errors
/// A refusal where it does not; or what the database says.
pub async fn take_back(
    writing: &mut Writing,
    id: BankMatchId,
    reason: Option<String>,
) -> Result<bank_match::Model> {
    let conn = writing.conn();
    let row = bank_match::Entity::find_by_id(id).one(conn).await?.ok_or_else(unknown)?;
    if row.undone_at.is_some() {
        let why = "this match is undone already";
        return Err(Error::refused(Code::AlreadyDone, "input.matchId", why));
    }
    let (lines, entries) = members(conn, &[id]).await?;
    bank_match_line::Entity::update_many()
        .col_expr(bank_match_line::Column::LiveLineId, Expr::value(Option::<i64>::None))
        .filter(bank_match_line::Column::MatchId.eq(id))
        .exec(conn)
        .await?;
    bank_match_entry::Entity::update_many()
        .col_expr(bank_match_entry::Column::LiveEntryId, Expr::value(Option::<i64>::None))
        .filter(bank_match_entry::Column::MatchId.eq(id))
        .exec(conn)
        .await?;
    let mut undone = row.into_active_model();
    undone.undone_at = Set(Some(writing.recorded_at()));
    undone.undone_by = Set(writing.actor().user());
    undone.undone_reason = Set(reason);
    let row = undone.update(conn).await?;
    let lines: Vec<BankLineId> = lines.into_iter().map(|line| line.line_id).collect();
    writing.audit(changed("BANK_MATCH_UNDONE", &row, &lines, &entries));
    Ok(row)
}

fn unknown() -> Error {
    Error::refused(Code::NotFound, "input.matchId", "there is no such match")
}
