//! Routing rows: found, forgotten in time, and refused when nobody knows.

use std::{sync::Arc, time::Duration};

use daybook_domain::id::TenantId;
use daybook_entity::master::tenant::{MigrationState, TenantStatus};
use sea_orm::{ConnectionTrait, Set};

use super::house::{FILES, House, own, write};
use crate::{
    db::Target,
    error::Error,
    master,
    tenancy::{Settings, Tenancy},
};

async fn soon<T, F: Future<Output = T>>(mut ask: impl FnMut() -> F, is_so: impl Fn(&T) -> bool) {
    for _ in 0..60 {
        if is_so(&ask().await) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not become so within three seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_here_at_once_and_elsewhere_soon() {
    let house = House::build(1).await;
    let (here, there) = (house.start(house.settings()).await, house.start(house.settings()).await);
    let id = TenantId::new(1);
    for tenancy in [&here, &there] {
        let route = tenancy.route_by_subdomain("Tenant-1").await.unwrap();
        assert_eq!(route.id, id);
        drop(tenancy.lease(id).await.unwrap());
    }
    house.change(1, |row| row.status = Set(TenantStatus::Suspended)).await;
    here.poke().await;
    assert!(matches!(here.lease(id).await, Err(Error::TenantSuspended)));
    assert!(here.lease_any_status(id).await.is_ok());
    soon(|| there.lease(id), |found| matches!(found, Err(Error::TenantSuspended))).await;

    house.change(1, |row| row.status = Set(TenantStatus::Closed)).await;
    here.poke().await;
    assert!(matches!(here.lease(id).await, Err(Error::TenantNotFound)));
    house
        .change(1, |row| {
            row.status = Set(TenantStatus::Active);
            row.migration_state = Set(MigrationState::Swapping);
        })
        .await;
    here.poke().await;
    assert!(matches!(here.lease(id).await, Err(Error::TenantUpgrading)));
    assert!(matches!(here.lease_any_status(id).await, Err(Error::TenantUpgrading)));
    soon(|| async { there.stats().open }, |open| *open == 0).await;
    house
        .change(1, |row| {
            row.migration_state = Set(MigrationState::Current);
            row.schema_version = Set(Some("m20200101_000001_old".into()));
        })
        .await;
    here.poke().await;
    assert!(matches!(here.lease(id).await, Err(Error::TenantUpgrading)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_becomes_known_and_a_new_catalogue_is_read() {
    let house = House::build(1).await;
    let tenancy = house.start(house.settings()).await;
    let unknown = tenancy.route_by_subdomain("tenant-2").await;
    assert!(matches!(unknown, Err(Error::TenantNotFound)));
    assert!(matches!(tenancy.lease(TenantId::new(2)).await, Err(Error::TenantNotFound)));
    house.add_tenant(2, FILES).await;
    tenancy.poke().await;
    assert!(tenancy.route_by_subdomain("tenant-2").await.is_ok());

    let before = tenancy.catalogue().version;
    let txn = house.master.begin().await.unwrap();
    assert_eq!(master::cache::touch(&txn).await.unwrap(), before + 1);
    txn.commit().await.unwrap();
    soon(|| async { tenancy.catalogue().version }, |version| *version == before + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_master_requests_are_refused_and_recover() {
    let house = House::build(1).await;
    let settings = Settings {
        stale_after: Duration::from_millis(400),
        poll_every: Duration::from_millis(50),
        ..house.settings()
    };
    let tenancy = house.start(settings).await;
    let lease = tenancy.lease(TenantId::new(1)).await.unwrap();
    write(&lease).await.unwrap();
    let rename = async |from: &str, to: &str| {
        let text = format!("ALTER TABLE {from} RENAME TO {to}");
        house.master.writer().execute_unprepared(&text).await.unwrap();
    };
    rename("master_state", "away").await;
    soon(|| async { tenancy.fresh() }, |fresh| matches!(fresh, Err(Error::Unavailable(_)))).await;
    let refused = tenancy.lease(TenantId::new(1)).await;
    assert!(matches!(refused, Err(Error::Unavailable(_) | Error::Database(_))), "{refused:?}");
    assert!(matches!(write(&lease).await, Err(Error::Unavailable(_))));
    rename("away", "master_state").await;
    soon(|| tenancy.lease(TenantId::new(1)), Result::is_ok).await;
    write(&lease).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_database_is_left_and_found_again() {
    let house = House::build(1).await;
    let tenancy = house.start(house.settings()).await;
    let id = TenantId::new(1);
    let lease = tenancy.lease(id).await.unwrap();
    write(&lease).await.unwrap();
    let raise = Target::Sqlite { path: house.file(1) };
    own(&raise, 1).await;
    raise_epoch(&raise).await;
    assert!(matches!(write(&lease).await, Err(Error::Unavailable(_))), "the lane is stale");
    drop(lease);
    let again = tenancy.lease(id).await.unwrap();
    write(&again).await.unwrap();
    assert_eq!(tenancy.stats().opens, 2);
}

async fn raise_epoch(target: &Target) {
    use crate::db::connect::{self, SessionLimits, Use};
    let limits = SessionLimits::default();
    let connection = connect::open(target, Use::Write, 1, limits).await.unwrap();
    connection.execute_unprepared("UPDATE lane SET epoch = epoch + 1").await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_hear_of_events_here_and_on_another_node() {
    let house = House::build(1).await;
    let here: Arc<Tenancy> = house.start(house.settings()).await;
    // What it knows of the tenant would count for a minute, if nobody told it of an event.
    let patient = Settings { access_fresh: Duration::from_secs(60), ..house.settings() };
    let there = house.start(patient).await;
    let id = TenantId::new(1);
    let open_there = there.lease(id).await.unwrap();
    assert!(open_there.beat().await.is_ok());
    let (mut near, mut far) = (here.hub().subscribe(id), there.hub().subscribe(id));
    let lease = here.lease(id).await.unwrap();
    let event = write(&lease).await.unwrap();
    let bound = Duration::from_secs(3);
    assert_eq!(tokio::time::timeout(bound, near.woken()).await.unwrap().change_seq, event);
    assert_eq!(tokio::time::timeout(bound, far.woken()).await.unwrap().change_seq, event);
    assert_eq!(open_there.beat().await.unwrap().change_seq, event);
    let text = "SELECT generation FROM outbox_pending WHERE tenant_id = 1 AND pending";
    let main = house.main.reader();
    let ask = crate::db::sql::statement(main.get_database_backend(), text, []);
    let row = main.query_one_raw(ask).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 1);
}
