//! Whatever is wrong is named with its field, and nothing of it is stored.

use chrono::Months;
use serde_json::{Value, json};

use super::shop::Shop;

/// Changes to an input that is right, each with what is refused then.
fn wrong_vouchers(shop: &Shop) -> Vec<(Value, Value, &'static str)> {
    let entry = |ledger: &str, side: &str, amount: &str| shop.entry(ledger, side, amount);
    let amount =
        |amount: &str| json!([entry("Rent", "debit", amount), entry("Cash", "credit", "1")]);
    let before = shop.begins.pred_opt().unwrap().to_string();
    let far = shop.begins.checked_add_months(Months::new(30)).unwrap().to_string();
    let both = json!({ "ledgerId": shop.ledgers["Rent"], "debit": "1", "credit": "1" });
    let neither = json!({ "ledgerId": shop.ledgers["Rent"] });
    let cash = entry("Cash", "credit", "1");
    let dollars = |rate: Value| {
        let mut entry = entry("Rent", "debit", "1");
        entry["currency"] = json!("USD");
        entry["exchangeRate"] = rate;
        json!([entry, cash])
    };
    let unknown = json!({ "ledgerId": "TGVkZ2VyOjE", "debit": "1" });
    let is_type = |code: &str| json!(shop.types[code]);
    let long = |count: usize| json!("x".repeat(count));
    vec![
        (
            json!("entries"),
            json!([entry("Rent", "debit", "1"), entry("Cash", "credit", "2")]),
            "UNBALANCED input.entries",
        ),
        (json!("entries"), json!([entry("Rent", "debit", "1")]), "TOO_FEW_ENTRIES input.entries"),
        (json!("entries"), json!([]), "TOO_FEW_ENTRIES input.entries"),
        (json!("entries"), amount("0"), "NOT_ONE_SIDED input.entries.0.debit"),
        (json!("entries"), amount("-1"), "NOT_ONE_SIDED input.entries.0.debit"),
        (json!("entries"), json!([both, cash]), "NOT_ONE_SIDED input.entries.0"),
        (json!("entries"), json!([neither, cash]), "NOT_ONE_SIDED input.entries.0"),
        (json!("entries"), amount("1.005"), "TOO_PRECISE input.entries.0.debit"),
        (json!("entries"), amount("99999999999999999999"), "TOO_LARGE input.entries.0.debit"),
        (json!("entries"), json!([unknown, cash]), "LEDGER_UNKNOWN input.entries.0.ledgerId"),
        (
            json!("entries"),
            json!([{ "ledgerId": "?", "debit": "1" }, cash]),
            "LEDGER_UNKNOWN input.entries.0.ledgerId",
        ),
        (
            json!("entries"),
            json!([entry("Old Loan", "debit", "1"), cash]),
            "LEDGER_ARCHIVED input.entries.0.ledgerId",
        ),
        (
            json!("entries"),
            dollars(Value::Null),
            "EXCHANGE_RATE_UNKNOWN input.entries.0.exchangeRate",
        ),
        (json!("entries"), dollars(json!("0")), "INVALID input.entries.0.exchangeRate"),
        (
            json!("entries"),
            json!([entry("Cash", "debit", "1"), entry("Rent", "credit", "1")]),
            "SIDE_RULE input.entries.0",
        ),
        (
            json!("entries"),
            json!([entry("Rent", "debit", "1"), entry("Sales", "credit", "1")]),
            "SIDE_RULE input.entries",
        ),
        (json!("voucherTypeId"), json!("?"), "VOUCHER_TYPE_UNKNOWN input.voucherTypeId"),
        (json!("voucherTypeId"), is_type("SO"), "NOT_ALLOWED input.voucherTypeId"),
        (json!("voucherTypeId"), is_type("JRN"), "SIDE_RULE input.entries.1"),
        (json!("voucherTypeId"), is_type("CTR"), "SIDE_RULE input.entries.0"),
        (json!("voucherTypeId"), is_type("RCT"), "SIDE_RULE input.entries.1"),
        (json!("businessId"), json!("?"), "BUSINESS_UNKNOWN input.businessId"),
        (json!("date"), json!(before), "YEAR_NOT_OPEN input.date"),
        (json!("date"), json!(far), "YEAR_NOT_OPEN input.date"),
        (json!("narration"), long(2_001), "TOO_LONG input.narration"),
        (json!("reference"), long(101), "TOO_LONG input.reference"),
        (json!("idempotencyKey"), json!(""), "INVALID input.idempotencyKey"),
        (json!("idempotencyKey"), long(256), "INVALID input.idempotencyKey"),
    ]
}

on_every_engine! {
    async fn a_wrong_voucher_is_refused_by_field(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let other = Shop::open(app, "ravi").await;
        let made = shop.create_ledger("Old Loan", "UNS", Value::Null).await;
        shop.keep_ledger(&made);
        let archive = "mutation($id: ID!) { ledgerArchive(id: $id, input: { archived: true }) {
            ledger { archivedAt } userErrors { code field message } } }";
        let archived = shop.client.ask(archive, json!({ "id": shop.ledgers["Old Loan"] })).await;
        archived.text("ledgerArchive.ledger.archivedAt");
        let right = shop.voucher("never kept", "PMT", "Rent", "Cash", "1");
        let mut wrong = Vec::new();
        for (field, value, refusal) in wrong_vouchers(&shop) {
            let mut input = right.clone();
            input[field.as_str().unwrap()] = value.clone();
            let answer = shop.post(&input).await;
            let found = answer.refusals("voucherPost");
            if found != [refusal] {
                wrong.push(format!("{field} = {value}: {found:?}, not {refusal}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let mut foreign = right.clone();
        foreign["entries"][1]["ledgerId"] = json!(other.ledgers["Cash"]);
        let answer = shop.post(&foreign).await;
        assert_eq!(answer.refusals("voucherPost"), ["LEDGER_UNKNOWN input.entries.1.ledgerId"]);
        // Several at once are all named.
        let mut twice = right.clone();
        twice["narration"] = json!("x".repeat(2_001));
        twice["entries"][0]["debit"] = json!("1.001");
        let answer = shop.post(&twice).await;
        assert_eq!(
            answer.refusals("voucherPost"),
            ["TOO_LONG input.narration", "TOO_PRECISE input.entries.0.debit"]
        );
        // What is no date, or no number at all, is no input.
        let mut no_date = right.clone();
        no_date["date"] = json!("2026-02-30");
        assert_eq!(shop.post(&no_date).await.code(), "BAD_USER_INPUT");
        // Money does not move from a till to the same till.
        let mut round = shop.voucher("never kept", "CTR", "Cash", "Cash", "1");
        assert_eq!(shop.post(&round).await.refusals("voucherPost"), ["SIDE_RULE input.entries"]);
        round["entries"] = json!([
            shop.entry("Cash", "debit", "1"),
            shop.entry("Cash", "debit", "2"),
            shop.entry("Cash", "credit", "3"),
        ]);
        assert_eq!(shop.post(&round).await.refusals("voucherPost"), ["SIDE_RULE input.entries"]);
        assert_eq!(shop.count().await, 0);
        // The key that all of them carried is still free.
        shop.number(&right).await;
        assert_eq!(shop.count().await, 1);
    }

    async fn a_closed_year_refuses(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let right = shop.voucher("1", "PMT", "Rent", "Cash", "1");
        shop.number(&right).await;
        let act = |field: &str| format!(
            "mutation($input: BusinessYearActInput!) {{ {field}(input: $input) {{
                year {{ closedAt }} userErrors {{ code field message }} }} }}"
        );
        let year = json!({ "input": { "yearId": shop.year } });
        let closed = shop.client.ask(&act("businessYearClose"), year.clone()).await;
        closed.text("businessYearClose.year.closedAt");
        let late = shop.voucher("2", "PMT", "Rent", "Cash", "1");
        let refused = shop.post(&late).await;
        assert_eq!(refused.refusals("voucherPost"), ["YEAR_CLOSED input.date"]);
        let again = shop.client.ask(&act("businessYearClose"), year.clone()).await;
        assert_eq!(again.refusals("businessYearClose"), ["ALREADY_DONE input.yearId"]);
        // A ledger's opening balance belongs to the closed period too; ledger and voucher go together.
        let ledger = shop.create_ledger("Late", "FA", json!({ "debit": "5" })).await;
        assert_eq!(ledger.refusals("ledgerCreate"), ["YEAR_CLOSED input.openingBalance"]);
        let found = shop.client.query("{ ledgers(filter: { text: \"late\" }) { totalCount } }").await;
        assert_eq!(found.at("ledgers.totalCount"), 0);
        assert_eq!(shop.count().await, 1);
        // The replay of what was posted before still answers.
        assert_eq!(shop.post(&right).await.at("voucherPost.replayed"), true);

        let refused = shop.client.ask(&act("businessYearReopen"), year).await;
        assert_eq!(refused.refusals("businessYearReopen"), ["REQUIRED input.reason"]);
        let why = json!({ "input": { "yearId": shop.year, "reason": "a bill came late" } });
        let opened = shop.client.ask(&act("businessYearReopen"), why).await;
        assert!(opened.at("businessYearReopen.year")["closedAt"].is_null());
        shop.number(&late).await;
    }

    async fn a_wrong_ledger_is_refused_by_field(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let ledgers = "{ ledgers(first: 1) { totalCount } }";
        let before = shop.client.query(ledgers).await.at("ledgers.totalCount").clone();
        let right = json!({ "name": "New", "accountGroupId": shop.groups["FA"] });
        let opening = |side: &str, amount: &str| json!({ side: amount });
        let mut wrong = Vec::new();
        for (field, value, refusal) in [
            ("name", json!("  "), "REQUIRED input.name"),
            ("name", json!("x".repeat(201)), "TOO_LONG input.name"),
            ("name", json!("CASH"), "TAKEN input.name"),
            ("accountGroupId", json!("?"), "ACCOUNT_GROUP_UNKNOWN input.accountGroupId"),
            ("businessId", json!("?"), "BUSINESS_UNKNOWN input.businessId"),
            ("creditDays", json!(-1), "INVALID input.creditDays"),
            ("description", json!("x".repeat(501)), "TOO_LONG input.description"),
            ("openingBalance", json!({}), "NOT_ONE_SIDED input.openingBalance"),
            ("openingBalance", json!({ "debit": "1", "credit": "1" }), "NOT_ONE_SIDED input.openingBalance"),
            ("openingBalance", opening("debit", "-1"), "NOT_ONE_SIDED input.openingBalance.debit"),
            ("openingBalance", opening("credit", "0.001"), "TOO_PRECISE input.openingBalance.credit"),
            ("openingBalance", opening("debit", "99999999999999999999"), "TOO_LARGE input.openingBalance.debit"),
        ] {
            let mut input = right.clone();
            input[field] = value.clone();
            let found = shop.try_ledger(input).await.refusals("ledgerCreate");
            if found != [refusal] {
                wrong.push(format!("{field} = {value}: {found:?}, not {refusal}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let mut no_number = right.clone();
        no_number["openingBalance"] = opening("debit", "1e3");
        assert_eq!(shop.try_ledger(no_number).await.code(), "BAD_USER_INPUT");
        assert_eq!(shop.client.query(ledgers).await.at("ledgers.totalCount"), &before);
        assert_eq!(shop.count().await, 0);

        let update = "mutation($id: ID!, $input: LedgerUpdateInput!) {
            ledgerUpdate(id: $id, input: $input) { ledger { version name }
                userErrors { code field message } } }";
        let change = |version: i64, name: &str| json!({
            "id": shop.ledgers["State Bank"], "input": { "expectedVersion": version, "name": name },
        });
        let changed = shop.client.ask(update, change(1, "State Bank of India")).await;
        assert_eq!(changed.at("ledgerUpdate.ledger.version"), 2);
        let stale = shop.client.ask(update, change(1, "Bank")).await;
        assert_eq!(stale.refusals("ledgerUpdate"), ["STALE input.expectedVersion"]);
        let system = json!({ "id": shop.ledgers["Cash"], "input": { "accountGroupId": shop.groups["FA"] } });
        let refused = shop.client.ask(update, system).await;
        assert_eq!(refused.refusals("ledgerUpdate"), ["SYSTEM input.accountGroupId"]);
    }
}
