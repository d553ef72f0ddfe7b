//! What is done to posted vouchers later: taken back, amended, reversed; and what may not be.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::shop::Shop;
use crate::client::Answer;

const SHOWN: &str = "voucher { id number version status date total { amount }
    entries { ledger { name } debit { amount } credit { amount } }
    acts { kind version reason isUndone } }
    replayed dryRun userErrors { code field message }";

impl Shop {
    /// Calls a mutation of a voucher.
    pub async fn act(&self, field: &str, input: Value) -> Answer {
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let text = format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ {SHOWN} }} }}");
        self.client.ask(&text, json!({ "input": input })).await
    }

    /// Posts what must be accepted; the voucher's id.
    pub async fn posted(&self, input: &Value) -> String {
        let answer = self.post(input).await;
        assert!(answer.refusals("voucherPost").is_empty(), "{}", answer.body);
        answer.text("voucherPost.voucher.id")
    }

    /// What a ledger stands at.
    pub async fn balance(&self, ledger: &str) -> String {
        let ask =
            format!("{{ ledger(id: \"{}\") {{ balance {{ amount }} }} }}", self.ledgers[ledger]);
        self.client.query(&ask).await.text("ledger.balance.amount")
    }

    /// Closing debits and credits of the trial balance.
    async fn sides(&self) -> (String, String) {
        let found = self
            .client
            .query(
                "{ trialBalance { totals { closingDebit { amount } closingCredit { amount } } } }",
            )
            .await;
        let side = |name: &str| found.text(&format!("trialBalance.totals.{name}.amount"));
        (side("closingDebit"), side("closingCredit"))
    }
}

on_every_engine! {
    async fn a_cancelled_voucher_counts_no_more_and_keeps_its_number(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let id = shop.posted(&shop.voucher("1", "JRN", "Rent", "Sales", "70")).await;
        let input = json!({ "idempotencyKey": "c", "voucherId": id, "reason": "typed twice",
            "expectedVersion": 1 });
        let mut preview = input.clone();
        preview["dryRun"] = json!(true);
        assert_eq!(shop.act("voucherCancel", preview).await.at("voucherCancel.dryRun"), true);
        assert_eq!(shop.balance("Rent").await, "70.00");

        let done = shop.act("voucherCancel", input.clone()).await;
        assert_eq!(done.text("voucherCancel.voucher.status"), "CANCELLED", "{}", done.body);
        let acts = json!([{ "kind": "CANCELLED", "version": 1, "reason": "typed twice",
            "isUndone": false }]);
        assert_eq!(done.at("voucherCancel.voucher.acts"), &acts);
        assert_eq!(shop.balance("Rent").await, "0.00");
        assert_eq!(shop.sides().await, ("0.00".into(), "0.00".into()));
        // The same call again is the same act; another one finds nothing to take back.
        let again = shop.act("voucherCancel", input.clone()).await;
        assert_eq!(again.at("voucherCancel.replayed"), true);
        assert_eq!(again.text("voucherCancel.voucher.status"), "CANCELLED");
        for (field, extra) in [
            ("voucherCancel", json!({})),
            ("voucherReverse", json!({})),
            ("voucherAmend", json!({ "date": shop.day(10), "entries":
                [shop.entry("Rent", "debit", "1"), shop.entry("Sales", "credit", "1")] })),
        ] {
            let mut other = json!({ "idempotencyKey": format!("{field} later"), "voucherId": id });
            other.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let refused = shop.act(field, other).await;
            assert_eq!(refused.refusals(field), ["VOUCHER_CANCELLED input.voucherId"]);
        }
        // Its number stays used.
        let next = shop.number(&shop.voucher("2", "JRN", "Rent", "Sales", "1")).await;
        assert!(next.ends_with('2'), "{next}");
        let lists = "{ all: vouchers { totalCount }
            taken: vouchers(filter: { status: CANCELLED }) { nodes { status } }
            standing: vouchers(filter: { status: POSTED }) { nodes { status } } }";
        let found = shop.client.query(lists).await;
        assert_eq!(found.at("all.totalCount"), 2);
        assert_eq!(found.at("taken.nodes"), &json!([{ "status": "CANCELLED" }]));
        assert_eq!(found.at("standing.nodes"), &json!([{ "status": "POSTED" }]));
    }

    async fn an_amended_voucher_says_what_it_says_now(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let id = shop.posted(&shop.voucher("1", "JRN", "Rent", "Sales", "70")).await;
        let input = json!({
            "idempotencyKey": "a", "voucherId": id, "expectedVersion": 1, "date": shop.day(40),
            "narration": "less", "reason": "misread",
            "entries": [shop.entry("Rent", "debit", "60.5"), shop.entry("Sales", "credit", "60.5")],
        });
        let done = shop.act("voucherAmend", input.clone()).await;
        assert!(done.refusals("voucherAmend").is_empty(), "{}", done.body);
        let voucher = done.at("voucherAmend.voucher");
        assert_eq!((&voucher["version"], &voucher["status"]), (&json!(2), &json!("POSTED")));
        assert_eq!(voucher["date"], json!(shop.day(40)));
        assert_eq!(voucher["total"]["amount"], "60.50");
        assert_eq!(voucher["id"], json!(id));
        assert_eq!(shop.balance("Rent").await, "60.50");
        // Movements stand where the new version is dated.
        let before = format!(
            "{{ ledger(id: \"{}\") {{ balance(asAt: \"{}\") {{ amount }} }} }}",
            shop.ledgers["Rent"], shop.day(39),
        );
        assert_eq!(shop.client.query(&before).await.text("ledger.balance.amount"), "0.00");
        let read = shop.client.query("{ vouchers { nodes { version total { amount } } } }").await;
        let now = json!([{ "version": 2, "total": { "amount": "60.50" } }]);
        assert_eq!(read.at("vouchers.nodes"), &now);

        // Who saw the first version sees it has changed; who repeats the call gets the same answer.
        let mut stale = input.clone();
        stale["idempotencyKey"] = json!("b");
        let refused = shop.act("voucherAmend", stale.clone()).await;
        assert_eq!(refused.refusals("voucherAmend"), ["STALE input.expectedVersion"]);
        assert_eq!(shop.act("voucherAmend", input).await.at("voucherAmend.replayed"), true);
        // What a posting may not be, an amendment may not be either.
        stale["expectedVersion"] = json!(2);
        stale["entries"][0]["debit"] = json!("60");
        let refused = shop.act("voucherAmend", stale.clone()).await;
        assert_eq!(refused.refusals("voucherAmend"), ["UNBALANCED input.entries"]);
        stale["entries"][0]["debit"] = json!("60.5");
        stale["date"] = json!(shop.day(400));
        let refused = shop.act("voucherAmend", stale).await;
        assert_eq!(refused.refusals("voucherAmend"), ["NOT_ALLOWED input.date"]);
        assert_eq!(shop.balance("Rent").await, "60.50");
    }

    async fn a_reversal_is_a_voucher_of_its_own(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let id = shop.posted(&shop.voucher("1", "PMT", "Rent", "Cash", "70")).await;
        let input = json!({ "idempotencyKey": "r", "voucherId": id, "date": shop.day(12) });
        let done = shop.act("voucherReverse", input.clone()).await;
        assert!(done.refusals("voucherReverse").is_empty(), "{}", done.body);
        let reversal = done.text("voucherReverse.voucher.id");
        assert_ne!(reversal, id);
        let entries = json!([
            { "ledger": { "name": "Rent" }, "debit": null, "credit": { "amount": "70.00" } },
            { "ledger": { "name": "Cash" }, "debit": { "amount": "70.00" }, "credit": null },
        ]);
        assert_eq!(done.at("voucherReverse.voucher.entries"), &entries);
        assert_eq!(shop.balance("Rent").await, "0.00");
        let status = format!("{{ voucher(id: \"{id}\") {{ status }} }}");
        assert_eq!(shop.client.query(&status).await.text("voucher.status"), "REVERSED");
        let twice = json!({ "idempotencyKey": "r2", "voucherId": id });
        let refused = shop.act("voucherReverse", twice.clone()).await;
        assert_eq!(refused.refusals("voucherReverse"), ["VOUCHER_REVERSED input.voucherId"]);
        // A reversal that is taken back leaves the voucher standing, to be reversed again.
        let back = json!({ "idempotencyKey": "c", "voucherId": reversal });
        assert!(shop.act("voucherCancel", back).await.refusals("voucherCancel").is_empty());
        assert_eq!(shop.client.query(&status).await.text("voucher.status"), "POSTED");
        assert_eq!(shop.balance("Rent").await, "70.00");
        assert!(shop.act("voucherReverse", twice).await.refusals("voucherReverse").is_empty());
        assert_eq!(shop.balance("Rent").await, "0.00");
        let early = json!({ "idempotencyKey": "r3", "voucherId": id, "date": shop.day(9) });
        let refused = shop.act("voucherReverse", early).await;
        assert_eq!(refused.refusals("voucherReverse"), ["INVALID input.date"]);
    }

    async fn only_one_of_many_takes_a_voucher_back(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let id = shop.posted(&shop.voucher("1", "JRN", "Rent", "Sales", "70")).await;
        let inputs = (0..16).map(|index| {
            json!({ "idempotencyKey": format!("c{index}"), "voucherId": id })
        });
        let answers =
            join_all(inputs.map(|input| shop.act("voucherCancel", input))).await;
        let done = answers.iter().filter(|answer| answer.refusals("voucherCancel").is_empty());
        assert_eq!(done.count(), 1);
        assert_eq!(shop.balance("Rent").await, "0.00");
        assert_eq!(shop.balance("Sales").await, "0.00");
    }

    async fn who_may_post_may_not_therefore_take_back(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let id = shop.posted(&shop.voucher("1", "JRN", "Rent", "Sales", "70")).await;
        let cashier = crate::tenancy::invited(app, &shop.client, "CASHIER", Value::Null).await;
        let seen = shop.seen_by(cashier);
        let input = json!({ "idempotencyKey": "c", "voucherId": id });
        let refused = seen.act("voucherCancel", input.clone()).await;
        assert_eq!(refused.code(), "FORBIDDEN", "{}", refused.body);
        let unknown = json!({ "idempotencyKey": "c2", "voucherId": shop.ledgers["Rent"] });
        let refused = shop.act("voucherCancel", unknown).await;
        assert_eq!(refused.refusals("voucherCancel"), ["NOT_FOUND input.voucherId"]);
    }

    async fn many_are_posted_together_or_not_at_all(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let text = "mutation($input: VoucherBulkPostInput!) { voucherBulkPost(input: $input) {
            vouchers { number voucherType { code } } replayed userErrors { code field message } } }";
        let item = |kind: &str, debit: &str, credit: &str| {
            let mut one = shop.voucher("", kind, debit, credit, "5");
            one.as_object_mut().unwrap().remove("idempotencyKey");
            one
        };
        let mut input = json!({ "idempotencyKey": "b", "vouchers": [
            item("JRN", "Rent", "Sales"), item("PMT", "Rent", "Cash"), item("JRN", "Rent", "Sales"),
            item("SAL", "Cash", "Sales"), item("PUR", "Rent", "Cash"), item("CRN", "Sales", "Cash"),
            item("DBN", "Cash", "Rent"),
        ] });
        let mut wrong = input.clone();
        wrong["vouchers"][2]["entries"][0]["debit"] = json!("6");
        wrong["vouchers"][4]["entries"][0]["ledgerId"] = json!("?");
        let refused = shop.client.ask(text, json!({ "input": wrong })).await;
        let at = [
            "UNBALANCED input.vouchers.2.entries", "LEDGER_UNKNOWN input.vouchers.4.entries.0.ledgerId",
        ];
        assert_eq!(refused.refusals("voucherBulkPost"), at, "{}", refused.body);
        assert_eq!(shop.count().await, 0);
        // One that only the lane can refuse takes the others with it, and no number is lost.
        wrong = input.clone();
        wrong["vouchers"][6]["date"] = json!(shop.day(4_000));
        let refused = shop.client.ask(text, json!({ "input": wrong })).await;
        assert_eq!(refused.refusals("voucherBulkPost"), ["YEAR_NOT_OPEN input.vouchers.6.date"]);
        assert_eq!(shop.count().await, 0);
        let done = shop.client.ask(text, json!({ "input": input })).await;
        assert!(done.refusals("voucherBulkPost").is_empty(), "{}", done.body);
        let made = done.at("voucherBulkPost.vouchers").as_array().unwrap();
        let numbers: Vec<&str> = made.iter().map(|one| one["number"].as_str().unwrap()).collect();
        let right = ["JV/0001", "PY/0001", "JV/0002", "INV/0001", "PU/0001", "CN/0001", "DN/0001"];
        assert_eq!(numbers, right);
        let again = shop.client.ask(text, json!({ "input": input })).await;
        assert_eq!(again.at("voucherBulkPost.replayed"), true);
        assert_eq!(again.at("voucherBulkPost.vouchers"), done.at("voucherBulkPost.vouchers"));
        assert_eq!(shop.count().await, 7);
        input["vouchers"] = json!([]);
        let refused = shop.client.ask(text, json!({ "input": input })).await;
        assert_eq!(refused.refusals("voucherBulkPost"), ["TOO_MANY input.vouchers"]);
    }
}
