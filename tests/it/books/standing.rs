//! What a ledger stands at: as the trial balance says, and of their own rows to whom sees no others.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::shop::Shop;
use crate::{client::Client, tenancy::invited};

/// Numbers by chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn minor(amount: &Value) -> i64 {
    amount["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Balances by ledger at a day, as the list of ledgers shows them; zeros are left out.
async fn listed(client: &Client, day: Option<NaiveDate>) -> BTreeMap<String, i64> {
    let found = client
        .ask(
            "query($asAt: Date) { ledgers(first: 100) { nodes { name balance(asAt: $asAt) { amount } } } }",
            json!({ "asAt": day }),
        )
        .await;
    let nodes = found.at("ledgers.nodes").as_array().unwrap().iter();
    nodes
        .map(|one| (one["name"].as_str().unwrap().to_owned(), minor(&one["balance"])))
        .filter(|(_, balance)| *balance != 0)
        .collect()
}

/// Closing balances of the trial balance of a day; zeros are left out.
async fn reported(client: &Client, day: Option<NaiveDate>) -> BTreeMap<String, i64> {
    let found = client
        .ask(
            "query($asAt: Date) { trialBalance(asAt: $asAt) { isBalanced rows { ledger { name }
                closingDebit { amount } closingCredit { amount } } } }",
            json!({ "asAt": day }),
        )
        .await;
    assert_eq!(found.at("trialBalance.isBalanced"), true);
    let rows = found.at("trialBalance.rows").as_array().unwrap().iter();
    rows.map(|row| {
        let balance = minor(&row["closingDebit"]) - minor(&row["closingCredit"]);
        (row["ledger"]["name"].as_str().unwrap().to_owned(), balance)
    })
    .filter(|(_, balance)| *balance != 0)
    .collect()
}

const OPENINGS: &str = "{ ledgers(first: 100) { nodes { name openingBalance { amount } } } }";

async fn opening_of(client: &Client, name: &str) -> String {
    let found = client.query(OPENINGS).await;
    let nodes = found.at("ledgers.nodes").as_array().unwrap();
    let one = nodes.iter().find(|one| one["name"] == name).unwrap();
    one["openingBalance"]["amount"].as_str().unwrap().to_owned()
}

on_every_engine! {
    async fn a_balance_is_what_the_trial_balance_shows(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        for (name, group, opening) in [
            ("Cupboards", "FA", json!({ "debit": "12500.50" })),
            ("Loan of Ravi", "UNS", json!({ "credit": "4000" })),
            ("Commission", "IINC", json!({ "credit": "321.09" })),
        ] {
            let made = shop.create_ledger(name, group, opening).await;
            assert!(made.refusals("ledgerCreate").is_empty(), "{}", made.body);
            shop.keep_ledger(&made);
        }
        let names = ["Cupboards", "Loan of Ravi", "Commission", "Rent", "Sales", "Salaries", "Capital Account"];
        let mut chance = Chance(20_261_121);
        for index in 0..40 {
            let debit = chance.below(7);
            let credit = (debit + 1 + chance.below(6)) % 7;
            let at = |place: u64| names[usize::try_from(place).unwrap()];
            let amount = 1 + chance.below(1_000_000);
            let amount = format!("{}.{:02}", amount / 100, amount % 100);
            let mut input = shop.voucher(&format!("k{index}"), "JRN", at(debit), at(credit), &amount);
            input["date"] = json!(shop.day(chance.below(730)));
            shop.number(&input).await;
        }
        let second_year = shop.begins.checked_add_months(chrono::Months::new(12)).unwrap();
        let eve = |day: NaiveDate| day.pred_opt().unwrap();
        let mut days = vec![eve(shop.begins), shop.begins, eve(second_year), second_year];
        for _ in 0..6 {
            days.push(shop.begins.checked_add_days(Days::new(chance.below(760))).unwrap());
        }
        for day in days.into_iter().map(Some).chain([None]) {
            let (listed, reported) =
                (listed(&shop.client, day).await, reported(&shop.client, day).await);
            assert_eq!(listed, reported, "at {day:?}");
            assert_eq!(listed.values().sum::<i64>(), 0, "at {day:?}");
        }
        // A year later the first year's income and expense stand in Profit & Loss A/c alone.
        let later = listed(&shop.client, Some(second_year + Days::new(364))).await;
        assert!(later.contains_key("Profit & Loss A/c"), "{later:?}");
        assert_eq!(opening_of(&shop.client, "Cupboards").await, "12500.50");
        assert_eq!(opening_of(&shop.client, "Commission").await, "-321.09");
        assert_eq!(opening_of(&shop.client, "Rent").await, "0.00");
    }

    async fn who_sees_own_documents_only_sums_those(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let made = shop.create_ledger("Cupboards", "FA", json!({ "debit": "12500.50" })).await;
        shop.keep_ledger(&made);
        shop.number(&shop.voucher("1", "RCT", "Cash", "Capital Account", "100000")).await;
        shop.number(&shop.voucher("2", "PMT", "Rent", "Cash", "1500.25")).await;
        let cashier = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        assert_eq!(listed(&cashier.client, None).await, BTreeMap::new());
        assert_eq!(opening_of(&cashier.client, "Cupboards").await, "0.00");
        let report = cashier.client.query("{ trialBalance { isBalanced } }").await;
        assert_eq!(report.code(), "FORBIDDEN");
        cashier.number(&cashier.voucher("3", "RCT", "Cash", "Sales", "7.50")).await;
        let mut late = cashier.voucher("4", "RCT", "Cash", "Sales", "0.25");
        late["date"] = json!(shop.begins.checked_add_months(chrono::Months::new(12)).unwrap());
        cashier.number(&late).await;
        let own = |pairs: &[(&str, i64)]| -> BTreeMap<String, i64> {
            pairs.iter().map(|(name, balance)| ((*name).to_owned(), *balance)).collect()
        };
        let first = shop.begins.checked_add_days(Days::new(364)).unwrap();
        assert_eq!(listed(&cashier.client, Some(first)).await, own(&[("Cash", 750), ("Sales", -750)]));
        // What the rows came to before the year stands in Profit & Loss A/c, for these too.
        let second = first + Days::new(200);
        assert_eq!(
            listed(&cashier.client, Some(second)).await,
            own(&[("Cash", 775), ("Profit & Loss A/c", -750), ("Sales", -25)])
        );
        let one = format!("{{ ledger(id: \"{}\") {{ balance {{ amount }} }} }}", shop.ledgers["Rent"]);
        assert_eq!(cashier.client.query(&one).await.text("ledger.balance.amount"), "0.00");
        assert_eq!(shop.client.query(&one).await.text("ledger.balance.amount"), "1500.25");
        // Everybody's rows, to whom may see them.
        assert_eq!(listed(&shop.client, Some(first)).await["Cash"], 9_850_725);
    }
}
