//! What lines may be, what somebody says they are, and what then may not be changed any more.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::Shop;

on_every_engine! {
    async fn the_surest_proposal_stands_first_and_a_confirmed_one_holds_its_voucher(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let cheque = json!({ "instrument": "CHEQUE", "number": "000123" });
        let right = shop.through_bank("1", 2, "-500", cheque).await;
        let other = shop.through_bank("2", 10, "-500", Value::Null).await;
        shop.through_bank("3", 10, "-500.01", Value::Null).await;
        shop.rows(app, &[(10, "CHQ PAID MICR", "0000000123", "500.00", "", "")]).await;
        let line = shop.line("CHQ PAID MICR").await;
        let proposals = line["proposals"].as_array().unwrap();
        let told: Vec<_> = proposals.iter().map(|one| {
            (one["score"].as_i64().unwrap(), one["entries"][0]["voucherNumber"].as_str().unwrap())
        }).collect();
        assert_eq!(told, [(76, right.as_str()), (60, other.as_str())]);
        let reasons = json!(["SAME_AMOUNT", "FAR_DAY", "SAME_NUMBER"]);
        assert_eq!(proposals[0]["reasons"], reasons);

        let entry = proposals[0]["entries"][0].clone();
        let wrong = shop.bank_entry("PY/0003").await;
        let refused = shop.confirm(&[&line], &[&wrong]).await;
        assert_eq!(refused.refusals("bankMatchConfirm"), ["AMOUNTS_DIFFER input.entryIds"]);
        let stranger = json!({ "id": shop.ledgers["Cash"] });
        let refused = shop.confirm(&[&line], &[&stranger]).await;
        assert_eq!(refused.refusals("bankMatchConfirm"), ["ENTRY_UNKNOWN input.entryIds.0"]);
        // Of many who confirm it at once, one does.
        let (lines, entries) = ([&line], [&entry]);
        let attempts = join_all((0..6).map(|_| shop.confirm(&lines, &entries))).await;
        let done: Vec<_> = attempts
            .iter().filter(|one| one.refusals("bankMatchConfirm").is_empty()).collect();
        assert_eq!(done.len(), 1, "{:?}", attempts.iter().map(|one| &one.body).collect::<Vec<_>>());
        let matched = done[0].text("bankMatchConfirm.bankMatch.id");
        let again = shop.confirm(&[&line], &[&entry]).await;
        assert_eq!(again.refusals("bankMatchConfirm"), ["ALREADY_DONE input.lineIds.0"]);
        let line = shop.line("CHQ PAID MICR").await;
        assert_eq!(line["status"], "MATCHED");
        assert_eq!(line["bankMatch"]["vouchers"], json!([{ "number": right }]));
        assert_eq!(shop.bank_entry(&right).await["bankDate"], json!(shop.day(10)));

        let vouchers = shop.client.query("{ vouchers { nodes { id number } } }").await;
        let vouchers = vouchers.at("vouchers.nodes").as_array().unwrap().clone();
        let id = &vouchers.iter().find(|one| one["number"] == right.as_str()).unwrap()["id"];
        let cancel = json!({ "idempotencyKey": "c", "voucherId": id });
        let mut amend = json!({ "idempotencyKey": "a", "voucherId": id, "date": shop.day(2) });
        amend["entries"] =
            json!([shop.entry("Rent", "debit", "400"), shop.entry("State Bank", "credit", "400")]);
        for (field, input) in [("voucherCancel", &cancel), ("voucherAmend", &amend)] {
            let refused = shop.act(field, input.clone()).await;
            assert_eq!(refused.refusals(field), ["BANK_RECONCILED input.voucherId"]);
        }
        let undo = json!({ "matchId": matched, "reason": "wrong cheque" });
        let undone = shop.bank("bankMatchUndo", undo.clone(), "bankMatch { undoneReason }").await;
        assert_eq!(undone.text("bankMatchUndo.bankMatch.undoneReason"), "wrong cheque");
        let twice = shop.bank("bankMatchUndo", undo, "bankMatch { id }").await;
        assert_eq!(twice.refusals("bankMatchUndo"), ["ALREADY_DONE input.matchId"]);
        let done = shop.act("voucherCancel", cancel).await;
        assert!(done.refusals("voucherCancel").is_empty(), "{}", done.body);
        // What was taken back is proposed no more; what was done stays on record.
        let line = shop.line("CHQ PAID MICR").await;
        assert_eq!((&line["status"], line["proposals"].as_array().unwrap().len()),
            (&json!("UNMATCHED"), 1));
        let list = format!("{{ bankMatches(ledgerId: \"{}\") {{ nodes {{ undoneReason
            matchedBy {{ name }} undoneBy {{ name }} }} }} auditVerify {{ ok }} }}",
            shop.ledgers["State Bank"]);
        let found = shop.client.query(&list).await;
        let meera = json!({ "name": "Meera Shah" });
        let kept = json!([{ "undoneReason": "wrong cheque", "matchedBy": meera, "undoneBy": meera }]);
        assert_eq!(found.at("bankMatches.nodes"), &kept);
        assert_eq!(found.at("auditVerify.ok"), true);
    }

    async fn only_what_stands_alone_is_confirmed_without_a_look(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        for (key, day, amount) in
            [("1", 3, "700"), ("2", 3, "900"), ("3", 3, "900"), ("4", 4, "120"), ("5", 5, "80")]
        {
            shop.through_bank(key, day, amount, Value::Null).await;
        }
        shop.rows(app, &[
            (3, "UPI ONE", "1001", "", "700", ""),
            (3, "UPI TWO", "1002", "", "900", ""),
            (5, "CASH DEP", "", "", "200", ""),
        ]).await;
        let sure = |score: i64| json!({ "ledgerId": shop.ledgers["State Bank"], "minScore": score });
        let shown = "bankMatches { score } lineCount hasMore";
        let refused = shop.bank("bankMatchConfirmSure", sure(40), shown).await;
        assert_eq!(refused.refusals("bankMatchConfirmSure"), ["INVALID input.minScore"]);
        let done = shop.bank("bankMatchConfirmSure", sure(60), shown).await;
        let right = json!({ "bankMatches": [{ "score": 60 }], "lineCount": 3, "hasMore": false,
            "userErrors": [] });
        assert_eq!(done.at("bankMatchConfirmSure"), &right);
        let again = shop.bank("bankMatchConfirmSure", sure(60), shown).await;
        assert_eq!(again.at("bankMatchConfirmSure.bankMatches"), &json!([]));
        let two = shop.line("UPI TWO").await;
        assert!(two["proposals"][0]["reasons"].as_array().unwrap().contains(&json!("AMBIGUOUS")));
        // Two receipts that were paid in together.
        let deposit = shop.line("CASH DEP").await;
        let entries = deposit["proposals"][0]["entries"].as_array().unwrap();
        assert_eq!((entries.len(), &deposit["proposals"][0]["score"]), (2, &json!(46)));
        let done = shop.confirm(&[&deposit], &entries.iter().collect::<Vec<_>>()).await;
        assert_eq!(done.text("bankMatchConfirm.bankMatch.amount.amount"), "200.00");
        // One receipt that the bank booked in two parts.
        shop.through_bank("6", 20, "1000", Value::Null).await;
        shop.rows(app, &[(20, "PART A", "", "", "400", ""), (21, "PART B", "", "", "600", "")]).await;
        let part = shop.line("PART A").await;
        let lines = part["proposals"][0]["lineIds"].as_array().unwrap();
        assert_eq!(lines.len(), 2);
        let lines: Vec<Value> = lines.iter().map(|id| json!({ "id": id })).collect();
        let lines: Vec<&Value> = lines.iter().collect();
        let done = shop.confirm(&lines, &[&part["proposals"][0]["entries"][0]]).await;
        assert_eq!(done.text("bankMatchConfirm.bankMatch.bankDate"), shop.day(21));
    }
}
