//! Writes a journal that beancount reads, with metadata by which we read it back exactly.

use std::{
    collections::{HashMap, HashSet},
    io::Write,
};

use chrono::NaiveDate;
use daybook_domain::{chart::Nature, money::Money};

use super::own::{self, ASIDE, Tag};
use crate::interchange::{
    escape::escape,
    staged::{StagedGroup, StagedLedger, StagedVoucher, VoucherState},
    standard::Tree,
    write::{BooksWriter, Head, WriteError},
};

/// The other side of openings; what all of them together are out by stands there.
const DIFFERENCE: &str = "Equity:Opening-Difference";

/// Before any voucher: accounts must be open.
const OPEN: &str = "1900-01-01";

/// Writes books as a journal. Accounts are made of the letters that beancount allows; who they are
/// stands in their metadata.
pub struct BeancountWriter<W> {
    out: W,
    head: Head,
    tree: Tree,
    accounts: HashMap<String, String>,
    taken: HashSet<String>,
}

impl<W: Write> BeancountWriter<W> {
    /// Begins the journal.
    ///
    /// # Errors
    /// When the receiver fails.
    pub fn new(mut out: W, head: &Head) -> Result<Self, WriteError> {
        for line in own::head_lines(head) {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "\noption \"operating_currency\" \"{}\"\n", head.currency.code)?;
        writeln!(out, "{OPEN} open {DIFFERENCE}")?;
        Ok(Self {
            out,
            head: head.clone(),
            tree: Tree::new(),
            accounts: HashMap::new(),
            taken: HashSet::from([DIFFERENCE.to_lowercase()]),
        })
    }

    /// An account's name that no other has.
    fn account(&mut self, path: &[String], nature: Option<Nature>) -> String {
        let root = match nature {
            Some(Nature::Asset) => "Assets",
            Some(Nature::Liability) => "Liabilities",
            Some(Nature::Income) => "Income",
            Some(Nature::Expense) => "Expenses",
            None => "Equity",
        };
        let mut name = root.to_owned();
        for part in path {
            name.push(':');
            name.push_str(&segment(part));
        }
        let mut account = name.clone();
        let mut count = 1_u64;
        while !self.taken.insert(account.to_lowercase()) {
            count = count.saturating_add(1);
            account = format!("{name}-{count}");
        }
        account
    }

    fn amount(&self, amount: Money) -> String {
        format!("{} {}", amount.format(self.head.currency.exponent), self.head.currency.code)
    }

    fn opening(
        &mut self,
        day: NaiveDate,
        ledger: &StagedLedger,
        account: &str,
    ) -> Result<(), WriteError> {
        let (amount, other) = (self.amount(ledger.opening), self.amount(-ledger.opening));
        writeln!(self.out, "{day} * \"Opening\"\n  kind: \"opening\"\n  {account}  {amount}")?;
        let exponent = self.head.currency.exponent;
        let bills = ledger.opening_bills.iter().map(|bill| own::bill_tag(bill, exponent));
        write_tags(&mut self.out, "    ", bills.collect())?;
        writeln!(self.out, "  {DIFFERENCE}  {other}\n")?;
        Ok(())
    }
}

fn write_tags(out: &mut impl Write, indent: &str, tags: Vec<Tag>) -> Result<(), WriteError> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for (name, value) in tags {
        // A name may stand there once only.
        if matches!(name, "bill" | "cost") {
            let count = counts.entry(name).or_default();
            *count = count.saturating_add(1);
            writeln!(out, "{indent}{name}-{count}: \"{value}\"")?;
        } else {
            writeln!(out, "{indent}{name}: \"{value}\"")?;
        }
    }
    Ok(())
}

/// A part of an account's name: letters, digits and dashes, beginning with a capital or a digit.
fn segment(name: &str) -> String {
    let signs = name.chars().map(|one| {
        let is_kept =
            if one.is_ascii() { one.is_ascii_alphanumeric() } else { !one.is_whitespace() };
        if is_kept { one } else { '-' }
    });
    let text: String = signs.collect();
    let text = text.trim_matches('-');
    let mut parts = text.chars();
    match parts.next() {
        None => "X".to_owned(),
        Some(first) => format!("{}{}", first.to_ascii_uppercase(), parts.as_str()),
    }
}

impl<W: Write> BooksWriter for BeancountWriter<W> {
    fn group(&mut self, group: &StagedGroup) -> Result<(), WriteError> {
        self.tree.add(group);
        let parent = escape(group.parent.as_deref().unwrap_or_default());
        let nature = group.nature.map(own::nature_word).unwrap_or_default();
        let name = escape(&group.name);
        writeln!(self.out, "{OPEN} custom \"daybook-group\" \"{name}\" \"{parent}\" \"{nature}\"")?;
        Ok(())
    }

    fn ledger(&mut self, ledger: &StagedLedger) -> Result<(), WriteError> {
        let (mut path, nature) = match &ledger.group {
            Some(group) => self.tree.path(group),
            None => (Vec::new(), None),
        };
        path.push(ledger.name.clone());
        let account = self.account(&path, nature);
        writeln!(self.out, "{OPEN} open {account}")?;
        write_tags(&mut self.out, "  ", own::ledger_tags(ledger))?;
        if !ledger.opening.is_zero() || !ledger.opening_bills.is_empty() {
            let Some(day) = self.head.opened_on else {
                let message = format!("{} opens with a balance on a day unknown", ledger.name);
                return Err(WriteError::Cannot(message));
            };
            writeln!(self.out)?;
            self.opening(day, ledger, &account)?;
        }
        self.accounts.insert(ledger.name.clone(), account);
        Ok(())
    }

    fn voucher(&mut self, voucher: &StagedVoucher) -> Result<(), WriteError> {
        let mut lines = Vec::new();
        writeln!(lines, "{} * \"{}\"", voucher.date, escape(&voucher.label()))?;
        write_tags(&mut lines, "  ", own::voucher_tags(voucher))?;
        for entry in &voucher.entries {
            let Some(account) = self.accounts.get(&entry.ledger) else {
                let message =
                    format!("{} posts to {}, which is no ledger", voucher.label(), entry.ledger);
                return Err(WriteError::Cannot(message));
            };
            writeln!(lines, "  {account}  {}", self.amount(entry.amount))?;
            let tags = own::entry_tags(entry, self.head.currency.exponent);
            write_tags(&mut lines, "    ", tags)?;
        }
        // What does not count is a comment for beancount.
        let aside = if voucher.state == VoucherState::Normal { "" } else { ASIDE };
        writeln!(self.out)?;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            self.out.write_all(aside.as_bytes())?;
            self.out.write_all(line)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        self.out.flush()?;
        Ok(())
    }
}
