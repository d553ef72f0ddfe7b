//! A plain ledger in memory, with its own simple code for what may be done to it.
//!
//! It keeps what was said and derives everything else anew whenever it is asked: nothing in it is fast,
//! cached or shared with the program. A refusal is what the API answers, as `CODE path.to.field`.

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate};

use super::parts::{Asked, Kind, Part};

/// Ledgers that hold money.
pub const MONEY: [&str; 2] = ["Cash", "State Bank"];
/// Ledgers that begin anew each year.
pub const OF_THE_YEAR: [&str; 3] = ["Rent", "Sales", "Salaries"];
/// The ledger that takes over what those stood at.
pub const RESULT: &str = "Profit & Loss A/c";
/// The ledger on the other side of every opening.
pub const DIFFERENCE: &str = "Difference in Opening Balances";
/// Parties whose ledgers are kept bill by bill.
pub const PARTIES: [&str; 2] = ["Asha", "Ravi"];

/// Why something is not done.
pub type Refused = String;

/// What somebody writes down: a day, amounts (debits above zero), and what they do to bills.
#[derive(Debug, Clone)]
pub struct Content {
    /// Its day.
    pub day: NaiveDate,
    /// Ledgers with their amounts.
    pub lines: Vec<(&'static str, i64)>,
    /// What the lines open and settle.
    pub asked: Vec<Asked>,
}

impl Content {
    /// Whether it touches money.
    pub fn is_bank(&self) -> bool {
        self.lines.iter().any(|(ledger, _)| MONEY.contains(ledger))
    }

    /// The sum of its debits.
    pub fn total(&self) -> i64 {
        self.lines.iter().map(|(_, minor)| minor.max(&0)).sum()
    }
}

/// Why a voucher is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody posted it.
    Ordinary,
    /// It brings a balance in.
    Opening,
    /// It undoes that one.
    Reverses(usize),
}

/// A posted voucher.
#[derive(Debug, Clone)]
pub struct Voucher {
    /// Its global id, once it is known.
    pub id: String,
    /// Its type.
    pub code: &'static str,
    /// Its number.
    pub number: String,
    /// Which version stands.
    pub version: i64,
    /// What it says now.
    pub content: Content,
    /// What it does to bills now.
    pub parts: Vec<Part>,
    /// Taken back.
    pub is_cancelled: bool,
    /// Why it is there.
    pub origin: Origin,
    /// Place of its year; none for openings.
    pub year: Option<usize>,
    /// What it left, set against bills later.
    pub allocations: Vec<Allocation>,
}

/// Amounts of a voucher that were set against bills.
#[derive(Debug, Clone)]
pub struct Allocation {
    /// Global id of the act, once it is known.
    pub id: String,
    /// Its day.
    pub day: NaiveDate,
    /// What it moves.
    pub parts: Vec<Part>,
    /// Undone again.
    pub is_undone: bool,
}

/// A bill that some voucher opened.
#[derive(Debug, Clone)]
pub struct Bill {
    /// Its global id, once it is known.
    pub id: String,
    /// The party.
    pub ledger: &'static str,
}

/// An accounting year.
#[derive(Debug, Clone, Copy)]
pub struct Year {
    /// First day.
    pub begins: NaiveDate,
    /// Last day.
    pub ends: NaiveDate,
    /// Closed by an act.
    pub is_closed: bool,
}

impl Year {
    fn holds(self, day: NaiveDate) -> bool {
        self.begins <= day && day <= self.ends
    }

    fn next(self) -> Self {
        let begins = self.ends + Days::new(1);
        Self { begins, ends: begins + Months::new(12) - Days::new(1), is_closed: false }
    }
}

/// Leave to pass soft locks.
#[derive(Debug, Clone)]
pub struct Pass {
    /// Its global id.
    pub id: String,
    /// The areas it opens.
    pub areas: Vec<&'static str>,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// The books.
#[derive(Debug, Clone)]
pub struct Books {
    /// All vouchers, in the order of their posting.
    pub vouchers: Vec<Voucher>,
    /// All bills that ever were.
    pub bills: Vec<Bill>,
    /// Years, in order.
    pub years: Vec<Year>,
    /// Last locked day by area.
    pub locks: BTreeMap<&'static str, NaiveDate>,
    /// Exceptions in force.
    pub passes: Vec<Pass>,
    /// What numbers of a type begin with.
    pub prefixes: BTreeMap<String, String>,
    numbers: BTreeMap<(String, Option<usize>), u32>,
}

impl Books {
    /// Empty books that begin on a day.
    pub fn begin(begins: NaiveDate, prefixes: BTreeMap<String, String>) -> Self {
        let ends = begins + Months::new(12) - Days::new(1);
        Self {
            vouchers: Vec::new(),
            bills: Vec::new(),
            years: vec![Year { begins, ends, is_closed: false }],
            locks: BTreeMap::new(),
            passes: Vec::new(),
            prefixes,
            numbers: BTreeMap::new(),
        }
    }

    /// The day that openings are dated.
    pub fn opening_day(&self) -> NaiveDate {
        self.years[0].begins - Days::new(1)
    }

    /// Whether a later voucher undoes this one.
    pub fn is_reversed(&self, voucher: usize) -> bool {
        let undoes = |one: &&Voucher| one.origin == Origin::Reverses(voucher) && !one.is_cancelled;
        self.vouchers.iter().find(undoes).is_some()
    }

    /// How a voucher stands.
    pub fn status(&self, voucher: usize) -> &'static str {
        match (self.vouchers[voucher].is_cancelled, self.is_reversed(voucher)) {
            (true, _) => "CANCELLED",
            (false, true) => "REVERSED",
            (false, false) => "POSTED",
        }
    }

    /// The year that takes a day; the place after the last one when it would be opened.
    fn year_of(&self, day: NaiveDate) -> Result<usize, &'static str> {
        if let Some(place) = self.years.iter().position(|year| year.holds(day)) {
            return if self.years[place].is_closed { Err("YEAR_CLOSED") } else { Ok(place) };
        }
        let next = self.years[self.years.len() - 1].next();
        if next.holds(day) { Ok(self.years.len()) } else { Err("YEAR_NOT_OPEN") }
    }

    fn is_closed(&self, day: NaiveDate) -> bool {
        let opening = day == self.opening_day() && self.years[0].is_closed;
        opening || self.years.iter().any(|year| year.is_closed && year.holds(day))
    }

    /// Whether locks keep a day shut: one exception opens all that are in the way, or none.
    fn is_locked(&self, day: NaiveDate, is_bank: bool) -> bool {
        let met = |area: &str| area == "ALL" || (area == "BANK" && is_bank);
        let in_the_way: Vec<&str> = self
            .locks
            .iter()
            .filter(|(area, through)| met(area) && day <= **through)
            .map(|(area, _)| *area)
            .collect();
        let opens = |pass: &Pass| {
            let has = |area: &str| pass.areas.contains(&area);
            let days = pass.from <= day && day <= pass.to;
            let one =
                |area: &&str| has("ALL") || has(area) || (*area == "ALL" && is_bank && has("BANK"));
            days && in_the_way.iter().all(one)
        };
        !in_the_way.is_empty() && !self.passes.iter().any(opens)
    }

    fn enters(&self, day: NaiveDate, is_bank: bool, field: &str) -> Result<(), Refused> {
        if self.is_locked(day, is_bank) { Err(format!("PERIOD_LOCKED {field}")) } else { Ok(()) }
    }

    /// Whether an act may be dated on a day.
    fn takes_act(&self, voucher: usize, day: NaiveDate) -> Result<(), Refused> {
        if self.is_closed(day) {
            return Err("YEAR_CLOSED input.voucherId".to_owned());
        }
        let voucher = &self.vouchers[voucher];
        let is_bank = voucher.origin != Origin::Opening && voucher.content.is_bank();
        self.enters(day, is_bank, "input.voucherId")
    }

    /// Whether a voucher stands as it was seen.
    fn standing(&self, voucher: usize, seen: Option<i64>) -> Result<(), Refused> {
        match self.status(voucher) {
            "CANCELLED" => Err("VOUCHER_CANCELLED input.voucherId".to_owned()),
            "REVERSED" => Err("VOUCHER_REVERSED input.voucherId".to_owned()),
            _ if seen.is_some_and(|seen| seen != self.vouchers[voucher].version) => {
                Err("STALE input.expectedVersion".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing else rests on a voucher; `own_bills` counts what settles its bills.
    fn is_free(&self, voucher: usize, own_bills: bool) -> Result<(), Refused> {
        let settled = Err("BILL_SETTLED input.voucherId".to_owned());
        let one = &self.vouchers[voucher];
        if one.allocations.iter().any(|allocation| !allocation.is_undone) {
            return settled;
        }
        let opens = one.parts.iter().filter(|part| part.opens());
        let touched = |part: &Part| part.bill.is_some_and(|bill| self.open(bill) != part.minor);
        if own_bills && opens.into_iter().any(touched) { settled } else { Ok(()) }
    }

    /// Posts; the place of the new voucher.
    pub fn post(
        &mut self,
        code: &'static str,
        content: &Content,
        origin: Origin,
        path: &str,
    ) -> Result<usize, Refused> {
        if let Origin::Reverses(voucher) = origin {
            self.standing(voucher, None)?;
        }
        let is_opening = origin == Origin::Opening;
        let parts = self.parts_of(content, if is_opening { "input.bills" } else { path })?;
        let is_bank = origin != Origin::Opening && content.is_bank();
        let year = match origin {
            Origin::Opening if self.years[0].is_closed => {
                return Err(format!("YEAR_CLOSED {path}.date"));
            }
            Origin::Opening => None,
            _ => Some(self.year_of(content.day).map_err(|code| format!("{code} {path}.date"))?),
        };
        self.enters(content.day, is_bank, &format!("{path}.date"))?;
        if year == Some(self.years.len()) {
            let next = self.years[self.years.len() - 1].next();
            self.years.push(next);
        }
        let prefix = match origin {
            Origin::Opening => "OB/".to_owned(),
            _ => self.prefixes[code].clone(),
        };
        let sequence = self.numbers.entry((prefix.clone(), year)).or_default();
        *sequence += 1;
        let number = format!("{prefix}{sequence:04}");
        let parts = self.opened(parts);
        self.vouchers.push(Voucher {
            id: String::new(),
            code,
            number,
            version: 1,
            content: content.clone(),
            parts,
            is_cancelled: false,
            origin,
            year,
            allocations: Vec::new(),
        });
        Ok(self.vouchers.len() - 1)
    }

    /// Takes a voucher back.
    pub fn cancel(&mut self, voucher: usize, seen: Option<i64>) -> Result<usize, Refused> {
        self.standing(voucher, seen)?;
        self.is_free(voucher, true)?;
        self.takes_act(voucher, self.vouchers[voucher].content.day)?;
        self.vouchers[voucher].is_cancelled = true;
        Ok(voucher)
    }

    /// Says a voucher anew.
    pub fn amend(
        &mut self,
        voucher: usize,
        seen: Option<i64>,
        content: &Content,
    ) -> Result<usize, Refused> {
        self.standing(voucher, seen)?;
        let (is_opening, year, day) = {
            let one = &self.vouchers[voucher];
            (one.origin == Origin::Opening, one.year, one.content.day)
        };
        self.is_free(voucher, !is_opening)?;
        self.takes_act(voucher, day)?;
        if !is_opening {
            let found = self.year_of(content.day).map_err(|code| format!("{code} input.date"))?;
            if Some(found) != year {
                return Err("NOT_ALLOWED input.date".to_owned());
            }
        }
        self.enters(content.day, !is_opening && content.is_bank(), "input.date")?;
        let old = std::mem::take(&mut self.vouchers[voucher].parts);
        let path = if is_opening { "input.bills" } else { "input" };
        let mut parts = self.parts_of(content, path)?;
        if is_opening {
            self.go_on(&old, &mut parts)?;
        }
        let parts = self.opened(parts);
        let one = &mut self.vouchers[voucher];
        (one.parts, one.content) = (parts, content.clone());
        one.version += 1;
        Ok(voucher)
    }

    /// Lets bills of an opening keep their identity by their number.
    fn go_on(&self, old: &[Part], parts: &mut [Part]) -> Result<(), Refused> {
        let new = |part: &&Part| part.kind == Kind::New;
        for part in parts.iter_mut().filter(|part| part.kind == Kind::New) {
            let before = old.iter().filter(new).find(|one| one.reference == part.reference);
            part.bill = before.and_then(|one| one.bill);
        }
        for bill in old.iter().filter(new).filter_map(|part| part.bill) {
            let now = parts.iter().find(|part| part.bill == Some(bill)).map(|part| part.minor);
            let open = self.open(bill) + now.unwrap_or(0);
            if open != 0 && now.is_none_or(|now| now.signum() != open.signum()) {
                return Err("BILL_SETTLED input.bills".to_owned());
            }
        }
        Ok(())
    }

    /// Undoes a voucher by another one.
    pub fn reverse(&mut self, voucher: usize, day: NaiveDate) -> Result<usize, Refused> {
        let one = &self.vouchers[voucher];
        if day < one.content.day {
            return Err("INVALID input.date".to_owned());
        }
        let code = match one.code {
            "PMT" => "RCT",
            "RCT" => "PMT",
            same => same,
        };
        let lines = one.content.lines.iter().map(|(ledger, minor)| (*ledger, -minor)).collect();
        let asked = one.parts.iter().filter_map(Part::undone).collect();
        let content = Content { day, lines, asked };
        self.post(code, &content, Origin::Reverses(voucher), "input")
    }

    /// Sets a ledger's opening: cancels, amends or posts its voucher. What is wrong points at the balance,
    /// unless it is about a bill.
    pub fn set_opening(
        &mut self,
        ledger: &'static str,
        minor: i64,
        asked: Vec<Asked>,
    ) -> Result<Option<usize>, Refused> {
        let lines = vec![(ledger, minor), (DIFFERENCE, -minor)];
        let content = Content { day: self.opening_day(), lines, asked };
        let own = self.vouchers.iter().position(|one| {
            one.origin == Origin::Opening && !one.is_cancelled && one.content.lines[0].0 == ledger
        });
        let done = match own {
            None if minor == 0 => return Ok(None),
            None => self.post("JRN", &content, Origin::Opening, "input"),
            Some(own) if minor == 0 => self.cancel(own, None),
            Some(own) => self.amend(own, None, &content),
        };
        done.map(Some).map_err(|why| match why.split_once(" input.") {
            Some((code, field)) if !field.starts_with("bills") => {
                format!("{code} input.openingBalance")
            }
            _ => why,
        })
    }

    /// Closes a year, or opens it again.
    pub fn act_on_year(&mut self, year: usize, closes: bool) -> Result<(), Refused> {
        let is_closed = |year: &Year| year.is_closed;
        let code = if self.years[year].is_closed == closes {
            "ALREADY_DONE"
        } else if closes && !self.years[..year].iter().all(is_closed)
            || !closes && self.years[year + 1..].iter().any(is_closed)
        {
            "NOT_ALLOWED"
        } else {
            self.years[year].is_closed = closes;
            return Ok(());
        };
        Err(format!("{code} input.yearId"))
    }

    /// Sets amounts of a voucher against bills.
    pub fn allocate(
        &mut self,
        voucher: usize,
        ledger: &'static str,
        day: NaiveDate,
        wanted: &[(usize, i64)],
    ) -> Result<usize, Refused> {
        self.standing(voucher, None)?;
        let day = day.max(self.vouchers[voucher].content.day);
        let parts = self.settle(voucher, ledger, wanted)?;
        self.takes_act(voucher, day)?;
        let made = Allocation { id: String::new(), day, parts, is_undone: false };
        self.vouchers[voucher].allocations.push(made);
        Ok(voucher)
    }

    /// Undoes an allocation.
    pub fn deallocate(&mut self, voucher: usize, place: usize) -> Result<usize, Refused> {
        self.standing(voucher, None)?;
        let allocation = &self.vouchers[voucher].allocations[place];
        if allocation.is_undone {
            return Err("NOT_FOUND input.allocationId".to_owned());
        }
        self.takes_act(voucher, allocation.day)?;
        self.vouchers[voucher].allocations[place].is_undone = true;
        Ok(voucher)
    }

    /// What a ledger stands at at the end of a day.
    pub fn balance(&self, ledger: &str, day: NaiveDate) -> i64 {
        let first = self.years.iter().rev().find(|year| year.begins <= day);
        let first = first.map_or(self.years[0].begins, |year| year.begins);
        let sum = |of: &dyn Fn(&str) -> bool, from: NaiveDate, to: NaiveDate| -> i64 {
            let standing = self.vouchers.iter().filter(|one| !one.is_cancelled);
            let dated = standing.filter(|one| from <= one.content.day && one.content.day <= to);
            let lines = dated.flat_map(|one| &one.content.lines);
            lines.filter(|(ledger, _)| of(ledger)).map(|(_, minor)| minor).sum()
        };
        let own = |name: &str| name == ledger;
        if OF_THE_YEAR.contains(&ledger) {
            return sum(&own, first, day);
        }
        let carried = |name: &str| ledger == RESULT && OF_THE_YEAR.contains(&name);
        sum(&own, NaiveDate::MIN, day) + sum(&carried, NaiveDate::MIN, first - Days::new(1))
    }
}
