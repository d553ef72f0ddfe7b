//! A fleet in which one tenant is broken.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use daybook_entity::tenant::lane::lane;

use super::*;
use crate::{
    office::Rules,
    services::platform::site::{Site, engines, meera, register},
};

const OLDER: &str = "m20261121_000005_vouchers";

/// Takes a tenant one migration back, as an older release had left it.
async fn set_back(site: &Site, row: &tenant_master::Model) {
    let db = template::open(&site.server().await.database(&row.database_name)).await.unwrap();
    TenantMigrator::down(&db, Some(1)).await.unwrap();
    db.close().await.unwrap();
    let mut row = row.clone().into_active_model();
    row.schema_version = Set(Some(OLDER.to_owned()));
    tenant_master::Entity::update(row).exec(site.office.master.writer()).await.unwrap();
}

async fn break_it(site: &Site, row: &tenant_master::Model, sql: [&str; 2]) {
    let db = template::open(&site.server().await.database(&row.database_name)).await.unwrap();
    for sql in sql {
        db.execute_unprepared(sql).await.unwrap();
    }
    db.close().await.unwrap();
}

#[tokio::test]
async fn the_others_go_on_and_a_second_run_finishes() {
    for engine in engines().await {
        let rules = Rules { separate_users: true, ..Rules::default() };
        let site = Site::open(engine, rules).await;
        for name in ["one", "two", "three", "four"] {
            register(&site, meera(name)).await.unwrap();
        }
        for row in site.tenants().await {
            set_back(&site, &row).await;
        }
        let broken = site.tenants().await.into_iter().find(|row| row.subdomain == "one").unwrap();
        break_it(
            &site,
            &broken,
            ["CREATE TABLE hidden (x INT)", "ALTER TABLE lane RENAME TO lain"],
        )
        .await;

        let dry = FleetOptions { dry_run: true, ..FleetOptions::default() };
        let looked = migrate(&site.office, dry, &|_, _, _| {}).await.unwrap();
        assert_eq!(looked.tenants.len(), 4);
        assert!(looked.tenants.iter().all(|one| one.outcome == Outcome::WouldMigrate));

        let (heard, last) = (AtomicUsize::new(0), Mutex::new((0, 0)));
        let progress = |_: &TenantOutcome, done: usize, total: usize| {
            heard.fetch_add(1, Ordering::Relaxed);
            *last.lock().unwrap() = (done, total);
        };
        let report = migrate(&site.office, FleetOptions::default(), &progress).await.unwrap();

        let failed: Vec<&str> = report
            .tenants
            .iter()
            .filter(|one| matches!(one.outcome, Outcome::Failed(_)))
            .map(|one| one.subdomain.as_str())
            .collect();
        assert_eq!((failed, report.is_success()), (vec!["one"], false), "{engine:?}");
        assert_eq!((heard.into_inner(), last.into_inner().unwrap()), (4, (4, 4)));
        for row in site.tenants().await {
            let expected = if row.subdomain == "one" {
                (MigrationState::Failed, Some(OLDER.to_owned()))
            } else {
                (MigrationState::Current, Some(newest::<TenantMigrator>()))
            };
            assert_eq!((row.migration_state, row.schema_version.clone()), expected);
            assert_eq!(row.migration_error.is_some(), row.subdomain == "one");
        }

        break_it(&site, &broken, ["DROP TABLE hidden", "ALTER TABLE lain RENAME TO lane"]).await;
        let again = migrate(&site.office, FleetOptions::default(), &|_, _, _| {}).await.unwrap();

        assert!(again.is_success(), "{again:?}");
        assert_eq!(again.tenants.len(), 1, "only what was left");
        let db =
            template::open(&site.server().await.database(&broken.database_name)).await.unwrap();
        let fence = lane::Entity::find_by_id(1).one(&db).await.unwrap().unwrap();
        assert!(fence.accepts_writes && fence.epoch == 2, "{engine:?}: {fence:?}");
        db.close().await.unwrap();
        let nothing = migrate(&site.office, FleetOptions::default(), &|_, _, _| {}).await.unwrap();
        assert!(nothing.tenants.is_empty());
        site.close().await;
    }
}

#[tokio::test]
async fn a_release_that_fails_everywhere_stops_at_the_canaries() {
    let site = Site::open(Engine::Sqlite, Rules::default()).await;
    for number in 0..5 {
        register(&site, meera(&format!("shop{number}"))).await.unwrap();
    }
    for row in site.tenants().await {
        set_back(&site, &row).await;
        site.server().await.drop_database(&row.database_name).await.unwrap();
    }
    let report = migrate(&site.office, FleetOptions::default(), &|_, _, _| {}).await.unwrap();
    assert_eq!((report.tenants.len(), report.skipped), (3, 2));
    site.close().await;
}

#[tokio::test]
async fn a_tenant_of_a_newer_release_is_left_alone() {
    let site = Site::open(Engine::Sqlite, Rules::default()).await;
    register(&site, meera("ahead")).await.unwrap();
    let mut row = site.tenants().await.remove(0).into_active_model();
    row.schema_version = Set(Some("m29990101_000001_future".to_owned()));
    tenant_master::Entity::update(row).exec(site.office.master.writer()).await.unwrap();
    let report = migrate(&site.office, FleetOptions::default(), &|_, _, _| {}).await.unwrap();
    assert_eq!(report.tenants[0].outcome, Outcome::Ahead);
    assert!(!report.is_success());
    site.close().await;
}
