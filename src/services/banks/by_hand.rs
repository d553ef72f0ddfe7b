//! The day on which the bank had an entry, as somebody says it without a statement.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    id::{EntryId, LedgerId},
    role::Permission,
};
use daybook_entity::tenant::bank::MatchKind;

use super::{
    account::{BankLedger, Banks},
    entries::{self, BookEntry},
    matches::{Made, record, take_back},
};
use crate::{
    error::{Code, Error, Result},
    lane::Writing,
    scope::TenantScope,
    services::books::vouchers::Wrong,
};

/// Most entries of one call.
pub const ENTRIES_MAX: usize = 500;

/// The day on which the bank had an entry; none takes an earlier word back.
#[derive(Debug, Clone, Copy)]
pub struct BankDate {
    /// The entry; `None` when the id given is not one.
    pub entry: Option<EntryId>,
    /// The day.
    pub day: Option<NaiveDate>,
}

/// Says on which days the bank had entries, or takes that back.
///
/// # Errors
/// No permission, or refusals: no such bank ledger or entry, one that a statement confirmed, a day to come.
pub async fn set_dates(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    dates: Vec<BankDate>,
) -> Result<(BankLedger, Vec<BookEntry>)> {
    scope.require(Permission::BankReconcile)?;
    let banks = Banks::of(scope).await?;
    let bank = banks.chosen(scope, ledger)?;
    let zone = banks.chart.businesses.get(&bank.business).map(|one| one.time_zone.as_str());
    let today = scope.clock.today(zone.unwrap_or("UTC"));
    let mut wrong = Wrong::below("input");
    if dates.is_empty() || dates.len() > ENTRIES_MAX {
        wrong.add(Code::TooMany, "entries", &format!("name 1 to {ENTRIES_MAX} entries"));
    }
    let mut asked: Vec<(EntryId, Option<NaiveDate>)> = Vec::with_capacity(dates.len());
    for (index, date) in dates.iter().enumerate() {
        let field = |name: &str| format!("entries.{index}.{name}");
        match date.entry {
            Some(id) if asked.iter().any(|(known, _)| *known == id) => {
                wrong.add(Code::Invalid, &field("entryId"), "this entry is named twice");
            }
            Some(id) => asked.push((id, date.day)),
            None => {
                let why = "there is no such entry on this ledger";
                wrong.add(Code::EntryUnknown, &field("entryId"), why);
            }
        }
        if date.day.is_some_and(|day| day > today) {
            wrong.add(Code::Invalid, &field("bankDate"), "this day is still to come");
        }
    }
    wrong.finish()?;
    let lane = scope.db.lane();
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move {
            let entries = set_all(writing, &bank, &asked).await?;
            Ok((bank, entries))
        })
    })
    .await
}

async fn set_all(
    writing: &mut Writing,
    bank: &BankLedger,
    asked: &[(EntryId, Option<NaiveDate>)],
) -> Result<Vec<BookEntry>> {
    let ids: Vec<EntryId> = asked.iter().map(|(id, _)| *id).collect();
    let found = entries::these(writing.conn(), bank, &ids).await?;
    let found: HashMap<EntryId, BookEntry> = found.into_iter().map(|one| (one.id, one)).collect();
    let mut made = Vec::new();
    for (index, (id, day)) in asked.iter().enumerate() {
        let refuse = |code, why: &str| {
            Err(Error::refused(code, &format!("input.entries.{index}.entryId"), why))
        };
        let Some(entry) = found.get(id) else {
            let why = "there is no such entry on this ledger that stands";
            return refuse(Code::EntryUnknown, why);
        };
        if entry.is_opening {
            let why = "what the books began with is no single movement at the bank";
            return refuse(Code::NotAllowed, why);
        }
        match entry.confirmed {
            Some(confirmed) if !confirmed.is_by_hand => {
                let why = "a statement confirmed this entry; undo that match first";
                return refuse(Code::BankReconciled, why);
            }
            Some(confirmed) if Some(confirmed.bank_date) == *day => continue,
            Some(confirmed) => {
                take_back(writing, confirmed.id, None).await?;
            }
            None => {}
        }
        if let Some(day) = day {
            made.push(Made {
                kind: MatchKind::ByHand,
                bank_date: *day,
                settled_on: (*day).max(entry.dated),
                amount: entry.amount,
                score: None,
                lines: Vec::new(),
                entries: vec![(entry.id, entry.voucher, entry.amount)],
            });
        }
    }
    record(writing, bank, made).await?;
    let mut now = entries::these(writing.conn(), bank, &ids).await?;
    now.sort_by_key(|entry| ids.iter().position(|id| *id == entry.id));
    Ok(now)
}
