//! The reconciliation statement against figures made by hand, and what gets it there.

use daybook::services::platform::verify::figures::Check;
use serde_json::{Value, json};

use super::Shop;
use crate::{
    audit::{recomputed, verified},
    hand::run_sql,
};

impl Shop {
    /// The reconciliation at the end of a day: books, deposits, payments, bank in, bank out, bank, stated,
    /// difference.
    async fn reconciled(&self, day: u64) -> [String; 8] {
        let ask = format!(
            "{{ bankReconciliation(ledgerId: \"{}\", at: \"{}\") {{
                bookBalance {{ amount }} bankBalance {{ amount }} statementBalance {{ amount }}
                difference {{ amount }}
                depositsNotCredited {{ amount {{ amount }} }}
                paymentsNotPresented {{ amount {{ amount }} }}
                bankCreditsNotInBooks {{ amount {{ amount }} }}
                bankDebitsNotInBooks {{ amount {{ amount }} }} }} }}",
            self.ledgers["State Bank"],
            self.day(day)
        );
        let found = self.client.query(&ask).await;
        let text = |path: &str| found.text(&format!("bankReconciliation.{path}.amount"));
        [
            text("bookBalance"),
            text("depositsNotCredited.amount"),
            text("paymentsNotPresented.amount"),
            text("bankCreditsNotInBooks.amount"),
            text("bankDebitsNotInBooks.amount"),
            text("bankBalance"),
            text("statementBalance"),
            text("difference"),
        ]
    }
}

on_every_engine! {
    async fn books_and_bank_meet_at_every_day(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let first = shop.through_bank("1", 5, "10000", Value::Null).await;
        let cheque = json!({ "instrument": "CHEQUE", "number": "881" });
        let paid = shop.through_bank("2", 6, "-3000", cheque).await;
        let open = shop.through_bank("3", 8, "2000", Value::Null).await;
        shop.rows(app, &[
            (5, "NEFT CR", "1", "", "10000.00", "10000.00"),
            (9, "CHQ PAID", "881", "3000.00", "", "7000.00"),
            (9, "SMS CHRG 0426", "", "50.00", "", "6950.00"),
        ]).await;
        for (words, number) in [("NEFT CR", &first), ("CHQ PAID", &paid)] {
            let (line, entry) = (shop.line(words).await, shop.bank_entry(number).await);
            let done = shop.confirm(&[&line], &[&entry]).await;
            assert!(done.refusals("bankMatchConfirm").is_empty(), "{}", done.body);
        }
        let before = ["9000.00", "2000.00", "-3000.00", "0.00", "0.00", "10000.00", "10000.00", "0.00"];
        assert_eq!(shop.reconciled(8).await, before);
        let after = ["9000.00", "2000.00", "0.00", "0.00", "-50.00", "6950.00", "6950.00", "0.00"];
        assert_eq!(shop.reconciled(9).await, after);
        let lists = format!("{{ bankReconciliation(ledgerId: \"{}\", at: \"{}\") {{
            statementDate deposits {{ totalCount nodes {{ voucherNumber voucher {{ number }} }} }}
            payments(first: 1) {{ nodes {{ bank {{ number }} }} pageInfo {{ hasNextPage }} }}
            lines {{ totalCount nodes {{ description }} }} }} }}",
            shop.ledgers["State Bank"], shop.day(8));
        let found = shop.client.query(&lists).await;
        let right = json!({ "statementDate": shop.day(5),
            "deposits": { "totalCount": 1,
                "nodes": [{ "voucherNumber": open, "voucher": { "number": open } }] },
            "payments": { "nodes": [{ "bank": { "number": "881" } }],
                "pageInfo": { "hasNextPage": false } },
            "lines": { "totalCount": 0, "nodes": [] } });
        assert_eq!(found.at("bankReconciliation"), &right);

        // The bank's charge is posted by a rule, later than the bank booked it.
        let rule = json!({ "name": "Charges", "pattern": "sms chrg", "side": "MONEY_OUT",
            "amountMax": "100", "targetLedgerId": shop.ledgers["Rent"], "narration": "Charges" });
        let made = shop.client.ask(
            "mutation($input: BankRuleInput!) { bankRuleCreate(input: $input) {
                rule { id version } userErrors { code field message } } }",
            json!({ "input": rule })).await;
        assert!(made.refusals("bankRuleCreate").is_empty(), "{}", made.body);
        let line = shop.line("SMS CHRG 0426").await;
        assert_eq!(line["suggestedRule"]["name"], "Charges");
        let mut post = json!({ "idempotencyKey": "p", "lineId": line["id"], "date": shop.day(12),
            "ruleId": line["suggestedRule"]["id"], "dryRun": true });
        let shown = "voucher { number narration voucherType { code } entries { ledger { name }
            debit { amount } bank { instrument } } } bankMatch { id } replayed dryRun";
        let seen = shop.bank("bankLinePost", post.clone(), shown).await;
        assert_eq!(seen.at("bankLinePost.dryRun"), true);
        assert_eq!(seen.data("bankLinePost.bankMatch"), &Value::Null);
        assert_eq!(shop.count().await, 3);
        post["dryRun"] = json!(false);
        let done = shop.bank("bankLinePost", post.clone(), shown).await;
        assert!(done.refusals("bankLinePost").is_empty(), "{}", done.body);
        let entries = json!([
            { "ledger": { "name": "Rent" }, "debit": { "amount": "50.00" }, "bank": null },
            { "ledger": { "name": "State Bank" }, "debit": null, "bank": null },
        ]);
        let voucher = done.at("bankLinePost.voucher");
        assert_eq!((&voucher["entries"], &voucher["narration"]), (&entries, &json!("Charges")));
        assert_eq!(voucher["voucherType"]["code"], "PMT");
        let again = shop.bank("bankLinePost", post.clone(), shown).await;
        assert_eq!(again.at("bankLinePost.replayed"), true);
        assert_eq!(again.at("bankLinePost.bankMatch.id"), done.at("bankLinePost.bankMatch.id"));
        post["idempotencyKey"] = json!("q");
        let twice = shop.bank("bankLinePost", post, shown).await;
        assert_eq!(twice.refusals("bankLinePost"), ["ALREADY_DONE input.lineId"]);
        assert_eq!(shop.count().await, 4);
        assert_eq!(shop.reconciled(9).await, after);
        let now = ["8950.00", "2000.00", "0.00", "0.00", "0.00", "6950.00", "6950.00", "0.00"];
        assert_eq!(shop.reconciled(12).await, now);

        // Somebody says that the deposit is there; the statement does not.
        let entry = shop.bank_entry(&open).await["id"].clone();
        let set = |day: Value| json!({ "ledgerId": shop.ledgers["State Bank"],
            "entries": [{ "entryId": entry, "bankDate": day }] });
        let shown = "entries { bankDate isSetByHand }";
        let refused = shop.bank("bankDateSet", set(json!("2199-01-01")), shown).await;
        assert_eq!(refused.refusals("bankDateSet"), ["INVALID input.entries.0.bankDate"]);
        let done = shop.bank("bankDateSet", set(json!(shop.day(11))), shown).await;
        let said = json!([{ "bankDate": shop.day(11), "isSetByHand": true }]);
        assert_eq!(done.at("bankDateSet.entries"), &said, "{}", done.body);
        let off = ["8950.00", "0.00", "0.00", "0.00", "0.00", "8950.00", "6950.00", "-2000.00"];
        assert_eq!(shop.reconciled(12).await, off);
        let back = shop.bank("bankDateSet", set(Value::Null), shown).await;
        assert_eq!(back.data("bankDateSet.entries.0.bankDate"), &Value::Null, "{}", back.body);
        assert_eq!(shop.reconciled(12).await, now);
        let confirmed = shop.bank_entry(&first).await["id"].clone();
        let input = json!({ "ledgerId": shop.ledgers["State Bank"],
            "entries": [{ "entryId": confirmed, "bankDate": shop.day(7) }] });
        let refused = shop.bank("bankDateSet", input, shown).await;
        assert_eq!(refused.refusals("bankDateSet"), ["BANK_RECONCILED input.entries.0.entryId"]);
        assert_eq!(recomputed(app).await, []);
        assert_eq!(verified(app).await.difference, None);
        run_sql(app, "meera", &["UPDATE bank_lines SET amount = amount + 1 WHERE amount > 0"]).await;
        assert_eq!(recomputed(app).await, [Check::BankMatches]);
    }

    async fn a_line_is_posted_as_somebody_says(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.rows(app, &[
            (5, "CASH DEPOSIT", "", "", "300.00", ""),
            (6, "UPI-ASHA", "929643158413", "", "75.00", ""),
        ]).await;
        let deposit = shop.line("CASH DEPOSIT").await["id"].clone();
        let shown = "voucher { number date voucherType { code } narration
            entries { bank { instrument number } } }";
        let post = |key: &str, line: &Value, entries: Value| json!({ "idempotencyKey": key,
            "lineId": line, "entries": entries });
        let short = json!([shop.entry("Cash", "credit", "200")]);
        let refused = shop.bank("bankLinePost", post("1", &deposit, short), shown).await;
        assert_eq!(refused.refusals("bankLinePost"), ["UNBALANCED input.entries"]);
        let refused = shop.bank("bankLinePost", post("1", &deposit, json!([])), shown).await;
        assert_eq!(refused.refusals("bankLinePost"), ["REQUIRED input.entries"]);
        let whole = json!([shop.entry("Cash", "credit", "300")]);
        let done = shop.bank("bankLinePost", post("1", &deposit, whole), shown).await;
        assert_eq!(done.text("bankLinePost.voucher.voucherType.code"), "CTR", "{}", done.body);
        assert_eq!(done.text("bankLinePost.voucher.date"), shop.day(5));
        let upi = shop.line("UPI-ASHA").await["id"].clone();
        let sale = json!([shop.entry("Sales", "credit", "75")]);
        let done = shop.bank("bankLinePost", post("2", &upi, sale), shown).await;
        assert_eq!(done.text("bankLinePost.voucher.voucherType.code"), "RCT", "{}", done.body);
        let kept = json!({ "instrument": "UPI", "number": "929643158413" });
        assert_eq!(done.at("bankLinePost.voucher.entries.1.bank"), &kept);
        assert_eq!(shop.balance("State Bank").await, "375.00");
        assert_eq!(verified(app).await.difference, None);
    }
}
