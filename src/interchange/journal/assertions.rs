//! Balances that a journal states: each is compared with the sum of what was posted until then.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    quantity::{Base, Quantity},
    settle::Movement,
};
use crate::interchange::finding::{Findings, Reason};

/// Something that happens to balances, in order of date.
pub enum Event {
    /// A posting of a transaction.
    Moved(Movement),
    /// A balance that is stated.
    Stated(Stated),
    /// The next stated balance of the account is made true, from another account.
    Pad { line: u64, account: String, source: String },
}

pub struct Stated {
    pub line: u64,
    pub account: String,
    pub quantity: Quantity,
    /// Whether accounts below count in.
    pub with_below: bool,
    /// What it may be out by.
    pub tolerance: Decimal,
}

/// What a pad came to.
pub struct Padded {
    pub line: u64,
    pub date: NaiveDate,
    pub account: String,
    pub source: String,
    pub quantity: Quantity,
}

/// Deepest account whose parents are summed.
const DEPTH_MAX: usize = 64;

/// Events with their places: the day, balances stated at its beginning first, then the file's order.
#[derive(Default)]
pub struct Events {
    all: Vec<(NaiveDate, bool, Event)>,
    spoilt: HashSet<String>,
}

struct Pad {
    line: u64,
    date: NaiveDate,
    source: String,
    used: HashSet<String>,
}

#[derive(Default)]
struct Balances {
    own: HashMap<(String, String), Decimal>,
    with_below: HashMap<(String, String), Decimal>,
}

impl Balances {
    /// False when a sum is beyond what is kept.
    fn add(&mut self, account: &str, commodity: &str, number: Decimal) -> bool {
        let mut fits = true;
        let mut sum = |sums: &mut HashMap<(String, String), Decimal>, account: &str| {
            let sum = sums.entry((account.to_owned(), commodity.to_owned())).or_default();
            match sum.checked_add(number) {
                Some(added) => *sum = added,
                None => fits = false,
            }
        };
        sum(&mut self.own, account);
        for part in upwards(account) {
            sum(&mut self.with_below, part);
        }
        fits
    }

    fn of(&self, stated: &Stated, commodity: &str) -> Decimal {
        let sums = if stated.with_below { &self.with_below } else { &self.own };
        sums.get(&(stated.account.clone(), commodity.to_owned())).copied().unwrap_or_default()
    }
}

/// An account and those above it.
fn upwards(account: &str) -> impl Iterator<Item = &str> {
    let ends = account.match_indices(':').map(|(at, _)| at).take(DEPTH_MAX);
    ends.chain([account.len()]).filter_map(|end| account.get(..end))
}

impl Events {
    pub fn add(&mut self, date: NaiveDate, event: Event, at_begin_of_day: bool) {
        self.all.push((date, !at_begin_of_day, event));
    }

    /// A transaction on this account was refused: its balances cannot be right.
    pub fn spoil(&mut self, account: &str) {
        self.spoilt.extend(upwards(account).map(str::to_owned));
    }

    /// Compares all; what pads came to is returned.
    pub fn check(mut self, base: &Base<'_>, findings: &mut Findings) -> Vec<Padded> {
        self.all.sort_by_key(|(date, later, _)| (*date, *later));
        let mut balances = Balances::default();
        let mut pads: HashMap<String, Pad> = HashMap::new();
        let mut padded = Vec::new();
        let name = |commodity: &str| if base.is(commodity) { "" } else { commodity }.to_owned();
        for (date, _, event) in self.all {
            match event {
                Event::Moved(Movement { account, quantity, .. }) => {
                    if !balances.add(&account, &name(&quantity.commodity), quantity.number) {
                        self.spoilt.extend(upwards(&account).map(str::to_owned));
                    }
                }
                Event::Pad { line, account, source } => {
                    pads.insert(account, Pad { line, date, source, used: HashSet::new() });
                }
                Event::Stated(stated) => {
                    if self.spoilt.contains(&stated.account) {
                        continue;
                    }
                    let commodity = name(&stated.quantity.commodity);
                    let found = balances.of(&stated, &commodity);
                    let Some(difference) = stated.quantity.number.checked_sub(found) else {
                        continue;
                    };
                    let is_right = difference.abs() <= stated.tolerance;
                    if let Some(pad) = pads.get_mut(&stated.account)
                        && !pad.used.contains(&commodity)
                    {
                        pad.used.insert(commodity.clone());
                        if !is_right {
                            balances.add(&stated.account, &commodity, difference);
                            balances.add(&pad.source, &commodity, -difference);
                            padded.push(Padded {
                                line: pad.line,
                                date: pad.date,
                                account: stated.account.clone(),
                                source: pad.source.clone(),
                                quantity: Quantity { number: difference, commodity },
                            });
                        }
                        continue;
                    }
                    if !is_right {
                        let message = format!(
                            "the file says that {} stands at {} {}; its postings come to {found}",
                            stated.account, stated.quantity.number, stated.quantity.commodity
                        );
                        let record = &stated.account;
                        findings.error_of(stated.line, record, Reason::BalanceDiffers, message);
                    }
                }
            }
        }
        padded
    }
}
