//! Soft locks refuse their area through their day, move, and are lifted.

use serde_json::{Value, json};

use super::{HARDEN, LIFT, SET, call, dated, is_locked, lock, locks, payment};
use crate::{books::Shop, client::Client, hand::sql_number, tenancy::invited};

async fn log(client: &Client) -> Vec<Value> {
    let found = client
        .query(
            "{ auditLogs(filter: { subjectType: PERIOD_LOCK }) { nodes { action actor { name }
                changes { field before after } } } }",
        )
        .await;
    found.at("auditLogs.nodes").as_array().unwrap().clone()
}

on_every_engine! {
    async fn a_locked_area_refuses_and_the_others_go_on(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let (tenth, eleventh) = (shop.day(10), shop.day(11));
        let rent = |key: &str, day: &str| dated(&shop, key, "JRN", ["Rent", "Capital Account"], day);
        let tax = |key: &str, day: &str| dated(&shop, key, "JRN", ["Input CGST", "Capital Account"], day);

        lock(&shop, "BANK", &tenth).await;
        is_locked(&shop, &payment(&shop, "1", &tenth), &tenth).await;
        is_locked(&shop, &payment(&shop, "1", &shop.day(0)), &tenth).await;
        shop.number(&payment(&shop, "1", &eleventh)).await;
        shop.number(&rent("2", &tenth)).await;
        shop.number(&tax("3", &tenth)).await;

        lock(&shop, "TAX", &tenth).await;
        is_locked(&shop, &tax("4", &tenth), &tenth).await;
        shop.number(&rent("5", &tenth)).await;
        lock(&shop, "SALES", &tenth).await;
        lock(&shop, "PURCHASE", &tenth).await;
        shop.number(&rent("6", &tenth)).await;

        let twentieth = shop.day(20);
        lock(&shop, "ALL", &twentieth).await;
        is_locked(&shop, &rent("7", &tenth), &twentieth).await;
        // Two locks are in the way: the one that reaches further is named.
        is_locked(&shop, &payment(&shop, "7", &tenth), &twentieth).await;
        shop.number(&rent("7", &shop.day(21))).await;
        // A dry run is judged alike, and a replay answers what was made before the lock.
        let mut dry = payment(&shop, "8", &tenth);
        dry["dryRun"] = json!(true);
        is_locked(&shop, &dry, &twentieth).await;
        let again = shop.post(&rent("2", &tenth)).await;
        assert_eq!(again.at("voucherPost.replayed"), true);
        // The opening balances are dated the day before the first year.
        let late = shop.create_ledger("Late", "FA", json!({ "debit": "5" })).await;
        assert_eq!(late.refusals("ledgerCreate"), ["PERIOD_LOCKED input.openingBalance"]);
        assert_eq!(shop.count().await, 6);

        assert_eq!(
            locks(&shop.client).await,
            ["SALES", "PURCHASE", "BANK", "TAX", "ALL"].map(|area| {
                let day = if area == "ALL" { &twentieth } else { &tenth };
                format!("SOFT {area} {day}")
            })
        );
        let business = sql_number(app, "meera", "SELECT COUNT(*) FROM period_locks").await;
        assert_eq!(business, 5);
    }

    async fn a_soft_lock_moves_and_is_lifted_with_a_reason(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let (fifth, tenth) = (shop.day(5), shop.day(10));
        let set = |key: &str, day: &str| json!({ "idempotencyKey": key, "area": "ALL", "lockedThrough": day });
        let first = call(&shop.client, SET, set("1", &tenth)).await;
        assert_eq!(first.text("periodLockSet.periodLocks.0.setBy.name"), "Meera Shah");
        assert_eq!(first.at("periodLockSet.replayed"), false);
        let again = call(&shop.client, SET, set("1", &tenth)).await;
        assert_eq!(again.at("periodLockSet.replayed"), true);
        assert_eq!(call(&shop.client, SET, set("1", &fifth)).await.code(), "CONFLICT");
        // What changes nothing leaves no trace.
        call(&shop.client, SET, set("2", &tenth)).await.at("periodLockSet.periodLocks");
        assert_eq!(log(&shop.client).await.len(), 1);

        // Days are opened again only with a reason, and not over somebody else's change.
        let back = call(&shop.client, SET, set("3", &fifth)).await;
        assert_eq!(back.refusals("periodLockSet"), ["REQUIRED input.reason"]);
        let mut input = set("3", &fifth);
        input["reason"] = json!("two bills are missing");
        for wrong in [json!(fifth), Value::Null] {
            input["expectedLockedThrough"] = wrong;
            let stale = call(&shop.client, SET, input.clone()).await;
            assert_eq!(stale.refusals("periodLockSet"), ["STALE input.expectedLockedThrough"]);
        }
        input["expectedLockedThrough"] = json!(tenth);
        let back = call(&shop.client, SET, input).await;
        assert!(back.refusals("periodLockSet").is_empty(), "{}", back.body);
        is_locked(&shop, &payment(&shop, "a", &fifth), &fifth).await;
        shop.number(&payment(&shop, "a", &shop.day(6))).await;

        let lift = |key: &str, area: &str, reason: &str| {
            json!({ "idempotencyKey": key, "area": area, "reason": reason })
        };
        for (input, right) in [
            (lift("4", "ALL", " "), "REQUIRED input.reason"),
            (lift("4", "BANK", "done"), "ALREADY_DONE input.area"),
            (lift("", "ALL", "done"), "INVALID input.idempotencyKey"),
        ] {
            let refused = call(&shop.client, LIFT, input).await;
            assert_eq!(refused.refusals("periodLockLift"), [right]);
        }
        let lifted = call(&shop.client, LIFT, lift("4", "ALL", "the year is looked at again")).await;
        assert_eq!(*lifted.at("periodLockLift.periodLocks"), json!([]), "{}", lifted.body);
        shop.number(&payment(&shop, "b", &fifth)).await;
        let again = call(&shop.client, LIFT, lift("4", "ALL", "the year is looked at again")).await;
        assert_eq!(again.at("periodLockLift.replayed"), true);

        let rows = log(&shop.client).await;
        let actions: Vec<&str> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["PERIOD_LOCK_LIFTED", "PERIOD_LOCK_SET", "PERIOD_LOCK_SET"]);
        assert!(rows.iter().all(|row| row["actor"]["name"] == "Meera Shah"));
        assert_eq!(
            rows[1]["changes"],
            json!([
                { "field": "lockedThrough", "before": tenth, "after": fifth },
                { "field": "reason", "before": null, "after": "two bills are missing" },
            ])
        );
        assert_eq!(
            rows[0]["changes"],
            json!([
                { "field": "reason", "before": "two bills are missing",
                  "after": "the year is looked at again" },
                { "field": "lockedThrough", "before": fifth, "after": null },
            ])
        );
        let verified = shop.client.query("{ auditVerify { ok } }").await;
        assert_eq!(verified.at("auditVerify.ok"), true);
    }

    async fn who_may_not_lock_does_not(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let day = shop.day(0);
        let cashier = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        let input = json!({ "idempotencyKey": "1", "area": "ALL", "lockedThrough": day, "reason": "done" });
        for mutation in [SET, HARDEN] {
            assert_eq!(call(&cashier.client, mutation, input.clone()).await.code(), "FORBIDDEN");
        }
        let accountant = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", Value::Null).await);
        let set = call(&accountant.client, SET, input.clone()).await;
        assert!(set.refusals("periodLockSet").is_empty(), "{}", set.body);
        assert_eq!(call(&accountant.client, HARDEN, input).await.code(), "FORBIDDEN");
        // Whoever posts sees through which day the books are locked; who set it only who sees people.
        let seen = cashier.client.query("{ periodLocks { lockedThrough setBy { name } } }").await;
        assert_eq!(seen.at("periodLocks.0.lockedThrough"), day.as_str());
        assert!(seen.at("periodLocks.0")["setBy"].is_null(), "{}", seen.body);
        is_locked(&cashier, &payment(&cashier, "1", &day), &day).await;
    }
}
