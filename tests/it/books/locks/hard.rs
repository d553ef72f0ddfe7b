//! A hard lock never opens, whoever asks and by whatever way.

use serde_json::json;

use super::{GRANT, HARDEN, LIFT, call, grant, is_locked, lock, locks, payment, refusal};
use crate::{
    books::Shop,
    hand::{connection, sql_text},
};

on_every_engine! {
    async fn a_hard_lock_is_never_lifted_nor_moved_back(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let first = shop.begins;
        let eve = first.pred_opt().unwrap();
        let harden = |key: &str, area: &str, day: &str| json!({
            "idempotencyKey": key, "area": area, "lockedThrough": day, "reason": "audited",
        });
        let far = app.clock.now().date_naive() + chrono::Days::new(3);
        let future = call(&shop.client, HARDEN, harden("1", "ALL", &far.to_string())).await;
        assert_eq!(future.refusals("periodLockHarden"), ["NOT_ALLOWED input.lockedThrough"]);
        for day in [eve, first] {
            let done = call(&shop.client, HARDEN, harden(&day.to_string(), "ALL", &day.to_string()));
            let done = done.await;
            assert!(done.refusals("periodLockHarden").is_empty(), "{}", done.body);
        }
        let again = call(&shop.client, HARDEN, harden("2", "ALL", &first.to_string())).await;
        assert!(again.refusals("periodLockHarden").is_empty(), "{}", again.body);
        let back = call(&shop.client, HARDEN, harden("3", "ALL", &eve.to_string())).await;
        assert_eq!(back.refusals("periodLockHarden"), ["NOT_ALLOWED input.lockedThrough"]);
        let lift = json!({ "idempotencyKey": "4", "area": "ALL", "reason": "please" });
        let lifted = call(&shop.client, LIFT, lift).await;
        assert_eq!(lifted.refusals("periodLockLift"), ["ALREADY_DONE input.area"]);
        assert_eq!(locks(&shop.client).await, [format!("HARD ALL {first}")]);

        // No exception opens it, named or not.
        let me = shop.client.query("{ me { id } }").await.text("me.id");
        let until = daybook::graphql::scalar::DateTime(app.clock.now_ms() + 60_000).to_string();
        let pass = grant(&shop.client, json!({
            "idempotencyKey": "5", "areas": ["ALL"], "from": eve, "to": shop.day(5), "userId": me,
            "expiresAt": until, "reason": "late bills",
        })).await;
        let input = payment(&shop, "a", &first.to_string());
        is_locked(&shop, &input, &first.to_string()).await;
        let mut named = input;
        named["lockExceptionId"] = json!(pass);
        is_locked(&shop, &named, &first.to_string()).await;
        let (_, message) = refusal(&shop.post(&named).await);
        assert!(message.contains("for good"), "{message}");
        shop.number(&payment(&shop, "a", &shop.day(1))).await;

        // A soft lock beside it comes and goes, and leaves it where it is.
        lock(&shop, "ALL", &shop.day(3)).await;
        let lift = json!({ "idempotencyKey": "6", "area": "ALL", "reason": "opened" });
        let lifted = call(&shop.client, LIFT, lift).await;
        assert_eq!(lifted.text("periodLockLift.periodLocks.0.kind"), "HARD");

        // Nor does a hand that reaches round the program.
        let hand = connection(app, "meera").await;
        for sql in [
            "DELETE FROM period_locks",
            "UPDATE period_locks SET locked_through = '2000-01-01'",
            "UPDATE period_locks SET kind = 'SOFT'",
            "UPDATE period_locks SET area = 1",
        ] {
            use sea_orm::ConnectionTrait;
            let why = hand.execute_unprepared(sql).await.expect_err(sql).to_string();
            assert!(why.contains("HARD_LOCK_STAYS"), "{sql}: {why}");
        }
        hand.close().await.unwrap();
        let through = "SELECT CAST(locked_through AS CHAR(10)) FROM period_locks";
        assert_eq!(sql_text(app, "meera", through).await, first.to_string());
    }

    async fn an_exception_that_cannot_be_is_refused_by_field(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let other = Shop::open(app, "ravi").await;
        let me = shop.client.query("{ me { id } }").await.text("me.id");
        let them = other.client.query("{ me { id } }").await.text("me.id");
        let at = |ms: i64| daybook::graphql::scalar::DateTime(app.clock.now_ms() + ms).to_string();
        let right = json!({
            "idempotencyKey": "1", "areas": ["BANK"], "from": shop.day(1), "to": shop.day(5),
            "userId": me, "expiresAt": at(60_000), "reason": "late bills",
        });
        for (field, value, refused) in [
            ("areas", json!([]), "REQUIRED input.areas"),
            ("to", json!(shop.day(0)), "INVALID input.to"),
            ("userId", json!(null), "REQUIRED input.userId"),
            ("userId", json!("nonsense"), "NOT_FOUND input.userId"),
            ("userId", json!(them), "NOT_FOUND input.userId"),
            ("role", json!("CASHIER"), "INVALID input.role"),
            ("expiresAt", json!(at(-1)), "INVALID input.expiresAt"),
            ("expiresAt", json!(at(400 * 24 * 3_600_000)), "INVALID input.expiresAt"),
            ("reason", json!(""), "REQUIRED input.reason"),
            ("reason", json!("x".repeat(501)), "TOO_LONG input.reason"),
            ("businessId", json!("nonsense"), "BUSINESS_UNKNOWN input.businessId"),
            ("idempotencyKey", json!(""), "INVALID input.idempotencyKey"),
        ] {
            let mut input = right.clone();
            input[field] = value;
            let answer = call(&shop.client, GRANT, input).await;
            assert_eq!(answer.refusals("lockExceptionGrant"), [refused], "{}", answer.body);
        }
        let id = grant(&shop.client, right.clone()).await;
        let again = call(&shop.client, GRANT, right).await;
        assert_eq!(again.at("lockExceptionGrant.replayed"), true);
        assert_eq!(again.text("lockExceptionGrant.lockException.id"), id);
        let found = shop.client.query("{ lockExceptions { totalCount } }").await;
        assert_eq!(found.at("lockExceptions.totalCount"), 1);
    }
}
