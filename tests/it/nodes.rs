//! Things are found by the ids that lists show.

use std::collections::{BTreeMap, BTreeSet};

use daybook::office::queue::NewJob;
use daybook_entity::main::people::PlatformRole;
use serde_json::{Value, json};

use crate::{
    books::Shop,
    client::{Answer, Client},
    contract::Introspected,
    office::office,
    tenancy::missing_like,
};

async fn node(client: &Client, id: &str) -> Answer {
    client.ask("query($id: ID!) { node(id: $id) { id __typename } }", json!({ "id": id })).await
}

/// One thing of each type that the caller's lists show: its id by its type.
async fn things(schema: &Introspected, client: &Client) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (operation, field) in schema.root_fields() {
        let is_list = field["args"].as_array().unwrap().iter().any(|one| one["name"] == "first");
        if operation != "query" || !is_list {
            continue;
        }
        let name = field["name"].as_str().unwrap();
        let page = client.query(&format!("{{ {name} {{ nodes {{ id __typename }} }} }}")).await;
        for row in page.data(&format!("{name}.nodes")).as_array().into_iter().flatten() {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            found.insert(text("__typename"), text("id"));
        }
    }
    found
}

on_every_engine! {
    async fn everything_with_an_id_is_found_by_it(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "5")).await;
        shop.posted(&shop.invoice("INV/1", "100", 10)).await;
        shop.saved(shop.content("JRN", "Rent", "Sales", "5")).await;
        let made = shop
            .client
            .query(
                "mutation { apiKeyCreate(input: { name: \"Till\", scopes: [LEDGER_READ] }) {
                    apiKey { id } userErrors { code field message } } }",
            )
            .await;
        assert!(made.refusals("apiKeyCreate").is_empty(), "{}", made.body);
        let grant = "mutation($input: LockExceptionGrantInput!) { lockExceptionGrant(input: $input) {
            lockException { id } userErrors { code field message } } }";
        let until = app.clock.now_ms() + 60_000;
        let input = json!({
            "idempotencyKey": "1", "areas": ["ALL"], "role": "CASHIER", "reason": "late bills",
            "from": shop.day(0), "to": shop.day(9),
            "expiresAt": daybook::graphql::scalar::DateTime(until).to_string(),
        });
        let granted = shop.client.ask(grant, json!({ "input": input })).await;
        assert!(granted.refusals("lockExceptionGrant").is_empty(), "{}", granted.body);
        let template = shop.template("Rent").await;
        let today = daybook::clock::day_in("Asia/Kolkata", app.clock.now_ms());
        let plan = json!({ "unit": "DAY", "firstOn": today.to_string() });
        let recurring = shop.recur(&template, plan).await;
        shop.run(&recurring).await;
        app.app.runner().turn().await.unwrap();
        let job = NewJob {
            kind: "OUTBOX",
            tenant: None,
            key: "of nobody".to_owned(),
            payload: String::new(),
            due_at: app.clock.now_ms(),
        };
        app.app.office.enqueue(&[job]).await.unwrap();
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let schema = Introspected::of(&shop.client).await;

        let mut own = things(&schema, &shop.client).await;
        own.insert("BusinessYear".to_owned(), shop.year.clone());
        let me = shop.client.query("{ me { tenant { id __typename } } }").await;
        own.insert(me.text("me.tenant.__typename"), me.text("me.tenant.id"));
        let offices = things(&schema, &admin).await;
        let mut reached = BTreeSet::new();
        for (client, things) in [(&shop.client, &own), (&admin, &offices)] {
            for (of, id) in things {
                let answer = node(client, id).await;
                assert_eq!(answer.text("node.__typename"), *of, "{}", answer.body);
                assert_eq!(answer.text("node.id"), *id);
                reached.insert(of.clone());
                let missing = node(client, &missing_like(id)).await;
                assert_eq!(missing.code(), "", "{of}: {}", missing.body);
                assert!(missing.data("node").is_null(), "{of}: {}", missing.body);
            }
            let ids: Vec<&String> = things.values().collect();
            let all = client
                .ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids }))
                .await;
            let found = all.at("nodes").as_array().unwrap().iter();
            let found: Vec<&str> = found.map(|one| one["id"].as_str().unwrap()).collect();
            assert_eq!(found, ids);
        }

        let possible = shop.client.query("{ __type(name: \"Node\") { possibleTypes { name } } }");
        let possible: BTreeSet<String> = possible
            .await
            .at("__type.possibleTypes")
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        // These take a file, a bank or a plan to make; tests of their own make them.
        let elsewhere = [
            "BankLine",
            "BankMatch",
            "BankRule",
            "BankStatement",
            "Budget",
            "CostCategory",
            "CostCentre",
            "Import",
            "StoredFile",
            "TaxFiling",
            "VoucherAttachment",
        ];
        let elsewhere: BTreeSet<String> = elsewhere.map(str::to_owned).into();
        assert_eq!(&possible - &reached, elsewhere);
        // Whatever else has an id: oneself, who is a User or an Admin, and what belongs to a voucher.
        let not: Vec<&str> = schema
            .types()
            .filter(|of| of["kind"] == "OBJECT")
            .filter(|of| {
                let fields = of["fields"].as_array().unwrap().iter();
                let mut ids = fields.filter(|one| one["name"] == "id");
                ids.any(|one| one["args"].as_array().unwrap().is_empty())
            })
            .map(|of| of["name"].as_str().unwrap())
            .filter(|name| !possible.contains(*name))
            .collect();
        assert_eq!(not, ["AdminMe", "BankEntry", "Me", "VoucherAct", "VoucherEntry", "VoucherItem"]);
    }

    async fn a_tenant_finds_itself_and_no_other(app: &TestApp) {
        let meera = app.register("meera").await;
        let ravi = app.register("ravi").await;
        let own = "{ me { tenant { id } } }";
        let id = ravi.query(own).await.text("me.tenant.id");
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) {
            ... on Account { id subdomain companyName } } }";
        let foreign = meera.query(own).await.text("me.tenant.id");
        let ids = json!({ "ids": [id, foreign, missing_like(&id), "nonsense"] });
        let answer = ravi.ask(query, ids).await;
        assert_eq!(answer.code(), "", "{}", answer.body);
        let found = answer.at("nodes");
        assert_eq!(found[0]["subdomain"], "ravi");
        assert_eq!(found[0]["id"], id);
        assert_eq!([&found[1], &found[2], &found[3]], [&Value::Null; 3]);

        // The office sees the same account as its keeper.
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        assert_eq!(node(&admin, &id).await.text("node.__typename"), "Tenant");
    }

    async fn one_forbidden_id_takes_nothing_from_the_others(app: &TestApp) {
        let meera = app.register("meera").await;
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let office_s = admin.query("{ adminMe { id } }").await.text("adminMe.id");
        let own = meera.query("{ me { id } }").await.text("me.id");
        let answer = meera
            .ask(
                "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
                json!({ "ids": [own, office_s] }),
            )
            .await;
        assert_eq!(answer.code(), "FORBIDDEN");
        assert_eq!(answer.body["errors"][0]["path"], json!(["nodes", 1]));
        assert_eq!(answer.text("nodes.0.id"), own);
        assert!(answer.data("nodes.1").is_null());
    }
}
