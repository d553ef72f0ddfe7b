//! Many post and read at once: every snapshot balances, and no number is missing or given twice.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::shop::Shop;
use crate::audit;

const WRITERS: usize = 32;
const READERS: usize = 4;
/// How many times each of them goes round.
const ROUNDS: usize = 4;

/// Posts, amends, takes back and reverses; how many vouchers that made by type.
async fn write(shop: &Shop, writer: usize) -> [usize; 3] {
    let mut made = [0; 3];
    for round in 0..ROUNDS {
        let key = |what: &str| format!("{what} {writer} {round}");
        let journal = shop.posted(&shop.voucher(&key("j"), "JRN", "Rent", "Sales", "7")).await;
        let payment = shop.posted(&shop.voucher(&key("p"), "PMT", "Rent", "Cash", "3")).await;
        (made[0], made[1]) = (made[0] + 1, made[1] + 1);
        // One that a rule refuses, among all the others.
        let wrong = shop.voucher(&key("w"), "JRN", "Rent", "Cash", "1");
        assert_eq!(shop.post(&wrong).await.refusals("voucherPost"), ["SIDE_RULE input.entries.1"]);
        let amended = json!({ "idempotencyKey": key("a"), "voucherId": journal,
            "date": shop.day(40), "entries":
                [shop.entry("Rent", "debit", "8"), shop.entry("Sales", "credit", "8")] });
        let (field, input) = match round % 3 {
            0 => ("voucherAmend", amended),
            1 => ("voucherCancel", json!({ "idempotencyKey": key("c"), "voucherId": journal })),
            _ => {
                made[2] += 1;
                ("voucherReverse", json!({ "idempotencyKey": key("r"), "voucherId": payment }))
            }
        };
        let done = shop.act(field, input).await;
        assert!(done.refusals(field).is_empty(), "{}", done.body);
    }
    made
}

/// Reads until all have written: each snapshot balances, and what it shows agrees with itself.
async fn read(shop: &Shop, writing: &AtomicUsize) -> usize {
    let ask = "query($day: Date) { trialBalance(asAt: $day) { isBalanced
            rows { ledger { name } closingDebit { amount } closingCredit { amount } }
            totals { closingDebit { amount } closingCredit { amount } } } }";
    let minor = |amount: &Value| -> i64 {
        amount["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
    };
    let mut looks = 0;
    while writing.load(Ordering::Relaxed) > 0 {
        let found = shop.client.ask(ask, json!({ "day": shop.day(90) })).await;
        assert_eq!(found.at("trialBalance.isBalanced"), true, "{}", found.body);
        let rows = found.at("trialBalance.rows").as_array().unwrap();
        let sum: i64 =
            rows.iter().map(|row| minor(&row["closingDebit"]) - minor(&row["closingCredit"])).sum();
        assert_eq!(sum, 0, "{}", found.body);
        looks += 1;
    }
    looks
}

on_every_engine! {
    async fn whoever_reads_among_many_writers_sees_books_that_balance(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let writing = AtomicUsize::new(WRITERS);
        let writers = (0..WRITERS).map(|writer| {
            let (shop, writing) = (&shop, &writing);
            async move {
                let made = write(shop, writer).await;
                writing.fetch_sub(1, Ordering::Relaxed);
                made
            }
        });
        let readers = (0..READERS).map(|_| read(&shop, &writing));
        let (made, looks) = tokio::join!(join_all(writers), join_all(readers));
        assert!(looks.iter().sum::<usize>() >= READERS, "nobody looked");

        let mut numbers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut after = Value::Null;
        loop {
            let page = shop.client.ask(
                "query($after: String) { vouchers(first: 100, after: $after) { nodes { number }
                    pageInfo { hasNextPage endCursor } } }",
                json!({ "after": after }),
            ).await;
            for one in page.at("vouchers.nodes").as_array().unwrap() {
                let (prefix, sequence) = one["number"].as_str().unwrap().split_once('/').unwrap();
                numbers.entry(prefix.to_owned()).or_default().push(sequence.parse().unwrap());
            }
            if page.at("vouchers.pageInfo.hasNextPage") == false {
                break;
            }
            after = page.at("vouchers.pageInfo.endCursor").clone();
        }
        assert_eq!(numbers.len(), 3, "{numbers:?}");
        for (place, prefix) in ["JV", "PY", "RC"].into_iter().enumerate() {
            let count: usize = made.iter().map(|made| made[place]).sum();
            let own = numbers.get_mut(prefix).unwrap();
            own.sort_unstable();
            let right: Vec<u64> = (1..=u64::try_from(count).unwrap()).collect();
            assert_eq!(*own, right, "gaps or doubles in {prefix}");
        }
        assert_eq!(audit::recomputed(app).await, []);
        assert!(audit::verified(app).await.difference.is_none());
    }
}
