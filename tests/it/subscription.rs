//! Subscriptions: who hears what, for how long, and what it may cost.

use std::time::{Duration, Instant};

use daybook_entity::main::people::PlatformRole;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    books::Shop,
    client::Client,
    office::office,
    socket::{SOON, Socket},
    tenancy::{invited, missing_like},
};

const POSTED: &str = "subscription($id: ID) { voucherPosted(businessId: $id) {
    id number entries { ledger { name } debit { amount } credit { amount } } } }";
const QUIET: Duration = Duration::from_millis(1_200);

async fn listening(app: &TestApp, client: &Client) -> Socket {
    let mut socket = Socket::of(app.address, client).await;
    socket.listen("1", POSTED, json!({})).await;
    socket
}

/// The number that a post through HTTP got.
async fn posted(shop: &Shop, key: &str) -> String {
    shop.number(&shop.voucher(key, "PMT", "Rent", "Cash", "12.50")).await
}

on_every_engine! {
    async fn a_post_is_heard_by_who_may_hear_it(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let other = Shop::open(app, "ravi").await;
        let mut mine = Socket::of(app.address, &shop.client).await;
        let mut again = listening(app, &shop.client).await;
        let mut foreign = listening(app, &other.client).await;
        // Two on one connection; the ids of another connection are its own.
        mine.listen("1", POSTED, json!({})).await;
        mine.listen("second", "subscription { voucherPosted { number } }", json!({})).await;

        let number = posted(&shop, "a").await;
        let mut heard = [mine.next(SOON).await, mine.next(SOON).await];
        heard.sort_by_key(|message| message["id"].to_string());
        assert_eq!(heard[1]["payload"]["data"], json!({ "voucherPosted": { "number": number } }));
        for data in [heard[0]["payload"]["data"].clone(), again.event("1").await] {
            let voucher = &data["voucherPosted"];
            assert_eq!(voucher["number"], number);
            assert_eq!(voucher["entries"][0]["ledger"]["name"], "Rent", "{voucher}");
            assert_eq!(voucher["entries"][0]["debit"]["amount"], "12.50", "{voucher}");
            assert_eq!(voucher["entries"][1]["ledger"]["name"], "Cash", "{voucher}");
        }
        foreign.hears_nothing(QUIET).await;

        // One ends; the other goes on, and the id may be used anew.
        mine.send(json!({ "type": "complete", "id": "second" })).await;
        let number = posted(&shop, "b").await;
        assert_eq!(mine.event("1").await["voucherPosted"]["number"], number);
        mine.listen("second", POSTED, json!({})).await;
        // A burst comes whole and in order.
        for index in 0..5 {
            let number = posted(&shop, &format!("burst {index}")).await;
            assert_eq!(again.next(SOON).await["type"], "next");
            let mut numbers = vec![mine.next(SOON).await, mine.next(SOON).await];
            numbers.retain(|one| one["payload"]["data"]["voucherPosted"]["number"] == *number);
            assert_eq!(numbers.len(), 2);
        }
    }

    async fn a_user_of_one_business_hears_only_of_it(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let other = Shop::open(app, "ravi").await;
        let first = shop.client.query("{ businesses { nodes { id } } }").await;
        let first = first.text("businesses.nodes.0.id");
        let made = shop
            .client
            .query(
                "mutation { businessCreate(input: { name: \"Second\", country: \"IN\" }) {
                    business { id } userErrors { code field message } } }",
            )
            .await;
        let second = made.text("businessCreate.business.id");
        let foreign = other.client.query("{ businesses { nodes { id } } }").await;
        let foreign = foreign.text("businesses.nodes.0.id");
        let clerk = invited(app, &shop.client, "ACCOUNTANT", json!([second])).await;
        let mut clerk = listening(app, &clerk).await;
        let mut cashier = {
            let cashier = invited(app, &shop.client, "CASHIER", json!([first])).await;
            listening(app, &cashier).await
        };
        // A hidden business, another tenant's and a missing one answer alike, as does nonsense.
        let missing = missing_like(&first);
        let mut answers = Vec::new();
        for id in [&first, &foreign, &missing, "nonsense"] {
            clerk.subscribe("hidden", POSTED, json!({ "id": id })).await;
            let mut answer = clerk.next(SOON).await;
            assert_eq!(answer["type"], "error", "{answer}");
            answer["payload"][0]["extensions"]["requestId"].take();
            answers.push(answer);
        }
        assert!(answers.iter().all(|one| *one == answers[0]), "{answers:#?}");
        assert_eq!(answers[0]["payload"][0]["extensions"]["code"], "BAD_USER_INPUT");

        let mut owner = Socket::of(app.address, &shop.client).await;
        owner.subscribe("1", POSTED, json!({})).await;
        assert_eq!(owner.error("1").await, "BAD_USER_INPUT");
        owner.listen("1", POSTED, json!({ "id": first })).await;
        let mut input = shop.voucher("first", "PMT", "Rent", "Cash", "1");
        input["businessId"] = json!(first);
        let number = shop.number(&input).await;
        assert_eq!(owner.event("1").await["voucherPosted"]["number"], number);
        clerk.hears_nothing(QUIET).await;
        // Whoever sees only own documents hears of no others.
        cashier.hears_nothing(Duration::from_millis(1)).await;

        let found = shop
            .client
            .ask(
                "query($id: ID!) { ledgers(businessId: $id, first: 100) { nodes { id name } }
                    businessYears(businessId: $id) { startsOn isOpening } }",
                json!({ "id": second }),
            )
            .await;
        let ledger = |name: &str| {
            let nodes = found.at("ledgers.nodes").as_array().unwrap();
            nodes.iter().find(|one| one["name"] == name).unwrap()["id"].clone()
        };
        let number = shop
            .number(&json!({
                "businessId": second, "idempotencyKey": "second", "date": shop.day(10),
                "voucherTypeId": shop.types["PMT"],
                "entries": [
                    { "ledgerId": ledger("Rent"), "debit": "2" },
                    { "ledgerId": ledger("Cash"), "credit": "2" },
                ],
            }))
            .await;
        assert_eq!(clerk.event("1").await["voucherPosted"]["number"], number);
        owner.hears_nothing(Duration::from_millis(500)).await;
    }

    async fn who_may_no_longer_hear_is_told_within_a_second(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let within = Duration::from_secs(1);
        let user = "query { users(first: 10) { nodes { id role } } }";

        // A session that ends, another's untouched.
        let clerk = invited(app, &shop.client, "ACCOUNTANT", Value::Null).await;
        let mut owner = listening(app, &shop.client).await;
        let mut socket = listening(app, &clerk).await;
        let out = clerk.query("mutation { logout { userErrors { code } } }").await;
        assert!(out.refusals("logout").is_empty());
        let began = Instant::now();
        assert_eq!(socket.error("1").await, "UNAUTHENTICATED");
        assert!(began.elapsed() < within, "{:?}", began.elapsed());
        socket.subscribe("1", POSTED, json!({})).await;
        assert_eq!(socket.error("1").await, "UNAUTHENTICATED");

        // A role that may see no vouchers, and a user who is disabled.
        let viewer = invited(app, &shop.client, "VIEWER", Value::Null).await;
        let users = shop.client.query(user).await;
        let users = users.at("users.nodes").as_array().unwrap().clone();
        let id = users.iter().find(|one| one["role"] == "VIEWER").unwrap()["id"].clone();
        let mut socket = listening(app, &viewer).await;
        let change = "mutation($id: ID!, $input: UserUpdateInput!) {
            userUpdate(id: $id, input: $input) { userErrors { code field message } } }";
        let input = json!({ "id": id, "input": { "permissionsRemoved": ["VOUCHER_READ"] } });
        assert!(shop.client.ask(change, input).await.refusals("userUpdate").is_empty());
        let began = Instant::now();
        assert_eq!(socket.error("1").await, "FORBIDDEN");
        assert!(began.elapsed() < within, "{:?}", began.elapsed());
        let input = json!({ "id": id, "input": { "permissionsRemoved": [] } });
        assert!(shop.client.ask(change, input).await.refusals("userUpdate").is_empty());
        socket.listen("1", POSTED, json!({})).await;
        let disable = "mutation($id: ID!) { userDisable(id: $id, input: {}) {
            userErrors { code field message } } }";
        let done = shop.client.ask(disable, json!({ "id": id })).await;
        assert!(done.refusals("userDisable").is_empty());
        let began = Instant::now();
        assert_eq!(socket.error("1").await, "UNAUTHENTICATED");
        assert!(began.elapsed() < within, "{:?}", began.elapsed());

        // All that was nothing to the owner, who still hears; until the tenant is suspended.
        let number = posted(&shop, "a").await;
        assert_eq!(owner.event("1").await["voucherPosted"]["number"], number);
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let tenants = admin.query("{ adminTenants(first: 1) { nodes { id } } }").await;
        let done = admin
            .ask(
                "mutation($id: ID!) { tenantSuspend(id: $id, input: { reason: \"unpaid\" }) {
                    userErrors { code field message } } }",
                json!({ "id": tenants.text("adminTenants.nodes.0.id") }),
            )
            .await;
        assert!(done.refusals("tenantSuspend").is_empty());
        let began = Instant::now();
        assert_eq!(owner.error("1").await, "TENANT_SUSPENDED");
        assert!(began.elapsed() < within, "{:?}", began.elapsed());
        let mut late = Socket::connect(app.address).await;
        late.init(shop.client.token.as_deref()).await;
        assert_eq!(late.closed().await, 4403);
    }

    async fn only_what_may_be_listened_to_is_served(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let mut socket = Socket::of(app.address, &shop.client).await;
        for (query, code) in [
            ("{ me { name } }", "BAD_USER_INPUT"),
            ("mutation { logout { userErrors { code } } }", "BAD_USER_INPUT"),
            ("subscription { nothing }", "BAD_USER_INPUT"),
            ("subscription {", "BAD_USER_INPUT"),
            (
                "subscription { a: voucherPosted { id } b: voucherPosted { id } }",
                "BAD_USER_INPUT",
            ),
        ] {
            socket.subscribe("1", query, json!({})).await;
            assert_eq!(socket.error("1").await, code, "{query}");
        }
        let aliases: String = (0..60).map(|index| format!("a{index}: number ")).collect();
        let deep = format!("{}x{}", "{ entries ".repeat(20), " }".repeat(20));
        for query in [
            format!("subscription {{ voucherPosted {{ {aliases} }} }}"),
            format!("subscription {{ voucherPosted {deep} }}"),
        ] {
            socket.subscribe("1", &query, json!({})).await;
            assert_eq!(socket.error("1").await, "QUERY_TOO_COMPLEX", "{query}");
        }
        assert_eq!(shop.client.query("{ me { name } }").await.text("me.name"), "Meera Shah");

        // Strangers and the office hear what they hear by POST; a bad token does not connect.
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        for (client, code) in [(app.stranger(), "UNAUTHENTICATED"), (admin, "FORBIDDEN")] {
            let mut socket = Socket::of(app.address, &client).await;
            socket.subscribe("1", POSTED, json!({})).await;
            assert_eq!(socket.error("1").await, code);
        }
        for token in ["", "nonsense", shop.client.refresh.as_deref().unwrap()] {
            let mut socket = Socket::connect(app.address).await;
            socket.init(Some(token)).await;
            assert_eq!(socket.closed().await, 4403, "{token}");
        }

        // A token that ends takes its connection along.
        socket.listen("1", POSTED, json!({})).await;
        app.clock.advance_ms(16 * 60_000);
        assert_eq!(socket.error("1").await, "UNAUTHENTICATED");
        assert_eq!(socket.closed().await, 4403);
    }
}

on_every_engine! {
    settings [("tenants.open_max", "1")];

    async fn who_listens_holds_no_database_open(app: &TestApp) {
        let meera = Shop::open(app, "meera").await;
        let mut socket = listening(app, &meera.client).await;
        let ravi = Shop::open(app, "ravi").await;
        let mut other = listening(app, &ravi.client).await;
        for index in 0..3 {
            ravi.number(&ravi.voucher(&format!("{index}"), "PMT", "Rent", "Cash", "1")).await;
            other.event("1").await;
            let stats = app.app.tenancy.stats();
            assert!(stats.open + stats.opening + stats.draining <= 1, "{stats:?}");
            let number = posted(&meera, &format!("{index}")).await;
            assert_eq!(socket.event("1").await["voucherPosted"]["number"], number);
            other.hears_nothing(Duration::from_millis(1)).await;
        }
        // Idle, nobody holds a lease.
        let until = Instant::now() + SOON;
        while app.app.tenancy.stats().leased > 0 {
            assert!(Instant::now() < until, "{:?}", app.app.tenancy.stats());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

on_every_engine! {
    settings [
        ("limits.bucket_cost_max", "300"), ("limits.bucket_cost_per_second", "1"),
        ("subscriptions.per_user", "2"), ("subscriptions.connections_per_user", "2"),
    ];

    async fn listening_costs_what_asking_costs(app: &TestApp) {
        let owner = app.register("meera").await;
        let mut socket = listening(app, &owner).await;
        let mut second = listening(app, &owner).await;
        second.subscribe("2", POSTED, json!({})).await;
        assert_eq!(second.error("2").await, "THROTTLED");
        let mut third = Socket::connect(app.address).await;
        third.init(owner.token.as_deref()).await;
        assert_eq!(third.closed().await, 1013);

        // The bucket is the one that POST spends from; a refusal says when to come again.
        let available = async || {
            let answer = owner.query("{ me { name } }").await;
            let standing = &answer.body["extensions"]["cost"]["throttleStatus"];
            standing["currentlyAvailable"].as_i64().unwrap()
        };
        second.send(json!({ "type": "complete", "id": "1" })).await;
        let before = available().await;
        second.listen("2", POSTED, json!({})).await;
        assert!(before - available().await > 5, "nothing was charged");
        while owner.query("{ me { name } }").await.code().is_empty() {}
        socket.subscribe("3", POSTED, json!({})).await;
        assert_eq!(socket.error("3").await, "THROTTLED");
        second.send(json!({ "type": "complete", "id": "2" })).await;
        second.subscribe("2", POSTED, json!({})).await;
        let refused = second.next(SOON).await;
        let extensions = &refused["payload"][0]["extensions"];
        assert_eq!(extensions["code"], "THROTTLED", "{refused}");
        assert!(extensions["retryAfterSeconds"].as_u64() >= Some(1), "{refused}");
    }
}
