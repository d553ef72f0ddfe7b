//! How many tenants are open, who waits, and who must go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use daybook_domain::id::TenantId;
use futures_util::future::join_all;

use super::house::{House, asked, own, write};
use crate::{db::Target, error::Error, tenancy::Settings};

#[tokio::test(flavor = "multi_thread")]
async fn parallel_callers_share_one_opening_and_a_failure_is_not_remembered() {
    let house = House::build(1).await;
    let tenancy = house.start(house.settings()).await;
    let (file, aside) = (house.file(1), house.folder.path().join("aside"));
    std::fs::rename(&file, &aside).unwrap();
    let failed = tenancy.lease(TenantId::new(1)).await;
    assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");
    assert!(!file.exists(), "a missing database is not made up");
    std::fs::rename(&aside, &file).unwrap();

    let leases = join_all((0..32).map(|_| tenancy.lease(TenantId::new(1)))).await;
    assert!(leases.iter().all(Result::is_ok));
    let stats = tenancy.stats();
    assert_eq!((stats.opens, stats.open, stats.leased, stats.failures), (1, 1, 1, 1));
    drop(leases);
    assert_eq!(tenancy.stats().leased, 0);
    tenancy.close(Duration::from_secs(5)).await;
    assert_eq!(tenancy.stats().open, 0);
    assert!(tenancy.lease(TenantId::new(1)).await.is_err(), "closed is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cap_holds_under_many_clients_and_everybody_gets_their_own_tenant() {
    let house = House::build(100).await;
    let settings = Settings { open_max: 10, ..house.settings() };
    let tenancy = house.start(settings).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let sampler = {
        let (tenancy, is_done) = (Arc::clone(&tenancy), Arc::clone(&is_done));
        tokio::spawn(async move {
            while !is_done.load(Ordering::Relaxed) {
                let stats = tenancy.stats();
                assert!(stats.open + stats.opening + stats.draining <= 10, "{stats:?}");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    };
    let clients = (0..64_i64).map(|client| {
        let tenancy = Arc::clone(&tenancy);
        tokio::spawn(async move {
            for turn in 0..10_i64 {
                let number = (client * 7919 + turn * 104_729) % 100 + 1;
                let lease = tenancy.lease(TenantId::new(number)).await.unwrap();
                assert_eq!(asked(&lease).await, number);
                if turn % 5 == 0 {
                    write(&lease).await.unwrap();
                }
            }
        })
    });
    for client in join_all(clients).await {
        client.unwrap();
    }
    is_done.store(true, Ordering::Relaxed);
    sampler.await.unwrap();
    let stats = tenancy.stats();
    assert!(stats.most <= 10 && stats.evictions > 0 && stats.waits > 0, "{stats:?}");
    tenancy.close(Duration::from_secs(10)).await;
    assert_eq!(tenancy.stats().open, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_leased_stays_and_who_finds_all_leased_is_told_to_wait() {
    let house = House::build(4).await;
    let wait = Duration::from_millis(150);
    let settings = Settings { open_max: 2, lease_wait: wait, ..house.settings() };
    let tenancy = house.start(settings).await;
    let one = tenancy.lease(TenantId::new(1)).await.unwrap();
    let two = tenancy.lease(TenantId::new(2)).await.unwrap();
    let refused = tenancy.lease(TenantId::new(3)).await;
    assert!(matches!(refused, Err(Error::Throttled { .. })), "{refused:?}");
    assert_eq!(tenancy.stats().evictions, 0);
    // Whoever is open already is served still, and a place that becomes free goes to who waits.
    assert_eq!(asked(&tenancy.lease(TenantId::new(2)).await.unwrap()).await, 2);
    let waiting = {
        let tenancy = Arc::clone(&tenancy);
        tokio::spawn(async move { tenancy.lease(TenantId::new(3)).await })
    };
    tokio::time::sleep(Duration::from_millis(30)).await;
    drop(two);
    let three = waiting.await.unwrap().unwrap();
    assert_eq!((asked(&one).await, asked(&three).await), (1, 3));
    drop((one, three));
    // The one unused for longest goes first.
    let _three = tenancy.lease(TenantId::new(3)).await.unwrap();
    let _four = tenancy.lease(TenantId::new(4)).await.unwrap();
    assert_eq!(tenancy.stats().opens, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_caller_left_is_durable_before_the_tenant_closes() {
    let house = House::build(2).await;
    let settings = Settings { open_max: 1, ..house.settings() };
    let tenancy = house.start(settings).await;
    let lease = tenancy.lease(TenantId::new(1)).await.unwrap();
    assert_eq!(write(&lease).await.unwrap(), 1);
    {
        let mut abandoned = Box::pin(write(&lease));
        assert!(futures_util::poll!(&mut abandoned).is_pending());
    }
    drop(lease);
    drop(tenancy.lease(TenantId::new(2)).await.unwrap());
    let again = tenancy.lease(TenantId::new(1)).await.unwrap();
    assert_eq!(again.beat().await.unwrap().change_seq, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_somebody_else_is_refused() {
    let house = House::build(2).await;
    own(&Target::Sqlite { path: house.file(2) }, 1).await;
    let tenancy = house.start(house.settings()).await;
    let refused = tenancy.lease(TenantId::new(2)).await;
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    assert_eq!(tenancy.stats().open, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn eviction_waits_for_leases_and_callers_wait_for_the_new_opening() {
    let house = House::build(1).await;
    let tenancy = house.start(house.settings()).await;
    let lease = tenancy.lease(TenantId::new(1)).await.unwrap();
    let evicting = {
        let tenancy = Arc::clone(&tenancy);
        tokio::spawn(async move { tenancy.evict(TenantId::new(1)).await })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!evicting.is_finished());
    let waiting = {
        let tenancy = Arc::clone(&tenancy);
        tokio::spawn(async move { tenancy.lease(TenantId::new(1)).await })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    drop(lease);
    evicting.await.unwrap();
    assert_eq!(asked(&waiting.await.unwrap().unwrap()).await, 1);
    assert_eq!(tenancy.stats().opens, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_tenants_close_and_a_file_serves_few_readers() {
    let house = House::build(1).await;
    let settings = Settings {
        idle_close: Duration::from_millis(100),
        reader_wait: Duration::from_millis(100),
        readers_per_file: 2,
        ..house.settings()
    };
    let tenancy = house.start(settings).await;
    let lease = tenancy.lease(TenantId::new(1)).await.unwrap();
    let one = lease.reader().await.unwrap();
    let two = lease.reader().await.unwrap();
    assert!(matches!(lease.reader().await, Err(Error::Throttled { .. })));
    let snapshot = one.snapshot().await.unwrap();
    drop(two);
    write(&lease).await.unwrap();
    let later = lease.reader().await.unwrap().snapshot().await.unwrap();
    assert_eq!((snapshot.fence().change_seq, later.fence().change_seq), (0, 1));
    let again = crate::lane::Fence::read(snapshot.conn()).await.unwrap();
    assert_eq!(again.change_seq, 0, "a snapshot stays what it was");
    drop((snapshot, later, lease));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(tenancy.stats().open, 0);
}
