//! Several businesses in one report.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::model::minor;
use crate::{books::Shop, tenancy::invited};

/// Begins another business; its id and its ledgers by name.
async fn another(shop: &Shop, name: &str, currency: &str) -> (String, HashMap<String, String>) {
    let create = "mutation($name: String!, $currency: CurrencyCode) {
        businessCreate(input: { name: $name, country: \"IN\", baseCurrency: $currency }) {
            business { id } userErrors { code field message } } }";
    let made = shop.client.ask(create, json!({ "name": name, "currency": currency })).await;
    let id = made.text("businessCreate.business.id");
    let list = "query($id: ID) { ledgers(businessId: $id, first: 100) { nodes { id name } } }";
    let found = shop.client.ask(list, json!({ "id": id })).await;
    let ledgers = found.at("ledgers.nodes").as_array().unwrap().iter();
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    (id, ledgers.map(|one| (text(one, "name"), text(one, "id"))).collect())
}

on_every_engine! {
    async fn businesses_of_one_currency_are_reported_together(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let first = shop.client.query("{ businesses { nodes { id } } }").await.text("businesses.nodes.0.id");
        let (second, ledgers) = another(&shop, "Second", "INR").await;
        let (abroad, _) = another(&shop, "Abroad", "KES").await;
        let branch = Shop { ledgers, ..shop.seen_by(shop.client.clone()) };
        for (own, business, key, amount) in
            [(&shop, &first, "1", "100"), (&branch, &second, "2", "30"), (&shop, &first, "3", "7"), (&branch, &second, "4", "0.50")]
        {
            let mut input = own.voucher(key, "RCT", "Cash", "Sales", amount);
            input["businessId"] = json!(business);
            own.number(&input).await;
        }
        let report = "query($ids: [ID!], $to: Date, $group: ID!, $after: String) {
            cashBook(businessIds: $ids, to: $to) { closing { amount } businesses { name }
                ledgers { ledger { name business { name } } closing { amount } }
                lines(first: 3, after: $after) { totalCount pageInfo { endCursor hasNextPage }
                    nodes { balance { amount } voucher { business { name } } } } }
            dayBook(businessIds: $ids, from: \"2000-01-01\", to: $to) { voucherCount total { amount }
                vouchers(first: 100) { nodes { business { name } total { amount } } } }
            groupSummary(businessIds: $ids, accountGroupId: $group, to: $to) { closing { amount }
                rows { nodes { ledger { name business { name } } closing { amount } } } }
            exceptionReport(businessIds: $ids, to: $to) { negativeCash { totalCount } } }";
        let ask = async |ids: Value, after: Value| {
            let asked = json!({ "ids": ids, "to": shop.day(30), "group": shop.groups["CASH"], "after": after });
            shop.client.ask(report, asked).await
        };
        let both = ask(json!([first, second, first]), Value::Null).await;
        assert_eq!(both.text("cashBook.closing.amount"), "137.50");
        assert_eq!(both.at("cashBook.businesses").as_array().unwrap().len(), 2);
        let lines = both.at("cashBook.lines.nodes").as_array().unwrap();
        let balances: Vec<i64> = lines.iter().map(|line| minor(&line["balance"])).collect();
        assert_eq!(balances, [10_000, 13_000, 13_700]);
        let rest = ask(json!([first, second]), both.at("cashBook.lines.pageInfo.endCursor").clone()).await;
        assert_eq!(rest.text("cashBook.lines.nodes.0.balance.amount"), "137.50");
        assert_eq!(rest.text("cashBook.lines.nodes.0.voucher.business.name"), "Second");
        assert_eq!(rest.at("cashBook.lines.totalCount"), 4);
        assert_eq!(both.at("dayBook.voucherCount"), 4);
        assert_eq!(both.text("dayBook.total.amount"), "137.50");
        let names = both.at("dayBook.vouchers.nodes").as_array().unwrap();
        let names: Vec<&str> = names.iter().map(|one| one["business"]["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["meera Textiles", "Second", "meera Textiles", "Second"]);
        assert_eq!(both.text("groupSummary.closing.amount"), "137.50");
        assert_eq!(both.at("groupSummary.rows.nodes").as_array().unwrap().len(), 2);
        let one = ask(json!([second]), Value::Null).await;
        assert_eq!(one.text("cashBook.closing.amount"), "30.50");
        assert_eq!(one.at("dayBook.voucherCount"), 2);

        // Which of them, where several are seen; what is added up has one currency.
        let wrong = json!([Value::Null, json!([]), json!([first, abroad]), json!(["x"]), json!(vec![&second; 101])]);
        for ids in wrong.as_array().unwrap() {
            let refused = shop.client.ask("query($ids: [ID!]) { dayBook(businessIds: $ids) { to } }", json!({ "ids": ids })).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT", "{}", refused.body);
            assert_eq!(refused.body["errors"][0]["extensions"]["argument"], "businessIds");
        }
        let clerk = invited(app, &shop.client, "ACCOUNTANT", json!([first])).await;
        let asked = json!({ "ids": [first, second] });
        let refused = clerk.ask("query($ids: [ID!]) { dayBook(businessIds: $ids) { to } }", asked).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
        let hidden = json!({ "id": branch.ledgers["Cash"] });
        let statement = "query($id: ID!) { ledgerStatement(ledgerId: $id) { closing { amount } } }";
        let none = clerk.ask(statement, hidden).await;
        assert_eq!(none.code(), "");
        assert!(none.data("ledgerStatement").is_null());
        // The only business that is seen need not be named.
        assert_eq!(clerk.query("{ cashBook { businesses { name } } }").await.text("cashBook.businesses.0.name"), "meera Textiles");
    }
}
