//! Who did what: authors of vouchers, and the edit log as clients read it.

use serde_json::{Value, json};

use super::shop::Shop;
use crate::{client::Client, tenancy::invited};

const LOG: &str = "query($id: ID, $type: AuditSubjectType) { auditLogs(subjectId: $id, filter: { subjectType: $type }, first: 100) {
    totalCount nodes { id sequence action subjectType subjectId content business { name }
        actorKind actor { id name } changes { field before after } } } }";

async fn log(client: &Client, variables: Value) -> Vec<Value> {
    client.ask(LOG, variables).await.at("auditLogs.nodes").as_array().unwrap().clone()
}

on_every_engine! {
    async fn a_voucher_names_its_author(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let clerk = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", Value::Null).await);
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "1")).await;
        clerk.number(&clerk.voucher("2", "PMT", "Rent", "Cash", "1")).await;
        let list = "{ vouchers(orderBy: { direction: ASC }) { nodes { createdBy { name }
            voucherType { code } business { name } } } }";
        let found = shop.client.query(list).await;
        assert_eq!(found.text("vouchers.nodes.0.createdBy.name"), "Meera Shah");
        assert_eq!(found.text("vouchers.nodes.1.createdBy.name"), "Somebody");
        // Who may not see people sees at most who they are themselves.
        let cashier = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        cashier.number(&cashier.voucher("3", "PMT", "Rent", "Cash", "1")).await;
        let own = cashier.client.query(list).await;
        assert_eq!(own.at("vouchers.nodes").as_array().unwrap().len(), 1);
        assert_eq!(own.text("vouchers.nodes.0.createdBy.name"), "Somebody");
        let machine = "mutation { apiKeyCreate(input: { name: \"till\",
            scopes: [VOUCHER_READ, VOUCHER_POST, LEDGER_READ, GROUP_READ, BUSINESS_READ] }) {
            secret userErrors { code field message } } }";
        let key = shop.client.query(machine).await.text("apiKeyCreate.secret");
        let machine = shop.seen_by(shop.client.with_token(&key));
        machine.number(&machine.voucher("4", "PMT", "Rent", "Cash", "1")).await;
        let seen = machine.client.query(list).await;
        assert_eq!(seen.text("vouchers.nodes.3.createdBy.name"), "Meera Shah");
        assert!(seen.at("vouchers.nodes.1")["createdBy"].is_null(), "{}", seen.body);
    }

    async fn the_edit_log_says_what_changed(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let made = shop.create_ledger("Cupboards", "FA", json!({ "debit": "12500.50" })).await;
        shop.keep_ledger(&made);
        let id = shop.ledgers["Cupboards"].clone();
        let update = "mutation($id: ID!, $input: LedgerUpdateInput!) { ledgerUpdate(id: $id, input: $input) {
            ledger { version } userErrors { code field message } } }";
        let input = json!({ "name": "Shelves", "accountGroupId": shop.groups["INV"], "creditDays": 30 });
        shop.client.ask(update, json!({ "id": id, "input": input })).await.at("ledgerUpdate.ledger");
        let rows = log(&shop.client, json!({ "id": id })).await;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0]["action"], "LEDGER_UPDATED");
        assert_eq!(rows[0]["subjectType"], "LEDGER");
        assert_eq!(rows[0]["subjectId"], id);
        assert_eq!(rows[0]["actorKind"], "USER");
        assert_eq!(rows[0]["actor"]["name"], "Meera Shah");
        assert_eq!(rows[0]["business"]["name"], "meera Textiles");
        assert_eq!(
            rows[0]["changes"],
            json!([
                { "field": "creditDays", "before": null, "after": "30" },
                { "field": "group", "before": shop.groups["FA"], "after": shop.groups["INV"] },
                { "field": "name", "before": "Cupboards", "after": "Shelves" },
                { "field": "version", "before": "1", "after": "2" },
            ])
        );
        assert_eq!(rows[1]["action"], "LEDGER_CREATED");
        let first = rows[1]["changes"].as_array().unwrap();
        assert!(first.iter().all(|one| one["before"].is_null()), "{first:?}");
        assert!(first.contains(&json!({ "field": "name", "before": null, "after": "Cupboards" })));

        let posted = shop.post(&shop.voucher("1", "PMT", "Rent", "Cash", "1234.56")).await;
        let voucher = posted.text("voucherPost.voucher.id");
        let rows = log(&shop.client, json!({ "id": voucher, "type": "VOUCHER" })).await;
        assert_eq!(rows.len(), 1);
        let changes = rows[0]["changes"].as_array().unwrap();
        for (field, after) in [
            ("voucher", voucher.as_str()),
            ("type", shop.types["PMT"].as_str()),
            ("total", "1234.56"),
            ("entries.0.ledger", shop.ledgers["Rent"].as_str()),
            ("entries.0.debit", "1234.56"),
            ("entries.1.ledger", shop.ledgers["Cash"].as_str()),
            ("entries.1.credit", "1234.56"),
        ] {
            let right = json!({ "field": field, "before": null, "after": after });
            assert!(changes.contains(&right), "{right} is not in {changes:?}");
        }
        let all = log(&shop.client, json!({})).await;
        let vouchers = all.iter().filter(|row| row["subjectType"] == "VOUCHER").count();
        let listed = log(&shop.client, json!({ "type": "VOUCHER" })).await;
        assert_eq!(listed.len(), vouchers);
        assert!(vouchers >= 2, "{vouchers}");
        let update = "mutation($id: ID!) { businessUpdate(id: $id, input: { phone: \"9876543210\" }) {
            business { id } userErrors { code field message } } }";
        let business = shop.client.query("{ businesses { nodes { id } } }").await;
        let business = business.text("businesses.nodes.0.id");
        shop.client.ask(update, json!({ "id": business })).await.at("businessUpdate.business");
        let rows = log(&shop.client, json!({ "id": business })).await;
        let changed = json!([{ "field": "phone", "before": null, "after": "919876543210" }]);
        assert_eq!(rows[0]["changes"], changed);
    }

    async fn rows_of_two_edit_logs_have_two_ids(app: &TestApp) {
        let meera = Shop::open(app, "meera").await;
        let ravi = Shop::open(app, "ravi").await;
        let (mine, theirs) = (log(&meera.client, json!({})).await, log(&ravi.client, json!({})).await);
        let last = |rows: &[Value]| rows.last().unwrap().clone();
        assert_eq!(last(&mine)["sequence"], 1);
        assert_eq!(last(&theirs)["sequence"], 1);
        assert_ne!(last(&mine)["id"], last(&theirs)["id"]);
    }
}
