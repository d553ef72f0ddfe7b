//! Bills: how old what is open of them is, and which an amount settles first.

use chrono::{Days, NaiveDate};

use crate::money::Money;

/// Most bounds of an ageing.
pub const BOUNDS_MAX: usize = 12;
/// Greatest bound, in days.
pub const DAYS_MAX: u16 = 3_650;

/// From which day on a bill ages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgedFrom {
    /// The day on which it is due; what is not due yet stands in a bucket of its own.
    DueDate,
    /// Its own date.
    BillDate,
}

/// Spans of age by which open bills are sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// The greatest age of each bucket but the last, in days.
    bounds: Vec<u16>,
    from: AgedFrom,
}

/// The ages of a bucket, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ages {
    /// Fewest days; none where it begins with what is not due yet.
    pub from: Option<u16>,
    /// Most days; none in the last bucket.
    pub to: Option<u16>,
}

/// Why bounds cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BucketsError {
    /// There are none, or too many.
    #[error("name 1 to 12 bounds")]
    Count,
    /// They do not rise, or one is out of range.
    #[error("bounds are whole days from 1 to 3650, each greater than the one before")]
    Order,
}

impl Buckets {
    /// Buckets that end with these ages; a last one holds whatever is older.
    ///
    /// # Errors
    /// Bounds that are none, too many, do not rise or are out of range.
    pub fn new(bounds: &[i32], from: AgedFrom) -> Result<Self, BucketsError> {
        if bounds.is_empty() || bounds.len() > BOUNDS_MAX {
            return Err(BucketsError::Count);
        }
        let mut ends = Vec::with_capacity(bounds.len() + 1);
        if from == AgedFrom::DueDate {
            ends.push(0);
        }
        let mut last = 0;
        for bound in bounds {
            let bound = u16::try_from(*bound).map_err(|_| BucketsError::Order)?;
            if bound <= last || bound > DAYS_MAX {
                return Err(BucketsError::Order);
            }
            ends.push(bound);
            last = bound;
        }
        Ok(Self { bounds: ends, from })
    }

    /// From which day on bills age.
    pub fn aged_from(&self) -> AgedFrom {
        self.from
    }

    /// How many buckets there are.
    pub fn count(&self) -> usize {
        self.bounds.len() + 1
    }

    /// The ages of each bucket.
    pub fn ages(&self) -> Vec<Ages> {
        let mut from = match self.from {
            AgedFrom::DueDate => None,
            AgedFrom::BillDate => Some(0),
        };
        let mut ages = Vec::with_capacity(self.count());
        for bound in &self.bounds {
            ages.push(Ages { from, to: Some(*bound) });
            from = Some(bound.saturating_add(1));
        }
        ages.push(Ages { from, to: None });
        ages
    }

    /// The earliest day of each bucket but the last: what ages from that day or a later one is no older
    /// than the bucket's end.
    pub fn first_days(&self, at: NaiveDate) -> Vec<NaiveDate> {
        let day = |bound: &u16| at.checked_sub_days(Days::new(u64::from(*bound)));
        self.bounds.iter().map(|bound| day(bound).unwrap_or(NaiveDate::MIN)).collect()
    }

    /// The bucket of something that ages from a day, counted from 0.
    pub fn of(&self, since: NaiveDate, at: NaiveDate) -> usize {
        let age = days_between(since, at);
        self.bounds.iter().position(|bound| age <= i64::from(*bound)).unwrap_or(self.bounds.len())
    }
}

/// How many days have passed since a day; below zero when it is still to come.
pub fn days_between(since: NaiveDate, at: NaiveDate) -> i64 {
    at.signed_duration_since(since).num_days()
}

/// A bill of which something is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open<B> {
    /// Which bill.
    pub bill: B,
    /// What is open of it, a debit above zero.
    pub open: Money,
}

/// Sets an amount (a debit above zero) against bills on the other side, in their order, until nothing of it
/// is left, with at most `most` bills. Answers what each bill takes, without its side, and what is left.
pub fn settle_in_order<B: Copy>(
    bills: impl IntoIterator<Item = Open<B>>,
    amount: Money,
    most: usize,
) -> (Vec<(B, Money)>, Money) {
    let mut left = amount.size();
    let mut taken = Vec::new();
    for one in bills {
        if left.is_zero() || taken.len() >= most {
            break;
        }
        let is_opposite = !one.open.is_zero() && one.open.is_negative() != amount.is_negative();
        if is_opposite {
            let part = left.min(one.open.size());
            left = left.saturating_sub(part);
            taken.push((one.bill, part));
        }
    }
    (taken, left)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_bill_stands_in_the_bucket_of_its_age() {
        let due = Buckets::new(&[30, 60, 90], AgedFrom::DueDate).unwrap();
        let bill = Buckets::new(&[30, 60, 90], AgedFrom::BillDate).unwrap();
        let at = day("2026-06-30");
        let cases = [
            ("2026-07-15", 0, 0),
            ("2026-06-30", 0, 0),
            ("2026-06-29", 1, 0),
            ("2026-05-31", 1, 0),
            ("2026-05-30", 2, 1),
            ("2026-04-02", 3, 2),
            ("2026-04-01", 3, 2),
            ("2026-03-31", 4, 3),
            ("2020-01-01", 4, 3),
        ];
        for (since, by_due, by_bill) in cases {
            assert_eq!(due.of(day(since), at), by_due, "{since}");
            assert_eq!(bill.of(day(since), at), by_bill, "{since}");
        }
        let ages = |buckets: &Buckets| -> Vec<(Option<u16>, Option<u16>)> {
            buckets.ages().into_iter().map(|one| (one.from, one.to)).collect()
        };
        let rest = [(Some(31), Some(60)), (Some(61), Some(90)), (Some(91), None)];
        assert_eq!(ages(&bill), [&[(Some(0), Some(30))][..], &rest].concat());
        assert_eq!(ages(&due), [&[(None, Some(0)), (Some(1), Some(30))][..], &rest].concat());
    }

    #[test]
    fn bounds_rise() {
        for bounds in [&[][..], &[0], &[-1], &[30, 30], &[60, 30], &[3651], &[70_000], &[1; 13]] {
            assert!(Buckets::new(bounds, AgedFrom::BillDate).is_err(), "{bounds:?}");
        }
    }

    #[test]
    fn the_oldest_is_settled_first() {
        let bills = [("a", 100), ("b", -40), ("c", 50)]
            .map(|(bill, open)| Open { bill, open: Money::from_minor(open) });
        let settled = |amount: i64, most| {
            let (taken, left) = settle_in_order(bills, Money::from_minor(amount), most);
            let taken: Vec<_> = taken.iter().map(|(bill, part)| (*bill, part.minor())).collect();
            (taken, left.minor())
        };
        assert_eq!(settled(-120, 9), (vec![("a", 100), ("c", 20)], 0));
        assert_eq!(settled(-200, 9), (vec![("a", 100), ("c", 50)], 50));
        assert_eq!(settled(-200, 1), (vec![("a", 100)], 100));
        assert_eq!(settled(60, 9), (vec![("b", 40)], 20));
        assert_eq!(settled(0, 9), (vec![], 0));
    }

    proptest! {
        #[test]
        fn the_buckets_hold_all_that_is_open(
            bounds in prop::collection::btree_set(1_i32..400, 1..6),
            bills in prop::collection::vec((0_u64..800, 1_i64..1_000_000), 0..40),
            by_due in any::<bool>(),
        ) {
            let bounds: Vec<i32> = bounds.into_iter().collect();
            let from = if by_due { AgedFrom::DueDate } else { AgedFrom::BillDate };
            let buckets = Buckets::new(&bounds, from).unwrap();
            let at = day("2026-06-30");
            let first = day("2025-06-30");
            let starts = buckets.first_days(at);
            let mut sums = vec![0_i64; buckets.count()];
            for (days, open) in &bills {
                let since = first.checked_add_days(Days::new(*days)).unwrap();
                let place = buckets.of(since, at);
                *sums.get_mut(place).unwrap() += open;
                // Found by days as well as by age: that is how a database sorts them.
                let by_day = starts.iter().position(|start| since >= *start);
                prop_assert_eq!(by_day.unwrap_or(starts.len()), place);
                let ages = *buckets.ages().get(place).unwrap();
                let age = days_between(since, at);
                // By its own date a bill of a later day counts as new.
                let is_new = from == AgedFrom::BillDate && age < 0 && place == 0;
                prop_assert!(is_new || ages.from.is_none_or(|least| age >= i64::from(least)));
                prop_assert!(ages.to.is_none_or(|most| age <= i64::from(most)));
            }
            prop_assert_eq!(sums.iter().sum::<i64>(), bills.iter().map(|(_, open)| open).sum::<i64>());
        }

        #[test]
        fn nothing_is_settled_twice_or_lost(
            opens in prop::collection::vec(-1_000_i64..1_000, 0..20),
            amount in -5_000_i64..5_000,
            most in 1_usize..30,
        ) {
            let bills = opens.iter().enumerate().map(|(bill, open)| Open {
                bill,
                open: Money::from_minor(*open),
            });
            let (taken, left) = settle_in_order(bills, Money::from_minor(amount), most);
            let sum: i64 = taken.iter().map(|(_, part)| part.minor()).sum();
            prop_assert_eq!(sum + left.minor(), amount.abs());
            prop_assert!(taken.len() <= most);
            for (bill, part) in taken {
                let open = *opens.get(bill).unwrap();
                prop_assert!(part.minor() > 0 && part.minor() <= open.abs());
                prop_assert!(open.signum() == -amount.signum());
            }
        }
    }
}
