//! Statements of banks: lines with a fingerprint each, by which none comes in twice.

mod mt940;
mod ofx;
mod sheet;

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{money::Money, text::fold};
use sha2::{Digest, Sha256};

pub use mt940::read_mt940;
pub use ofx::read_ofx;
pub use sheet::{BankMapping, read_bank_sheet};

use super::finding::{Findings, Reason};

/// One statement of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BankStatement {
    /// The account, as the bank names it.
    pub account: Option<String>,
    /// Code of the currency, where the file says it.
    pub currency: Option<String>,
    /// What stood on the account before the first line.
    pub opening: Option<Money>,
    /// What stood on it behind the last.
    pub closing: Option<Money>,
    /// The lines, the oldest first where the file tells the order by its balances.
    pub lines: Vec<BankLine>,
}

/// One line. Money that came in is above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankLine {
    /// Line of the file.
    pub line: u64,
    /// Day of booking.
    pub date: NaiveDate,
    /// Day from which it bears interest.
    pub value_date: Option<NaiveDate>,
    /// The amount.
    pub amount: Money,
    /// What it is about.
    pub description: String,
    /// Cheque or reference number.
    pub reference: Option<String>,
    /// The other side's name or account.
    pub counterpart: Option<String>,
    /// The bank's own identity of the line.
    pub bank_id: Option<String>,
    /// What stands on the account behind the line.
    pub balance: Option<Money>,
    /// The same for the same line in every file of the same account: 64 hexadecimal digits.
    pub fingerprint: String,
}

/// What was read of bank statements.
#[derive(Debug, Clone)]
pub struct BankReading {
    /// The statements, in the order of the file.
    pub statements: Vec<BankStatement>,
    /// What could not be taken.
    pub findings: Findings,
}

impl BankReading {
    /// All lines of all statements.
    pub fn lines(&self) -> impl Iterator<Item = &BankLine> {
        self.statements.iter().flat_map(|statement| &statement.lines)
    }
}

/// Gives each line its fingerprint.
///
/// It is made of the account and of what the bank says of the line, and not of the running balance, which a
/// file may lack. Lines that are alike in all of it are counted, and the count goes in: two equal withdrawals of one
/// day are two, in every file that holds the whole day.
fn fingerprint(statements: &mut [BankStatement]) {
    let mut counts: HashMap<(Option<String>, String), u64> = HashMap::new();
    for statement in statements {
        for line in &mut statement.lines {
            let content = match &line.bank_id {
                // An identity is worth more than words, which a bank may spell anew each time. Some banks count
                // anew in each file: the day tells those apart.
                Some(id) => format!("id\u{1f}{id}\u{1f}{}\u{1f}{}", line.date, line.amount.minor()),
                None => format!(
                    "line\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}",
                    line.date,
                    line.amount.minor(),
                    fold(&line.description),
                    line.reference.as_deref().unwrap_or_default(),
                ),
            };
            let alike = counts.entry((statement.account.clone(), content.clone())).or_default();
            *alike = alike.saturating_add(1);
            let account = statement.account.as_deref().unwrap_or_default();
            let whole = format!("{account}\u{1f}{content}\u{1f}{alike}");
            line.fingerprint = hex::encode(Sha256::digest(whole));
        }
    }
}

/// Looks whether opening, lines and closing agree.
fn compare_balances(statements: &[BankStatement], findings: &mut Findings) {
    for statement in statements {
        let (Some(opening), Some(closing)) = (statement.opening, statement.closing) else {
            continue;
        };
        let sum = Money::sum(statement.lines.iter().map(|line| line.amount));
        let found = sum.and_then(|sum| sum.checked_add(opening));
        if found != Some(closing) {
            let account = statement.account.as_deref().unwrap_or("the account");
            let line = statement.lines.first().map_or(0, |line| line.line);
            let message = format!(
                "opening {} and lines do not come to closing {} (minor units)",
                opening.minor(),
                closing.minor()
            );
            findings.error_of(line, account, Reason::BalanceDiffers, message);
        }
    }
}
