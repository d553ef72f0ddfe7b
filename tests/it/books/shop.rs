//! A shop whose books are kept in tests.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    client::{Answer, Client},
};

/// What posting is asked for.
const POST: &str = "mutation($input: VoucherPostInput!) { voucherPost(input: $input) {
    voucher { id number } replayed dryRun userErrors { code field message } } }";

/// A registered shop with its ids at hand.
pub struct Shop {
    /// Its owner, signed in.
    pub client: Client,
    /// Ledger ids by name.
    pub ledgers: HashMap<String, String>,
    /// Account group ids by code.
    pub groups: HashMap<String, String>,
    /// Voucher type ids by code.
    pub types: HashMap<String, String>,
    /// First day of the first accounting year.
    pub begins: NaiveDate,
    /// Id of the first accounting year.
    pub year: String,
}

impl Shop {
    /// Registers it, with a bank ledger besides the standard ones.
    pub async fn open(app: &TestApp, subdomain: &str) -> Self {
        let client = app.register(subdomain).await;
        let found = client
            .query(
                "{ ledgers(first: 100) { nodes { id name } }
                   accountGroups(first: 100) { nodes { id code } }
                   voucherTypes(first: 100) { nodes { id code } }
                   businessYears { id startsOn isOpening } }",
            )
            .await;
        let map = |path: &str, key: &str| {
            let nodes = found.at(path).as_array().unwrap().iter();
            nodes
                .filter(|one| one[key].is_string())
                .map(|one| {
                    let text = |name: &str| one[name].as_str().unwrap().to_owned();
                    (text(key), text("id"))
                })
                .collect::<HashMap<_, _>>()
        };
        let years = found.at("businessYears").as_array().unwrap();
        let year = years.iter().find(|year| year["isOpening"] == false).unwrap();
        let mut shop = Self {
            ledgers: map("ledgers.nodes", "name"),
            groups: map("accountGroups.nodes", "code"),
            types: map("voucherTypes.nodes", "code"),
            begins: year["startsOn"].as_str().unwrap().parse().unwrap(),
            year: year["id"].as_str().unwrap().to_owned(),
            client,
        };
        let made = shop.create_ledger("State Bank", "BANK", Value::Null).await;
        shop.keep_ledger(&made);
        shop
    }

    /// The same shop, as another of its people sees it.
    pub fn seen_by(&self, client: Client) -> Self {
        Self {
            client,
            ledgers: self.ledgers.clone(),
            groups: self.groups.clone(),
            types: self.types.clone(),
            begins: self.begins,
            year: self.year.clone(),
        }
    }

    /// Opens a ledger.
    pub async fn create_ledger(&self, name: &str, group: &str, opening: Value) -> Answer {
        self.try_ledger(json!({
            "name": name, "accountGroupId": self.groups[group], "openingBalance": opening,
        }))
        .await
    }

    /// Opens a ledger as the input says.
    pub async fn try_ledger(&self, input: Value) -> Answer {
        self.client
            .ask(
                "mutation($input: LedgerCreateInput!) { ledgerCreate(input: $input) {
                    ledger { id name balance { amount currency } }
                    userErrors { code field message } } }",
                json!({ "input": input }),
            )
            .await
    }

    /// Keeps the id of a ledger that was opened.
    pub fn keep_ledger(&mut self, made: &Answer) {
        let name = made.text("ledgerCreate.ledger.name");
        self.ledgers.insert(name, made.text("ledgerCreate.ledger.id"));
    }

    /// A day of the first year, counted from its first.
    pub fn day(&self, days: u64) -> String {
        self.begins.checked_add_days(Days::new(days)).unwrap().to_string()
    }

    /// An entry on a ledger by name: "debit" or "credit", and the amount.
    pub fn entry(&self, ledger: &str, side: &str, amount: &str) -> Value {
        json!({ "ledgerId": self.ledgers[ledger], side: amount })
    }

    /// The input of a voucher that moves an amount from one ledger to another.
    pub fn voucher(&self, key: &str, kind: &str, debit: &str, credit: &str, amount: &str) -> Value {
        json!({
            "idempotencyKey": key, "voucherTypeId": self.types[kind], "date": self.day(10),
            "entries": [self.entry(debit, "debit", amount), self.entry(credit, "credit", amount)],
        })
    }

    /// Posts.
    pub async fn post(&self, input: &Value) -> Answer {
        self.client.ask(POST, json!({ "input": input })).await
    }

    /// Posts what must be accepted; the number.
    pub async fn number(&self, input: &Value) -> String {
        let answer = self.post(input).await;
        assert!(answer.refusals("voucherPost").is_empty(), "{}", answer.body);
        answer.text("voucherPost.voucher.number")
    }

    /// How many vouchers are stored.
    pub async fn count(&self) -> i64 {
        let found = self.client.query("{ vouchers(first: 1) { totalCount } }").await;
        found.at("vouchers.totalCount").as_i64().unwrap()
    }
}
