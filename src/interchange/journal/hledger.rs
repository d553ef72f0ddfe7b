//! Journals of hledger, and of Ledger as far as both agree.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::chart::Nature;

use super::{
    Journal,
    own::Tags,
    quantity::{Mark, Price, Quantity, number},
    scan::Scan,
    settle::{Conversion, Posting},
};
use crate::interchange::{
    amount::AmountError,
    dates,
    finding::{Reason, Wrong},
};

/// Reads the lines of a journal.
pub struct Reader<'j, 'c> {
    journal: &'j mut Journal<'c>,
    block: Block,
    year: Option<i32>,
    mark: Mark,
    marks: HashMap<String, Mark>,
    /// What a number without a commodity is one of.
    default_commodity: String,
}

/// What indented lines belong to.
enum Block {
    Nothing,
    /// Lines of a directive that is not taken.
    Skipped,
    /// From `comment` to `end comment`.
    Comment,
    /// A transaction of which something is wrong; its accounts are noted.
    Spoilt,
    Transaction(Box<super::Draft>),
}

impl<'j, 'c> Reader<'j, 'c> {
    pub fn new(journal: &'j mut Journal<'c>) -> Self {
        Self {
            journal,
            block: Block::Nothing,
            year: None,
            mark: Mark::Unsaid,
            marks: HashMap::new(),
            default_commodity: String::new(),
        }
    }

    /// Reads all lines; whether the limits let it come to the end.
    pub fn read(mut self, text: &str) {
        for (line, text) in (1_u64..).zip(text.lines()) {
            let text = match text.strip_prefix(super::own::ASIDE) {
                Some(aside) if self.journal.is_own => aside,
                _ => text,
            };
            if !self.line(line, text.trim_end()) {
                return;
            }
        }
        if matches!(self.block, Block::Comment) {
            let message = "the file ends in a comment, without end comment";
            self.journal.findings.note(0, Reason::NotTaken, message);
        }
        self.close();
    }

    fn close(&mut self) {
        if let Block::Transaction(draft) = std::mem::replace(&mut self.block, Block::Nothing) {
            self.journal.finish(*draft, Conversion::Inferred);
        }
    }

    /// False when a limit is reached.
    fn line(&mut self, line: u64, text: &str) -> bool {
        if matches!(self.block, Block::Comment) {
            if text.trim() == "end comment" {
                self.block = Block::Nothing;
            }
            return true;
        }
        if text.trim().is_empty() {
            self.close();
            return true;
        }
        if text.starts_with(char::is_whitespace) {
            self.indented(line, text.trim());
            return true;
        }
        self.close();
        if text.starts_with([';', '#', '*', '%', '|']) {
            return true;
        }
        if text.starts_with(|one: char| one.is_ascii_digit()) {
            if !self.journal.has_room(line) {
                return false;
            }
            self.block = match self.header(line, text) {
                Ok(draft) => Block::Transaction(Box::new(draft)),
                Err(wrong) => {
                    wrong.tell(&mut self.journal.findings);
                    Block::Spoilt
                }
            };
            return true;
        }
        self.block = self.directive(line, text);
        true
    }

    fn indented(&mut self, line: u64, text: &str) {
        match &mut self.block {
            Block::Nothing => {
                if !text.starts_with([';', '#']) {
                    let message = "an indented line belongs to no transaction";
                    self.journal.findings.error(line, Reason::NotReadable, message);
                }
            }
            Block::Skipped | Block::Comment => {}
            Block::Spoilt => {
                if !text.starts_with(';') {
                    let (account, _) = split_account(without_mark(text));
                    self.journal.events.spoil(account);
                }
            }
            Block::Transaction(draft) => {
                if let Some(comment) = text.strip_prefix(';') {
                    let tags = match draft.postings.last_mut() {
                        Some(posting) => &mut posting.tags,
                        None => &mut draft.tags,
                    };
                    tags.add_list(line, comment);
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
                    Ok(posting) => draft.postings.extend(posting),
                    Err(wrong) => {
                        let (account, _) = split_account(without_mark(text));
                        self.journal.events.spoil(account);
                        draft.wrong.get_or_insert(wrong);
                    }
                }
                self.block = Block::Transaction(draft);
            }
        }
    }

    /// `2025-04-01=2025-04-02 * (CODE) words  ; comment`
    fn header(&mut self, line: u64, text: &str) -> Result<super::Draft, Wrong> {
        let mut scan = Scan::new(text);
        let day = scan.take_while(|one| !one.is_whitespace() && one != '=');
        let date = self.day(day).ok_or_else(|| {
            Wrong::new(line, Reason::BadDate, format!("{day:?} is not a day of the calendar"))
        })?;
        if scan.eat("=") {
            scan.take_while(|one| !one.is_whitespace());
        }
        scan.space();
        if scan.eat("*") || scan.eat("!") {
            scan.space();
        }
        let mut code = None;
        if scan.eat("(") {
            code = scan.until(")");
            scan.space();
        }
        let (words, comment) = scan.rest().split_once(';').unwrap_or((scan.rest(), ""));
        let mut tags = Tags::default();
        tags.add_list(line, comment);
        Ok(super::Draft {
            line,
            date,
            code: code.map(str::to_owned),
            words: words.trim().to_owned(),
            tags,
            postings: Vec::new(),
            wrong: None,
        })
    }

    /// `2025-04-01`, with `/` or `.` too; the year may stand above.
    fn day(&self, text: &str) -> Option<NaiveDate> {
        let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
        let number = |text: &str| {
            let is_short = (1..=4).contains(&text.len());
            if is_short && text.bytes().all(|one| one.is_ascii_digit()) {
                text.parse::<u32>().ok()
            } else {
                None
            }
        };
        match parts.as_slice() {
            [year, month, day] if year.len() == 4 => {
                dates::day(i32::try_from(number(year)?).ok()?, number(month)?, number(day)?)
            }
            [month, day] => dates::day(self.year?, number(month)?, number(day)?),
            _ => None,
        }
    }

    /// A posting; none where it stands outside the balance.
    fn posting(&mut self, line: u64, text: &str) -> Result<Option<super::Posted>, Wrong> {
        let (account, rest) = split_account(without_mark(text));
        let is_virtual = (account.starts_with('(') && account.ends_with(')'))
            || (account.starts_with('[') && account.ends_with(']'));
        if is_virtual {
            let message = format!("{account} is a virtual posting, which is no entry");
            self.journal.findings.note(line, Reason::NotTaken, message);
            return Ok(None);
        }
        let account = self.journal.account(account, line)?;
        let (rest, comment) = split_comment(rest);
        let mut tags = Tags::default();
        tags.add_list(line, comment);
        let mut scan = Scan::new(rest.trim());
        let (mut price, mut cost, mut stated) = (None, None, None);
        let amount = if scan.is_empty() || scan.peek() == Some('=') {
            None
        } else {
            Some(self.quantity(&mut scan, line)?)
        };
        loop {
            scan.space();
            if scan.is_empty() {
                break;
            }
            if scan.eat("@@") {
                price = Some(Price::Total(self.quantity(&mut scan, line)?));
            } else if scan.eat("@") {
                price = Some(Price::Unit(self.quantity(&mut scan, line)?));
            } else if scan.eat("{{") {
                cost = Some(Price::Total(self.lot(&mut scan, "}}", line)?));
            } else if scan.eat("{") {
                cost = Some(Price::Unit(self.lot(&mut scan, "}", line)?));
            } else if scan.eat("[") {
                scan.until("]");
            } else if scan.eat("=") {
                scan.eat("=");
                let with_below = scan.eat("*");
                let quantity = self.quantity(&mut scan, line)?;
                stated = Some(super::PostedBalance { quantity, with_below });
            } else {
                let message = format!("{:?} is not understood", scan.rest());
                return Err(Wrong::new(line, Reason::NotReadable, message));
            }
        }
        if amount.is_none() && stated.is_some() {
            let message = "a balance instead of an amount is not taken; write the amount";
            return Err(Wrong::new(line, Reason::NotTaken, message));
        }
        let posting = Posting { line, account, amount, price: price.or(cost) };
        Ok(Some(super::Posted { posting, stated, tags }))
    }

    /// A lot's cost between braces.
    fn lot(&mut self, scan: &mut Scan<'_>, end: &str, line: u64) -> Result<Quantity, Wrong> {
        let inner = scan.until(end).unwrap_or_default().trim();
        let inner = inner.strip_prefix('=').unwrap_or(inner);
        self.quantity(&mut Scan::new(inner), line)
    }

    /// `₹1,00,000.00`, `-5 USD`, `"green apples" 3`
    fn quantity(&mut self, scan: &mut Scan<'_>, line: u64) -> Result<Quantity, Wrong> {
        let whole = scan.rest().trim();
        let wrong =
            |why: AmountError| Wrong::new(line, Reason::BadAmount, format!("{whole:?} {why}"));
        scan.space();
        let mut is_negative = scan.sign().unwrap_or(false);
        scan.space();
        let mut name = commodity(scan);
        scan.space();
        is_negative ^= scan.sign().unwrap_or(false);
        scan.space();
        let digits = scan.take_while(|one| one.is_ascii_digit() || matches!(one, '.' | ','));
        if digits.is_empty() {
            return Err(wrong(AmountError::NotAnAmount));
        }
        if name.is_none() {
            let behind = scan.rest();
            scan.space();
            name = commodity(scan);
            if name.is_none() {
                *scan = Scan::new(behind);
            }
        } else if scan.peek().is_some_and(char::is_alphanumeric) {
            return Err(wrong(AmountError::NotAnAmount));
        }
        let commodity = name.unwrap_or_else(|| self.default_commodity.clone());
        let mark = self.marks.get(&commodity).copied().unwrap_or(self.mark);
        let size = number(digits, mark).map_err(wrong)?;
        Ok(Quantity { number: if is_negative { -size } else { size }, commodity })
    }

    fn directive(&mut self, line: u64, text: &str) -> Block {
        let text = text.trim_start_matches(['!', '@']);
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match word {
            "comment" => return Block::Comment,
            "include" => {
                let message = format!("{rest:?} is another file, which is not read");
                self.journal.findings.error(line, Reason::IncludeRefused, message);
            }
            "account" => self.declare(line, rest),
            "commodity" | "D" => self.commodity(word == "D", rest),
            "decimal-mark" => {
                self.mark = if rest.starts_with(',') { Mark::Comma } else { Mark::Point };
            }
            "Y" | "year" => {
                self.year = rest.parse().ok().filter(|year| (1900..3000).contains(year))
            }
            _ if word.starts_with('Y') && word.len() == 5 => {
                self.year = word.get(1..).and_then(|year| year.parse().ok());
            }
            "P" | "payee" | "tag" | "N" => self.journal.skip(word),
            "~" | "=" => self.journal.skip("rule for further transactions"),
            _ if word.starts_with(['~', '=']) => self.journal.skip("rule for further transactions"),
            _ => {
                // Others could change what accounts or amounts mean.
                let message = format!("{word:?} is not taken");
                self.journal.findings.error(line, Reason::NotTaken, message);
            }
        }
        Block::Skipped
    }

    fn declare(&mut self, line: u64, rest: &str) {
        let (name, comment) = rest.split_once("  ").unwrap_or((rest, ""));
        let mut tags = Tags::default();
        tags.add_list(line, comment.trim().trim_start_matches(';'));
        let declared = match self.journal.account(name.trim(), line) {
            Ok(declared) => declared,
            Err(wrong) => return wrong.tell(&mut self.journal.findings),
        };
        if self.journal.is_own {
            return self.journal.own_master(&declared, &tags, line);
        }
        let nature = match tags.get("type").unwrap_or_default().to_ascii_lowercase().as_str() {
            "a" | "asset" | "c" | "cash" => Some(Nature::Asset),
            "l" | "liability" | "e" | "equity" | "v" | "conversion" => Some(Nature::Liability),
            "r" | "revenue" => Some(Nature::Income),
            "x" | "expense" => Some(Nature::Expense),
            _ => None,
        };
        if let Some(nature) = nature {
            self.journal.accounts.set_nature(&declared, nature);
        }
        self.journal.accounts.declare(&declared, line);
    }

    /// `commodity ₹1,00,000.00` tells which mark stands before parts: the last one.
    fn commodity(&mut self, is_default: bool, rest: &str) {
        let (rest, _) = split_comment(rest);
        let mut scan = Scan::new(rest.trim());
        scan.sign();
        let left = commodity(&mut scan);
        scan.space();
        let digits = scan.take_while(|one| one.is_ascii_digit() || matches!(one, '.' | ',' | ' '));
        let name = left.or_else(|| commodity(&mut scan)).unwrap_or_default();
        let mark = match digits.rfind(['.', ',']).and_then(|at| digits.get(at..=at)) {
            Some(".") => Some(Mark::Point),
            Some(_) => Some(Mark::Comma),
            None => None,
        };
        if let Some(mark) = mark {
            self.marks.insert(name.clone(), mark);
        }
        if is_default {
            self.default_commodity = name;
        }
    }
}

/// A commodity's name: quoted, or signs that are no part of a number.
fn commodity(scan: &mut Scan<'_>) -> Option<String> {
    if scan.peek() == Some('"') {
        scan.eat("\"");
        return scan.until("\"").map(str::to_owned);
    }
    const ENDS: [char; 20] = [
        '-', '+', '.', ',', ';', '@', '*', '^', '#', '{', '}', '(', ')', '[', ']', '"', '=', '!',
        '<', '>',
    ];
    let is_part = |one: char| !one.is_whitespace() && !one.is_ascii_digit() && !ENDS.contains(&one);
    let name = scan.take_while(is_part);
    (!name.is_empty()).then(|| name.to_owned())
}

/// A posting without its mark of being cleared.
fn without_mark(text: &str) -> &str {
    match text.strip_prefix(['*', '!']) {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => text,
    }
}

/// An account ends at two spaces or a tab.
fn split_account(text: &str) -> (&str, &str) {
    let end = text.find("  ").into_iter().chain(text.find('\t')).min();
    match end.and_then(|end| text.split_at_checked(end)) {
        Some((account, rest)) => (account.trim(), rest.trim_start()),
        None => (text.trim(), ""),
    }
}

/// A comment begins at a semicolon outside of quotes.
fn split_comment(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    for (at, one) in text.char_indices() {
        match one {
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => {
                let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
                return (before, after.strip_prefix(';').unwrap_or(after));
            }
            _ => {}
        }
    }
    (text, "")
}
