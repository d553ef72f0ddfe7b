//! The program is killed while it posts: what it acknowledged is there, and nothing is half there.

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, future::join_all, stream};

use super::{
    books::{Books, Posted},
    engine::Engine,
    instance::{Instance, run_on},
    serving::Serving,
};

const CLIENTS: usize = 12;
/// How long each life of the program lasts once posting has begun.
const LIVES: [Duration; 3] =
    [Duration::from_millis(2_000), Duration::from_millis(300), Duration::from_millis(700)];

/// What one client was told, and what it was not.
#[derive(Default)]
struct Told {
    acknowledged: HashMap<String, Posted>,
    unknown: Vec<String>,
}

/// Posts under new keys until no answer comes.
async fn post_until_it_dies(books: Books, name: String) -> Told {
    let mut told = Told::default();
    for count in 0.. {
        let key = format!("{name}-{count}");
        match books.post(&key).await {
            Ok(posted) => {
                assert!(!posted.replayed, "{key} was new");
                told.acknowledged.insert(key, posted);
            }
            Err(_) => {
                told.unknown.push(key);
                break;
            }
        }
    }
    told
}

async fn acknowledged_vouchers_survive(instance: &Instance) {
    let place = instance.place();
    let mut node = Serving::start(&place, &[]);
    // Two tenants, so that two lanes are cut off at once.
    let mut tenants = Vec::new();
    for name in ["meera", "ravi"] {
        tenants.push((Books::register(&node, name, name).await, Told::default()));
    }
    for (life, length) in LIVES.into_iter().enumerate() {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let books = tenants[client % tenants.len()].0.clone();
                tokio::spawn(post_until_it_dies(books, format!("{life}-{client}")))
            })
            .collect();
        tokio::time::sleep(length).await;
        node.kill();
        for (client, ended) in join_all(clients).await.into_iter().enumerate() {
            let ended = ended.unwrap();
            let count = tenants.len();
            let told = &mut tenants[client % count].1;
            told.acknowledged.extend(ended.acknowledged);
            told.unknown.extend(ended.unknown);
        }
        // Nothing of the dead process keeps the next one out.
        node = Serving::start(&place, &[]);
        for (books, told) in &mut tenants {
            *books = books.at(&node);
            check(books, told).await;
        }
    }
    place.run(&["doctor"]).ok();
    assert_eq!(node.terminate().0, Some(0));
}

/// Compares what is stored with what was told, then asks for all of it again.
async fn check(books: &Books, told: &mut Told) {
    let stored = books.are_whole().await;
    let (known, unknown) = (told.acknowledged.len(), told.unknown.len());
    println!(
        "{}: {known} acknowledged, {unknown} without an answer, {} stored",
        books.subdomain,
        stored.len()
    );
    assert!(known > 0, "nothing was posted in time");
    assert!((known..=known + unknown).contains(&stored.len()));
    for (key, posted) in &told.acknowledged {
        assert_eq!(stored.get(&posted.id), Some(&posted.number), "{key}");
    }

    let again = |key: String| async move {
        let posted = books.post(&key).await.unwrap();
        (key, posted)
    };
    let keys = told.acknowledged.keys().cloned().collect::<Vec<_>>();
    let mut answers = stream::iter(keys.into_iter().map(again)).buffer_unordered(CLIENTS);
    while let Some((key, posted)) = answers.next().await {
        let first = &told.acknowledged[&key];
        assert_eq!(posted, Posted { replayed: true, ..first.clone() }, "{key}");
    }
    let unknown = std::mem::take(&mut told.unknown);
    for (key, posted) in join_all(unknown.into_iter().map(again)).await {
        // Whoever heard nothing learns now what became of it.
        assert_eq!(posted.replayed, stored.contains_key(&posted.id), "{key}");
        told.acknowledged.insert(key, posted);
    }
    assert_eq!(books.are_whole().await.len(), told.acknowledged.len());
}

#[test]
fn acknowledged_vouchers_survive_a_kill_on_sqlite() {
    run_on(Engine::Sqlite, |instance| Box::pin(acknowledged_vouchers_survive(instance)));
}

#[test]
fn acknowledged_vouchers_survive_a_kill_on_postgres() {
    run_on(Engine::Postgres, |instance| Box::pin(acknowledged_vouchers_survive(instance)));
}

#[test]
fn acknowledged_vouchers_survive_a_kill_on_mariadb() {
    run_on(Engine::MariaDb, |instance| Box::pin(acknowledged_vouchers_survive(instance)));
}
