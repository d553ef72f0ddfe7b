//! Days as people and programs write them.

use chrono::{Datelike, NaiveDate};

/// Which of day, month and year stands first; a year of four digits may always stand first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// 31/03/2026
    #[default]
    DayFirst,
    /// 03/31/2026
    MonthFirst,
    /// 26/03/31
    YearFirst,
}

/// The years of which a voucher or a bank line can be.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

/// Years of two digits from here on are of the last century.
const CENTURY_TURN: i32 = 70;

/// Reads a day; a time behind it is dropped.
///
/// `31/03/2026`, `31.3.26`, `31-Mar-26`, `2026-03-31`, `20260331`, `31 March 2026`, each with or without
/// a time. None when it is not a day of the calendar between 1900 and 2999.
pub fn read(text: &str, order: DateOrder) -> Option<NaiveDate> {
    let text = text.trim();
    if text.len() > 60 {
        return None;
    }
    if let Some(date) = compact(text) {
        return Some(date);
    }
    let mut parts = text
        .split(|one: char| matches!(one, '/' | '-' | '.' | ',' | 'T') || one.is_whitespace())
        .filter(|part| !part.is_empty());
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    // What follows can only be a time, and perhaps its half of the day and zone.
    if let Some(time) = parts.next()
        && !time.contains(':')
    {
        return None;
    }
    if let Some(month) = month_named(second) {
        return day(year(third)?, month, number(first)?);
    }
    if let Some(month) = month_named(first) {
        return day(year(third)?, month, number(second)?);
    }
    if first.len() == 4 {
        return day(number_i32(first)?, number(second)?, number(third)?);
    }
    match order {
        DateOrder::DayFirst => day(year(third)?, number(second)?, number(first)?),
        DateOrder::MonthFirst => day(year(third)?, number(first)?, number(second)?),
        DateOrder::YearFirst => day(year(first)?, number(second)?, number(third)?),
    }
}

/// Reads `20260331` and nothing else.
pub fn compact(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 || !text.bytes().all(|one| one.is_ascii_digit()) {
        return None;
    }
    day(number_i32(text.get(..4)?)?, number(text.get(4..6)?)?, number(text.get(6..)?)?)
}

/// The day of these numbers, within the years that are kept.
pub fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day).filter(|date| YEARS.contains(&date.year()))
}

/// A year of four digits, or of two.
fn year(text: &str) -> Option<i32> {
    let year = number_i32(text)?;
    match text.len() {
        4 => Some(year),
        2 if year < CENTURY_TURN => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

fn number(text: &str) -> Option<u32> {
    let is_short = (1..=2).contains(&text.len()) && text.bytes().all(|one| one.is_ascii_digit());
    if is_short { text.parse().ok() } else { None }
}

fn number_i32(text: &str) -> Option<i32> {
    let is_short = (1..=4).contains(&text.len()) && text.bytes().all(|one| one.is_ascii_digit());
    if is_short { text.parse().ok() } else { None }
}

/// The month of an English name, whole or its first three letters.
fn month_named(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = text.to_ascii_lowercase();
    if word.len() < 3 {
        return None;
    }
    let place = MONTHS.iter().position(|month| {
        *month == word
            || month.get(..3) == Some(word.as_str())
            || (word == "sept" && *month == "september")
    })?;
    u32::try_from(place).ok().map(|place| place + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_read_in_the_order_that_was_said() {
        let expected = NaiveDate::from_ymd_opt(2026, 3, 31);
        for text in [
            "31/03/2026",
            "31/3/26",
            "31.03.2026",
            "31-Mar-26",
            "31 March 2026",
            "March 31, 2026",
            "2026-03-31",
            "2026/03/31",
            "20260331",
            "31-03-2026 14:33:10",
            "2026-03-31T14:33:10Z",
        ] {
            assert_eq!(read(text, DateOrder::DayFirst), expected, "{text}");
        }
        assert_eq!(read("03/31/2026", DateOrder::MonthFirst), expected);
        assert_eq!(read("26/03/31", DateOrder::YearFirst), expected);
        assert_eq!(read("1-Sept-99", DateOrder::DayFirst), NaiveDate::from_ymd_opt(1999, 9, 1));
    }

    #[test]
    fn what_is_no_day_of_the_calendar_is_refused() {
        for text in [
            "31/02/2025",
            "20250231",
            "1/13/2025",
            "",
            "today",
            "1/2",
            "1/2/3",
            "45123",
            "0001-01-01",
            "1899-12-31",
            "1/2/2025 x",
            "2025-1-1-1",
        ] {
            assert_eq!(read(text, DateOrder::DayFirst), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,30}", near in "[-0-9/. TJanMar]{0,14}") {
            let _ = read(&text, DateOrder::DayFirst);
            let _ = read(&near, DateOrder::MonthFirst);
        }
    }
}
