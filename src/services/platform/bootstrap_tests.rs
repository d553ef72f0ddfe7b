//! Starting from nothing, once and twice at the same time.

use std::sync::Arc;

use daybook_entity::master::chart::{account_group, gst_rate};
use sea_orm::ConnectionTrait;

use super::*;
use crate::services::platform::site::{engines, keys, names, server_target, start};

/// Where main and master of one engine go, under names of this test alone.
fn places(engine: Engine, folder: &std::path::Path, names: &Names) -> (Target, Target) {
    match server_target(engine) {
        None => {
            let file = |name: &str| Target::Sqlite { path: folder.join(name) };
            (file("main.sqlite"), file("master.sqlite"))
        }
        Some(server) => {
            let server = Target::Server(server);
            let name = |tier: &str| server.sibling(&format!("{}{tier}", names.prefix()));
            (name("main"), name("master"))
        }
    }
}

async fn drop_all(targets: [&Target; 2]) {
    for target in targets {
        if let Target::Server(place) = target {
            let server = Server::open(place, names()).await.unwrap();
            let quote = if place.engine == Engine::Mysql { '`' } else { '"' };
            server
                .run(&format!("DROP DATABASE IF EXISTS {quote}{}{quote}", place.database))
                .await
                .unwrap();
            server.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_start_at_once_do_it_once() {
    for engine in engines().await {
        let folder = tempfile::TempDir::new().unwrap();
        let (names, keys) = (names(), Arc::new(keys()));
        let (main, master) = places(engine, folder.path(), &names);
        let nodes = (0..3).map(|_| {
            let (main, master, names) = (main.clone(), master.clone(), names.clone());
            let (keys, data) = (Arc::clone(&keys), folder.path().to_owned());
            tokio::spawn(async move {
                prepare(&main, &master, &start(data, engine, names, &keys)).await
            })
        });
        let nodes: Vec<_> = nodes.collect();
        let mut opened = Vec::new();
        for node in nodes {
            opened.push(node.await.unwrap().unwrap());
        }

        let (_, master_db) = &opened[0];
        let groups = account_group::Entity::find().count(master_db.reader()).await.unwrap();
        let rates = gst_rate::Entity::find().count(master_db.reader()).await.unwrap();
        let servers = database_server::Entity::find().all(master_db.reader()).await.unwrap();
        let state = master_state::Entity::find_by_id(1).one(master_db.reader()).await.unwrap();
        let state = state.unwrap();
        assert_eq!((groups, servers.len()), (28, 1), "{engine:?}");
        assert!(rates > 20 && servers[0].is_default);
        assert_eq!((state.catalogue_version, state.routing_version), (2, 2), "seeded once");

        for (main, master) in &opened {
            main.close().await;
            master.close().await;
        }
        drop_all([&main, &master]).await;
    }
}

#[tokio::test]
async fn what_an_administrator_changed_is_not_seeded_over() {
    let folder = tempfile::TempDir::new().unwrap();
    let (names, keys) = (names(), keys());
    let (main, master) = places(Engine::Sqlite, folder.path(), &names);
    let start = start(folder.path().to_owned(), Engine::Sqlite, names, &keys);
    let (_, first) = prepare(&main, &master, &start).await.unwrap();
    first
        .writer()
        .execute_unprepared("DELETE FROM gst_rates WHERE rate_code <> 'GST18'")
        .await
        .unwrap();

    let (_, again) = prepare(&main, &master, &start).await.unwrap();

    assert_eq!(gst_rate::Entity::find().count(again.reader()).await.unwrap(), 1);
}

#[tokio::test]
async fn another_encryption_key_does_not_start() {
    let folder = tempfile::TempDir::new().unwrap();
    let (names, keys) = (names(), keys());
    let (main, master) = places(Engine::Sqlite, folder.path(), &names);
    let started = start(folder.path().to_owned(), Engine::Sqlite, names.clone(), &keys);
    prepare(&main, &master, &started).await.unwrap();

    let other = crate::seal::Key::parse("another key of thirty-two lettrs").unwrap();
    let other = KeyRing::new(other, None);
    let wrong = start(folder.path().to_owned(), Engine::Sqlite, names, &other);

    let refused = prepare(&main, &master, &wrong).await.unwrap_err();
    assert!(refused.cause().unwrap().contains("ENCRYPTION_KEY"), "{refused:?}");
}
