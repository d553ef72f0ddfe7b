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
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
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
}
