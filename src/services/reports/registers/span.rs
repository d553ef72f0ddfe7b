//! What ledgers stand at over any range of days, across the turns of accounting years too.
//!
//! The rule is that of `books/standing.rs`: income and expense begin anew with each accounting year, and
//! what they came to stands in Profit & Loss A/c from its first day on. A range that holds such a day
//! shows it as an amount that is carried, for no voucher moves it.

use std::collections::{BTreeSet, HashSet};

use chrono::{Days, NaiveDate};
use daybook_domain::{id::LedgerId, money::Money};
use daybook_entity::tenant::business::business;
use sea_orm::ConnectionTrait;

use super::{
    known::Known,
    sums::{self, ByDay},
};
use crate::{
    error::Result,
    services::books::standing::{Books, first_day},
};

/// What something stands at over a range of days: a balance is a debit above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Before the first day.
    pub opening: Money,
    /// Debits within the range.
    pub debit: Money,
    /// Credits within the range.
    pub credit: Money,
    /// What turns of accounting years within the range brought in, or took away below zero.
    pub carried: Money,
}

impl Span {
    /// At the end of the last day.
    pub fn closing(self) -> Money {
        let moved = self.opening.saturating_add(self.debit).saturating_sub(self.credit);
        moved.saturating_add(self.carried)
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            opening: self.opening.saturating_add(other.opening),
            debit: self.debit.saturating_add(other.debit),
            credit: self.credit.saturating_add(other.credit),
            carried: self.carried.saturating_add(other.carried),
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// A first day of an accounting year, and what it brought to a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The first day of the year.
    pub day: NaiveDate,
    /// The ledger.
    pub ledger: LedgerId,
    /// What was brought in, or taken away below zero.
    pub amount: Money,
}

/// The sums from which it is told what ledgers of one business stand at over a range.
pub struct Sweep<'b> {
    books: &'b Books<'b>,
    sums: ByDay,
    from: NaiveDate,
    to: NaiveDate,
    result: Option<LedgerId>,
    of_the_year: HashSet<LedgerId>,
}

impl<'b> Sweep<'b> {
    /// Reads what is needed for the range, and for balances before further days within it. Of all
    /// ledgers, or of those named.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read(
        conn: &impl ConnectionTrait,
        books: &'b Books<'b>,
        ledgers: Option<&[LedgerId]>,
        (from, to): (NaiveDate, NaiveDate),
        before: &[NaiveDate],
        known: Known,
    ) -> Result<Self> {
        let result = books.result_ledger();
        let of_the_year: HashSet<LedgerId> = books.of_the_year().collect();
        let is_turned = |ledger: &LedgerId| Some(*ledger) == result || of_the_year.contains(ledger);
        let turned = ledgers.is_none_or(|ledgers| ledgers.iter().any(is_turned));
        let mut days = BTreeSet::from([eve(from), to]);
        days.extend(before.iter().map(|day| eve(*day)));
        if turned {
            let firsts = before.iter().chain([&from, &to]);
            days.extend(firsts.map(|day| eve(first_day(books.business, *day))));
            days.extend(turns(books.business, from, to).into_iter().map(eve));
        }
        // Profit & Loss A/c takes over from all of them, whichever are asked for.
        let with_all =
            ledgers.filter(|all| result.is_some_and(|one| all.contains(&one))).map(|all| {
                let mut all = all.to_vec();
                all.extend(of_the_year.iter().copied());
                all
            });
        let named = with_all.as_deref().or(ledgers);
        let sums = sums::by_day(conn, books.business.id, named, &days, known).await?;
        Ok(Self { books, sums, from, to, result, of_the_year })
    }

    /// The ledgers that have anything to tell.
    pub fn ledgers(&self) -> BTreeSet<LedgerId> {
        let mut found = self.sums.ledgers();
        found.extend(self.result);
        found
    }

    /// What a ledger stands at over the range.
    pub fn span(&self, ledger: LedgerId) -> Span {
        let before = self.sums.at(eve(self.from), ledger);
        let until = self.sums.at(self.to, ledger);
        Span {
            opening: self.opening(ledger, self.from),
            debit: until.debit.saturating_sub(before.debit),
            credit: until.credit.saturating_sub(before.credit),
            carried: self.carried(ledger, self.first(self.from), self.first(self.to)),
        }
    }

    /// What a ledger stands at before one of the days that were read for.
    pub fn opening(&self, ledger: LedgerId, day: NaiveDate) -> Money {
        let balance = self.sums.at(eve(day), ledger).balance();
        balance.saturating_add(self.taken_over(ledger, self.first(day)))
    }

    /// The turns of years within the range that brought a ledger anything.
    pub fn turns(&self, ledger: LedgerId) -> Vec<Turn> {
        if Some(ledger) != self.result && !self.of_the_year.contains(&ledger) {
            return Vec::new();
        }
        let mut last = self.first(self.from);
        let mut found = Vec::new();
        for day in turns(self.books.business, self.from, self.to) {
            let amount = self.carried(ledger, last, day);
            if !amount.is_zero() {
                found.push(Turn { day, ledger, amount });
            }
            last = day;
        }
        found
    }

    /// What years that begin after `last` and not after `first` brought.
    fn carried(&self, ledger: LedgerId, last: NaiveDate, first: NaiveDate) -> Money {
        if last == first {
            return Money::ZERO;
        }
        self.taken_over(ledger, first).saturating_sub(self.taken_over(ledger, last))
    }

    /// What all years before a first day brought to a ledger.
    fn taken_over(&self, ledger: LedgerId, first: NaiveDate) -> Money {
        let balance = |of: LedgerId| self.sums.at(eve(first), of).balance();
        if self.of_the_year.contains(&ledger) {
            return -balance(ledger);
        }
        if Some(ledger) == self.result {
            let all = self.of_the_year.iter();
            return all.fold(Money::ZERO, |sum, one| sum.saturating_add(balance(*one)));
        }
        Money::ZERO
    }

    fn first(&self, day: NaiveDate) -> NaiveDate {
        first_day(self.books.business, day)
    }
}

/// The day before; the first day that there is has none.
pub fn eve(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

/// First days of accounting years after `from` and not after `to`, in order.
fn turns(business: &business::Model, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let mut days = Vec::new();
    let mut day = first_day(business, to);
    while day > from && day >= business.books_begin_on {
        days.push(day);
        day = first_day(business, eve(day));
    }
    days.reverse();
    days
}
