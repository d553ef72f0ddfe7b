//! Tables and properties of proposals.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chrono::Days;
use proptest::prelude::*;

use super::*;

fn day(days: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 4, 1).unwrap().checked_add_days(Days::new(days)).unwrap()
}

fn line(id: i64, days: u64, amount: i64, reference: &str, text: &str) -> Line {
    Line {
        id: BankLineId::new(id),
        dated: day(days),
        amount: Money::from_minor(amount),
        said: Said::of([reference], [text]),
    }
}

fn entry(id: i64, days: u64, amount: i64, number: &str, text: &str) -> Entry {
    Entry {
        id: EntryId::new(id),
        dated: day(days),
        instrument_date: None,
        amount: Money::from_minor(amount),
        said: Said::of([number], [text]),
    }
}

fn entries_of(proposals: &[Proposal]) -> Vec<Vec<i64>> {
    proposals.iter().map(|one| one.entries.iter().map(|id| id.get()).collect()).collect()
}

#[test]
fn the_cheque_with_the_number_goes_before_its_twin() {
    let paid = line(1, 12, -50_000, "0000000000229197", "CHQ PAID-MICR CTS-BHIMA AGRO MILLS");
    let books = [
        entry(10, 2, -50_000, "229197", "Bhima Agro"),
        entry(11, 12, -50_000, "229198", "Hegde Condiments"),
        entry(12, 12, 50_000, "229197", "Bhima Agro"),
        entry(13, 12, -50_001, "229197", "Bhima Agro"),
    ];
    let found = propose(&paid, &[], &books);
    assert_eq!(entries_of(&found), [vec![10], vec![11]]);
    assert_eq!(found[0].score, 86);
    let reasons = [Reason::SameAmount, Reason::FarDay, Reason::SameNumber, Reason::SameWords];
    assert_eq!(found[0].reasons, reasons);
    assert_eq!(found[1].score, 60);
}

#[test]
fn every_ground_counts() {
    let books = [entry(1, 0, 700, "INV/77", "Asha Traders Pune")];
    for (bank, score) in [
        (line(1, 0, 700, "INV/77", "ASHA TRADERS"), 100),
        (line(1, 0, 700, "", "NEFT ASHA TRADRES PUNE"), 70),
        (line(1, 2, 700, "", "CASH"), 56),
        (line(1, 6, 700, "", ""), 52),
        (line(1, 20, 700, "", ""), 46),
        (line(1, 80, 700, "", ""), 42),
        (line(1, 300, 700, "inv-77", ""), 72),
    ] {
        assert_eq!(propose(&bank, &[], &books)[0].score, score, "{bank:?}");
    }
    assert!(propose(&line(1, 300, 700, "", ""), &[], &books).is_empty());
    assert!(propose(&line(1, 380, 700, "INV/77", ""), &[], &books).is_empty());
    assert!(propose(&line(1, 0, -700, "INV/77", ""), &[], &books).is_empty());
}

#[test]
fn a_post_dated_cheque_is_near_its_own_date() {
    let mut cheque = entry(1, 0, -700, "", "");
    cheque.instrument_date = Some(day(60));
    let found = propose(&line(1, 60, -700, "", ""), &[], &[cheque]);
    assert_eq!(found[0].score, 60);
}

#[test]
fn what_is_as_good_as_another_is_said_to_be() {
    let books = [entry(1, 5, 900, "", ""), entry(2, 5, 900, "", ""), entry(3, 9, 900, "", "")];
    let found = propose(&line(1, 5, 900, "", ""), &[], &books);
    let scores: Vec<_> = found.iter().map(|one| one.score).collect();
    assert_eq!(scores, [50, 50, 42]);
    let doubtful: Vec<_> =
        found.iter().map(|one| one.reasons.contains(&Reason::Ambiguous)).collect();
    assert_eq!(doubtful, [true, true, false]);
    // Nor is the third best taken where the best two cannot be told apart.
    assert!(beyond_doubt(&found, 0).is_empty());
}

#[test]
fn one_deposit_of_several_receipts_and_one_receipt_in_several_lines() {
    let books = [
        entry(1, 3, 300, "", ""),
        entry(2, 4, 450, "", ""),
        entry(3, 4, 250, "", ""),
        entry(4, 90, 250, "", ""),
    ];
    let found = propose(&line(1, 5, 1_000, "", ""), &[], &books);
    assert_eq!(entries_of(&found), [vec![1, 2, 3]]);
    assert_eq!(found[0].score, 46);
    let others = [line(2, 6, -400, "", ""), line(3, 6, 77, "", ""), line(4, 7, -350, "", "")];
    let books = [entry(9, 5, -1_000, "", "")];
    let found = propose(&line(1, 5, -250, "", ""), &others, &books);
    let lines: Vec<i64> = found[0].lines.iter().map(|id| id.get()).collect();
    assert_eq!(lines, [1, 2, 4]);
    let two = [line(2, 6, -750, "", "")];
    let found = propose(&line(1, 5, -250, "", ""), &two, &books);
    assert_eq!((found.len(), found[0].lines.len()), (1, 2));
}

#[test]
fn an_entry_that_two_lines_claim_alike_is_left_to_a_person() {
    let books = [entry(1, 5, 900, "", "")];
    let lines = [line(1, 5, 900, "", ""), line(2, 5, 900, "", "")];
    let all: Vec<Proposal> = lines.iter().flat_map(|one| propose(one, &lines, &books)).collect();
    assert_eq!(all.len(), 2);
    assert!(beyond_doubt(&all, 0).is_empty());
    let lines = [line(1, 5, 900, "", ""), line(2, 8, 900, "", "")];
    let all: Vec<Proposal> = lines.iter().flat_map(|one| propose(one, &lines, &books)).collect();
    assert_eq!(beyond_doubt(&all, 0).len(), 1);
}

fn some_lines() -> impl Strategy<Value = Vec<Line>> {
    prop::collection::vec((0_u64..40, -30_i64..30, "[a-c0-9 /]{0,8}"), 1..12).prop_map(|all| {
        let ids = 1_i64..;
        ids.zip(all)
            .map(|(id, (days, amount, text))| line(id, days, amount, &text, &text))
            .collect()
    })
}

fn some_entries() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec((0_u64..40, -30_i64..30, "[a-c0-9 /]{0,8}"), 0..30).prop_map(|all| {
        let ids = 1_i64..;
        ids.zip(all)
            .map(|(id, (days, amount, text))| entry(id, days, amount, &text, &text))
            .collect()
    })
}

proptest! {
    #[test]
    fn what_is_proposed_agrees_to_the_last_unit(lines in some_lines(), books in some_entries()) {
        let mut all = Vec::new();
        for one in &lines {
            let found = propose(one, &lines, &books);
            prop_assert!(found.len() <= PROPOSALS_MAX);
            prop_assert!(found.is_sorted_by_key(|proposal| std::cmp::Reverse(proposal.score)));
            prop_assert_eq!(&found, &propose(one, &lines, &books));
            for proposal in &found {
                prop_assert!(proposal.score <= 100 && !proposal.reasons.is_empty());
                prop_assert!(proposal.lines.contains(&one.id));
                prop_assert!(proposal.lines.is_sorted_by(|one, other| one < other));
                prop_assert!(proposal.entries.is_sorted_by(|one, other| one < other));
                prop_assert!(proposal.lines.len() <= TOGETHER_MAX);
                prop_assert!(proposal.entries.len() <= TOGETHER_MAX);
                let bank = lines.iter().filter(|line| proposal.lines.contains(&line.id));
                let own = books.iter().filter(|entry| proposal.entries.contains(&entry.id));
                prop_assert_eq!(
                    Money::sum(bank.map(|line| line.amount)),
                    Money::sum(own.map(|entry| entry.amount))
                );
            }
            all.extend(found);
        }
        let chosen = beyond_doubt(&all, 40);
        let mut used: Vec<_> = chosen.iter().flat_map(|one| one.lines.clone()).collect();
        used.sort_unstable();
        prop_assert!(used.is_sorted_by(|one, other| one < other));
        let mut used: Vec<_> = chosen.iter().flat_map(|one| one.entries.clone()).collect();
        used.sort_unstable();
        prop_assert!(used.is_sorted_by(|one, other| one < other));
    }

    #[test]
    fn no_text_panics(text in ".{0,60}", other in ".{0,60}") {
        let (one, two) = (Said::of([text.as_str()], [other.as_str()]), Said::of([], [text.as_str()]));
        prop_assert_eq!(one.shares_number(&two), two.shares_number(&one));
    }
}
