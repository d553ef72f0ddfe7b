//! What the names of a file stand for: groups, ledgers and voucher types that are here, or new ones.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    chart::Nature,
    id::{LedgerId, SubGroupId, VoucherTypeId},
    text::fold,
    voucher::BaseType,
};
use daybook_entity::{
    master::chart::Statement,
    tenant::{business::business, chart::ledger},
};

use super::asked::{LedgerChoice, Mapping, Summary};
use crate::{
    error::Result,
    interchange::{
        Findings, Known, Reason, StagedBooks,
        staged::{StagedGroup, StagedLedger},
    },
    lane::Ids,
    master::{Catalogue, catalogue::is_in_force},
    services::{
        books::{
            chart::Chart,
            groups::{Group, GroupRef, Groups},
            ledgers::NAME_MAX,
            standard_ledgers::PROFIT_AND_LOSS,
        },
        master::subgroups::{DEPTH_MAX, NAME_MAX as GROUP_NAME_MAX, SUBGROUPS_MAX},
    },
};

/// The books that are imported into, as they stand.
#[derive(Clone, Copy)]
pub struct Here<'h> {
    /// All ledgers.
    pub chart: &'h Chart,
    /// The groups that they hang below.
    pub groups: &'h Groups,
    /// The shared structure.
    pub catalogue: &'h Catalogue,
    /// Whose books.
    pub business: &'h business::Model,
    /// Today, in the business's zone.
    pub today: NaiveDate,
    /// Where ids come from.
    pub ids: &'h Ids,
}

/// A group of the tenant's own that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// Its id.
    pub id: SubGroupId,
    /// Its name.
    pub name: String,
    /// The group above it.
    pub parent: GroupRef,
}

/// A ledger that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLedger {
    /// Its id.
    pub id: LedgerId,
    /// Its name.
    pub name: String,
    /// The group it hangs below.
    pub group: GroupRef,
    /// Whether its entries carry bills.
    pub is_bill_wise: bool,
}

/// What matters of a ledger that a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The ledger.
    pub id: LedgerId,
    /// Whether its entries carry bills.
    pub is_bill_wise: bool,
    /// Whether it is money at hand.
    pub is_cash: bool,
    /// Whether it is for taxes.
    pub is_tax: bool,
    /// Whether it is income or expense.
    pub is_of_the_year: bool,
    /// Whether it is capital, or takes over the result.
    pub is_capital: bool,
    /// Whether it is to be opened.
    pub is_new: bool,
}

/// A voucher type that a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
    /// The type.
    pub id: VoucherTypeId,
    /// What it behaves as.
    pub base: BaseType,
    /// Whether its vouchers close years.
    pub is_closing: bool,
}

/// All names of a file that stand for something.
#[derive(Debug, Default)]
pub struct Names {
    /// Ledgers by folded name, other names among them.
    pub ledgers: HashMap<String, Target>,
    /// Voucher types by folded name.
    pub types: HashMap<String, Typed>,
    /// Groups to be made, parents first.
    pub new_groups: Vec<NewGroup>,
    /// Ledgers to be opened.
    pub new_ledgers: Vec<NewLedger>,
    groups: HashMap<String, Option<GroupRef>>,
    /// What each group to be made is.
    made: HashMap<GroupRef, Group>,
}

/// Groups above one another that are followed.
const ABOVE_MAX: usize = 64;

impl Names {
    /// Finds what all names stand for. Unmapped ones are counted in `summary`; what is otherwise wrong is
    /// a finding.
    ///
    /// # Errors
    /// When ids can no longer be made.
    pub fn find(
        books: &StagedBooks,
        mapping: &Mapping,
        here: Here<'_>,
        summary: &mut Summary,
        findings: &mut Findings,
    ) -> Result<Self> {
        let mut names = Self::default();
        names.find_groups(books, mapping, here, summary, findings)?;
        names.find_ledgers(books, mapping, here, summary, findings)?;
        names.find_types(books, mapping, here, summary);
        Ok(names)
    }

    /// The names in the form in which the rules of staged books ask for them.
    pub fn known(&self) -> Known {
        Known::default()
            .groups(self.groups.keys().map(String::as_str))
            .ledgers(self.ledgers.keys().map(String::as_str))
            .voucher_types(self.types.keys().map(String::as_str))
    }

    fn find_groups(
        &mut self,
        books: &StagedBooks,
        mapping: &Mapping,
        here: Here<'_>,
        summary: &mut Summary,
        findings: &mut Findings,
    ) -> Result<()> {
        for group in &here.groups.ordered {
            let taken = (!group.is_archived && is_in_force(group.retired_on, here.today))
                .then_some(group.reference);
            self.groups.entry(fold(&group.name)).or_insert(taken);
        }
        for (name, choice) in &mapping.groups {
            let chosen = here.groups.open_on((*choice).into(), here.today);
            self.groups.insert(name.clone(), chosen.map(|group| group.reference));
        }
        let declared: HashMap<String, &StagedGroup> =
            books.groups.iter().rev().map(|group| (fold(&group.name), group)).collect();
        let own =
            here.groups.ordered.iter().filter(|group| group.reference.own().is_some()).count();
        for group in &books.groups {
            self.group(group, &declared, here, findings)?;
        }
        if own.saturating_add(self.new_groups.len()) > SUBGROUPS_MAX {
            let message = format!("an account has at most {SUBGROUPS_MAX} groups of its own");
            findings.error(0, Reason::TooLarge, message);
        }
        summary.groups = count(declared.len());
        summary.new_groups = count(self.new_groups.len());
        let mut told = HashSet::new();
        let used = books.ledgers.iter().filter_map(|ledger| ledger.group.as_deref());
        let named = books.groups.iter().map(|group| group.name.as_str());
        for name in named.chain(used) {
            let key = fold(name);
            if !self.groups.contains_key(&key) && told.insert(key) {
                summary.unmapped_groups.add(name);
            }
        }
        Ok(())
    }

    /// Finds what a declared group stands for, after those above it.
    fn group(
        &mut self,
        group: &StagedGroup,
        declared: &HashMap<String, &StagedGroup>,
        here: Here<'_>,
        findings: &mut Findings,
    ) -> Result<()> {
        let mut path = vec![group];
        while let Some(parent) = path.last().and_then(|last| last.parent.as_deref()).map(fold) {
            if self.groups.contains_key(&parent) || path.len() >= ABOVE_MAX {
                break;
            }
            let Some(above) = declared.get(&parent) else { break };
            path.push(above);
        }
        for (depth, one) in path.into_iter().rev().enumerate() {
            let key = fold(&one.name);
            if self.groups.contains_key(&key) {
                continue;
            }
            let Some(parent) = &one.parent else {
                if let Some(code) = one.nature.map(|nature| default_code(&key, nature))
                    && let Some(chosen) = here.catalogue.group_coded(code)
                {
                    let message =
                        format!("it stands for {}; say another, if you like", chosen.name);
                    findings.note_of(one.line, &one.name, Reason::Guessed, message);
                    self.groups.insert(key, Some(GroupRef::Shared(chosen.id)));
                }
                continue;
            };
            let Some(Some(parent)) = self.groups.get(&fold(parent)).copied() else { continue };
            if one.name.chars().count() > GROUP_NAME_MAX || depth >= DEPTH_MAX {
                let message = format!(
                    "a group's name has at most {GROUP_NAME_MAX} characters, and groups stand at most \
                     {DEPTH_MAX} deep; say which group it stands for"
                );
                findings.error_of(one.line, &one.name, Reason::BadText, message);
                continue;
            }
            let id = SubGroupId::new(here.ids.next()?);
            let reference = GroupRef::Own(id);
            if let Some(above) = self.resolve(parent, here).cloned() {
                self.made.insert(reference, Group { reference, name: one.name.clone(), ..above });
            }
            self.new_groups.push(NewGroup { id, name: one.name.clone(), parent });
            self.groups.insert(key, Some(reference));
        }
        Ok(())
    }

    fn resolve<'g>(&'g self, group: GroupRef, here: Here<'g>) -> Option<&'g Group> {
        self.made.get(&group).or_else(|| here.groups.resolve(group))
    }

    fn find_ledgers(
        &mut self,
        books: &StagedBooks,
        mapping: &Mapping,
        here: Here<'_>,
        summary: &mut Summary,
        findings: &mut Findings,
    ) -> Result<()> {
        let own = here.chart.ledgers.values().filter(|one| one.business_id == here.business.id);
        let present: HashMap<&str, &ledger::Model> =
            own.map(|ledger| (ledger.name_key.as_str(), ledger)).collect();
        let mut told = HashSet::new();
        let mut named: u64 = 0;
        for ledger in &books.ledgers {
            named = named.saturating_add(1);
            self.ledger(ledger, mapping, here, &present, findings)?;
        }
        for ledger in &books.ledgers {
            let Some(target) = self.ledgers.get(&fold(&ledger.name)).copied() else { continue };
            for alias in &ledger.aliases {
                self.ledgers.entry(fold(alias)).or_insert(target);
            }
        }
        let used = books.vouchers.iter().flat_map(|voucher| &voucher.entries);
        let used = used.map(|entry| (entry.line, entry.ledger.as_str()));
        let listed = books.ledgers.iter().map(|ledger| (ledger.line, ledger.name.as_str()));
        for (line, name, is_listed) in listed
            .map(|(line, name)| (line, name, true))
            .chain(used.map(|(line, name)| (line, name, false)))
        {
            let key = fold(name);
            if self.ledgers.contains_key(&key) || !told.insert(key) {
                continue;
            }
            let bare = StagedLedger::named(line, name.to_owned());
            self.ledger(&bare, mapping, here, &present, findings)?;
            if !self.ledgers.contains_key(&fold(name)) {
                summary.unmapped_ledgers.add(name);
                if is_listed {
                    let message =
                        "its group stands for nothing here; say what the ledger or the group is";
                    findings.error_of(line, name, Reason::UnknownGroup, message);
                }
            }
        }
        summary.ledgers = named;
        summary.new_ledgers = count(self.new_ledgers.len());
        Ok(())
    }

    fn ledger(
        &mut self,
        ledger: &StagedLedger,
        mapping: &Mapping,
        here: Here<'_>,
        present: &HashMap<&str, &ledger::Model>,
        findings: &mut Findings,
    ) -> Result<()> {
        let key = fold(&ledger.name);
        if self.ledgers.contains_key(&key) {
            return Ok(());
        }
        let choice = mapping.ledgers.get(&key);
        let chosen = choice.and_then(|choice| choice.existing());
        let existing = match chosen {
            Some(id) => here.chart.ledgers.get(&id),
            None if choice.is_some() => None,
            None => present.get(key.as_str()).copied(),
        };
        if let Some(row) = existing.filter(|row| row.business_id == here.business.id) {
            if row.archived_at.is_some() {
                let message = "this ledger is archived and takes no more entries";
                findings.error_of(ledger.line, &ledger.name, Reason::Archived, message);
            }
            self.ledgers.insert(key, self.target(row, here));
            return Ok(());
        }
        let group = match choice {
            Some(LedgerChoice::New(group)) => {
                here.groups.open_on((*group).into(), here.today).map(|group| group.reference)
            }
            Some(LedgerChoice::Existing(_)) => None,
            None => {
                ledger.group.as_deref().and_then(|group| self.groups.get(&fold(group)).copied()?)
            }
        };
        let Some(group) = group else { return Ok(()) };
        if ledger.name.chars().count() > NAME_MAX || present.contains_key(key.as_str()) {
            let message = "a ledger of this name is here already, or the name is too long";
            findings.error_of(ledger.line, &ledger.name, Reason::Conflict, message);
            return Ok(());
        }
        let id = LedgerId::new(here.ids.next()?);
        let is_bill_wise = ledger.is_bill_wise || !ledger.opening_bills.is_empty();
        let what = self.resolve(group, here);
        let target = Target {
            id,
            is_bill_wise,
            is_cash: what.is_some_and(|group| group.is_cash_or_bank),
            is_tax: false,
            is_of_the_year: what.is_some_and(|group| group.statement == Statement::ProfitAndLoss),
            is_capital: what.is_some_and(is_capital),
            is_new: true,
        };
        let name = ledger.name.clone();
        self.new_ledgers.push(NewLedger { id, name, group, is_bill_wise });
        self.ledgers.insert(key, target);
        Ok(())
    }

    fn target(&self, row: &ledger::Model, here: Here<'_>) -> Target {
        let group = GroupRef::of(row).and_then(|group| self.resolve(group, here));
        let takes_result = row.system_code.as_deref() == Some(PROFIT_AND_LOSS);
        Target {
            id: row.id,
            is_bill_wise: row.is_bill_wise,
            is_cash: group.is_some_and(|group| group.is_cash_or_bank),
            is_tax: row.tax_head.is_some(),
            is_of_the_year: group.is_some_and(|group| group.statement == Statement::ProfitAndLoss),
            is_capital: takes_result || group.is_some_and(is_capital),
            is_new: false,
        }
    }

    fn find_types(
        &mut self,
        books: &StagedBooks,
        mapping: &Mapping,
        here: Here<'_>,
        summary: &mut Summary,
    ) {
        let mut told = HashSet::new();
        let used = books.vouchers.iter().filter_map(|voucher| voucher.voucher_type.as_deref());
        for name in used {
            let key = fold(name);
            if self.types.contains_key(&key) || !told.insert(key.clone()) {
                continue;
            }
            let (row, is_closing) = match mapping.types.get(&key) {
                Some(choice) => {
                    (here.catalogue.voucher_type(choice.voucher_type()), choice.is_closing)
                }
                None => {
                    let mut types = here.catalogue.voucher_types.iter();
                    let found = types.find(|one| fold(&one.name) == key || fold(&one.code) == key);
                    (found, false)
                }
            };
            let typed = row.and_then(|row| {
                let base = BaseType::parse(&row.base_type)?;
                Some(Typed { id: row.id, base, is_closing })
            });
            match typed {
                Some(typed) => {
                    self.types.insert(key, typed);
                }
                None => summary.unmapped_types.add(name),
            }
        }
    }
}

/// The shared group that a topmost group without a place stands for.
fn default_code(key: &str, nature: Nature) -> &'static str {
    match nature {
        Nature::Asset => "CA",
        Nature::Liability if key.starts_with("equity") || key.starts_with("capital") => "CAP",
        Nature::Liability => "CL",
        Nature::Income => "IINC",
        Nature::Expense => "IEXP",
    }
}

/// Capital and reserves.
fn is_capital(group: &Group) -> bool {
    matches!(group.code.as_str(), "CAP" | "RES")
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
