//! The example, loaded twice, and what its books say.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    sync::Arc,
};

use chrono::NaiveDate;
use daybook::{
    app::{App, Purpose},
    auth::access,
    clock::Clock,
    config::{Config, Sources, secrets},
    scope::{RequestInfo, TenantScope},
    services::books::{
        chart::{self, Asked},
        groups::{self, GroupRef},
        trial_balance::trial_balance,
    },
};
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
    let second = place.run(&["demo"]).ok();
    assert!(!second.out.contains(PASSWORD));
    let counts = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| Some(line.rsplit_once('(')?.1.to_owned())).collect()
    };
    assert_eq!(counts(&first.out), counts(&second.out));
    assert_eq!(place.run(&["tenant", "list"]).ok().out.lines().count(), 3);
    place.run(&["doctor"]).ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(look_into(place.path()));
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
    let done = place.run(&["demo"]).ok();
    assert!(!kept.exists());
    let passwords = passwords(&done.out);
    assert_eq!(passwords.len(), 3, "{}", done.out);

    // Later starts that seed have nothing to tell.
    let serving = Serving::start(&place, &["demo.seed=true"]);
    assert!(!serving.told.contains("example is loaded"), "{}", serving.told);
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
    let found = trial_balance(scope, Asked::This(business), Some(day)).await.unwrap();
    let name = &found.business.name;
    let totals = found.totals;
    assert_eq!(totals.debit, totals.credit, "{name} at {day}");
    assert_eq!(totals.closing_debit, totals.closing_credit, "{name} at {day}");
    assert_eq!(totals.opening_debit, totals.opening_credit, "{name} at {day}");
    assert!(!totals.debit.is_zero(), "{name} at {day}");
    let chart = chart::chart(scope).await.unwrap();
    let groups = groups::groups(scope).await.unwrap();
    for row in &found.rows {
        let ledger = &chart.ledgers[&row.ledger];
        let group = GroupRef::of(ledger).and_then(|group| groups.resolve(group));
        if group.is_some_and(|group| group.is_cash_or_bank) {
            assert!(!row.closing.is_negative(), "{name}: {} at {day}", ledger.name);
        }
        if ledger.name == "Difference in Opening Balances" {
            assert!(row.closing.is_zero(), "{name}: openings differ");
        }
    }
}
