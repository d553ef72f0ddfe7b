//! What customers owe and suppliers are owed, by age: figures by hand, and what the ledgers stand at.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{app::TestApp, books::Shop, client::Answer, tenancy::invited};

const ASK: &str = "query($ids: [ID!], $at: Date, $buckets: [Int!]!, $basis: AgeingBasis!, $parties: [ID!],
    $known: DateTime, $after: String) {
    receivables(businessIds: $ids, at: $at, buckets: $buckets, basis: $basis, partyIds: $parties,
        asKnownAt: $known) { at asKnownAt buckets { fromDays toDays } totals { ...amounts }
        parties { totalCount nodes { ledger { name } billCount amounts { ...amounts } } }
        bills(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
            bill { reference voucherId ledger { name } } outstanding { amount } ageDays bucket } } } }
    fragment amounts on AgeingAmounts { buckets { amount } advances { amount } onAccount { amount }
        outstanding { amount } ledgerBalance { amount } difference { amount } }";

async fn ask(shop: &Shop, mut variables: Value) -> Answer {
    if variables["basis"].is_null() {
        variables["basis"] = json!("DUE_DATE");
    }
    if variables["buckets"].is_null() {
        variables["buckets"] = json!([30, 60]);
    }
    shop.client.ask(ASK, variables).await
}

/// Buckets, then what stands apart, what is outstanding, the ledgers and the difference.
fn row(amounts: &Value) -> Vec<String> {
    let text = |one: &Value| one["amount"].as_str().unwrap().to_owned();
    let mut row: Vec<String> = amounts["buckets"].as_array().unwrap().iter().map(text).collect();
    for name in ["advances", "onAccount", "outstanding", "ledgerBalance", "difference"] {
        row.push(text(&amounts[name]));
    }
    row
}

/// A shop with bills of a customer, and another customer whose ledger is not kept bill by bill.
async fn shop(app: &TestApp) -> Shop {
    let mut shop = Shop::with_customer(app).await;
    let made = shop.create_ledger("Bina", "SD", Value::Null).await;
    shop.keep_ledger(&made);
    // Due 30 days later: on days 35, 40 and 110.
    for (number, amount, day) in [("INV/1", "100", 10), ("INV/2", "50", 5), ("INV/3", "70", 80)] {
        shop.posted(&shop.invoice(number, amount, day)).await;
    }
    let mut receipt = shop.receipt(
        "r",
        "45",
        json!([
            { "kind": "AGAINST", "billId": shop.bill("INV/1").await, "amount": "20" },
            { "kind": "ADVANCE", "reference": "ADV", "amount": "15" },
        ]),
    );
    receipt["date"] = json!(shop.day(50));
    shop.posted(&receipt).await;
    shop.posted(&shop.voucher("b", "JRN", "Bina", "Sales", "5.50")).await;
    shop
}

on_every_engine! {
    async fn debts_are_told_by_age(app: &TestApp) {
        let shop = shop(app).await;
        // On day 100: INV/2 is 65 days over, INV/1 60, INV/3 not due.
        let found = ask(&shop, json!({ "at": shop.day(100) })).await;
        let ages = json!([{ "fromDays": null, "toDays": 0 }, { "fromDays": 1, "toDays": 30 },
            { "fromDays": 31, "toDays": 60 }, { "fromDays": 61, "toDays": null }]);
        assert_eq!(found.at("receivables.buckets"), &ages);
        let asha = ["70.00", "0.00", "80.00", "50.00", "-15.00", "-10.00", "175.00", "175.00", "0.00"];
        let bina = ["0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "5.50", "5.50"];
        let all = ["70.00", "0.00", "80.00", "50.00", "-15.00", "-10.00", "175.00", "180.50", "5.50"];
        assert_eq!(found.at("receivables.parties.totalCount"), 2);
        assert_eq!(found.text("receivables.parties.nodes.0.ledger.name"), "Asha");
        assert_eq!(found.at("receivables.parties.nodes.0.billCount"), 4);
        assert_eq!(row(found.at("receivables.parties.nodes.0.amounts")), asha);
        assert_eq!(row(found.at("receivables.parties.nodes.1.amounts")), bina);
        assert_eq!(row(found.at("receivables.totals")), all);
        assert_eq!(shop.balance("Asha").await, "175.00");

        // Bill by bill, the oldest first, page by page.
        let mut bills = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = ask(&shop, json!({ "at": shop.day(100), "after": after })).await;
            assert_eq!(page.at("receivables.bills.totalCount"), 4);
            for one in page.at("receivables.bills.nodes").as_array().unwrap() {
                assert!(one["bill"]["voucherId"].is_string());
                bills.push(json!([one["bill"]["reference"], one["outstanding"]["amount"], one["ageDays"], one["bucket"]]));
            }
            if page.at("receivables.bills.pageInfo.hasNextPage") == false {
                break;
            }
            after = page.at("receivables.bills.pageInfo.endCursor").clone();
        }
        let right = json!([["INV/2", "50.00", 65, 3], ["INV/1", "80.00", 60, 2],
            ["ADV", "-15.00", 50, null], ["INV/3", "70.00", -10, 0]]);
        assert_eq!(json!(bills), right);

        // By the bills' own dates: 95, 90 and 20 days.
        let found = ask(&shop, json!({ "at": shop.day(100), "basis": "BILL_DATE", "buckets": [30, 90] })).await;
        assert_eq!(row(found.at("receivables.totals"))[..3], ["70.00", "80.00", "50.00"]);
        // On an earlier day, what came later does not count.
        let found = ask(&shop, json!({ "at": shop.day(45) })).await;
        assert_eq!(row(found.at("receivables.parties.nodes.0.amounts"))[..4], ["0.00", "150.00", "0.00", "0.00"]);
        let found = ask(&shop, json!({ "at": shop.day(100), "parties": [shop.ledgers["Bina"]] })).await;
        assert_eq!(row(found.at("receivables.totals")), bina);
        assert_eq!(found.at("receivables.bills.totalCount"), 0);

        for buckets in [json!([]), json!([30, 30]), json!([0]), json!([-5]), json!([4000])] {
            let refused = ask(&shop, json!({ "buckets": buckets })).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT", "{buckets}");
            assert_eq!(refused.body["errors"][0]["extensions"]["argument"], "buckets");
        }
        let cashier = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        assert_eq!(ask(&cashier, json!({})).await.code(), "FORBIDDEN");
        let ravi = Shop::open(app, "ravi").await;
        let none = ask(&ravi, json!({ "parties": [shop.ledgers["Asha"]], "at": shop.day(100) })).await;
        assert_eq!(none.at("receivables.parties.totalCount"), 0);
        let business = shop.client.query("{ businesses { nodes { id } } }").await.text("businesses.nodes.0.id");
        assert_eq!(ask(&ravi, json!({ "ids": [business] })).await.code(), "BAD_USER_INPUT");
    }

    async fn suppliers_are_owed_and_debts_were_known(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let made = shop.try_ledger(json!({ "name": "Mill", "accountGroupId": shop.groups["SC"],
            "isBillWise": true, "creditDays": 10 })).await;
        shop.keep_ledger(&made);
        let mut bill = shop.voucher("p", "JRN", "Rent", "Mill", "500");
        bill["entries"][1]["bills"] = json!([{ "kind": "NEW", "reference": "M/1", "amount": "500" }]);
        let posted = shop.posted(&bill).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let first = app.clock.now_ms();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut paid = shop.voucher("q", "PMT", "Mill", "Cash", "200");
        paid["entries"][0]["allocate"] = json!("OLDEST_FIRST");
        shop.posted(&paid).await;
        let payables = "query($at: Date, $known: DateTime) { payables(at: $at, asKnownAt: $known) {
            totals { buckets { amount } outstanding { amount } ledgerBalance { amount } difference { amount } }
            bills { nodes { bill { reference open { amount } } outstanding { amount } } } } }";
        app.clock.advance_ms(60_000);
        let known = chrono::DateTime::from_timestamp_millis(first).unwrap().to_rfc3339();
        let told = async |known: Value| {
            let found = shop.client.ask(payables, json!({ "at": shop.day(20), "known": known })).await;
            let total = found.at("payables.totals");
            assert_eq!(total["difference"]["amount"], "0.00");
            assert_eq!(total["outstanding"], total["ledgerBalance"]);
            let bills = found.at("payables.bills.nodes").clone();
            (total["buckets"][0]["amount"].clone(), bills)
        };
        let bill = |open: &str, outstanding: &str| json!([{ "bill": { "reference": "M/1",
            "open": { "amount": open } }, "outstanding": { "amount": outstanding } }]);
        assert_eq!(told(Value::Null).await, (json!("300.00"), bill("-300.00", "300.00")));
        assert_eq!(told(json!(known)).await, (json!("500.00"), bill("-500.00", "500.00")));
        // A bill whose voucher is gone is owed no more.
        let gone = shop.act("voucherCancel", json!({ "idempotencyKey": "c", "voucherId": posted })).await;
        assert_eq!(gone.refusals("voucherCancel"), ["BILL_SETTLED input.voucherId"]);
    }
}
