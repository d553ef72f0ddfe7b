//! Tokens that no longer hold: they open nothing, and keep nobody from signing in.

use daybook_entity::main::people::PlatformRole;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client, PASSWORD},
    contract::{Introspected, minimal},
    office::office,
    session::suspend,
    tenancy::invited,
};

const ME: &str = "{ me { email } }";
const SCHEMA: &str = "{ __schema { queryType { name } } }";

async fn login(client: &Client, subdomain: &str) -> Answer {
    let input = json!({
        "email": format!("owner@{subdomain}.example"), "password": PASSWORD, "subdomain": subdomain,
    });
    client
        .ask(
            "mutation($input: LoginInput!) { login(input: $input) {
                session { accessToken refreshToken } userErrors { code field message } } }",
            json!({ "input": input }),
        )
        .await
}

async fn refresh(client: &Client) -> Answer {
    client
        .ask(
            "mutation($input: SessionRefreshInput!) { sessionRefresh(input: $input) {
                session { accessToken refreshToken } userErrors { code field message } } }",
            json!({ "input": { "refreshToken": client.refresh } }),
        )
        .await
}

on_every_engine! {
    settings [("security.access_token_seconds", "30"), ("nodes.clock_skew_max_ms", "60000")];

    async fn a_token_that_does_not_hold_keeps_nobody_from_signing_in(app: &TestApp) {
        let mut meera = app.register("meera").await;
        let ravi = app.register("ravi").await;
        let spare = login(&app.stranger(), "meera").await;
        let spare = spare.text("login.session.refreshToken");

        // Garbage, and what is no bearer token at all.
        let broken = [
            app.stranger().with_token("nonsense"),
            app.stranger().with_header("authorization", "Basic bWVlcmE6eA=="),
            app.stranger().with_header("x-api-key", "nonsense"),
        ];
        for client in &broken {
            login(client, "meera").await.at("login.session");
            assert_eq!(client.query(ME).await.code(), "UNAUTHENTICATED");
            // What is open does not open what stands beside it.
            let both = client.query("{ me { email } __typename }").await;
            assert_eq!(both.code(), "UNAUTHENTICATED");
            assert!(both.body["data"]["me"].is_null());
            assert!(client.query("{ __typename }").await.code().is_empty());
        }
        let schema = Introspected::of(&broken[0]).await;
        let mut wrong = Vec::new();
        let mut open = 0;
        for (operation, field) in schema.root_fields() {
            let says = field["description"].as_str().unwrap_or_default();
            let is_open = says.split_whitespace().collect::<Vec<_>>().join(" ")
                .ends_with("Anyone may call it.");
            if operation == "subscription" {
                continue;
            }
            open += usize::from(is_open);
            let answer = broken[0].query(&minimal(&schema, operation, &field)).await;
            if (answer.code() == "UNAUTHENTICATED") == is_open {
                wrong.push(format!("{}: {}", field["name"], answer.body));
            }
        }
        assert!(wrong.is_empty() && open > 5, "{open}: {wrong:#?}");

        // A token that has run out, shown beside the refresh token that renews it.
        app.clock.advance_ms(40_000);
        assert_eq!(meera.query(ME).await.code(), "UNAUTHENTICATED");
        let renewed = refresh(&meera).await;
        meera.take_session(renewed.at("sessionRefresh.session"));
        meera.query(ME).await.text("me.email");

        // Two names for the tenant stay a conflict, even where anyone may ask.
        let crossed = meera.with_header("x-tenant", "ravi");
        assert_eq!(login(&crossed, "ravi").await.code(), "CONFLICT");
        assert_eq!(crossed.query(ME).await.code(), "CONFLICT");
        let crossed = app.stranger().with_token("nonsense").with_header("host", "ravi.localhost")
            .with_header("x-tenant", "meera");
        assert_eq!(login(&crossed, "ravi").await.code(), "CONFLICT");

        // A suspended tenant is named as such, and its token does not keep its holder from others.
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        suspend(&admin, "meera").await;
        assert_eq!(meera.query(ME).await.code(), "TENANT_SUSPENDED");
        login(&meera, "ravi").await.at("login.session");
        let mut late = meera.clone();
        late.refresh = Some(spare);
        assert!(refresh(&late).await.data("sessionRefresh.session").is_null());
        drop(ravi);
    }
}

on_every_engine! {
    settings [("server.introspection", "false")];

    async fn a_closed_schema_opens_to_developers(app: &TestApp) {
        let owner = app.register("meera").await;
        let viewer = invited(app, &owner, "VIEWER", Value::Null).await;
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let salesman = office(app, "ravi@office.example", PlatformRole::Salesman).await;
        for (client, code) in [
            (&owner, ""), (&admin, ""), (&viewer, "FORBIDDEN"), (&salesman, "FORBIDDEN"),
            (&app.stranger(), "UNAUTHENTICATED"),
            (&app.stranger().with_token("nonsense"), "UNAUTHENTICATED"),
        ] {
            for query in [SCHEMA, "{ __type(name: \"Query\") { name } }"] {
                let answer = client.query(query).await;
                assert_eq!(answer.code(), code, "{}", answer.body);
            }
        }
        let refused = viewer.query(SCHEMA).await;
        assert!(refused.body["errors"][0]["message"].as_str().unwrap().contains("API_KEY_READ"));
        let status = viewer.post().header("accept", "application/graphql-response+json")
            .json(&json!({ "query": SCHEMA })).send().await.unwrap().status();
        assert_eq!(status, 403);
        // Whether a name is nearly right is told to nobody, a nested fragment hides nothing.
        for query in ["{ mee { email } }", "{ me { emai } }", "{ me(x: 1) { email } }"] {
            let answer = viewer.query(query).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT");
            assert!(!answer.body.to_string().contains("mean"), "{}", answer.body);
        }
        let hidden = "{ ...F } fragment F on Query { ... { a: __schema { description } } }";
        assert_eq!(viewer.query(hidden).await.code(), "FORBIDDEN");
        assert!(viewer.query("{ __typename me { __typename } }").await.code().is_empty());

        // A machine reads it with a key of that scope, and not with another.
        let key = |scope: &'static str| {
            owner.ask(
                "mutation($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) {
                    secret userErrors { code field message } } }",
                json!({ "input": { "name": scope, "scopes": [scope] } }),
            )
        };
        for (scope, code) in [("API_KEY_READ", ""), ("LEDGER_READ", "FORBIDDEN")] {
            // Made with a form that does not rest on the payload's other fields.
            let secret = Box::pin(key(scope)).await.text("apiKeyCreate.secret");
            let machine = app.stranger().with_header("x-api-key", &secret);
            assert_eq!(machine.query(SCHEMA).await.code(), code, "{scope}");
        }
    }
}
