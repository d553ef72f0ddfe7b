//! Accounting years: opened by posting, closed in order, opened again from the last.

use chrono::{Days, Months, NaiveDate};
use serde_json::json;

use super::{HARDEN, Older, YEARS, act, call, close, grant, locks, refusal, reopen};
use crate::{books::Shop, hand::sql_number};

/// Books that began in the middle of the year before last, with three years.
async fn three_years(first: &Shop) -> Older {
    let begins = first.begins - Months::new(24) + Days::new(45);
    let mut books = Older::begin(first, "Looms", begins).await;
    for year in [1, 2] {
        let day = first.begins - Months::new(24) + Months::new(12 * year) + Days::new(3);
        books.shop.number(&books.voucher(&format!("opens {year}"), day)).await;
    }
    books.read_years().await;
    books
}

on_every_engine! {
    async fn posting_opens_the_next_year_and_none_further_ahead(app: &TestApp) {
        let first = Shop::open(app, "meera").await;
        let begins = first.begins - Months::new(24) + Days::new(45);
        let books = Older::begin(&first, "Looms", begins).await;
        let early = books.voucher("early", begins.pred_opt().unwrap());
        let (refused, _) = refusal(&books.shop.post(&early).await);
        assert_eq!(refused, "YEAR_NOT_OPEN input.date");
        let second = first.begins - Months::new(12);
        let (refused, _) = refusal(&books.shop.post(&books.voucher("far", first.begins)).await);
        assert_eq!(refused, "YEAR_NOT_OPEN input.date");
        books.shop.number(&books.voucher("last day", first.begins.pred_opt().unwrap())).await;
        books.shop.number(&books.voucher("first day", second)).await;
        books.shop.number(&books.voucher("now near", first.begins)).await;

        // The opening period, a short first year, whole ones after it: day by day, without a gap.
        let years = books.all_years().await;
        assert_eq!(years.len(), 4);
        let day = |place: usize, field: &str| -> NaiveDate {
            years[place][field].as_str().unwrap().parse().unwrap()
        };
        assert_eq!(years[0]["isOpening"], true);
        assert_eq!([day(0, "startsOn"), day(0, "endsOn")], [begins.pred_opt().unwrap(); 2]);
        assert_eq!(day(1, "startsOn"), begins);
        for place in 0..3 {
            assert_eq!(day(place, "endsOn").succ_opt(), Some(day(place + 1, "startsOn")));
        }
        assert_eq!(day(3, "endsOn"), first.begins + Months::new(12) - Days::new(1));
        for year in &years {
            assert_eq!(year["state"], "OPEN");
            assert!(year["openedAt"].is_string() && year["closedAt"].is_null());
            assert_eq!(year["acts"], json!([]));
        }
    }

    async fn years_are_closed_in_order_and_opened_again_from_the_last(app: &TestApp) {
        let first = Shop::open(app, "meera").await;
        let mut books = three_years(&first).await;
        let client = &first.client;
        let years = [books.year(0), books.year(1), books.year(2)];
        assert_eq!(close(client, &years[1]).await, ["NOT_ALLOWED input.yearId"]);
        assert!(close(client, &years[0]).await.is_empty());
        assert_eq!(close(client, &years[2]).await, ["NOT_ALLOWED input.yearId"]);
        assert!(close(client, &years[1]).await.is_empty());
        assert_eq!(close(client, &years[1]).await, ["ALREADY_DONE input.yearId"]);
        for place in [0, 1] {
            let (refused, _) = refusal(&books.shop.post(&books.voucher("late", books.day(place, "endsOn"))).await);
            assert_eq!(refused, "YEAR_CLOSED input.date");
        }
        books.shop.number(&books.voucher("goes on", books.day(2, "startsOn"))).await;

        let list = "query($id: ID!) { periodLocks(businessId: $id) { kind area lockedThrough reason
            setBy { name } } }";
        let held = client.ask(list, json!({ "id": books.id })).await;
        assert_eq!(
            *held.at("periodLocks"),
            json!([{ "kind": "YEAR", "area": "ALL", "lockedThrough": books.day(1, "endsOn"),
                "reason": null, "setBy": { "name": "Meera Shah" } }])
        );
        assert_eq!(reopen(client, &years[0]).await, ["NOT_ALLOWED input.yearId"]);
        assert_eq!(reopen(client, &years[2]).await, ["ALREADY_DONE input.yearId"]);
        let opening = books.all_years().await[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(close(client, &opening).await, ["NOT_ALLOWED input.yearId"]);
        assert_eq!(close(client, "nonsense").await, ["NOT_FOUND input.yearId"]);
        assert!(reopen(client, &years[1]).await.is_empty());
        books.shop.number(&books.voucher("late", books.day(1, "endsOn"))).await;
        let (refused, _) = refusal(&books.shop.post(&books.voucher("later", books.day(0, "endsOn"))).await);
        assert_eq!(refused, "YEAR_CLOSED input.date");
        assert!(reopen(client, &years[0]).await.is_empty());
        books.shop.number(&books.voucher("later", books.day(0, "endsOn"))).await;
        let held = client.ask(list, json!({ "id": books.id })).await;
        assert_eq!(*held.at("periodLocks"), json!([]));

        // What was done stays told, with its reason.
        books.read_years().await;
        let acts = books.years[1]["acts"].as_array().unwrap().clone();
        let told: Vec<String> = acts
            .iter()
            .map(|act| format!("{} {} {}", act["kind"], act["reason"], act["actedBy"]["name"]))
            .collect();
        assert_eq!(
            told,
            ["\"CLOSED\" null \"Meera Shah\"", "\"REOPENED\" \"a bill came late\" \"Meera Shah\""]
        );
        let log = "query($id: ID!) { auditLogs(subjectId: $id) { nodes { action
            changes { field before after } } } }";
        let log = client.ask(log, json!({ "id": years[1] })).await;
        assert_eq!(log.text("auditLogs.nodes.0.action"), "YEAR_REOPENED");
        assert_eq!(
            *log.at("auditLogs.nodes.0.changes"),
            json!([
                { "field": "reason", "before": null, "after": "a bill came late" },
                { "field": "closedAt", "before": acts[0]["recordedAt"], "after": null },
            ])
        );
        let verified = client.query("{ auditVerify { ok } }").await;
        assert_eq!(verified.at("auditVerify.ok"), true);
    }

    async fn a_year_behind_a_hard_lock_stays_closed(app: &TestApp) {
        let first = Shop::open(app, "meera").await;
        let books = three_years(&first).await;
        let client = &first.client;
        for place in [0, 1] {
            assert!(close(client, &books.year(place)).await.is_empty());
        }
        let harden = async |key: &str, area: &str, day: NaiveDate| {
            let input = json!({ "idempotencyKey": key, "businessId": books.id, "area": area,
                "lockedThrough": day, "reason": "audited" });
            let done = call(client, HARDEN, input).await;
            assert!(done.refusals("periodLockHarden").is_empty(), "{}", done.body);
        };
        let end = books.day(1, "endsOn");
        // A lock of one area, or of a part of the year, holds by itself: the rest may be opened.
        harden("1", "SALES", end).await;
        harden("2", "ALL", end.pred_opt().unwrap()).await;
        assert!(reopen(client, &books.year(1)).await.is_empty());
        books.shop.number(&books.voucher("last day", end)).await;
        let (refused, message) = refusal(&books.shop.post(&books.voucher("before", end - Days::new(1))).await);
        assert_eq!(refused, "PERIOD_LOCKED input.date", "{message}");
        assert!(close(client, &books.year(1)).await.is_empty());
        harden("3", "ALL", end).await;
        assert_eq!(reopen(client, &books.year(1)).await, ["PERIOD_LOCKED input.yearId"]);
        let (refused, _) = refusal(&books.shop.post(&books.voucher("again", end)).await);
        assert_eq!(refused, "YEAR_CLOSED input.date");
    }

    async fn closing_posts_nothing_and_profit_is_carried(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let next = shop.begins + Months::new(12);
        shop.number(&shop.voucher("1", "RCT", "Cash", "Sales", "1000")).await;
        shop.number(&shop.voucher("2", "PMT", "Rent", "Cash", "400.25")).await;
        let mut third = shop.voucher("3", "PMT", "Rent", "Cash", "50");
        third["date"] = json!(next + Days::new(3));
        shop.number(&third).await;
        let rows = "SELECT (SELECT COUNT(*) FROM voucher_versions) + (SELECT COUNT(*) FROM voucher_acts) \
             + (SELECT COUNT(*) FROM voucher_ledger_entries) + (SELECT COUNT(*) FROM ledger_period_totals)";
        let before = sql_number(app, "meera", rows).await;
        let standing = async || {
            let query = "query($asAt: Date) { trialBalance(asAt: $asAt) { isBalanced rows {
                ledger { name } openingDebit { amount } openingCredit { amount }
                closingDebit { amount } closingCredit { amount } } } }";
            let found = shop.client.ask(query, json!({ "asAt": next + Days::new(10) })).await;
            assert_eq!(found.at("trialBalance.isBalanced"), true);
            found.at("trialBalance.rows").clone()
        };
        let open = standing().await;
        assert!(close(&shop.client, &shop.year).await.is_empty());
        assert_eq!(sql_number(app, "meera", rows).await, before);
        // Closing changes no figure: the profit stood in the next year before, and stands there after.
        assert_eq!(standing().await, open);
        let row = |name: &str| open.as_array().unwrap().iter().find(|row| row["ledger"]["name"] == name);
        let profit = row("Profit & Loss A/c").unwrap();
        assert_eq!(profit["openingCredit"]["amount"], "599.75");
        assert_eq!(profit["closingCredit"]["amount"], "599.75");
        assert_eq!(row("Cash").unwrap()["closingDebit"]["amount"], "549.75");
        assert_eq!(row("Rent").unwrap()["openingDebit"]["amount"], "0.00");
        assert_eq!(row("Rent").unwrap()["closingDebit"]["amount"], "50.00");
        assert!(row("Sales").is_none_or(|row| row["closingCredit"]["amount"] == "0.00"));
        assert_eq!(locks(&shop.client).await, [format!("YEAR ALL {}", next.pred_opt().unwrap())]);
    }

    async fn a_closed_year_yields_to_no_exception_and_a_key_to_no_second_act(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let me = shop.client.query("{ me { id } }").await.text("me.id");
        let until = daybook::graphql::scalar::DateTime(app.clock.now_ms() + 60_000).to_string();
        let pass = grant(&shop.client, json!({
            "idempotencyKey": "1", "areas": ["ALL"], "from": shop.day(0), "to": shop.day(30),
            "userId": me, "expiresAt": until, "reason": "late bills",
        })).await;
        let input = json!({ "yearId": shop.year, "idempotencyKey": "close it" });
        let closed = call(&shop.client, &act("businessYearClose"), input.clone()).await;
        assert_eq!(closed.text("businessYearClose.year.state"), "CLOSED");
        let again = call(&shop.client, &act("businessYearClose"), input).await;
        assert_eq!(again.at("businessYearClose.replayed"), true);
        assert!(again.refusals("businessYearClose").is_empty());
        let other = json!({ "yearId": shop.year, "idempotencyKey": "close it", "reason": "done" });
        assert_eq!(call(&shop.client, &act("businessYearClose"), other).await.code(), "CONFLICT");
        let mut named = shop.voucher("2", "PMT", "Rent", "Cash", "1");
        named["lockExceptionId"] = json!(pass);
        let (refused, _) = refusal(&shop.post(&named).await);
        assert_eq!(refused, "YEAR_CLOSED input.date");
        let found = shop.client.query("{ businesses { nodes { id } } }").await;
        let id = found.text("businesses.nodes.0.id");
        let years = shop.client.ask(YEARS, json!({ "id": id })).await;
        // The opening period goes with the first year.
        assert_eq!(years.text("businessYears.0.state"), "CLOSED");
        assert_eq!(years.at("businessYears.1.acts").as_array().unwrap().len(), 1);
    }
}
