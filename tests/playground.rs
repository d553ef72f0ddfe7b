//! The playground's operations and examples fit the schema.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Arc;

use daybook::{
    clock::Clock,
    graphql::{
        ApiSchema,
        cost::{Buckets, CostSettings},
        page::PageRows,
    },
};
use serde_json::Value;

fn api() -> ApiSchema {
    let settings = CostSettings { query_max: u64::MAX, bucket_max: 1 << 40, per_second: 1 };
    let rows = PageRows { default: 20, max: 100 };
    ApiSchema::new(Arc::new(Buckets::alone(Clock::default(), settings)), rows, true)
}

/// Nobody asks, so everything that needs somebody fails while it runs, with a code. What does not fit
/// the schema fails before, without one.
async fn misfits(schema: &ApiSchema, query: &str) -> Vec<String> {
    let answer = schema.execute(query).await;
    answer
        .errors
        .into_iter()
        .filter(|error| error.extensions.as_ref().is_none_or(|known| known.get("code").is_none()))
        .map(|error| error.message)
        // Variables are filled in by the page.
        .filter(|message| !message.contains("is not defined") && !message.contains("Variable"))
        // Listening needs a socket; what it asks for is checked like the rest before that is noticed.
        .filter(|message| !message.contains("Subscriptions are not supported"))
        .collect()
}

fn lines(value: &Value) -> String {
    let lines = value.as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_example_fits_the_schema() {
    let schema = api();
    let file: Value =
        serde_json::from_str(include_str!("../assets/playground/examples.json")).unwrap();
    let mut wrong = Vec::new();
    let examples = file["examples"].as_array().unwrap();
    assert!(examples.len() > 10);
    for example in examples {
        for message in misfits(&schema, &lines(&example["query"])).await {
            wrong.push(format!("{}: {message}", example["title"]));
        }
    }
    for (name, lookup) in file["lookups"].as_object().unwrap() {
        for message in misfits(&schema, &lines(&lookup["query"])).await {
            wrong.push(format!("lookup {name}: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_bar_asks_what_the_schema_answers() {
    let schema = api();
    let script = include_str!("../assets/playground/operations.js");
    let filled = script
        .replace("${SESSION}", "session { accessToken refreshToken expiresAt }")
        .replace("${USER_ERRORS}", "userErrors { code field message }");
    let mut asked = 0;
    for part in filled.split("query: ").skip(1) {
        let quote = part.chars().next().unwrap();
        let query = part[1..].split(quote).next().unwrap();
        asked += 1;
        assert_eq!(misfits(&schema, query).await, Vec::<String>::new(), "{query}");
    }
    assert!(asked >= 6, "only {asked} operations were found");
}
