//! Several sets of books of one owner, posted to at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::shop::Shop;
use crate::client::Client;

/// A set of books with what posting in it takes.
struct Books {
    business: String,
    year: String,
    date: String,
    debit: String,
    credit: String,
}

impl Books {
    async fn begin(client: &Client, name: &str) -> Self {
        let made = client
            .ask(
                "mutation($input: BusinessCreateInput!) { businessCreate(input: $input) {
                    business { id } userErrors { code field message } } }",
                json!({ "input": { "name": name, "country": "IN" } }),
            )
            .await;
        let business = made.text("businessCreate.business.id");
        let found = client
            .ask(
                "query($id: ID!) { businessYears(businessId: $id) { id startsOn isOpening }
                    ledgers(businessId: $id, first: 100) { nodes { id name } } }",
                json!({ "id": business }),
            )
            .await;
        let pick = |list: &str, key: &str, value: Value| {
            let rows = found.at(list).as_array().unwrap();
            let row = rows.iter().find(|row| row[key] == value);
            row.unwrap_or_else(|| panic!("{list}: {}", found.body)).clone()
        };
        let year = pick("businessYears", "isOpening", json!(false));
        let ledger = |name: &str| {
            pick("ledgers.nodes", "name", json!(name))["id"].as_str().unwrap().to_owned()
        };
        Self {
            business,
            year: year["id"].as_str().unwrap().to_owned(),
            date: year["startsOn"].as_str().unwrap().to_owned(),
            debit: ledger("Rent"),
            credit: ledger("Sales"),
        }
    }

    fn voucher(&self, kind: &str, key: &str) -> Value {
        json!({
            "businessId": self.business, "idempotencyKey": format!("{key} {}", self.business),
            "voucherTypeId": kind, "date": self.date, "entries": [
                { "ledgerId": self.debit, "debit": "5" },
                { "ledgerId": self.credit, "credit": "5" },
            ],
        })
    }
}

on_every_engine! {
    async fn each_of_many_books_is_judged_by_its_own_years(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let mut all = Vec::new();
        for name in ["Looms", "Dyes", "Carpets", "Yarn"] {
            all.push(Books::begin(&shop.client, name).await);
        }
        let act = "mutation($input: BusinessYearActInput!) { businessYearClose(input: $input) {
            year { closedAt } userErrors { code field message } } }";
        let closed = &all[1];
        let done = shop.client.ask(act, json!({ "input": { "yearId": closed.year } })).await;
        done.at("businessYearClose.year.closedAt");
        // What the lane knew of all books is void now: they are read together, and not mixed up.
        for round in ["one", "two"] {
            let inputs: Vec<Value> =
                all.iter().map(|books| books.voucher(&shop.types["JRN"], round)).collect();
            let answers = join_all(inputs.iter().map(|input| shop.post(input))).await;
            for (books, answer) in all.iter().zip(answers) {
                let refused = answer.refusals("voucherPost");
                if books.business == closed.business {
                    assert!(refused[0].starts_with("YEAR_CLOSED "), "{}", answer.body);
                } else {
                    assert!(refused.is_empty(), "{}", answer.body);
                }
            }
        }
        let found = shop.client.query("{ vouchers { totalCount } }").await;
        assert!(matches!(found.code(), "BAD_USER_INPUT"), "{}", found.body);
        for books in &all {
            let query = "query($id: ID!) { vouchers(businessId: $id) { totalCount } }";
            let found = shop.client.ask(query, json!({ "id": books.business })).await;
            let expected = if books.business == closed.business { 0 } else { 2 };
            assert_eq!(found.at("vouchers.totalCount"), expected);
        }
    }
}
