//! Reads a statement's file: which reader, which account in it, how its columns are understood.

use daybook_domain::money::Money;
use daybook_entity::tenant::bank::StatementFormat;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Code, Error, Refusal, Result},
    interchange::{
        Currency, Findings, Limits, Severity,
        amount::DecimalSign,
        bank::{
            BankLine, BankMapping, BankReading, BankStatement, read_bank_sheet, read_mt940,
            read_ofx,
        },
        dates::DateOrder,
        table::{
            Column, Sheets, csv,
            fields::{BankField, Field},
            xlsx,
        },
    },
};

/// Most lines of one statement.
pub const LINES_MAX: usize = 20_000;
/// Most findings that are kept of one statement.
pub const FINDINGS_MAX: usize = 200;
/// Most refusals that one answer carries.
const REFUSALS_MAX: usize = 10;

/// How the sheets of a bank are understood, as it is kept for its ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SheetMapping {
    /// Columns that were chosen, by our own heading of what they hold and the bank's heading.
    pub columns: Vec<(String, String)>,
    /// Which of day, month and year stands first.
    pub dates: Option<String>,
    /// Whether a comma stands between units and their parts.
    pub decimal_comma: bool,
    /// Words in the column *Status* of lines that took place, where they are unusual.
    pub took_place: Vec<String>,
}

/// Most columns, and words, of a mapping.
pub const MAPPED_MAX: usize = 40;
/// Most characters of a heading.
pub const HEADING_MAX: usize = 200;

impl SheetMapping {
    fn mapping(&self) -> BankMapping {
        let mut mapping = BankMapping::usual();
        for (field, heading) in &self.columns {
            let known = BankField::EVERY.iter().find(|one| one.heading() == field);
            if let Some(field) = known {
                mapping.sheet = mapping.sheet.with(*field, Column::Named(heading.clone()));
            }
        }
        mapping.sheet.dates = match self.dates.as_deref() {
            Some("MONTH_FIRST") => DateOrder::MonthFirst,
            Some("YEAR_FIRST") => DateOrder::YearFirst,
            _ => DateOrder::DayFirst,
        };
        if self.decimal_comma {
            mapping.sheet.decimal = DecimalSign::Comma;
        }
        mapping.took_place.extend(self.took_place.iter().cloned());
        mapping
    }
}

/// What could not be taken of a file, or was taken otherwise than it stood there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Line of the file, or row of the sheet; none for the file as a whole.
    pub line: Option<u64>,
    /// Whether something was left out.
    pub is_error: bool,
    /// A word for the reason.
    pub code: String,
    /// In words.
    pub message: String,
}

/// One account's statement, as a file told it.
#[derive(Debug, Clone)]
pub struct Read {
    /// The account, as the bank names it.
    pub account: Option<String>,
    /// What stood on it before the first line.
    pub opening: Option<Money>,
    /// What stood on it behind the last.
    pub closing: Option<Money>,
    /// What the closing is more than the opening and all lines.
    pub difference: Option<Money>,
    /// The lines.
    pub lines: Vec<BankLine>,
    /// What could not be taken.
    pub findings: Vec<Told>,
    /// How many lines were refused.
    pub refused: u64,
}

/// What a file is read by.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The form of the file.
    pub format: StatementFormat,
    /// How its columns are understood.
    pub mapping: SheetMapping,
    /// The account whose statement is wanted, where the file has several.
    pub account: Option<String>,
    /// What the ledger is counted in.
    pub currency: Currency,
}

/// Reads one account's statement.
///
/// # Errors
/// Refusals: a file of another form, of another currency, of several accounts and none chosen.
pub fn read(bytes: &[u8], asked: &Asked) -> Result<Read> {
    let limits =
        Limits { bank_lines_max: LINES_MAX, findings_max: FINDINGS_MAX, ..Limits::default() };
    let reading = match asked.format {
        StatementFormat::Csv => {
            let mut findings = Findings::new(limits.findings_max);
            match csv::rows(bytes, &limits, &mut findings) {
                Some(rows) => sheet(&rows, asked, &limits, findings),
                None => nothing(findings),
            }
        }
        StatementFormat::Xlsx => {
            let mut findings = Findings::new(limits.findings_max);
            let sheets = xlsx::sheets(bytes, &limits, &mut findings).unwrap_or_default();
            match sheets.first() {
                Some(first) => sheet(&first.rows, asked, &limits, findings),
                None => nothing(findings),
            }
        }
        StatementFormat::Ofx => read_ofx(bytes, &asked.currency, &limits),
        StatementFormat::Mt940 => read_mt940(bytes, &asked.currency, &limits),
    };
    one_account(reading, asked)
}

fn sheet(
    rows: &[crate::interchange::table::SheetRow],
    asked: &Asked,
    limits: &Limits,
    findings: Findings,
) -> BankReading {
    let sheets = Sheets { currency: &asked.currency, limits };
    read_bank_sheet(rows, &asked.mapping.mapping(), sheets, findings)
}

fn nothing(findings: Findings) -> BankReading {
    BankReading { statements: Vec::new(), findings }
}

fn one_account(reading: BankReading, asked: &Asked) -> Result<Read> {
    let refuse =
        |code, field: &str, why: String| Err(Error::refused(code, &format!("input.{field}"), why));
    let refused = reading.findings.errors();
    let findings = told(&reading.findings);
    let has_lines = reading.lines().next().is_some();
    let mut statements = reading.statements;
    if !has_lines && refused > 0 {
        let whys = findings.iter().filter(|told| told.is_error).take(REFUSALS_MAX);
        let refusals = whys.map(|told| {
            let place = told.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            Refusal::new(Code::FileUnreadable, "input.fileId", format!("{place}{}", told.message))
        });
        return Err(Error::Refused(refusals.collect()));
    }
    let mut accounts: Vec<&str> =
        statements.iter().filter_map(|one| one.account.as_deref()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let account = match (&asked.account, accounts.as_slice()) {
        (_, []) => asked.account.clone(),
        (None, [only]) => Some((*only).to_owned()),
        (Some(wanted), several) if several.contains(&wanted.as_str()) => Some(wanted.clone()),
        (Some(wanted), several) => {
            let why = format!(
                "the file has no statement of the account {wanted}, but of {}",
                several.join(", ")
            );
            return refuse(Code::AccountDiffers, "account", why);
        }
        (None, several) => {
            let why = format!("the file has several accounts, say which: {}", several.join(", "));
            return refuse(Code::AccountDiffers, "account", why);
        }
    };
    if !accounts.is_empty() {
        statements.retain(|statement| statement.account == account);
    }
    let own = asked.currency.code.as_str();
    let other = statements.iter().filter_map(|one| one.currency.as_deref()).find(|one| *one != own);
    if let Some(other) = other {
        let why = format!("the statement is in {other}, the ledger in {own}");
        return refuse(Code::CurrencyDiffers, "ledgerId", why);
    }
    Ok(joined(statements, account, findings, refused))
}

/// Pages of one account, one behind the other.
fn joined(
    statements: Vec<BankStatement>,
    account: Option<String>,
    findings: Vec<Told>,
    refused: u64,
) -> Read {
    let opening = statements.first().and_then(|one| one.opening);
    let closing = statements.last().and_then(|one| one.closing);
    let lines: Vec<BankLine> = statements.into_iter().flat_map(|one| one.lines).collect();
    let sum = Money::sum(lines.iter().map(|line| line.amount));
    let expected = opening.zip(sum).and_then(|(opening, sum)| opening.checked_add(sum));
    let difference =
        closing.zip(expected).and_then(|(closing, expected)| closing.checked_sub(expected));
    Read { account, opening, closing, difference, lines, findings, refused }
}

fn told(findings: &Findings) -> Vec<Told> {
    findings
        .iter()
        .map(|finding| Told {
            line: finding.line,
            is_error: finding.severity == Severity::Error,
            code: finding.reason.code().to_owned(),
            message: finding.message.clone(),
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use daybook_domain::currency::CurrencyCode;

    use super::*;

    fn asked(format: StatementFormat, account: Option<&str>) -> Asked {
        let code = CurrencyCode::parse("INR").unwrap();
        Asked {
            format,
            mapping: SheetMapping::default(),
            account: account.map(str::to_owned),
            currency: Currency { code, exponent: 2 },
        }
    }

    const TWO: &[u8] = b":20:A\n:25:1/11\n:60F:C260401INR100,00\n:61:2604020402D40,00NMSCX1\n\
        :62M:C260402INR60,00\n:20:A\n:25:1/11\n:60M:C260402INR60,00\n:61:2604030403C5,00NMSCX2\n\
        :62F:C260403INR65,00\n:20:B\n:25:1/22\n:60F:C260401INR7,00\n:61:2604020402D1,00NMSCY1\n\
        :62F:C260402INR5,00\n";

    #[test]
    fn pages_of_one_account_are_one_statement_and_another_account_is_none_of_it() {
        let refused = read(TWO, &asked(StatementFormat::Mt940, None)).unwrap_err();
        assert!(refused.to_string().contains("1/11, 1/22"), "{refused}");
        let one = read(TWO, &asked(StatementFormat::Mt940, Some("1/11"))).unwrap();
        assert_eq!(one.lines.len(), 2);
        assert_eq!(one.difference, Some(Money::ZERO));
        assert_eq!(one.closing, Some(Money::from_minor(6_500)));
        let other = read(TWO, &asked(StatementFormat::Mt940, Some("1/22"))).unwrap();
        assert_eq!(other.difference, Some(Money::from_minor(-100)));
        assert!(read(TWO, &asked(StatementFormat::Mt940, Some("1/33"))).is_err());
    }

    #[test]
    fn a_mapping_names_the_columns_that_no_heading_tells() {
        let text = b"Tag;Wozu;Soll;Haben\n04/02/26;Rent;1,50;\n04/13/26;Sale;;2,25\n";
        let mut wanted = asked(StatementFormat::Csv, None);
        assert!(read(text, &wanted).is_err());
        let columns = [
            ("Date", "Tag"),
            ("Narration", "Wozu"),
            ("Withdrawal amt.", "Soll"),
            ("Deposit amt.", "Haben"),
        ];
        wanted.mapping = SheetMapping {
            columns: columns.map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned())).to_vec(),
            dates: Some("MONTH_FIRST".to_owned()),
            decimal_comma: true,
            took_place: Vec::new(),
        };
        let kept: SheetMapping =
            serde_json::from_str(&serde_json::to_string(&wanted.mapping).unwrap()).unwrap();
        assert_eq!(kept, wanted.mapping);
        let found = read(text, &wanted).unwrap();
        let amounts: Vec<_> = found.lines.iter().map(|line| line.amount.minor()).collect();
        assert_eq!(amounts, [-150, 225]);
        let days: Vec<_> = found.lines.iter().map(|line| line.date.to_string()).collect();
        assert_eq!(days, ["2026-04-02", "2026-04-13"]);
    }
}
