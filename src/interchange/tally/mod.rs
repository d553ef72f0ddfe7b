//! Tally's XML: masters and vouchers, as Tally exports them, and as reports of its connectors do.
//!
//! In Tally a debit is below zero; in staged books it is above.

mod masters;
mod values;
mod vouchers;
mod write;
mod xml;

use std::collections::BTreeMap;

pub use write::TallyWriter;

use super::{
    Reading,
    bytes::decode,
    dates::{self, DateOrder},
    finding::{Findings, Reason},
    limits::Limits,
    staged::{Currency, StagedBooks},
};
use values::Reader;
use xml::{Element, Flow};

/// Records that are looked at.
const WANTED: [&str; 4] = ["STATICVARIABLES", "GROUP", "LEDGER", "VOUCHER"];

/// Kinds of records that are counted apart.
const KINDS_MAX: usize = 200;

/// Reads masters and vouchers, in one file or several read one after the other.
pub fn read(bytes: &[u8], currency: &Currency, limits: &Limits) -> Reading {
    let mut findings = Findings::new(limits.findings_max);
    let mut books = StagedBooks::new(currency.clone());
    let Some(text) = decode(bytes, limits, &mut findings) else {
        return Reading { books, findings };
    };
    let reader = Reader { exponent: currency.exponent, limits };
    let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
    let mut stock_lines = 0_u64;
    let mut seen = 0_u64;
    xml::records(
        &text,
        &WANTED,
        limits,
        &mut findings,
        |element, findings| {
            if element.name != "STATICVARIABLES" {
                seen += 1;
            }
            take(&element, &reader, &mut books, &mut stock_lines, findings)
        },
        |name| {
            if left_out.len() < KINDS_MAX || left_out.contains_key(name) {
                *left_out.entry(name.to_owned()).or_default() += 1;
            }
        },
    );
    if seen == 0 && findings.is_empty() {
        findings.error(0, Reason::NotReadable, "the file holds no groups, ledgers or vouchers");
    }
    for (name, count) in left_out {
        let message = format!("{count} records of the kind {name} are not taken");
        findings.note(0, Reason::NotTaken, message);
    }
    if stock_lines > 0 {
        let message =
            format!("quantities of {stock_lines} stock lines are not taken; their amounts are");
        findings.note(0, Reason::NotTaken, message);
    }
    Reading { books, findings }
}

fn take(
    element: &Element,
    reader: &Reader<'_>,
    books: &mut StagedBooks,
    stock_lines: &mut u64,
    findings: &mut Findings,
) -> Flow {
    let limits = reader.limits;
    let (count, max) = match element.name.as_str() {
        "STATICVARIABLES" => {
            // Books begin on the day after that on which ledgers open.
            let from = element.text_of("SVFROMDATE");
            let from = from.and_then(|text| dates::read(text, DateOrder::YearFirst));
            books.opened_on = books.opened_on.or_else(|| from.and_then(|day| day.pred_opt()));
            return Flow::On;
        }
        "GROUP" => (books.groups.len(), limits.ledgers_max),
        "LEDGER" => (books.ledgers.len(), limits.ledgers_max),
        _ => (books.vouchers.len(), limits.vouchers_max),
    };
    if count >= max {
        let message = format!("there are over {max} records of the kind {}", element.name);
        findings.error(element.line, Reason::TooLarge, message);
        return Flow::Stop;
    }
    match element.name.as_str() {
        "GROUP" => match masters::group(element, reader) {
            Ok(group) => books.groups.push(group),
            Err(wrong) => wrong.tell(findings),
        },
        "LEDGER" => match masters::ledger(element, reader, findings) {
            Ok(ledger) => books.ledgers.push(ledger),
            Err(wrong) => wrong.tell(findings),
        },
        _ => match vouchers::voucher(element, reader, findings) {
            Ok(Some((voucher, stock))) => {
                *stock_lines = stock_lines.saturating_add(stock);
                books.vouchers.push(voucher);
            }
            Ok(None) => {}
            Err(wrong) => wrong.tell(findings),
        },
    }
    Flow::On
}
