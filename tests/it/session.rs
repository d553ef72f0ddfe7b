//! Tokens that must not open anything, and sessions that end.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::client::{Answer, Client, PASSWORD};

const ME: &str = "{ me { email } }";

async fn refresh(client: &Client, token: &str) -> Answer {
    client
        .ask(
            "mutation($input: SessionRefreshInput!) { sessionRefresh(input: $input) {
                session { accessToken refreshToken } userErrors { code field message } } }",
            json!({ "input": { "refreshToken": token } }),
        )
        .await
}

/// The token with its parts changed: header, claims, signature.
fn forge(token: &str, change: impl FnOnce(&mut [Value; 2], &mut String)) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let mut values = [read(parts[0]), read(parts[1])];
    let mut signature = parts[2].to_owned();
    change(&mut values, &mut signature);
    let [header, claims] = values.map(|value| URL_SAFE_NO_PAD.encode(value.to_string()));
    format!("{header}.{claims}.{signature}")
}

on_every_engine! {
    settings [("security.access_token_seconds", "30"), ("nodes.clock_skew_max_ms", "60000")];

    async fn no_forged_token_opens_anything(app: &TestApp) {
        let meera = app.register("meera").await;
        let ravi = app.register("ravi").await;
        let token = meera.token.clone().unwrap();
        let other = ravi.token.clone().unwrap();
        let other_claims = other.split('.').nth(1).unwrap().to_owned();
        let forged = [
            String::new(),
            "nonsense".to_owned(),
            "a.b.c".to_owned(),
            "x".repeat(5_000),
            forge(&token, |_, signature| *signature = "AAAA".to_owned()),
            forge(&token, |_, signature| signature.clear()),
            forge(&token, |[header, _], signature| {
                header["alg"] = json!("none");
                signature.clear();
            }),
            forge(&token, |[header, _], _| header["alg"] = json!("HS512")),
            forge(&token, |[_, claims], _| claims["exp"] = json!(9_999_999_999_i64)),
            forge(&token, |[_, claims], _| claims["aud"] = json!("platform")),
            // The claims of the other tenant under this one's signature.
            {
                let parts: Vec<&str> = token.split('.').collect();
                format!("{}.{other_claims}.{}", parts[0], parts[2])
            },
            meera.refresh.clone().unwrap(),
        ];
        for forged in forged {
            let answer = app.stranger().with_token(&forged).query(ME).await;
            assert_eq!(answer.code(), "UNAUTHENTICATED", "{forged}: {}", answer.body);
        }
        assert_eq!(app.stranger().query(ME).await.code(), "UNAUTHENTICATED");
        assert_eq!(meera.query(ME).await.text("me.email"), "owner@meera.example");
    }

    async fn a_session_ends(app: &TestApp) {
        let mut client = app.register("meera").await;
        let first = client.clone();

        // Each refresh token is good once; one that comes back ends the session.
        let renewed = refresh(&client, &first.refresh.clone().unwrap()).await;
        client.take_session(renewed.at("sessionRefresh.session"));
        assert_ne!(client.refresh, first.refresh);
        client.query(ME).await.text("me.email");
        let reused = refresh(&app.stranger(), &first.refresh.clone().unwrap()).await;
        assert_eq!(reused.refusals("sessionRefresh"), ["CREDENTIALS_WRONG input.refreshToken"]);
        assert_eq!(client.query(ME).await.code(), "UNAUTHENTICATED");
        let newest = refresh(&app.stranger(), &client.refresh.clone().unwrap()).await;
        assert_eq!(newest.refusals("sessionRefresh"), ["CREDENTIALS_WRONG input.refreshToken"]);

        // Signing in again, and out.
        let login = "mutation($input: LoginInput!) { login(input: $input) {
            session { accessToken refreshToken } userErrors { code field message } } }";
        let input = json!({ "input": {
            "email": "owner@meera.example", "password": PASSWORD, "subdomain": "meera" } });
        let answer = app.stranger().ask(login, input.clone()).await;
        client.take_session(answer.at("login.session"));
        client.query(ME).await.text("me.email");
        let out = client.query("mutation { logout { userErrors { code } } }").await;
        assert!(out.refusals("logout").is_empty());
        assert_eq!(client.query(ME).await.code(), "UNAUTHENTICATED");

        // An access token ends by itself; its session lives on.
        let answer = app.stranger().ask(login, input).await;
        client.take_session(answer.at("login.session"));
        app.clock.advance_ms(40_000);
        assert_eq!(client.query(ME).await.code(), "UNAUTHENTICATED");
        let renewed = refresh(&app.stranger(), &client.refresh.clone().unwrap()).await;
        client.take_session(renewed.at("sessionRefresh.session"));
        client.query(ME).await.text("me.email");
    }
}
