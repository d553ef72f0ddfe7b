//! What people do over HTTP: register, sign in, post.

use serde_json::{Value, json};

use super::{
    client::{Answer, Client},
    instance::{Instance, email_of},
};
use crate::{place::PASSWORD, serving::Serving};

const SESSION: &str = "session { accessToken refreshToken } userErrors { code field message }";

/// Somebody who is not signed in.
pub fn stranger(serving: &Serving) -> Client {
    Client::new(serving.address.parse().unwrap())
}

/// The body of a registration.
pub fn registration(subdomain: &str) -> Value {
    let input = json!({
        "companyName": "Meera Textiles", "subdomain": subdomain, "ownerName": "Meera Shah",
        "email": email_of(subdomain), "password": PASSWORD, "country": "IN",
    });
    let query =
        format!("mutation($input: RegisterInput!) {{ register(input: $input) {{ {SESSION} }} }}");
    json!({ "query": query, "variables": { "input": input } })
}

/// Registers a tenant; the answer may be a refusal.
pub fn register(instance: &Instance, serving: &Serving, subdomain: &str) -> Answer {
    instance.wait(async {
        let sent = stranger(serving).post().json(&registration(subdomain)).send().await;
        Answer { body: sent.unwrap().json().await.unwrap() }
    })
}

/// Signs the owner of a tenant in by address and password.
pub async fn owner(serving: &Serving, subdomain: &str) -> Client {
    let mut client = stranger(serving);
    let query = format!("mutation($input: LoginInput!) {{ login(input: $input) {{ {SESSION} }} }}");
    // Without the tenant's name: found by the login directory.
    let input = json!({ "email": email_of(subdomain), "password": PASSWORD });
    let answer = client.ask(&query, json!({ "input": input })).await;
    client.take_session(answer.at("login.session"));
    client
}

/// Posts a payment and says how many vouchers there are then.
pub async fn post(client: &Client, key: &str) -> i64 {
    let found = client
        .query(
            "{ ledgers(first: 100) { nodes { id name } } voucherTypes(first: 100) { nodes { id code } }
               businessYears { startsOn isOpening } }",
        )
        .await;
    let id = |path: &str, key: &str, value: &str| {
        let mut nodes = found.at(path).as_array().unwrap().iter();
        nodes.find(|one| one[key] == value).unwrap()["id"].clone()
    };
    let mut years = found.at("businessYears").as_array().unwrap().iter();
    let input = json!({
        "idempotencyKey": key,
        "voucherTypeId": id("voucherTypes.nodes", "code", "PMT"),
        "date": years.find(|year| year["isOpening"] == false).unwrap()["startsOn"],
        "entries": [
            { "ledgerId": id("ledgers.nodes", "name", "Rent"), "debit": "1500.25" },
            { "ledgerId": id("ledgers.nodes", "name", "Cash"), "credit": "1500.25" },
        ],
    });
    let query = "mutation($input: VoucherPostInput!) { voucherPost(input: $input) {
        voucher { number } userErrors { code field message } } }";
    let posted = client.ask(query, json!({ "input": input })).await;
    assert!(posted.at("voucherPost.voucher.number").is_string(), "{}", posted.body);
    let counted = client.query("{ vouchers(first: 1) { totalCount } }").await;
    counted.at("vouchers.totalCount").as_i64().unwrap()
}

/// The owner signs in, posts, and finds as many vouchers as there should be.
#[track_caller]
pub fn works(instance: &Instance, serving: &Serving, subdomain: &str, vouchers: i64) {
    let found = instance.wait(async {
        let client = owner(serving, subdomain).await;
        post(&client, &format!("key-{vouchers}")).await
    });
    assert_eq!(found, vouchers, "{subdomain}");
}
