//! The rules that staged books must keep before they can be posted, whatever format they came from.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use daybook_domain::{money::Money, text::fold};

use super::{
    finding::{Findings, Reason},
    limits::Limits,
    staged::{StagedBooks, StagedEntry, StagedVoucher, VoucherState},
};

/// What the books that are imported into know already, and a mapping added.
#[derive(Debug, Clone, Default)]
pub struct Known {
    ledgers: HashSet<String>,
    groups: HashSet<String>,
    voucher_types: Option<HashSet<String>>,
}

impl Known {
    /// Adds names of ledgers.
    #[must_use]
    pub fn ledgers<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.ledgers.extend(names.into_iter().map(fold));
        self
    }

    /// Adds names of groups.
    #[must_use]
    pub fn groups<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.groups.extend(names.into_iter().map(fold));
        self
    }

    /// Adds names of voucher types; where none were ever added, every type passes.
    #[must_use]
    pub fn voucher_types<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.voucher_types.get_or_insert_default().extend(names.into_iter().map(fold));
        self
    }
}

/// Keeps what the rules let pass; whatever they do not is a finding. Vouchers of the source that do
/// not count stay, marked as they are: their numbers are used.
pub fn review(
    mut books: StagedBooks,
    known: &Known,
    limits: &Limits,
    findings: &mut Findings,
) -> StagedBooks {
    groups(&books, known, findings);
    ledgers(&mut books, known, findings);
    let mut named = known.ledgers.clone();
    for ledger in &books.ledgers {
        named.insert(fold(&ledger.name));
        named.extend(ledger.aliases.iter().map(|alias| fold(alias)));
    }
    let all = std::mem::take(&mut books.vouchers);
    for voucher in once_each(all, findings) {
        if let Err((line, reason, message)) = voucher_stands(&voucher, &named, known, limits) {
            findings.error_of(line, &voucher.label(), reason, message);
            continue;
        }
        if voucher.state == VoucherState::Optional {
            let message = "it is optional in the source and does not count";
            findings.note_of(voucher.line, &voucher.label(), Reason::NotTaken, message);
        }
        books.vouchers.push(voucher);
    }
    books
}

fn groups(books: &StagedBooks, known: &Known, findings: &mut Findings) {
    let mut parents: HashMap<String, Option<String>> = HashMap::new();
    for group in &books.groups {
        let parent = group.parent.as_deref().map(fold);
        match parents.entry(fold(&group.name)) {
            Entry::Vacant(place) => {
                place.insert(parent);
            }
            Entry::Occupied(place) if *place.get() == parent => {
                let message = "the group stands there twice";
                findings.note_of(group.line, &group.name, Reason::Duplicate, message);
            }
            Entry::Occupied(_) => {
                let message = "the group stands there twice, below different groups";
                findings.error_of(group.line, &group.name, Reason::Conflict, message);
            }
        }
    }
    for group in &books.groups {
        let Some(parent) = &group.parent else { continue };
        if !parents.contains_key(&fold(parent)) && !known.groups.contains(&fold(parent)) {
            let message = format!("there is no group {parent}");
            findings.error_of(group.line, &group.name, Reason::UnknownGroup, message);
        }
    }
    let circle: HashSet<String> = circular(&parents).into_iter().collect();
    for group in books.groups.iter().filter(|group| circle.contains(&fold(&group.name))) {
        let message = "the group hangs below itself";
        findings.error_of(group.line, &group.name, Reason::GroupCycle, message);
    }
}

/// Groups on a circle, each found in time linear in their number.
fn circular(parents: &HashMap<String, Option<String>>) -> Vec<String> {
    let mut ends_well: HashSet<&str> = HashSet::new();
    let mut circle = Vec::new();
    for start in parents.keys() {
        let mut path: Vec<&str> = Vec::new();
        let mut on_path: HashSet<&str> = HashSet::new();
        let mut at = Some(start.as_str());
        while let Some(here) = at {
            if ends_well.contains(here) {
                break;
            }
            if !on_path.insert(here) {
                let from = path.iter().position(|one| *one == here).unwrap_or_default();
                circle.extend(path.iter().skip(from).map(|one| (*one).to_owned()));
                break;
            }
            path.push(here);
            at = parents.get(here).and_then(|parent| parent.as_deref());
        }
        ends_well.extend(path);
    }
    circle
}

fn ledgers(books: &mut StagedBooks, known: &Known, findings: &mut Findings) {
    let groups: HashSet<String> = books.groups.iter().map(|group| fold(&group.name)).collect();
    let mut first: HashMap<String, usize> = HashMap::new();
    let all = std::mem::take(&mut books.ledgers);
    for ledger in all {
        if let Some(place) = first.get(&fold(&ledger.name)) {
            let is_same = books.ledgers.get(*place).is_some_and(|kept| {
                kept.group == ledger.group
                    && kept.opening == ledger.opening
                    && kept.opening_bills.len() == ledger.opening_bills.len()
            });
            if is_same {
                let message = "the ledger stands there twice, and is taken once";
                findings.note_of(ledger.line, &ledger.name, Reason::Duplicate, message);
            } else {
                let message = "another ledger of this name stands above, with other content";
                findings.error_of(ledger.line, &ledger.name, Reason::Conflict, message);
            }
            continue;
        }
        if let Some(group) = &ledger.group
            && !groups.contains(&fold(group))
            && !known.groups.contains(&fold(group))
        {
            let message = format!("there is no group {group}");
            findings.error_of(ledger.line, &ledger.name, Reason::UnknownGroup, message);
        }
        let bills = Money::sum(ledger.opening_bills.iter().map(|bill| bill.amount));
        if !ledger.opening_bills.is_empty() && bills != Some(ledger.opening) {
            let message = "its open bills do not add up to its opening; the rest is on account";
            findings.note_of(ledger.line, &ledger.name, Reason::BillsDiffer, message);
        }
        first.insert(fold(&ledger.name), books.ledgers.len());
        books.ledgers.push(ledger);
    }
}

/// Drops vouchers that stand there again under one key.
fn once_each(all: Vec<StagedVoucher>, findings: &mut Findings) -> Vec<StagedVoucher> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<StagedVoucher> = Vec::with_capacity(all.len());
    for voucher in all {
        if let Some(key) = &voucher.key {
            if let Some(before) = first.get(key).and_then(|place| kept.get(*place)) {
                let (line, label) = (voucher.line, voucher.label());
                if is_same(before, &voucher) {
                    let message = "the voucher stands there twice, and is taken once";
                    findings.note_of(line, &label, Reason::Duplicate, message);
                } else {
                    let message =
                        format!("{} has the same identity and other content", before.label());
                    findings.error_of(line, &label, Reason::Conflict, message);
                }
                continue;
            }
            first.insert(key.clone(), kept.len());
        }
        kept.push(voucher);
    }
    kept
}

fn is_same(one: &StagedVoucher, other: &StagedVoucher) -> bool {
    let entry = |entry: &StagedEntry| (fold(&entry.ledger), entry.amount);
    let numbers = |voucher: &StagedVoucher| {
        (voucher.voucher_type.clone(), voucher.number.clone(), voucher.date, voucher.state)
    };
    numbers(one) == numbers(other)
        && one.entries.iter().map(entry).eq(other.entries.iter().map(entry))
}

type Wrong = (u64, Reason, String);

fn voucher_stands(
    voucher: &StagedVoucher,
    ledgers: &HashSet<String>,
    known: &Known,
    limits: &Limits,
) -> Result<(), Wrong> {
    if let (Some(kind), Some(types)) = (&voucher.voucher_type, &known.voucher_types)
        && !types.contains(&fold(kind))
    {
        let message = format!("there is no voucher type {kind}");
        return Err((voucher.line, Reason::UnknownVoucherType, message));
    }
    if voucher.state != VoucherState::Normal {
        return Ok(());
    }
    let entries = voucher.entries.len();
    if entries == 0 {
        // It moves nothing: whoever takes the books over leaves it out.
        return Ok(());
    }
    if entries < 2 || entries > limits.entries_max {
        let message = format!("it has {entries} entries; 2 to {} are possible", limits.entries_max);
        return Err((voucher.line, Reason::EntryCount, message));
    }
    for entry in &voucher.entries {
        entry_stands(entry, ledgers)?;
    }
    match voucher.difference() {
        Some(difference) if difference.is_zero() => Ok(()),
        Some(difference) => {
            let side = if difference.is_negative() { "credits" } else { "debits" };
            let message =
                format!("its {side} are more by {} minor units", difference.size().minor());
            Err((voucher.line, Reason::Unbalanced, message))
        }
        None => Err((voucher.line, Reason::TooLarge, "its amounts are too large".to_owned())),
    }
}

fn entry_stands(entry: &StagedEntry, ledgers: &HashSet<String>) -> Result<(), Wrong> {
    let wrong = |reason, message: String| Err((entry.line, reason, message));
    if entry.amount.is_zero() {
        return wrong(Reason::ZeroAmount, format!("the entry on {} is of nothing", entry.ledger));
    }
    if !ledgers.contains(&fold(&entry.ledger)) {
        return wrong(Reason::UnknownLedger, format!("there is no ledger {}", entry.ledger));
    }
    let bills = Money::sum(entry.bills.iter().map(|bill| bill.amount));
    if !entry.bills.is_empty() && bills != Some(entry.amount) {
        let message = format!("the bills of {} do not add up to its entry", entry.ledger);
        return wrong(Reason::BillsDiffer, message);
    }
    if let Some(bill) = entry.bills.iter().find(|bill| bill.amount.is_zero()) {
        let name = bill.name.as_deref().unwrap_or("on account");
        let message = format!("the bill {name} of {} is of nothing", entry.ledger);
        return wrong(Reason::ZeroAmount, message);
    }
    // Each category shares the whole entry.
    let mut shared: HashMap<Option<String>, Vec<Money>> = HashMap::new();
    for share in &entry.cost_shares {
        shared.entry(share.category.as_deref().map(fold)).or_default().push(share.amount);
    }
    if shared.into_values().any(|shares| Money::sum(shares) != Some(entry.amount)) {
        let message = format!("the cost centres of {} do not add up to its entry", entry.ledger);
        return wrong(Reason::CostsDiffer, message);
    }
    Ok(())
}
