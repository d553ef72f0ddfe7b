//! The playground's examples, each run once over HTTP on a fresh tenant, filled in as the page does it.

use daybook_entity::main::people::PlatformRole;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest, http::HeaderValue};

use crate::{
    app::TestApp,
    client::{Answer, Client, PASSWORD},
    office::office,
};

/// The one example that shows a refusal.
const REFUSED: &str = "See an unbalanced voucher refused";

fn file() -> Value {
    serde_json::from_str(include_str!("../../assets/playground/examples.json")).unwrap()
}

fn text(lines: &Value) -> String {
    let lines = lines.as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

fn name_of(placeholder: &str) -> Option<&str> {
    placeholder.strip_prefix("{{")?.strip_suffix("}}")
}

/// A copy with each placeholder filled in, and a password where the page asks for one.
async fn filled(value: &Value, lookups: &Value, client: &Client) -> Value {
    match value {
        Value::String(written) => match name_of(written) {
            Some(name) => found(name, lookups, client).await,
            None => value.clone(),
        },
        Value::Array(all) => {
            let mut list = Vec::new();
            for each in all {
                list.push(Box::pin(filled(each, lookups, client)).await);
            }
            Value::Array(list)
        }
        Value::Object(all) => {
            let mut fields = Map::new();
            for (name, each) in all {
                let value = match name.as_str() {
                    "password" => json!(PASSWORD),
                    _ => Box::pin(filled(each, lookups, client)).await,
                };
                fields.insert(name.clone(), value);
            }
            Value::Object(fields)
        }
        other => other.clone(),
    }
}

async fn found(name: &str, lookups: &Value, client: &Client) -> Value {
    match name {
        "today" => {
            return json!(daybook::clock::Clock::default().today("Asia/Kolkata").to_string());
        }
        "key" => {
            let chance = std::hash::BuildHasher::hash_one(
                &std::hash::RandomState::new(),
                "an example's key",
            );
            return json!(format!("playground-{chance}"));
        }
        _ => {}
    }
    let lookup = &lookups[name];
    assert!(lookup.is_object(), "no lookup for {name}");
    let variables = Box::pin(filled(&lookup["variables"], lookups, client)).await;
    let answer = client.ask(&text(&lookup["query"]), variables).await;
    let root = lookup["root"].as_str().unwrap();
    let mut rows = answer.at(root);
    for step in lookup["list"].as_array().into_iter().flatten() {
        rows = &rows[step.as_str().unwrap()];
    }
    let is_asked_for = |row: &&Value| {
        let wanted = lookup["where"].as_object();
        wanted.into_iter().flatten().all(|(key, value)| &row[key] == value)
    };
    let row = rows.as_array().into_iter().flatten().find(is_asked_for);
    let row = row.unwrap_or_else(|| panic!("{name} found nothing: {}", answer.body));
    row[lookup["take"].as_str().unwrap()].clone()
}

fn assert_is_well(title: &str, answer: &Answer) {
    assert!(answer.body["errors"].is_null(), "{title}: {}", answer.body);
    let payloads = answer.body["data"].as_object().unwrap();
    for payload in payloads.values() {
        assert!(!payload.is_null(), "{title}: {}", answer.body);
        let refusals = payload["userErrors"].as_array().map_or(0, Vec::len);
        assert_eq!(refusals > 0, title == REFUSED, "{title}: {}", answer.body);
    }
}

/// Subscribes, posts what `post` does, and hears of it.
async fn listen(app: &TestApp, client: &Client, query: &str, variables: Value, post: &Value) {
    let url = format!("ws://{}/graphql/ws", app.address);
    let mut request = url.into_client_request().unwrap();
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let token = format!("Bearer {}", client.token.clone().unwrap());
    for message in [
        json!({ "type": "connection_init", "payload": { "authorization": token } }),
        json!({ "type": "subscribe", "id": "1",
            "payload": { "query": query, "variables": variables } }),
    ] {
        socket.send(Message::text(message.to_string())).await.unwrap();
    }
    let heard = async {
        while let Some(message) = socket.next().await {
            let message: Value =
                serde_json::from_str(&message.unwrap().into_text().unwrap()).unwrap();
            match message["type"].as_str().unwrap() {
                "connection_ack" | "ping" | "pong" => {}
                "next" => return message,
                _ => panic!("{message}"),
            }
        }
        panic!("the socket was closed");
    };
    let post = async {
        let lookups = &file()["lookups"];
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let variables = filled(&post["variables"], lookups, client).await;
            assert_is_well("post", &client.ask(&text(&post["query"]), variables).await);
        }
    };
    let message = tokio::select! {
        message = heard => message,
        () = post => unreachable!(),
        () = tokio::time::sleep(std::time::Duration::from_secs(20)) => panic!("nothing was heard"),
    };
    assert!(message["payload"]["data"]["voucherPosted"]["number"].is_string(), "{message}");
}

on_every_engine! {
    async fn every_example_of_the_playground_runs_without_an_error(app: &TestApp) {
        let file = file();
        let (lookups, examples) = (&file["lookups"], file["examples"].as_array().unwrap());
        let by_title = |title: &str| {
            let found = examples.iter().find(|example| example["title"] == title);
            found.unwrap_or_else(|| panic!("no example is called {title}"))
        };
        let mut owner = app.stranger();
        let register = by_title("Register a business");
        let variables = filled(&register["variables"], lookups, &owner).await;
        let registered = owner.ask(&text(&register["query"]), variables).await;
        assert_is_well("Register a business", &registered);
        owner.take_session(registered.at("register.session"));
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;

        let mut run = 1;
        for example in examples.iter().filter(|example| *example != register) {
            let title = example["title"].as_str().unwrap();
            let client = match example["area"].as_str().unwrap() {
                "Admin" => &admin,
                _ if title == "Sign in" => &app.stranger(),
                _ => &owner,
            };
            let variables = filled(&example["variables"], lookups, client).await;
            let query = text(&example["query"]);
            if query.starts_with("subscription") {
                let post = by_title("Post a receipt: cash sale of 1,180.00");
                listen(app, client, &query, variables, post).await;
            } else {
                assert_is_well(title, &client.ask(&query, variables).await);
            }
            run += 1;
        }
        assert_eq!(run, examples.len());
    }
}
