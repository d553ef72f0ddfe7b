//! Keys, parallel posting, previews: one effect, gapless numbers, no trace.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::shop::Shop;

/// The digits at the end of a voucher's number.
fn sequence(number: &str) -> u64 {
    let start = number.rfind(|one: char| !one.is_ascii_digit()).map_or(0, |at| at + 1);
    number[start..].parse().unwrap()
}

on_every_engine! {
    async fn one_key_posts_once(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let input = shop.voucher("rent of may", "PMT", "Rent", "Cash", "1500");
        let first = shop.post(&input).await;
        assert_eq!(first.at("voucherPost.replayed"), false);
        let again = shop.post(&input).await;
        assert_eq!(again.at("voucherPost.replayed"), true);
        assert_eq!(again.at("voucherPost.voucher"), first.at("voucherPost.voucher"));
        let mut other = input.clone();
        other["narration"] = json!("another");
        let conflict = shop.post(&other).await;
        assert_eq!(conflict.code(), "CONFLICT", "{}", conflict.body);
        assert_eq!(shop.count().await, 1);

        // A refusal keeps no key.
        let mut wrong = shop.voucher("rent of june", "PMT", "Rent", "Cash", "1500");
        wrong["entries"][0]["debit"] = json!("1501");
        assert_eq!(shop.post(&wrong).await.refusals("voucherPost"), ["UNBALANCED input.entries"]);
        wrong["entries"][0]["debit"] = json!("1500");
        shop.number(&wrong).await;
        assert_eq!(shop.count().await, 2);

        // Twenty at once with one key.
        let input = shop.voucher("rent of july", "PMT", "Rent", "Cash", "1500");
        let answers = join_all((0..20).map(|_| shop.post(&input))).await;
        let ids: BTreeSet<String> =
            answers.iter().map(|answer| answer.text("voucherPost.voucher.id")).collect();
        assert_eq!(ids.len(), 1);
        let made = answers.iter().filter(|answer| answer.at("voucherPost.replayed") == false);
        assert_eq!(made.count(), 1);
        assert_eq!(shop.count().await, 3);
    }

    async fn a_key_is_judged_before_its_input(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let made = shop.create_ledger("Shed", "IEXP", Value::Null).await;
        shop.keep_ledger(&made);
        let input = shop.voucher("rent of may", "PMT", "Shed", "Cash", "7.50");
        let first = shop.post(&input).await;
        // Another input that is wrong in itself is another input.
        for (field, value) in [
            ("entries", json!([shop.entry("Shed", "debit", "7.50"), shop.entry("Cash", "credit", "8")])),
            ("entries", json!([])),
            ("voucherTypeId", json!("?")),
            ("businessId", json!("?")),
            ("narration", json!("x".repeat(2_001))),
        ] {
            let mut other = input.clone();
            other[field] = value;
            let conflict = shop.post(&other).await;
            assert_eq!(conflict.code(), "CONFLICT", "{field}: {}", conflict.body);
        }
        // The same numbers and instants are the same input, however they are written.
        for text in ["7.5", "7.50", "07.500", "7.5000000"] {
            let mut same = input.clone();
            same["entries"][0]["debit"] = json!(text);
            let replay = shop.post(&same).await;
            assert_eq!(replay.at("voucherPost.replayed"), true, "{text}: {}", replay.body);
            assert_eq!(replay.at("voucherPost.voucher"), first.at("voucherPost.voucher"));
        }
        let mut narrated = shop.voucher("rent of june", "PMT", "Shed", "Cash", "1");
        narrated["narration"] = json!("7.50");
        narrated["occurredAt"] = json!("2026-05-01T12:00:00+05:30");
        shop.number(&narrated).await;
        narrated["occurredAt"] = json!("2026-05-01T06:30:00Z");
        assert_eq!(shop.post(&narrated).await.at("voucherPost.replayed"), true);
        narrated["narration"] = json!("7.5");
        assert_eq!(shop.post(&narrated).await.code(), "CONFLICT");
        // What has been archived since takes nothing from the answer of before.
        let archive = "mutation($id: ID!) { ledgerArchive(id: $id, input: {}) { ledger { id }
            userErrors { code field message } } }";
        shop.client.ask(archive, json!({ "id": shop.ledgers["Shed"] })).await.at("ledgerArchive.ledger");
        let replay = shop.post(&input).await;
        assert_eq!(replay.at("voucherPost.replayed"), true, "{}", replay.body);
        assert_eq!(replay.at("voucherPost.voucher"), first.at("voucherPost.voucher"));
        // A preview ignores the key.
        let mut preview = input.clone();
        preview["dryRun"] = json!(true);
        let refused = shop.post(&preview).await;
        assert_eq!(refused.refusals("voucherPost"), ["LEDGER_ARCHIVED input.entries.0.ledgerId"]);
        assert_eq!(shop.count().await, 2);
    }

    async fn parallel_posts_leave_no_gap(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let inputs: Vec<_> = (0..50)
            .map(|index| {
                let mut input = shop.voucher(&format!("k{index}"), "JRN", "Rent", "Sales", "1.01");
                if index % 10 == 9 {
                    input["entries"][0]["debit"] = json!("1.02");
                }
                input
            })
            .collect();
        let answers = join_all(inputs.iter().map(|input| shop.post(input))).await;
        let mut numbers: Vec<u64> = answers
            .iter()
            .filter(|answer| !answer.data("voucherPost.voucher").is_null())
            .map(|answer| sequence(&answer.text("voucherPost.voucher.number")))
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=45).collect::<Vec<u64>>());
        assert_eq!(shop.count().await, 45);
    }

    async fn a_preview_leaves_no_trace(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let mut input = shop.voucher("once", "JRN", "Rent", "Sales", "10");
        input["dryRun"] = json!(true);
        let preview = shop.post(&input).await;
        assert_eq!(preview.at("voucherPost.dryRun"), true);
        let number = preview.text("voucherPost.voucher.number");
        assert_eq!(shop.count().await, 0);
        // Neither the number nor the key is used up.
        input["dryRun"] = json!(false);
        let posted = shop.post(&input).await;
        assert_eq!(posted.text("voucherPost.voucher.number"), number);
        assert_eq!(posted.at("voucherPost.replayed"), false);
        assert_eq!(shop.count().await, 1);
        let balance = format!("{{ ledger(id: \"{}\") {{ balance {{ amount }} }} }}", shop.ledgers["Rent"]);
        assert_eq!(shop.client.query(&balance).await.text("ledger.balance.amount"), "10.00");
    }

    async fn a_new_prefix_leaves_old_numbers(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let old = shop.number(&shop.voucher("1", "JRN", "Rent", "Sales", "10")).await;
        let changed = shop
            .client
            .ask(
                "mutation($input: VoucherTypeOverrideInput!) { voucherTypeOverride(input: $input) {
                    voucherType { numberingPrefix } userErrors { code field message } } }",
                json!({ "input": { "voucherTypeId": shop.types["JRN"], "numberingPrefix": "MEERA/" } }),
            )
            .await;
        assert_eq!(changed.text("voucherTypeOverride.voucherType.numberingPrefix"), "MEERA/");
        let new = shop.number(&shop.voucher("2", "JRN", "Rent", "Sales", "10")).await;
        assert!(new.starts_with("MEERA/") && sequence(&new) == 1, "{new}");
        let read = shop
            .client
            .query("{ vouchers(orderBy: { direction: ASC }) { nodes { number } } }")
            .await;
        assert_eq!(
            read.at("vouchers.nodes"),
            &json!([{ "number": old }, { "number": new }])
        );
    }
}
