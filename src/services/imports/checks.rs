//! What each voucher of a file must keep before it can be posted: its day, its texts, its number.

use chrono::{Datelike, NaiveDate};
use daybook_domain::{
    numbering::{self, NumberFormat, OwnNumber, check_tax_document_number},
    period::{YearSpan, indian_financial_year},
    voucher::{BaseType, LedgerKind, Line, check_sides},
};

use super::{
    bills::is_name,
    names::{Here, Target, Typed},
    plan::{Present, Work, kind_of, line_of},
};
use crate::{
    interchange::{Reason, staged::StagedVoucher},
    services::books::{chart, numbering::tax_series, vouchers::REFERENCE_MAX},
};

/// Most characters of a number.
const NUMBER_CHARS_MAX: usize = 32;

/// Years that are opened at once: nobody's books skip more.
const YEARS_MAX: usize = 200;

impl Work<'_> {
    /// The type of a voucher that names none: by where money moves.
    pub(super) fn inferred(&self, staged: &StagedVoucher, targets: &[Target]) -> Option<Typed> {
        let sides: Vec<(LedgerKind, Line)> = staged
            .entries
            .iter()
            .zip(targets)
            .map(|(entry, target)| (kind_of(*target), line_of(entry, *target)))
            .collect();
        let base = [BaseType::Contra, BaseType::Payment, BaseType::Receipt]
            .into_iter()
            .find(|base| check_sides(*base, &sides, true).is_ok())
            .unwrap_or(BaseType::Journal);
        let row = self.here.catalogue.voucher_type_coded(base.code())?;
        Some(Typed { id: row.id, base, is_closing: false })
    }

    pub(super) fn day_is_open(&mut self, staged: &StagedVoucher, label: &str) -> bool {
        let day = staged.date;
        let mut tell = |reason, message: String| {
            self.findings.error_of(staged.line, label, reason, message);
            false
        };
        let begins = self.here.business.books_begin_on;
        if day < begins {
            let message = format!(
                "{day} lies before these books begin, on {begins}; bring it into a business whose books \
                 begin earlier"
            );
            return tell(Reason::YearNotOpen, message);
        }
        let last = last_day(self.here, self.present);
        if day > last {
            let message =
                format!("{day} lies beyond the next accounting year, which ends on {last}");
            return tell(Reason::YearNotOpen, message);
        }
        let mut years = self.present.years.iter().filter(|year| !year.is_opening);
        let year = years.find(|year| year.starts_on <= day && day <= year.ends_on);
        match year {
            Some(year) if year.closed_at.is_some() => {
                tell(Reason::YearClosed, format!("the accounting year {} is closed", year.label))
            }
            _ => true,
        }
    }

    pub(super) fn texts_fit(&mut self, staged: &StagedVoucher, label: &str) -> bool {
        let is_long =
            |text: Option<&String>| text.is_some_and(|text| text.chars().count() > REFERENCE_MAX);
        let bills = || staged.entries.iter().flat_map(|entry| &entry.bills);
        let bad_bill = bills().find(|bill| bill.name.as_deref().is_some_and(|name| !is_name(name)));
        let line = match bad_bill {
            Some(bill) => bill.line,
            None if is_long(staged.reference.as_ref()) => staged.line,
            None => return true,
        };
        let message =
            format!("references and names of bills have at most {REFERENCE_MAX} characters");
        self.findings.error_of(line, label, Reason::BadText, message);
        false
    }

    /// Whether a number can be kept: it has the form that its kind of document needs, and no other voucher
    /// of the file has it. What the books have is asked under the fence.
    pub(super) fn number_is_free(
        &mut self,
        staged: &StagedVoucher,
        typed: Typed,
        number: &str,
        label: &str,
    ) -> bool {
        let tax = tax_series(self.here.chart, self.here.business, typed.base, staged.date);
        let fits = match &tax {
            Some(_) => check_tax_document_number(number).map_err(|why| why.to_string()),
            None if number.chars().count() <= NUMBER_CHARS_MAX => Ok(()),
            None => Err(format!("a number has at most {NUMBER_CHARS_MAX} characters")),
        };
        if let Err(why) = fits {
            self.findings.error_of(staged.line, label, Reason::BadNumber, why);
            return false;
        }
        let calendar = chart::calendar(self.here.business);
        let form = self.numbering(typed);
        let format = NumberFormat {
            prefix: numbering::expand(&form.prefix, staged.date, calendar),
            suffix: form.suffix,
            width: form.width,
        };
        let own = OwnNumber::read(number, &format);
        let key = match tax {
            Some(tax) => {
                let year = indian_financial_year(staged.date);
                format!("{}|{year}|{}|{}", tax.gstin, tax.document, own.prefix.to_uppercase())
            }
            None => {
                let year = calendar.year_containing(staged.date).starts_on;
                format!("{}|{}|{}", typed.id.get(), year.year(), own.prefix)
            }
        };
        let is_free = self.taken.entry(key).or_default().insert(own.sequence);
        if !is_free {
            let message = format!(
                "another voucher of this type and year has the number {number}; take new numbers, or \
                 number it anew"
            );
            self.findings.error_of(staged.line, label, Reason::NumberTaken, message);
        }
        is_free
    }

    /// Whether a voucher turns income and expense into capital on the last day of a year.
    pub(super) fn closes(&self, staged: &StagedVoucher, typed: Typed, targets: &[Target]) -> bool {
        if !self.mapping.finds_closing || typed.base != BaseType::Journal {
            return false;
        }
        let ends = chart::calendar(self.here.business).year_containing(staged.date).ends_on;
        staged.date == ends
            && targets.iter().any(|target| target.is_of_the_year)
            && targets.iter().any(|target| target.is_capital)
            && targets.iter().all(|target| target.is_of_the_year || target.is_capital)
    }
}

/// The last day that an import may reach: the end of the year after the one that holds today, or of the
/// last year that is open.
fn last_day(here: Here<'_>, present: &Present) -> NaiveDate {
    let calendar = chart::calendar(here.business);
    let next = calendar.next(calendar.year_containing(here.today)).ends_on;
    present.years.iter().map(|year| year.ends_on).fold(next, NaiveDate::max)
}

/// The years that must be opened before the last voucher's day is in one.
pub(super) fn years_until(
    here: Here<'_>,
    present: &Present,
    last: Option<NaiveDate>,
) -> Vec<YearSpan> {
    let calendar = chart::calendar(here.business);
    let newest = present.years.iter().rfind(|year| !year.is_opening);
    let (Some(newest), Some(last)) = (newest, last) else { return Vec::new() };
    let mut span = YearSpan { starts_on: newest.starts_on, ends_on: newest.ends_on };
    let mut years = Vec::new();
    while span.ends_on < last && years.len() < YEARS_MAX {
        span = calendar.next(span);
        years.push(span);
    }
    years
}
