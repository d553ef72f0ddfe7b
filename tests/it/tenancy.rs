//! Whatever one tenant asks for, it is never another's.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    books::Shop,
    client::{Client, PASSWORD},
    contract::{Introspected, minimal},
};

/// Ids of everything that a shop has, by the kind that the id names.
async fn ids_of(shop: &Shop) -> Vec<String> {
    shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "1234.56")).await;
    let found = shop
        .client
        .query(
            "mutation { accountSubgroupCreate(input: { name: \"Looms\", parentId: \"PARENT\" }) {
                accountGroup { id } } }"
                .replace("PARENT", &shop.groups["FA"])
                .as_str(),
        )
        .await;
    let mut ids = vec![found.text("accountSubgroupCreate.accountGroup.id")];
    let found = shop
        .client
        .query(
            "{ businesses(first: 1) { nodes { id } } users(first: 1) { nodes { id } }
               vouchers(first: 1) { nodes { id } } me { tenant { id } } }",
        )
        .await;
    ids.extend(
        ["businesses.nodes.0.id", "users.nodes.0.id", "vouchers.nodes.0.id", "me.tenant.id"]
            .map(|path| found.text(path)),
    );
    ids.extend([shop.year.clone(), shop.ledgers["State Bank"].clone()]);
    ids
}

/// An id of the same kind that names nothing anywhere.
pub fn missing_like(id: &str) -> String {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).unwrap()).unwrap();
    let kind = text.split_once(':').unwrap().0;
    URL_SAFE_NO_PAD.encode(format!("{kind}:{}", i64::MAX))
}

/// Whether nothing but nulls, empty lists, counts of nothing and user errors stands in an answer's data.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.iter().all(|(name, value)| {
            matches!(
                name.as_str(),
                "userErrors" | "pageInfo" | "replayed" | "dryRun" | "__typename"
            ) || is_empty(value)
        }),
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(_) => false,
    }
}

on_every_engine! {
    async fn foreign_ids_answer_like_missing_ones(app: &TestApp) {
        let meera = Shop::open(app, "meera").await;
        let ravi = Shop::open(app, "ravi").await;
        let foreign = ids_of(&meera).await;
        let schema = Introspected::of(&ravi.client).await;
        let mut asked = 0;
        for (operation, field) in schema.root_fields() {
            if operation == "subscription" || !schema.takes_id(&field) {
                continue;
            }
            let name = field["name"].as_str().unwrap();
            let call = minimal(&schema, operation, &field);
            for id in &foreign {
                let answer = ravi.client.query(&call.replace("THE-ID", id)).await;
                let like = ravi.client.query(&call.replace("THE-ID", &missing_like(id))).await;
                assert_eq!(answer.code(), like.code(), "{name}: {}", answer.body);
                assert!(is_empty(&answer.body["data"]), "{name}: {}", answer.body);
                let text = answer.body.to_string();
                assert!(!text.contains("meera") && !text.contains("1234.56"), "{name}: {text}");
                asked += 1;
            }
        }
        assert!(asked > 50, "{asked}");
        // None of it changed anything there.
        assert_eq!(meera.count().await, 1);
        let still = meera.client.query("{ users { totalCount } businesses { totalCount } }").await;
        assert_eq!(still.at("users.totalCount"), 1);
        assert_eq!(still.at("businesses.totalCount"), 1);
    }

    async fn keys_and_cursors_are_the_tenants_own(app: &TestApp) {
        let meera = Shop::open(app, "meera").await;
        let ravi = Shop::open(app, "ravi").await;
        meera.number(&meera.voucher("same key", "PMT", "Rent", "Cash", "1")).await;
        let posted = ravi.post(&ravi.voucher("same key", "PMT", "Rent", "Cash", "2")).await;
        assert_eq!(posted.at("voucherPost.replayed"), false);
        let page = "query($after: String) { ledgers(first: 1, after: $after) {
            nodes { id name business { name } } pageInfo { endCursor } } }";
        let cursor = meera.client.ask(page, json!({})).await.text("ledgers.pageInfo.endCursor");
        let answer = ravi.client.ask(page, json!({ "after": cursor })).await;
        assert!(!answer.body.to_string().contains("meera"), "{}", answer.body);
    }

    async fn one_business_is_not_another(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let made = shop
            .client
            .query(
                "mutation { businessCreate(input: { name: \"Second\", country: \"IN\" }) {
                    business { id } userErrors { code field message } } }",
            )
            .await;
        let second = made.text("businessCreate.business.id");
        let found = shop
            .client
            .ask(
                "query($id: ID!) { ledgers(businessId: $id, first: 1) { nodes { id } }
                    businessYears(businessId: $id) { id } }",
                json!({ "id": second }),
            )
            .await;
        let hidden = [
            second.clone(),
            found.text("ledgers.nodes.0.id"),
            found.text("businessYears.1.id"),
        ];
        let businesses = shop.client.query("{ businesses { nodes { id name } } }").await;
        let first = businesses.text("businesses.nodes.0.id");
        let clerk = invited(app, &shop.client, "ACCOUNTANT", json!([first])).await;
        let seen = clerk.query("{ businesses { nodes { id } totalCount } }").await;
        assert_eq!(seen.at("businesses.totalCount"), 1);
        assert_eq!(seen.text("businesses.nodes.0.id"), first);
        // The only visible business need not be named.
        assert!(clerk.query("{ trialBalance { isBalanced } }").await.code().is_empty());
        let schema = Introspected::of(&clerk).await;
        for (operation, field) in schema.root_fields() {
            if operation == "subscription" || !schema.takes_id(&field) {
                continue;
            }
            let call = minimal(&schema, operation, &field);
            for id in &hidden {
                let answer = clerk.query(&call.replace("THE-ID", id)).await;
                assert!(is_empty(&answer.body["data"]), "{}: {}", field["name"], answer.body);
            }
        }
    }

    async fn host_and_header_only_repeat_the_token(app: &TestApp) {
        let meera = app.register("meera").await;
        app.register("ravi").await;
        let me = "{ me { email } }";
        let agrees = meera.with_header("x-tenant", "meera").query(me).await;
        assert_eq!(agrees.text("me.email"), "owner@meera.example");
        let agrees = meera.with_header("host", "meera.localhost").query(me).await;
        assert_eq!(agrees.text("me.email"), "owner@meera.example");
        for (name, value) in [
            ("x-tenant", "ravi"), ("x-tenant", "nobody"), ("host", "ravi.localhost"),
        ] {
            let answer = meera.with_header(name, value).query(me).await;
            assert!(!answer.code().is_empty(), "{name}: {value}: {}", answer.body);
            assert!(answer.body["data"]["me"].is_null());
        }
        let both = meera.with_header("host", "meera.localhost").with_header("x-tenant", "ravi");
        assert!(!both.query(me).await.code().is_empty());
        // Whoever is no proxy of ours says nothing by X-Forwarded-Host.
        let forwarded = meera.with_header("x-forwarded-host", "ravi.localhost").query(me).await;
        assert_eq!(forwarded.text("me.email"), "owner@meera.example");
    }

    async fn one_subdomain_has_one_tenant(app: &TestApp) {
        let stranger = app.stranger();
        let register = |index: usize| {
            let input = json!({
                "companyName": "Textiles", "subdomain": "meera", "ownerName": "Meera",
                "email": format!("owner{index}@meera.example"), "password": PASSWORD, "country": "IN",
            });
            let stranger = stranger.clone();
            async move {
                stranger
                    .ask(
                        "mutation($input: RegisterInput!) { register(input: $input) {
                            tenant { subdomain } userErrors { code field message } } }",
                        json!({ "input": input }),
                    )
                    .await
            }
        };
        let answers = join_all((0..6).map(register)).await;
        let won = answers.iter().filter(|answer| !answer.data("register.tenant").is_null()).count();
        assert_eq!(won, 1);
        for lost in answers.iter().filter(|answer| answer.data("register.tenant").is_null()) {
            assert_eq!(lost.refusals("register"), ["SUBDOMAIN_TAKEN input.subdomain"], "{}", lost.body);
        }
    }
}

/// Somebody invited to a shop, signed in.
pub async fn invited(
    app: &crate::app::TestApp,
    owner: &Client,
    role: &str,
    businesses: Value,
) -> Client {
    let input = json!({
        "name": "Somebody", "email": format!("{}@example.com", role.to_lowercase()),
        "role": role, "businessIds": businesses,
    });
    let answer = owner
        .ask(
            "mutation($input: UserInviteInput!) { userInvite(input: $input) {
                code userErrors { code field message } } }",
            json!({ "input": input }),
        )
        .await;
    let code = answer.text("userInvite.code");
    let mut client = app.stranger();
    let accepted = client
        .ask(
            "mutation($input: InvitationAcceptInput!) { invitationAccept(input: $input) {
                session { accessToken refreshToken } userErrors { code field message } } }",
            json!({ "input": { "code": code, "password": PASSWORD } }),
        )
        .await;
    client.take_session(accepted.at("invitationAccept.session"));
    client
}
