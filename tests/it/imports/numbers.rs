//! Numbers that vouchers bring along: unique in their series, and passed by what is numbered later.

use serde_json::{Value, json};

use super::{act, bring, findings, import, stage};
use crate::books::Shop;

fn sales(shop: &Shop, numbers: &[&str]) -> String {
    let mut csv = "Date,Type,Number,Debit ledger,Credit ledger,Amount\n".to_owned();
    for number in numbers {
        csv.push_str(&format!("{},Sales,{number},Cash,Sales,10\n", shop.day(5)));
    }
    csv
}

on_every_engine! {
    async fn a_number_is_taken_once(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let part = ("CSV", Some("VOUCHERS"));
        assert_eq!(shop.number(&shop.voucher("1", "SAL", "Cash", "Sales", "5")).await, "INV/0001");
        // Twice in the file is a finding; the same place under another writing too.
        let csv = sales(&shop, &["X-9", "INV/0004", "X-09", "BIG", "BIG"]);
        let staged = stage(app, &shop.client, None, part, csv.as_bytes()).await;
        let found = import(&staged, "importStage");
        assert_eq!(findings(found, "ERROR"), ["4 NUMBER_TAKEN Sales X-09", "6 NUMBER_TAKEN Sales BIG"]);

        // What the books have already is refused under the fence, by the trial as by the import.
        let csv = sales(&shop, &["INV/0003", "INV/0001"]);
        let staged = stage(app, &shop.client, None, part, csv.as_bytes()).await;
        let found = import(&staged, "importStage").clone();
        assert_eq!(found["errorCount"], 0);
        let act_on = json!({ "importId": found["id"] });
        let tried = act(&shop.client, "Try", act_on).await;
        assert_eq!(tried.refusals("importTry"), ["NUMBER_TAKEN input.importId"]);
        let said = tried.text("importTry.userErrors.0.message");
        assert!(said.starts_with("line 3, Sales INV/0001: "), "{said}");
        let input = json!({ "idempotencyKey": "k", "importId": found["id"] });
        let refused = act(&shop.client, "Apply", input.clone()).await;
        assert_eq!(refused.refusals("importApply"), ["NUMBER_TAKEN input.importId"]);
        assert_eq!(shop.count().await, 1);

        // Gaps may be filled by what has the number, and by nothing else.
        let csv = sales(&shop, &["INV/0006", "INV/0004", "no digits"]);
        bring(app, &shop.client, None, part, csv.as_bytes()).await;
        let csv = sales(&shop, &["INV/0002"]);
        bring(app, &shop.client, None, part, csv.as_bytes()).await;
        assert_eq!(shop.number(&shop.voucher("2", "SAL", "Cash", "Sales", "5")).await, "INV/0007");
        let gaps = shop.client.query(
            "{ exceptionReport { numberGaps(first: 10) { nodes { prefix firstMissing lastMissing } } } }").await;
        let gaps: Vec<&Value> = gaps.at("exceptionReport.numberGaps.nodes").as_array().unwrap().iter()
            .filter(|gap| gap["prefix"] == "INV/").collect();

        assert_eq!(gaps.len(), 2, "{gaps:?}");
        assert_eq!(gaps[0]["firstMissing"].to_string().trim_matches('"'), "3");
        assert_eq!(gaps[1]["lastMissing"].to_string().trim_matches('"'), "5");
    }
}
