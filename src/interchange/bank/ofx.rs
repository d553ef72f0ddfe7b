//! OFX: 1.x, which is SGML whose values need no closing tag, and 2.x, which is XML. Both are read as
//! one stream of tags and values.

use chrono::NaiveDate;
use daybook_domain::money::Money;

use super::{BankLine, BankReading, BankStatement, fingerprint};
use crate::interchange::{
    amount::{self, AmountError, DecimalSign},
    bytes::decode,
    dates,
    finding::{Findings, Reason},
    limits::Limits,
    references::resolve,
    staged::Currency,
    words,
};

/// Reads all statements of a file.
pub fn read_ofx(bytes: &[u8], currency: &Currency, limits: &Limits) -> BankReading {
    let mut findings = Findings::new(limits.findings_max);
    let Some(text) = decode(bytes, limits, &mut findings) else {
        return BankReading { statements: Vec::new(), findings };
    };
    let mut reader = Reader {
        exponent: currency.exponent,
        limits,
        findings,
        statements: Vec::new(),
        open: None,
        balance: None,
        count: 0,
    };
    reader.read(&text);
    let Reader { mut statements, mut findings, .. } = reader;
    if statements.is_empty() && findings.errors() == 0 {
        findings.error(0, Reason::NotReadable, "the file holds no statement");
    }
    fingerprint(&mut statements);
    BankReading { statements, findings }
}

struct Reader<'l> {
    exponent: u8,
    limits: &'l Limits,
    findings: Findings,
    statements: Vec<BankStatement>,
    /// The transaction whose values are being read.
    open: Option<Transaction>,
    /// Which balance is being read.
    balance: Option<&'static str>,
    count: usize,
}

#[derive(Default)]
struct Transaction {
    line: u64,
    is_wrong: bool,
    date: Option<NaiveDate>,
    value_date: Option<NaiveDate>,
    amount: Option<Money>,
    id: Option<String>,
    number: Option<String>,
    name: Option<String>,
    memo: Option<String>,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) {
        let mut line = 1_u64;
        let breaks = |text: &str| {
            u64::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or_default()
        };
        let mut parts = text.split('<');
        line = line.saturating_add(parts.next().map_or(0, breaks));
        for part in parts {
            let here = line;
            line = line.saturating_add(breaks(part));
            let Some((tag, value)) = part.split_once('>') else {
                self.findings.error(here, Reason::NotReadable, "a tag does not end");
                continue;
            };
            let is_read_on = match tag.strip_prefix('/') {
                Some(tag) => {
                    self.closed(tag.trim());
                    true
                }
                None => self.opened(tag.trim().trim_end_matches('/').trim(), value, here),
            };
            if !is_read_on {
                return;
            }
        }
        self.close();
    }

    /// False when a limit is reached.
    fn opened(&mut self, tag: &str, value: &str, line: u64) -> bool {
        match tag {
            "STMTRS" | "CCSTMTRS" => {
                self.close();
                if self.statements.len() >= self.limits.bank_lines_max {
                    let message =
                        format!("there are over {} statements", self.limits.bank_lines_max);
                    self.findings.error(line, Reason::TooLarge, message);
                    return false;
                }
                self.statements.push(BankStatement::default());
            }
            "STMTTRN" => {
                self.close();
                self.count += 1;
                if self.count > self.limits.bank_lines_max {
                    let message = format!("there are over {} lines", self.limits.bank_lines_max);
                    self.findings.error(line, Reason::TooLarge, message);
                    return false;
                }
                self.open = Some(Transaction { line, ..Transaction::default() });
            }
            "LEDGERBAL" => {
                self.close();
                self.balance = Some("LEDGERBAL");
            }
            "AVAILBAL" | "BALLIST" => {
                self.close();
                self.balance = None;
            }
            _ => {
                let value = resolve(value.trim());
                let value = value.trim();
                if !value.is_empty() {
                    self.value(tag, value, line);
                }
            }
        }
        true
    }

    fn closed(&mut self, tag: &str) {
        match tag {
            "STMTTRN" | "BANKTRANLIST" | "STMTRS" | "CCSTMTRS" => self.close(),
            "LEDGERBAL" => self.balance = None,
            _ => {}
        }
    }

    fn value(&mut self, tag: &str, value: &str, line: u64) {
        let text = words::line(value, self.limits);
        let (Ok(text), true) = (text, !tag.is_empty()) else {
            self.findings.error(line, Reason::BadText, format!("{tag} is too long"));
            return;
        };
        let Some(open) = &mut self.open else {
            let amount = money(value, self.exponent);
            let Some(statement) = self.statements.last_mut() else { return };
            match tag {
                "CURDEF" => statement.currency = text,
                "ACCTID" => statement.account = text,
                "BALAMT" if self.balance.is_some() => match amount {
                    Ok(amount) => statement.closing = Some(amount),
                    Err(why) => {
                        let message = format!("{tag} {value:?} {why}");
                        self.findings.error(line, Reason::BadAmount, message);
                    }
                },
                _ => {}
            }
            return;
        };
        match tag {
            "DTPOSTED" | "DTUSER" | "DTAVAIL" => match day(value) {
                Some(day) if tag == "DTPOSTED" => open.date = Some(day),
                Some(day) if tag == "DTAVAIL" => open.value_date = Some(day),
                Some(_) => {}
                None => {
                    open.is_wrong |= tag == "DTPOSTED";
                    let message = format!("{tag} {value:?} is not a day of the calendar");
                    self.findings.error(line, Reason::BadDate, message);
                }
            },
            "TRNAMT" => match money(value, self.exponent) {
                Ok(amount) => open.amount = Some(amount),
                Err(why) => {
                    open.is_wrong = true;
                    let message = format!("{tag} {value:?} {why}");
                    self.findings.error(line, Reason::BadAmount, message);
                }
            },
            "FITID" => open.id = text,
            "CHECKNUM" => open.number = text,
            "REFNUM" => open.number = open.number.take().or(text),
            "NAME" => open.name = text,
            "MEMO" => open.memo = text,
            _ => {}
        }
    }

    /// The transaction has come to its end.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        if open.is_wrong {
            return;
        }
        let (Some(date), Some(amount)) = (open.date, open.amount) else {
            let missing = if open.date.is_none() { "DTPOSTED" } else { "TRNAMT" };
            let message = format!("the transaction has no {missing}");
            return self.findings.error(open.line, Reason::MissingValue, message);
        };
        if amount.is_zero() {
            let message = "a transaction of nothing is not taken";
            return self.findings.note(open.line, Reason::ZeroAmount, message);
        }
        // Where the name was cut off, the memo has all of it.
        let description = match (open.name, open.memo) {
            (Some(name), Some(memo)) if memo.starts_with(&name) => memo,
            (Some(name), Some(memo)) => format!("{name} {memo}"),
            (name, memo) => name.or(memo).unwrap_or_default(),
        };
        let Some(statement) = self.statements.last_mut() else {
            let message = "the transaction stands outside of a statement";
            return self.findings.error(open.line, Reason::NotReadable, message);
        };
        statement.lines.push(BankLine {
            line: open.line,
            date,
            value_date: open.value_date,
            amount,
            description,
            reference: open.number,
            counterpart: None,
            bank_id: open.id,
            balance: None,
            fingerprint: String::new(),
        });
    }
}

/// The day as it is written: `20240323000000[-3:GMT]` is the 23rd, wherever the reader is.
fn day(text: &str) -> Option<NaiveDate> {
    let rest = text.get(8..)?;
    let is_time = rest.is_empty()
        || rest.starts_with(|one: char| one.is_ascii_digit() || matches!(one, '.' | '['));
    dates::compact(text.get(..8)?).filter(|_| is_time)
}

/// Digits with a sign, a point or a comma before the parts, and nothing else.
fn money(text: &str, exponent: u8) -> Result<Money, AmountError> {
    if !text.bytes().all(|one| one.is_ascii_digit() || matches!(one, b'+' | b'-' | b'.' | b',')) {
        return Err(AmountError::NotAnAmount);
    }
    let is_comma = text.contains(',') && !text.contains('.');
    amount::read(text, if is_comma { DecimalSign::Comma } else { DecimalSign::Point }, exponent)
}
