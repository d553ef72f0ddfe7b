//! An answer leaves after its commit is durable, and what the line loses is found out.

pub mod proxy;

use std::time::Duration;

use daybook_domain::id::TenantId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

use self::proxy::{Mood, Proxy};
use crate::{
    app::{TestApp, run_behind},
    audit,
    books::Shop,
    client::Answer,
    engine::Engine,
    hand::row_of,
};

/// What the lane's own session answers to each of these.
async fn lane_says(app: &TestApp, asks: &'static [&'static str]) -> Vec<String> {
    let id: TenantId = row_of(app, "meera").await.id;
    let lease = app.app.tenancy.lease(id).await.unwrap();
    let asked = lease.lane().write(daybook::lane::Actor::system(), move |writing| {
        Box::pin(async move {
            let mut said = Vec::new();
            for sql in asks {
                let backend = writing.conn().get_database_backend();
                let ask = Statement::from_string(backend, *sql);
                let row = writing.conn().query_one_raw(ask).await?.unwrap();
                said.push(row.try_get_by_index::<String>(0)?);
            }
            Ok(said)
        })
    });
    asked.await.unwrap()
}

on_every_engine! {
    async fn the_lane_commits_durably(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "JRN", "Rent", "Sales", "1")).await;
        let hand = crate::hand::connection(app, "meera").await;
        let (asks, right): (&'static [&'static str], &[&str]) = match hand.get_database_backend() {
            DbBackend::Sqlite => (
                &["SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous",
                  "SELECT journal_mode FROM pragma_journal_mode"],
                &["2", "wal"],
            ),
            DbBackend::Postgres => (
                &["SELECT current_setting('synchronous_commit')", "SELECT current_setting('fsync')",
                  "SELECT current_setting('transaction_isolation')",
                  // Not durable but fast: no plan of a small table reads a large one whole.
                  "SELECT current_setting('enable_seqscan')"],
                &["on", "on", "read committed", "off"],
            ),
            _ => (
                &["SELECT CAST(@@innodb_flush_log_at_trx_commit AS CHAR)"],
                &["1"],
            ),
        };
        hand.close().await.unwrap();
        assert_eq!(lane_says(app, asks).await, right);
    }
}

/// A shop whose lane has posted one voucher.
async fn warm(app: &TestApp) -> Shop {
    let shop = Shop::open(app, "meera").await;
    shop.number(&rent(&shop, "first")).await;
    shop
}

fn rent(shop: &Shop, key: &str) -> Value {
    shop.voucher(key, "JRN", "Rent", "Sales", "10")
}

/// Asks until it is not refused for a moment; the answer, and whether it had to be asked again.
async fn insist(shop: &Shop, input: &Value) -> (Answer, bool) {
    for tries in 0..100 {
        let answer = shop.post(input).await;
        if answer.code() != "UNAVAILABLE" {
            return (answer, tries > 0);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never taken: {input}");
}

/// So many vouchers are there, each once and whole.
async fn holds(app: &TestApp, shop: &Shop, count: i64) {
    assert_eq!(shop.count().await, count);
    assert_eq!(shop.balance("Rent").await, format!("{}.00", count * 10));
    let found = shop.client.query("{ vouchers { nodes { number } } }").await;
    let mut numbers: Vec<String> = found
        .at("vouchers.nodes")
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["number"].as_str().unwrap().to_owned())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=count).map(|place| format!("JV/{place:04}")).collect::<Vec<_>>());
    assert_eq!(audit::recomputed(app).await, []);
    assert!(audit::verified(app).await.difference.is_none());
}

/// No answer leaves while that of COMMIT is kept back, and then it does.
async fn an_answer_waits(app: &TestApp, proxy: &Proxy) {
    let shop = warm(app).await;
    proxy.is(Mood::Withholds);
    let input = rent(&shop, "second");
    let mut asking = Box::pin(shop.post(&input));
    tokio::select! {
        answer = &mut asking => panic!("answered before its commit: {}", answer.body),
        () = async { proxy.took_effect().await; tokio::time::sleep(Duration::from_millis(400)).await } => {}
    }
    proxy.is(Mood::Calm);
    let answer = asking.await;
    assert_eq!(answer.text("voucherPost.voucher.number"), "JV/0002", "{}", answer.body);
    holds(app, &shop, 2).await;
}

/// Whatever breaks the line, one voucher is stored under its key, and who asks again learns of it.
async fn one_voucher(app: &TestApp, proxy: &Proxy) {
    let shop = warm(app).await;
    let mut count = 1;
    for (mood, is_stored) in [(Mood::Loses, true), (Mood::Stops, false), (Mood::Breaks, false)] {
        for round in 0..2 {
            count += 1;
            proxy.is(mood);
            let input = rent(&shop, &format!("{mood:?} {round}"));
            let first = shop.post(&input).await;
            proxy.took_effect().await;
            let context = format!("{mood:?}: {}", first.body);
            if is_stored {
                // The lane has found out by itself what became of it.
                assert_eq!(first.at("voucherPost.replayed"), false, "{context}");
            } else {
                assert_eq!(first.code(), "UNAVAILABLE", "{context}");
            }
            let (again, _) = insist(&shop, &input).await;
            assert_eq!(again.at("voucherPost.replayed"), is_stored, "{context}: {}", again.body);
            assert_eq!(again.text("voucherPost.voucher.number"), format!("JV/{count:04}"));
            holds(app, &shop, count).await;
        }
    }
}

/// A server that is away and comes back.
async fn away_and_back(app: &TestApp, proxy: &Proxy) {
    let shop = warm(app).await;
    proxy.is(Mood::Gone);
    for place in 0..3 {
        let answer = shop.post(&rent(&shop, "second")).await;
        assert_eq!(answer.code(), "UNAVAILABLE", "{place}: {}", answer.body);
    }
    let read = shop.client.query("{ vouchers { totalCount } }").await;
    assert_eq!(read.code(), "UNAVAILABLE", "{}", read.body);
    proxy.is(Mood::Calm);
    let (answer, _) = insist(&shop, &rent(&shop, "second")).await;
    assert_eq!(answer.at("voucherPost.replayed"), false, "{}", answer.body);
    let again = shop.post(&rent(&shop, "second")).await;
    assert_eq!(again.at("voucherPost.replayed"), true, "{}", again.body);
    let sums = shop
        .client
        .ask(
            "query($on: Date) { trialBalance(asAt: $on) { isBalanced } }",
            json!({ "on": shop.day(30) }),
        )
        .await;
    assert_eq!(sums.at("trialBalance.isBalanced"), true);
    holds(app, &shop, 2).await;
}

macro_rules! behind_a_proxy {
    ($($name:ident: $test:ident),+ $(,)?) => {$(
        mod $name {
            use super::*;

            #[test]
            fn postgres() {
                run_behind(Engine::Postgres, |app, proxy| Box::pin($test(app, proxy)));
            }

            #[test]
            fn mariadb() {
                run_behind(Engine::MariaDb, |app, proxy| Box::pin($test(app, proxy)));
            }
        }
    )+};
}

behind_a_proxy! {
    no_answer_leaves_before_its_commit: an_answer_waits,
    a_broken_line_leaves_one_voucher: one_voucher,
    a_server_may_be_away_for_a_while: away_and_back,
}
