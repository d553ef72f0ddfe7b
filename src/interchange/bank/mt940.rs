//! MT940: SWIFT's customer statement, with the liberties that banks take.

use chrono::{Datelike, NaiveDate};
use daybook_domain::money::Money;

use super::{BankLine, BankReading, BankStatement, compare_balances, fingerprint};
use crate::interchange::{
    amount::{self, AmountError, DecimalSign},
    bytes::decode,
    dates,
    finding::{Findings, Reason, Wrong},
    limits::Limits,
    staged::Currency,
    words,
};

/// Reads all statements of a file; a page of a longer one is a statement of its own.
pub fn read_mt940(bytes: &[u8], currency: &Currency, limits: &Limits) -> BankReading {
    let mut findings = Findings::new(limits.findings_max);
    let Some(text) = decode(bytes, limits, &mut findings) else {
        return BankReading { statements: Vec::new(), findings };
    };
    let mut reader = Reader {
        exponent: currency.exponent,
        limits,
        findings,
        statements: Vec::new(),
        takes_details: false,
        is_closed: false,
        count: 0,
    };
    reader.read(&text);
    let Reader { mut statements, mut findings, .. } = reader;
    if statements.is_empty() && findings.errors() == 0 {
        findings.error(0, Reason::NotReadable, "the file holds no statement");
    }
    compare_balances(&statements, &mut findings);
    fingerprint(&mut statements);
    BankReading { statements, findings }
}

/// A tag with its lines.
struct Field<'t> {
    line: u64,
    tag: &'t str,
    lines: Vec<&'t str>,
}

impl Field<'_> {
    fn first(&self) -> &str {
        self.lines.first().copied().unwrap_or_default()
    }
}

/// Most lines of one field that are looked at.
const FIELD_LINES_MAX: usize = 100;

/// `:60F:…`: two digits and perhaps a letter.
fn tag(text: &str) -> Option<(&str, &str)> {
    let (tag, value) = text.strip_prefix(':')?.split_once(':')?;
    let is_tag = (2..=3).contains(&tag.len())
        && tag.bytes().all(|one| one.is_ascii_alphanumeric())
        && tag.bytes().next().is_some_and(|one| one.is_ascii_digit() || one == b'N');
    is_tag.then_some((tag, value))
}

struct Reader<'l> {
    exponent: u8,
    limits: &'l Limits,
    findings: Findings,
    statements: Vec<BankStatement>,
    /// Whether `:86:` belongs to the line above.
    takes_details: bool,
    /// Whether the closing balance has been read.
    is_closed: bool,
    count: usize,
}

impl Reader<'_> {
    /// Field by field: a tag, and the lines behind it that have none.
    fn read(&mut self, text: &str) {
        let mut open: Option<Field<'_>> = None;
        for (line, text) in (1_u64..).zip(text.lines()) {
            // The envelope of SWIFT stands in braces around the text.
            let text = text.rsplit_once("{4:").map_or(text, |(_, text)| text).trim_end();
            if let Some((tag, value)) = tag(text) {
                let done = open.replace(Field { line, tag, lines: vec![value] });
                if done.is_some_and(|field| !self.field(&field)) {
                    return;
                }
            } else if !matches!(text, "-" | "-}")
                && !text.starts_with('{')
                && let Some(field) = &mut open
                && field.lines.len() < FIELD_LINES_MAX
            {
                field.lines.push(text);
            }
        }
        if let Some(field) = open {
            self.field(&field);
        }
    }

    /// False when a limit is reached.
    fn field(&mut self, field: &Field<'_>) -> bool {
        if field.tag == "20" {
            if self.statements.len() >= self.limits.bank_lines_max {
                let message = format!("there are over {} statements", self.limits.bank_lines_max);
                self.findings.error(field.line, Reason::TooLarge, message);
                return false;
            }
            self.statements.push(BankStatement::default());
            self.is_closed = false;
            self.takes_details = false;
            return true;
        }
        let Some(statement) = self.statements.last_mut() else {
            let message = format!(":{}: stands before any statement", field.tag);
            self.findings.error(field.line, Reason::NotReadable, message);
            return false;
        };
        match field.tag {
            "25" => {
                let account = words::line(field.first(), self.limits);
                statement.account = account.unwrap_or_default();
            }
            "60F" | "60M" | "62F" | "62M" => match balance(field, self.exponent) {
                Ok((currency, amount)) => {
                    let is_opening = field.tag.starts_with("60");
                    statement.currency = Some(currency);
                    *(if is_opening { &mut statement.opening } else { &mut statement.closing }) =
                        Some(amount);
                    self.is_closed |= !is_opening;
                    self.takes_details = false;
                }
                Err(wrong) => wrong.tell(&mut self.findings),
            },
            "61" => {
                self.count += 1;
                if self.count > self.limits.bank_lines_max {
                    let message = format!("there are over {} lines", self.limits.bank_lines_max);
                    self.findings.error(field.line, Reason::TooLarge, message);
                    return false;
                }
                match line(field, self.exponent, self.limits, &mut self.findings) {
                    Ok(line) => {
                        statement.lines.push(line);
                        self.takes_details = true;
                    }
                    Err(wrong) => {
                        wrong.tell(&mut self.findings);
                        self.takes_details = false;
                    }
                }
            }
            "86" if self.takes_details && !self.is_closed => {
                if let Some(line) = statement.lines.last_mut() {
                    describe(line, field, self.limits, &mut self.findings);
                }
                self.takes_details = false;
            }
            _ => {}
        }
        true
    }
}

fn money(text: &str, exponent: u8) -> Result<Money, AmountError> {
    let is_plain = text.bytes().all(|one| one.is_ascii_digit() || one == b',');
    if !is_plain {
        return Err(AmountError::NotAnAmount);
    }
    amount::read(text, DecimalSign::Comma, exponent)
}

/// `C090924EUR54484,04`
fn balance(field: &Field<'_>, exponent: u8) -> Result<(String, Money), Wrong> {
    let text = field.first().trim();
    let wrong = |why: &str| {
        let message = format!(":{}: {text:?} {why}", field.tag);
        Wrong::new(field.line, Reason::BadAmount, message)
    };
    let rest = text.strip_prefix(['C', 'D']).ok_or_else(|| wrong("has no side"))?;
    let (Some(currency), Some(digits)) = (rest.get(6..9), rest.get(9..)) else {
        return Err(wrong("is too short"));
    };
    let size = money(digits, exponent).map_err(|why| wrong(&why.to_string()))?;
    Ok((currency.to_owned(), if text.starts_with('D') { -size } else { size }))
}

/// `0909250925DR583,92NMSC1110030403010139//1234`
fn line(
    field: &Field<'_>,
    exponent: u8,
    limits: &Limits,
    findings: &mut Findings,
) -> Result<BankLine, Wrong> {
    let text = field.first();
    let wrong = |reason, why: &str| Wrong::new(field.line, reason, format!(":61: {text:?} {why}"));
    let digits_of = |text: &str, count: usize| {
        let digits = text.get(..count)?;
        digits.bytes().all(|one| one.is_ascii_digit()).then(|| digits.to_owned())
    };
    let value = digits_of(text, 6).ok_or_else(|| wrong(Reason::BadDate, "begins with no day"))?;
    let mut rest = text.get(6..).unwrap_or_default();
    let value_date = day(&value, field.line, findings)
        .ok_or_else(|| wrong(Reason::BadDate, "begins with no day of the calendar"))?;
    let mut booked = None;
    if let Some(short) = digits_of(rest, 4) {
        rest = rest.get(4..).unwrap_or_default();
        let year = year_of_entry(value_date, &short);
        let text = format!("{:02}{short}", year.rem_euclid(100));
        booked = day(&text, field.line, findings);
        if booked.is_none() {
            return Err(wrong(Reason::BadDate, "has no day of entry"));
        }
    }
    // A credit taken back goes out, a debit taken back comes in.
    let marks =
        [("RC", true), ("RD", false), ("EC", false), ("ED", true), ("C", false), ("D", true)];
    let found = marks.iter().find_map(|(mark, is_out)| Some((rest.strip_prefix(mark)?, *is_out)));
    let (behind, is_out) = found.ok_or_else(|| wrong(Reason::BadValue, "has no side"))?;
    // The third letter of the currency may follow.
    let behind = behind.strip_prefix(|one: char| one.is_ascii_alphabetic()).unwrap_or(behind);
    let end = behind.find(|one: char| !one.is_ascii_digit() && one != ',').unwrap_or(behind.len());
    let (digits, behind) = behind.split_at_checked(end).unwrap_or((behind, ""));
    let size = money(digits, exponent)
        .map_err(|why| wrong(Reason::BadAmount, &format!("amount {why}")))?;
    let references = behind.get(4..).unwrap_or_default();
    let (own, banks) = references.split_once("//").unwrap_or((references, ""));
    let reference = |text: &str| {
        let text = words::line(text, limits).ok().flatten();
        text.filter(|text| text != "NONREF")
    };
    let details = field.lines.get(1..).unwrap_or_default().join(" ");
    Ok(BankLine {
        line: field.line,
        date: booked.unwrap_or(value_date),
        value_date: Some(value_date),
        amount: if is_out { -size } else { size },
        description: words::line(&details, limits).ok().flatten().unwrap_or_default(),
        reference: reference(own).or_else(|| reference(banks)),
        counterpart: None,
        bank_id: None,
        balance: None,
        fingerprint: String::new(),
    })
}

/// `160230` becomes the last day of that month, and is told.
fn day(text: &str, line: u64, findings: &mut Findings) -> Option<NaiveDate> {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let (year, month, date) = (part(0..2)?, part(2..4)?, part(4..6)?);
    // Statements older than this format are not brought in.
    let year = i32::try_from(year).ok()? + if year >= 70 { 1900 } else { 2000 };
    if let Some(day) = dates::day(year, month, date) {
        return Some(day);
    }
    if !(29..=31).contains(&date) {
        return None;
    }
    let last = (28..=30).rev().find_map(|last| dates::day(year, month, last))?;
    let message = format!("{date} is no day of month {month}; {last} was taken");
    findings.note(line, Reason::BadDate, message);
    Some(last)
}

/// The day of entry has no year: it is the one that brings both days close together.
fn year_of_entry(value_date: NaiveDate, short: &str) -> i32 {
    let month = short.get(..2).and_then(|month| month.parse::<u32>().ok()).unwrap_or_default();
    match (value_date.month(), month) {
        (12, 1) => value_date.year().saturating_add(1),
        (1, 12) => value_date.year().saturating_sub(1),
        _ => value_date.year(),
    }
}

/// `:86:` in free words, or in German banks' numbered parts.
fn describe(line: &mut BankLine, field: &Field<'_>, limits: &Limits, findings: &mut Findings) {
    let whole = field.lines.concat();
    let separator = whole.chars().nth(3).filter(|one| {
        let is_code = whole.bytes().take(3).all(|one| one.is_ascii_digit());
        is_code && !one.is_alphanumeric() && !one.is_whitespace()
    });
    let (description, counterpart) = match separator {
        Some(separator) => {
            let (mut kind, mut about, mut name) = (String::new(), String::new(), String::new());
            for part in whole.split(separator).skip(1) {
                let Some((number, text)) = part.split_at_checked(2) else { continue };
                match number {
                    "00" => kind = format!("{text} "),
                    "32" | "33" => name.push_str(text),
                    _ if number.starts_with('2') || matches!(number, "60" | "61" | "62" | "63") => {
                        about.push_str(text);
                    }
                    _ => {}
                }
            }
            (format!("{kind}{about}"), name)
        }
        None => (field.lines.join(" "), String::new()),
    };
    match (words::line(&description, limits), words::line(&counterpart, limits)) {
        (Ok(text), Ok(name)) => {
            let before = std::mem::take(&mut line.description);
            let text = text.unwrap_or_default();
            line.description = [text, before]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
            line.counterpart = name;
        }
        _ => findings.note(field.line, Reason::BadText, ":86: is too long and is not taken"),
    }
}
