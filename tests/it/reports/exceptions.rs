//! What stands out: it is found, and nothing else is.

use serde_json::{Value, json};

use super::{hand::number_of, model::Model};
use crate::{app::TestApp, hand::run_sql};

const REPORT: &str =
    "query($from: Date, $to: Date, $cash: String, $changed: String, $known: DateTime) {
    exceptionReport(from: $from, to: $to, asKnownAt: $known) { from to currency
        negativeCash(first: 1, after: $cash) { totalCount pageInfo { endCursor }
            nodes { ledger { name } firstDay balance { amount } lowest { amount } } }
        numberGaps { totalCount nodes { prefix firstMissing lastMissing missingCount
            nextVoucher { id } voucherType { code } business { name } } }
        changedVouchers(first: 1, after: $changed) { totalCount pageInfo { endCursor }
            nodes { act { kind version reason date } voucher { id version total { amount } } } }
        archivedLedgers { totalCount nodes { ledger { name } entryCount debit { amount }
            credit { amount } closing { amount } } } } }";

async fn report(model: &Model, asked: Value) -> Value {
    model.shop.client.ask(REPORT, asked).await.at("exceptionReport").clone()
}

/// A voucher of the same series, stored round the program under a number further on.
async fn skip_numbers(app: &TestApp, voucher: &str, by: i64) {
    let id = number_of(voucher);
    let insert = format!(
        "INSERT INTO vouchers SELECT id + 1, business_id, voucher_type_id, base_type, year_id, series_id, \
         sequence + {by}, 'SKIPPED', NULL, created_by, recorded_at FROM vouchers WHERE id = {id}"
    );
    let version = format!(
        "INSERT INTO voucher_versions SELECT id + 1, voucher_id + 1, version, business_id, kind, dated, 0, \
         narration, reference, reference_date, party_ledger_id, occurred_at, areas, lock_exception_id, \
         created_by, change_seq, recorded_at FROM voucher_versions WHERE voucher_id = {id}"
    );
    let next = format!(
        "UPDATE voucher_series SET next_number = next_number + {by} \
         WHERE id = (SELECT series_id FROM vouchers WHERE id = {id})"
    );
    run_sql(app, "meera", &[&insert, &version, &next]).await;
}

on_every_engine! {
    async fn cash_below_zero_is_found_with_its_first_day(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        for name in ["Till", "Box", "Drawer"] {
            let made = model.shop.create_ledger(name, "CASH", Value::Null).await;
            model.shop.keep_ledger(&made);
        }
        // Cash is short from the third day to the fifth, and again later.
        model.post("RCT", ("Cash", "Sales"), 1_000, 1).await;
        model.post("PMT", ("Rent", "Cash"), 1_500, 3).await;
        model.post("PMT", ("Rent", "Cash"), 200, 4).await;
        model.post("RCT", ("Cash", "Sales"), 5_000, 6).await;
        model.post("PMT", ("Rent", "Cash"), 9_000, 50).await;
        model.post("RCT", ("Cash", "Sales"), 9_000, 52).await;
        // Within a day a payment may be written before the receipt that it is made of.
        model.post("PMT", ("Rent", "Till"), 100, 2).await;
        model.post("RCT", ("Till", "Sales"), 100, 2).await;
        // A box that is short and rests; a drawer that was short, but by a voucher that was taken back.
        model.post("PMT", ("Rent", "Box"), 70, 5).await;
        model.post("PMT", ("Rent", "Drawer"), 80, 5).await;
        model.cancel(app, 9).await;
        // A bank may lend.
        model.post("PMT", ("Rent", "State Bank"), 80, 5).await;
        let day = |count: u64| model.shop.day(count);
        let row = |ledger: &str, first: String, balance: &str, lowest: &str| {
            json!({ "ledger": { "name": ledger }, "firstDay": first,
                "balance": { "amount": balance }, "lowest": { "amount": lowest } })
        };
        let found = report(&model, json!({ "from": day(0), "to": day(60) })).await;
        assert_eq!(found["negativeCash"]["totalCount"], 2);
        assert_eq!(found["negativeCash"]["nodes"], json!([row("Box", day(5), "-0.70", "-0.70")]));
        let after = found["negativeCash"]["pageInfo"]["endCursor"].clone();
        let next = report(&model, json!({ "from": day(0), "to": day(60), "cash": after })).await;
        assert_eq!(next["negativeCash"]["nodes"], json!([row("Cash", day(3), "-5.00", "-47.00")]));
        // A range may begin while it is short already.
        let found = report(&model, json!({ "from": day(4), "to": day(5), "cash": after })).await;
        assert_eq!(found["negativeCash"]["nodes"], json!([row("Cash", day(4), "-7.00", "-7.00")]));
        let found = report(&model, json!({ "from": day(7), "to": day(40) })).await;
        assert_eq!(found["negativeCash"]["nodes"], json!([row("Box", day(7), "-0.70", "-0.70")]));
        assert_eq!(found["negativeCash"]["totalCount"], 1);
        let found = report(&model, json!({ "from": day(0), "to": day(2) })).await;
        assert_eq!(found["negativeCash"]["totalCount"], 0);
    }

    async fn missing_numbers_are_found(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        let mut last = String::new();
        for minor in [100, 200, 300] {
            last = model.post("PMT", ("Rent", "Cash"), minor, 1).await;
        }
        model.post("RCT", ("Cash", "Sales"), 100, 1).await;
        model.cancel(app, 1).await;
        let days = json!({ "from": model.shop.day(0), "to": model.shop.day(60) });
        // A cancelled voucher keeps its number.
        assert_eq!(report(&model, days.clone()).await["numberGaps"]["totalCount"], 0);
        skip_numbers(app, &last, 4).await;
        let found = report(&model, days).await;
        assert_eq!(found["numberGaps"]["totalCount"], 1);
        let gap = &found["numberGaps"]["nodes"][0];
        assert_eq!((&gap["firstMissing"], &gap["lastMissing"]), (&json!(4), &json!(6)));
        assert_eq!(gap["missingCount"], 3);
        assert_eq!(gap["voucherType"]["code"], "PMT");
        assert_eq!(gap["business"]["name"], "meera Textiles");
        assert_eq!(number_of(gap["nextVoucher"]["id"].as_str().unwrap()), number_of(&last) + 1);
        run_sql(app, "meera", &["UPDATE voucher_series SET next_number = next_number + 2"]).await;
        let found = report(&model, json!({ "from": model.shop.day(0), "to": model.shop.day(60) })).await;
        let gaps = found["numberGaps"]["nodes"].as_array().unwrap();
        assert_eq!(gaps.len(), 3);
        let open = gaps.iter().filter(|gap| gap["nextVoucher"].is_null());
        let open: Vec<&Value> = open.map(|gap| &gap["missingCount"]).collect();
        assert_eq!(open, [&json!(2), &json!(2)]);
        // Series of other years are not looked at.
        let other = report(&model, json!({ "from": model.shop.day(400), "to": model.shop.day(500) })).await;
        assert_eq!(other["numberGaps"]["totalCount"], 0);
    }

    async fn changed_vouchers_are_found(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        for (minor, day) in [(100, 1), (200, 2), (300, 3), (400, 70)] {
            model.post("PMT", ("Rent", "Cash"), minor, day).await;
        }
        model.amend(app, 2, 999, 3).await;
        model.cancel(app, 0).await;
        model.cancel(app, 3).await;
        let mut seen = Vec::new();
        let mut after = Value::Null;
        for _ in 0..2 {
            let found = report(&model, json!({ "to": model.shop.day(60), "changed": after })).await;
            assert_eq!(found["changedVouchers"]["totalCount"], 2);
            let node = &found["changedVouchers"]["nodes"][0];
            assert_eq!(node["act"]["reason"], "typed wrong");
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            seen.push((text(&node["act"]["kind"]), text(&node["voucher"]["id"]), text(&node["voucher"]["total"]["amount"])));
            after = found["changedVouchers"]["pageInfo"]["endCursor"].clone();
        }
        let of = |kind: &str, place: usize, amount: &str| {
            (kind.to_owned(), model.posted[place].id.clone(), amount.to_owned())
        };
        assert_eq!(seen, [of("CANCELLED", 0, "1.00"), of("AMENDED", 2, "3.00")]);
        let early = json!({ "to": model.shop.day(60), "known": "2001-01-01T00:00:00Z" });
        assert_eq!(report(&model, early).await["changedVouchers"]["totalCount"], 0);
    }

    async fn entries_on_archived_ledgers_are_found(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        for name in ["Shelves", "Lamps", "Fans"] {
            let made = model.shop.create_ledger(name, "FA", Value::Null).await;
            model.shop.keep_ledger(&made);
        }
        model.post("PMT", ("Shelves", "Cash"), 500, 1).await;
        model.post("PMT", ("Shelves", "Cash"), 600, 2).await;
        model.post("RCT", ("Cash", "Shelves"), 200, 3).await;
        model.post("PMT", ("Lamps", "Cash"), 900, 2).await;
        model.cancel(app, 1).await;
        model.cancel(app, 3).await;
        let archive = "mutation($id: ID!) { ledgerArchive(id: $id, input: { archived: true }) {
            userErrors { code field message } } }";
        for name in ["Shelves", "Lamps", "Fans"] {
            let done = model.shop.client.ask(archive, json!({ "id": model.shop.ledgers[name] })).await;
            assert!(done.refusals("ledgerArchive").is_empty());
        }
        let found = report(&model, json!({ "to": model.shop.day(60) })).await;
        assert_eq!(found["archivedLedgers"]["totalCount"], 1);
        let right = json!({ "ledger": { "name": "Shelves" }, "entryCount": 2, "debit": { "amount": "5.00" },
            "credit": { "amount": "2.00" }, "closing": { "amount": "3.00" } });
        assert_eq!(found["archivedLedgers"]["nodes"], json!([right]));
        let later = report(&model, json!({ "from": model.shop.day(4), "to": model.shop.day(60) })).await;
        assert_eq!(later["archivedLedgers"]["totalCount"], 0);
    }
}
