//! Templates and recurring vouchers: each date once, whoever wakes the work and how often.

use chrono::{Datelike, Days, NaiveDate};
use daybook::{
    app::{App, Purpose},
    clock::day_in,
    jobs::Runner,
    services::platform::fault::{Fault, arm},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::shop::Shop;
use crate::{
    app::TestApp,
    client::Answer,
    hand::{row_of, sql_number},
    tenancy::{invited, missing_like},
};

const ERRORS: &str = "userErrors { code field message }";
const RECURRING: &str = "id state version nextOn dealtWith nextDates(count: 4) makes catchUp
    owner { name } template { id name }";
const RUN: &str = "id dueOn state draftReason leftOut errors { code field message }
    voucher { date number createdBy { name } } draft { id status createdBy { name } }";

/// Today where the shop is.
fn today(app: &TestApp) -> NaiveDate {
    day_in("Asia/Kolkata", app.clock.now_ms())
}

impl Shop {
    async fn call(&self, field: &str, kind: &str, shown: &str, input: Value) -> Answer {
        let text = format!(
            "mutation($input: {kind}!) {{ {field}(input: $input) {{ {shown} {ERRORS} }} }}"
        );
        self.client.ask(&text, json!({ "input": input })).await
    }

    async fn try_template(&self, input: Value) -> Answer {
        let shown = "template { id name version problems { code field } entries { debit } }";
        self.call("voucherTemplateSave", "VoucherTemplateSaveInput", shown, input).await
    }

    /// A template of a rent that must be accepted; the template.
    pub async fn template(&self, name: &str) -> Value {
        let mut input = self.content("PMT", "Rent", "Cash", "500");
        let members = input.as_object_mut().unwrap();
        members.remove("action");
        members.remove("date");
        input["name"] = json!(name);
        let saved = self.try_template(input).await;
        assert!(saved.refusals("voucherTemplateSave").is_empty(), "{}", saved.body);
        saved.at("voucherTemplateSave.template").clone()
    }

    async fn try_recur(&self, key: &str, template: &Value, plan: Value) -> Answer {
        let mut input = plan;
        input["idempotencyKey"] = json!(key);
        input["templateId"] = template["id"].clone();
        let shown = format!("replayed recurringVoucher {{ {RECURRING} }}");
        self.call("recurringVoucherCreate", "RecurringVoucherCreateInput", &shown, input).await
    }

    /// A recurring voucher that must be accepted.
    pub async fn recur(&self, template: &Value, plan: Value) -> Value {
        let made = self.try_recur(&plan.to_string(), template, plan).await;
        assert!(made.refusals("recurringVoucherCreate").is_empty(), "{}", made.body);
        made.at("recurringVoucherCreate.recurringVoucher").clone()
    }

    async fn steer(&self, field: &str, recurring: &Value) -> Answer {
        let input = json!({ "recurringVoucherId": recurring["id"] });
        let shown = format!("recurringVoucher {{ {RECURRING} }}");
        self.call(field, "RecurringVoucherInput", &shown, input).await
    }

    /// Makes what has come due.
    pub async fn run(&self, recurring: &Value) -> Answer {
        let input = json!({ "recurringVoucherId": recurring["id"] });
        let shown = format!("recurringVoucher {{ {RECURRING} }} runs {{ {RUN} }}");
        self.call("recurringVoucherRun", "RecurringVoucherRunInput", &shown, input).await
    }

    async fn retry(&self, key: &str, run: &Value) -> Answer {
        let input = json!({ "idempotencyKey": key, "runId": run["id"] });
        let shown = format!("replayed run {{ {RUN} }}");
        self.call("recurringRunRetry", "RecurringRunRetryInput", &shown, input).await
    }

    /// What became of dates, the earliest first.
    async fn runs(&self) -> Vec<Value> {
        let text = format!("{{ recurringRuns(first: 100) {{ totalCount nodes {{ {RUN} }} }} }}");
        let found = self.client.query(&text).await;
        let mut runs = found.at("recurringRuns.nodes").as_array().unwrap().clone();
        runs.sort_by_key(|run| run["dueOn"].to_string());
        runs
    }

    /// The first day of the last `days` days that the books hold, today's included.
    fn back(&self, app: &TestApp, days: u64) -> NaiveDate {
        (today(app) - Days::new(days - 1)).max(self.begins)
    }
}

/// Words of a list's members.
fn words(list: &[Value], name: &str) -> Vec<String> {
    list.iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

/// Every day from one on through today.
fn days(app: &TestApp, first: NaiveDate) -> Vec<String> {
    first.iter_days().take_while(|day| *day <= today(app)).map(|day| day.to_string()).collect()
}

/// Turns a worker until something is so; marks of events come within half a second.
async fn work_until(runner: &Runner, is_so: impl AsyncFn() -> bool) {
    for _ in 0..100 {
        runner.turn().await.unwrap();
        if is_so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the work was not done in time");
}

on_every_engine! {
    settings [("jobs.lease_seconds", "2")];

    async fn each_date_is_once_on_two_nodes(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let template = shop.template("Rent").await;
        let first = shop.back(app, 4);
        let plan = json!({ "unit": "DAY", "firstOn": first.to_string() });
        let made = shop.recur(&template, plan.clone()).await;
        assert_eq!((&made["state"], &made["nextOn"]), (&json!("ACTIVE"), &json!(first.to_string())));
        let again = shop.try_recur(&plan.to_string(), &template, plan.clone()).await;
        assert_eq!(again.at("recurringVoucherCreate.replayed"), true);
        assert_eq!(again.at("recurringVoucherCreate.recurringVoucher.id"), &made["id"]);

        let config = (*app.app.config).clone();
        let other = App::open(config, Purpose::Work, app.clock.clone()).await.unwrap();
        let runners = [app.app.runner(), other.runner()];
        // What is missed is made up for although nobody opens the tenant; worker and caller at once.
        let due = days(app, first);
        work_until(&runners[0], async || shop.count().await > 0).await;
        join_all((0..20).map(|turn| runners[turn % 2].turn())).await;
        join_all((0..4).map(|_| shop.run(&made))).await;
        let runs = shop.runs().await;
        assert_eq!(words(&runs, "dueOn"), due);
        assert!(runs.iter().all(|run| run["state"] == "POSTED"), "{runs:?}");
        assert!(runs.iter().all(|run| run["voucher"]["date"] == run["dueOn"]), "{runs:?}");
        assert!(runs.iter().all(|run| run["voucher"]["createdBy"]["name"] == "Meera Shah"));
        assert_eq!(shop.count().await, i64::try_from(due.len()).unwrap());

        // Many at once, on both nodes, for the dates of another one.
        let second = shop.recur(&template, json!({ "unit": "DAY", "firstOn": first.to_string(),
            "times": 50 })).await;
        let turns = join_all((0..20).map(|turn| runners[turn % 2].turn()));
        let calls = join_all((0..6).map(|_| shop.run(&second)));
        tokio::join!(turns, calls);
        assert_eq!(shop.count().await, i64::try_from(due.len() * 2).unwrap());
        let left = shop.run(&second).await;
        assert_eq!(left.at("recurringVoucherRun.runs"), &json!([]));
        let tomorrow = today(app) + Days::new(1);
        let next = left.at("recurringVoucherRun.recurringVoucher.nextOn");
        assert_eq!(next, &json!(tomorrow.to_string()));
        // Main knows when to look again.
        let id = row_of(app, "meera").await.id;
        work_until(&runners[1], async || {
            use daybook_entity::main::work::tenant_due;
            use sea_orm::EntityTrait;
            let row = tenant_due::Entity::find_by_id(id).one(app.app.office.main.writer()).await;
            let due_at = row.unwrap().and_then(|row| row.due_at);
            due_at == Some(daybook::clock::day_begins("Asia/Kolkata", tomorrow))
        })
        .await;
        other.close().await;
    }

    async fn a_worker_that_dies_leaves_nothing_undone_or_done_twice(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let template = shop.template("Rent").await;
        let first = shop.back(app, 3);
        let due = days(app, first);
        let runner = app.app.runner();
        for (turn, point) in ["planned", "made"].into_iter().enumerate() {
            let plan = json!({ "unit": "DAY", "firstOn": first.to_string(), "times": 40 + turn });
            shop.recur(&template, plan).await;
            let before = shop.count().await;
            // It dies before it stores anything, or before it says that it is done.
            for _ in 0..100 {
                arm(point, Fault::Stop, runner.turn()).await.unwrap();
                let jobs = "SELECT COUNT(*) FROM jobs WHERE kind = 'RECURRING_VOUCHERS' \
                            AND state = 'LEASED'";
                if main_number(app, jobs).await > 0 {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            let made = if point == "made" { due.len() } else { 0 };
            assert_eq!(shop.count().await - before, i64::try_from(made).unwrap());
            // When its claim has run out, another takes it over and finds what is left.
            let whole = before + i64::try_from(due.len()).unwrap();
            let is_done = async || {
                let jobs = "SELECT COUNT(*) FROM jobs WHERE kind = 'RECURRING_VOUCHERS' \
                            AND state = 'DONE'";
                main_number(app, jobs).await == 1
            };
            work_until(&runner, is_done).await;
            assert_eq!(shop.count().await, whole, "{point}");
        }
        let doubled = sql_number(app, "meera", "SELECT COUNT(*) FROM (SELECT 1 AS one FROM \
            recurring_runs GROUP BY recurring_id, due_on HAVING COUNT(*) > 1) q").await;
        assert_eq!(doubled, 0);
    }

    async fn a_refused_date_is_kept_and_keeps_no_other_back(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let template = shop.template("Rent").await;
        let first = shop.back(app, 3);
        lock(&shop, "periodLockSet", json!({ "lockedThrough": first.to_string() })).await;
        let plan = json!({ "unit": "DAY", "firstOn": first.to_string() });
        let made = shop.recur(&template, plan).await;
        let done = shop.run(&made).await;
        let runs = done.at("recurringVoucherRun.runs").as_array().unwrap().clone();
        assert_eq!(words(&runs, "dueOn"), days(app, first));
        let failed = &runs[0];
        assert_eq!(failed["state"], "FAILED", "{}", done.body);
        assert_eq!(failed["errors"][0]["code"], "PERIOD_LOCKED");
        assert_eq!(failed["errors"][0]["field"], json!(["input", "date"]));
        assert!(runs[1..].iter().all(|run| run["state"] == "POSTED"), "{}", done.body);
        let missing = json!({ "id": missing_like(failed["id"].as_str().unwrap()) });
        let unknown = shop.retry("0", &missing).await;
        assert_eq!(unknown.refusals("recurringRunRetry"), ["NOT_FOUND input.runId"]);
        let still = shop.retry("1", failed).await;
        assert_eq!(still.refusals("recurringRunRetry"), ["PERIOD_LOCKED input.date"]);

        lock(&shop, "periodLockLift", json!({})).await;
        let ask = "{ recurringRuns(filter: { state: [FAILED] }) { totalCount nodes { id } } }";
        assert_eq!(shop.client.query(ask).await.at("recurringRuns.totalCount"), 1);
        let mended = shop.retry("1", failed).await;
        assert_eq!(mended.text("recurringRunRetry.run.state"), "POSTED", "{}", mended.body);
        assert_eq!(mended.at("recurringRunRetry.run.voucher.date"), &failed["dueOn"]);
        let replayed = shop.retry("1", failed).await;
        assert_eq!(replayed.at("recurringRunRetry.replayed"), true);
        let done = shop.retry("2", failed).await;
        assert_eq!(done.refusals("recurringRunRetry"), ["ALREADY_DONE input.runId"]);
        assert_eq!(shop.count().await, i64::try_from(runs.len()).unwrap());
        assert_eq!(shop.client.query(ask).await.at("recurringRuns.totalCount"), 0);
    }

    async fn rules_pauses_and_what_is_missed(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let template = shop.template("Rent").await;
        let year = today(app).year() + 1;
        let plan = json!({ "unit": "MONTH", "firstOn": format!("{year}-01-31"), "times": 3 });
        let made = shop.recur(&template, plan).await;
        let february = NaiveDate::from_ymd_opt(year, 3, 1).unwrap().pred_opt().unwrap();
        let dates = json!([format!("{year}-01-31"), february.to_string(), format!("{year}-03-31")]);
        assert_eq!(made["nextDates"], dates);
        assert_eq!(shop.run(&made).await.at("recurringVoucherRun.runs"), &json!([]));
        let bad = json!({ "unit": "WEEK", "firstOn": "1999-01-01", "every": 0, "dayOfMonth": 1 });
        let refused = shop.try_recur("bad", &template, bad).await;
        assert_eq!(refused.refusals("recurringVoucherCreate"), ["INVALID input.firstOn"]);
        let bad = json!({ "unit": "WEEK", "firstOn": today(app).to_string(), "dayOfMonth": 1 });
        let refused = shop.try_recur("bad", &template, bad).await;
        assert_eq!(refused.refusals("recurringVoucherCreate"), ["INVALID input.dayOfMonth"]);

        let first = shop.back(app, 3);
        let missed = days(app, first).len() - 1;
        let daily = |catch_up: &str| {
            json!({ "unit": "DAY", "firstOn": first.to_string(), "catchUp": catch_up })
        };
        for catch_up in ["LATEST", "SKIP"] {
            let made = shop.recur(&template, daily(catch_up)).await;
            let done = shop.run(&made).await;
            let runs = done.at("recurringVoucherRun.runs").as_array().unwrap();
            assert_eq!(words(runs, "dueOn"), [today(app).to_string()], "{catch_up}");
            assert_eq!(runs[0]["leftOut"], missed, "{catch_up}");
            let dealt_with = done.at("recurringVoucherRun.recurringVoucher.dealtWith");
            assert_eq!(dealt_with, &json!(missed + 1));
        }

        let made = shop.recur(&template, daily("ALL")).await;
        let paused = shop.steer("recurringVoucherPause", &made).await;
        assert_eq!(paused.text("recurringVoucherPause.recurringVoucher.state"), "PAUSED");
        let refused = shop.run(&made).await;
        let not_now = ["NOT_ALLOWED input.recurringVoucherId"];
        assert_eq!(refused.refusals("recurringVoucherRun"), not_now);
        let runner = app.app.runner();
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        runner.turn().await.unwrap();
        assert_eq!(shop.count().await, 2);
        shop.steer("recurringVoucherResume", &made).await;
        let done = shop.run(&made).await;
        let runs = done.at("recurringVoucherRun.runs").as_array().unwrap();
        assert_eq!(words(runs, "dueOn"), [today(app).to_string()]);

        // A change takes it over, and what was dealt with does not come again.
        let other = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", Value::Null).await);
        let update = format!("mutation($id: ID!, $input: RecurringVoucherUpdateInput!) {{
            recurringVoucherUpdate(id: $id, input: $input) {{
                recurringVoucher {{ {RECURRING} }} {ERRORS} }} }}");
        let input = json!({ "expectedVersion": 1, "every": 7 });
        let stale = other.client.ask(&update, json!({ "id": made["id"], "input": input })).await;
        let refused = stale.refusals("recurringVoucherUpdate");
        assert_eq!(refused, ["STALE input.expectedVersion"]);
        let input = json!({ "unit": "WEEK", "every": 1 });
        let changed = other.client.ask(&update, json!({ "id": made["id"], "input": input })).await;
        let changed = changed.at("recurringVoucherUpdate.recurringVoucher");
        assert_eq!(changed["owner"]["name"], "Somebody");
        assert_eq!(changed["nextOn"], (first + Days::new(7)).to_string());
        let ended = shop.steer("recurringVoucherEnd", &made).await;
        assert_eq!(ended.text("recurringVoucherEnd.recurringVoucher.state"), "ENDED");
        let refused = shop.steer("recurringVoucherResume", &made).await;
        assert_eq!(refused.refusals("recurringVoucherResume"), not_now);
        assert_eq!(shop.count().await, 3);
    }

    async fn who_may_not_post_leaves_a_draft(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let staff = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", Value::Null).await);
        let clerk = shop.seen_by(invited(app, &shop.client, "STAFF", Value::Null).await);
        let template = staff.template("Rent").await;
        let once = json!({ "unit": "DAY", "firstOn": today(app).to_string(), "times": 1 });
        let plain = shop.recur(&template, once.clone()).await;
        let mut theirs = once.clone();
        theirs["catchUp"] = json!("ALL");
        let waiting = staff.recur(&template, theirs).await;
        let mut kept = once.clone();
        kept["makes"] = json!("DRAFT");
        let kept = shop.recur(&template, kept).await;

        // What others keep, a role that sees only its own does not see.
        let own = clerk.client.query("{ recurringVouchers { totalCount } recurringRuns { totalCount }
            voucherTemplates { totalCount } }").await;
        assert!(own.body["data"].as_object().unwrap().values().all(|one| one["totalCount"] == 0));
        let refused = clerk.run(&plain).await;
        let unknown = ["NOT_FOUND input.recurringVoucherId"];
        assert_eq!(refused.refusals("recurringVoucherRun"), unknown);
        let refused = clerk.try_recur("x", &template, once).await;
        assert_eq!(refused.refusals("recurringVoucherCreate"), ["NOT_FOUND input.templateId"]);

        let run = async |recurring: &Value| {
            let done = shop.run(recurring).await;
            assert!(done.refusals("recurringVoucherRun").is_empty(), "{}", done.body);
            assert_eq!(done.at("recurringVoucherRun.recurringVoucher.state"), "ENDED");
            done.at("recurringVoucherRun.runs.0").clone()
        };
        let draft = run(&kept).await;
        assert_eq!((&draft["state"], &draft["draftReason"]), (&json!("DRAFTED"), &Value::Null));
        assert_eq!(draft["draft"]["status"], "OPEN");
        let businesses = shop.client.query("{ businesses { nodes { id } } }").await;
        let approval = "mutation($id: ID!) { businessUpdate(id: $id,
            input: { approvalRequired: true }) { userErrors { code field message } } }";
        let id = businesses.text("businesses.nodes.0.id");
        shop.client.ask(approval, json!({ "id": id })).await;
        let draft = run(&plain).await;
        assert_eq!((&draft["state"], &draft["draftReason"]), (&json!("DRAFTED"), &json!("APPROVAL")));
        assert_eq!(draft["draft"]["status"], "SUBMITTED");
        assert_eq!(draft["draft"]["createdBy"]["name"], "Meera Shah");
        // Neither its owner approves it nor who wrote the template.
        for (key, who) in [("1", &shop), ("2", &staff)] {
            let input = json!({ "idempotencyKey": key, "draftId": draft["draft"]["id"],
                "expectedVersion": 1 });
            let refused =
                who.call("voucherDraftApprove", "VoucherDraftApproveInput", "replayed", input).await;
            assert_eq!(refused.refusals("voucherDraftApprove"), ["SELF_APPROVAL input.draftId"]);
        }
        let users = shop.client.query("{ users(first: 10) { nodes { id role } } }").await;
        let users = users.at("users.nodes").as_array().unwrap().clone();
        let accountant = users.iter().find(|one| one["role"] == "ACCOUNTANT").unwrap();
        let disable = "mutation($id: ID!) { userDisable(id: $id) { userErrors { code } } }";
        let done = shop.client.ask(disable, json!({ "id": accountant["id"] })).await;
        assert_eq!(done.code(), "", "{}", done.body);
        let draft = run(&waiting).await;
        assert_eq!((&draft["state"], &draft["draftReason"]), (&json!("DRAFTED"), &json!("OWNER")));
        assert_eq!(draft["draft"]["createdBy"]["name"], "Somebody");
        assert_eq!(shop.count().await, 0);
    }

    async fn templates_are_kept_and_used(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let ravi = Shop::open(app, "ravi").await;
        let rent = shop.template("Rent").await;
        assert_eq!(rent["problems"], json!([]));
        let taken = shop.try_template(json!({ "name": " RENT " })).await;
        assert_eq!(taken.refusals("voucherTemplateSave"), ["TAKEN input.name"]);
        let part = shop.try_template(json!({ "name": "Salaries" })).await;
        let part = part.at("voucherTemplateSave.template");
        assert_eq!(part["problems"][0]["field"], json!(["template", "voucherTypeId"]));
        let foreign = ravi.try_template(json!({ "name": "Rent", "id": rent["id"],
            "expectedVersion": 1 })).await;
        assert_eq!(foreign.refusals("voucherTemplateSave"), ["NOT_FOUND input.id"]);

        let day = shop.day(5);
        let make = async |key: &str, more: Value| {
            let mut input = json!({ "idempotencyKey": key, "templateId": rent["id"], "date": day });
            for (name, value) in more.as_object().unwrap() {
                input[name] = value.clone();
            }
            let shown = "voucher { date narration total { amount } } draft { id status date }
                replayed dryRun";
            shop.call("voucherFromTemplate", "VoucherFromTemplateInput", shown, input).await
        };
        let tried = make("1", json!({ "dryRun": true })).await;
        assert_eq!(tried.at("voucherFromTemplate.voucher.total.amount"), "500.00");
        assert_eq!(shop.count().await, 0);
        let posted = make("1", json!({ "narration": "of May" })).await;
        assert_eq!(posted.at("voucherFromTemplate.voucher.narration"), "of May", "{}", posted.body);
        assert_eq!(posted.at("voucherFromTemplate.voucher.date"), &json!(day));
        let again = make("1", json!({ "narration": "of May" })).await;
        assert_eq!(again.at("voucherFromTemplate.replayed"), true);
        assert_eq!(make("1", json!({})).await.code(), "CONFLICT");
        let draft = make("2", json!({ "makes": "DRAFT" })).await;
        assert_eq!(draft.at("voucherFromTemplate.draft.status"), "OPEN", "{}", draft.body);
        let again = make("2", json!({ "makes": "DRAFT" })).await;
        assert_eq!(again.at("voucherFromTemplate.replayed"), true);
        assert_eq!(again.at("voucherFromTemplate.draft"), draft.at("voucherFromTemplate.draft"));
        assert_eq!(shop.count().await, 1);

        let plan = json!({ "unit": "YEAR", "firstOn": today(app).to_string(), "makes": "DRAFT" });
        let recurring = shop.recur(&rent, plan).await;
        let delete = async || {
            let input = json!({ "templateId": rent["id"] });
            let kind = "VoucherTemplateDeleteInput";
            shop.call("voucherTemplateDelete", kind, "deletedTemplateId", input).await
        };
        assert_eq!(delete().await.refusals("voucherTemplateDelete"), ["IN_USE input.templateId"]);
        shop.steer("recurringVoucherEnd", &recurring).await;
        assert_eq!(delete().await.at("voucherTemplateDelete.deletedTemplateId"), &rent["id"]);
        let left = shop.client.query("{ voucherTemplates { nodes { name } }
            recurringVouchers { nodes { template { name } } } }").await;
        assert_eq!(left.at("voucherTemplates.nodes"), &json!([{ "name": "Salaries" }]));
        assert_eq!(left.at("recurringVouchers.nodes.0.template.name"), "Rent");
        shop.template("Rent").await;
    }
}

/// Sets or lifts a lock of everything.
async fn lock(shop: &Shop, field: &str, more: Value) {
    let mut input = more;
    input["idempotencyKey"] = json!(field);
    input["area"] = json!("ALL");
    input["reason"] = json!("the month is done");
    let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let done = shop.call(field, &kind, "replayed", input).await;
    assert!(done.refusals(field).is_empty(), "{}", done.body);
}

/// The one number that a query of main answers.
async fn main_number(app: &TestApp, query: &str) -> i64 {
    use sea_orm::{ConnectionTrait, Statement};
    let main = app.app.office.main.writer();
    let ask = Statement::from_string(main.get_database_backend(), query.to_owned());
    main.query_one_raw(ask).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}
