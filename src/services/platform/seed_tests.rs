//! The checks that the seed files promise to hold.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::*;

/// The last day of a row that is still open.
const OPEN: NaiveDate = NaiveDate::MAX;

fn seed() -> Seed {
    Seed::read(0).unwrap()
}

/// Fails when two rows of one key are valid on the same day.
fn no_overlap<K: Ord + std::fmt::Debug>(
    rows: impl Iterator<Item = (K, NaiveDate, Option<NaiveDate>)>,
) {
    let mut spans: BTreeMap<K, Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
    for (key, from, to) in rows {
        let to = to.unwrap_or(OPEN);
        assert!(from <= to, "{key:?} ends before it begins");
        spans.entry(key).or_default().push((from, to));
    }
    for (key, mut days) in spans {
        days.sort_unstable();
        for pair in days.windows(2) {
            assert!(pair[0].1 < pair[1].0, "{key:?} overlaps: {pair:?}");
        }
    }
}

fn are_unique<K: Ord>(keys: impl Iterator<Item = K>, count: usize) {
    assert_eq!(keys.collect::<BTreeSet<K>>().len(), count);
}

#[test]
fn there_are_28_groups_and_children_share_their_parents_nature() {
    let groups = seed().groups;
    assert_eq!(groups.len(), 28);
    let primary: Vec<_> = groups.iter().filter(|group| group.parent_id.is_none()).collect();
    assert_eq!(primary.len(), 15);
    let on_the_sheet =
        primary.iter().filter(|group| group.statement == Statement::BalanceSheet).count();
    assert_eq!(on_the_sheet, 9);
    are_unique(groups.iter().map(|group| group.name_key.clone()), 28);
    for group in &groups {
        if let Some(parent) = group.parent_id {
            let parent = groups.iter().find(|one| one.id == parent).unwrap();
            assert!(parent.id < group.id, "{} stands before its parent", group.name);
            assert_eq!(parent.nature, group.nature, "{}", group.name);
        }
    }
}

#[test]
fn there_are_24_voucher_types_whose_numbers_fit_a_tax_document() {
    let types = seed().voucher_types;
    assert_eq!(types.len(), 24);
    assert_eq!(types.iter().filter(|one| one.is_tax_document).count(), 7);
    are_unique(types.iter().map(|one| one.numbering_prefix.clone()), 24);
    are_unique(types.iter().map(|one| one.name_key.clone()), 24);
    for one in &types {
        assert!(one.numbering_prefix.len() + 8 <= 16, "{}", one.code);
        assert!(types.iter().any(|base| base.code == one.base_type), "{}", one.code);
    }
}

#[test]
fn gst_rates_have_equal_halves_and_no_two_at_once() {
    let rates = seed().gst_rates;
    no_overlap(
        rates.iter().map(|row| ((&row.country, &row.rate_code), row.valid_from, row.valid_to)),
    );
    let indian: BTreeSet<i64> =
        rates.iter().filter(|row| row.country == "IN").map(|row| row.igst_rate.raw()).collect();
    let expected = [
        0, 1_000, 2_500, 10_000, 15_000, 30_000, 50_000, 60_000, 75_000, 120_000, 180_000, 280_000,
        400_000,
    ];
    assert_eq!(indian, BTreeSet::from(expected));
    for row in &rates {
        assert_eq!(row.cgst_rate, row.sgst_rate);
        if row.country == "IN" {
            assert_eq!(row.cgst_rate.raw() * 2, row.igst_rate.raw(), "{}", row.rate_code);
        }
    }
    let kenyan = rates.iter().filter(|row| row.country == "KE" && row.rate_code == "VAT_B");
    assert!(kenyan.clone().any(|row| row.igst_rate.raw() == 160_000 && row.valid_to.is_none()));
}

#[test]
fn sections_follow_one_another_and_name_their_successors() {
    let sections = seed().tds_sections;
    let (last, first) =
        (NaiveDate::from_ymd_opt(2026, 3, 31), NaiveDate::from_ymd_opt(2026, 4, 1).unwrap());
    no_overlap(
        sections
            .iter()
            .map(|row| ((&row.kind, &row.code, &row.deductee_class), row.valid_from, row.valid_to)),
    );
    let codes: BTreeSet<(&str, &str)> = sections
        .iter()
        .filter(|row| row.act == "2025")
        .map(|row| (row.kind.as_str(), row.code.as_str()))
        .collect();
    for row in &sections {
        if row.act == "1961" {
            assert!(row.valid_to.is_some() && row.valid_to <= last, "{}", row.code);
            if let Some(next) = &row.successor_code {
                assert!(codes.contains(&(row.kind.as_str(), next.as_str())), "{next}");
            }
        } else {
            assert_eq!((row.valid_from, row.valid_to), (first, None), "{}", row.code);
        }
        let has_limit = row.single_limit.is_some() || row.aggregate_limit.is_some();
        assert_eq!(row.limit_period != "NONE", has_limit, "{}", row.code);
        assert!(["NONE", "TRANSACTION", "MONTH", "YEAR"].contains(&row.limit_period.as_str()));
        assert!(!row.excess_only || row.aggregate_limit.is_some(), "{}", row.code);
        if let Some(rate) = row.rate {
            assert!(row.no_pan_rate.unwrap() >= rate, "{}", row.code);
        }
    }
    for kind in ["TDS", "TCS"] {
        for code in codes.iter().filter(|code| code.0 == kind).map(|code| code.1) {
            let classes: BTreeSet<&str> = sections
                .iter()
                .filter(|row| row.kind == kind && row.code == code)
                .map(|row| row.deductee_class.as_str())
                .collect();
            assert!(!classes.contains("ANY") || classes.len() == 1, "{code} has {classes:?}");
        }
    }
    let contractor = sections.iter().find(|row| row.code == "194C" && row.kind == "TDS").unwrap();
    assert_eq!(contractor.single_limit.map(Money::minor), Some(3_000_000), "30,000 rupees");
}

#[test]
fn years_of_a_calendar_leave_no_gap() {
    let years = seed().years;
    assert_eq!(years.len(), 75);
    for pair in years.windows(2) {
        if pair[0].first_month == pair[1].first_month {
            assert_eq!(pair[0].ends_on.succ_opt().unwrap(), pair[1].starts_on);
        }
    }
}

#[test]
fn places_and_currencies_are_complete() {
    let seed = seed();
    let of = |country: &str| seed.states.iter().filter(|one| one.country == country).count();
    assert_eq!((of("IN"), of("KE")), (41, 47));
    are_unique(seed.states.iter().map(|one| (one.country.clone(), one.code.clone())), 88);
    let without_legislature: Vec<&str> =
        seed.states.iter().filter(|one| one.levies_utgst).map(|one| one.code.as_str()).collect();
    assert_eq!(without_legislature, ["04", "25", "26", "31", "35", "38", "97"]);
    assert_eq!(seed.currencies.len(), 155);
    are_unique(seed.currencies.iter().map(|one| one.code.clone()), 155);
    are_unique(seed.currencies.iter().map(|one| one.numeric_code.clone()), 155);
    for (code, exponent) in [("JPY", 0), ("KWD", 3), ("UGX", 0), ("INR", 2), ("KES", 2)] {
        let found = seed.currencies.iter().find(|one| one.code == code).unwrap();
        assert_eq!(found.exponent, exponent, "{code}");
    }
    for one in &seed.currencies {
        assert_eq!(one.exponent == 0, one.minor_name.is_none(), "{}", one.code);
    }
    for one in &seed.countries {
        assert!(seed.currencies.iter().any(|found| found.code == one.currency), "{}", one.code);
        assert!(one.time_zone.parse::<chrono_tz::Tz>().is_ok(), "{}", one.time_zone);
        assert!(seed.years.iter().any(|year| year.first_month == one.first_month), "{}", one.code);
    }
}
