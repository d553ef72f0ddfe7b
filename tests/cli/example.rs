//! The example, loaded twice, and what its books say.

use std::{path::Path, sync::Arc};

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

use super::place::{PASSWORD, Place};

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
