//! What is posted is what the books say, to the last paisa.

use serde_json::{Value, json};

use super::shop::Shop;

const TRIAL_BALANCE: &str = "query($asAt: Date) { trialBalance(asAt: $asAt) {
    isBalanced currency
    rows { ledger { name } openingDebit { amount } openingCredit { amount } debit { amount }
           credit { amount } closingDebit { amount } closingCredit { amount } }
    totals { openingDebit { amount } openingCredit { amount } debit { amount } credit { amount }
             closingDebit { amount } closingCredit { amount } } } }";

fn amounts(row: &Value) -> [String; 6] {
    ["openingDebit", "openingCredit", "debit", "credit", "closingDebit", "closingCredit"]
        .map(|column| row[column]["amount"].as_str().unwrap().to_owned())
}

on_every_engine! {
    async fn a_first_month(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let made = shop.create_ledger("Cupboards", "FA", json!({ "debit": "12500.50" })).await;
        assert_eq!(made.text("ledgerCreate.ledger.balance.amount"), "12500.50");
        assert_eq!(made.text("ledgerCreate.ledger.balance.currency"), "INR");
        shop.keep_ledger(&made);
        let made = shop.create_ledger("Loan of Ravi", "UNS", json!({ "credit": "4000" })).await;
        assert_eq!(made.text("ledgerCreate.ledger.balance.amount"), "-4000.00");
        shop.keep_ledger(&made);
        assert_eq!(shop.count().await, 2, "one opening voucher each");

        for input in [
            shop.voucher("1", "RCT", "State Bank", "Capital Account", "100000.00"),
            shop.voucher("2", "CTR", "Cash", "State Bank", "20000"),
            shop.voucher("3", "PMT", "Rent", "Cash", "1500.25"),
            shop.voucher("4", "JRN", "Salaries", "Loan of Ravi", "0.01"),
        ] {
            shop.number(&input).await;
        }

        let read = shop
            .client
            .query(
                "{ vouchers(first: 10) { totalCount nodes { number date kind status
                    total { amount currency } voucherType { code }
                    entries { line ledger { name } debit { amount } credit { amount } } } } }",
            )
            .await;
        assert_eq!(read.at("vouchers.totalCount"), 6);
        let nodes = read.at("vouchers.nodes").as_array().unwrap();
        let of = |code: &str| {
            let is_it = |one: &&Value| one["voucherType"]["code"] == code && one["kind"] == "ORDINARY";
            nodes.iter().find(is_it).unwrap()
        };
        let payment = of("PMT");
        assert_eq!(payment["date"], shop.day(10));
        assert_eq!(payment["status"], "POSTED");
        assert_eq!(payment["total"], json!({ "amount": "1500.25", "currency": "INR" }));
        assert_eq!(
            payment["entries"],
            json!([
                { "line": 1, "ledger": { "name": "Rent" }, "debit": { "amount": "1500.25" }, "credit": null },
                { "line": 2, "ledger": { "name": "Cash" }, "debit": null, "credit": { "amount": "1500.25" } },
            ])
        );
        assert_eq!(of("JRN")["total"]["amount"], "0.01");

        let found = shop.client.ask(TRIAL_BALANCE, json!({ "asAt": shop.day(60) })).await;
        assert_eq!(found.at("trialBalance.isBalanced"), true);
        let rows = found.at("trialBalance.rows").as_array().unwrap();
        let mut seen: Vec<(String, [String; 6])> = rows
            .iter()
            .map(|row| (row["ledger"]["name"].as_str().unwrap().to_owned(), amounts(row)))
            .collect();
        seen.sort();
        let expected = [
            ("Capital Account", ["0.00", "0.00", "0.00", "100000.00", "0.00", "100000.00"]),
            ("Cash", ["0.00", "0.00", "20000.00", "1500.25", "18499.75", "0.00"]),
            ("Cupboards", ["12500.50", "0.00", "0.00", "0.00", "12500.50", "0.00"]),
            ("Difference in Opening Balances", ["0.00", "8500.50", "0.00", "0.00", "0.00", "8500.50"]),
            ("Loan of Ravi", ["0.00", "4000.00", "0.00", "0.01", "0.00", "4000.01"]),
            ("Rent", ["0.00", "0.00", "1500.25", "0.00", "1500.25", "0.00"]),
            ("Salaries", ["0.00", "0.00", "0.01", "0.00", "0.01", "0.00"]),
            ("State Bank", ["0.00", "0.00", "100000.00", "20000.00", "80000.00", "0.00"]),
        ];
        let expected = expected.map(|(name, row)| (name.to_owned(), row.map(str::to_owned)));
        assert_eq!(seen, expected);
        assert_eq!(
            amounts(found.at("trialBalance.totals")),
            ["12500.50", "12500.50", "121500.26", "121500.26", "112500.51", "112500.51"]
        );

        // The day before: openings only.
        let found = shop.client.ask(TRIAL_BALANCE, json!({ "asAt": shop.day(9) })).await;
        assert_eq!(
            amounts(found.at("trialBalance.totals")),
            ["12500.50", "12500.50", "0.00", "0.00", "12500.50", "12500.50"]
        );
    }
}
