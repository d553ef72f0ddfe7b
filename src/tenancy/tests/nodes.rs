//! Node numbers of racing processes.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;

use super::house::House;
use crate::tenancy::{Node, NodeSettings};

#[tokio::test(flavor = "multi_thread")]
async fn racing_processes_get_numbers_of_their_own_and_a_number_rests() {
    let house = House::build(0).await;
    let nodes = join_all((0..8).map(|_| house.node())).await;
    let numbers: BTreeSet<u32> = nodes.iter().map(|node| node.number()).collect();
    assert_eq!(numbers.len(), 8);
    let ids: BTreeSet<i64> = nodes.iter().map(|node| node.ids().next().unwrap()).collect();
    assert_eq!(ids.len(), 8);
    assert_eq!(house.node().await.live(), 9);

    let left = nodes[0].number();
    nodes[0].leave().await;
    assert!(nodes[0].ids().next().is_err(), "no id past the lease");
    let next = house.node().await;
    assert_ne!(next.number(), left, "it rests first");
    assert_eq!(next.live(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_and_survives_a_clock_that_jumps() {
    let house = House::build(0).await;
    let settings = NodeSettings { lease: Duration::from_millis(900), ..NodeSettings::default() };
    let node =
        Node::join(house.master.clone(), house.clock.clone(), settings, "TEST").await.unwrap();
    let number = node.number();
    tokio::time::sleep(Duration::from_millis(2_000)).await;
    assert!(node.ids().next().is_ok());
    house.clock.advance_ms(3_600_000);
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    assert!(node.ids().next().is_ok());
    assert_eq!(node.number(), number);
}
