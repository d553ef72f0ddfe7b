//! Edits: what changes nothing leaves no trace, and what cannot be empty is not emptied.

use serde_json::{Value, json};

use super::shop::Shop;
use crate::client::Answer;

const UPDATE_LEDGER: &str = "mutation($id: ID!, $input: LedgerUpdateInput!) {
    ledgerUpdate(id: $id, input: $input) { ledger { version name }
        userErrors { code field message } } }";
const ARCHIVE: &str = "mutation($id: ID!, $input: LedgerArchiveInput!) {
    ledgerArchive(id: $id, input: $input) { ledger { version archivedAt }
        userErrors { code field message } } }";
const UPDATE_BUSINESS: &str = "mutation($id: ID!, $input: BusinessUpdateInput!) {
    businessUpdate(id: $id, input: $input) { business { version name phone }
        userErrors { code field message } } }";

async fn edit(shop: &Shop, mutation: &str, id: &str, input: Value) -> Answer {
    shop.client.ask(mutation, json!({ "id": id, "input": input })).await
}

async fn rows_of(shop: &Shop, id: &str) -> i64 {
    let log = "query($id: ID!) { auditLogs(subjectId: $id) { totalCount } }";
    let found = shop.client.ask(log, json!({ "id": id })).await;
    found.at("auditLogs.totalCount").as_i64().unwrap()
}

async fn business_of(shop: &Shop) -> String {
    shop.client.query("{ businesses { nodes { id } } }").await.text("businesses.nodes.0.id")
}

on_every_engine! {
    async fn an_edit_that_changes_nothing_leaves_no_trace(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let bank = shop.ledgers["State Bank"].clone();
        for input in [
            json!({}),
            json!({ "expectedVersion": null }),
            json!({ "name": " State  Bank" }),
            json!({ "accountGroupId": shop.groups["BANK"], "isBillWise": false }),
            json!({ "description": null, "creditDays": null }),
        ] {
            let same = edit(&shop, UPDATE_LEDGER, &bank, input).await;
            assert_eq!(same.at("ledgerUpdate.ledger.version"), 1, "{}", same.body);
        }
        assert_eq!(rows_of(&shop, &bank).await, 1);
        let first = edit(&shop, ARCHIVE, &bank, json!({})).await;
        assert_eq!(first.at("ledgerArchive.ledger.version"), 2);
        let again = edit(&shop, ARCHIVE, &bank, json!({})).await;
        assert_eq!(again.at("ledgerArchive.ledger"), first.at("ledgerArchive.ledger"));
        assert_eq!(rows_of(&shop, &bank).await, 2);
        let back = edit(&shop, ARCHIVE, &bank, json!({ "archived": false })).await;
        assert_eq!(back.at("ledgerArchive.ledger.version"), 3);
        let back = edit(&shop, ARCHIVE, &bank, json!({ "archived": false })).await;
        assert_eq!(back.at("ledgerArchive.ledger.version"), 3);
        assert_eq!(rows_of(&shop, &bank).await, 3);

        let business = business_of(&shop).await;
        let before = rows_of(&shop, &business).await;
        for input in [
            json!({}),
            json!({ "legalName": null, "phone": "" }),
            json!({ "timeZone": "Asia/Kolkata", "journalAllowsCash": false, "approvalRequired": false }),
        ] {
            let same = edit(&shop, UPDATE_BUSINESS, &business, input).await;
            assert_eq!(same.at("businessUpdate.business.version"), 1, "{}", same.body);
        }
        assert_eq!(rows_of(&shop, &business).await, before);
        let other = edit(&shop, UPDATE_BUSINESS, &business, json!({ "journalAllowsCash": true })).await;
        assert_eq!(other.at("businessUpdate.business.version"), 2);
        assert_eq!(rows_of(&shop, &business).await, before + 1);
    }

    async fn what_must_be_there_is_not_emptied(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let business = business_of(&shop).await;
        for field in ["name", "timeZone", "journalAllowsCash", "approvalRequired"] {
            let answer = edit(&shop, UPDATE_BUSINESS, &business, json!({ field: null })).await;
            assert_eq!(answer.refusals("businessUpdate"), [format!("REQUIRED input.{field}")]);
        }
        for field in ["name", "accountGroupId", "isBillWise"] {
            let bank = &shop.ledgers["State Bank"];
            let answer = edit(&shop, UPDATE_LEDGER, bank, json!({ field: null })).await;
            assert_eq!(answer.refusals("ledgerUpdate"), [format!("REQUIRED input.{field}")]);
        }
    }

    async fn a_business_s_phone_is_one(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let business = business_of(&shop).await;
        for (text, kept) in [
            ("98765 43210", Some("919876543210")),
            ("+91-98765-43211", Some("919876543211")),
            ("call me", None),
            ("12345", None),
        ] {
            let answer = edit(&shop, UPDATE_BUSINESS, &business, json!({ "phone": text })).await;
            match kept {
                Some(kept) => assert_eq!(answer.text("businessUpdate.business.phone"), kept),
                None => {
                    assert_eq!(answer.refusals("businessUpdate"), ["INVALID input.phone"]);
                }
            }
        }
        let none = edit(&shop, UPDATE_BUSINESS, &business, json!({ "phone": null })).await;
        assert!(none.at("businessUpdate.business")["phone"].is_null());
    }
}
