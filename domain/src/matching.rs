//! Which entries of the books a bank's lines are: proposals that somebody confirms, each with its reasons.
//!
//! Nothing is proposed whose amounts do not agree to the last unit. How sure a proposal is, 0 to 100, is the
//! sum of what speaks for it: the amount, days that lie close, a number that both name, words that both use.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::{
    id::{BankLineId, EntryId},
    money::Money,
    text::fold,
};

/// A line of a bank. Money that came in is above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which line.
    pub id: BankLineId,
    /// The day of booking.
    pub dated: NaiveDate,
    /// The amount.
    pub amount: Money,
    /// What the bank says of it.
    pub said: Said,
}

/// An entry on a bank ledger. A debit is above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which entry.
    pub id: EntryId,
    /// The voucher's day.
    pub dated: NaiveDate,
    /// The instrument's own date.
    pub instrument_date: Option<NaiveDate>,
    /// The amount.
    pub amount: Money,
    /// What the books say of it.
    pub said: Said,
}

/// Numbers and words of a text, in the form in which they are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    numbers: BTreeSet<String>,
    words: BTreeSet<String>,
    squeezed: String,
}

/// Fewest signs of a number that tells anything.
const NUMBER_MIN: usize = 3;
/// Fewest signs of a number that is looked for inside longer ones.
const INSIDE_MIN: usize = 6;
/// Fewest letters of a word that tells anything.
const WORD_MIN: usize = 3;
/// Fewest letters of a word that may be spelled in two ways.
const SPELLED_MIN: usize = 5;
/// Most words and numbers that are kept of one text.
const KEPT_MAX: usize = 40;

impl Said {
    /// Of numbers (of cheques, transfers, bills) and of words.
    pub fn of<'t>(
        numbers: impl IntoIterator<Item = &'t str>,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Self {
        let mut said = Self::default();
        for number in numbers {
            said.number(&squeezed(number));
        }
        for text in texts {
            let text = fold(text);
            for run in text.split(|one: char| !one.is_ascii_digit()) {
                if run.len() > NUMBER_MIN {
                    said.number(run);
                }
            }
            for word in text.split(|one: char| !one.is_alphabetic()) {
                if word.chars().count() >= WORD_MIN && said.words.len() < KEPT_MAX {
                    said.words.insert(word.to_owned());
                }
            }
            said.squeezed.push_str(&squeezed(&text));
            said.squeezed.push(' ');
        }
        said
    }

    fn number(&mut self, number: &str) {
        let plain = number.trim_start_matches('0');
        if plain.len() >= NUMBER_MIN && self.numbers.len() < KEPT_MAX {
            self.numbers.insert(plain.to_owned());
        }
    }

    fn shares_number(&self, other: &Self) -> bool {
        let is_inside = |numbers: &BTreeSet<String>, text: &str| {
            numbers.iter().any(|one| one.len() >= INSIDE_MIN && text.contains(one.as_str()))
        };
        self.numbers.intersection(&other.numbers).next().is_some()
            || is_inside(&self.numbers, &other.squeezed)
            || is_inside(&other.numbers, &self.squeezed)
    }

    fn shared_words(&self, other: &Self) -> usize {
        let is_like = |one: &str, other: &str| {
            one == other
                || (one.chars().count() >= SPELLED_MIN
                    && other.chars().count() >= SPELLED_MIN
                    && strsim::osa_distance(one, other) <= 1)
        };
        let is_there = |word: &&String| other.words.iter().any(|one| is_like(word, one));
        self.words.iter().filter(is_there).count()
    }
}

/// Letters and digits alone.
fn squeezed(text: &str) -> String {
    fold(text).chars().filter(|one| one.is_alphanumeric()).collect()
}

/// What speaks for a proposal, or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// One line and one entry have the same amount.
    SameAmount,
    /// Several lines or entries come to the same amount together.
    SameSum,
    /// They are of one day.
    SameDay,
    /// They are at most a week apart.
    NearDay,
    /// They are further apart.
    FarDay,
    /// Both name the same number.
    SameNumber,
    /// Both use the same words.
    SameWords,
    /// Another proposal for the line is as good.
    Ambiguous,
}

/// Lines and entries that may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The lines, in the order of their ids.
    pub lines: Vec<BankLineId>,
    /// The entries, in the order of their ids.
    pub entries: Vec<EntryId>,
    /// How sure it is, 0 to 100.
    pub score: u8,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// Most proposals for one line.
pub const PROPOSALS_MAX: usize = 5;
/// Most lines, or entries, that one proposal takes together.
pub const TOGETHER_MAX: usize = 6;
/// Farthest days apart, unless both name the same number.
pub const DAYS_MAX: u64 = 90;
/// Farthest days apart where they do: a cheque of last year may be presented yet.
pub const NUMBERED_DAYS_MAX: u64 = 370;
/// Farthest days apart of what is taken together.
const TOGETHER_DAYS_MAX: u64 = 31;
/// Most that is tried in finding what comes to a sum.
const CANDIDATES_MAX: usize = 24;
const STEPS_MAX: usize = 20_000;
const SUMS_MAX: usize = 3;

const AMOUNT: u8 = 40;
const SUM: u8 = 30;
const NUMBER: u8 = 30;
const AMBIGUOUS: u8 = 10;

/// From the day of a line to the nearest day of an entry.
fn days_apart(line: &Line, entry: &Entry) -> u64 {
    let apart = |day: NaiveDate| line.dated.signed_duration_since(day).num_days().unsigned_abs();
    let own = apart(entry.dated);
    entry.instrument_date.map_or(own, |day| own.min(apart(day)))
}

/// How well one line and one entry go together, their amounts aside.
#[derive(Debug, Clone, Copy)]
struct Fit {
    days: u64,
    same_number: bool,
    words: usize,
}

impl Fit {
    fn of(line: &Line, entry: &Entry) -> Self {
        Self {
            days: days_apart(line, entry),
            same_number: line.said.shares_number(&entry.said),
            words: line.said.shared_words(&entry.said),
        }
    }

    fn is_within_reach(self) -> bool {
        self.days <= if self.same_number { NUMBERED_DAYS_MAX } else { DAYS_MAX }
    }

    /// Of several, the weakest counts.
    fn with(self, other: Self) -> Self {
        Self {
            days: self.days.max(other.days),
            same_number: self.same_number && other.same_number,
            words: self.words.min(other.words),
        }
    }

    fn score(self, base: (u8, Reason)) -> (u8, Vec<Reason>) {
        let (mut score, mut reasons) = (base.0, vec![base.1]);
        let (days, why) = match self.days {
            0 => (20, Reason::SameDay),
            1..=3 => (16, Reason::NearDay),
            4..=7 => (12, Reason::NearDay),
            8..=31 => (6, Reason::FarDay),
            _ => (2, Reason::FarDay),
        };
        score = score.saturating_add(days);
        reasons.push(why);
        if self.same_number {
            score = score.saturating_add(NUMBER);
            reasons.push(Reason::SameNumber);
        }
        if self.words > 0 {
            score = score.saturating_add(if self.words > 1 { 10 } else { 5 });
            reasons.push(Reason::SameWords);
        }
        (score.min(100), reasons)
    }
}

/// What a line may be, the best first: an entry, several entries, or with other lines a part of one entry.
///
/// `others` are further lines that wait, `entries` those of the books that the bank has not confirmed.
pub fn propose(line: &Line, others: &[Line], entries: &[Entry]) -> Vec<Proposal> {
    let mut found = Vec::new();
    if line.amount.is_zero() {
        return found;
    }
    for entry in entries.iter().filter(|entry| entry.amount == line.amount) {
        let fit = Fit::of(line, entry);
        if fit.is_within_reach() {
            found.push(proposal(&[line], &[entry], fit.score((AMOUNT, Reason::SameAmount))));
        }
    }
    let mut steps = STEPS_MAX;
    found.extend(of_several_entries(line, entries, &mut steps));
    for entry in nearest_wholes(line, entries) {
        found.extend(of_several_lines(line, others, entry, &mut steps));
    }
    found.sort_by(|one, other| {
        let key = |proposal: &Proposal| proposal.lines.len() + proposal.entries.len();
        (other.score, key(one), &one.entries, &one.lines).cmp(&(
            one.score,
            key(other),
            &other.entries,
            &other.lines,
        ))
    });
    found.dedup();
    found.truncate(PROPOSALS_MAX);
    if let [first, second, ..] = found.as_slice()
        && first.score == second.score
    {
        let best = first.score;
        for proposal in &mut found {
            if proposal.score == best {
                proposal.reasons.push(Reason::Ambiguous);
            }
            proposal.score = proposal.score.saturating_sub(AMBIGUOUS);
        }
    }
    found
}

fn proposal(lines: &[&Line], entries: &[&Entry], (score, reasons): (u8, Vec<Reason>)) -> Proposal {
    let mut lines: Vec<BankLineId> = lines.iter().map(|line| line.id).collect();
    let mut entries: Vec<EntryId> = entries.iter().map(|entry| entry.id).collect();
    lines.sort_unstable();
    entries.sort_unstable();
    Proposal { lines, entries, score, reasons }
}

fn of_several_entries(line: &Line, entries: &[Entry], steps: &mut usize) -> Vec<Proposal> {
    let parts = entries.iter().map(|entry| (entry, days_apart(line, entry), entry.amount));
    let sums = coming_to(line.amount, nearest_parts(line.amount, parts), steps);
    sums.into_iter()
        .filter_map(|entries| {
            let fit = entries.iter().map(|entry| Fit::of(line, entry)).reduce(Fit::with)?;
            Some(proposal(&[line], &entries, fit.score((SUM, Reason::SameSum))))
        })
        .collect()
}

/// Entries of which a line may be a part, the nearest first.
fn nearest_wholes<'e>(line: &Line, entries: &'e [Entry]) -> Vec<&'e Entry> {
    let mut near: Vec<(u64, &Entry)> = entries
        .iter()
        .filter(|entry| {
            line.amount.is_negative() == entry.amount.is_negative()
                && line.amount.size() < entry.amount.size()
        })
        .map(|entry| (days_apart(line, entry), entry))
        .filter(|(days, _)| *days <= TOGETHER_DAYS_MAX)
        .collect();
    near.sort_by_key(|(days, _)| *days);
    near.truncate(CANDIDATES_MAX);
    near.into_iter().map(|(_, entry)| entry).collect()
}

fn of_several_lines(
    line: &Line,
    others: &[Line],
    entry: &Entry,
    steps: &mut usize,
) -> Vec<Proposal> {
    let rest = entry.amount.saturating_sub(line.amount);
    let others: Vec<(&Line, u64, Money)> = others
        .iter()
        .filter(|other| other.id != line.id)
        .map(|other| (other, days_apart(other, entry), other.amount))
        .collect();
    // One other line may be all of the rest.
    let alone = others
        .iter()
        .filter(|(_, days, amount)| *amount == rest && *days <= TOGETHER_DAYS_MAX)
        .take(SUMS_MAX);
    let mut sums: Vec<Vec<&Line>> = alone.map(|(other, ..)| vec![*other]).collect();
    if sums.is_empty() {
        sums = coming_to(rest, nearest_parts(rest, others.into_iter()), steps);
    }
    sums.into_iter()
        .filter(|lines| lines.len() < TOGETHER_MAX)
        .filter_map(|mut lines| {
            lines.push(line);
            let fit = lines.iter().map(|line| Fit::of(line, entry)).reduce(Fit::with)?;
            Some(proposal(&lines, &[entry], fit.score((SUM, Reason::SameSum))))
        })
        .collect()
}

/// Something with its amount.
type Part<'c, T> = (&'c T, Money);

/// What may be a part of a sum, the nearest first. The second value of each is how many days it is away.
fn nearest_parts<'c, T>(
    sum: Money,
    all: impl Iterator<Item = (&'c T, u64, Money)>,
) -> Vec<Part<'c, T>> {
    let mut near: Vec<(&T, u64, Money)> = all
        .filter(|(_, days, amount)| {
            !amount.is_zero()
                && amount.is_negative() == sum.is_negative()
                && amount.size() < sum.size()
                && *days <= TOGETHER_DAYS_MAX
        })
        .collect();
    near.sort_by_key(|(_, days, _)| *days);
    near.truncate(CANDIDATES_MAX);
    near.into_iter().map(|(one, _, amount)| (one, amount)).collect()
}

/// Sets of at least two parts that come to a sum: the first few that a bounded search finds.
fn coming_to<'c, T>(sum: Money, parts: Vec<Part<'c, T>>, steps: &mut usize) -> Vec<Vec<&'c T>> {
    let mut search = Search { parts, steps, found: Vec::new() };
    search.go_on(0, sum.size(), &mut Vec::new());
    search.found
}

struct Search<'c, 's, T> {
    parts: Vec<Part<'c, T>>,
    steps: &'s mut usize,
    found: Vec<Vec<&'c T>>,
}

impl<'c, T> Search<'c, '_, T> {
    fn go_on(&mut self, from: usize, left: Money, taken: &mut Vec<&'c T>) {
        if left.is_zero() && taken.len() > 1 {
            self.found.push(taken.clone());
            return;
        }
        if taken.len() >= TOGETHER_MAX {
            return;
        }
        for place in from..self.parts.len() {
            if *self.steps == 0 || self.found.len() >= SUMS_MAX {
                return;
            }
            *self.steps -= 1;
            let Some((one, amount)) = self.parts.get(place).copied() else { return };
            let rest = left.saturating_sub(amount.size());
            if rest.is_negative() {
                continue;
            }
            taken.push(one);
            self.go_on(place.saturating_add(1), rest, taken);
            taken.pop();
        }
    }
}

/// Of many proposals those that may be confirmed without a look: at least this sure, with no other as good
/// for a line or an entry of theirs, and none of these in two of them.
pub fn beyond_doubt(proposals: &[Proposal], least: u8) -> Vec<Proposal> {
    // What was one of several equals was worth so much more before; weaker ones raise no doubt.
    let is_doubtful = |one: &Proposal| {
        proposals.iter().any(|other| {
            other.reasons.contains(&Reason::Ambiguous)
                && other.score.saturating_add(AMBIGUOUS) >= one.score
                && other.lines.iter().any(|line| one.lines.contains(line))
        })
    };
    let mut sure: Vec<&Proposal> =
        proposals.iter().filter(|one| one.score >= least && !is_doubtful(one)).collect();
    sure.sort_by(|one, other| {
        (other.score, &one.lines, &one.entries).cmp(&(one.score, &other.lines, &other.entries))
    });
    sure.dedup();
    let shares = |one: &Proposal, other: &Proposal| {
        one.lines.iter().any(|line| other.lines.contains(line))
            || one.entries.iter().any(|entry| other.entries.contains(entry))
    };
    let mut chosen: Vec<Proposal> = Vec::new();
    for one in &sure {
        let rival =
            sure.iter().any(|other| other != one && other.score == one.score && shares(one, other));
        if !rival && !chosen.iter().any(|taken| shares(one, taken)) {
            chosen.push((*one).clone());
        }
    }
    chosen
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
