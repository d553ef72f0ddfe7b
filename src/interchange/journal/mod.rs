//! Plain-text journals: hledger and beancount, the part of both that real files use.
//!
//! Transactions become vouchers, accounts become ledgers below groups. Amounts left out are inferred;
//! what has a price counts at that price; quantities without one are reported and left out. No other
//! file is ever read. Balances that a journal states are compared.

mod accounts;
mod assertions;
mod beancount;
mod expression;
mod hledger;
mod own;
mod quantity;
mod scan;
mod settle;
mod write_beancount;
mod write_hledger;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

pub use write_beancount::BeancountWriter;
pub use write_hledger::HledgerWriter;

use super::{
    Reading,
    bytes::decode,
    finding::{Findings, Reason, Wrong},
    limits::Limits,
    staged::{Currency, StagedBooks, StagedEntry, StagedVoucher},
    words,
};
use accounts::{Accounts, account_name};
use assertions::{Event, Events, Padded, Stated};
use own::Tags;
use quantity::{Base, Quantity};
use settle::{Conversion, Posting, Settled, settle};

/// Reads a journal of hledger.
pub fn read_hledger(bytes: &[u8], currency: &Currency, limits: &Limits) -> Reading {
    read(bytes, currency, limits, |journal, text| hledger::Reader::new(journal).read(text))
}

/// Reads a journal of beancount.
pub fn read_beancount(bytes: &[u8], currency: &Currency, limits: &Limits) -> Reading {
    read(bytes, currency, limits, |journal, text| beancount::Reader::new(journal).read(text))
}

fn read(
    bytes: &[u8],
    currency: &Currency,
    limits: &Limits,
    by: impl FnOnce(&mut Journal<'_>, &str),
) -> Reading {
    let mut findings = Findings::new(limits.findings_max);
    let mut books = StagedBooks::new(currency.clone());
    let Some(text) = decode(bytes, limits, &mut findings) else {
        return Reading { books, findings };
    };
    let is_own = own::read_head(&text, &mut books, &mut findings);
    let mut journal = Journal {
        limits,
        base: Base::new(currency),
        books,
        findings,
        accounts: Accounts::new(limits.ledgers_max),
        events: Events::default(),
        is_own,
        own_ledgers: HashMap::new(),
        skipped: BTreeMap::new(),
        tags: 0,
        rounded: 0,
    };
    by(&mut journal, &text);
    journal.into_reading()
}

/// A journal that is being read.
struct Journal<'c> {
    limits: &'c Limits,
    base: Base<'c>,
    books: StagedBooks,
    findings: Findings,
    accounts: Accounts,
    events: Events,
    is_own: bool,
    /// Places of ledgers by their account, in a journal of our own.
    own_ledgers: HashMap<String, usize>,
    /// Kinds of directives that were left out.
    skipped: BTreeMap<String, u64>,
    tags: u64,
    /// Amounts at a price that were no whole minor units.
    rounded: u64,
}

/// A transaction whose lines are being read.
#[derive(Debug, Default)]
struct Draft {
    line: u64,
    date: NaiveDate,
    code: Option<String>,
    words: String,
    tags: Tags,
    postings: Vec<Posted>,
    wrong: Option<Wrong>,
}

impl Draft {
    fn label(&self) -> String {
        match &self.code {
            Some(code) => format!("{} {code}", self.date),
            None => format!("{} {}", self.date, self.words),
        }
    }
}

#[derive(Debug)]
struct Posted {
    posting: Posting,
    stated: Option<PostedBalance>,
    tags: Tags,
}

/// A balance that is stated behind a posting.
#[derive(Debug)]
struct PostedBalance {
    quantity: Quantity,
    with_below: bool,
}

impl Journal<'_> {
    /// Whether another transaction may come.
    fn has_room(&mut self, line: u64) -> bool {
        let max = self.limits.vouchers_max;
        let has_room = self.books.vouchers.len() < max;
        if !has_room {
            let message = format!("there are over {max} transactions");
            self.findings.error(line, Reason::TooLarge, message);
        }
        has_room
    }

    /// Counts what is left out by its kind.
    fn skip(&mut self, kind: &str) {
        *self.skipped.entry(kind.to_owned()).or_default() += 1;
    }

    /// An account's name as it is kept. Those of our own journals are escaped and only stand for a name.
    fn account(&self, raw: &str, line: u64) -> Result<String, Wrong> {
        if self.is_own {
            return Ok(raw.to_owned());
        }
        account_name(raw, self.limits).ok_or_else(|| {
            Wrong::new(line, Reason::BadText, format!("{raw:?} cannot be the name of an account"))
        })
    }

    /// A group or ledger that tags of our own tell of.
    fn own_master(&mut self, account: &str, tags: &Tags, line: u64) {
        let reader = own::Reader { exponent: self.base.currency.exponent, limits: self.limits };
        if self.books.groups.len().max(self.books.ledgers.len()) >= self.limits.ledgers_max {
            let message = format!("there are over {} accounts", self.limits.ledgers_max);
            return self.findings.error(line, Reason::TooLarge, message);
        }
        match reader.group(tags, line) {
            Ok(group) => self.books.groups.extend(group),
            Err(wrong) => wrong.tell(&mut self.findings),
        }
        match reader.ledger(tags, line) {
            Ok(Some(ledger)) => {
                self.own_ledgers.insert(account.to_owned(), self.books.ledgers.len());
                self.books.ledgers.push(ledger);
            }
            Ok(None) => {}
            Err(wrong) => wrong.tell(&mut self.findings),
        }
    }

    /// A transaction has come to its end.
    fn finish(&mut self, mut draft: Draft, conversion: Conversion) {
        let label = draft.label();
        let result = match draft.wrong.take() {
            Some(wrong) => Err(wrong),
            None if self.is_own => self.own_voucher(&draft),
            None => self.voucher(&draft, conversion, &label),
        };
        if let Err(wrong) = result {
            wrong.of(&label).tell(&mut self.findings);
            for posted in &draft.postings {
                self.events.spoil(&posted.posting.account);
            }
        }
    }

    fn voucher(&mut self, draft: &Draft, conversion: Conversion, label: &str) -> Result<(), Wrong> {
        let own_tags = draft.postings.iter().map(|posted| posted.tags.len()).sum::<usize>();
        let tags = u64::try_from(own_tags + draft.tags.len()).unwrap_or_default();
        self.tags = self.tags.saturating_add(tags);
        let postings: Vec<Posting> =
            draft.postings.iter().map(|posted| posted.posting.clone()).collect();
        let Settled { entries, movements, rounded } =
            settle(&postings, &self.base, conversion, draft.line, label, &mut self.findings)?;
        for posting in &postings {
            self.accounts.post(&posting.account, posting.line);
        }
        self.rounded = self.rounded.saturating_add(rounded);
        let mut movements = movements.into_iter().peekable();
        for (place, posted) in draft.postings.iter().enumerate() {
            while let Some(movement) = movements.next_if(|movement| movement.posting == place) {
                self.events.add(draft.date, Event::Moved(movement), false);
            }
            if let Some(stated) = &posted.stated {
                let stated = Stated {
                    line: posted.posting.line,
                    account: posted.posting.account.clone(),
                    quantity: stated.quantity.clone(),
                    with_below: stated.with_below,
                    tolerance: rust_decimal::Decimal::ZERO,
                };
                self.events.add(draft.date, Event::Stated(stated), false);
            }
        }
        if entries.is_empty() {
            let message = "it moves nothing in the books' currency and makes no voucher";
            self.findings.note_of(draft.line, label, Reason::NotTaken, message);
            return Ok(());
        }
        let text = |why| Wrong::new(draft.line, Reason::BadText, format!("description: {why}"));
        let mut voucher = StagedVoucher::dated(draft.line, draft.date);
        voucher.number =
            words::line(draft.code.as_deref().unwrap_or_default(), self.limits).map_err(text)?;
        voucher.narration = words::narration(&draft.words, self.limits).map_err(text)?;
        voucher.entries = entries;
        self.books.vouchers.push(voucher);
        Ok(())
    }

    /// A voucher, or an opening, of a journal of our own.
    fn own_voucher(&mut self, draft: &Draft) -> Result<(), Wrong> {
        let reader = own::Reader { exponent: self.base.currency.exponent, limits: self.limits };
        let is_opening = draft.tags.get("kind").as_deref() == Some("opening");
        let mut voucher = reader.voucher(&draft.tags, draft.date, draft.line)?;
        for posted in &draft.postings {
            let Posting { line, account, amount, .. } = &posted.posting;
            let missing = || Wrong::new(*line, Reason::MissingValue, "the posting has no amount");
            let amount = amount.as_ref().ok_or_else(missing)?;
            if !self.base.is(&amount.commodity) {
                let message = format!("{} is not the books' currency", amount.commodity);
                return Err(Wrong::new(*line, Reason::OtherCommodity, message));
            }
            let money = self.base.exact(amount.number).map_err(|why| {
                Wrong::new(*line, Reason::BadAmount, format!("{} {why}", amount.number))
            })?;
            let unknown =
                || Wrong::new(*line, Reason::UnknownLedger, format!("{account} is not declared"));
            let place = self.own_ledgers.get(account).copied().ok_or_else(unknown)?;
            let ledger = self.books.ledgers.get_mut(place).ok_or_else(unknown)?;
            if is_opening {
                ledger.opening = money;
                ledger.opening_bills = reader.bills(&posted.tags)?;
                // The other side is the difference of all openings, which is no ledger.
                return Ok(());
            }
            voucher.entries.push(reader.entry(&posted.tags, ledger.name.clone(), money, *line)?);
        }
        self.books.vouchers.push(voucher);
        Ok(())
    }

    /// What a pad came to is a voucher of its own.
    fn pad(&mut self, padded: Padded) {
        let Padded { line, date, account, source, quantity } = padded;
        let label = format!("pad of {account}");
        if !self.base.is(&quantity.commodity) {
            let message = format!("a pad in {} is not taken", quantity.commodity);
            return self.findings.note_of(line, &label, Reason::OtherCommodity, message);
        }
        let Ok(amount) = self.base.exact(quantity.number) else {
            let message = format!("{} is no amount of the currency", quantity.number);
            return self.findings.error_of(line, &label, Reason::BadAmount, message);
        };
        let mut voucher = StagedVoucher::dated(line, date);
        voucher.narration = Some(format!("Balance of {account} padded from {source}"));
        for (account, amount) in [(account, amount), (source, -amount)] {
            self.accounts.post(&account, line);
            voucher.entries.push(StagedEntry::of(line, account, amount));
        }
        self.books.vouchers.push(voucher);
    }

    fn into_reading(mut self) -> Reading {
        let events = std::mem::take(&mut self.events);
        for padded in events.check(&self.base, &mut self.findings) {
            self.pad(padded);
        }
        if !self.is_own {
            let (groups, ledgers) = self.accounts.into_masters(&mut self.findings);
            self.books.groups = groups;
            self.books.ledgers = ledgers;
        }
        for (kind, count) in self.skipped {
            let message = format!("{count} lines of the kind {kind} are not taken");
            self.findings.note(0, Reason::NotTaken, message);
        }
        if self.tags > 0 {
            let message = format!("{} tags and metadata are not taken", self.tags);
            self.findings.note(0, Reason::NotTaken, message);
        }
        if self.rounded > 0 {
            let message =
                format!("{} amounts at a price were rounded to whole minor units", self.rounded);
            self.findings.note(0, Reason::Rounded, message);
        }
        let is_empty = self.books.vouchers.is_empty() && self.books.ledgers.is_empty();
        if is_empty && self.findings.errors() == 0 && !self.is_own {
            let message = "the file holds no accounts and no transactions";
            self.findings.error(0, Reason::NotReadable, message);
        }
        Reading { books: self.books, findings: self.findings }
    }
}
