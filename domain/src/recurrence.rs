//! Dates that come again: every so many days, weeks, months, quarters or years.
//!
//! A rule gives dates by itself, without remembering which came before: whoever knows the last date that was
//! dealt with asks for the next one. So nothing is lost by a stop, and nothing comes twice.

use chrono::{Datelike, Days, Months, NaiveDate};

/// What is counted between two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Quarters: three months.
    Quarter,
    /// Years: twelve months.
    Year,
}

/// What becomes of a day that a month is too short for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShortMonth {
    /// The last day of that month.
    LastDay,
    /// The first day of the month after it.
    NextMonth,
    /// That month has none.
    Skip,
}

/// A rule for dates that come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurrence {
    unit: Unit,
    every: u32,
    first: NaiveDate,
    day: u32,
    short: ShortMonth,
}

/// Most units between two dates.
pub const EVERY_MAX: u32 = 366;

/// Months that may follow each other without a date: the 29th of February, each 366 years, in a century
/// without a leap day, waits longest; beyond it there is no date.
const STEPS_MAX: u32 = 400;

/// Why there is no such rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// Every 0 days, or far too seldom.
    #[error("every 1 to {EVERY_MAX}")]
    Every,
    /// No month has that day.
    #[error("a day of the month is 1 to 31")]
    Day,
    /// A day of the month where no months are counted.
    #[error("only months, quarters and years have a day of the month")]
    DayOfDays,
}

impl Recurrence {
    /// A rule whose dates are not before `first`. Of months, quarters and years, `day` is the day of the
    /// month; that of `first` where it is not given.
    ///
    /// # Errors
    /// [`BadRule`] says what is out of bounds.
    pub fn new(
        unit: Unit,
        every: u32,
        first: NaiveDate,
        day: Option<u32>,
        short: ShortMonth,
    ) -> Result<Self, BadRule> {
        if every == 0 || every > EVERY_MAX {
            return Err(BadRule::Every);
        }
        match day {
            Some(_) if matches!(unit, Unit::Day | Unit::Week) => return Err(BadRule::DayOfDays),
            Some(day) if !(1..=31).contains(&day) => return Err(BadRule::Day),
            _ => {}
        }
        Ok(Self { unit, every, first, day: day.unwrap_or(first.day()), short })
    }

    /// The first date of the rule on `from` or later; none beyond the calendar.
    pub fn on_or_after(&self, from: NaiveDate) -> Option<NaiveDate> {
        let from = from.max(self.first);
        match self.unit {
            Unit::Day => self.of_days(1, from),
            Unit::Week => self.of_days(7, from),
            Unit::Month => self.of_months(1, from),
            Unit::Quarter => self.of_months(3, from),
            Unit::Year => self.of_months(12, from),
        }
    }

    /// The first date of the rule after `day`.
    pub fn after(&self, day: NaiveDate) -> Option<NaiveDate> {
        self.on_or_after(day.succ_opt()?)
    }

    /// The dates of the rule from a day on, in order.
    pub fn dates(&self, from: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let rule = *self;
        std::iter::successors(rule.on_or_after(from), move |day| rule.after(*day))
    }

    fn of_days(&self, days: u64, from: NaiveDate) -> Option<NaiveDate> {
        let step = days * u64::from(self.every);
        let gone = u64::try_from((from - self.first).num_days()).ok()?;
        self.first.checked_add_days(Days::new(gone.div_ceil(step) * step))
    }

    fn of_months(&self, months: u32, from: NaiveDate) -> Option<NaiveDate> {
        let step = months * self.every;
        let begins = self.first.with_day(1)?;
        let gone = u32::try_from(months_of(from) - months_of(begins)).ok()?;
        // A date may lie on the first day of the month after its own.
        let near = (gone / step).saturating_sub(1);
        (0..STEPS_MAX).find_map(|more| {
            let month = begins.checked_add_months(Months::new((near + more) * step))?;
            self.in_month(month).filter(|day| *day >= from)
        })
    }

    /// The date of a month, given by its first day.
    fn in_month(&self, month: NaiveDate) -> Option<NaiveDate> {
        month.with_day(self.day).or_else(|| {
            let next = month.checked_add_months(Months::new(1))?;
            match self.short {
                ShortMonth::LastDay => next.pred_opt(),
                ShortMonth::NextMonth => Some(next),
                ShortMonth::Skip => None,
            }
        })
    }
}

fn months_of(day: NaiveDate) -> i32 {
    day.year() * 12 + i32::try_from(day.month0()).unwrap_or(0)
}

/// What becomes of dates that passed while nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CatchUp {
    /// Each is made up for.
    All,
    /// The latest is made up for, the others are left out.
    Latest,
    /// They are left out.
    Skip,
}

/// The dates of a rule that are left: none after `until`, and no more than `left`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The rule.
    pub rule: Recurrence,
    /// Last day on which a date may lie.
    pub until: Option<NaiveDate>,
    /// How many dates are left.
    pub left: Option<u32>,
}

impl Schedule {
    /// The dates that are left, from a day on.
    pub fn dates(&self, from: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let until = self.until.unwrap_or(NaiveDate::MAX);
        let left = self.left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        self.rule.dates(from).take_while(move |day| *day <= until).take(left)
    }

    /// What is to be done on `today`, when `next` is the first date that was not dealt with; nothing where
    /// that date is still to come.
    pub fn due(&self, next: NaiveDate, today: NaiveDate, catch_up: CatchUp) -> Option<Due> {
        let nth = |count: usize| self.dates(next).nth(count);
        let past = |of: &dyn Fn(&NaiveDate) -> bool| self.dates(next).take_while(of).count();
        let due = match catch_up {
            CatchUp::All => {
                let on = nth(0).filter(|day| *day <= today)?;
                Due { on: Some(on), left_out: 0, next: nth(1) }
            }
            CatchUp::Latest => {
                let count = past(&|day| *day <= today);
                let before = count.checked_sub(1)?;
                Due { on: nth(before), left_out: whole(before), next: nth(count) }
            }
            CatchUp::Skip => {
                let missed = past(&|day| *day < today);
                match nth(missed) {
                    Some(day) if day == today => {
                        Due { on: Some(day), left_out: whole(missed), next: nth(missed + 1) }
                    }
                    _ if missed == 0 => return None,
                    next => Due { on: None, left_out: whole(missed), next },
                }
            }
        };
        Some(due)
    }
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What is to be done with dates that have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The date to be dealt with; none where dates are only left out.
    pub on: Option<NaiveDate>,
    /// How many dates before it are left out.
    pub left_out: u32,
    /// The date that follows; none where none is left.
    pub next: Option<NaiveDate>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn dates(
        unit: Unit,
        every: u32,
        first: &str,
        of_month: Option<u32>,
        short: ShortMonth,
    ) -> Vec<String> {
        let rule = Recurrence::new(unit, every, day(first), of_month, short).unwrap();
        rule.dates(day(first)).take(5).map(|day| day.to_string()).collect()
    }

    #[test]
    fn rules_give_their_dates() {
        use ShortMonth::*;
        use Unit::*;
        for (unit, every, first, of_month, short, expected) in [
            (
                Day,
                1,
                "2026-02-27",
                None,
                LastDay,
                ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03"],
            ),
            (
                Day,
                10,
                "2028-02-20",
                None,
                Skip,
                ["2028-02-20", "2028-03-01", "2028-03-11", "2028-03-21", "2028-03-31"],
            ),
            (
                Week,
                2,
                "2026-12-21",
                None,
                LastDay,
                ["2026-12-21", "2027-01-04", "2027-01-18", "2027-02-01", "2027-02-15"],
            ),
            // The day of the first date comes back after a short month.
            (
                Month,
                1,
                "2026-01-31",
                None,
                LastDay,
                ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"],
            ),
            (
                Month,
                1,
                "2028-01-30",
                None,
                LastDay,
                ["2028-01-30", "2028-02-29", "2028-03-30", "2028-04-30", "2028-05-30"],
            ),
            (
                Month,
                1,
                "2026-01-31",
                None,
                NextMonth,
                ["2026-01-31", "2026-03-01", "2026-03-31", "2026-05-01", "2026-05-31"],
            ),
            (
                Month,
                1,
                "2026-01-31",
                None,
                Skip,
                ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"],
            ),
            // A day of its own: dates are not before the first day.
            (
                Month,
                1,
                "2026-01-15",
                Some(5),
                LastDay,
                ["2026-02-05", "2026-03-05", "2026-04-05", "2026-05-05", "2026-06-05"],
            ),
            (
                Month,
                1,
                "2026-01-15",
                Some(31),
                LastDay,
                ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"],
            ),
            (
                Month,
                5,
                "2026-10-01",
                None,
                LastDay,
                ["2026-10-01", "2027-03-01", "2027-08-01", "2028-01-01", "2028-06-01"],
            ),
            (
                Quarter,
                1,
                "2026-11-30",
                None,
                LastDay,
                ["2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30", "2027-11-30"],
            ),
            (
                Quarter,
                2,
                "2026-08-31",
                None,
                NextMonth,
                ["2026-08-31", "2027-03-01", "2027-08-31", "2028-03-01", "2028-08-31"],
            ),
            (
                Year,
                1,
                "2024-02-29",
                None,
                LastDay,
                ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
            ),
            (
                Year,
                1,
                "2024-02-29",
                None,
                Skip,
                ["2024-02-29", "2028-02-29", "2032-02-29", "2036-02-29", "2040-02-29"],
            ),
            (
                Year,
                1,
                "2096-02-29",
                None,
                Skip,
                ["2096-02-29", "2104-02-29", "2108-02-29", "2112-02-29", "2116-02-29"],
            ),
        ] {
            assert_eq!(
                dates(unit, every, first, of_month, short),
                expected,
                "{unit:?} {every} {first}"
            );
        }
    }

    #[test]
    fn rules_out_of_bounds_are_none() {
        let rule = |unit, every, of_month| {
            Recurrence::new(unit, every, day("2026-01-01"), of_month, ShortMonth::Skip).map(|_| ())
        };
        assert_eq!(rule(Unit::Day, 0, None), Err(BadRule::Every));
        assert_eq!(rule(Unit::Month, EVERY_MAX + 1, None), Err(BadRule::Every));
        assert_eq!(rule(Unit::Month, 1, Some(32)), Err(BadRule::Day));
        assert_eq!(rule(Unit::Month, 1, Some(0)), Err(BadRule::Day));
        assert_eq!(rule(Unit::Week, 1, Some(1)), Err(BadRule::DayOfDays));
        assert_eq!(rule(Unit::Year, EVERY_MAX, Some(31)), Ok(()));
    }

    #[test]
    fn what_was_missed_is_made_up_for_as_the_rule_says() {
        let rule =
            Recurrence::new(Unit::Day, 2, day("2026-05-01"), None, ShortMonth::Skip).unwrap();
        let all = Schedule { rule, until: None, left: None };
        let until = Schedule { until: Some(day("2026-05-06")), ..all };
        let twice = Schedule { left: Some(2), ..all };
        use CatchUp::*;
        for (schedule, next, today, catch_up, expected) in [
            (all, "2026-05-03", "2026-05-02", All, None),
            (all, "2026-05-03", "2026-05-02", Latest, None),
            (all, "2026-05-03", "2026-05-02", Skip, None),
            (all, "2026-05-03", "2026-05-08", All, Some(("2026-05-03", 0, "2026-05-05"))),
            (all, "2026-05-03", "2026-05-08", Latest, Some(("2026-05-07", 2, "2026-05-09"))),
            (all, "2026-05-03", "2026-05-08", Skip, Some(("", 3, "2026-05-09"))),
            (all, "2026-05-03", "2026-05-07", Skip, Some(("2026-05-07", 2, "2026-05-09"))),
            (all, "2026-05-07", "2026-05-07", Latest, Some(("2026-05-07", 0, "2026-05-09"))),
            (until, "2026-05-03", "2026-05-08", Latest, Some(("2026-05-05", 1, ""))),
            (until, "2026-05-03", "2026-05-08", Skip, Some(("", 2, ""))),
            (until, "2026-05-05", "2026-05-08", All, Some(("2026-05-05", 0, ""))),
            (twice, "2026-05-03", "2026-05-20", Latest, Some(("2026-05-05", 1, ""))),
            (twice, "2026-05-03", "2026-05-20", Skip, Some(("", 2, ""))),
            (twice, "2026-05-03", "2026-05-20", All, Some(("2026-05-03", 0, "2026-05-05"))),
        ] {
            let due = schedule.due(day(next), day(today), catch_up);
            let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
            let found = due.map(|due| (text(due.on), due.left_out, text(due.next)));
            let expected = expected.map(|(on, left, next)| (on.to_owned(), left, next.to_owned()));
            assert_eq!(found, expected, "{next} {today} {catch_up:?}");
        }
    }

    fn any_rule() -> impl Strategy<Value = Recurrence> {
        let unit = prop_oneof![
            Just(Unit::Day),
            Just(Unit::Week),
            Just(Unit::Month),
            Just(Unit::Quarter),
            Just(Unit::Year)
        ];
        let short = prop_oneof![
            Just(ShortMonth::LastDay),
            Just(ShortMonth::NextMonth),
            Just(ShortMonth::Skip)
        ];
        let first = (0_u64..40_000).prop_map(|days| day("1990-01-01") + Days::new(days));
        (unit, 1..=12_u32, first, prop::option::of(1..=31_u32), short).prop_map(
            |(unit, every, first, of_month, short)| {
                let of_month = of_month.filter(|_| !matches!(unit, Unit::Day | Unit::Week));
                Recurrence::new(unit, every, first, of_month, short).unwrap()
            },
        )
    }

    proptest! {
        #[test]
        fn dates_rise_and_are_found_from_any_day_between(rule in any_rule(), skip in 0..20_usize) {
            let all: Vec<NaiveDate> = rule.dates(rule.first).take(24).collect();
            prop_assert!(all.iter().all(|day| *day >= rule.first));
            prop_assert!(all.is_sorted_by(|one, other| one < other));
            for pair in all.windows(2).skip(skip).take(3) {
                let [one, other] = pair else { unreachable!() };
                // From each day after one date, the next is found.
                let gap = u64::try_from((*other - *one).num_days()).unwrap();
                for days in [1, gap / 2 + 1, gap] {
                    let from = *one + Days::new(days.min(gap));
                    prop_assert_eq!(rule.on_or_after(from), Some(*other));
                }
            }
        }

        #[test]
        fn with_the_last_day_no_period_is_left_out(first in 0_u64..20_000, every in 1..=6_u32, of_month in 1..=31_u32) {
            let first = day("2000-01-01") + Days::new(first);
            let rule = Recurrence::new(Unit::Month, every, first, Some(of_month), ShortMonth::LastDay).unwrap();
            let all: Vec<NaiveDate> = rule.dates(first).take(30).collect();
            for pair in all.windows(2) {
                let [one, other] = pair else { unreachable!() };
                prop_assert_eq!(months_of(*other) - months_of(*one), i32::try_from(every).unwrap());
                let is_last = other.succ_opt().unwrap().day() == 1;
                prop_assert!(other.day() == of_month || (is_last && other.day() < of_month));
            }
        }

        #[test]
        fn whatever_is_missed_no_date_is_dealt_with_twice(
            rule in any_rule(),
            gone in 0_u64..900,
            left in prop::option::of(1..40_u32),
        ) {
            let today = rule.first + Days::new(gone);
            let whole = Schedule { rule, until: None, left };
            let every = whole.dates(rule.first).take_while(|day| *day <= today).count();
            for catch_up in [CatchUp::All, CatchUp::Latest, CatchUp::Skip] {
                let (mut done, mut left_out, mut last) = (0_usize, 0_usize, None);
                let mut next = whole.dates(rule.first).next();
                while let Some(at) = next {
                    let gone = u32::try_from(done + left_out).unwrap();
                    let now = Schedule { left: left.map(|left| left - gone), ..whole };
                    let Some(due) = now.due(at, today, catch_up) else { break };
                    left_out += usize::try_from(due.left_out).unwrap();
                    if due.on.is_some() {
                        prop_assert!(due.on > last && due.on <= Some(today));
                        last = due.on;
                        done += 1;
                    }
                    next = due.next;
                }
                prop_assert_eq!(done + left_out, every);
            }
        }
    }
}
