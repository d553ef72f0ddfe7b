//! Setting up tenants on each engine, breaking it at each step, and what is left afterwards.

use std::time::Instant;

use daybook_domain::chain::{ChainHash, first_broken};
use daybook_entity::{
    main::record::admin_audit_log,
    tenant::{business::business, chart::ledger, lane::lane},
};
use sea_orm::DatabaseConnection;

use super::*;
use crate::{
    office::Rules,
    services::platform::{
        fault::{Fault, arm},
        repair::repair,
        site::{self, Site, engines, meera},
    },
};

async fn register(site: &Site, subdomain: &str) -> Result<NewAccount> {
    site::register(site, meera(subdomain)).await
}

async fn open_tenant(site: &Site, row: &tenant_master::Model) -> DatabaseConnection {
    template::open(&site.server().await.database(&row.database_name)).await.unwrap()
}

/// Nothing of any tenant is left: row, directory entry, database, role.
async fn assert_nothing_left(site: &Site, when: &str) {
    assert!(site.tenants().await.is_empty(), "{when}: a row is left");
    let entries = login_directory::Entity::find().count(site.office.master.reader()).await.unwrap();
    assert_eq!(entries, 0, "{when}: a directory entry is left");
    let server = site.server().await;
    let databases: Vec<_> = server.databases().await.unwrap();
    let left: Vec<_> =
        databases.iter().filter(|found| server.names().begun_at(&found.name).is_some()).collect();
    assert!(left.is_empty(), "{when}: {left:?}");
    assert!(server.roles().await.unwrap().is_empty(), "{when}: a role is left");
}

#[tokio::test]
async fn an_owner_can_use_the_tenant_at_once() {
    for engine in engines().await {
        let site = Site::open(engine, Rules::default()).await;

        let account = register(&site, "meera").await.unwrap();

        let rows = site.tenants().await;
        assert_eq!(rows.len(), 1, "{engine:?}");
        assert_eq!(rows[0].status, TenantStatus::Active);
        assert_eq!(rows[0].changed_in, 3, "routing was touched");
        let db = open_tenant(&site, &rows[0]).await;
        let fence = lane::Entity::find_by_id(1).one(&db).await.unwrap().unwrap();
        assert_eq!(fence.tenant_id, account.tenant);
        assert!(fence.accepts_writes && fence.chain_seq >= 3);
        let owner = user::Entity::find_by_id(account.owner).one(&db).await.unwrap().unwrap();
        assert_eq!(
            (owner.role, owner.email_key.as_str()),
            (UserRole::Owner, "meera@meera.example")
        );
        assert_eq!(business::Entity::find().count(&db).await.unwrap(), 1);
        assert!(ledger::Entity::find().count(&db).await.unwrap() > 10);
        db.close().await.unwrap();
        let log = admin_audit_log::Entity::find().all(site.office.main.reader()).await.unwrap();
        let links: Vec<_> = log
            .iter()
            .map(|row| (row.seq, row.canonical.as_str(), ChainHash::from_hex(&row.hash).unwrap()))
            .collect();
        assert_eq!((log.len(), first_broken(links)), (1, None));
        assert!(repair(&site.office, true).await.unwrap().is_clean(), "{engine:?}");
        site.close().await;
    }
}

#[tokio::test]
async fn a_failure_at_any_step_leaves_nothing() {
    for engine in engines().await {
        let rules = Rules { separate_users: true, ..Rules::default() };
        let site = Site::open(engine, rules).await;
        for step in STEPS.into_iter().filter(|step| *step != "active") {
            let failed = arm(step, Fault::Fail, register(&site, "meera")).await;
            assert!(failed.is_err(), "{engine:?} {step}");
            assert_nothing_left(&site, &format!("{engine:?} after {step}")).await;
        }
        site.close().await;
    }
}

#[tokio::test]
async fn a_crash_at_any_step_is_repaired() {
    for engine in engines().await {
        let rules = Rules { separate_users: true, ..Rules::default() };
        let site = Site::open(engine, rules).await;
        for step in STEPS.into_iter().filter(|step| *step != "active") {
            arm(step, Fault::Stop, register(&site, "meera")).await.unwrap_err();
            let early = repair(&site.office, true).await.unwrap();
            assert!(early.is_clean(), "{engine:?} {step}: its lease still runs: {early:?}");
            let Err(Error::Refused(refused)) = register(&site, "meera").await else {
                panic!("{engine:?} {step}: its claim still holds");
            };
            assert_eq!(refused[0].code, Code::SubdomainTaken);
            assert!(refused[0].message.contains("being set up"), "{}", refused[0].message);

            site.wait_out_leases();
            let report = repair(&site.office, true).await.unwrap();

            assert_eq!(report.half_made, ["meera"], "{engine:?} {step}");
            assert!(!report.needs_somebody(), "{engine:?} {step}: {report:?}");
            assert_nothing_left(&site, &format!("{engine:?} repaired after {step}")).await;
            assert!(repair(&site.office, true).await.unwrap().is_clean());
        }
        site.close().await;
    }
}

#[tokio::test]
async fn a_retry_after_a_crash_needs_no_repair() {
    for engine in engines().await {
        let site = Site::open(engine, Rules { separate_users: true, ..Rules::default() }).await;
        for step in ["row", "database", "seed", "directory"] {
            arm(step, Fault::Stop, register(&site, step)).await.unwrap_err();
            let taken = register(&site, step).await.unwrap_err();
            let Error::Refused(refusals) = taken else { panic!("{taken:?}") };
            assert_eq!(refusals[0].code, Code::SubdomainTaken);
            assert_eq!(refusals[0].field, ["input", "subdomain"]);

            site.wait_out_leases();
            register(&site, step).await.unwrap();
        }
        assert_eq!(site.tenants().await.len(), 4);
        assert!(repair(&site.office, true).await.unwrap().is_clean(), "{engine:?}");
        site.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_one_subdomain_one_gets_it() {
    let site = Site::open(Engine::Sqlite, Rules::default()).await;
    let tries: Vec<_> = (0..8)
        .map(|_| {
            create(
                Arc::clone(&site.office),
                Arc::clone(&site.catalogue),
                meera("meera"),
                Actor::system(),
            )
        })
        .map(tokio::spawn)
        .collect();
    let mut won = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(_) => won += 1,
            Err(Error::Refused(refusals)) => assert_eq!(refusals[0].code, Code::SubdomainTaken),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((won, site.tenants().await.len()), (1, 1));
    site.close().await;
}

#[tokio::test]
async fn a_database_that_somebody_used_is_never_dropped() {
    for engine in engines().await {
        let site = Site::open(engine, Rules::default()).await;
        register(&site, "used").await.unwrap();
        register(&site, "unused").await.unwrap();
        let rows = site.tenants().await;
        let used = rows.iter().find(|row| row.subdomain == "used").unwrap();
        let db = open_tenant(&site, used).await;
        let sql = "INSERT INTO audit_logs (seq, recorded_at, actor_kind, action, subject_type, \
             canonical, hash) VALUES (99, 1, 'USER', 'X', 'X', '{}', 'x')";
        db.execute_unprepared(sql).await.unwrap();
        db.close().await.unwrap();
        for sql in ["DELETE FROM login_directory", "DELETE FROM tenant_master"] {
            site.office.master.writer().execute_unprepared(sql).await.unwrap();
        }
        site.wait_out_leases();

        let report = repair(&site.office, true).await.unwrap();

        assert_eq!(report.unnamed_in_use, std::slice::from_ref(&used.database_name), "{engine:?}");
        assert_eq!(report.orphaned_databases.len(), 1);
        assert!(site.server().await.exists(&used.database_name).await.unwrap());
        site.close().await;
    }
}

#[tokio::test]
async fn wrong_input_is_told_field_by_field() {
    let site = Site::open(Engine::Sqlite, Rules::default()).await;
    let new = NewTenant {
        company_name: " ".into(),
        email: "nobody".into(),
        country: "XX".into(),
        gstin: Some("1".into()),
        ..meera("a b")
    };
    let refused = run(&site.office, Arc::clone(&site.catalogue), new, Actor::system()).await;
    let Err(Error::Refused(refusals)) = refused else { panic!("{refused:?}") };
    let fields: Vec<&str> = refusals.iter().map(|one| one.field[1].as_str()).collect();
    for field in ["companyName", "subdomain", "email", "country", "gstin"] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
    assert_nothing_left(&site, "after a refusal").await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_tenants_a_second_on_sqlite() {
    const COUNT: usize = 60;
    let site = Site::open(Engine::Sqlite, Rules::default()).await;
    register(&site, "first").await.unwrap();
    let began = Instant::now();
    for number in 0..COUNT {
        register(&site, &format!("shop{number}")).await.unwrap();
    }
    let rate = COUNT as f64 / began.elapsed().as_secs_f64();
    eprintln!("{rate:.0} tenants a second on SQLite, one after another");
    assert!(rate >= 20.0 || cfg!(debug_assertions), "{rate:.1} tenants a second");
    site.close().await;
}
