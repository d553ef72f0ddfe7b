//! Tenants are brought to a release while they are in use: nothing that was acknowledged is lost.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use daybook::services::platform::{
    fault::{self, Fault},
    fleet::{self, FleetOptions, FleetReport, Outcome},
    verify,
};
use daybook_entity::master::tenant::{MigrationState, tenant_master};
use daybook_migration::{TenantMigrator, newest};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use crate::{
    app::{TestApp, run_on},
    books::Shop,
    engine::Engine,
    hand::{connection, row_of, run_sql, sql_number},
};

/// Makes a tenant look as if the newest migration had not run on it. Its row keeps the version, so this
/// program plays the older release too: it serves the tenant until the migration begins.
async fn set_back(app: &TestApp, subdomain: &str) {
    let row = row_of(app, subdomain).await;
    let forget = format!("DELETE FROM seaql_migrations WHERE {}", is_newest());
    run_sql(app, subdomain, &[&forget]).await;
    let txn = app.app.office.master.begin().await.unwrap();
    let mut row = row.into_active_model();
    row.migration_state = Set(MigrationState::Behind);
    row.changed_in = Set(daybook::tenancy::touch(&txn).await.unwrap());
    row.update(txn.conn()).await.unwrap();
    txn.commit().await.unwrap();
    app.app.tenancy.poke().await;
}

/// Which row of the list of migrations is the newest's.
fn is_newest() -> String {
    format!("version = '{}'", newest::<TenantMigrator>())
}

async fn migrate(app: &TestApp) -> FleetReport {
    let report = fleet::migrate(&app.app.office, FleetOptions::default(), &|_, _, _| {}).await;
    app.app.tenancy.poke().await;
    report.unwrap()
}

/// Posts until it is told to stop; the numbers that were acknowledged.
async fn keep_posting(shop: &Shop, stop: &AtomicBool) -> Vec<String> {
    let mut numbers = Vec::new();
    for key in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let input = shop.voucher(&format!("k{key}"), "PMT", "Rent", "Cash", "1.25");
        let answer = shop.post(&input).await;
        match answer.code() {
            "" => numbers.push(answer.text("voucherPost.voucher.number")),
            "UNAVAILABLE" | "TENANT_UPGRADING" => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            _ => panic!("{}", answer.body),
        }
    }
    numbers
}

async fn well(app: &TestApp, subdomain: &str) -> verify::Report {
    let id = row_of(app, subdomain).await.id;
    let lease = app.app.tenancy.lease(id).await.unwrap();
    let report = verify::verify(&app.app.office, &lease).await.unwrap();
    assert_eq!(report.difference, None, "{report:?}");
    report
}

on_every_engine! {
    async fn what_is_acknowledged_while_a_tenant_is_migrated_stays(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        set_back(app, "meera").await;
        let stop = AtomicBool::new(false);
        let work = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let report = migrate(app).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            stop.store(true, Ordering::Relaxed);
            report
        };
        let (numbers, report) = tokio::join!(keep_posting(&shop, &stop), work);
        assert!(report.is_success(), "{report:?}");
        assert_eq!(report.tenants.len(), 1);
        let row = row_of(app, "meera").await;
        assert_eq!((row.migration_state, row.migration_error), (MigrationState::Current, None));

        let found = sql_number(app, "meera", "SELECT COUNT(*) FROM vouchers").await;
        let acknowledged = i64::try_from(numbers.len()).unwrap();
        assert_eq!(found, acknowledged, "no more and no fewer than were acknowledged");
        for number in [numbers.first().unwrap(), numbers.last().unwrap()] {
            let ask = format!("SELECT COUNT(*) FROM vouchers WHERE number = '{number}'");
            assert_eq!(sql_number(app, "meera", &ask).await, 1);
        }
        assert_eq!(well(app, "meera").await.vouchers, acknowledged);
        assert!(migrate(app).await.tenants.is_empty(), "nothing is left to do");
    }
}

/// Files of the tenants' folder that belong to one database, without the lock file.
fn files_of(app: &TestApp, row: &tenant_master::Model) -> Vec<String> {
    let folder = app.app.config.data.folder.join("tenants");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(&row.database_name) && !name.ends_with(".lock"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_crash_at_any_step_leaves_one_whole_file_and_the_next_run_ends_it() {
    run_on(Engine::Sqlite, &[], |app| {
        Box::pin(async move {
            let shop = Shop::open(app, "meera").await;
            for (count, step) in
                (1..).zip(["closed", "marked", "folded", "copied", "migrated", "renamed"])
            {
                shop.number(&shop.voucher(step, "PMT", "Rent", "Cash", "10")).await;
                set_back(app, "meera").await;
                let died = fault::arm(step, Fault::Stop, migrate(app)).await;
                assert!(matches!(died.tenants[0].outcome, Outcome::Failed(_)), "{step}: {died:?}");

                // Whatever is there is a whole database with every voucher; a copy is not yet it.
                let sums = "SELECT SUM(effect * debit) FROM voucher_ledger_entries";
                assert_eq!(sql_number(app, "meera", sums).await, count * 1_000, "{step}");
                let applied =
                    format!("SELECT COUNT(*) FROM seaql_migrations WHERE {}", is_newest());
                let is_new = sql_number(app, "meera", &applied).await == 1;
                assert_eq!(is_new, step == "renamed", "{step}");
                let answer = shop.post(&shop.voucher("no", "PMT", "Rent", "Cash", "10")).await;
                assert!(
                    ["UNAVAILABLE", "TENANT_UPGRADING"].contains(&answer.code()),
                    "{step}: {}",
                    answer.body
                );

                assert!(migrate(app).await.is_success(), "{step}");
                let row = row_of(app, "meera").await;
                assert_eq!(
                    files_of(app, &row),
                    [format!("{}.sqlite", row.database_name)],
                    "{step}"
                );
                assert_eq!(well(app, "meera").await.vouchers, count, "{step}");
            }
        })
    });
}

#[test]
fn a_failure_leaves_the_tenant_as_it_was() {
    run_on(Engine::Sqlite, &[], |app| {
        Box::pin(async move {
            let shop = Shop::open(app, "meera").await;
            for step in ["marked", "folded", "copied", "migrated"] {
                set_back(app, "meera").await;
                let failed = fault::arm(step, Fault::Fail, migrate(app)).await;
                assert!(matches!(failed.tenants[0].outcome, Outcome::Failed(_)), "{step}");
                let row = row_of(app, "meera").await;
                assert_eq!(row.migration_state, MigrationState::Failed, "{step}");
                assert!(row.migration_error.is_some());
                assert!(!files_of(app, &row).iter().any(|name| name.ends_with(".making")));
                // The release whose tables it has goes on serving it.
                shop.number(&shop.voucher(step, "PMT", "Rent", "Cash", "10")).await;
            }
            assert!(migrate(app).await.is_success());
            assert_eq!(well(app, "meera").await.vouchers, 4);
        })
    });
}

#[test]
fn a_tenant_that_is_held_for_too_long_is_left_alone_and_goes_on() {
    run_on(Engine::Sqlite, &[("tenants.swap_wait_ms", "700")], |app| {
        Box::pin(async move {
            let shop = Shop::open(app, "meera").await;
            let acknowledged = shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "10")).await;
            set_back(app, "meera").await;
            let id = row_of(app, "meera").await.id;
            let held = app.app.tenancy.lease(id).await.unwrap();

            let before = std::time::Instant::now();
            let report = migrate(app).await;
            assert!(before.elapsed() >= Duration::from_millis(700));
            match &report.tenants[0].outcome {
                Outcome::Failed(why) => assert!(why.contains("in use"), "{why}"),
                other => panic!("{other:?}"),
            }
            let row = row_of(app, "meera").await;
            assert_eq!(row.migration_state, MigrationState::Failed);
            assert!(!files_of(app, &row).iter().any(|name| name.ends_with(".making")));

            drop(held);
            let next = shop.number(&shop.voucher("2", "PMT", "Rent", "Cash", "10")).await;
            assert_ne!(acknowledged, next);
            assert_eq!(shop.count().await, 2);
            assert!(migrate(app).await.is_success());
            assert_eq!(well(app, "meera").await.vouchers, 2);
        })
    });
}

#[test]
fn what_a_killed_process_left_in_its_journal_is_in_the_new_file() {
    run_on(Engine::Sqlite, &[], |app| {
        Box::pin(async move {
            let shop = Shop::open(app, "meera").await;
            set_back(app, "meera").await;
            shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "10")).await;
            let row = row_of(app, "meera").await;
            // A copy of the files while they are open is what a power cut leaves.
            let folder = app.app.config.data.folder.join("tenants");
            let names = files_of(app, &row);
            assert!(names.iter().any(|name| name.ends_with("-wal")), "{names:?}");
            let kept: Vec<(String, Vec<u8>)> = names
                .into_iter()
                .filter(|name| !name.ends_with("-shm"))
                .map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap()))
                .collect();
            app.app.tenancy.evict(row.id).await;
            for (name, bytes) in kept {
                std::fs::write(folder.join(name), bytes).unwrap();
            }

            assert!(migrate(app).await.is_success());
            assert_eq!(files_of(app, &row), [format!("{}.sqlite", row.database_name)]);
            assert_eq!(shop.count().await, 1);
            assert_eq!(well(app, "meera").await.vouchers, 1);
            drop(connection(app, "meera").await);
        })
    });
}
