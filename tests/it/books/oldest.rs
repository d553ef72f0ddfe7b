//! Receipts that settle a party's oldest bills by themselves: proposed, posted, and many at once.

use serde_json::{Value, json};

use super::shop::Shop;

const PROPOSE: &str = "query($ledger: ID!, $amount: Decimal!, $at: Date, $side: EntrySide) {
    billProposal(partyLedgerId: $ledger, amount: $amount, at: $at, side: $side) {
        side remainder { amount } allocations { billId amount { amount } bill { reference } } } }";

impl Shop {
    /// The input of a receipt from the customer that settles the oldest bills.
    fn settling(&self, key: &str, amount: &str, day: u64) -> Value {
        let mut input = self.voucher(key, "RCT", "Cash", "Asha", amount);
        input["date"] = json!(self.day(day));
        input["entries"][1]["allocate"] = json!("OLDEST_FIRST");
        input
    }

    /// What a voucher did with bills: kind, amount, and the bill's id.
    async fn parts(&self, voucher: &str) -> Value {
        let ask = format!(
            "{{ voucher(id: \"{voucher}\") {{ bills {{ kind billId amount {{ amount }} }} }} }}"
        );
        let found = self.client.query(&ask).await;
        let parts = found.at("voucher.bills").as_array().unwrap().iter();
        parts.map(|one| json!([one["kind"], one["billId"], one["amount"]["amount"]])).collect()
    }
}

on_every_engine! {
    async fn what_is_proposed_is_what_is_posted(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        for (number, amount, day) in [("INV/1", "100", 10), ("INV/2", "50", 5), ("INV/3", "70", 40)] {
            shop.posted(&shop.invoice(number, amount, day)).await;
        }
        let (one, two) = (shop.bill("INV/1").await, shop.bill("INV/2").await);
        let ask = async |amount: &str, day: u64, side: Value| {
            let variables = json!({ "ledger": shop.ledgers["Asha"], "amount": amount,
                "at": shop.day(day), "side": side });
            shop.client.ask(PROPOSE, variables).await
        };
        let found = ask("120", 20, Value::Null).await;
        assert_eq!(found.text("billProposal.side"), "CREDIT");
        let part = |bill: &str, reference: &str, amount: &str| json!({ "billId": bill,
            "amount": { "amount": amount }, "bill": { "reference": reference } });
        let right = json!([part(&two, "INV/2", "50.00"), part(&one, "INV/1", "70.00")]);
        assert_eq!(found.at("billProposal.allocations"), &right);
        assert_eq!(found.text("billProposal.remainder.amount"), "0.00");
        // Bills of a later day are not settled by it; what no bill takes is left.
        let rest = ask("200", 20, Value::Null).await;
        assert_eq!(rest.text("billProposal.remainder.amount"), "50.00");
        let other = ask("200", 20, json!("DEBIT")).await;
        assert_eq!(*other.at("billProposal.allocations"), json!([]));

        let first = shop.posted(&shop.settling("a", "120", 20)).await;
        let right = json!([["AGAINST", two, "-50.00"], ["AGAINST", one, "-70.00"]]);
        assert_eq!(shop.parts(&first).await, right);
        // Named bills come first, the oldest take the rest, and what is left stays on account.
        let mut named = shop.settling("b", "60", 20);
        named["entries"][1]["bills"] = json!([{ "kind": "AGAINST", "billId": one, "amount": "10" }]);
        let second = shop.posted(&named).await;
        let right = json!([["AGAINST", one, "-10.00"], ["AGAINST", one, "-20.00"], ["ON_ACCOUNT", null, "-30.00"]]);
        assert_eq!(shop.parts(&second).await, right);
        // Amended, it settles anew what it had settled.
        let mut amended = shop.settling("c", "80", 21);
        amended.as_object_mut().unwrap().remove("voucherTypeId");
        amended["voucherId"] = json!(first);
        let done = shop.act("voucherAmend", amended).await;
        assert!(done.refusals("voucherAmend").is_empty(), "{}", done.body);
        let right = json!([["AGAINST", two, "-50.00"], ["AGAINST", one, "-30.00"]]);
        assert_eq!(shop.parts(&first).await, right);
        let open = json!([["INV/1", shop.day(40), "40.00"], ["INV/3", shop.day(70), "70.00"]]);
        assert_eq!(shop.open_bills().await, open);

        for (ledger, amount, argument) in
            [("Cash", "1", "partyLedgerId"), ("Asha", "0", "amount"), ("Asha", "0.001", "amount")]
        {
            let variables = json!({ "ledger": shop.ledgers[ledger], "amount": amount });
            let refused = shop.client.ask(PROPOSE, variables).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT");
            assert_eq!(refused.body["errors"][0]["extensions"]["argument"], argument);
        }
        let ravi = Shop::open(app, "ravi").await;
        let variables = json!({ "ledger": shop.ledgers["Asha"], "amount": "1" });
        let none = ravi.client.ask(PROPOSE, variables).await;
        assert!(none.data("billProposal").is_null() && none.code().is_empty(), "{}", none.body);
        let refused = shop.post(&{
            let mut input = shop.voucher("w", "RCT", "Cash", "Sales", "1");
            input["entries"][1]["allocate"] = json!("OLDEST_FIRST");
            input
        }).await;
        assert_eq!(refused.refusals("voucherPost"), ["NOT_ALLOWED input.entries.1.allocate"]);
    }

    async fn receipts_at_once_settle_each_bill_once(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        shop.posted(&shop.invoice("INV/1", "100", 10)).await;
        shop.posted(&shop.invoice("INV/2", "50", 5)).await;
        let inputs: Vec<Value> = (0..8).map(|n| shop.settling(&format!("r{n}"), "30", 20)).collect();
        let posts = inputs.iter().map(|input| shop.posted(input));
        let ids = futures_util::future::join_all(posts).await;
        assert_eq!(shop.open_bills().await, json!([]));
        let mut on_account = 0;
        for id in &ids {
            for part in shop.parts(id).await.as_array().unwrap() {
                if part[0] == "ON_ACCOUNT" {
                    on_account += part[2].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
                }
            }
        }
        assert_eq!(on_account, -9_000);
        assert_eq!(shop.balance("Asha").await, "-90.00");
        assert_eq!(crate::audit::recomputed(app).await, []);
        assert_eq!(crate::audit::verified(app).await.difference, None);
    }
}
