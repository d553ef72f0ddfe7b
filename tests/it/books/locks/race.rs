//! A year is closed, and an area locked, while many post into it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::future::join_all;
use serde_json::json;

use super::{close, lock, payment};
use crate::{app::TestApp, books::Shop, hand::sql_number};

const CLIENTS: usize = 16;

/// Posts dated the first days of the books from many clients at once, until each is refused; how many
/// were acknowledged, and the codes of the refusals.
async fn post_until_refused(shop: &Arc<Shop>, halt: &Arc<AtomicBool>) -> (i64, Vec<String>) {
    let work = (0..CLIENTS).map(|client| {
        let (shop, halt) = (Arc::clone(shop), Arc::clone(halt));
        tokio::spawn(async move {
            let mut acknowledged = 0_i64;
            for round in 0..2_000 {
                let day = shop.day(round % 20);
                let input = payment(&shop, &format!("{client} {round}"), &day);
                let answer = shop.post(&input).await;
                let refused = answer.refusals("voucherPost");
                if let Some(code) = refused.first() {
                    return (acknowledged, code.clone());
                }
                acknowledged += 1;
                if acknowledged == 5 {
                    // Everybody is at it: what shuts the books may come.
                    halt.store(true, Ordering::Relaxed);
                }
            }
            (acknowledged, "never refused".to_owned())
        })
    });
    let outcomes = join_all(work).await;
    let outcomes: Vec<(i64, String)> = outcomes.into_iter().map(Result::unwrap).collect();
    let acknowledged = outcomes.iter().map(|(count, _)| count).sum();
    (acknowledged, outcomes.into_iter().map(|(_, code)| code).collect())
}

async fn when_all_post(halt: &AtomicBool) {
    while !halt.load(Ordering::Relaxed) {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// No voucher was recorded after the act of this name, and each that was acknowledged is there.
async fn nothing_came_after(app: &TestApp, action: &str, acknowledged: i64) {
    let late = format!(
        "SELECT COUNT(*) FROM audit_logs WHERE action = 'VOUCHER_POSTED' \
         AND seq > (SELECT MAX(seq) FROM audit_logs WHERE action = '{action}')"
    );
    assert_eq!(sql_number(app, "meera", &late).await, 0);
    let stored = sql_number(app, "meera", "SELECT COUNT(*) FROM vouchers").await;
    assert_eq!(stored, acknowledged);
    assert!(acknowledged >= 5, "{acknowledged}");
}

on_every_engine! {
    async fn nothing_enters_a_year_after_its_close(app: &TestApp) {
        let shop = Arc::new(Shop::open(app, "meera").await);
        let halt = Arc::new(AtomicBool::new(false));
        let closing = async {
            when_all_post(&halt).await;
            close(&shop.client, &shop.year).await
        };
        let ((acknowledged, codes), refused) =
            tokio::join!(post_until_refused(&shop, &halt), closing);
        assert!(refused.is_empty(), "{refused:?}");
        assert!(codes.iter().all(|code| code == "YEAR_CLOSED input.date"), "{codes:?}");
        nothing_came_after(app, "YEAR_CLOSED", acknowledged).await;
        let late = "SELECT COUNT(*) FROM voucher_versions AS v JOIN business_years AS y \
            ON y.business_id = v.business_id AND v.dated BETWEEN y.starts_on AND y.ends_on \
            WHERE v.recorded_at > y.closed_at";
        assert_eq!(sql_number(app, "meera", late).await, 0);
        let found = shop.client.query("{ trialBalance { isBalanced } auditVerify { ok } }").await;
        assert_eq!(found.body["data"], json!({ "trialBalance": { "isBalanced": true },
            "auditVerify": { "ok": true } }));
    }

    async fn nothing_enters_an_area_after_its_lock(app: &TestApp) {
        let shop = Arc::new(Shop::open(app, "meera").await);
        let halt = Arc::new(AtomicBool::new(false));
        let locking = async {
            when_all_post(&halt).await;
            lock(&shop, "BANK", &shop.day(30)).await;
        };
        let ((acknowledged, codes), ()) = tokio::join!(post_until_refused(&shop, &halt), locking);
        assert!(codes.iter().all(|code| code == "PERIOD_LOCKED input.date"), "{codes:?}");
        nothing_came_after(app, "PERIOD_LOCK_SET", acknowledged).await;
    }
}
