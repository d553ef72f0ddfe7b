//! Pages of lists: how many rows one may ask for, and what they cost.

use std::collections::BTreeMap;

use daybook_entity::main::people::PlatformRole;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    contract::Introspected,
    office::office,
};

fn cost(answer: &Answer) -> u64 {
    let cost = &answer.body["extensions"]["cost"]["requestedQueryCost"];
    cost.as_u64().unwrap_or_else(|| panic!("no cost: {}", answer.body))
}

async fn currencies(client: &Client, first: Option<i32>) -> Answer {
    let query = "query($first: Int) { currencies(first: $first) { nodes { code } } }";
    client.ask(query, json!({ "first": first })).await
}

fn rows(answer: &Answer) -> usize {
    answer.at("currencies.nodes").as_array().unwrap().len()
}

on_every_engine! {
    settings [("limits.page_rows_default", "3"), ("limits.page_rows_max", "7")];

    async fn settings_bound_pages_and_their_cost(app: &TestApp) {
        let client = app.register("loom").await;
        let usual = currencies(&client, None).await;
        assert_eq!(rows(&usual), 3);
        let most = currencies(&client, Some(7)).await;
        assert_eq!(rows(&most), 7);
        // A page costs the rows that it may have, one row of it as much as another.
        let one = cost(&currencies(&client, Some(1)).await);
        let row = cost(&currencies(&client, Some(2)).await) - one;
        assert!(row > 0);
        assert_eq!(cost(&usual), one + 2 * row);
        assert_eq!(cost(&most), one + 6 * row);
        for first in [8, 1_000_000, i32::MAX, 0, -1, i32::MIN] {
            let refused = currencies(&client, Some(first)).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT", "{first}: {}", refused.body);
            let extensions = &refused.body["errors"][0]["extensions"];
            assert_eq!(extensions["argument"], "first", "{first}: {}", refused.body);
            assert!(cost(&refused) <= cost(&most), "{first}: {}", refused.body);
        }
    }
}

on_every_engine! {
    async fn every_list_costs_its_rows(app: &TestApp) {
        let owner = app.register("loom").await;
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let schema = Introspected::of(&owner).await;
        let mut lists = 0;
        for (operation, field) in schema.root_fields() {
            let takes_first =
                field["args"].as_array().unwrap().iter().any(|one| one["name"] == "first");
            if operation != "query" || !takes_first {
                continue;
            }
            let name = field["name"].as_str().unwrap();
            let is_needed = |one: &&Value| one["type"]["kind"] == "NON_NULL";
            let needs = field["args"].as_array().unwrap().iter().any(|one| is_needed(&one));
            // These are asked of one ledger, or of one cost centre.
            let of_one =
                ["bankEntries", "bankLines", "bankMatches", "bankStatements", "costCentreEntries"];
            assert_eq!(needs, of_one.contains(&name), "{name}");
            if needs {
                continue;
            }
            // A rate is told by its currency and day, and has no id of its own.
            let leaf = if name == "exchangeRates" { "rate" } else { "id" };
            let mut costs = BTreeMap::new();
            for first in [2, 4, 100, 101] {
                let query = format!("{{ {name}(first: {first}) {{ nodes {{ {leaf} }} }} }}");
                let mut answer = owner.query(&query).await;
                if answer.code() == "FORBIDDEN" {
                    answer = admin.query(&query).await;
                }
                let expected = if first > 100 { "BAD_USER_INPUT" } else { "" };
                assert_eq!(answer.code(), expected, "{name}: {}", answer.body);
                costs.insert(first, cost(&answer));
            }
            assert_eq!(costs[&100] - costs[&2], 49 * (costs[&4] - costs[&2]), "{name}");
            assert!(costs[&4] > costs[&2], "{name}");
            lists += 1;
        }
        assert!(lists > 20, "{lists}");
    }
}
