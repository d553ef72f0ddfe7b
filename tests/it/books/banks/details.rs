//! By which instrument an entry was paid, from the posting to the edit log.

use daybook::services::platform::verify::What;
use serde_json::{Value, json};

use super::Shop;
use crate::{
    audit::{difference, unguard, verified},
    hand::{run_sql, sql_number},
};

on_every_engine! {
    async fn bank_details_stay_with_their_entry(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let cheque = json!({ "instrument": "CHEQUE", "number": " 000123 ", "date": shop.day(70),
            "payee": "Asha Traders", "bank": "State Bank, Camp" });
        let mut input = shop.voucher("1", "PMT", "Rent", "State Bank", "500");
        input["entries"][0]["bank"] = cheque.clone();
        let refused = shop.post(&input).await;
        assert_eq!(refused.refusals("voucherPost"), ["NOT_ALLOWED input.entries.0.bank"]);
        input["entries"][0]["bank"] = Value::Null;
        input["entries"][1]["bank"] = cheque.clone();
        input["entries"][1]["bank"]["number"] = json!("1".repeat(101));
        let refused = shop.post(&input).await;
        assert_eq!(refused.refusals("voucherPost"), ["TOO_LONG input.entries.1.bank.number"]);
        input["entries"][1]["bank"] = cheque.clone();
        let id = shop.posted(&input).await;
        let plain = shop.posted(&shop.voucher("2", "JRN", "Rent", "Sales", "1")).await;

        let shown = |id: &str| format!(
            "{{ voucher(id: \"{id}\") {{ entries {{ bank {{ instrument number date payee bank }} }} }} }}"
        );
        let found = shop.client.query(&shown(&id)).await;
        let kept = json!({ "instrument": "CHEQUE", "number": "000123", "date": shop.day(70),
            "payee": "Asha Traders", "bank": "State Bank, Camp" });
        assert_eq!(found.at("voucher.entries"), &json!([{ "bank": null }, { "bank": kept }]));
        let found = shop.client.query(&shown(&plain)).await;
        assert_eq!(found.at("voucher.entries"), &json!([{ "bank": null }, { "bank": null }]));

        // An amendment says it anew, and takes what stood there back.
        let mut amended = json!({ "idempotencyKey": "a", "voucherId": id, "date": shop.day(10),
            "entries": [shop.entry("Rent", "debit", "400"), shop.entry("State Bank", "credit", "400")] });
        amended["entries"][1]["bank"] = json!({ "instrument": "UPI", "number": "929643158413" });
        let done = shop.act("voucherAmend", amended).await;
        assert!(done.refusals("voucherAmend").is_empty(), "{}", done.body);
        let found = shop.client.query(&shown(&id)).await;
        assert_eq!(found.text("voucher.entries.1.bank.instrument"), "UPI");
        assert_eq!(sql_number(app, "meera", "SELECT SUM(effect) FROM entry_bank_details").await, 1);
        assert_eq!(sql_number(app, "meera", "SELECT COUNT(*) FROM entry_bank_details").await, 3);
        assert_eq!(verified(app).await.difference, None);

        // A hand that changes one, or invents one, is found.
        unguard(app, &["entry_bank_details"]).await;
        for (change, undo) in [
            ("SET number = '000124' WHERE number = '000123' AND effect = 1",
                "SET number = '000123' WHERE number = '000124'"),
            ("SET payee = 'x' WHERE effect = -1", "SET payee = 'Asha Traders' WHERE effect = -1"),
        ] {
            run_sql(app, "meera", &[&format!("UPDATE entry_bank_details {change}")]).await;
            let what = difference(app).await.what;
            assert!(matches!(what, What::Voucher(_)), "{change}: {what:?}");
            run_sql(app, "meera", &[&format!("UPDATE entry_bank_details {undo}")]).await;
        }
        assert_eq!(verified(app).await.difference, None);
    }
}
