//! Who may ask for reports, and what cannot be asked.

use serde_json::{Value, json};

use crate::{
    books::Shop,
    client::{Answer, Client},
    tenancy::invited,
};

/// Each report with one of its lists: the arguments of the report, and those of the list.
const LISTS: [(&str, &str); 11] = [
    ("ledgerStatement(ledgerId: $id, ARGS)", "lines"),
    ("partyStatement(ledgerId: $party, ARGS) { statement", "lines"),
    ("cashBook(ARGS)", "lines"),
    ("bankBook(ARGS)", "lines"),
    ("groupSummary(accountGroupId: $group, ARGS)", "rows"),
    ("dayBook(ARGS)", "vouchers"),
    ("voucherRegister(baseType: JOURNAL, ARGS)", "vouchers"),
    ("voucherRegister(baseType: JOURNAL, ARGS)", "months"),
    ("exceptionReport(ARGS)", "negativeCash"),
    ("exceptionReport(ARGS)", "numberGaps"),
    ("exceptionReport(ARGS)", "changedVouchers"),
];

async fn ask(
    client: &Client,
    shop: &Shop,
    (report, list): (&str, &str),
    args: &str,
    page: &str,
) -> Answer {
    let id = |id: &str| format!("\"{id}\"");
    let report = report
        .replace("ARGS", args)
        .replace("$id", &id(&shop.ledgers["Cash"]))
        .replace("$party", &id(&shop.ledgers["Asha"]))
        .replace("$group", &id(&shop.groups["CA"]));
    let page = if page.is_empty() { String::new() } else { format!("({page})") };
    let (begins, ends) = if report.contains('{') { ("{", "} }") } else { ("{", "}") };
    let query = format!("query {{ {report} {begins} {list}{page} {{ totalCount }} {ends} }}");
    client.query(&query).await
}

on_every_engine! {
    async fn what_cannot_be_asked_is_told(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let made = shop.create_ledger("Asha", "SD", Value::Null).await;
        shop.keep_ledger(&made);
        shop.number(&shop.voucher("1", "RCT", "Cash", "Sales", "10")).await;
        let cashier = invited(app, &shop.client, "CASHIER", Value::Null).await;
        let viewer = invited(app, &shop.client, "VIEWER", Value::Null).await;
        let usual = "from: \"2026-01-01\", to: \"2026-12-31\"";
        let soon = app.clock.now() - chrono::Duration::milliseconds(500);
        let soon = format!("{usual}, asKnownAt: \"{}\"", soon.to_rfc3339());
        for list in LISTS {
            let fine = ask(&viewer, &shop, list, usual, "").await;
            assert_eq!(fine.code(), "", "{list:?}: {}", fine.body);
            assert_eq!(ask(&cashier, &shop, list, usual, "").await.code(), "FORBIDDEN", "{list:?}");
            assert_eq!(ask(&app.stranger(), &shop, list, usual, "").await.code(), "UNAUTHENTICATED");
            let backwards = "from: \"2026-12-31\", to: \"2026-01-01\"";
            for (args, page, argument) in [
                (backwards, "", "from"),
                (soon.as_str(), "", "asKnownAt"),
                (usual, "first: 0", "first"),
                (usual, "first: 101", "first"),
                (usual, "first: 2147483647", "first"),
                (usual, "after: \"x\"", "after"),
            ] {
                let refused = ask(&shop.client, &shop, list, args, page).await;
                assert_eq!(refused.code(), "BAD_USER_INPUT", "{list:?} {args} {page}: {}", refused.body);
                assert_eq!(refused.body["errors"][0]["extensions"]["argument"], argument, "{list:?}");
            }
            // The first and the last day that there is.
            let always = "from: \"1900-01-01\", to: \"2199-12-31\"";
            assert_eq!(ask(&shop.client, &shop, list, always, "first: 100").await.code(), "", "{list:?}");
        }
        for ledger in ["Sales", "Profit & Loss A/c"] {
            let id = &shop.ledgers[ledger];
            let query = format!(
                "{{ ledgerStatement(ledgerId: \"{id}\", from: \"1900-01-01\", to: \"2199-12-31\") {{
                    closing {{ amount }} carried {{ amount }} lines {{ totalCount }} }} }}"
            );
            let found = shop.client.query(&query).await;
            assert_eq!(found.code(), "", "{}", found.body);
            let right = if ledger == "Sales" { ("0.00", 2) } else { ("-10.00", 1) };
            assert_eq!(found.text("ledgerStatement.closing.amount"), right.0);
            assert_eq!(found.at("ledgerStatement.lines.totalCount"), right.1);
        }
    }

    async fn lists_below_reports_cost_their_rows(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let made = shop.create_ledger("Asha", "SD", Value::Null).await;
        shop.keep_ledger(&made);
        let usual = "to: \"2026-12-31\"";
        for (report, below) in LISTS {
            let mut costs = Vec::new();
            for first in [2, 4, 100] {
                let page = format!("first: {first}");
                let inner = if below == "months" { "month" } else { "__typename" };
                let list = format!("{below}({page}) {{ nodes {{ {inner} }} }} also: {below}");
                let answer = ask(&shop.client, &shop, (report, &list), usual, "first: 1").await;
                assert_eq!(answer.code(), "", "{}", answer.body);
                costs.push(answer.body["extensions"]["cost"]["requestedQueryCost"].as_u64().unwrap());
            }
            assert!(costs[1] > costs[0], "{report}: {costs:?}");
            assert_eq!(costs[2] - costs[0], 49 * (costs[1] - costs[0]), "{report}");
        }
    }

    async fn a_cursor_beyond_the_range_ends_the_list(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        for key in ["1", "2", "3"] {
            shop.number(&shop.voucher(key, "RCT", "Cash", "Sales", "10")).await;
        }
        let book = "query($to: Date, $from: Date, $after: String, $line: String) {
            dayBook(from: $from, to: $to) { vouchers(first: 2, after: $after) {
                nodes { number } pageInfo { endCursor hasNextPage } } }
            cashBook(from: $from, to: $to) { lines(first: 2, after: $line) {
                nodes { balance { amount } } pageInfo { endCursor hasNextPage } } } }";
        let ask = async |from: u64, to: u64, after: &Value, line: &Value| {
            let asked = json!({ "from": shop.day(from), "to": shop.day(to), "after": after, "line": line });
            shop.client.ask(book, asked).await
        };
        let first = ask(0, 20, &Value::Null, &Value::Null).await;
        let after = first.at("dayBook.vouchers.pageInfo.endCursor").clone();
        let line = first.at("cashBook.lines.pageInfo.endCursor").clone();
        // The range may change between pages: what is after the cursor and in the range follows.
        let before = ask(0, 5, &after, &line).await;
        assert_eq!(before.at("dayBook.vouchers.nodes"), &json!([]));
        assert_eq!(before.at("cashBook.lines.nodes"), &json!([]));
        let within = ask(5, 20, &after, &line).await;
        assert_eq!(within.at("dayBook.vouchers.nodes").as_array().unwrap().len(), 1);
        assert_eq!(within.text("cashBook.lines.nodes.0.balance.amount"), "30.00");
        let later = ask(11, 20, &after, &line).await;
        assert_eq!(later.at("cashBook.lines.nodes"), &json!([]));
    }
}
