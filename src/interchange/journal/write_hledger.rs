//! Writes a journal that hledger reads, with tags by which we read it back exactly.

use std::{collections::HashMap, io::Write};

use chrono::NaiveDate;
use daybook_domain::{chart::Nature, money::Money};

use super::own::{self, ASIDE, Tag};
use crate::interchange::{
    escape::escape_account,
    staged::{StagedGroup, StagedLedger, StagedVoucher, VoucherState},
    standard::Tree,
    write::{BooksWriter, Head, WriteError},
};

/// The other side of openings; what all of them together are out by stands there.
const DIFFERENCE: &str = "equity:opening difference";

/// Writes books as a journal: groups and ledgers as accounts, vouchers as transactions.
pub struct HledgerWriter<W> {
    out: W,
    head: Head,
    tree: Tree,
    accounts: HashMap<String, String>,
}

impl<W: Write> HledgerWriter<W> {
    /// Begins the journal.
    ///
    /// # Errors
    /// When the receiver fails.
    pub fn new(mut out: W, head: &Head) -> Result<Self, WriteError> {
        for line in own::head_lines(head) {
            writeln!(out, "{line}")?;
        }
        let zeros = "0".repeat(usize::from(head.currency.exponent));
        writeln!(out, "\ndecimal-mark .\ncommodity 1000.{zeros} {}\n", head.currency.code)?;
        let (head, tree) = (head.clone(), Tree::new());
        Ok(Self { out, head, tree, accounts: HashMap::new() })
    }

    fn declare(
        &mut self,
        path: &[String],
        nature: Option<Nature>,
        tags: &[Tag],
    ) -> Result<(), WriteError> {
        write!(self.out, "account {}  ; ", account(path))?;
        // What hledger itself wants to know of an account.
        let kind = match nature {
            Some(Nature::Asset) => "type:A, ",
            Some(Nature::Liability) => "type:L, ",
            Some(Nature::Income) => "type:R, ",
            Some(Nature::Expense) => "type:X, ",
            None => "",
        };
        writeln!(self.out, "{kind}{}", list(tags))?;
        Ok(())
    }

    fn amount(&self, amount: Money) -> String {
        format!("{} {}", amount.format(self.head.currency.exponent), self.head.currency.code)
    }

    /// A transaction of one ledger's opening.
    fn opening(
        &mut self,
        day: NaiveDate,
        ledger: &StagedLedger,
        account: &str,
    ) -> Result<(), WriteError> {
        let (amount, other) = (self.amount(ledger.opening), self.amount(-ledger.opening));
        writeln!(self.out, "{day} * opening  ; kind:opening\n    {account}  {amount}")?;
        for bill in &ledger.opening_bills {
            let tag = own::bill_tag(bill, self.head.currency.exponent);
            writeln!(self.out, "        ; {}", list(&[tag]))?;
        }
        writeln!(self.out, "    {DIFFERENCE}  {other}\n")?;
        Ok(())
    }
}

fn account(path: &[String]) -> String {
    path.iter().map(|part| escape_account(part)).collect::<Vec<_>>().join(":")
}

fn list(tags: &[Tag]) -> String {
    tags.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join(", ")
}

impl<W: Write> BooksWriter for HledgerWriter<W> {
    fn group(&mut self, group: &StagedGroup) -> Result<(), WriteError> {
        self.tree.add(group);
        let (path, _) = self.tree.path(&group.name);
        self.declare(&path, group.nature, &own::group_tags(group))
    }

    fn ledger(&mut self, ledger: &StagedLedger) -> Result<(), WriteError> {
        let (mut path, nature) = match &ledger.group {
            Some(group) => self.tree.path(group),
            None => (Vec::new(), None),
        };
        path.push(ledger.name.clone());
        self.declare(&path, nature, &own::ledger_tags(ledger))?;
        let account = account(&path);
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
        let aside = if voucher.state == VoucherState::Normal { "" } else { ASIDE };
        let words = escape_account(&voucher.label());
        writeln!(self.out)?;
        writeln!(self.out, "{aside}{} * {words}", voucher.date)?;
        let tags = own::voucher_tags(voucher);
        if !tags.is_empty() {
            writeln!(self.out, "{aside}    ; {}", list(&tags))?;
        }
        for entry in &voucher.entries {
            let Some(account) = self.accounts.get(&entry.ledger) else {
                let message =
                    format!("{} posts to {}, which is no ledger", voucher.label(), entry.ledger);
                return Err(WriteError::Cannot(message));
            };
            let amount = self.amount(entry.amount);
            writeln!(self.out, "{aside}    {account}  {amount}")?;
            for tag in own::entry_tags(entry, self.head.currency.exponent) {
                writeln!(self.out, "{aside}        ; {}", list(&[tag]))?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), WriteError> {
        self.out.flush()?;
        Ok(())
    }
}
