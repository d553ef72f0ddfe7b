//! What an import would post: staged books with names that stand for something become postings.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    currency::CurrencyCode,
    id::LedgerId,
    lock::areas_of,
    money::{ExchangeRate, Money},
    period::YearSpan,
    text::fold,
    voucher::{LedgerKind, Line, balance, check_sides},
};
use daybook_entity::tenant::{books::VoucherKind, business::business_year};

use super::{
    asked::{Mapping, Numbers, Summary},
    bills::{OpenBills, Opened, Written},
    checks::years_until,
    names::{Here, Names, Target, Typed},
    openings::{self, PlannedOpening},
};
use crate::{
    error::Result,
    interchange::{
        Findings, Limits, Reading, Reason, StagedBooks, review,
        staged::{StagedEntry, StagedVoucher, VoucherState},
    },
    lane::{
        Posting,
        posting::{EntryDetail, Foreign, Numbering},
    },
    services::books::{
        bills::Bill,
        chart,
        numbering::{numbering_of, tax_series},
        voucher_types,
        vouchers::ENTRY_NARRATION_MAX,
    },
};

/// What stands in the books besides their chart.
#[derive(Debug, Clone, Default)]
pub struct Present {
    /// The business's years in order, the opening period first.
    pub years: Vec<business_year::Model>,
    /// Its bills of which something is open.
    pub bills: Vec<Bill>,
    /// Ledgers that open with something already.
    pub opened: HashSet<LedgerId>,
}

/// A record's line in the file, and what it is called.
pub type Label = (u64, String);

/// What an import would do.
#[derive(Debug, Default)]
pub struct Plan {
    /// What its names stand for.
    pub names: Names,
    /// What ledgers open with.
    pub openings: Vec<PlannedOpening>,
    /// Vouchers; the path of each names its place in `labels`.
    pub vouchers: Vec<Posting>,
    /// What each voucher is called, with its line.
    pub labels: Vec<Label>,
    /// Years that are opened first.
    pub years: Vec<YearSpan>,
}

/// Makes the plan of a file; what keeps it from being done is among the findings.
///
/// # Errors
/// When ids can no longer be made.
pub fn plan(
    reading: Reading,
    mapping: &Mapping,
    here: Here<'_>,
    present: &Present,
    limits: &Limits,
) -> Result<(Plan, Summary, Findings)> {
    let Reading { books, mut findings } = reading;
    let mut summary = Summary::default();
    let names = Names::find(&books, mapping, here, &mut summary, &mut findings)?;
    let mut books = books;
    for ledger in &mut books.ledgers {
        // Where a ledger hangs matters only while it is not known.
        if names.ledgers.contains_key(&fold(&ledger.name)) {
            ledger.group = None;
        }
    }
    let books = review(books, &names.known(), limits, &mut findings);
    let mut work = Work {
        mapping,
        here,
        present,
        names: &names,
        bills: OpenBills::of(&present.bills),
        findings: &mut findings,
        taken: HashMap::new(),
        left_aside: LeftAside::default(),
    };
    let openings = work.openings(&books, &mut summary)?;
    let (vouchers, labels) = work.vouchers(&books, &mut summary)?;
    work.left_aside.tell(work.findings);
    let years = years_until(here, present, vouchers.iter().map(|posting| posting.dated).max());
    Ok((Plan { names, openings, vouchers, labels, years }, summary, findings))
}

/// Details of entries that are not kept here, counted.
#[derive(Debug, Default)]
struct LeftAside {
    instruments: u64,
    cost_shares: u64,
    goods: u64,
    bills: u64,
    parties: u64,
}

impl LeftAside {
    fn tell(&self, findings: &mut Findings) {
        for (count, what) in [
            (self.instruments, "entries name a cheque or transfer, which is not taken"),
            (self.cost_shares, "shares of cost centres are not taken; their entries are"),
            (self.goods, "entries name a quantity of goods, which is not taken; their amounts are"),
            (
                self.bills,
                "bills stand on ledgers that are not kept bill by bill here, and are not taken",
            ),
            (self.parties, "ledgers have an address or registration, which is not taken"),
        ] {
            if count > 0 {
                findings.note(0, Reason::NotTaken, format!("{count} {what}"));
            }
        }
    }
}

pub(super) struct Work<'w> {
    pub(super) mapping: &'w Mapping,
    pub(super) here: Here<'w>,
    pub(super) present: &'w Present,
    pub(super) names: &'w Names,
    pub(super) bills: OpenBills,
    pub(super) findings: &'w mut Findings,
    /// Numbers that vouchers of the file brought along, by series.
    pub(super) taken: HashMap<String, HashSet<i64>>,
    left_aside: LeftAside,
}

/// A voucher that will be posted, before its bills are looked up.
struct Draft<'b> {
    staged: &'b StagedVoucher,
    typed: Typed,
    targets: Vec<Target>,
    label: String,
    number: Option<String>,
    opened: Vec<Opened>,
}

impl Work<'_> {
    fn openings(
        &mut self,
        books: &StagedBooks,
        summary: &mut Summary,
    ) -> Result<Vec<PlannedOpening>> {
        self.left_aside.parties = u64::try_from(books.parties().count()).unwrap_or(u64::MAX);
        if !self.mapping.takes_openings {
            return Ok(Vec::new());
        }
        let opening_day = self.present.years.iter().find(|year| year.is_opening);
        let opening_day = opening_day.map(|year| year.starts_on);
        let has_any = books.ledgers.iter().any(|ledger| !ledger.opening.is_zero());
        if has_any
            && let (Some(stated), Some(day)) = (books.opened_on, opening_day)
            && stated != day
        {
            let message = format!(
                "the file's ledgers open at the end of {stated}, and these books at the end of {day}; \
                 begin a business whose books begin the day after {stated}, or leave the openings out"
            );
            self.findings.error(0, Reason::YearNotOpen, message);
            return Ok(Vec::new());
        }
        let Some(day) = opening_day else { return Ok(Vec::new()) };
        let mut planned = Vec::new();
        for ledger in books.ledgers.iter().filter(|ledger| !ledger.opening.is_zero()) {
            let Some(target) = self.names.ledgers.get(&fold(&ledger.name)).copied() else {
                continue;
            };
            if self.present.opened.contains(&target.id) {
                let message = "this ledger has an opening here already; leave the openings out";
                self.findings.error_of(ledger.line, &ledger.name, Reason::Present, message);
                continue;
            }
            let opening =
                openings::plan(ledger, target, day, &mut self.bills, self.here, self.findings)?;
            let Some(opening) = opening else { continue };
            summary.openings = summary.openings.saturating_add(1);
            if opening.amount.is_negative() {
                summary.opening_credit =
                    summary.opening_credit.saturating_add(opening.amount.size().minor());
            } else {
                summary.opening_debit =
                    summary.opening_debit.saturating_add(opening.amount.minor());
            }
            planned.push(opening);
        }
        Ok(planned)
    }

    fn vouchers(
        &mut self,
        books: &StagedBooks,
        summary: &mut Summary,
    ) -> Result<(Vec<Posting>, Vec<Label>)> {
        let mut drafts = Vec::with_capacity(books.vouchers.len());
        for staged in &books.vouchers {
            if staged.state != VoucherState::Normal {
                summary.left_out = summary.left_out.saturating_add(1);
                if staged.state == VoucherState::Cancelled {
                    let message = "it is cancelled in the source; its number stays unused";
                    self.findings.note_of(staged.line, &staged.label(), Reason::NotTaken, message);
                }
                continue;
            }
            if let Some(draft) = self.draft(staged, summary)? {
                drafts.push(draft);
            }
        }
        self.bills.in_order();
        // Who brings no number along takes one behind all that do.
        drafts.sort_by_key(|draft| (draft.number.is_none(), draft.staged.date));
        let mut postings = Vec::with_capacity(drafts.len());
        let mut labels = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let place = postings.len();
            let Some(posting) = self.posting(&draft, place) else { continue };
            summary.vouchers = summary.vouchers.saturating_add(1);
            let entries = u64::try_from(posting.entries.lines().len()).unwrap_or(0);
            summary.entries = summary.entries.saturating_add(entries);
            summary.total = summary.total.saturating_add(posting.entries.total().minor());
            postings.push(posting);
            labels.push((draft.staged.line, draft.label));
        }
        let days = || postings.iter().map(|posting| posting.dated);
        summary.first_day = days().min().map(|day| day.to_string());
        summary.last_day = days().max().map(|day| day.to_string());
        Ok((postings, labels))
    }

    fn draft<'b>(
        &mut self,
        staged: &'b StagedVoucher,
        summary: &mut Summary,
    ) -> Result<Option<Draft<'b>>> {
        let label = staged.label();
        let line = staged.line;
        let mut targets = Vec::with_capacity(staged.entries.len());
        for entry in &staged.entries {
            // What stands for nothing was told before.
            let Some(target) = self.names.ledgers.get(&fold(&entry.ledger)) else {
                return Ok(None);
            };
            targets.push(*target);
        }
        let typed = match &staged.voucher_type {
            Some(name) => match self.names.types.get(&fold(name)) {
                Some(typed) => *typed,
                None => return Ok(None),
            },
            None => match self.inferred(staged, &targets) {
                Some(typed) => typed,
                None => return Ok(None),
            },
        };
        if staged.entries.is_empty() {
            summary.left_out = summary.left_out.saturating_add(1);
            let message = "it moves nothing and makes no voucher";
            self.findings.note_of(line, &label, Reason::NotTaken, message);
            return Ok(None);
        }
        if !typed.base.affects_books() {
            summary.left_out = summary.left_out.saturating_add(1);
            let message = "vouchers of this type do not count in the books, and are not taken";
            self.findings.note_of(line, &label, Reason::NotTaken, message);
            return Ok(None);
        }
        if !self.day_is_open(staged, &label) || !self.texts_fit(staged, &label) {
            return Ok(None);
        }
        let sides: Vec<(LedgerKind, Line)> = staged
            .entries
            .iter()
            .zip(&targets)
            .map(|(entry, target)| (kind_of(*target), line_of(entry, *target)))
            .collect();
        if !typed.is_closing
            && let Err(why) = check_sides(typed.base, &sides, true)
        {
            let place = why.line.and_then(|place| staged.entries.get(place));
            let line = place.map_or(line, |entry| entry.line);
            self.findings.error_of(line, &label, Reason::SideRule, why.rule);
            return Ok(None);
        }
        let number = match self.mapping.numbers {
            Numbers::Keep => staged.number.clone(),
            Numbers::New => None,
        };
        if let Some(number) = &number
            && !self.number_is_free(staged, typed, number, &label)
        {
            return Ok(None);
        }
        let mut opened = Vec::with_capacity(staged.entries.len());
        for (entry, target) in staged.entries.iter().zip(&targets) {
            let written = written(entry, *target, staged.date, &label);
            opened.push(self.bills.open(&written, self.here.ids)?);
        }
        Ok(Some(Draft { staged, typed, targets, label, number, opened }))
    }

    pub(super) fn numbering(&self, typed: Typed) -> Numbering {
        voucher_types::find(self.here.catalogue, self.here.chart, typed.id)
            .map(numbering_of)
            .unwrap_or_default()
    }

    fn posting(&mut self, draft: &Draft<'_>, place: usize) -> Option<Posting> {
        let Draft { staged, typed, targets, label, number, opened } = draft;
        let mut details = Vec::with_capacity(staged.entries.len());
        let mut lines = Vec::with_capacity(staged.entries.len());
        let mut bills = Vec::new();
        let entries = staged.entries.iter().zip(targets).zip(opened).enumerate();
        for (index, ((entry, target), opened)) in entries {
            lines.push(line_of(entry, *target));
            details.push(self.detail(entry, label));
            let written = written(entry, *target, staged.date, label);
            if written.bills.len() < entry.bills.len() {
                self.left_aside.bills = self.left_aside.bills.saturating_add(1);
            }
            bills.extend(self.bills.parts(index, &written, opened, self.findings));
        }
        let entries = match balance(lines) {
            Ok(entries) => entries,
            Err(why) => {
                self.findings.error_of(staged.line, label, Reason::Unbalanced, why.to_string());
                return None;
            }
        };
        let own = number.is_none().then(|| staged.number.clone()).flatten();
        let reference = staged.reference.clone().or(own);
        let touches_bank = targets.iter().any(|target| target.is_cash);
        let touches_tax = targets.iter().any(|target| target.is_tax);
        Some(Posting {
            path: format!("import.{place}"),
            business: self.here.business.id,
            voucher_type: typed.id,
            base_type: typed.base,
            kind: if typed.is_closing || self.closes(staged, *typed, targets) {
                VoucherKind::Closing
            } else {
                VoucherKind::Ordinary
            },
            numbering: Numbering {
                tax: tax_series(self.here.chart, self.here.business, typed.base, staged.date),
                own: number.clone(),
                ..self.numbering(*typed)
            },
            dated: staged.date,
            entries,
            details,
            narration: staged.narration.clone(),
            reference,
            reference_date: staged.reference_date,
            party: self.party(staged, targets),
            occurred_at: None,
            areas: areas_of(typed.base, touches_bank, touches_tax),
            lock_exception: None,
            reverses: None,
            bills,
            items: Vec::new(),
        })
    }

    fn detail(&mut self, entry: &StagedEntry, label: &str) -> EntryDetail {
        let aside = &mut self.left_aside;
        aside.instruments = aside.instruments.saturating_add(u64::from(entry.instrument.is_some()));
        let shares = u64::try_from(entry.cost_shares.len()).unwrap_or(0);
        aside.cost_shares = aside.cost_shares.saturating_add(shares);
        let foreign = self.foreign(entry);
        if entry.foreign.is_some() && foreign.is_none() {
            self.left_aside.goods = self.left_aside.goods.saturating_add(1);
        }
        let narration = entry.narration.as_deref().map(|text| {
            if text.chars().count() > ENTRY_NARRATION_MAX {
                let message = "the entry's narration is cut to what is kept";
                self.findings.note_of(entry.line, label, Reason::BadText, message);
            }
            let kept: String = text.chars().take(ENTRY_NARRATION_MAX).collect();
            kept.replace(['\n', '\r'], " ")
        });
        EntryDetail { narration, foreign, ..EntryDetail::default() }
    }

    /// An amount in another currency: its rate is what the two amounts say.
    fn foreign(&self, entry: &StagedEntry) -> Option<Foreign> {
        let foreign = entry.foreign.as_ref()?;
        let currency = self.here.catalogue.currency(&foreign.commodity)?;
        if currency.code.as_str() == self.here.business.base_currency {
            return None;
        }
        let exponent = u8::try_from(currency.exponent).ok()?;
        let amount =
            Money::parse(&foreign.quantity.abs().normalize().to_string(), exponent).ok()?;
        if amount.is_zero() {
            return None;
        }
        let scale = |places: u8| 10_i128.checked_pow(u32::from(places));
        let base = i128::from(entry.amount.size().minor()).checked_mul(scale(exponent)?)?;
        let whole =
            i128::from(amount.minor()).checked_mul(scale(chart::exponent(self.here.business))?)?;
        let rate = base.checked_mul(scale(10)?)?.checked_add(whole / 2)?.checked_div(whole)?;
        let rate = i64::try_from(rate).ok().filter(|rate| *rate > 0)?;
        Some(Foreign {
            currency: CurrencyCode::parse(currency.code.as_str()).ok()?,
            amount,
            rate: ExchangeRate::from_raw(rate),
        })
    }

    /// The party that the file names, or the one ledger that is kept bill by bill.
    fn party(&self, staged: &StagedVoucher, targets: &[Target]) -> Option<LedgerId> {
        let named = staged.party.as_deref().and_then(|name| self.names.ledgers.get(&fold(name)));
        if let Some(named) = named {
            return Some(named.id);
        }
        let mut parties = targets.iter().filter(|target| target.is_bill_wise);
        let first = parties.next()?;
        parties.all(|other| other.id == first.id).then_some(first.id)
    }
}

pub(super) fn kind_of(target: Target) -> LedgerKind {
    if target.is_cash { LedgerKind::CashOrBank } else { LedgerKind::Other }
}

pub(super) fn line_of(entry: &StagedEntry, target: Target) -> Line {
    Line { ledger: target.id, debit: entry.debit(), credit: entry.credit() }
}

fn written<'b>(
    entry: &'b StagedEntry,
    target: Target,
    dated: NaiveDate,
    label: &'b str,
) -> Written<'b> {
    let bills = if target.is_bill_wise { entry.bills.as_slice() } else { &[] };
    Written { ledger: target.id, dated, amount: entry.amount, bills, label }
}
