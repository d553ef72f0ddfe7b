//! What was taken back is gone from the registers, and stands in the history.

use serde_json::{Value, json};

use super::model::Model;
use crate::tenancy::invited;

const HISTORY: &str = "query($id: ID!, $after: String) { voucherHistory(voucherId: $id) {
    voucher { number status version }
    versions(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
        version isStanding endedBy endedAt recordedBy { name } changes { field before after }
        voucher { version date total { amount } narration entries { debit { amount } ledger { name } } } } }
    acts(first: 100) { totalCount nodes { kind version date reason actedBy { name } recordedAt relatedVoucher { id } } } } }";

const REGISTERS: &str = "query($ledger: ID!, $to: Date) {
    dayBook(from: \"2000-01-01\", to: $to) { voucherCount vouchers { totalCount nodes { id version } } }
    voucherRegister(baseType: PAYMENT, to: $to) { voucherCount vouchers { totalCount nodes { id version } } }
    cashBook(to: $to) { lines { totalCount nodes { voucher { id version } } } }
    ledgerStatement(ledgerId: $ledger, to: $to) { lines { totalCount nodes { voucher { id version } } } } }";

async fn registers(model: &Model) -> [Vec<(String, i64)>; 4] {
    let asked = json!({ "ledger": model.shop.ledgers["Rent"], "to": model.shop.day(60) });
    let found = model.shop.client.ask(REGISTERS, asked).await;
    ["dayBook.vouchers", "voucherRegister.vouchers", "cashBook.lines", "ledgerStatement.lines"].map(
        |list| {
            let nodes = found.at(&format!("{list}.nodes")).as_array().unwrap();
            assert_eq!(found.at(&format!("{list}.totalCount")), nodes.len(), "{list}");
            let of = |node: &Value| {
                let voucher = if node["voucher"].is_null() { node } else { &node["voucher"] };
                (voucher["id"].as_str().unwrap().to_owned(), voucher["version"].as_i64().unwrap())
            };
            nodes.iter().map(of).collect()
        },
    )
}

on_every_engine! {
    async fn a_cancelled_version_leaves_the_registers(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        let mut ids = Vec::new();
        for (day, minor) in [(3, 1_000), (4, 2_000), (5, 3_000)] {
            ids.push(model.post("PMT", ("Rent", "Cash"), minor, day).await);
        }
        let all = |versions: &[(usize, i64)]| -> Vec<(String, i64)> {
            versions.iter().map(|(place, version)| (ids[*place].clone(), *version)).collect()
        };
        for list in registers(&model).await {
            assert_eq!(list, all(&[(0, 1), (1, 1), (2, 1)]));
        }
        model.cancel(app, 1).await;
        model.amend(app, 0, 4_000, 20).await;
        for list in registers(&model).await {
            assert_eq!(list, all(&[(2, 1), (0, 2)]));
        }

        let client = &model.shop.client;
        let told = client.ask(HISTORY, json!({ "id": ids[1] })).await;
        assert_eq!(told.text("voucherHistory.voucher.status"), "CANCELLED");
        assert_eq!(told.at("voucherHistory.versions.totalCount"), 1);
        let version = told.at("voucherHistory.versions.nodes.0");
        assert_eq!((&version["isStanding"], &version["endedBy"]), (&json!(false), &json!("CANCELLED")));
        assert_eq!(version["recordedBy"]["name"], "Meera Shah");
        assert_eq!(version["voucher"]["total"]["amount"], "20.00");
        assert_eq!(version["changes"], json!([]));
        let act = told.at("voucherHistory.acts.nodes.0");
        assert_eq!((&act["kind"], &act["version"]), (&json!("CANCELLED"), &json!(1)));
        assert_eq!(act["reason"], "typed wrong");
        assert_eq!(act["date"], model.shop.day(4));
        assert_eq!(act["actedBy"]["name"], "Meera Shah");
        assert_eq!(act["recordedAt"], version["endedAt"]);
        assert!(act["relatedVoucher"].is_null());

        let told = client.ask(HISTORY, json!({ "id": ids[0] })).await;
        let versions = told.at("voucherHistory.versions.nodes").as_array().unwrap();
        assert_eq!(versions.len(), 2);
        assert_eq!((&versions[0]["isStanding"], &versions[0]["endedBy"]), (&json!(false), &json!("AMENDED")));
        assert_eq!((&versions[1]["isStanding"], &versions[1]["endedBy"]), (&json!(true), &Value::Null));
        assert_eq!(versions[0]["voucher"]["date"], model.shop.day(3));
        assert_eq!(versions[0]["voucher"]["entries"][0]["debit"]["amount"], "10.00");
        assert_eq!(versions[1]["voucher"]["date"], model.shop.day(20));
        assert_eq!(versions[1]["voucher"]["entries"][0]["debit"]["amount"], "40.00");
        assert_eq!(
            versions[1]["changes"],
            json!([
                { "field": "dated", "before": model.shop.day(3), "after": model.shop.day(20) },
                { "field": "entries.0.debit", "before": "10.00", "after": "40.00" },
                { "field": "entries.1.credit", "before": "10.00", "after": "40.00" },
                { "field": "narration", "before": null, "after": "amended" },
                { "field": "total", "before": "10.00", "after": "40.00" },
            ])
        );
    }

    async fn a_long_history_is_read_in_pages(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        let id = model.post("PMT", ("Rent", "Cash"), 100, 1).await;
        for minor in [200, 300, 400, 500] {
            model.amend(app, 0, minor, 1).await;
        }
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let told = model.shop.client.ask(HISTORY, json!({ "id": id, "after": after })).await;
            assert_eq!(told.at("voucherHistory.versions.totalCount"), 5);
            assert_eq!(told.at("voucherHistory.acts.totalCount"), 4);
            for node in told.at("voucherHistory.versions.nodes").as_array().unwrap() {
                let changes = node["changes"].as_array().unwrap();
                let total = changes.iter().find(|one| one["field"] == "total");
                let before = total.map(|one| one["before"].as_str().unwrap().to_owned());
                seen.push((node["version"].as_i64().unwrap(), before));
            }
            if told.at("voucherHistory.versions.pageInfo.hasNextPage") == false {
                break;
            }
            after = told.at("voucherHistory.versions.pageInfo.endCursor").clone();
        }
        let text = |amount: &str| Some(amount.to_owned());
        let right = [(1, None), (2, text("1.00")), (3, text("2.00")), (4, text("3.00")), (5, text("4.00"))];
        assert_eq!(seen, right);
    }

    async fn the_history_is_for_whom_sees_the_edit_log(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        let id = model.post("PMT", ("Rent", "Cash"), 100, 1).await;
        let owner = &model.shop.client;
        let ask = json!({ "id": id });
        let clerk = invited(app, owner, "ACCOUNTANT", Value::Null).await;
        assert_eq!(clerk.ask(HISTORY, ask.clone()).await.at("voucherHistory.versions.totalCount"), 1);
        for role in ["VIEWER", "CASHIER"] {
            let other = invited(app, owner, role, Value::Null).await;
            assert_eq!(other.ask(HISTORY, ask.clone()).await.code(), "FORBIDDEN", "{role}");
        }
        for wrong in ["x", model.shop.ledgers["Rent"].as_str()] {
            let none = owner.ask(HISTORY, json!({ "id": wrong })).await;
            assert_eq!(none.code(), "");
            assert!(none.data("voucherHistory").is_null());
        }
    }
}
