//! Import and export: small files of each format, round trips of invented books, noise, real samples.
//!
//! Real samples are looked for in the folder that `DAYBOOK_SAMPLES` names; without it they are skipped
//! by name. So is what needs `hledger` where that program is not installed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test fails by panicking, with the reason"
)]

mod bank;
mod books;
mod checked;
mod invented;
mod journals;
mod noise;
mod round_trip;
mod samples;
mod sheets;
mod tally;

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    sync::Once,
};

use daybook::interchange::{Currency, Findings, Limits, Reason, Severity, StagedBooks};
use daybook_domain::{currency::CurrencyCode, money::Money};

/// So many random cases; a failing one is told with its values, and no file is left behind.
fn cases(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases,
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}

fn currency(code: &str, exponent: u8) -> Currency {
    Currency { code: CurrencyCode::parse(code).unwrap(), exponent }
}

fn rupees() -> Currency {
    currency("INR", 2)
}

fn limits() -> Limits {
    Limits::default()
}

/// An amount in rupees and paise, grouped as one likes.
fn money(text: &str) -> Money {
    Money::parse(&text.replace(',', ""), 2).unwrap()
}

/// Errors as line and reason.
fn errors(findings: &Findings) -> Vec<(u64, Reason)> {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| (finding.line.unwrap_or(0), finding.reason))
        .collect()
}

fn notes(findings: &Findings) -> Vec<Reason> {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Note)
        .map(|finding| finding.reason)
        .collect()
}

/// What each ledger was moved by the vouchers, in minor units.
fn moved(books: &StagedBooks) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    let entries = books.vouchers.iter().flat_map(|voucher| &voucher.entries);
    for entry in entries {
        *sums.entry(entry.ledger.clone()).or_default() += entry.amount.minor();
    }
    sums
}

/// Says once that something was skipped; the harness would swallow it otherwise.
fn skip(once: &'static Once, what: &str) {
    once.call_once(|| {
        let line = format!("skipped {what}\n");
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    });
}

/// A file of the folder of samples; none, and told so once, when the folder is not named.
#[expect(clippy::disallowed_methods, reason = "a switch of these tests, not a setting")]
fn sample(name: &str) -> Option<Vec<u8>> {
    static TOLD: Once = Once::new();
    let Ok(folder) = std::env::var("DAYBOOK_SAMPLES") else {
        skip(&TOLD, "real files of other programs: DAYBOOK_SAMPLES names no folder");
        return None;
    };
    let path: PathBuf = Path::new(&folder).join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(why) => panic!("{}: {why}", path.display()),
    }
}
