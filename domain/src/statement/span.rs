//! The days that a statement covers, and the spans that it is compared with.

use chrono::{Days, Months, NaiveDate};

use crate::period::month_start;

/// From a first day to a last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

impl Span {
    /// The days from one to the other; none when the last comes before the first.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// How many days.
    pub fn days(self) -> i64 {
        self.to.signed_duration_since(self.from).num_days() + 1
    }

    /// As many whole months directly before, where this is of whole months; else as many days.
    ///
    /// `None` where the calendar ends.
    pub fn previous(self) -> Option<Self> {
        let to = self.from.checked_sub_days(Days::new(1))?;
        let from = match self.whole_months() {
            Some(months) => self.from.checked_sub_months(Months::new(months))?,
            None => self.from.checked_sub_days(Days::new(u64::try_from(self.days()).ok()?))?,
        };
        Some(Self { from, to })
    }

    /// The same days a year earlier; the last day of a month stays one.
    ///
    /// `None` where the calendar ends.
    pub fn year_before(self) -> Option<Self> {
        let earlier = |day: NaiveDate| day.checked_sub_months(Months::new(12));
        let to = if is_month_end(self.to) {
            // The day after is the first of a month in every year.
            earlier(self.to.checked_add_days(Days::new(1))?)?.checked_sub_days(Days::new(1))?
        } else {
            earlier(self.to)?
        };
        Self::new(earlier(self.from)?, to)
    }

    fn whole_months(self) -> Option<u32> {
        if self.from != month_start(self.from) || !is_month_end(self.to) {
            return None;
        }
        let next = self.to.checked_add_days(Days::new(1))?;
        let mut months = 0;
        let mut at = self.from;
        while at < next {
            at = at.checked_add_months(Months::new(1))?;
            months += 1;
        }
        Some(months)
    }
}

/// Whether a day is the last of its month.
pub fn is_month_end(day: NaiveDate) -> bool {
    day.checked_add_days(Days::new(1)).is_none_or(|next| next == month_start(next))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Span {
        Span::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    #[test]
    fn what_is_compared_is_as_long() {
        let cases = [
            ("2025-04-01", "2026-03-31", "2024-04-01", "2025-03-31"),
            ("2025-04-01", "2025-06-30", "2025-01-01", "2025-03-31"),
            ("2025-03-01", "2025-03-31", "2025-02-01", "2025-02-28"),
            ("2025-02-01", "2025-02-28", "2025-01-01", "2025-01-31"),
            ("2025-04-10", "2025-04-19", "2025-03-31", "2025-04-09"),
            ("2025-04-01", "2025-04-01", "2025-03-31", "2025-03-31"),
        ];
        for (from, to, first, last) in cases {
            assert_eq!(span(from, to).previous(), Some(span(first, last)), "{from} to {to}");
        }
    }

    #[test]
    fn a_year_earlier_month_ends_stay_month_ends() {
        let cases = [
            ("2025-04-01", "2026-03-31", "2024-04-01", "2025-03-31"),
            ("2025-02-01", "2025-02-28", "2024-02-01", "2024-02-29"),
            ("2024-02-01", "2024-02-29", "2023-02-01", "2023-02-28"),
            ("2024-02-29", "2024-03-10", "2023-02-28", "2023-03-10"),
        ];
        for (from, to, first, last) in cases {
            assert_eq!(span(from, to).year_before(), Some(span(first, last)), "{from} to {to}");
        }
    }

    #[test]
    fn a_span_has_its_days() {
        assert_eq!(span("2025-04-01", "2026-03-31").days(), 365);
        assert_eq!(span("2025-04-01", "2025-04-01").days(), 1);
        assert_eq!(Span::new(NaiveDate::MAX, NaiveDate::MIN), None);
        assert_eq!(span("2025-04-01", "2025-04-30").previous().unwrap().days(), 31);
        let first = Span { from: NaiveDate::MIN, to: NaiveDate::MIN };
        assert_eq!(first.previous(), None);
        assert_eq!(first.year_before(), None);
    }
}
