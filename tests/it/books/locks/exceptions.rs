//! Exceptions let their holders pass soft locks, where and while they hold.

use serde_json::{Value, json};

use super::{GRANT, Older, REVOKE, SET, call, dated, grant, is_locked, lock, payment, refusal};
use crate::{app::TestApp, books::Shop, hand::sql_number, tenancy::invited};

/// How long the exceptions of these tests hold.
const HOLDS_MS: i64 = 240_000;

fn until(app: &TestApp) -> String {
    daybook::graphql::scalar::DateTime(app.clock.now_ms() + HOLDS_MS).to_string()
}

async fn user_of(shop: &Shop) -> String {
    shop.client.query("{ me { id } }").await.text("me.id")
}

/// What an exception from the lock of a shop's first days says.
fn leave(app: &TestApp, shop: &Shop, key: &str, areas: &[&str], holder: (&str, &str)) -> Value {
    let mut input = json!({
        "idempotencyKey": key, "areas": areas, "from": shop.day(5), "to": shop.day(15),
        "expiresAt": until(app), "reason": "late bills of March",
    });
    input[holder.0] = json!(holder.1);
    input
}

/// Posts what an exception, named or not, does not let pass; path and message.
async fn stays_out(shop: &Shop, input: &Value, path: &str, says: &str) {
    let (refused, message) = refusal(&shop.post(input).await);
    assert_eq!(refused, format!("PERIOD_LOCKED input.{path}"), "{message}");
    assert!(message.contains(&shop.day(20)), "{message}");
    assert!(message.contains(says), "{message}");
}

fn by(mut input: Value, exception: &str) -> Value {
    input["lockExceptionId"] = json!(exception);
    input
}

on_every_engine! {
    async fn whoever_holds_an_exception_passes_until_it_expires(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let cashier = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        lock(&shop, "BANK", &shop.day(20)).await;
        let tenth = shop.day(10);
        is_locked(&cashier, &payment(&cashier, "1", &tenth), &shop.day(20)).await;
        let holder = user_of(&cashier).await;
        let pass = grant(&shop.client, leave(app, &shop, "g", &["BANK"], ("userId", &holder))).await;

        // The holder need not name it; a voucher that meets no lock uses none.
        cashier.number(&payment(&cashier, "1", &tenth)).await;
        cashier.number(&by(payment(&cashier, "2", &shop.day(5)), &pass)).await;
        cashier.number(&by(payment(&cashier, "3", &shop.day(21)), &pass)).await;
        let found = shop
            .client
            .query("{ vouchers(orderBy: { direction: ASC }) { nodes { lockException { id reason } } } }")
            .await;
        assert_eq!(found.text("vouchers.nodes.0.lockException.id"), pass);
        assert_eq!(found.text("vouchers.nodes.1.lockException.reason"), "late bills of March");
        assert!(found.at("vouchers.nodes.2")["lockException"].is_null());
        let by_it = "SELECT COUNT(*) FROM voucher_versions WHERE lock_exception_id IS NOT NULL";
        assert_eq!(sql_number(app, "meera", by_it).await, 2);

        // Nobody else passes, and the holder on no other day and in no other area.
        is_locked(&shop, &payment(&shop, "4", &tenth), &shop.day(20)).await;
        stays_out(&shop, &by(payment(&shop, "4", &tenth), &pass), "lockExceptionId", "not yours").await;
        for day in [shop.day(4), shop.day(16)] {
            let input = payment(&cashier, "5", &day);
            is_locked(&cashier, &input, &shop.day(20)).await;
            stays_out(&cashier, &by(input, &pass), "lockExceptionId", "other dates").await;
        }
        let unknown = by(payment(&cashier, "5", &tenth), "TG9ja0V4Y2VwdGlvbjox");
        stays_out(&cashier, &unknown, "lockExceptionId", "not in force").await;
        lock(&shop, "TAX", &shop.day(20)).await;
        let tax = dated(&cashier, "6", "PMT", ["Input CGST", "Cash"], &tenth);
        is_locked(&cashier, &tax, &shop.day(20)).await;
        stays_out(&cashier, &by(tax.clone(), &pass), "lockExceptionId", "other areas").await;
        cashier.number(&payment(&cashier, "7", &tenth)).await;

        // Its own time is waited for: a clock that is set forward makes a node stop writing to a server.
        let owner = user_of(&shop).await;
        let mut brief = leave(app, &shop, "brief", &["BANK"], ("userId", &owner));
        let soon = app.clock.now_ms() + 1_500;
        brief["expiresAt"] = json!(daybook::graphql::scalar::DateTime(soon).to_string());
        let brief = grant(&shop.client, brief).await;
        tokio::time::sleep(std::time::Duration::from_millis(1_700)).await;
        is_locked(&shop, &payment(&shop, "8", &tenth), &shop.day(20)).await;
        let late = by(payment(&shop, "8", &tenth), &brief);
        stays_out(&shop, &late, "lockExceptionId", "not in force").await;
        let list = "query($yes: Boolean) { lockExceptions(filter: { isInForce: $yes }) {
            nodes { id isInForce user { name } grantedBy { name } } } }";
        let over = shop.client.ask(list, json!({ "yes": false })).await;
        assert_eq!(over.text("lockExceptions.nodes.0.id"), brief);
        assert_eq!(over.at("lockExceptions.nodes.0.isInForce"), false);
        let held = shop.client.ask(list, json!({ "yes": true })).await;
        assert_eq!(held.at("lockExceptions.nodes").as_array().unwrap().len(), 1);
        assert_eq!(held.text("lockExceptions.nodes.0.id"), pass);
        assert_eq!(held.text("lockExceptions.nodes.0.user.name"), "Somebody");
        assert_eq!(held.text("lockExceptions.nodes.0.grantedBy.name"), "Meera Shah");
    }

    async fn a_role_s_exception_is_for_whoever_has_the_role(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let cashier = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        let accountant = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", Value::Null).await);
        lock(&shop, "ALL", &shop.day(20)).await;
        let tenth = shop.day(10);
        let pass = leave(app, &shop, "g", &["BANK", "TAX"], ("role", "CASHIER"));
        // An accountant grants it too; the lock of everything opens to what is in its areas alone.
        let pass = grant(&accountant.client, pass).await;
        cashier.number(&payment(&cashier, "1", &tenth)).await;
        cashier.number(&by(dated(&cashier, "2", "PMT", ["Input CGST", "Cash"], &tenth), &pass)).await;
        let journal = dated(&cashier, "3", "JRN", ["Rent", "Capital Account"], &tenth);
        is_locked(&cashier, &journal, &shop.day(20)).await;
        stays_out(&cashier, &by(journal, &pass), "lockExceptionId", "other areas").await;
        is_locked(&accountant, &payment(&accountant, "4", &tenth), &shop.day(20)).await;
        // Its next holder is whoever gets the role.
        let update = "mutation($id: ID!) { userUpdate(id: $id, input: { role: STAFF }) {
            user { role } userErrors { code field message } } }";
        let id = user_of(&cashier).await;
        let done = shop.client.ask(update, json!({ "id": id })).await;
        assert_eq!(done.text("userUpdate.user.role"), "STAFF");
        is_locked(&cashier, &payment(&cashier, "5", &tenth), &shop.day(20)).await;
        // A machine that acts for somebody holds what they hold.
        let everything = leave(app, &shop, "h", &["ALL"], ("role", "OWNER"));
        grant(&shop.client, everything).await;
        shop.number(&dated(&shop, "6", "JRN", ["Rent", "Capital Account"], &tenth)).await;
        let machine = "mutation { apiKeyCreate(input: { name: \"till\",
            scopes: [VOUCHER_READ, VOUCHER_POST, LEDGER_READ, GROUP_READ, BUSINESS_READ] }) {
            secret userErrors { code field message } } }";
        let key = shop.client.query(machine).await.text("apiKeyCreate.secret");
        let machine = shop.seen_by(shop.client.with_token(&key));
        machine.number(&payment(&machine, "7", &tenth)).await;
    }

    async fn a_revoked_exception_opens_nothing(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        lock(&shop, "BANK", &shop.day(20)).await;
        let me = user_of(&shop).await;
        let first = grant(&shop.client, leave(app, &shop, "1", &["BANK"], ("userId", &me))).await;
        let second = grant(&shop.client, leave(app, &shop, "2", &["ALL"], ("userId", &me))).await;
        let tenth = shop.day(10);
        shop.number(&by(payment(&shop, "a", &tenth), &first)).await;
        let revoke = async |id: &str, key: &str| {
            shop.client.ask(REVOKE, json!({ "id": id, "key": key })).await
        };
        let done = revoke(&first, "r").await;
        assert_eq!(done.at("lockExceptionRevoke.lockException.isInForce"), false, "{}", done.body);
        assert_eq!(done.text("lockExceptionRevoke.lockException.revokedBy.name"), "Meera Shah");
        assert_eq!(revoke(&first, "r").await.at("lockExceptionRevoke.replayed"), true);
        assert_eq!(revoke(&second, "r").await.code(), "CONFLICT");
        let again = revoke(&first, "s").await;
        assert_eq!(again.refusals("lockExceptionRevoke"), ["ALREADY_DONE id"]);
        let none = revoke("TG9ja0V4Y2VwdGlvbjox", "s").await;
        assert_eq!(none.refusals("lockExceptionRevoke"), ["NOT_FOUND id"]);
        stays_out(&shop, &by(payment(&shop, "b", &tenth), &first), "lockExceptionId", "not in force")
            .await;
        shop.number(&payment(&shop, "b", &tenth)).await;
        revoke(&second, "t").await.at("lockExceptionRevoke.lockException");
        is_locked(&shop, &payment(&shop, "c", &tenth), &shop.day(20)).await;

        let log = shop
            .client
            .ask(
                "query($id: ID!) { auditLogs(subjectId: $id) { nodes { action subjectType
                    changes { field before after } } } }",
                json!({ "id": first }),
            )
            .await;
        assert_eq!(log.text("auditLogs.nodes.0.action"), "LOCK_EXCEPTION_REVOKED");
        assert_eq!(log.text("auditLogs.nodes.0.subjectType"), "LOCK_EXCEPTION");
        assert_eq!(log.text("auditLogs.nodes.0.changes.0.field"), "revokedAt");
        assert_eq!(log.text("auditLogs.nodes.1.action"), "LOCK_EXCEPTION_GRANTED");
        let granted = log.at("auditLogs.nodes.1.changes").as_array().unwrap();
        for (field, after) in [("opens", "BANK"), ("user", me.as_str()), ("reason", "late bills of March")] {
            let right = json!({ "field": field, "before": null, "after": after });
            assert!(granted.contains(&right), "{right} is not in {granted:?}");
        }
        // Pages go on where they ended, and a filter names one holder.
        let page = "query($after: String) { lockExceptions(first: 1, after: $after) {
            totalCount nodes { id } pageInfo { endCursor hasNextPage } } }";
        let newest = shop.client.ask(page, json!({})).await;
        assert_eq!(newest.text("lockExceptions.nodes.0.id"), second);
        assert_eq!(newest.at("lockExceptions.totalCount"), 2);
        let after = newest.text("lockExceptions.pageInfo.endCursor");
        let older = shop.client.ask(page, json!({ "after": after })).await;
        assert_eq!(older.text("lockExceptions.nodes.0.id"), first);
        assert_eq!(older.at("lockExceptions.pageInfo.hasNextPage"), false);
        let of = "query($filter: LockExceptionFilter) { lockExceptions(filter: $filter) { totalCount } }";
        for (filter, count) in [
            (json!({ "userId": me }), 2),
            (json!({ "userId": "nonsense" }), 0),
            (json!({ "role": "OWNER" }), 0),
            (json!({ "isInForce": true }), 0),
        ] {
            let found = shop.client.ask(of, json!({ "filter": filter })).await;
            assert_eq!(found.at("lockExceptions.totalCount"), count, "{filter}");
        }
    }

    async fn an_exception_is_given_to_who_sees_the_business(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let first = shop.client.query("{ businesses { nodes { id } } }").await.text("businesses.nodes.0.id");
        let other = Older::begin(&shop, "Looms", shop.begins).await;
        let clerk = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", json!([other.id])).await);
        let mut input = leave(app, &shop, "1", &["BANK"], ("userId", &user_of(&clerk).await));
        input["businessId"] = json!(first);
        let refused = call(&shop.client, GRANT, input.clone()).await;
        assert_eq!(refused.refusals("lockExceptionGrant"), ["NOT_ALLOWED input.userId"]);
        input["businessId"] = json!(other.id);
        let id = grant(&shop.client, input).await;
        // Another set of books knows nothing of it.
        let set = json!({ "idempotencyKey": "l", "businessId": first, "area": "BANK",
            "lockedThrough": shop.day(20) });
        call(&shop.client, SET, set).await.at("periodLockSet.periodLocks");
        let mut input = by(payment(&shop, "a", &shop.day(10)), &id);
        input["businessId"] = json!(first);
        stays_out(&shop, &input, "lockExceptionId", "not in force").await;
        let node = "query($id: ID!) { node(id: $id) { ... on LockException { reason business { name } } } }";
        let found = clerk.client.ask(node, json!({ "id": id })).await;
        assert_eq!(found.text("node.business.name"), "Looms");
        let elsewhere = invited(app, &shop.client, "VIEWER", json!([first])).await;
        assert!(elsewhere.ask(node, json!({ "id": id })).await.data("node").is_null());
    }
}
