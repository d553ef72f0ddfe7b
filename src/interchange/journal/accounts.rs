//! Accounts of a journal become ledgers, and what stands above them, groups.

use std::collections::{BTreeMap, BTreeSet};

use daybook_domain::chart::Nature;

use crate::interchange::{
    finding::{Findings, Reason},
    limits::Limits,
    staged::{StagedGroup, StagedLedger},
    words,
};

/// Accounts in the order in which they were first named.
pub struct Accounts {
    max: usize,
    /// The first line for which there was no room.
    beyond: Option<u64>,
    known: BTreeMap<String, Account>,
    order: Vec<String>,
    natures: BTreeMap<String, Nature>,
}

struct Account {
    line: u64,
    is_posted: bool,
}

impl Accounts {
    /// None yet; at most `max`.
    pub fn new(max: usize) -> Self {
        let (known, order, natures) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        Self { max, beyond: None, known, order, natures }
    }

    /// An account that is declared.
    pub fn declare(&mut self, name: &str, line: u64) {
        self.name(name, line, false);
    }

    /// An account that is posted to.
    pub fn post(&mut self, name: &str, line: u64) {
        self.name(name, line, true);
    }

    fn name(&mut self, name: &str, line: u64, is_posted: bool) {
        if let Some(account) = self.known.get_mut(name) {
            account.is_posted |= is_posted;
            return;
        }
        if self.order.len() >= self.max {
            self.beyond.get_or_insert(line);
            return;
        }
        self.known.insert(name.to_owned(), Account { line, is_posted });
        self.order.push(name.to_owned());
    }

    /// What the accounts from this one down are.
    pub fn set_nature(&mut self, name: &str, nature: Nature) {
        self.natures.insert(name.to_owned(), nature);
    }

    /// The nature by what is declared, else by the usual names of the five roots.
    fn nature(&self, name: &str) -> Option<Nature> {
        let mut here = Some(name);
        while let Some(at) = here {
            if let Some(nature) = self.natures.get(at) {
                return Some(*nature);
            }
            here = at.rsplit_once(':').map(|(above, _)| above);
        }
        let root = name.split(':').next().unwrap_or_default().to_lowercase();
        match root.as_str() {
            "asset" | "assets" => Some(Nature::Asset),
            "liability" | "liabilities" | "debt" | "debts" | "equity" => Some(Nature::Liability),
            "income" | "incomes" | "revenue" | "revenues" => Some(Nature::Income),
            "expense" | "expenses" => Some(Nature::Expense),
            _ => None,
        }
    }

    /// Groups, each behind its parent, and ledgers. An account that is only declared and has others
    /// below it is a group alone.
    pub fn into_masters(self, findings: &mut Findings) -> (Vec<StagedGroup>, Vec<StagedLedger>) {
        if let Some(line) = self.beyond {
            let message = format!("there are over {} accounts", self.max);
            findings.error(line, Reason::TooLarge, message);
        }
        let mut above: BTreeSet<&str> = BTreeSet::new();
        for name in &self.order {
            above.extend(name.match_indices(':').filter_map(|(at, _)| name.get(..at)));
        }
        let mut groups = Vec::new();
        let mut grouped: BTreeSet<&str> = BTreeSet::new();
        let mut ledgers = Vec::new();
        for name in &self.order {
            let Some(account) = self.known.get(name) else { continue };
            let own = above.contains(name.as_str()).then_some(name.as_str());
            let parents = name.match_indices(':').filter_map(|(at, _)| name.get(..at));
            for group in parents.chain(own) {
                if grouped.insert(group) {
                    let parent = group.rsplit_once(':').map(|(parent, _)| parent.to_owned());
                    let nature = self.nature(group);
                    let name = group.to_owned();
                    groups.push(StagedGroup { line: account.line, name, parent, nature });
                }
            }
            if account.is_posted || own.is_none() {
                let mut ledger = StagedLedger::named(account.line, name.clone());
                ledger.group = name.rsplit_once(':').map(|(parent, _)| parent.to_owned());
                ledgers.push(ledger);
            }
        }
        (groups, ledgers)
    }
}

/// Parts of one account's name.
const PARTS_MAX: usize = 20;

/// An account's name in the form in which names are kept; none when it cannot be one.
pub fn account_name(raw: &str, limits: &Limits) -> Option<String> {
    let parts: Vec<String> = raw
        .split(':')
        .take(PARTS_MAX + 1)
        .map(|part| words::name(part, limits).ok().flatten())
        .collect::<Option<_>>()?;
    if parts.len() > PARTS_MAX {
        return None;
    }
    words::name(&parts.join(":"), limits).ok().flatten()
}
