//! Accounting years and months of book dates. The day is always passed in.

use chrono::{Datelike, Days, Months, NaiveDate};

/// A rule for accounting years: the month in which they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountingCalendar {
    first_month: u32,
}

/// First and last day of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearSpan {
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
}

/// A year that a business has opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenYear {
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Whether it was closed.
    pub closed: bool,
}

/// Whether something may be dated on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YearVerdict {
    /// Yes: in the year at this place of the list.
    Open(usize),
    /// Yes, and it opens the year after the last one.
    OpensNext(YearSpan),
    /// No: that year is closed.
    Closed,
    /// No: that year is further ahead than the next one.
    NotOpen,
    /// No: before the first year.
    BeforeFirst,
}

impl AccountingCalendar {
    /// Years that begin in this month, 1 to 12; anything else counts as January.
    pub fn starting_in(first_month: u32) -> Self {
        Self { first_month: if (1..=12).contains(&first_month) { first_month } else { 1 } }
    }

    /// The month in which years begin.
    pub fn first_month(self) -> u32 {
        self.first_month
    }

    /// The whole year that holds a day.
    pub fn year_containing(self, day: NaiveDate) -> YearSpan {
        let year = if day.month() >= self.first_month { day.year() } else { day.year() - 1 };
        let starts_on = NaiveDate::from_ymd_opt(year, self.first_month, 1).unwrap_or(day);
        YearSpan { starts_on, ends_on: last_day(starts_on) }
    }

    /// A first year that may be short: from this day to the end of the year that holds it.
    pub fn year_starting(self, day: NaiveDate) -> YearSpan {
        YearSpan { starts_on: day, ends_on: self.year_containing(day).ends_on }
    }

    /// The year after this one.
    pub fn next(self, span: YearSpan) -> YearSpan {
        let starts_on = span.ends_on.checked_add_days(Days::new(1)).unwrap_or(span.ends_on);
        YearSpan { starts_on, ends_on: last_day(starts_on) }
    }

    /// The whole year before this one, also where this one is a short first year.
    pub fn previous(self, span: YearSpan) -> YearSpan {
        let whole = self.year_containing(span.starts_on);
        let before = whole.starts_on.checked_sub_days(Days::new(1)).unwrap_or(whole.starts_on);
        self.year_containing(before)
    }

    /// `2025-26` for a year that spans two, `1999-00` at the turn of a century, `2026` for a
    /// calendar year.
    pub fn label(self, span: YearSpan) -> String {
        let whole = self.year_containing(span.starts_on);
        let (first, last) = (whole.starts_on.year(), whole.ends_on.year());
        if first == last {
            format!("{first}")
        } else {
            format!("{first}-{:02}", last.rem_euclid(100))
        }
    }
}

fn last_day(starts_on: NaiveDate) -> NaiveDate {
    starts_on
        .checked_add_months(Months::new(12))
        .and_then(|next| next.checked_sub_days(Days::new(1)))
        .unwrap_or(starts_on)
}

/// Whether something may be dated on `day`, given the years of the business in order of time.
///
/// Years neither overlap nor leave gaps. The first voucher of the year after the last open one opens
/// it; further ahead is refused.
pub fn judge_date(day: NaiveDate, years: &[OpenYear], calendar: AccountingCalendar) -> YearVerdict {
    for (place, year) in years.iter().enumerate() {
        if year.starts_on <= day && day <= year.ends_on {
            return if year.closed { YearVerdict::Closed } else { YearVerdict::Open(place) };
        }
    }
    let Some(last) = years.last() else { return YearVerdict::NotOpen };
    if day < last.starts_on {
        return YearVerdict::BeforeFirst;
    }
    let next = calendar.next(YearSpan { starts_on: last.starts_on, ends_on: last.ends_on });
    if day <= next.ends_on { YearVerdict::OpensNext(next) } else { YearVerdict::NotOpen }
}

/// Why a year is not closed or opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum YearRefusal {
    /// It is as it should become.
    #[error("this year is closed already")]
    AlreadyClosed,
    /// It is as it should become.
    #[error("this year is open")]
    AlreadyOpen,
    /// Years are closed in order.
    #[error("an earlier year is still open; close that first")]
    EarlierOpen,
    /// Years are opened again from the last.
    #[error("a later year is closed; open that first")]
    LaterClosed,
    /// A hard lock covers all of it.
    #[error("the books are closed for good through {through}")]
    ClosedForGood {
        /// Last day that the lock covers.
        through: NaiveDate,
    },
}

/// Whether the year at `place` may be closed, given the years of the business in order of time.
///
/// # Errors
/// It is closed already, or an earlier one is open.
pub fn judge_close(years: &[OpenYear], place: usize) -> Result<(), YearRefusal> {
    if years.get(place).is_none_or(|year| year.closed) {
        return Err(YearRefusal::AlreadyClosed);
    }
    if years.iter().take(place).any(|year| !year.closed) {
        return Err(YearRefusal::EarlierOpen);
    }
    Ok(())
}

/// Whether the year at `place` may be opened again; `closed_for_good` is the last day that a hard lock
/// of everything covers.
///
/// # Errors
/// It is open, a later one is closed, or the whole of it lies behind a hard lock.
pub fn judge_reopen(
    years: &[OpenYear],
    place: usize,
    closed_for_good: Option<NaiveDate>,
) -> Result<(), YearRefusal> {
    let Some(year) = years.get(place).filter(|year| year.closed) else {
        return Err(YearRefusal::AlreadyOpen);
    };
    if years.iter().skip(place).skip(1).any(|later| later.closed) {
        return Err(YearRefusal::LaterClosed);
    }
    match closed_for_good {
        Some(through) if year.ends_on <= through => Err(YearRefusal::ClosedForGood { through }),
        _ => Ok(()),
    }
}

/// The month of a day as a number: 202604.
pub fn month_key(day: NaiveDate) -> i32 {
    let month = i32::try_from(day.month()).unwrap_or(0);
    day.year() * 100 + month
}

/// First day of the month of a day.
pub fn month_start(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The Indian financial year of a day: `2025-26`, from April to March.
pub fn indian_financial_year(day: NaiveDate) -> String {
    let calendar = AccountingCalendar::starting_in(4);
    calendar.label(calendar.year_containing(day))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn years_have_their_labels() {
        let cases = [
            (4, "2025-04-01", "2025-26"),
            (4, "2026-03-31", "2025-26"),
            (4, "1999-12-31", "1999-00"),
            (1, "2026-06-30", "2026"),
            (7, "2026-06-30", "2025-26"),
        ];
        for (month, date, label) in cases {
            let calendar = AccountingCalendar::starting_in(month);
            assert_eq!(calendar.label(calendar.year_containing(day(date))), label, "{date}");
        }
    }

    #[test]
    fn a_short_first_year_keeps_its_label() {
        let calendar = AccountingCalendar::starting_in(4);
        let short = calendar.year_starting(day("2025-11-15"));
        assert_eq!(short.ends_on, day("2026-03-31"));
        assert_eq!(calendar.label(short), "2025-26");
        assert_eq!(calendar.next(short).starts_on, day("2026-04-01"));
        assert_eq!(calendar.next(short).ends_on, day("2027-03-31"));
    }

    #[test]
    fn the_year_before_is_whole() {
        let calendar = AccountingCalendar::starting_in(4);
        let before = calendar.previous(calendar.year_starting(day("2025-11-15")));
        assert_eq!((before.starts_on, before.ends_on), (day("2024-04-01"), day("2025-03-31")));
        assert_eq!(calendar.next(before), calendar.year_containing(day("2025-11-15")));
    }

    #[test]
    fn a_leap_year_ends_on_its_last_day() {
        let calendar = AccountingCalendar::starting_in(3);
        assert_eq!(calendar.year_containing(day("2024-02-29")).ends_on, day("2024-02-29"));
    }

    #[test]
    fn dates_are_judged_by_the_open_years() {
        let calendar = AccountingCalendar::starting_in(4);
        let year = |from: &str, to: &str, closed| OpenYear {
            starts_on: day(from),
            ends_on: day(to),
            closed,
        };
        let years =
            [year("2024-04-01", "2025-03-31", true), year("2025-04-01", "2026-03-31", false)];
        let judge = |date: &str| judge_date(day(date), &years, calendar);
        assert_eq!(judge("2024-03-31"), YearVerdict::BeforeFirst);
        assert_eq!(judge("2024-06-01"), YearVerdict::Closed);
        assert_eq!(judge("2025-06-01"), YearVerdict::Open(1));
        assert!(
            matches!(judge("2026-04-01"), YearVerdict::OpensNext(span) if span.starts_on == day("2026-04-01"))
        );
        assert!(matches!(judge("2027-03-31"), YearVerdict::OpensNext(_)));
        assert_eq!(judge("2027-04-01"), YearVerdict::NotOpen);
        assert_eq!(judge_date(day("2026-01-01"), &[], calendar), YearVerdict::NotOpen);
    }
    fn open_year(from: &str, to: &str, closed: bool) -> OpenYear {
        OpenYear { starts_on: day(from), ends_on: day(to), closed }
    }

    /// Three years of which the first so many are closed.
    fn three(closed: usize) -> [OpenYear; 3] {
        [
            open_year("2023-11-15", "2024-03-31", closed > 0),
            open_year("2024-04-01", "2025-03-31", closed > 1),
            open_year("2025-04-01", "2026-03-31", closed > 2),
        ]
    }

    #[test]
    fn years_are_closed_in_order() {
        for (closed, place, right) in [
            (0, 0, Ok(())),
            (0, 1, Err(YearRefusal::EarlierOpen)),
            (0, 2, Err(YearRefusal::EarlierOpen)),
            (1, 0, Err(YearRefusal::AlreadyClosed)),
            (1, 1, Ok(())),
            (3, 2, Err(YearRefusal::AlreadyClosed)),
            (0, 3, Err(YearRefusal::AlreadyClosed)),
        ] {
            assert_eq!(judge_close(&three(closed), place), right, "{closed} {place}");
        }
    }

    #[test]
    fn years_are_opened_again_from_the_last_and_not_behind_a_hard_lock() {
        let through = day("2025-03-31");
        for (closed, place, hard, right) in [
            (2, 1, None, Ok(())),
            (2, 0, None, Err(YearRefusal::LaterClosed)),
            (2, 2, None, Err(YearRefusal::AlreadyOpen)),
            (0, 0, None, Err(YearRefusal::AlreadyOpen)),
            (2, 1, Some("2025-03-31"), Err(YearRefusal::ClosedForGood { through })),
            // A year of which days are left may be opened: the lock holds for the others.
            (2, 1, Some("2025-03-30"), Ok(())),
            (2, 1, Some("2024-03-31"), Ok(())),
        ] {
            assert_eq!(
                judge_reopen(&three(closed), place, hard.map(day)),
                right,
                "{closed} {place}"
            );
        }
    }

    fn some_day() -> impl Strategy<Value = NaiveDate> {
        (0_u64..4_000).prop_map(|days| day("2019-01-01") + Days::new(days))
    }

    #[derive(Debug, Clone)]
    enum Act {
        Post(NaiveDate),
        Close(usize),
        Reopen(usize),
    }

    fn some_act() -> impl Strategy<Value = Act> {
        prop_oneof![
            some_day().prop_map(Act::Post),
            (0_usize..12).prop_map(Act::Close),
            (0_usize..12).prop_map(Act::Reopen),
        ]
    }

    proptest! {
        /// Whatever is posted, closed and opened again: years follow each other day by day, only the
        /// first is short, closed ones come first, and a day is open in one year at most.
        #[test]
        fn years_neither_overlap_nor_leave_gaps(
            first_month in 1_u32..13,
            begins in some_day(),
            acts in prop::collection::vec(some_act(), 0..60),
            probe in some_day(),
        ) {
            let calendar = AccountingCalendar::starting_in(first_month);
            let first = calendar.year_starting(begins);
            let open = |span: YearSpan| OpenYear {
                starts_on: span.starts_on,
                ends_on: span.ends_on,
                closed: false,
            };
            let mut years = vec![open(first)];
            for act in acts {
                match act {
                    Act::Post(day) => match judge_date(day, &years, calendar) {
                        YearVerdict::OpensNext(span) => {
                            prop_assert!(span.starts_on <= day && day <= span.ends_on);
                            years.push(open(span));
                        }
                        YearVerdict::Open(place) => {
                            let year = years[place];
                            prop_assert!(year.starts_on <= day && day <= year.ends_on);
                        }
                        YearVerdict::BeforeFirst => prop_assert!(day < begins),
                        YearVerdict::Closed | YearVerdict::NotOpen => {}
                    },
                    Act::Close(place) => {
                        if judge_close(&years, place).is_ok() {
                            years[place].closed = true;
                        }
                    }
                    Act::Reopen(place) => {
                        if judge_reopen(&years, place, None).is_ok() {
                            years[place].closed = false;
                        }
                    }
                }
                for (earlier, later) in years.iter().zip(years.iter().skip(1)) {
                    prop_assert_eq!(earlier.ends_on.succ_opt(), Some(later.starts_on));
                    prop_assert_eq!(later.starts_on.month(), first_month);
                    prop_assert_eq!(later.starts_on.day(), 1);
                    prop_assert!(earlier.closed || !later.closed);
                }
            }
            let holding = years.iter().filter(|year| year.starts_on <= probe && probe <= year.ends_on);
            prop_assert!(holding.count() <= 1);
            let last = years[years.len() - 1];
            let next = calendar.next(YearSpan { starts_on: last.starts_on, ends_on: last.ends_on });
            if probe > next.ends_on {
                prop_assert_eq!(judge_date(probe, &years, calendar), YearVerdict::NotOpen);
            }
        }
    }
}
