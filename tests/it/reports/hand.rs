//! Takes vouchers back and amends them in the tables, as the acts do: the rows again with effect −1, the
//! totals, and a row that tells of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use daybook::lane::{Actor, Change, Writing};
use daybook_domain::{
    id::{EntryId, VoucherActId, VoucherId, VoucherVersionId},
    lock::Areas,
    money::Money,
    period::month_key,
};
use daybook_entity::tenant::books::{
    ActKind, voucher_act, voucher_ledger_entry as entry, voucher_version as version,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use crate::app::TestApp;

/// The number that a global id holds.
pub fn number_of(global: &str) -> i64 {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(global).unwrap()).unwrap();
    text.split_once(':').unwrap().1.parse().unwrap()
}

/// Takes a voucher back whole.
pub async fn cancel(app: &TestApp, subdomain: &str, global: &str) {
    change(app, subdomain, global, None).await;
}

/// Takes a voucher back and stores it anew, with this amount on this day.
pub async fn amend(app: &TestApp, subdomain: &str, global: &str, minor: i64, day: NaiveDate) {
    change(app, subdomain, global, Some((minor, day))).await;
}

async fn change(app: &TestApp, subdomain: &str, global: &str, anew: Option<(i64, NaiveDate)>) {
    let id = VoucherId::new(number_of(global));
    let route = app.app.tenancy.route_by_subdomain(subdomain).await.unwrap();
    let lease = app.app.tenancy.lease(route.id).await.unwrap();
    lease
        .lane()
        .write(Actor::system(), move |writing| {
            Box::pin(async move {
                let versions = version::Entity::find()
                    .filter(version::Column::VoucherId.eq(id))
                    .order_by_desc(version::Column::Version);
                let old = versions.one(writing.conn()).await?.unwrap();
                let rows = entry::Entity::find()
                    .filter(entry::Column::VersionId.eq(old.id))
                    .order_by_asc(entry::Column::Line)
                    .all(writing.conn())
                    .await?;
                for row in &rows {
                    let twin = entry::Model {
                        id: EntryId::new(writing.next_id()?),
                        effect: -1,
                        recorded_at: writing.recorded_at(),
                        ..row.clone()
                    };
                    store(writing, twin).await;
                }
                let kind = if anew.is_some() { ActKind::Amended } else { ActKind::Cancelled };
                let act = voucher_act::Model {
                    id: VoucherActId::new(writing.next_id()?),
                    voucher_id: id,
                    version: old.version,
                    business_id: old.business_id,
                    kind,
                    dated: old.dated,
                    areas: Areas::ALL.bits(),
                    lock_exception_id: None,
                    reason: Some("typed wrong".into()),
                    related_voucher_id: None,
                    undoes_id: None,
                    acted_by: old.created_by,
                    change_seq: 0,
                    recorded_at: writing.recorded_at(),
                };
                voucher_act::ActiveModel::from(act).insert(writing.conn()).await?;
                if let Some((minor, day)) = anew {
                    let new = version::Model {
                        id: VoucherVersionId::new(writing.next_id()?),
                        version: old.version + 1,
                        dated: day,
                        total: Money::from_minor(minor),
                        narration: Some("amended".into()),
                        recorded_at: writing.recorded_at(),
                        ..old.clone()
                    };
                    version::ActiveModel::from(new.clone()).insert(writing.conn()).await?;
                    let of =
                        |amount: Money| Money::from_minor(if amount.is_zero() { 0 } else { minor });
                    for row in &rows {
                        let moved = entry::Model {
                            id: EntryId::new(writing.next_id()?),
                            version_id: new.id,
                            dated: day,
                            debit: of(row.debit),
                            credit: of(row.credit),
                            recorded_at: writing.recorded_at(),
                            ..row.clone()
                        };
                        store(writing, moved).await;
                    }
                }
                writing.audit(Change {
                    action: "TESTED",
                    subject_type: "Voucher",
                    subject: Some(id.get()),
                    business: Some(old.business_id),
                    canonical: "{}".into(),
                });
                Ok(())
            })
        })
        .await
        .unwrap();
}

/// Stores an entry and adds it to its month.
async fn store(writing: &Writing, row: entry::Model) {
    let sign = i64::from(row.effect);
    let (debit, credit) = (sign * row.debit.minor(), sign * row.credit.minor());
    let (ledger, month, business) = (row.ledger_id, month_key(row.dated), row.business_id);
    entry::ActiveModel::from(row).insert(writing.conn()).await.unwrap();
    let conn = writing.conn();
    let update = format!(
        "UPDATE ledger_period_totals SET debit = debit + {debit}, credit = credit + {credit} \
         WHERE ledger_id = {ledger} AND month = {month}"
    );
    if conn.execute_unprepared(&update).await.unwrap().rows_affected() == 0 {
        let insert = format!(
            "INSERT INTO ledger_period_totals (ledger_id, month, closing, business_id, debit, credit) \
             VALUES ({ledger}, {month}, false, {business}, {debit}, {credit})"
        );
        conn.execute_unprepared(&insert).await.unwrap();
    }
}
