//! The predefined groups by name: what a group is when the file does not say.

use std::collections::HashMap;

use daybook_domain::{chart::Nature, text::fold};

use super::staged::StagedGroup;

/// The twenty-eight groups that Tally and Daybook begin with.
const GROUPS: [(&str, Nature); 28] = [
    ("Capital Account", Nature::Liability),
    ("Reserves & Surplus", Nature::Liability),
    ("Loans (Liability)", Nature::Liability),
    ("Bank OD A/c", Nature::Liability),
    ("Secured Loans", Nature::Liability),
    ("Unsecured Loans", Nature::Liability),
    ("Current Liabilities", Nature::Liability),
    ("Duties & Taxes", Nature::Liability),
    ("Provisions", Nature::Liability),
    ("Sundry Creditors", Nature::Liability),
    ("Fixed Assets", Nature::Asset),
    ("Investments", Nature::Asset),
    ("Current Assets", Nature::Asset),
    ("Bank Accounts", Nature::Asset),
    ("Cash-in-Hand", Nature::Asset),
    ("Deposits (Asset)", Nature::Asset),
    ("Loans & Advances (Asset)", Nature::Asset),
    ("Stock-in-Hand", Nature::Asset),
    ("Sundry Debtors", Nature::Asset),
    ("Misc. Expenses (Asset)", Nature::Asset),
    ("Branch / Divisions", Nature::Liability),
    ("Suspense A/c", Nature::Liability),
    ("Sales Accounts", Nature::Income),
    ("Purchase Accounts", Nature::Expense),
    ("Direct Incomes", Nature::Income),
    ("Direct Expenses", Nature::Expense),
    ("Indirect Incomes", Nature::Income),
    ("Indirect Expenses", Nature::Expense),
];

/// Names of the predefined groups.
pub fn group_names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|(name, _)| *name)
}

/// Where groups stand in their tree, and what they are; grows as groups are written.
pub(super) struct Tree {
    groups: HashMap<String, (String, Option<String>, Option<Nature>)>,
}

/// Groups above one another that are followed.
const DEPTH_MAX: usize = 64;

impl Tree {
    /// The predefined groups, each at the top.
    pub fn new() -> Self {
        let group = |(name, nature): &(&str, Nature)| {
            (fold(name), ((*name).to_owned(), None, Some(*nature)))
        };
        Self { groups: GROUPS.iter().map(group).collect() }
    }

    pub fn add(&mut self, group: &StagedGroup) {
        let parent = group.parent.clone();
        let known = self.groups.get(&fold(&group.name)).and_then(|(_, _, nature)| *nature);
        let nature = group.nature.or(known);
        self.groups.insert(fold(&group.name), (group.name.clone(), parent, nature));
    }

    /// The names from the topmost group down to this one, and what it is.
    pub fn path(&self, group: &str) -> (Vec<String>, Option<Nature>) {
        let mut path = Vec::new();
        let mut nature = None;
        let mut here = Some(group.to_owned());
        while let Some(name) = here {
            if path.contains(&name) || path.len() >= DEPTH_MAX {
                break;
            }
            let known = self.groups.get(&fold(&name));
            nature = nature.or(known.and_then(|(_, _, nature)| *nature));
            here = known.and_then(|(_, parent, _)| parent.clone());
            path.push(known.map_or(name, |(own, _, _)| own.clone()));
        }
        path.reverse();
        (path, nature)
    }
}
