//! What is held in other currencies, revalued at a day's rates and taken back on the next.

use serde_json::{Value, json};

use super::shop::Shop;
use crate::{
    audit::{recomputed, verified},
    client::Answer,
    tenancy::invited,
};

impl Shop {
    async fn revalue(&self, key: &str, more: Value) -> Answer {
        let mut input = json!({ "idempotencyKey": key, "on": self.day(40) });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let text = "mutation($input: CurrencyRevalueInput!) { currencyRevalue(input: $input) {
            revaluation { id number date kind total { amount } } reversal { id number date }
            replayed userErrors { code field message } } }";
        self.client.ask(text, json!({ "input": input })).await
    }

    async fn take_back(&self, key: &str, voucher: &str) -> Answer {
        let text = "mutation($input: CurrencyRevalueCancelInput!) {
            currencyRevalueCancel(input: $input) { revaluation { status } reversal { status }
                userErrors { code field message } } }";
        let input = json!({ "idempotencyKey": key, "voucherId": voucher });
        self.client.ask(text, json!({ "input": input })).await
    }

    async fn balance_on(&self, ledger: &str, day: u64) -> String {
        let ask =
            "query($id: ID!, $day: Date) { ledger(id: $id) { balance(asAt: $day) { amount } } }";
        let variables = json!({ "id": self.ledgers[ledger], "day": self.day(day) });
        self.client.ask(ask, variables).await.text("ledger.balance.amount")
    }

    async fn profit_on(&self, day: u64) -> String {
        let ask = "query($from: Date, $to: Date) { profitAndLoss(from: $from, to: $to) {
            netProfit { amount { amount } } } }";
        let variables = json!({ "from": self.day(0), "to": self.day(day) });
        self.client.ask(ask, variables).await.text("profitAndLoss.netProfit.amount.amount")
    }

    async fn position_on(&self, day: u64) -> Value {
        let ask = "query($day: Date) { currencyPosition(at: $day) { bookValue { amount }
            unrealised { amount } lines { ledger { name } balance { amount currency }
            bookValue { amount } rate value { amount } unrealised { amount } } } }";
        let found = self.client.ask(ask, json!({ "day": self.day(day) })).await;
        found.at("currencyPosition").clone()
    }
}

fn line(name: &str, figures: [&str; 5]) -> Value {
    let [balance, book, rate, value, gain] = figures;
    json!({ "ledger": { "name": name }, "balance": { "amount": balance, "currency": "USD" },
        "bookValue": { "amount": book }, "rate": rate, "value": { "amount": value },
        "unrealised": { "amount": gain } })
}

on_every_engine! {
    async fn a_revaluation_counts_for_one_day(app: &TestApp) {
        let shop = Shop::abroad(app).await;
        // The customer owes 100 USD at 83, the bank holds 50 USD at 84; on the day they are worth 82.50.
        let mut owed = shop.voucher("1", "JRN", "Orion Inc", "Sales", "100");
        owed["entries"][1]["credit"] = json!("8300");
        shop.posted(&owed).await;
        let mut held = shop.voucher("2", "RCT", "Dollar Account", "Sales", "50");
        held["date"] = json!(shop.day(20));
        held["entries"][1]["credit"] = json!("4200");
        shop.posted(&held).await;
        let before = json!({ "bookValue": { "amount": "12500.00" },
            "unrealised": { "amount": "-125.00" }, "lines": [
                line("Dollar Account", ["50.00", "4200.00", "82.5", "4125.00", "-75.00"]),
                line("Orion Inc", ["100.00", "8300.00", "82.5", "8250.00", "-50.00"]),
            ] });
        assert_eq!(shop.position_on(40).await, before);

        // A preview leaves nothing.
        let count = shop.count().await;
        let preview = shop.revalue("r", json!({ "dryRun": true })).await;
        assert_eq!(preview.text("currencyRevalue.revaluation.total.amount"), "125.00");
        assert_eq!(shop.count().await, count);

        // At 85, as the caller says, both gain: 200 and 50.
        let at = json!({ "rates": [{ "currency": "USD", "rate": "85" }] });
        let done = shop.revalue("r", at.clone()).await;
        assert!(done.refusals("currencyRevalue").is_empty(), "{}", done.body);
        assert_eq!(done.text("currencyRevalue.revaluation.kind"), "SYSTEM");
        assert_eq!(done.text("currencyRevalue.revaluation.date"), shop.day(40));
        assert_eq!(done.text("currencyRevalue.reversal.date"), shop.day(41));
        for (day, owed, unrealised, profit) in [
            (39, "8300.00", "0.00", "12500.00"),
            (40, "8500.00", "-250.00", "12750.00"),
            (41, "8300.00", "0.00", "12500.00"),
        ] {
            assert_eq!(shop.balance_on("Orion Inc", day).await, owed, "{day}");
            assert_eq!(shop.balance_on("EXCHANGE_UNREALISED", day).await, unrealised, "{day}");
            assert_eq!(shop.profit_on(day).await, profit, "{day}");
        }
        // The currency itself does not move.
        assert_eq!(shop.position_on(41).await, before);
        assert_eq!(recomputed(app).await, []);
        assert_eq!(verified(app).await.difference, None);

        // Once a day; the same call again is the same revaluation.
        let again = shop.revalue("r", at.clone()).await;
        assert_eq!(again.at("currencyRevalue.replayed"), true);
        let id = done.text("currencyRevalue.revaluation.id");
        assert_eq!(again.text("currencyRevalue.revaluation.id"), id);
        let refused = shop.revalue("s", at.clone()).await;
        assert_eq!(refused.refusals("currencyRevalue"), ["ALREADY_DONE input.on"]);
        let reversal = done.text("currencyRevalue.reversal.id");
        for voucher in [&id, &reversal] {
            let cancel = json!({ "idempotencyKey": "c", "voucherId": voucher });
            let refused = shop.act("voucherCancel", cancel).await;
            assert_eq!(refused.refusals("voucherCancel"), ["NOT_ALLOWED input.voucherId"]);
        }
        let done = shop.take_back("t", &reversal).await;
        assert_eq!(done.text("currencyRevalueCancel.revaluation.status"), "CANCELLED", "{}", done.body);
        assert_eq!(done.text("currencyRevalueCancel.reversal.status"), "CANCELLED");
        assert_eq!(shop.balance_on("Orion Inc", 40).await, "8300.00");
        let refused = shop.take_back("u", &id).await;
        assert_eq!(refused.refusals("currencyRevalueCancel"), ["VOUCHER_CANCELLED input.voucherId"]);
        let done = shop.revalue("s", json!({})).await;
        assert!(done.refusals("currencyRevalue").is_empty(), "{}", done.body);
        assert_eq!(shop.balance_on("Orion Inc", 40).await, "8250.00");
        assert_eq!(recomputed(app).await, []);
        assert_eq!(verified(app).await.difference, None);
    }

    async fn what_cannot_be_revalued_is_refused(app: &TestApp) {
        let mut shop = Shop::abroad(app).await;
        let refused = shop.revalue("1", json!({})).await;
        assert_eq!(refused.refusals("currencyRevalue"), ["NOTHING_TO_REVALUE input.on"]);
        let made = shop
            .try_ledger(json!({ "name": "Euro Account", "accountGroupId": shop.groups["BANK"],
                "currency": "EUR" }))
            .await;
        shop.keep_ledger(&made);
        let mut held = shop.voucher("2", "RCT", "Euro Account", "Sales", "10");
        held["entries"][0]["exchangeRate"] = json!("90");
        held["entries"][1]["credit"] = json!("900");
        let voucher = shop.posted(&held).await;
        let refused = shop.revalue("1", json!({})).await;
        assert_eq!(refused.refusals("currencyRevalue"), ["EXCHANGE_RATE_UNKNOWN input.rates"]);
        let zero = json!({ "rates": [{ "currency": "EUR", "rate": "0" }] });
        let refused = shop.revalue("1", zero).await;
        assert_eq!(refused.refusals("currencyRevalue"), ["INVALID input.rates.0.rate"]);
        let refused = shop.take_back("3", &voucher).await;
        assert_eq!(refused.refusals("currencyRevalueCancel"), ["NOT_ALLOWED input.voucherId"]);
        let refused = shop.take_back("4", &shop.ledgers["Cash"]).await;
        assert_eq!(refused.refusals("currencyRevalueCancel"), ["NOT_FOUND input.voucherId"]);
        let viewer = shop.seen_by(invited(app, &shop.client, "VIEWER", Value::Null).await);
        assert_eq!(viewer.revalue("5", json!({})).await.code(), "FORBIDDEN");
        // A locked day stays as it is, and so does the next one.
        let lock = "mutation($input: PeriodLockSetInput!) { periodLockSet(input: $input) {
            userErrors { code field message } } }";
        let input = json!({ "idempotencyKey": "l", "area": "ALL", "lockedThrough": shop.day(40) });
        shop.client.ask(lock, json!({ "input": input })).await;
        let at = json!({ "rates": [{ "currency": "EUR", "rate": "91" }] });
        let refused = shop.revalue("6", at).await;
        assert_eq!(refused.refusals("currencyRevalue"), ["PERIOD_LOCKED input.date"]);
    }
}
