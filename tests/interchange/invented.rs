//! Books of any content, as random tests invent them.

use std::collections::HashSet;

use chrono::{Days, NaiveDate};
use daybook::interchange::{
    StagedBooks,
    staged::{
        BillKind, StagedBill, StagedCostShare, StagedEntry, StagedForeign, StagedGroup,
        StagedInstrument, StagedLedger, StagedParty, StagedVoucher, VoucherState,
    },
    standard,
};
use daybook_domain::{
    chart::Nature,
    money::{AMOUNT_MAX, Money},
    text::{self, fold},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use rust_decimal::Decimal;

use crate::currency;

/// Texts that formats stumble over.
const HARD: [&str; 18] = [
    "=1+1",
    "'quoted'",
    "+91",
    "-",
    "@home",
    "a;b",
    "a:b",
    "a|b",
    "a,b",
    "100%25",
    "\"",
    "\\",
    "<&>",
    "]]>",
    "_x0041_",
    "; note:x",
    "[2025-01-01]",
    "जय भवानी किराणा",
];

fn raw() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z][A-Za-z0-9 &.'/-]{0,20}",
        1 => select(&HARD[..]).prop_map(str::to_owned),
        1 => (select(&HARD[..]), "[a-z0-9 ]{0,6}").prop_map(|(hard, more)| format!("{more}{hard}{more}")),
        1 => any::<String>(),
    ]
}

pub fn name() -> impl Strategy<Value = String> {
    raw().prop_filter_map("a name", |raw| {
        text::name(&raw, 200).ok().filter(|name| !name.is_empty() && fold(name) != "primary")
    })
}

pub fn line() -> impl Strategy<Value = String> {
    raw().prop_filter_map("a line", |raw| {
        let shown: String =
            raw.chars().filter(|one| !one.is_control() || one.is_whitespace()).collect();
        let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(line).filter(|line| !line.is_empty())
    })
}

fn narration() -> impl Strategy<Value = String> {
    vec(raw(), 1..4).prop_filter_map("a narration", |lines| {
        let text = lines.join("\n");
        let shown: String =
            text.chars().filter(|one| !one.is_control() || matches!(one, '\n' | '\t')).collect();
        Some(shown.trim().to_owned()).filter(|text| !text.is_empty())
    })
}

fn address() -> impl Strategy<Value = String> {
    vec(line(), 1..4).prop_map(|lines| lines.join("\n"))
}

fn usual_day() -> impl Strategy<Value = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    (0_u64..40_000).prop_map(move |days| first.checked_add_days(Days::new(days)).unwrap())
}

fn day() -> impl Strategy<Value = NaiveDate> {
    prop_oneof![
        20 => usual_day(),
        1 => Just(NaiveDate::from_ymd_opt(1900, 1, 1).unwrap()),
        1 => Just(NaiveDate::from_ymd_opt(1900, 3, 1).unwrap()),
        1 => Just(NaiveDate::from_ymd_opt(2999, 12, 31).unwrap()),
    ]
}

fn amount() -> impl Strategy<Value = Money> {
    prop_oneof![
        8 => -10_000_000_i64..10_000_000,
        1 => -AMOUNT_MAX / 10..AMOUNT_MAX / 10,
    ]
    .prop_map(|minor| Money::from_minor(if minor == 0 { 1 } else { minor }))
}

fn bill() -> impl Strategy<Value = StagedBill> {
    (
        select(&BillKind::EVERY[..]),
        option::of(line()),
        option::of(day()),
        option::of(day()),
        amount(),
    )
        .prop_map(|(kind, name, date, due, amount)| StagedBill {
            line: 0,
            kind,
            name,
            date,
            due,
            amount,
        })
}

fn party() -> impl Strategy<Value = Option<StagedParty>> {
    let text = || option::of(line());
    (text(), text(), text(), text(), option::of(address()), text(), text()).prop_map(
        |(gstin, pan, state, country, address, email, phone)| {
            StagedParty { gstin, pan, state, country, address, email, phone }.known()
        },
    )
}

fn groups() -> impl Strategy<Value = Vec<StagedGroup>> {
    let nature = option::of(select(&Nature::EVERY[..]));
    vec((name(), option::of(any::<prop::sample::Index>()), any::<bool>(), nature), 0..6).prop_map(
        |drafts| {
            let standard: Vec<&str> = standard::group_names().collect();
            let mut taken: HashSet<String> = standard.iter().map(|name| fold(name)).collect();
            let mut groups: Vec<StagedGroup> = Vec::new();
            for (name, parent, is_own, nature) in drafts {
                if !taken.insert(fold(&name)) {
                    continue;
                }
                let parent = parent.map(|place| match (is_own, groups.len()) {
                    (true, 1..) => place.get(&groups).name.clone(),
                    _ => (*place.get(&standard)).to_owned(),
                });
                groups.push(StagedGroup { line: 0, name, parent, nature });
            }
            groups
        },
    )
}

type LedgerDraft = (String, Vec<String>, Option<prop::sample::Index>, bool);

fn ledger() -> impl Strategy<Value = (LedgerDraft, StagedLedger)> {
    let opening = prop_oneof![2 => Just(Money::ZERO), 1 => amount()];
    (
        (name(), vec(name(), 0..3), option::of(any::<prop::sample::Index>()), any::<bool>()),
        (option::of(line()), any::<bool>(), opening, vec(bill(), 0..3), option::of(party())),
    )
        .prop_map(|(draft, (key, is_bill_wise, opening, bills, party))| {
            let mut ledger = StagedLedger::named(0, draft.0.clone());
            ledger.key = key;
            ledger.is_bill_wise = is_bill_wise;
            ledger.opening = opening;
            ledger.opening_bills = bills;
            ledger.party = party.flatten();
            (draft, ledger)
        })
}

fn entry() -> impl Strategy<Value = StagedEntry> {
    let share = (option::of(name()), name(), amount())
        .prop_map(|(category, centre, amount)| StagedCostShare { category, centre, amount });
    let instrument = (option::of(line()), option::of(day()))
        .prop_map(|(number, date)| StagedInstrument { number, date }.known());
    let foreign = (name(), -1_000_000_000_i64..1_000_000_000, 0_u32..8).prop_map(
        |(commodity, number, scale)| StagedForeign {
            commodity,
            quantity: Decimal::new(number, scale),
        },
    );
    (
        amount(),
        option::of(narration()),
        vec(bill(), 0..3),
        vec(share, 0..3),
        option::weighted(0.2, instrument),
        option::weighted(0.2, foreign),
    )
        .prop_map(|(amount, narration, bills, cost_shares, instrument, foreign)| {
            let mut entry = StagedEntry::of(0, String::new(), amount);
            entry.narration = narration;
            entry.bills = bills;
            entry.cost_shares = cost_shares;
            entry.instrument = instrument.flatten();
            entry.foreign = foreign;
            entry
        })
}

fn voucher() -> impl Strategy<Value = (StagedVoucher, Vec<prop::sample::Index>)> {
    let state = prop_oneof![
        8 => Just(VoucherState::Normal),
        1 => Just(VoucherState::Optional),
        1 => Just(VoucherState::Cancelled),
    ];
    let head =
        (option::of(line()), option::of(name()), option::of(line()), day(), option::of(line()));
    let rest = (option::of(day()), option::of(name()), option::of(narration()), state);
    (head, rest, vec((entry(), any::<prop::sample::Index>()), 0..5)).prop_map(
        |(
            (key, kind, number, date, reference),
            (reference_date, party, narration, state),
            entries,
        )| {
            let mut voucher = StagedVoucher::dated(0, date);
            voucher.key = key;
            voucher.voucher_type = kind;
            voucher.number = number;
            voucher.reference = reference;
            voucher.reference_date = reference_date;
            voucher.party = party;
            voucher.narration = narration;
            voucher.state = state;
            let (entries, places): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
            voucher.entries = entries;
            (voucher, places)
        },
    )
}

/// Books whose vouchers balance, with everything that staged books can hold.
pub fn books() -> impl Strategy<Value = StagedBooks> {
    let currency = select(vec![currency("INR", 2), currency("JPY", 0), currency("KWD", 3)]);
    (currency, usual_day(), groups(), vec(ledger(), 2..6), vec(voucher(), 0..5)).prop_map(
        |(currency, opened_on, groups, ledgers, vouchers)| {
            let mut books = StagedBooks::new(currency);
            books.groups = groups;
            let mut above: Vec<String> = standard::group_names().map(str::to_owned).collect();
            above.extend(books.groups.iter().map(|group| group.name.clone()));
            let mut taken = HashSet::new();
            for ((name, aliases, group, _), mut ledger) in ledgers {
                if !taken.insert(fold(&name)) {
                    continue;
                }
                for alias in aliases {
                    if alias != name && !ledger.aliases.contains(&alias) {
                        ledger.aliases.push(alias);
                    }
                }
                ledger.group = group.map(|place| place.get(&above).clone());
                if !ledger.opening.is_zero() || !ledger.opening_bills.is_empty() {
                    books.opened_on = Some(opened_on);
                }
                books.ledgers.push(ledger);
            }
            for (mut voucher, places) in vouchers {
                for (entry, place) in voucher.entries.iter_mut().zip(places) {
                    entry.ledger = place.get(&books.ledgers).name.clone();
                }
                if voucher.state == VoucherState::Normal {
                    balance(&mut voucher, &books.ledgers[0].name);
                }
                books.vouchers.push(voucher);
            }
            books
        },
    )
}

/// Adds the entry that is missing; a voucher that already balances gets two.
fn balance(voucher: &mut StagedVoucher, ledger: &str) {
    let over = voucher.difference().unwrap();
    let mut add = |amount| voucher.entries.push(StagedEntry::of(0, ledger.to_owned(), amount));
    if over.is_zero() {
        add(Money::from_minor(100));
        add(Money::from_minor(-100));
    } else {
        add(-over);
    }
}
