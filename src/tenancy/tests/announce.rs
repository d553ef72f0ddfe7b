//! Tenants that begin to write at the same time are announced together.

use daybook_domain::id::TenantId;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;

use super::house::House;
use crate::{db::sql::statement, tenancy::marks::Marks};

/// Tenants with a pending mark, and the lowest and highest generation among them.
async fn pending(house: &House) -> (i64, i64, i64) {
    let main = house.main.reader();
    let text =
        "SELECT COUNT(*), MIN(generation), MAX(generation) FROM outbox_pending WHERE pending";
    let ask = statement(main.get_database_backend(), text, []);
    let row = main.query_one_raw(ask).await.unwrap().unwrap();
    let number = |index| row.try_get_by_index::<i64>(index).unwrap();
    (number(0), number(1), number(2))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tenants_at_once_are_announced_in_a_few_commits() {
    let house = House::build(0).await;
    let marks = Marks::new(house.main.clone(), house.clock.clone());
    let all = || join_all((1..=100).map(|number| marks.announce(TenantId::new(number))));
    assert!(all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(pending(&house).await, (100, 1, 1));
    assert!(marks.announcements() <= 5, "{} commits", marks.announcements());

    assert!(all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(pending(&house).await, (100, 2, 2), "a later announcement raises the generation");

    house.main.close().await;
    assert!(all().await.into_iter().all(|outcome| outcome.is_err()), "nobody writes unannounced");
}
