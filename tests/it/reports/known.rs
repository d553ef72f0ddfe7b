//! What the books said at an earlier moment, vouchers taken back, and vouchers that close a year.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    books::Shop,
    client::Answer,
    hand::{run_sql, sql_number},
};

const ALL: &str = "query($to: Date, $known: DateTime) {
    profitAndLoss(to: $to, asKnownAt: $known) { asKnownAt netProfit { amount { amount } } }
    balanceSheet(asAt: $to, asKnownAt: $known) { isBalanced profitOfYear { amount { amount } }
        totalAssets { amount { amount } }
        liabilities { lines { ledger { name } amount { amount } } } }
    cashFlow(to: $to, asKnownAt: $known) { isReconciled net { amount { amount } }
        operating { lines { ledger { name } amount { amount } } } }
    fundsFlow(to: $to, asKnownAt: $known) { isReconciled sources { total { amount { amount } } } }
    trialBalance(asAt: $to, asKnownAt: $known) { isBalanced
        rows { ledger { name } closingDebit { amount } closingCredit { amount } } } }";

async fn ask(shop: &Shop, day: &str, known: Option<i64>) -> Answer {
    let known = known.map(|ms| chrono::DateTime::from_timestamp_millis(ms).unwrap().to_rfc3339());
    let found = shop.client.ask(ALL, json!({ "to": day, "known": known })).await;
    assert!(found.body["errors"].is_null(), "{}", found.body);
    for report in [
        "cashFlow.isReconciled",
        "fundsFlow.isReconciled",
        "trialBalance.isBalanced",
        "balanceSheet.isBalanced",
    ] {
        assert_eq!(*found.at(report), true, "{report}: {}", found.body);
    }
    found
}

fn net(answer: &Answer) -> String {
    answer.text("profitAndLoss.netProfit.amount.amount")
}

/// Takes back the only voucher that debits a ledger with an amount, as a cancellation does, so many
/// milliseconds after it was posted.
async fn take_back(app: &TestApp, debit: &str, credit: &str, paise: i64, after_ms: i64) {
    let of = |ledger: &str| format!("(SELECT id FROM ledgers WHERE name = '{ledger}')");
    let version = sql_number(
        app,
        "meera",
        &format!(
            "SELECT version_id FROM voucher_ledger_entries WHERE ledger_id = {} AND debit = {paise}",
            of(debit)
        ),
    )
    .await;
    let entries = format!(
        "INSERT INTO voucher_ledger_entries (id, version_id, line, effect, business_id, ledger_id, dated,
            debit, credit, closing, recorded_at)
         SELECT id + 500000, version_id, line, -1, business_id, ledger_id, dated, debit, credit, closing,
            recorded_at + {after_ms} FROM voucher_ledger_entries WHERE version_id = {version}"
    );
    let total = |side: &str, ledger: &str| {
        format!(
            "UPDATE ledger_period_totals SET {side} = {side} - {paise} WHERE ledger_id = {}",
            of(ledger)
        )
    };
    run_sql(app, "meera", &[&entries, &total("debit", debit), &total("credit", credit)]).await;
}

on_every_engine! {
    async fn the_books_as_they_were_known(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "RCT", "Cash", "Capital Account", "5000")).await;
        shop.number(&shop.voucher("2", "PMT", "Rent", "Cash", "1500")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let first = app.clock.now_ms();
        tokio::time::sleep(Duration::from_millis(20)).await;
        shop.number(&shop.voucher("3", "PMT", "Rent", "Cash", "20.50")).await;
        app.clock.advance_ms(60_000);
        // A whole month from entries, and a broken one.
        for day in [shop.day(29), shop.day(15)] {
            let then = ask(&shop, &day, Some(first)).await;
            assert_eq!(net(&then), "-1500.00");
            assert!(then.data("profitAndLoss.asKnownAt").is_string());
            assert_eq!(then.text("cashFlow.net.amount.amount"), "3500.00");
            assert_eq!(then.text("fundsFlow.sources.total.amount.amount"), "5000.00");
            let now = ask(&shop, &day, None).await;
            assert_eq!(net(&now), "-1520.50");
            assert!(now.data("profitAndLoss.asKnownAt").is_null());
            let also_now = ask(&shop, &day, Some(app.clock.now_ms() - 2_000)).await;
            assert_eq!(also_now.at("trialBalance"), now.at("trialBalance"));
            assert_eq!(also_now.at("cashFlow"), now.at("cashFlow"));
            let never = ask(&shop, &day, Some(0)).await;
            assert_eq!(*never.at("trialBalance.rows"), json!([]));
        }
    }

    async fn a_voucher_taken_back_counts_until_then(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "RCT", "Cash", "Capital Account", "5000")).await;
        shop.number(&shop.voucher("2", "PMT", "Rent", "Cash", "1500")).await;
        let posted = app.clock.now_ms();
        take_back(app, "Rent", "Cash", 150_000, 10_000).await;
        app.clock.advance_ms(60_000);
        for day in [shop.day(29), shop.day(15)] {
            let now = ask(&shop, &day, None).await;
            assert_eq!(net(&now), "0.00");
            assert_eq!(now.text("cashFlow.net.amount.amount"), "5000.00");
            assert_eq!(*now.at("cashFlow.operating.lines"), json!([]));
            assert_eq!(now.at("trialBalance.rows").as_array().unwrap().len(), 2);
            let then = ask(&shop, &day, Some(posted + 5_000)).await;
            assert_eq!(net(&then), "-1500.00");
            assert_eq!(then.text("cashFlow.net.amount.amount"), "3500.00");
        }
    }

    async fn vouchers_that_close_a_year_are_no_profit(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "RCT", "Cash", "Sales", "700")).await;
        let mut rent = shop.voucher("2", "PMT", "Rent", "Cash", "200");
        rent["date"] = json!(shop.day(345));
        shop.number(&rent).await;
        // As an import of closed books would store it: sales and rent to capital, within a month.
        let day = shop.day(350);
        let month = day[..7].replace('-', "");
        let mut sql = vec![format!(
            "INSERT INTO voucher_versions (id, voucher_id, version, business_id, kind, dated, total, areas,
                change_seq, recorded_at)
             SELECT id + 500000, voucher_id, 2, business_id, 'CLOSING', '{day}', 70000, areas, change_seq,
                recorded_at FROM voucher_versions WHERE total = 70000"
        )];
        for (line, ledger, debit, credit) in
            [(1, "Sales", 70_000, 0), (2, "Rent", 0, 20_000), (3, "Capital Account", 0, 50_000)]
        {
            sql.push(format!(
                "INSERT INTO voucher_ledger_entries (id, version_id, line, effect, business_id, ledger_id,
                    dated, debit, credit, closing, recorded_at)
                 SELECT v.id + {line}, v.id, {line}, 1, v.business_id, l.id, '{day}', {debit}, {credit},
                    TRUE, v.recorded_at FROM voucher_versions v, ledgers l
                 WHERE v.kind = 'CLOSING' AND l.name = '{ledger}'"
            ));
            sql.push(format!(
                "INSERT INTO ledger_period_totals (ledger_id, month, closing, business_id, debit, credit)
                 SELECT id, {month}, TRUE, business_id, {debit}, {credit} FROM ledgers
                 WHERE name = '{ledger}'"
            ));
        }
        let sql: Vec<&str> = sql.iter().map(String::as_str).collect();
        run_sql(app, "meera", &sql).await;
        app.clock.advance_ms(60_000);
        let capital = |answer: &Answer| {
            let lines = answer.at("balanceSheet.liabilities.lines").as_array().unwrap().clone();
            let line = lines.into_iter().find(|line| line["ledger"]["name"] == "Capital Account");
            line.map_or(Value::Null, |line| line["amount"]["amount"].clone())
        };
        for known in [None, Some(app.clock.now_ms() - 2_000)] {
            // Before the closing, within its month, and after it.
            let before = ask(&shop, &shop.day(349), known).await;
            assert_eq!(net(&before), "500.00");
            assert_eq!(before.text("balanceSheet.profitOfYear.amount.amount"), "500.00");
            assert_eq!(capital(&before), Value::Null);
            for day in [shop.day(350), shop.day(355), shop.day(364)] {
                let after = ask(&shop, &day, known).await;
                assert_eq!(net(&after), "500.00", "{day}");
                assert_eq!(after.text("balanceSheet.profitOfYear.amount.amount"), "0.00");
                assert_eq!(capital(&after), "500.00");
                assert_eq!(after.text("cashFlow.net.amount.amount"), "500.00");
                assert_eq!(after.text("fundsFlow.sources.total.amount.amount"), "0.00");
            }
        }
    }
}
