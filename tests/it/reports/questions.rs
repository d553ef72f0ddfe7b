//! How statements are asked for: the days meant, the arguments refused, who may.

use serde_json::{Value, json};

use crate::{books::Shop, client::Answer, tenancy::invited};

const PROFIT: &str = "query($ids: [ID!], $from: Date, $to: Date, $compared: ComparativesInput,
        $known: DateTime, $detail: StatementDetail! = LEDGERS) {
    profitAndLoss(businessIds: $ids, from: $from, to: $to, comparatives: $compared,
            asKnownAt: $known, detail: $detail) {
        period { from to } comparativePeriods { from to } asKnownAt
        netProfit { amount { amount } comparatives { amount } }
        indirectExpense { lines { kind name level ledger { id } accountGroup { id } }
            total { amount { amount } } } } }";

/// All statements, each with as little as can be asked.
const EVERY: [&str; 6] = [
    "{ trialBalance { isBalanced } }",
    "{ profitAndLoss { netProfit { amount { amount } } } }",
    "{ balanceSheet { isBalanced } }",
    "{ cashFlow { isReconciled } }",
    "{ fundsFlow { isReconciled } }",
    "{ ratioAnalysis { ratios { kind unavailable } } }",
];

async fn ask(shop: &Shop, variables: Value) -> Answer {
    shop.client.ask(PROFIT, variables).await
}

/// The code, and the argument that the message begins with.
fn refusal(answer: &Answer) -> String {
    let message = answer.body["errors"][0]["message"].as_str().unwrap_or_default();
    format!("{} {}", answer.code(), message.split(':').next().unwrap())
}

on_every_engine! {
    async fn days_left_out_are_those_of_the_running_year(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "1500.25")).await;
        let mut later = shop.voucher("2", "PMT", "Rent", "Cash", "7.50");
        later["date"] = json!(shop.day(364));
        shop.number(&later).await;
        let today = app.clock.today("Asia/Kolkata");
        let found = ask(&shop, json!({})).await;
        let period = found.at("profitAndLoss.period");
        assert_eq!(*period, json!({ "from": shop.begins, "to": today }));
        assert_eq!(found.text("profitAndLoss.netProfit.amount.amount"), "-1500.25");
        // What is dated later counts where its day is asked for.
        let found = ask(&shop, json!({ "to": shop.day(364) })).await;
        assert_eq!(found.text("profitAndLoss.netProfit.amount.amount"), "-1507.75");
        let found = ask(&shop, json!({ "from": shop.day(300) })).await;
        let period = found.at("profitAndLoss.period");
        assert_eq!(*period, json!({ "from": shop.day(300), "to": shop.day(364) }));
        assert_eq!(found.text("profitAndLoss.netProfit.amount.amount"), "-7.50");
        let sheet = shop.client.query("{ balanceSheet { asAt } trialBalance { from asAt } }").await;
        assert_eq!(*sheet.at("balanceSheet.asAt"), json!(today));
        assert_eq!(*sheet.at("trialBalance"), json!({ "from": shop.begins, "asAt": today }));
    }

    async fn periods_are_compared_in_the_order_asked(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "10")).await;
        let (from, to) = (shop.day(0), shop.day(29));
        let compared = json!({
            "previousYears": 1, "previousPeriods": 2,
            "periods": [{ "from": shop.day(5), "to": shop.day(10) }],
        });
        let found = ask(&shop, json!({ "from": from, "to": to, "compared": compared })).await;
        let periods = found.at("profitAndLoss.comparativePeriods");
        let begun: i32 = shop.begins.to_string()[..4].parse().unwrap();
        let year = |years: i32, day: &str| format!("{}-{day}", begun + years);
        let february = if is_leap(begun) { "02-29" } else { "02-28" };
        assert_eq!(*periods, json!([
            { "from": shop.day(5), "to": shop.day(10) },
            { "from": year(0, "03-01"), "to": year(0, "03-31") },
            { "from": year(0, "02-01"), "to": year(0, february) },
            { "from": year(-1, "04-01"), "to": year(-1, "04-30") },
        ]));
        let amounts = found.at("profitAndLoss.netProfit.comparatives");
        let zero = json!({ "amount": "0.00" });
        assert_eq!(*amounts, json!([{ "amount": "-10.00" }, zero, zero, zero]));
    }

    async fn groups_alone_may_be_asked_for(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "10")).await;
        let found = ask(&shop, json!({})).await;
        let group = json!({ "kind": "GROUP", "name": "Indirect Expenses", "level": 1,
            "ledger": null, "accountGroup": { "id": shop.groups["IEXP"] } });
        let ledger = json!({ "kind": "LEDGER", "name": "Rent", "level": 2,
            "ledger": { "id": shop.ledgers["Rent"] }, "accountGroup": null });
        assert_eq!(*found.at("profitAndLoss.indirectExpense.lines"), json!([group, ledger]));
        let found = ask(&shop, json!({ "detail": "GROUPS" })).await;
        assert_eq!(*found.at("profitAndLoss.indirectExpense.lines"), json!([group]));
        assert_eq!(found.text("profitAndLoss.indirectExpense.total.amount.amount"), "10.00");
    }

    async fn what_cannot_be_answered_names_its_argument(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let now = chrono::DateTime::from_timestamp_millis(app.clock.now_ms()).unwrap().to_rfc3339();
        let period = json!({ "from": shop.day(1), "to": shop.day(0) });
        for (variables, refused) in [
            (json!({ "from": shop.day(1), "to": shop.day(0) }), "BAD_USER_INPUT from"),
            (json!({ "known": now }), "BAD_USER_INPUT asKnownAt"),
            (json!({ "ids": [] }), "BAD_USER_INPUT businessIds"),
            (json!({ "ids": [shop.year] }), "BAD_USER_INPUT businessIds"),
            (json!({ "compared": { "periods": [period] } }), "BAD_USER_INPUT comparatives"),
            (json!({ "compared": { "previousYears": 13 } }), "BAD_USER_INPUT comparatives"),
            (json!({ "compared": { "previousYears": i32::MAX } }), "BAD_USER_INPUT comparatives"),
            (json!({ "compared": { "previousYears": 6, "previousPeriods": 7 } }), "BAD_USER_INPUT comparatives"),
            (json!({ "compared": { "previousYears": -1 } }), "BAD_USER_INPUT comparatives.previousYears"),
        ] {
            let answer = ask(&shop, variables.clone()).await;
            assert_eq!(refusal(&answer), refused, "{variables}: {}", answer.body);
        }
        let both = shop.client.query("{ trialBalance(businessId: \"x\", businessIds: [\"x\"]) { from } }").await;
        assert_eq!(refusal(&both), "BAD_USER_INPUT businessIds");
        let one = shop.client.query("{ trialBalance(businessId: \"x\") { from } }").await;
        assert_eq!(refusal(&one), "BAD_USER_INPUT businessId");
        let days = shop.client.query("{ trialBalance(from: \"2026-05-02\", asAt: \"2026-05-01\") { from } }").await;
        assert_eq!(refusal(&days), "BAD_USER_INPUT from");
        // The whole calendar is quiet.
        let ends = json!({ "from": "1900-01-01", "to": "2199-12-31", "compared": { "previousYears": 12 } });
        assert_eq!(ask(&shop, ends).await.text("profitAndLoss.netProfit.amount.amount"), "0.00");
    }

    async fn who_sees_own_documents_only_sees_no_statement(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "10")).await;
        let cashier = invited(app, &shop.client, "CASHIER", Value::Null).await;
        for query in EVERY {
            assert_eq!(cashier.query(query).await.code(), "FORBIDDEN", "{query}");
            let answer = shop.client.query(query).await;
            assert!(answer.body["errors"].is_null(), "{query}: {}", answer.body);
        }
    }
}

fn is_leap(year: i32) -> bool {
    chrono::NaiveDate::from_ymd_opt(year, 2, 29).is_some()
}
