//! What ledgers stood at when the books began: set, changed, taken away; and the bills it consists of.

use serde_json::{Value, json};

use super::shop::Shop;
use crate::client::Answer;

impl Shop {
    async fn set_opening(&self, ledger: &str, balance: Value, bills: Value) -> Answer {
        let text = "mutation($input: LedgerOpeningSetInput!) { ledgerOpeningSet(input: $input) {
            ledger { openingBalance { amount } } userErrors { code field message } } }";
        let input =
            json!({ "ledgerId": self.ledgers[ledger], "openingBalance": balance, "bills": bills });
        self.client.ask(text, json!({ "input": input })).await
    }

    async fn difference(&self) -> String {
        let found =
            self.client.query("{ businesses { nodes { openingDifference { amount } } } }").await;
        found.text("businesses.nodes.0.openingDifference.amount")
    }
}

on_every_engine! {
    async fn an_opening_is_what_was_set_last(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let made = shop.create_ledger("Capital", "CAP", Value::Null).await;
        shop.keep_ledger(&made);
        assert_eq!(shop.difference().await, "0.00");
        for (balance, shown, difference) in [
            (json!({ "debit": "100" }), "100.00", "-100.00"),
            (json!({ "debit": "100" }), "100.00", "-100.00"),
            (json!({ "credit": "40.5" }), "-40.50", "40.50"),
            (json!({ "debit": "0" }), "0.00", "0.00"),
            (json!({ "credit": "0" }), "0.00", "0.00"),
            (json!({ "debit": "7" }), "7.00", "-7.00"),
        ] {
            let done = shop.set_opening("State Bank", balance.clone(), Value::Null).await;
            let now = done.text("ledgerOpeningSet.ledger.openingBalance.amount");
            assert_eq!(now, shown, "{balance}: {}", done.body);
            assert_eq!(shop.difference().await, difference);
        }
        // The other side, and the difference is gone.
        shop.set_opening("Capital", json!({ "credit": "7" }), Value::Null).await;
        assert_eq!(shop.difference().await, "0.00");
        for (balance, why) in [
            (json!({}), "NOT_ONE_SIDED input.openingBalance"),
            (json!({ "debit": "1", "credit": "1" }), "NOT_ONE_SIDED input.openingBalance"),
            (json!({ "debit": "-1" }), "NOT_ONE_SIDED input.openingBalance.debit"),
            (json!({ "debit": "0.001" }), "TOO_PRECISE input.openingBalance.debit"),
        ] {
            let refused = shop.set_opening("State Bank", balance, Value::Null).await;
            assert_eq!(refused.refusals("ledgerOpeningSet"), [why]);
        }
        let bills = json!([{ "reference": "X", "amount": "1" }]);
        let refused = shop.set_opening("State Bank", json!({ "debit": "1" }), bills).await;
        assert_eq!(refused.refusals("ledgerOpeningSet"), ["NOT_ALLOWED input.bills"]);
        assert_eq!(shop.difference().await, "0.00");
    }

    async fn bills_brought_in_keep_what_settles_them(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        let bill = |number: &str, amount: &str| json!({ "reference": number, "amount": amount });
        let balance = json!({ "debit": "150" });
        let two = json!([bill("OLD/1", "100"), bill("OLD/2", "30")]);
        let done = shop.set_opening("Asha", balance.clone(), two).await;
        assert!(done.refusals("ledgerOpeningSet").is_empty(), "{}", done.body);
        let open = |bills: &[(&str, &str)]| -> Value {
            bills.iter().map(|(number, open)| json!([number, null, open])).collect()
        };
        assert_eq!(shop.open_bills().await, open(&[("OLD/1", "100.00"), ("OLD/2", "30.00")]));
        let part = json!([{ "kind": "AGAINST", "billId": shop.bill("OLD/1").await, "amount": "60" }]);
        shop.posted(&shop.receipt("r", "60", part)).await;
        assert_eq!(shop.open_bills().await, open(&[("OLD/1", "40.00"), ("OLD/2", "30.00")]));

        // A bill may change, but not to less than what settles it; nor may it go.
        for (bills, is_right) in [
            (json!([bill("OLD/1", "59.99")]), false),
            (json!([bill("OLD/2", "60")]), false),
            (json!([bill("OLD/1", "100"), bill("OLD/1", "1")]), false),
            (json!([bill("OLD/1", "60"), bill("OLD/3", "20")]), true),
        ] {
            let answer = shop.set_opening("Asha", balance.clone(), bills.clone()).await;
            let refusals = answer.refusals("ledgerOpeningSet");
            assert_eq!(refusals.is_empty(), is_right, "{bills}: {}", answer.body);
            let right = ["BILL_SETTLED input.bills", "TAKEN input.bills.1.reference"];
            assert!(is_right || right.contains(&refusals[0].as_str()), "{refusals:?}");
        }
        assert_eq!(shop.open_bills().await, open(&[("OLD/3", "20.00")]));
        let gone = shop.set_opening("Asha", json!({ "debit": "0" }), Value::Null).await;
        assert_eq!(gone.refusals("ledgerOpeningSet"), ["BILL_SETTLED input.openingBalance"]);
        assert_eq!(shop.balance("Asha").await, "90.00");
        assert_eq!(crate::audit::recomputed(app).await, []);
        assert_eq!(crate::audit::verified(app).await.difference, None);
    }
}
