//! Judges deeds against the locked state, in the order in which they arrived.
//!
//! A posting that is accepted changes the state for those behind it (a number is taken, a year is
//! opened). A member whose second posting is refused takes back what its first one changed.

use daybook_domain::{
    id::{BillId, BusinessId, SeriesId, VoucherId},
    numbering::{self, NumberFormat, OwnNumber, SeriesKey},
    period::{OpenYear, YearSpan, YearVerdict, judge_date},
};
use daybook_entity::tenant::books::VoucherKind;

use super::{
    costs::judge_costs,
    exchange::{self, Difference},
    ids::Ids,
    judge_acts::{self, Judged},
    judge_bills::{Judged as Bills, Part, announce, judge_bills},
    locks::{By, check_locks},
    posting::{Deed, PostedVoucher, Posting, THE_ONE_BEFORE},
    state::{Business, Series, State, Year},
    targets::{Bill, Target},
};
use crate::error::{Code, Error, Refusal, Result};

/// What judging gives a posting: the year and number it takes.
#[derive(Debug)]
pub struct Place {
    /// The accounting year.
    pub year: i64,
    /// The series.
    pub series: SeriesId,
    /// The place in the series.
    pub sequence: i64,
    /// The number.
    pub number: String,
    /// The exception by which a soft lock let it pass.
    pub lock_exception: Option<i64>,
    /// Which bills it opens and settles.
    pub bills: Vec<Part>,
    /// What it leaves between two exchange rates.
    pub differences: Vec<Difference>,
    /// The voucher that it reverses, as it stood.
    pub reversed: Option<PostedVoucher>,
}

/// What judging makes of a deed.
#[derive(Debug)]
pub enum Verdict {
    /// A new voucher takes this place.
    Posted(Box<Place>),
    /// An act on a posted voucher is done.
    Done(Box<Judged>),
}

/// A year that a posting opens.
#[derive(Debug, Clone)]
pub struct NewYear {
    /// Its id.
    pub id: i64,
    /// Whose year.
    pub business: BusinessId,
    /// First and last day.
    pub span: YearSpan,
    /// `2025-26`, or `2026` for a calendar year.
    pub label: String,
}

/// What a batch changes besides its vouchers.
#[derive(Debug, Default)]
pub struct Changes {
    /// Years that it opens.
    pub years: Vec<NewYear>,
    /// Series that it moves or begins.
    pub series: Vec<TouchedSeries>,
}

/// A series that a batch moves on.
#[derive(Debug, Clone)]
pub struct TouchedSeries {
    /// Canonical key.
    pub key: String,
    /// In whose books (of the first voucher that began it).
    pub business: BusinessId,
    /// Voucher type that it numbers.
    pub voucher_type: i64,
    /// The accounting year of the business, for series that belong to one.
    pub year: i64,
    /// The prefix as printed.
    pub prefix: String,
}

/// One step that can be taken back.
pub enum Step {
    /// A number was taken.
    Numbered {
        /// The series.
        key: String,
        /// As it stood.
        before: Option<Series>,
        /// Whether nothing of the batch had touched it.
        touched: bool,
        /// The place that was taken in it.
        sequence: i64,
    },
    /// A year was opened.
    Opened {
        /// Whose.
        business: BusinessId,
    },
    /// A bill has more or less open.
    Billed {
        /// Which.
        id: BillId,
        /// As it stood.
        before: Bill,
    },
    /// Something was done to a voucher.
    Touched {
        /// Which.
        id: VoucherId,
        /// As it stood.
        before: Box<Target>,
    },
}

/// Judges the deeds of one member; all are accepted or none.
///
/// # Errors
/// The first refusal, with the field's path; the state is then as it was.
pub fn judge_member(
    state: &mut State,
    changes: &mut Changes,
    ids: &Ids,
    by: By,
    deeds: &[Deed],
) -> Result<Vec<Verdict>> {
    let mut steps = Vec::new();
    let mut verdicts = Vec::with_capacity(deeds.len());
    for deed in deeds {
        if let Deed::Post(posting) = deed {
            announce(state, posting);
        }
    }
    for deed in deeds {
        let done = match deed {
            Deed::Post(posting) => judge(state, changes, ids, by, posting, &mut steps)
                .map(|place| Verdict::Posted(Box::new(place))),
            Deed::Cancel(cancel) => judge_acts::cancel(state, by, cancel, &mut steps)
                .map(|judged| Verdict::Done(Box::new(judged))),
            Deed::Amend(amend) => judge_acts::amend(state, by, amend, &mut steps)
                .map(|judged| Verdict::Done(Box::new(judged))),
            Deed::Allocate(allocate) => {
                judge_acts::allocate(state, changes, ids, by, allocate, &mut steps)
                    .map(|judged| Verdict::Done(Box::new(judged)))
            }
        };
        match done {
            Ok(verdict) => verdicts.push(verdict),
            Err(error) => {
                take_back(state, changes, steps);
                return Err(error);
            }
        }
    }
    Ok(verdicts)
}

/// The key of the series from which a posting will take its number, as far as it can be told before
/// judging: none when the posting's date opens a year, whose series cannot exist yet.
pub fn series_key(state: &State, posting: &Posting) -> Option<String> {
    let business = state.businesses.get(&posting.business)?;
    let year = match find_year(business, posting) {
        Found::Year(year) => year.id,
        Found::Opens(_) | Found::Refused(..) => return None,
    };
    Some(key_of(business, posting, year).text)
}

/// The series of a posting with a number of its own, and its place there; as far as it can be told before
/// judging.
pub fn own_place(state: &State, posting: &Posting) -> Option<(String, i64)> {
    posting.numbering.own.as_ref()?;
    let business = state.businesses.get(&posting.business)?;
    let Found::Year(year) = find_year(business, posting) else { return None };
    let key = key_of(business, posting, year.id);
    Some((key.text, key.own?))
}

/// Judges a new voucher.
///
/// # Errors
/// The first refusal; steps done until then are to be taken back.
pub fn judge(
    state: &mut State,
    changes: &mut Changes,
    ids: &Ids,
    by: By,
    posting: &Posting,
    steps: &mut Vec<Step>,
) -> Result<Place> {
    check_ledgers(state, posting)?;
    let reversed = match &posting.reverses {
        Some(reverses) if reverses.voucher != THE_ONE_BEFORE => {
            Some(judge_acts::reverse(state, posting, reverses, steps)?)
        }
        _ => None,
    };
    judge_costs(state, posting)?;
    let Bills { parts: bills, differences } = judge_bills(state, posting, steps)?;
    let business = state
        .businesses
        .get_mut(&posting.business)
        .filter(|business| !business.is_archived)
        .ok_or_else(|| refuse(posting, Code::BusinessUnknown, "businessId", "no such business"))?;
    let year = match find_year(business, posting) {
        Found::Year(year) => year.id,
        Found::Refused(code, message) => return Err(refuse(posting, code, "date", message)),
        Found::Opens(span) => {
            let year = Year {
                id: ids.next()?,
                starts_on: span.starts_on,
                ends_on: span.ends_on,
                is_opening: false,
                is_closed: false,
            };
            let label = business.calendar.label(span);
            changes.years.push(NewYear { id: year.id, business: posting.business, span, label });
            steps.push(Step::Opened { business: posting.business });
            business.years.push(year.clone());
            year.id
        }
    };
    let lock_exception = check_locks(business, posting, by)?;
    let Key { text: key, prefix, suffix, own } = key_of(business, posting, year);
    let before = state.series.get(&key).copied();
    let series = match before {
        Some(series) => series,
        None => Series { id: SeriesId::new(ids.next()?), next: 1, created_at: by.recorded_at },
    };
    let sequence = own.unwrap_or(series.next);
    if own.is_some() && !state.numbers.is_free(&key, sequence) {
        let why = "another voucher of this series has this number";
        return Err(refuse(posting, Code::NumberTaken, "number", why));
    }
    let number = number_of(posting, (&prefix, &suffix), sequence)?;
    let touched = changes.series.iter().all(|touched| touched.key != key);
    if touched {
        changes.series.push(TouchedSeries {
            key: key.clone(),
            business: posting.business,
            voucher_type: posting.voucher_type.get(),
            year,
            prefix,
        });
    }
    let next = series.next.max(sequence.saturating_add(1));
    state.series.insert(key.clone(), Series { next, ..series });
    state.numbers.take(&key, sequence);
    steps.push(Step::Numbered { key, before, touched, sequence });
    Ok(Place {
        year,
        series: series.id,
        sequence,
        number,
        lock_exception,
        bills,
        differences,
        reversed,
    })
}

fn take_back(state: &mut State, changes: &mut Changes, steps: Vec<Step>) {
    for step in steps.into_iter().rev() {
        match step {
            Step::Numbered { key, before, touched, sequence } => {
                if touched {
                    changes.series.pop();
                }
                state.numbers.give_back(&key, sequence);
                match before {
                    Some(series) => state.series.insert(key, series),
                    None => state.series.remove(&key),
                };
            }
            Step::Opened { business } => {
                changes.years.pop();
                if let Some(business) = state.businesses.get_mut(&business) {
                    business.years.pop();
                }
            }
            Step::Billed { id, before } => {
                state.bills.insert(id, before);
            }
            Step::Touched { id, before } => {
                state.targets.insert(id, *before);
            }
        }
    }
}

/// Whether all ledgers of a voucher take entries.
///
/// # Errors
/// Those that do not.
pub fn check_ledgers(state: &State, posting: &Posting) -> Result<()> {
    let mut refusals = Vec::new();
    let named = posting
        .entries
        .lines()
        .iter()
        .enumerate()
        .map(|(index, line)| (format!("entries.{index}.ledgerId"), line.ledger));
    let party = posting.party.map(|party| ("partyLedgerId".to_owned(), party));
    for (place, ledger) in named.chain(party) {
        let path = format!("{}.{place}", posting.path);
        match state.ledgers.get(&ledger) {
            Some(known) if known.business != posting.business => {
                refusals.push(Refusal::new(Code::LedgerUnknown, &path, "no such ledger"));
            }
            Some(known) if known.is_archived => {
                let why = "this ledger is archived and takes no more entries";
                refusals.push(Refusal::new(Code::LedgerArchived, &path, why));
            }
            Some(_) => {}
            None => refusals.push(Refusal::new(Code::LedgerUnknown, &path, "no such ledger")),
        }
    }
    exchange::check(state, posting, &mut refusals);
    if refusals.is_empty() { Ok(()) } else { Err(Error::Refused(refusals)) }
}

/// The year in which a voucher's date lies; none where it would open one.
///
/// # Errors
/// When the year takes nothing.
pub fn year_of(business: &Business, posting: &Posting) -> Result<Option<i64>> {
    match find_year(business, posting) {
        Found::Year(year) => Ok(Some(year.id)),
        Found::Opens(_) => Ok(None),
        Found::Refused(code, message) => Err(refuse(posting, code, "date", message)),
    }
}

enum Found<'b> {
    Year(&'b Year),
    Opens(YearSpan),
    Refused(Code, &'static str),
}

fn find_year<'b>(business: &'b Business, posting: &Posting) -> Found<'b> {
    if posting.kind == VoucherKind::Opening {
        let opening = business.years.iter().find(|year| year.is_opening);
        return match opening {
            Some(year) if year.is_closed => {
                Found::Refused(Code::YearClosed, "the opening balances are closed")
            }
            Some(year) if posting.dated == year.starts_on => Found::Year(year),
            _ => Found::Refused(
                Code::YearNotOpen,
                "an opening voucher is dated the day before the first accounting year",
            ),
        };
    }
    let years: Vec<&Year> = business.years.iter().filter(|year| !year.is_opening).collect();
    let open: Vec<OpenYear> = years
        .iter()
        .map(|year| OpenYear {
            starts_on: year.starts_on,
            ends_on: year.ends_on,
            closed: year.is_closed,
        })
        .collect();
    match judge_date(posting.dated, &open, business.calendar) {
        YearVerdict::Open(index) => match years.get(index) {
            Some(year) => Found::Year(year),
            None => Found::Refused(Code::YearNotOpen, "this accounting year is not open"),
        },
        YearVerdict::OpensNext(span) => Found::Opens(span),
        YearVerdict::Closed => Found::Refused(Code::YearClosed, "this accounting year is closed"),
        YearVerdict::NotOpen => Found::Refused(
            Code::YearNotOpen,
            "this accounting year is not open; post into the next one first",
        ),
        YearVerdict::BeforeFirst => Found::Refused(
            Code::YearNotOpen,
            "this date lies before the books of the business begin",
        ),
    }
}

/// A series, and the place in it of a number that the voucher brings along.
struct Key {
    text: String,
    prefix: String,
    suffix: String,
    own: Option<i64>,
}

fn key_of(business: &Business, posting: &Posting, year: i64) -> Key {
    let prefix = numbering::expand(&posting.numbering.prefix, posting.dated, business.calendar);
    let suffix = numbering::expand(&posting.numbering.suffix, posting.dated, business.calendar);
    let (prefix, own) = match &posting.numbering.own {
        Some(number) => {
            let own = OwnNumber::read(number, &format_of(posting, (&prefix, &suffix)));
            (own.prefix, Some(own.sequence))
        }
        None => (prefix, None),
    };
    let key = match &posting.numbering.tax {
        Some(tax) => SeriesKey::Tax {
            gstin: tax.gstin.clone(),
            fy: daybook_domain::period::indian_financial_year(posting.dated),
            kind: tax.document.to_owned(),
            prefix_upper: prefix.to_uppercase(),
        },
        None => SeriesKey::Plain {
            business: posting.business,
            voucher_type: posting.voucher_type,
            year,
            prefix: prefix.clone(),
        },
    };
    Key { text: key.to_text(), prefix, suffix, own }
}

fn format_of(posting: &Posting, (prefix, suffix): (&str, &str)) -> NumberFormat {
    NumberFormat {
        prefix: prefix.to_owned(),
        suffix: suffix.to_owned(),
        width: posting.numbering.width,
    }
}

fn number_of(posting: &Posting, around: (&str, &str), sequence: i64) -> Result<String> {
    let number = match &posting.numbering.own {
        Some(own) => own.clone(),
        None => format_of(posting, around).number(sequence),
    };
    let fits = match posting.numbering.tax {
        Some(_) => numbering::check_tax_document_number(&number).is_ok(),
        None => number.chars().count() <= 32,
    };
    if fits {
        Ok(number)
    } else {
        let why = format!("the number {number} is too long or has a character that is not allowed");
        Err(refuse(posting, Code::NumberTooLong, "voucherTypeId", &why))
    }
}

/// A refusal of a field of a voucher.
pub fn refuse(posting: &Posting, code: Code, field: &str, message: &str) -> Error {
    refuse_at(&posting.path, code, field, message)
}

/// A refusal of a field below a path.
pub fn refuse_at(path: &str, code: Code, field: &str, message: &str) -> Error {
    Error::refused(code, &format!("{path}.{field}"), message)
}
