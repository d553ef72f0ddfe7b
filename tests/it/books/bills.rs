//! Bills of parties: opened, settled, paid in advance, set against each other later.

use serde_json::{Value, json};

use super::shop::Shop;

impl Shop {
    /// A shop with a customer whose ledger is kept bill by bill.
    pub async fn with_customer(app: &crate::app::TestApp) -> Self {
        let mut shop = Self::open(app, "meera").await;
        let made = shop
            .try_ledger(json!({ "name": "Asha", "accountGroupId": shop.groups["SD"],
                "isBillWise": true, "creditDays": 30 }))
            .await;
        shop.keep_ledger(&made);
        shop
    }

    /// The input of an invoice of that customer, as a journal that opens a bill.
    pub fn invoice(&self, number: &str, amount: &str, day: u64) -> Value {
        let mut input = self.voucher(number, "JRN", "Asha", "Sales", amount);
        input["date"] = json!(self.day(day));
        input["entries"][0]["bills"] =
            json!([{ "kind": "NEW", "reference": number, "amount": amount }]);
        input
    }

    /// The input of a receipt from that customer.
    pub fn receipt(&self, key: &str, amount: &str, bills: Value) -> Value {
        let mut input = self.voucher(key, "RCT", "Cash", "Asha", amount);
        input["entries"][1]["bills"] = bills;
        input
    }

    /// References with what is open.
    pub async fn open_bills(&self) -> Value {
        let found =
            self.client.query("{ bills { nodes { id reference dueOn open { amount } } } }").await;
        let nodes = found.at("bills.nodes").as_array().unwrap().clone();
        nodes
            .into_iter()
            .map(|bill| json!([bill["reference"], bill["dueOn"], bill["open"]["amount"]]))
            .collect()
    }

    /// The id of an open bill by its reference.
    pub async fn bill(&self, reference: &str) -> String {
        let found = self
            .client
            .query("{ bills(filter: { isOpen: false }) { nodes { id reference } } }")
            .await;
        let nodes = found.at("bills.nodes").as_array().unwrap();
        let bill = nodes.iter().find(|bill| bill["reference"] == reference).unwrap();
        bill["id"].as_str().unwrap().to_owned()
    }
}

on_every_engine! {
    async fn a_receipt_settles_bills_and_leaves_the_rest_on_account(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        shop.posted(&shop.invoice("INV/1", "100", 10)).await;
        shop.posted(&shop.invoice("INV/2", "50", 5)).await;
        let both = json!([["INV/2", shop.day(35), "50.00"], ["INV/1", shop.day(40), "100.00"]]);
        assert_eq!(shop.open_bills().await, both);
        let first = shop.bill("INV/1").await;

        // More than is open is refused, or stays on account, as the user chooses.
        let over = json!([{ "kind": "AGAINST", "billId": first, "amount": "120" }]);
        let refused = shop.post(&shop.receipt("r", "150", over)).await;
        let at = ["BILL_OVER_ALLOCATED input.entries.1.bills.0.amount"];
        assert_eq!(refused.refusals("voucherPost"), at, "{}", refused.body);
        let split = json!([
            { "kind": "AGAINST", "billId": first, "amount": "120", "excess": "ON_ACCOUNT" },
        ]);
        let receipt = shop.posted(&shop.receipt("r", "150", split)).await;
        assert_eq!(shop.open_bills().await, json!([["INV/2", shop.day(35), "50.00"]]));
        assert_eq!(shop.balance("Asha").await, "0.00");
        let ask = format!("{{ voucher(id: \"{receipt}\") {{ bills {{ kind amount {{ amount }} }} }} }}");
        let parts = shop.client.query(&ask).await;
        let right = json!([
            { "kind": "AGAINST", "amount": { "amount": "-100.00" } },
            { "kind": "ON_ACCOUNT", "amount": { "amount": "-50.00" } },
        ]);
        assert_eq!(parts.at("voucher.bills"), &right);

        // What is on account meets the other bill later; that can be undone.
        let second = shop.bill("INV/2").await;
        let allocate = |key: &str, amount: &str| {
            json!({ "idempotencyKey": key, "voucherId": receipt, "ledgerId": shop.ledgers["Asha"],
                "date": shop.day(20), "allocations": [{ "billId": second, "amount": amount }] })
        };
        let refused = shop.act("billAllocate", allocate("x", "50.01")).await;
        let at = ["BILL_OVER_ALLOCATED input.allocations.0.amount"];
        assert_eq!(refused.refusals("billAllocate"), at);
        let done = shop.act("billAllocate", allocate("y", "30")).await;
        assert!(done.refusals("billAllocate").is_empty(), "{}", done.body);
        assert_eq!(shop.open_bills().await, json!([["INV/2", shop.day(35), "20.00"]]));
        let done = shop.act("billAllocate", allocate("z", "20")).await;
        assert!(done.refusals("billAllocate").is_empty(), "{}", done.body);
        assert_eq!(shop.open_bills().await, json!([]));
        assert_eq!(shop.balance("Asha").await, "0.00");

        // The receipt cannot go while its amounts rest on bills, nor the invoice that it settles.
        let cancel = json!({ "idempotencyKey": "c", "voucherId": receipt });
        let refused = shop.act("voucherCancel", cancel.clone()).await;
        assert_eq!(refused.refusals("voucherCancel"), ["BILL_SETTLED input.voucherId"]);
        let ask = format!("{{ voucher(id: \"{receipt}\") {{ acts {{ id kind }} }} }}");
        for act in shop.client.query(&ask).await.at("voucher.acts").as_array().unwrap() {
            let undo = json!({ "idempotencyKey": act["id"], "voucherId": receipt,
                "allocationId": act["id"] });
            let done = shop.act("billDeallocate", undo).await;
            assert!(done.refusals("billDeallocate").is_empty(), "{}", done.body);
            let again = json!({ "idempotencyKey": format!("again {}", act["id"]),
                "voucherId": receipt, "allocationId": act["id"] });
            let refused = shop.act("billDeallocate", again).await;
            assert_eq!(refused.refusals("billDeallocate"), ["NOT_FOUND input.allocationId"]);
        }
        assert_eq!(shop.open_bills().await, json!([["INV/2", shop.day(35), "50.00"]]));
        assert!(shop.act("voucherCancel", cancel).await.refusals("voucherCancel").is_empty());
        assert_eq!(shop.open_bills().await, both);
        assert_eq!(shop.balance("Asha").await, "150.00");
    }

    async fn a_settled_invoice_is_neither_cancelled_nor_amended(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        let invoice = shop.posted(&shop.invoice("INV/1", "100", 10)).await;
        let bill = shop.bill("INV/1").await;
        let part = json!([{ "kind": "AGAINST", "billId": bill, "amount": "10" }]);
        let receipt = shop.posted(&shop.receipt("r", "10", part)).await;
        let cancel = json!({ "idempotencyKey": "c", "voucherId": invoice });
        let refused = shop.act("voucherCancel", cancel.clone()).await;
        assert_eq!(refused.refusals("voucherCancel"), ["BILL_SETTLED input.voucherId"]);
        let mut amend = shop.invoice("INV/1", "90", 10);
        amend["voucherId"] = json!(invoice);
        amend["idempotencyKey"] = json!("a");
        amend.as_object_mut().unwrap().remove("voucherTypeId");
        let refused = shop.act("voucherAmend", amend.clone()).await;
        assert_eq!(refused.refusals("voucherAmend"), ["BILL_SETTLED input.voucherId"]);
        // A receipt that bounced is reversed: the bill is open again, and may change.
        let reverse = json!({ "idempotencyKey": "b", "voucherId": receipt });
        let done = shop.act("voucherReverse", reverse).await;
        assert!(done.refusals("voucherReverse").is_empty(), "{}", done.body);
        assert_eq!(shop.open_bills().await, json!([["INV/1", shop.day(40), "100.00"]]));
        let done = shop.act("voucherAmend", amend).await;
        assert!(done.refusals("voucherAmend").is_empty(), "{}", done.body);
        assert_eq!(shop.open_bills().await, json!([["INV/1", shop.day(40), "90.00"]]));
        assert_eq!(shop.balance("Asha").await, "90.00");
    }

    async fn an_advance_meets_its_bill_later(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        let advance = json!([{ "kind": "ADVANCE", "reference": "ADV/1", "amount": "40" }]);
        let receipt = shop.posted(&shop.receipt("adv", "40", advance)).await;
        assert_eq!(shop.open_bills().await, json!([["ADV/1", null, "-40.00"]]));
        shop.posted(&shop.invoice("INV/1", "100", 20)).await;
        let done = shop
            .act("billAllocate", json!({
                "idempotencyKey": "m", "voucherId": receipt, "ledgerId": shop.ledgers["Asha"],
                "date": shop.day(20),
                "allocations": [{ "billId": shop.bill("INV/1").await, "amount": "40" }],
            }))
            .await;
        assert!(done.refusals("billAllocate").is_empty(), "{}", done.body);
        assert_eq!(shop.open_bills().await, json!([["INV/1", shop.day(50), "60.00"]]));
        // What was open on a day before stays as it was.
        let ask = format!(
            "{{ bills(filter: {{ asAt: \"{}\" }}) {{ nodes {{ reference open {{ amount }} }} }} }}",
            shop.day(15)
        );
        let then = json!([{ "reference": "ADV/1", "open": { "amount": "-40.00" } }]);
        assert_eq!(shop.client.query(&ask).await.at("bills.nodes"), &then);
    }

    async fn bills_stand_on_ledgers_that_keep_them(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        let cases = [
            (json!([{ "kind": "NEW", "reference": "X", "amount": "101" }]),
                "BILLS_UNEQUAL input.entries.0.bills.0.amount"),
            (json!([{ "kind": "NEW", "amount": "1" }]), "REQUIRED input.entries.0.bills.0.reference"),
            (json!([{ "kind": "NEW", "reference": "X", "amount": "0" }]),
                "INVALID input.entries.0.bills.0.amount"),
            (json!([{ "kind": "AGAINST", "amount": "1" }]), "REQUIRED input.entries.0.bills.0.billId"),
            (json!([{ "kind": "AGAINST", "billId": shop.ledgers["Cash"], "amount": "1" }]),
                "BILL_UNKNOWN input.entries.0.bills.0.billId"),
            (json!([{ "kind": "NEW", "reference": "X", "amount": "0.001" }]),
                "TOO_PRECISE input.entries.0.bills.0.amount"),
        ];
        for (bills, why) in cases {
            let mut input = shop.voucher("w", "JRN", "Asha", "Sales", "100");
            input["entries"][0]["bills"] = bills;
            let refused = shop.post(&input).await;
            assert_eq!(refused.refusals("voucherPost"), [why], "{}", refused.body);
        }
        let mut input = shop.voucher("w", "JRN", "Rent", "Sales", "100");
        input["entries"][0]["bills"] = json!([{ "kind": "NEW", "reference": "X", "amount": "1" }]);
        let refused = shop.post(&input).await;
        assert_eq!(refused.refusals("voucherPost"), ["NOT_ALLOWED input.entries.0.bills.0"]);
    }
}
