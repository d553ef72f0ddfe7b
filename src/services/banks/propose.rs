//! Finds out which entries lines of a bank may be: reads what is near, and asks the rule of matching.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use daybook_domain::{
    id::{BankLineId, LedgerId},
    matching::{self, NUMBERED_DAYS_MAX, Proposal},
};
use daybook_entity::tenant::bank::bank_line;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    account::{BankLedger, Banks},
    entries::{self, BookEntry, Wanted},
    lines::{LineStatus, of_status},
};
use crate::error::{Error, Result};

/// Most entries that are looked at for one page of lines.
const ENTRIES_MAX: usize = 5_000;
/// Most other lines that are looked at.
const OTHERS_MAX: u64 = 500;
/// Days around the lines of a page in which others may belong to the same entry.
const OTHERS_DAYS: u64 = 31;

/// A proposal with the entries that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The proposal.
    pub proposal: Proposal,
    /// Its entries.
    pub entries: Vec<BookEntry>,
}

/// Proposals for lines of a ledger that wait.
///
/// # Errors
/// When the database cannot be read.
pub async fn for_lines(
    conn: &impl ConnectionTrait,
    banks: &Banks,
    bank: &BankLedger,
    lines: &[bank_line::Model],
) -> Result<HashMap<BankLineId, Vec<Proposed>>> {
    let days = lines.iter().map(|line| line.dated);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Ok(HashMap::new());
    };
    let before = |day: NaiveDate, days| day.checked_sub_days(Days::new(days)).unwrap_or(day);
    let after = |day: NaiveDate, days| day.checked_add_days(Days::new(days)).unwrap_or(day);
    let mut wanted = Wanted::default();
    wanted.text.push_str(" AND m.id IS NULL AND w.kind <> 'OPENING'");
    wanted.and(" AND e.dated >= ?", before(first, NUMBERED_DAYS_MAX));
    wanted.and(" AND e.dated <= ?", after(last, NUMBERED_DAYS_MAX));
    let rest = format!(" ORDER BY e.dated DESC, e.id DESC LIMIT {ENTRIES_MAX}");
    let found = entries::read(conn, bank, &wanted, &rest).await?;
    let name = |party: Option<LedgerId>| {
        party.and_then(|id| banks.chart.ledgers.get(&id)).map(|ledger| ledger.name.as_str())
    };
    let entries: Vec<matching::Entry> =
        found.iter().map(|entry| entry.for_matching(name(entry.party))).collect();
    let others = of_status(bank.ledger, Some(LineStatus::Unmatched))
        .filter(bank_line::Column::Dated.gte(before(first, OTHERS_DAYS)))
        .filter(bank_line::Column::Dated.lte(after(last, OTHERS_DAYS)))
        .order_by_asc(bank_line::Column::Dated)
        .order_by_asc(bank_line::Column::Id)
        .limit(OTHERS_MAX)
        .all(conn)
        .await?;
    let others: Vec<matching::Line> = others.iter().map(for_matching).collect();
    let lines: Vec<matching::Line> = lines.iter().map(for_matching).collect();
    // Sums are searched for: not among the threads that answer everybody.
    let work = move || {
        let with_entries = |proposal: Proposal| {
            let named = |entry: &&BookEntry| proposal.entries.contains(&entry.id);
            let entries = found.iter().filter(named).cloned().collect();
            Proposed { proposal, entries }
        };
        let of = |line: &matching::Line| {
            let proposals = matching::propose(line, &others, &entries);
            (line.id, proposals.into_iter().map(with_entries).collect())
        };
        lines.iter().map(of).collect()
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|why| Error::Internal(format!("a search for entries ended: {why}")))
}

/// The line as matching sees it.
fn for_matching(row: &bank_line::Model) -> matching::Line {
    let words = [Some(row.description.as_str()), row.counterpart.as_deref()];
    matching::Line {
        id: row.id,
        dated: row.dated,
        amount: row.amount,
        said: matching::Said::of(row.reference.as_deref(), words.into_iter().flatten()),
    }
}
