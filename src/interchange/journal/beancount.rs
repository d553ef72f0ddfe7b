//! Journals of beancount.

use chrono::NaiveDate;
use daybook_domain::chart::Nature;
use rust_decimal::Decimal;

use super::{
    Journal,
    assertions::{Event, Stated},
    expression::expression,
    own::Tags,
    quantity::{Price, Quantity},
    scan::Scan,
    settle::{Conversion, Posting},
};
use crate::interchange::{
    amount::AmountError,
    dates::{self, DateOrder},
    finding::{Reason, Wrong},
};

/// Lines that one text may run over, and their bytes.
const TEXT_LINES_MAX: usize = 200;
const TEXT_BYTES_MAX: usize = 20_000;

/// Texts without an end, after which none is looked for any more.
const OPEN_TEXTS_MAX: u32 = 100;

/// Reads the lines of a journal.
pub struct Reader<'j, 'c> {
    journal: &'j mut Journal<'c>,
    block: Block,
    currencies: Vec<String>,
}

/// What indented lines belong to.
enum Block {
    Nothing,
    /// Lines of a directive that is not taken.
    Skipped,
    /// A transaction of which something is wrong; its accounts are noted.
    Spoilt,
    Transaction(Box<super::Draft>),
    /// An account of our own, whose tags follow.
    Master {
        account: String,
        tags: Tags,
        line: u64,
    },
}

impl<'j, 'c> Reader<'j, 'c> {
    pub fn new(journal: &'j mut Journal<'c>) -> Self {
        Self { journal, block: Block::Nothing, currencies: Vec::new() }
    }

    /// Reads all lines.
    pub fn read(mut self, text: &str) {
        let mut lines = (1_u64..).zip(text.lines());
        let mut open_texts = 0;
        while let Some((line, text)) = lines.next() {
            let text = match text.strip_prefix(super::own::ASIDE) {
                Some(aside) if self.journal.is_own => aside,
                _ => text,
            };
            let mut whole = None;
            if open_texts < OPEN_TEXTS_MAX && may_have_texts(text) && ends_in_text(text) {
                let mut ahead = lines.clone();
                whole = joined(text, &mut ahead);
                if whole.is_some() {
                    lines = ahead;
                } else {
                    open_texts += 1;
                    let message = "a text does not end";
                    self.journal.findings.error(line, Reason::NotReadable, message);
                }
            }
            if !self.line(line, whole.as_deref().unwrap_or(text).trim_end()) {
                return;
            }
        }
        self.close();
        let base = self.journal.base.currency.code.as_str();
        if !self.currencies.is_empty() && self.currencies.iter().all(|one| one != base) {
            let message = format!(
                "the journal is kept in {}, the books in {base}",
                self.currencies.join(", ")
            );
            self.journal.findings.note(0, Reason::OtherCommodity, message);
        }
    }

    fn close(&mut self) {
        match std::mem::replace(&mut self.block, Block::Nothing) {
            Block::Transaction(draft) => self.journal.finish(*draft, Conversion::Explicit),
            Block::Master { account, tags, line } => self.journal.own_master(&account, &tags, line),
            Block::Nothing | Block::Skipped | Block::Spoilt => {}
        }
    }

    /// False when a limit is reached.
    fn line(&mut self, line: u64, text: &str) -> bool {
        if text.trim().is_empty() {
            return true;
        }
        if text.starts_with(char::is_whitespace) {
            self.indented(line, text.trim());
            return true;
        }
        // Headlines and comments of editors.
        if text.starts_with(['*', ';', '#', ':', '!', '&', '?', '%', '|', '~', '-']) {
            return true;
        }
        self.close();
        if !text.starts_with(|one: char| one.is_ascii_digit()) {
            self.block = self.directive(line, text);
            return true;
        }
        if !self.journal.has_room(line) {
            return false;
        }
        self.block = self.dated(line, text).unwrap_or_else(|wrong| {
            wrong.tell(&mut self.journal.findings);
            Block::Spoilt
        });
        true
    }

    fn directive(&mut self, line: u64, text: &str) -> Block {
        let mut scan = Scan::new(text);
        let word = scan.take_while(|one| !one.is_whitespace());
        match word {
            "option" => {
                let name = string(&mut scan).unwrap_or_default();
                let value = string(&mut scan).unwrap_or_default();
                self.option(&name, value);
            }
            "include" => {
                let name = string(&mut scan).unwrap_or_default();
                let message = format!("{name:?} is another file, which is not read");
                self.journal.findings.error(line, Reason::IncludeRefused, message);
            }
            "plugin" => {
                let message = "a plugin is not run; what it would add or change is missing";
                self.journal.findings.note(line, Reason::NotTaken, message);
            }
            "pushtag" | "poptag" | "pushmeta" | "popmeta" => self.journal.skip(word),
            _ => {
                let message = format!("{word:?} is not understood");
                self.journal.findings.error(line, Reason::NotReadable, message);
            }
        }
        Block::Skipped
    }

    fn option(&mut self, name: &str, value: String) {
        let nature = match name {
            "operating_currency" => return self.currencies.push(value),
            "name_assets" => Nature::Asset,
            "name_liabilities" | "name_equity" => Nature::Liability,
            "name_income" => Nature::Income,
            "name_expenses" => Nature::Expense,
            _ => return,
        };
        self.journal.accounts.set_nature(&value, nature);
    }

    /// `2025-04-01 open Assets:Cash`, `2025-04-01 * "Words"`
    fn dated(&mut self, line: u64, text: &str) -> Result<Block, Wrong> {
        let mut scan = Scan::new(text);
        let day = scan.take_while(|one| !one.is_whitespace());
        scan.space();
        let word = scan.take_while(|one| !one.is_whitespace());
        let is_flag = {
            let mut signs = word.chars();
            matches!((signs.next(), signs.next()), (Some(one), None) if !one.is_lowercase())
        };
        if !is_flag && !matches!(word, "txn" | "open" | "pad" | "balance" | "custom") {
            if !matches!(
                word,
                "close" | "commodity" | "note" | "document" | "event" | "query" | "price"
            ) {
                let message = format!("{word:?} is not understood");
                return Err(Wrong::new(line, Reason::NotReadable, message));
            }
            self.journal.skip(word);
            return Ok(Block::Skipped);
        }
        let date = dates::read(day, DateOrder::YearFirst).ok_or_else(|| {
            Wrong::new(line, Reason::BadDate, format!("{day:?} is not a day of the calendar"))
        })?;
        match word {
            "open" => self.open(line, &mut scan),
            "pad" => {
                let account = self.account(&mut scan, line)?;
                let source = self.account(&mut scan, line)?;
                self.journal.events.add(date, Event::Pad { line, account, source }, true);
                Ok(Block::Skipped)
            }
            "balance" => {
                self.balance(line, date, &mut scan)?;
                Ok(Block::Skipped)
            }
            "custom" => {
                self.custom(line, &mut scan);
                Ok(Block::Skipped)
            }
            _ => Ok(Block::Transaction(Box::new(transaction(line, date, &mut scan)))),
        }
    }

    fn account(&self, scan: &mut Scan<'_>, line: u64) -> Result<String, Wrong> {
        scan.space();
        let name = scan.take_while(|one| !one.is_whitespace() && one != ';');
        if !name.contains(':') {
            let message = format!("{name:?} is not the name of an account");
            return Err(Wrong::new(line, Reason::NotReadable, message));
        }
        self.journal.account(name, line)
    }

    fn open(&mut self, line: u64, scan: &mut Scan<'_>) -> Result<Block, Wrong> {
        let account = self.account(scan, line)?;
        if self.journal.is_own {
            return Ok(Block::Master { account, tags: Tags::default(), line });
        }
        self.journal.accounts.declare(&account, line);
        Ok(Block::Skipped)
    }

    /// Groups of our own; others are left out.
    fn custom(&mut self, line: u64, scan: &mut Scan<'_>) {
        let kind = string(scan).unwrap_or_default();
        if !self.journal.is_own || kind != "daybook-group" {
            return self.journal.skip("custom");
        }
        let mut tags = Tags::default();
        for name in ["group", "parent", "nature"] {
            if let Some(value) = string(scan) {
                tags.add(line, name, &value);
            }
        }
        self.journal.own_master("", &tags, line);
    }

    fn balance(&mut self, line: u64, date: NaiveDate, scan: &mut Scan<'_>) -> Result<(), Wrong> {
        let account = self.account(scan, line)?;
        let wrong = |why: AmountError| {
            Wrong::new(line, Reason::BadAmount, format!("the balance of {account} {why}"))
        };
        let stated = expression(scan).map_err(wrong)?;
        scan.space();
        let tolerance = if scan.eat("~") {
            expression(scan).map_err(wrong)?
        } else if stated.scale() > 0 {
            // One unit of the last place that is written; a whole number is exact.
            Decimal::new(1, stated.scale())
        } else {
            Decimal::ZERO
        };
        scan.space();
        let commodity = currency(scan);
        let quantity = Quantity { number: stated, commodity };
        let stated = Stated { line, account, quantity, with_below: true, tolerance };
        self.journal.events.add(date, Event::Stated(stated), true);
        Ok(())
    }

    fn indented(&mut self, line: u64, text: &str) {
        if text.starts_with(';') {
            return;
        }
        let tag = metadata(text);
        match &mut self.block {
            Block::Nothing => {
                let message = "an indented line belongs to nothing";
                self.journal.findings.error(line, Reason::NotReadable, message);
            }
            Block::Skipped => {}
            Block::Master { tags, .. } => {
                if let Some((name, value)) = tag {
                    tags.add(line, name, &value);
                }
            }
            Block::Spoilt => {
                if tag.is_none() {
                    let mut scan = Scan::new(without_flag(text));
                    self.journal.events.spoil(scan.take_while(|one| !one.is_whitespace()));
                }
            }
            Block::Transaction(draft) => {
                if let Some((name, value)) = tag {
                    let tags = match draft.postings.last_mut() {
                        Some(posting) => &mut posting.tags,
                        None => &mut draft.tags,
                    };
                    tags.add(line, name, &value);
                    return;
                }
                if text.starts_with(['#', '^']) {
                    return;
                }
                if draft.postings.len() >= self.journal.limits.entries_max {
                    let message =
                        format!("it has over {} postings", self.journal.limits.entries_max);
                    draft.wrong.get_or_insert(Wrong::new(line, Reason::EntryCount, message));
                    return;
                }
                let mut draft = std::mem::take(draft);
                match self.posting(line, text) {
                    Ok(posting) => {
                        let tags = Tags::default();
                        draft.postings.push(super::Posted { posting, stated: None, tags });
                    }
                    Err(wrong) => {
                        let mut scan = Scan::new(without_flag(text));
                        self.journal.events.spoil(scan.take_while(|one| !one.is_whitespace()));
                        draft.wrong.get_or_insert(wrong);
                    }
                }
                self.block = Block::Transaction(draft);
            }
        }
    }

    /// `Assets:Shares  10 GLD {185.40 USD} @ 193.02 USD`
    fn posting(&mut self, line: u64, text: &str) -> Result<Posting, Wrong> {
        let mut scan = Scan::new(without_flag(text));
        let account = self.account(&mut scan, line)?;
        let wrong = |why: AmountError| {
            Wrong::new(line, Reason::BadAmount, format!("the amount of {account} {why}"))
        };
        let not_taken = |message: &str| Wrong::new(line, Reason::NotTaken, message);
        scan.space();
        if scan.is_empty() || scan.peek() == Some(';') {
            return Ok(Posting { line, account, amount: None, price: None });
        }
        let number = expression(&mut scan).map_err(wrong)?;
        scan.space();
        let commodity = currency(&mut scan);
        if commodity.is_empty() {
            return Err(not_taken("an amount without its currency is not taken; write it"));
        }
        let amount = Some(Quantity { number, commodity });
        let (mut cost, mut price) = (None, None);
        loop {
            scan.space();
            if scan.is_empty() || scan.peek() == Some(';') {
                break;
            }
            if scan.eat("{") {
                let is_total = scan.eat("{");
                let inner = scan.until(if is_total { "}}" } else { "}" }).unwrap_or_default();
                // A date and a label may follow.
                let first = inner.split(", ").next().unwrap_or_default();
                let mut inner = Scan::new(first);
                inner.space();
                if inner.is_empty() || inner.peek() == Some('*') {
                    return Err(not_taken("a lot without its cost is not taken; write the cost"));
                }
                let worth = quantity(&mut inner).map_err(wrong)?;
                cost = Some(if is_total { Price::Total(worth) } else { Price::Unit(worth) });
            } else if scan.eat("@@") {
                price = Some(Price::Total(quantity(&mut scan).map_err(wrong)?));
            } else if scan.eat("@") {
                price = Some(Price::Unit(quantity(&mut scan).map_err(wrong)?));
            } else {
                let message = format!("{:?} is not understood", scan.rest());
                return Err(Wrong::new(line, Reason::NotReadable, message));
            }
        }
        Ok(Posting { line, account, amount, price: cost.or(price) })
    }
}

fn transaction(line: u64, date: NaiveDate, scan: &mut Scan<'_>) -> super::Draft {
    let mut texts = Vec::new();
    while let Some(text) = string(scan) {
        texts.push(text);
        scan.space();
        scan.eat("|");
    }
    texts.retain(|text| !text.trim().is_empty());
    super::Draft { line, date, words: texts.join(" | "), ..super::Draft::default() }
}

fn quantity(scan: &mut Scan<'_>) -> Result<Quantity, AmountError> {
    let number = expression(scan)?;
    scan.space();
    let commodity = currency(scan);
    if commodity.is_empty() {
        return Err(AmountError::NotAnAmount);
    }
    Ok(Quantity { number, commodity })
}

fn currency(scan: &mut Scan<'_>) -> String {
    let is_part = |one: char| {
        one.is_ascii_uppercase() || one.is_ascii_digit() || matches!(one, '\'' | '.' | '_' | '-')
    };
    scan.take_while(is_part).to_owned()
}

/// A text in quotes; none where none follows.
fn string(scan: &mut Scan<'_>) -> Option<String> {
    scan.space();
    if !scan.eat("\"") {
        return None;
    }
    let mut text = String::new();
    loop {
        text.push_str(scan.take_while(|one| !matches!(one, '"' | '\\')));
        if scan.eat("\"") || scan.is_empty() {
            return Some(text);
        }
        scan.eat("\\");
        let escaped = scan.peek()?;
        let mut sign = [0; 4];
        scan.eat(escaped.encode_utf8(&mut sign));
        text.push(match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            other => other,
        });
    }
}

/// `name: "value"` or `name: value`
fn metadata(text: &str) -> Option<(&str, String)> {
    let (name, value) = text.split_once(':')?;
    let is_name = name.starts_with(|one: char| one.is_ascii_lowercase())
        && name.bytes().all(|one| one.is_ascii_alphanumeric() || matches!(one, b'-' | b'_'));
    if !is_name {
        return None;
    }
    let mut scan = Scan::new(value);
    Some((name, string(&mut scan).unwrap_or_else(|| scan.rest().trim().to_owned())))
}

/// A posting without its flag.
fn without_flag(text: &str) -> &str {
    let mut signs = text.chars();
    match (signs.next(), signs.next()) {
        (Some(flag), Some(space)) if space.is_whitespace() && !flag.is_lowercase() => {
            signs.as_str().trim_start()
        }
        _ => text,
    }
}

/// Whether texts can stand in this line.
fn may_have_texts(text: &str) -> bool {
    text.contains('"')
        && (text.starts_with(|one: char| one.is_ascii_digit() || one.is_ascii_lowercase())
            || metadata(text.trim()).is_some())
}

/// The line with those after it, up to where its last text ends; none when it ends nowhere near.
fn joined<'t>(first: &str, lines: &mut impl Iterator<Item = (u64, &'t str)>) -> Option<String> {
    let mut whole = first.to_owned();
    for (_, next) in lines.take(TEXT_LINES_MAX) {
        whole.push('\n');
        whole.push_str(next);
        if whole.len() > TEXT_BYTES_MAX {
            return None;
        }
        if next.contains('"') && !ends_in_text(&whole) {
            return Some(whole);
        }
    }
    None
}

/// Whether a text begins here that does not end here.
fn ends_in_text(line: &str) -> bool {
    let (mut is_text, mut is_escaped) = (false, false);
    for one in line.chars() {
        match one {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            ';' if !is_text => return false,
            _ => {}
        }
    }
    is_text
}
