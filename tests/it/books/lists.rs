//! What filters of lists mean.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use daybook::lane::{Actor, Change};
use daybook_domain::{
    id::{VoucherActId, VoucherId},
    lock::Areas,
};
use daybook_entity::tenant::books::{ActKind, voucher, voucher_act, voucher_version};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};
use serde_json::{Value, json};

use super::shop::Shop;
use crate::app::TestApp;

fn number_of(global: &str) -> i64 {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(global).unwrap()).unwrap();
    text.split_once(':').unwrap().1.parse().unwrap()
}

/// Stores that a voucher was cancelled: the act alone, as the mutation to come will write it.
async fn cancel(app: &TestApp, subdomain: &str, global: &str) {
    let id = VoucherId::new(number_of(global));
    let route = app.app.tenancy.route_by_subdomain(subdomain).await.unwrap();
    let lease = app.app.tenancy.lease(route.id).await.unwrap();
    lease
        .lane()
        .write(Actor::system(), move |writing| {
            Box::pin(async move {
                let conn = writing.conn();
                let found = voucher::Entity::find_by_id(id).one(conn).await?.unwrap();
                let version = voucher_version::Entity::find().all(conn).await?;
                let version = version.into_iter().find(|one| one.voucher_id == id).unwrap();
                let row = voucher_act::Model {
                    id: VoucherActId::new(writing.next_id()?),
                    voucher_id: id,
                    version: 1,
                    business_id: found.business_id,
                    kind: ActKind::Cancelled,
                    dated: version.dated,
                    areas: Areas::ALL.bits(),
                    lock_exception_id: None,
                    reason: None,
                    related_voucher_id: None,
                    undoes_id: None,
                    acted_by: None,
                    change_seq: 0,
                    recorded_at: writing.recorded_at(),
                };
                voucher_act::ActiveModel::from(row).insert(writing.conn()).await?;
                writing.audit(Change {
                    action: "TESTED",
                    subject_type: "Voucher",
                    subject: Some(id.get()),
                    business: Some(found.business_id),
                    canonical: "{}".into(),
                });
                Ok(())
            })
        })
        .await
        .unwrap();
}

async fn named(shop: &Shop, text: &str) -> Vec<String> {
    let list = "query($text: String) { ledgers(filter: { text: $text }, first: 100) {
        totalCount nodes { name } } }";
    let found = shop.client.ask(list, json!({ "text": text })).await;
    let nodes = found.at("ledgers.nodes").as_array().unwrap();
    assert_eq!(found.at("ledgers.totalCount"), nodes.len());
    nodes.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

on_every_engine! {
    async fn a_text_of_a_filter_is_no_pattern(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        for name in ["Goods 5% of old", "Goods 50 of old", "Till_1!", "Till 11", "a\\b", "ab"] {
            shop.create_ledger(name, "FA", Value::Null).await.text("ledgerCreate.ledger.id");
        }
        assert_eq!(named(&shop, "5% OF").await, ["Goods 5% of old"]);
        assert_eq!(named(&shop, "goods  5").await, ["Goods 5% of old", "Goods 50 of old"]);
        assert_eq!(named(&shop, "_").await, ["Till_1!"]);
        assert_eq!(named(&shop, "!").await, ["Till_1!"]);
        assert_eq!(named(&shop, "\\").await, ["a\\b"]);
    }

    async fn vouchers_are_filtered_by_status_and_party(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let mut ids = Vec::new();
        for key in ["1", "2", "3"] {
            let made = shop.post(&shop.voucher(key, "PMT", "Rent", "Cash", "1")).await;
            ids.push(made.text("voucherPost.voucher.id"));
        }
        cancel(app, "meera", &ids[1]).await;
        let list = "query($filter: VoucherFilter) { vouchers(filter: $filter,
            orderBy: { direction: ASC }) { totalCount nodes { id status party { name } } } }";
        let ask = async |filter: Value| {
            let found = shop.client.ask(list, json!({ "filter": filter })).await;
            assert_eq!(found.code(), "", "{}", found.body);
            let nodes = found.at("vouchers.nodes").as_array().unwrap().clone();
            assert_eq!(found.at("vouchers.totalCount"), nodes.len());
            nodes.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ask(json!({ "status": "POSTED" })).await, [ids[0].clone(), ids[2].clone()]);
        assert_eq!(ask(json!({ "status": "CANCELLED" })).await, [ids[1].clone()]);
        assert!(ask(json!({ "status": "REVERSED" })).await.is_empty());
        assert_eq!(ask(json!({ "status": null })).await.len(), 3);

        // No type that is posted by entries has a party yet; one is stored as a sale will have it.
        assert!(ask(json!({ "partyId": shop.ledgers["Rent"] })).await.is_empty());
        let route = app.app.tenancy.route_by_subdomain("meera").await.unwrap();
        let lease = app.app.tenancy.lease(route.id).await.unwrap();
        let (old, party) = (number_of(&ids[0]), number_of(&shop.ledgers["Rent"]));
        lease
            .lane()
            .write(Actor::system(), move |writing| {
                Box::pin(async move {
                    let id = writing.next_id()?;
                    let text = format!(
                        "INSERT INTO voucher_versions SELECT {id}, voucher_id, 2, business_id, kind, \
                         dated, total, narration, reference, reference_date, {party}, occurred_at, \
                         areas, lock_exception_id, created_by, change_seq, recorded_at \
                         FROM voucher_versions WHERE voucher_id = {old}"
                    );
                    writing.conn().execute_unprepared(&text).await?;
                    writing.audit(Change {
                        action: "TESTED",
                        subject_type: "Voucher",
                        subject: Some(old),
                        business: None,
                        canonical: "{}".into(),
                    });
                    Ok(())
                })
            })
            .await
            .unwrap();
        assert_eq!(ask(json!({ "partyId": shop.ledgers["Rent"] })).await, [ids[0].clone()]);
        let both = json!({ "partyId": shop.ledgers["Rent"], "status": "CANCELLED" });
        assert!(ask(both).await.is_empty());
        assert!(ask(json!({ "partyId": "?" })).await.is_empty());
    }
}
