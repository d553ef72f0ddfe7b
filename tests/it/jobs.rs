//! Work in the background: tried again, given up, looked at by the office; events kept and cleared.

use daybook_entity::main::{
    people::PlatformRole,
    work::{JobState, job, outbox_pending},
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, run_on},
    books::Shop,
    client::Client,
    engine::Engine,
    hand::{row_of, run_sql, sql_number},
    office::office,
};

/// Works until nothing is due, and once more after the marks of events were written.
async fn work(app: &TestApp) {
    let runner = app.app.runner();
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    runner.turn().await.unwrap();
}

async fn jobs(app: &TestApp) -> Vec<job::Model> {
    job::Entity::find().all(app.app.office.main.writer()).await.unwrap()
}

async fn recur(app: &TestApp, shop: &Shop, template: &Value) {
    let today = daybook::clock::day_in("Asia/Kolkata", app.clock.now_ms());
    shop.recur(template, json!({ "unit": "DAY", "firstOn": today.to_string() })).await;
}

async fn act(admin: &Client, field: &str, id: &Value) -> crate::client::Answer {
    let shown = if field == "jobRetry" { "job { state attempts }" } else { "discardedJobId" };
    let text = format!(
        "mutation($id: ID!) {{ {field}(id: $id) {{ {shown} userErrors {{ code field message }} }} }}"
    );
    admin.ask(&text, json!({ "id": id })).await
}

on_every_engine! {
    settings [("jobs.attempts_max", "2"), ("jobs.backoff_max_seconds", "1")];

    async fn the_office_sees_what_failed_and_has_it_tried_again(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let template = shop.template("Rent").await;
        recur(app, &shop, &template).await;
        run_sql(app, "meera", &["UPDATE voucher_templates SET content = 'not JSON'"]).await;
        work(app).await;
        for _ in 0..100 {
            app.app.runner().turn().await.unwrap();
            if jobs(app).await.iter().any(|job| job.state == JobState::Dead) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let list = "{ jobs(filter: { state: [DEAD], kind: \"RECURRING_VOUCHERS\" }) { totalCount
            nodes { id kind state attempts lastError tenantId } } }";
        let found = admin.query(list).await;
        assert_eq!(found.at("jobs.totalCount"), 1, "{}", found.body);
        let dead = found.at("jobs.nodes.0");
        assert_eq!((&dead["attempts"], &dead["state"]), (&json!(2), &json!("DEAD")));
        // It says no more than a client would hear.
        assert_eq!(dead["lastError"], "INTERNAL: an internal error");
        assert_eq!(shop.count().await, 0);
        app.app.runner().turn().await.unwrap();
        assert_eq!(admin.query(list).await.at("jobs.totalCount"), 1, "nobody tries it by itself");

        let support = office(app, "ben@office.example", PlatformRole::Support).await;
        assert_eq!(support.query(list).await.at("jobs.totalCount"), 1);
        assert_eq!(act(&support, "jobRetry", &dead["id"]).await.code(), "FORBIDDEN");
        run_sql(app, "meera", &["UPDATE voucher_templates SET content = '{}'"]).await;
        let again = act(&admin, "jobRetry", &dead["id"]).await;
        assert_eq!(again.at("jobRetry.job"), &json!({ "state": "READY", "attempts": 0 }));
        app.app.runner().turn().await.unwrap();
        assert_eq!(admin.query(list).await.at("jobs.totalCount"), 0);
        let runs = shop.client.query("{ recurringRuns { nodes { state errors { code field } } } }");
        let runs = runs.await;
        assert_eq!(runs.at("recurringRuns.nodes.0.state"), "FAILED");
        assert_eq!(runs.at("recurringRuns.nodes.0.errors.0.code"), "REQUIRED", "{}", runs.body);

        let done = act(&admin, "jobRetry", &dead["id"]).await;
        assert_eq!(done.refusals("jobRetry"), ["NOT_ALLOWED id"]);
        let gone = act(&admin, "jobDiscard", &dead["id"]).await;
        assert_eq!(gone.at("jobDiscard.discardedJobId"), &dead["id"]);
        let gone = act(&admin, "jobDiscard", &dead["id"]).await;
        assert_eq!(gone.refusals("jobDiscard"), ["NOT_FOUND id"]);
        let log = admin.query("{ adminAuditLogs(first: 2) { nodes { action subjectId } } }").await;
        let log = log.at("adminAuditLogs.nodes");
        assert_eq!((&log[0]["action"], &log[1]["action"]), (&json!("JOB_DISCARDED"), &json!("JOB_RETRIED")));
        assert_eq!(log[0]["subjectId"], dead["id"]);
    }
}

const KEPT: [(&str, &str); 1] = [("jobs.outbox_keep_days", "1")];

/// A tenant's mark in main.
async fn mark(app: &TestApp) -> outbox_pending::Model {
    let id = row_of(app, "meera").await.id;
    let main = app.app.office.main.writer();
    outbox_pending::Entity::find_by_id(id).one(main).await.unwrap().unwrap()
}

/// Time is moved here, which only an instance without servers believes.
async fn marks_and_events_go_and_come(app: &TestApp) {
    const MINUTE: i64 = 60_000;
    let shop = Shop::open(app, "meera").await;
    shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "5")).await;
    work(app).await;
    let told = mark(app).await;
    assert!(told.pending && told.handled_seq > 0, "{told:?}");
    // The lane may still write on the ground of what it announced.
    app.clock.advance_ms(3 * MINUTE);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    work(app).await;
    let quiet = mark(app).await;
    assert!(!quiet.pending, "{quiet:?}");
    assert_eq!(quiet.generation, told.generation);

    // The same lane announces itself again before it writes.
    shop.number(&shop.voucher("2", "PMT", "Rent", "Cash", "5")).await;
    let again = mark(app).await;
    assert!(again.pending && again.generation > quiet.generation, "{again:?}");

    let events = "SELECT COUNT(*) FROM outbox";
    let before = sql_number(app, "meera", events).await;
    work(app).await;
    assert_eq!(sql_number(app, "meera", events).await, before);
    app.clock.advance_ms(3 * 24 * 60 * MINUTE);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    work(app).await;
    assert_eq!(sql_number(app, "meera", events).await, 0);
    let trimmed = "SELECT COUNT(*) FROM audit_logs WHERE action = 'OUTBOX_TRIMMED'";
    assert_eq!(sql_number(app, "meera", trimmed).await, 1);
}

#[test]
fn marks_are_taken_back_in_silence_only_and_events_are_kept_for_a_while() {
    run_on(Engine::Sqlite, &KEPT, |app| Box::pin(marks_and_events_go_and_come(app)));
}
