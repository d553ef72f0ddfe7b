//! Tax periods whose returns are filed lock themselves.

use serde_json::{Value, json};

use super::{LIFT, SET, call, dated, grant, is_locked, locks};
use crate::{books::Shop, client::Answer};

const RECORD: &str = "mutation($input: TaxFilingRecordInput!) { taxFilingRecord(input: $input) {
    taxFiling { id form registration periodTo filedOn acknowledgement withdrawnAt recordedBy { name } }
    replayed userErrors { code field message } } }";
const WITHDRAW: &str = "mutation($input: TaxFilingWithdrawInput!) { taxFilingWithdraw(input: $input) {
    taxFiling { withdrawnReason withdrawnBy { name } } replayed userErrors { code field message } } }";

async fn record(shop: &Shop, key: &str, form: &str, days: [u64; 2]) -> Answer {
    let input = json!({ "idempotencyKey": key, "form": form, "periodFrom": shop.day(days[0]),
        "periodTo": shop.day(days[1]), "acknowledgement": "AA290426000001Z" });
    call(&shop.client, RECORD, input).await
}

on_every_engine! {
    async fn a_filed_return_locks_the_tax_of_its_period(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let tax = |key: &str, day: &str| dated(&shop, key, "JRN", ["Input CGST", "Capital Account"], day);
        let rent = |key: &str, day: &str| dated(&shop, key, "JRN", ["Rent", "Capital Account"], day);
        for replayed in [false, true] {
            let done = record(&shop, "r", "gstr-3b", [0, 29]).await;
            assert!(done.refusals("taxFilingRecord").is_empty(), "{}", done.body);
            assert_eq!(done.at("taxFilingRecord.replayed"), replayed);
            assert_eq!(done.text("taxFilingRecord.taxFiling.form"), "GSTR-3B");
            assert!(done.at("taxFilingRecord.taxFiling.recordedBy.name").is_string());
        }
        let through = shop.day(29);
        assert_eq!(locks(&shop.client).await, [format!("SOFT TAX {through}")]);
        is_locked(&shop, &tax("1", &through), &through).await;
        shop.number(&tax("1", &shop.day(30))).await;
        shop.number(&rent("2", &through)).await;

        // The lock stays while the filing does; who must correct something gets an exception.
        let lift = json!({ "idempotencyKey": "l", "area": "TAX", "reason": "a late bill" });
        let refused = call(&shop.client, LIFT, lift.clone()).await;
        assert_eq!(refused.refusals("periodLockLift"), ["NOT_ALLOWED input.area"]);
        let back = json!({ "idempotencyKey": "b", "area": "TAX", "reason": "a late bill",
            "lockedThrough": shop.day(20) });
        let refused = call(&shop.client, SET, back).await;
        assert_eq!(refused.refusals("periodLockSet"), ["NOT_ALLOWED input.area"]);
        let soon = daybook::clock::Clock::default().now() + chrono::TimeDelta::days(1);
        let role = json!({ "idempotencyKey": "g", "areas": ["TAX"], "from": shop.day(0), "to": through,
            "role": "OWNER", "reason": "a late bill", "expiresAt": soon.to_rfc3339() });
        grant(&shop.client, role).await;
        shop.number(&tax("3", &through)).await;

        // Once only, within the bounds of a return, in order or not.
        let twice = record(&shop, "s", "GSTR-3B", [29, 40]).await;
        assert_eq!(twice.refusals("taxFilingRecord"), ["ALREADY_DONE input.periodFrom"]);
        let round = record(&shop, "t", "GSTR-1", [29, 0]).await;
        assert_eq!(round.refusals("taxFilingRecord"), ["INVALID input.periodTo"]);
        let early = record(&shop, "u", "GSTR-1", [0, 10]).await;
        assert!(early.refusals("taxFilingRecord").is_empty(), "{}", early.body);
        assert_eq!(locks(&shop.client).await, [format!("SOFT TAX {through}")]);

        // Withdrawn, it holds nothing any more, and somebody may lift the lock.
        let listed = shop.client.query("{ taxFilings { totalCount nodes { id form } } }").await;
        assert_eq!(listed.at("taxFilings.totalCount"), 2);
        for (index, form) in ["GSTR-1", "GSTR-3B"].iter().enumerate() {
            let node = &listed.at("taxFilings.nodes")[index];
            assert_eq!(node["form"], json!(form));
            let input = json!({ "idempotencyKey": form, "taxFilingId": node["id"], "reason": "not sent" });
            let done = call(&shop.client, WITHDRAW, input).await;
            assert_eq!(done.text("taxFilingWithdraw.taxFiling.withdrawnReason"), "not sent");
        }
        let lifted = call(&shop.client, LIFT, lift).await;
        assert_eq!(lifted.refusals("periodLockLift"), [""; 0]);
        assert_eq!(locks(&shop.client).await, [""; 0]);
        let other = Shop::open(app, "asha").await;
        let id = listed.at("taxFilings.nodes.0.id").clone();
        let node = format!("{{ node(id: {id}) {{ id }} }}");
        assert_eq!(other.client.query(&node).await.body["data"]["node"], Value::Null);
        let input = json!({ "idempotencyKey": "w", "taxFilingId": id, "reason": "mine" });
        let refused = call(&other.client, WITHDRAW, input).await;
        assert_eq!(refused.refusals("taxFilingWithdraw"), ["NOT_FOUND input.taxFilingId"]);
    }
}
