//! Tenants on PostgreSQL and MariaDB: the budget of sockets. Skipped, with a word, where no server is.

#![expect(clippy::disallowed_methods, reason = "tests read where their servers are")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use daybook_domain::id::{DatabaseServerId, TenantId};
use daybook_entity::master::tenant::Engine;
use daybook_migration::TenantMigrator;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};

use super::house::{House, asked, migrate, own, write};
use crate::{
    db::{
        Target,
        connect::{self, SessionLimits, Use},
        target::ServerTarget,
    },
    tenancy::{Settings, Tenancy},
};

const SERVER: DatabaseServerId = DatabaseServerId::new(2);

fn server(engine: Engine) -> ServerTarget {
    let (setting, usual) = match engine {
        Engine::Postgres => ("DAYBOOK_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432"),
        _ => ("DAYBOOK_TEST_MYSQL", "mysql://root@127.0.0.1:3306"),
    };
    let address = std::env::var(setting).unwrap_or_else(|_| usual.to_owned());
    let database = if engine == Engine::Postgres { "postgres" } else { "mysql" };
    match Target::parse(address.trim_end_matches('/')).unwrap() {
        Target::Server(server) => ServerTarget { database: database.into(), ..server },
        Target::Sqlite { .. } => panic!("{setting} names no server"),
    }
}

/// Three tenants on a server, under names of this run; dropped by [`sweep`].
async fn settle(house: &mut House, engine: Engine) -> Option<Vec<String>> {
    let server = server(engine);
    let limits = SessionLimits::default();
    let admin = connect::open(&Target::Server(server.clone()), Use::Write, 1, limits).await;
    let admin = match admin {
        Ok(admin) => admin,
        Err(error) => {
            let all = std::env::var("DAYBOOK_TEST_REQUIRE_ALL").is_ok_and(|value| value == "1");
            assert!(!all, "{engine:?} cannot be reached: {:?}", error.cause());
            eprintln!("skipped: no {engine:?} at {}:{}", server.host, server.port);
            return None;
        }
    };
    house.server = Some(server.clone());
    house.add_server(SERVER, engine).await;
    let run = hex::encode(std::process::id().to_be_bytes());
    let mut names = Vec::new();
    for number in 1..=3 {
        let name = format!("daybook_t1_{run}_{number}");
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let target = Target::Server(ServerTarget { database: name.clone(), ..server.clone() });
        migrate::<TenantMigrator>(&target).await;
        own(&target, number).await;
        house.add_tenant(number, SERVER).await;
        let named = name.clone();
        house.change(number, move |row| row.database_name = sea_orm::Set(named)).await;
        names.push(name);
    }
    admin.close().await.unwrap();
    Some(names)
}

async fn sweep(engine: Engine, names: Vec<String>) {
    let limits = SessionLimits::default();
    let target = Target::Server(server(engine));
    let admin = connect::open(&target, Use::Write, 1, limits).await.unwrap();
    for name in names {
        admin.execute_unprepared(&format!("DROP DATABASE {name}")).await.unwrap();
    }
    admin.close().await.unwrap();
}

/// So many looks in a row must see a connection.
const LOOKS: usize = 8;

/// Most connections that the server saw to these databases at once.
async fn sample(engine: Engine, names: Vec<String>, is_done: Arc<AtomicBool>) -> i64 {
    let limits = SessionLimits::default();
    let target = Target::Server(server(engine));
    let admin = connect::open(&target, Use::Read, 1, limits).await.unwrap();
    let names = format!("'{}'", names.join("', '"));
    let text = match engine {
        Engine::Postgres => {
            format!("SELECT COUNT(*) FROM pg_stat_activity WHERE datname IN ({names})")
        }
        _ => format!("SELECT COUNT(*) FROM information_schema.processlist WHERE db IN ({names})"),
    };
    // A server notices a closed connection a little later than its client: what counts stays for a while.
    let mut looks = std::collections::VecDeque::from([0; LOOKS]);
    let mut most = 0;
    while !is_done.load(Ordering::Relaxed) {
        let ask = Statement::from_string(admin.get_database_backend(), text.clone());
        let row = admin.query_one_raw(ask).await.unwrap().unwrap();
        looks.pop_front();
        looks.push_back(row.try_get_by_index(0).unwrap());
        most = most.max(looks.iter().copied().min().unwrap());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    admin.close().await.unwrap();
    most
}

async fn share_the_budget(engine: Engine) {
    let mut house = House::build(0).await;
    let Some(names) = settle(&mut house, engine).await else { return };
    let all = names.clone();
    let told = tokio::spawn(async move { share(&house, engine, names).await }).await;
    sweep(engine, all).await;
    told.unwrap();
}

async fn share(house: &House, engine: Engine, names: Vec<String>) {
    let settings = Settings {
        // A hundredth or so of the server's limit: two lanes and two readers at a time.
        socket_share_percent: if engine == Engine::Postgres { 4 } else { 3 },
        readers_on_server: 2,
        reader_wait: Duration::from_secs(10),
        ..house.settings()
    };
    let tenancy: Arc<Tenancy> = house.start(settings).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let sampler = tokio::spawn(sample(engine, names, Arc::clone(&is_done)));
    let clients = (0..12_i64).map(|client| {
        let tenancy = Arc::clone(&tenancy);
        tokio::spawn(async move {
            for turn in 0..6 {
                let number = (client + turn) % 3 + 1;
                let lease = tenancy.lease(TenantId::new(number)).await.unwrap();
                assert_eq!(asked(&lease).await, number);
                if turn % 3 == 0 {
                    write(&lease).await.unwrap();
                }
            }
        })
    });
    for client in join_all(clients).await {
        client.unwrap();
    }
    is_done.store(true, Ordering::Relaxed);
    let most = sampler.await.unwrap();
    assert!((1..=4).contains(&most), "{most} sockets at once");
    let lease = tenancy.lease(TenantId::new(1)).await.unwrap();
    let snapshot = lease.reader().await.unwrap().snapshot().await.unwrap();
    let before = snapshot.fence().change_seq;
    write(&lease).await.unwrap();
    let again = crate::lane::Fence::read(snapshot.conn()).await.unwrap();
    assert_eq!(again.change_seq, before, "a snapshot stays what it was");
    drop((snapshot, lease));
    let stats = tenancy.stats();
    assert!(stats.evictions > 0, "lanes must take turns: {stats:?}");
    tenancy.close(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_tenants_share_the_budget() {
    share_the_budget(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_tenants_share_the_budget() {
    share_the_budget(Engine::Mysql).await;
}
