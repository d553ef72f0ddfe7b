//! Large vouchers in long lists: one set-wise read for the page, however many its entries are.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::shop::Shop;

// What is known of the tenant is never fresh here, and readers are few: whoever asks the database once
// per entry finds none free.
on_every_engine! {
    settings [("nodes.access_fresh_ms", "0"), ("tenants.readers_per_tenant", "1")];
    async fn a_page_of_large_vouchers_is_read_whole(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let pair = [shop.entry("Rent", "debit", "1.25"), shop.entry("Sales", "credit", "1.25")];
        let entries: Vec<Value> = pair.iter().cycle().take(200).cloned().collect();
        let inputs: Vec<Value> = (0..60)
            .map(|index| {
                let mut input = shop.voucher(&format!("k{index}"), "JRN", "Rent", "Sales", "1");
                input["entries"] = json!(entries);
                input
            })
            .collect();
        join_all(inputs.iter().map(|input| shop.number(input))).await;
        for list in [
            "vouchers(first: 60) { nodes { status createdBy { name } business { name }
                entries { line ledger { name business { name } } } } }",
            "vouchers(first: 60) { nodes: edges { node { entries { line ledger { name } } } } }",
        ] {
            let found = shop.client.query(&format!("{{ {list} }}")).await;
            assert_eq!(found.code(), "", "{}", found.body["errors"]);
            let nodes = found.at("vouchers.nodes").as_array().unwrap();
            assert_eq!(nodes.len(), 60);
            for node in nodes {
                let node = node.get("node").unwrap_or(node);
                let entries = node["entries"].as_array().unwrap();
                assert_eq!(entries.len(), 200);
                assert_eq!(entries[199], json!({ "line": 200, "ledger": entries[199]["ledger"] }));
                assert_eq!(entries[199]["ledger"]["name"], "Sales");
            }
        }
    }
}
