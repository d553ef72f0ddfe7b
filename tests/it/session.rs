//! Tokens that must not open anything, and sessions that end.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use daybook_entity::main::people::PlatformRole;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    client::{Answer, Client, PASSWORD},
    office::office,
};

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

async fn login(client: &Client, email: &str, password: &str, subdomain: Option<&str>) -> Answer {
    client
        .ask(
            "mutation($input: LoginInput!) { login(input: $input) {
                session { accessToken refreshToken } tenant { subdomain } choiceToken
                choices { tenant { subdomain } } userErrors { code field message } } }",
            json!({ "input": { "email": email, "password": password, "subdomain": subdomain } }),
        )
        .await
}

async fn choose(client: &Client, token: &str, subdomain: &str) -> Answer {
    client
        .ask(
            "mutation($input: LoginChooseInput!) { loginChoose(input: $input) {
                session { accessToken refreshToken } tenant { subdomain }
                userErrors { code field message } } }",
            json!({ "input": { "choiceToken": token, "subdomain": subdomain } }),
        )
        .await
}

/// Registers a company with this address and password.
async fn register(app: &TestApp, subdomain: &str, email: &str, password: &str) -> Answer {
    let input = json!({
        "companyName": "Meera Textiles", "subdomain": subdomain, "ownerName": "Meera Shah",
        "email": email, "password": password, "country": "IN",
    });
    app.stranger()
        .ask(
            "mutation($input: RegisterInput!) { register(input: $input) { replayed
                tenant { id subdomain } session { accessToken refreshToken }
                userErrors { code field message } } }",
            json!({ "input": input }),
        )
        .await
}

/// Has the office suspend a tenant.
pub async fn suspend(admin: &Client, subdomain: &str) {
    let find = "query($text: String) { adminTenants(filter: { text: $text }) { nodes { id } } }";
    let found = admin.ask(find, json!({ "text": subdomain })).await;
    let done = admin
        .ask(
            "mutation($id: ID!) { tenantSuspend(id: $id, input: { reason: \"unpaid\" }) {
                tenant { status } userErrors { code field message } } }",
            json!({ "id": found.text("adminTenants.nodes.0.id") }),
        )
        .await;
    assert_eq!(done.text("tenantSuspend.tenant.status"), "SUSPENDED");
}

const WRONG: [&str; 1] = ["CREDENTIALS_WRONG input"];

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
        let sign_in = async || {
            login(&app.stranger(), "owner@meera.example", PASSWORD, Some("meera")).await
        };
        let answer = sign_in().await;
        client.take_session(answer.at("login.session"));
        client.query(ME).await.text("me.email");
        let out = client.query("mutation { logout { userErrors { code } } }").await;
        assert!(out.refusals("logout").is_empty());
        assert_eq!(client.query(ME).await.code(), "UNAUTHENTICATED");

        // An access token ends by itself; its session lives on.
        let answer = sign_in().await;
        client.take_session(answer.at("login.session"));
        app.clock.advance_ms(40_000);
        assert_eq!(client.query(ME).await.code(), "UNAUTHENTICATED");
        let renewed = refresh(&app.stranger(), &client.refresh.clone().unwrap()).await;
        client.take_session(renewed.at("sessionRefresh.session"));
        client.query(ME).await.text("me.email");
    }

    async fn only_who_may_sign_in_hears_of_a_suspension(app: &TestApp) {
        let owner = app.register("gamma").await;
        let key = owner
            .query(
                "mutation { apiKeyCreate(input: { name: \"till\", scopes: [LEDGER_READ] }) {
                    secret userErrors { code field message } } }",
            )
            .await
            .text("apiKeyCreate.secret");
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        suspend(&admin, "gamma").await;
        let (stranger, email) = (app.stranger(), "owner@gamma.example");
        for (who, password) in [("nobody@nowhere.com", "nope"), (email, "nope"), ("x@y.z", PASSWORD)] {
            for subdomain in [Some("gamma"), None] {
                let refused = login(&stranger, who, password, subdomain).await;
                assert_eq!(refused.refusals("login"), WRONG, "{who} {subdomain:?}");
            }
        }
        for subdomain in [Some("gamma"), None] {
            let told = login(&stranger, email, PASSWORD, subdomain).await;
            assert_eq!(told.code(), "TENANT_SUSPENDED", "{}", told.body);
        }
        // What only claims to be of that account hears nothing either.
        let machine = |secret: &str| app.stranger().with_header("x-api-key", secret);
        assert_eq!(machine(&key).query(ME).await.code(), "TENANT_SUSPENDED");
        let forged = format!("{}x", &key[..key.len() - 1]);
        assert_eq!(machine(&forged).query(ME).await.code(), "UNAUTHENTICATED");
        let token = owner.refresh.clone().unwrap();
        assert_eq!(refresh(&stranger, &token).await.code(), "TENANT_SUSPENDED");
        let forged = format!("{}x", &token[..token.len() - 1]);
        let refused = refresh(&stranger, &forged).await;
        assert_eq!(refused.refusals("sessionRefresh"), ["CREDENTIALS_WRONG input.refreshToken"]);

        // Who has an account that is served signs in to that.
        register(app, "delta", email, PASSWORD).await.at("register.session");
        let served = login(&stranger, email, PASSWORD, None).await;
        assert_eq!(served.text("login.tenant.subdomain"), "delta");
    }

    async fn a_choice_is_good_once(app: &TestApp) {
        let email = "owner@meera.example";
        app.register("meera").await;
        register(app, "ravi", email, PASSWORD).await.at("register.session");
        let stranger = app.stranger();
        let several = login(&stranger, email, PASSWORD, None).await;
        assert_eq!(several.at("login.choices").as_array().unwrap().len(), 2);
        let token = several.text("login.choiceToken");
        // A slip of the finger does not use it up.
        let other = choose(&stranger, &token, "rave").await;
        assert_eq!(other.refusals("loginChoose"), ["INVALID input.subdomain"]);
        let done = choose(&stranger, &token, "meera").await;
        assert_eq!(done.text("loginChoose.tenant.subdomain"), "meera");
        for subdomain in ["ravi", "meera"] {
            let again = choose(&stranger, &token, subdomain).await;
            assert_eq!(again.refusals("loginChoose"), ["CODE_EXPIRED input.choiceToken"]);
        }
    }

    async fn registering_again_signs_the_owner_in(app: &TestApp) {
        let email = "owner@meera.example";
        let first = register(app, "meera", email, PASSWORD).await;
        assert_eq!(first.at("register.replayed"), false);
        let again = register(app, " Meera ", "Owner@Meera.example", PASSWORD).await;
        assert_eq!(again.at("register.replayed"), true, "{}", again.body);
        assert_eq!(again.at("register.tenant"), first.at("register.tenant"));
        let mut owner = app.stranger();
        owner.take_session(again.at("register.session"));
        let me = owner.query("{ me { email role } businesses { totalCount } }").await;
        assert_eq!(me.text("me.role"), "OWNER");
        assert_eq!(me.at("businesses.totalCount"), 1);

        let clerk = crate::tenancy::invited(app, &owner, "VIEWER", Value::Null).await;
        let clerk = clerk.query(ME).await.text("me.email");
        for (who, password) in [
            ("else@example.com", PASSWORD),
            (email, "a green kite over the river"),
            (clerk.as_str(), PASSWORD),
        ] {
            let refused = register(app, "meera", who, password).await;
            assert_eq!(refused.refusals("register"), ["SUBDOMAIN_TAKEN input.subdomain"], "{who}");
            assert!(refused.data("register.session").is_null());
            assert_eq!(refused.at("register.replayed"), false);
        }
    }
}

on_every_engine! {
    settings [("security.login_failures_max", "2")];

    async fn registering_is_no_way_to_guess_a_password(app: &TestApp) {
        let email = "owner@meera.example";
        app.register("meera").await;
        for _ in 0..2 {
            let refused = register(app, "meera", email, "a green kite over the river").await;
            assert_eq!(refused.refusals("register"), ["SUBDOMAIN_TAKEN input.subdomain"]);
        }
        register(app, "meera", email, "a red kite over the river").await;
        assert_eq!(register(app, "meera", email, PASSWORD).await.code(), "THROTTLED");
        let login = login(&app.stranger(), email, PASSWORD, Some("meera")).await;
        assert_eq!(login.code(), "THROTTLED");
    }
}
