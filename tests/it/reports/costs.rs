//! What cost centres bore: by centre, ledger and category, compared, as known, and down to the vouchers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{app::TestApp, books::Shop, client::Answer, tenancy::invited};

const BREAKUP: &str = "query($from: Date, $to: Date, $known: DateTime, $category: ID, $centre: ID) {
    costCentreBreakup(from: $from, to: $to, asKnownAt: $known, costCategoryId: $category,
        costCentreId: $centre, comparatives: { previousPeriods: 1 }) {
        comparativePeriods { from }
        lines { level costCentre { name } debit { amount { amount } } credit { amount { amount } }
            net { amount { amount } comparatives { amount } }
            ledgers { lines { kind name amount { amount } } } }
        categories { costCategory { name } net { amount { amount } } unallocated { amount { amount } } } } }";

fn lines(answer: &Answer, path: &str) -> Value {
    let lines = answer.at(path).as_array().unwrap().iter();
    lines
        .map(|one| json!([one["level"], one["costCentre"]["name"], one["net"]["amount"]["amount"]]))
        .collect()
}

struct Split {
    shop: Shop,
    north: String,
    shops: String,
}

/// North with Gate below it, South, and a project; rent in two months, and some sales.
async fn split(app: &TestApp) -> Split {
    let shop = Shop::open(app, "meera").await;
    let (shops, projects) = (shop.category("Shops").await, shop.category("Projects").await);
    let north = shop.centre(&shops, None, "North").await;
    let gate = shop.centre(&shops, Some(&north), "Gate").await;
    let south = shop.centre(&shops, None, "South").await;
    let loom = shop.centre(&projects, None, "Loom").await;
    shop.number(&shop.rent("1", "100", 10, &[(&gate, "60"), (&south, "30"), (&loom, "100")])).await;
    shop.number(&shop.rent("2", "70", 40, &[(&north, "25.25")])).await;
    let mut sale = shop.voucher("3", "RCT", "Cash", "Sales", "500");
    sale["date"] = json!(shop.day(41));
    sale["entries"][1]["costs"] = json!([{ "centreId": gate, "amount": "400" }]);
    shop.number(&sale).await;
    let gone = shop.posted(&shop.rent("4", "9", 41, &[(&south, "9")])).await;
    shop.act("voucherCancel", json!({ "idempotencyKey": "c", "voucherId": gone })).await;
    Split { shop, north, shops }
}

on_every_engine! {
    async fn cost_centres_are_broken_up(app: &TestApp) {
        let Split { shop, north, shops } = split(app).await;
        let all = json!({ "from": shop.day(0), "to": shop.day(60) });
        let found = shop.client.ask(BREAKUP, all.clone()).await;
        // North holds Gate: 60 + 25.25 − 400.
        let right = json!([[1, "Loom", "100.00"], [1, "North", "-314.75"], [2, "Gate", "-340.00"], [1, "South", "30.00"]]);
        assert_eq!(lines(&found, "costCentreBreakup.lines"), right, "{}", found.body);
        let north_line = found.at("costCentreBreakup.lines.1");
        assert_eq!(north_line["debit"]["amount"]["amount"], "85.25");
        assert_eq!(north_line["credit"]["amount"]["amount"], "400.00");
        let ledgers: Vec<(&str, &str)> = north_line["ledgers"]["lines"].as_array().unwrap().iter()
            .filter(|one| one["kind"] == "LEDGER")
            .map(|one| (one["name"].as_str().unwrap(), one["amount"]["amount"].as_str().unwrap()))
            .collect();
        assert_eq!(ledgers.len(), 2);
        assert!(ledgers.contains(&("Rent", "85.25")) && ledgers.contains(&("Sales", "-400.00")), "{ledgers:?}");
        let categories = json!([
            { "costCategory": { "name": "Projects" }, "net": { "amount": { "amount": "100.00" } }, "unallocated": null },
            { "costCategory": { "name": "Shops" }, "net": { "amount": { "amount": "-284.75" } }, "unallocated": null },
        ]);
        assert_eq!(found.at("costCentreBreakup.categories"), &categories);
        // The second month beside the first, one category, one part of the tree.
        let months = json!({ "from": shop.day(30), "to": shop.day(60), "category": shops });
        let found = shop.client.ask(BREAKUP, months).await;
        let right = json!([[1, "North", "-374.75"], [2, "Gate", "-400.00"], [1, "South", "0.00"]]);
        assert_eq!(lines(&found, "costCentreBreakup.lines"), right, "{}", found.body);
        assert_eq!(found.text("costCentreBreakup.lines.0.net.comparatives.0.amount"), "60.00");
        let part = json!({ "from": shop.day(0), "to": shop.day(60), "centre": north });
        let found = shop.client.ask(BREAKUP, part).await;
        assert_eq!(lines(&found, "costCentreBreakup.lines"), json!([[1, "North", "-314.75"], [2, "Gate", "-340.00"]]));

        // Of a ledger: which centres bore it, and how much none did.
        let ledger = "query($ledger: ID, $group: ID, $from: Date, $to: Date) {
            ledgerCostBreakup(ledgerId: $ledger, accountGroupId: $group, from: $from, to: $to) {
                lines { level costCentre { name } net { amount { amount } } }
                categories { costCategory { name } net { amount { amount } } unallocated { amount { amount } } } } }";
        let mut asked = all.clone();
        asked["ledger"] = json!(shop.ledgers["Rent"]);
        let found = shop.client.ask(ledger, asked.clone()).await;
        let right = json!([[1, "Loom", "100.00"], [1, "North", "85.25"], [2, "Gate", "60.00"], [1, "South", "30.00"]]);
        assert_eq!(lines(&found, "ledgerCostBreakup.lines"), right);
        let rest: Vec<&Value> = found.at("ledgerCostBreakup.categories").as_array().unwrap().iter()
            .map(|one| &one["unallocated"]["amount"]["amount"]).collect();
        assert_eq!(rest, ["70.00", "54.75"]);
        asked["group"] = json!(shop.groups["IEXP"]);
        assert_eq!(shop.client.ask(ledger, asked.clone()).await.code(), "BAD_USER_INPUT");
        asked["ledger"] = Value::Null;
        let of_group = shop.client.ask(ledger, asked).await;
        assert_eq!(lines(&of_group, "ledgerCostBreakup.lines"), right);
        let summary = "query($from: Date, $to: Date) { costCategorySummary(from: $from, to: $to) {
            categories { costCategory { name } debit { amount { amount } } credit { amount { amount } } } } }";
        let found = shop.client.ask(summary, all).await;
        assert_eq!(found.text("costCategorySummary.categories.1.debit.amount.amount"), "115.25");
        assert_eq!(found.text("costCategorySummary.categories.1.credit.amount.amount"), "400.00");

        // Down to the vouchers, those below the centre with them; what was cancelled is not there.
        let entries = "query($id: ID!, $ledger: ID, $to: Date, $after: String) {
            costCentreEntries(costCentreId: $id, ledgerId: $ledger, to: $to, first: 2, after: $after) {
                totalCount pageInfo { endCursor hasNextPage }
                nodes { date debit { amount } credit { amount } costCentre { name } ledger { name } voucher { number } } } }";
        let asked = json!({ "id": north, "to": shop.day(60) });
        let found = shop.client.ask(entries, asked).await;
        assert_eq!(found.at("costCentreEntries.totalCount"), 3);
        let shown: Value = found.at("costCentreEntries.nodes").as_array().unwrap().iter()
            .map(|one| json!([one["date"], one["debit"]["amount"], one["costCentre"]["name"]])).collect();
        assert_eq!(shown, json!([[shop.day(10), "60.00", "Gate"], [shop.day(40), "25.25", "North"]]));
        let after = found.text("costCentreEntries.pageInfo.endCursor");
        let asked = json!({ "id": north, "to": shop.day(60), "after": after });
        let last = shop.client.ask(entries, asked).await;
        assert_eq!(last.text("costCentreEntries.nodes.0.credit.amount"), "400.00");
        assert!(last.at("costCentreEntries.nodes.0.voucher.number").is_string());
        let asked = json!({ "id": north, "to": shop.day(60), "ledger": shop.ledgers["Rent"] });
        assert_eq!(shop.client.ask(entries, asked).await.at("costCentreEntries.totalCount"), 2);

        let ravi = Shop::open(app, "ravi").await;
        let asked = json!({ "id": north, "centre": north, "to": shop.day(60) });
        assert_eq!(ravi.client.ask(entries, asked.clone()).await.at("costCentreEntries.totalCount"), 0);
        let none = ravi.client.ask(BREAKUP, asked).await;
        assert_eq!(none.at("costCentreBreakup.lines"), &json!([]));
        let cashier = invited(app, &shop.client, "CASHIER", Value::Null).await;
        assert_eq!(cashier.ask(BREAKUP, json!({})).await.code(), "FORBIDDEN");
    }

    async fn splits_were_known(app: &TestApp) {
        let Split { shop, .. } = split(app).await;
        let first = app.clock.now_ms();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let shops = shop.category("More").await;
        let late = shop.centre(&shops, None, "Late").await;
        shop.number(&shop.rent("9", "5", 10, &[(&late, "5")])).await;
        app.clock.advance_ms(60_000);
        let known = chrono::DateTime::from_timestamp_millis(first).unwrap().to_rfc3339();
        let asked = json!({ "from": shop.day(0), "to": shop.day(60), "known": known });
        let then = shop.client.ask(BREAKUP, asked).await;
        let now = shop.client.ask(BREAKUP, json!({ "from": shop.day(0), "to": shop.day(60) })).await;
        assert_eq!(then.at("costCentreBreakup.lines").as_array().unwrap().len(), 4);
        assert_eq!(now.at("costCentreBreakup.lines").as_array().unwrap().len(), 5);
        assert_eq!(now.text("costCentreBreakup.lines.0.costCentre.name"), "Late");
    }
}
