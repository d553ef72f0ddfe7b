//! Where edit logs end is noted in master, once for each end.

use std::time::Duration;

use daybook_domain::{
    chain::{ChainHash, link},
    id::TenantId,
};
use daybook_entity::master::node::chain_anchor;
use sea_orm::EntityTrait;

use super::house::{House, write};
use crate::tenancy::{Settings, anchors::Anchors};

async fn anchored(house: &House) -> Vec<(i64, i64)> {
    let mut rows: Vec<(i64, i64)> = chain_anchor::Entity::find()
        .all(house.master.reader())
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.tenant_id.get(), row.chain_seq))
        .collect();
    rows.sort_unstable();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_note_each_end_once() {
    let house = House::build(2).await;
    let settings = || Settings { anchor_every: Duration::from_secs(3_600), ..house.settings() };
    let (here, there) = (house.start(settings()).await, house.start(settings()).await);
    let (one, two) = (TenantId::new(1), TenantId::new(2));
    write(&here.lease(one).await.unwrap()).await.unwrap();
    write(&here.lease(one).await.unwrap()).await.unwrap();
    write(&here.lease(two).await.unwrap()).await.unwrap();
    here.anchor().await.unwrap();
    assert_eq!(anchored(&house).await, [(1, 2), (2, 1)], "the newest end of each");
    write(&there.lease(one).await.unwrap()).await.unwrap();
    there.anchor().await.unwrap();
    here.anchor().await.unwrap();
    assert_eq!(anchored(&house).await, [(1, 2), (1, 3), (2, 1)], "nothing new, nothing appended");

    write(&there.lease(two).await.unwrap()).await.unwrap();
    there.close(Duration::from_secs(5)).await;
    assert_eq!(anchored(&house).await.last(), Some(&(2, 2)), "the last ends are noted at the end");
    here.close(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn an_end_that_is_noted_stays_and_a_tenant_that_is_gone_is_passed_over() {
    let house = House::build(1).await;
    let hash = |text| link(ChainHash::GENESIS, 1, text);
    let anchors = |text| {
        let anchors = Anchors::new(house.master.clone(), house.clock.clone());
        anchors.note(TenantId::new(1), 1, hash(text));
        anchors.note(TenantId::new(77), 1, hash(text));
        anchors
    };
    anchors("true").flush().await.unwrap();
    anchors("false").flush().await.unwrap();
    assert_eq!(anchored(&house).await, [(1, 1)]);
    let row = chain_anchor::Entity::find().one(house.master.reader()).await.unwrap().unwrap();
    assert_eq!(row.chain_hash, hash("true").to_hex());
}

#[tokio::test]
async fn ends_wait_while_master_is_away() {
    let house = House::build(1).await;
    let anchors = Anchors::new(house.master.clone(), house.clock.clone());
    anchors.note(TenantId::new(1), 1, ChainHash::GENESIS);
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    let writer = house.master.writer();
    sea_orm::ConnectionTrait::execute_unprepared(writer, &rename("chain_anchors", "away"))
        .await
        .unwrap();
    assert!(anchors.flush().await.is_err());
    sea_orm::ConnectionTrait::execute_unprepared(writer, &rename("away", "chain_anchors"))
        .await
        .unwrap();
    anchors.flush().await.unwrap();
    assert_eq!(anchored(&house).await, [(1, 1)]);
}
