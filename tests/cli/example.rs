//! The example, loaded twice, and what its books say.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use daybook::{
    app::{App, Purpose},
    auth::access,
    clock::Clock,
    config::{Config, Sources, secrets},
    scope::{RequestInfo, TenantScope},
    services::{
        books::{
            chart::{self, Asked},
            groups::{self, GroupRef},
        },
        reports::{
            question::{Comparatives, Question, Whose},
            trial_balance::trial_balance,
        },
    },
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, QueryResult, Statement};
use serde_json::json;

use super::{
    place::{PASSWORD, Place},
    serving::Serving,
};

#[test]
fn the_example_is_loaded_once_however_often_it_is_asked_for() {
    let place = Place::new();
    let first = place.run(&["demo", "--password", PASSWORD]).ok();
    assert_eq!(first.out.matches(PASSWORD).count(), 3, "{}", first.out);
    let stored = count(&place, "vouchers");
    forget_retry_keys(&place);
    let second = place.run(&["demo"]).ok();
    assert!(!second.out.contains(PASSWORD));
    assert_eq!(count(&place, "vouchers"), stored);
    let counts = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| Some(line.rsplit_once('(')?.1.to_owned())).collect()
    };
    assert_eq!(counts(&first.out), counts(&second.out));
    assert_eq!(place.run(&["tenant", "list"]).ok().out.lines().count(), 3);
    place.run(&["doctor"]).ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(look_into(place.path()));
}

/// Runs a statement on each tenant's database, past the program.
fn on_tenants(place: &Place, sql: &str) -> Vec<QueryResult> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = place.path().join("data").join("tenants");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut rows = Vec::new();
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "sqlite")) {
        rows.extend(runtime.block_on(async {
            let options = ConnectOptions::new(format!("sqlite://{}", file.display()));
            #[expect(clippy::disallowed_methods, reason = "not the program's own connection")]
            let connection = Database::connect(options).await.unwrap();
            let ask = Statement::from_string(connection.get_database_backend(), sql);
            let rows = connection.query_all_raw(ask).await.unwrap();
            connection.close().await.unwrap();
            rows
        }));
    }
    rows
}

/// Rows of a table, in all tenants together.
fn count(place: &Place, table: &str) -> i64 {
    let rows = on_tenants(place, &format!("SELECT COUNT(*) FROM {table}"));
    rows.iter().map(|row| row.try_get_by_index::<i64>(0).unwrap()).sum()
}

/// As it will be once they are old.
fn forget_retry_keys(place: &Place) {
    on_tenants(place, "DELETE FROM idempotency_keys");
}

/// Vouchers that were told of, in all tenants together.
fn vouchers_told(told: &str) -> i64 {
    let counts =
        told.lines().filter_map(|line| line.rsplit_once('(')?.1.strip_suffix(" vouchers)"));
    counts.map(|count| count.parse::<i64>().unwrap()).sum()
}

/// The passwords that were printed, one for each tenant.
fn passwords(told: &str) -> Vec<(String, String, String)> {
    let word = |line: &str, before: &str| {
        let rest = line.split_once(before)?.1;
        rest.split([',', ' ']).next().map(str::to_owned)
    };
    let lines = told.lines().filter_map(|line| {
        Some((word(line, "subdomain ")?, word(line, "e-mail ")?, word(line, "password ")?))
    });
    lines.filter(|(subdomain, ..)| subdomain.contains('-')).collect()
}

/// Runs until it says this, and is killed there.
fn killed_at(place: &Place, words: &str) {
    let mut child = place.daybook(&["demo"]).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_there = lines.map_while(Result::ok).any(|line| line.contains(words));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_there, "it never said {words}");
}

#[test]
fn a_stopped_run_goes_on_with_passwords_that_are_shown_at_the_end() {
    let place = Place::new();
    let kept = place.path().join("data").join("demo.toml");
    killed_at(&place, "Baraka");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let other = place.run(&["demo", "--password", PASSWORD]).fails();
    assert!(other.err.contains("its password counts"), "{}", other.err);
    forget_retry_keys(&place);
    let done = place.run(&["demo"]).ok();
    assert!(!kept.exists());
    let passwords = passwords(&done.out);
    assert_eq!(passwords.len(), 3, "{}", done.out);
    let openings =
        "vouchers JOIN voucher_versions w ON w.voucher_id = vouchers.id AND w.kind = 'OPENING'";
    assert_eq!(count(&place, "vouchers") - count(&place, openings), vouchers_told(&done.out));

    // Later starts that seed have nothing to tell, and touch nothing of what its people have changed.
    for (table, name) in [("ledgers", "Depreciation"), ("businesses", "Vindhya Interiors")] {
        let rename = format!(
            "UPDATE {table} SET name = 'Another', name_key = 'another' WHERE name = '{name}'"
        );
        on_tenants(&place, &rename);
    }
    let tables = ["vouchers", "ledgers", "businesses", "audit_logs"];
    let before = tables.map(|table| count(&place, table));
    let serving = Serving::start(&place, &["demo.seed=true"]);
    assert!(!serving.told.contains("example is loaded"), "{}", serving.told);
    assert_eq!(tables.map(|table| count(&place, table)), before);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (subdomain, email, password) in passwords {
            let answer = serving
                .client()
                .ask(
                    "mutation($input: LoginInput!) { login(input: $input) {
                        session { accessToken } userErrors { code } } }",
                    json!({ "input": {
                        "subdomain": subdomain, "email": email, "password": password } }),
                )
                .await;
            answer.at("login.session.accessToken");
        }
    });
}

#[test]
fn a_start_that_seeds_stops_when_told_to() {
    let place = Place::new();
    let serve = ["--set", "demo.seed=true", "--set", "server.listen=127.0.0.1:0", "serve"];
    let mut child = place.daybook(&serve).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("writing the books of")));
    let begun = Instant::now();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(place.path().join("data").join("demo.toml").exists(), "the next start goes on");
}

#[test]
fn the_first_start_that_seeds_tells_the_passwords() {
    let place = Place::new();
    let serving = Serving::start(&place, &["demo.seed=true"]);
    assert_eq!(passwords(&serving.told).len(), 3, "{}", serving.told);
    assert!(!place.path().join("data").join("demo.toml").exists());
}

async fn look_into(folder: &Path) {
    let sources = Sources::default().with("data.folder", &folder.join("data").to_string_lossy());
    let mut config = Config::load(&sources).unwrap();
    secrets::ensure(&mut config).unwrap();
    let app = App::open(config, Purpose::Tool, Clock::default()).await.unwrap();
    let mut businesses = 0;
    for subdomain in ["asha-traders", "baraka-shop", "vindhya-group"] {
        let scope = owner_of(&app, subdomain).await;
        let chart = chart::chart(&scope).await.unwrap();
        for business in chart.businesses.values() {
            businesses += 1;
            let today = app.clock.today(&business.time_zone);
            let mut day = business.books_begin_on;
            while day <= today {
                let next = day + chrono::Months::new(1);
                at(&scope, business.id, next.pred_opt().unwrap().min(today)).await;
                day = next;
            }
        }
    }
    assert_eq!(businesses, 4);
    app.close().await;
}

async fn owner_of(app: &App, subdomain: &str) -> TenantScope {
    let route = app.tenancy.route_by_subdomain(subdomain).await.unwrap();
    let db = app.tenancy.lease(route.id).await.unwrap();
    let access = access::of_owner(&db).await.unwrap();
    let request = RequestInfo { id: "test".into(), address: None, subdomain: None };
    let (catalogue, clock) = (Arc::clone(&app.tenancy.catalogue()), app.clock.clone());
    TenantScope { db, access, catalogue, clock, request }
}

/// Both sides are equal, and no money is below zero.
async fn at(scope: &TenantScope, business: daybook_domain::id::BusinessId, day: NaiveDate) {
    let question = Question {
        whose: Whose::One(Asked::This(business)),
        from: None,
        to: Some(day),
        last_day: "asAt",
        comparatives: Comparatives::default(),
        known_at: None,
        scenario: Default::default(),
    };
    let found = trial_balance(scope, &question).await.unwrap();
    let name = &found.frame.businesses[0].name;
    let totals = found.totals[0];
    assert_eq!(totals.debit, totals.credit, "{name} at {day}");
    assert_eq!(totals.closing_debit, totals.closing_credit, "{name} at {day}");
    assert_eq!(totals.opening_debit, totals.opening_credit, "{name} at {day}");
    assert!(!totals.debit.is_zero(), "{name} at {day}");
    let chart = chart::chart(scope).await.unwrap();
    let groups = groups::groups(scope).await.unwrap();
    for (ledger, columns) in &found.rows {
        let (ledger, columns) = (&chart.ledgers[ledger], columns[0]);
        let group = GroupRef::of(ledger).and_then(|group| groups.resolve(group));
        if group.is_some_and(|group| group.is_cash_or_bank) {
            assert!(columns.closing_credit.is_zero(), "{name}: {} at {day}", ledger.name);
        }
        if ledger.name == "Difference in Opening Balances" {
            let (debit, credit) = (columns.closing_debit, columns.closing_credit);
            assert!(debit.is_zero() && credit.is_zero(), "{name}: openings differ");
        }
    }
}
