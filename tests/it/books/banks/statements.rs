//! Statements come in once, whatever files hold them, and for nobody else's account.

use serde_json::{Value, json};

use super::{HEAD, Shop};
use crate::tenancy::invited;

const OFX: &str = "<OFX><STMTRS><CURDEF>USD<ACCTID>11<STMTTRN><DTPOSTED>20260410<TRNAMT>5<FITID>1\
    </STMTTRN></STMTRS></OFX>";

on_every_engine! {
    async fn a_line_comes_in_once(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let first = [
            (4, "CASH WDL SELF", "0", "100.00", "", "900.00"),
            (4, "CASH WDL SELF", "0", "100.00", "", "800.00"),
            (5, "NEFT CR-ASHA", "77012", "", "250.50", "1050.50"),
            (6, "SMS CHRG", "", "17.70", "", "1032.80"),
        ];
        let done = shop.rows(app, &first).await;
        let told = done.at("bankStatementStage.statement");
        let counts = |told: &Value| {
            ["newLineCount", "knownLineCount", "refusedLineCount"]
                .map(|name| told[name].as_i64().unwrap())
        };
        assert_eq!(counts(told), [4, 0, 0]);
        assert_eq!(told["opening"]["amount"], "1000.00");
        assert_eq!(told["closing"]["amount"], "1032.80");
        assert_eq!(told["difference"]["amount"], "0.00");
        let again = shop.rows(app, &first).await;
        assert_eq!(counts(again.at("bankStatementStage.statement")), [0, 4, 0]);

        // A later file that overlaps brings what is new; what cannot be read is named with its line.
        let day = |days| shop.day(days);
        let text = format!(
            "{HEAD}{},NEFT CR-ASHA,77012,,250.50,\n{},SMS CHRG,,17.70,,\n31-02-2026,X,,1,,\n\
             {},UPI-RAVI,9,,40,\n", day(5), day(6), day(7)
        );
        let done = shop.stage(app, "State Bank", ("CSV", "text/csv"), &text).await;
        let told = done.at("bankStatementStage.statement");
        assert_eq!(counts(told), [1, 2, 1], "{}", done.body);
        assert_eq!(told["findings"][0], json!({ "line": 4, "isError": true, "code": "BAD_DATE" }));
        assert_eq!(told["difference"], Value::Null);
        assert_eq!(shop.bank_lines().await.len(), 5);
        let list = format!("{{ bankStatements(ledgerId: \"{}\") {{ totalCount
            nodes {{ newLineCount createdBy {{ name }} ledger {{ name }} }} }} }}",
            shop.ledgers["State Bank"]);
        let found = shop.client.query(&list).await;
        assert_eq!(found.at("bankStatements.totalCount"), 3);
        let newest = json!({ "newLineCount": 1, "createdBy": { "name": "Meera Shah" },
            "ledger": { "name": "State Bank" } });
        assert_eq!(found.at("bankStatements.nodes.0"), &newest);
    }

    async fn a_file_that_is_not_this_account_s_is_refused(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let stage = |ledger: &'static str, form, text: &'static str| {
            let shop = &shop;
            async move {
                let done = shop.stage(app, ledger, form, text).await;
                done.refusals("bankStatementStage")
            }
        };
        let mt940 = ("MT940", "text/plain");
        let one = ":20:A\n:25:1/11\n:60F:C260401INR100,00\n:61:2604020402D40,00NMSCX1\n\
            :62F:C260402INR60,00\n";
        let other = ":20:A\n:25:1/22\n:60F:C260401INR100,00\n:61:2604020402D40,00NMSCX1\n\
            :62F:C260402INR60,00\n";
        assert_eq!(stage("Cash", mt940, one).await, ["LEDGER_UNKNOWN input.ledgerId"]);
        assert!(stage("State Bank", mt940, one).await.is_empty());
        assert_eq!(stage("State Bank", mt940, other).await, ["ACCOUNT_DIFFERS input.account"]);
        let ofx = ("OFX", "application/x-ofx");
        assert_eq!(stage("State Bank", ofx, OFX).await.len(), 1);
        assert_eq!(stage("State Bank", mt940, "hello there").await, ["FILE_UNREADABLE input.fileId"]);
        let input = json!({ "ledgerId": shop.ledgers["State Bank"], "fileId": "?", "format": "CSV" });
        let refused = shop.stage_as(input.clone()).await;
        assert_eq!(refused.refusals("bankStatementStage"), ["NOT_FOUND input.fileId"]);

        // A mapping is kept for the ledger.
        let text = "Tag;Wozu;Betrag\n04/02/2026;Miete;-1,50\n";
        let upload = json!({ "purpose": "BANK_STATEMENT", "fileName": "b.csv",
            "mediaType": "text/csv", "size": text.len() });
        let send = || crate::files::uploads::upload(app, &shop.client, upload.clone(), text.as_bytes());
        let mut mapped = input.clone();
        mapped["fileId"] = json!(send().await);
        mapped["mapping"] = json!({ "dateOrder": "MONTH_FIRST", "decimalComma": true, "columns": [
            { "column": "DATE", "heading": "Tag" }, { "column": "DESCRIPTION", "heading": "Wozu" },
            { "column": "AMOUNT", "heading": "Betrag" }] });
        let done = shop.stage_as(mapped.clone()).await;
        assert_eq!(done.at("bankStatementStage.statement.newLineCount"), 1, "{}", done.body);
        let ask = format!("{{ bankAccount(ledgerId: \"{}\") {{ account mapping {{ dateOrder
            decimalComma columns {{ column heading }} }} }} }}", shop.ledgers["State Bank"]);
        let kept = shop.client.query(&ask).await;
        assert_eq!(kept.text("bankAccount.account"), "1/11");
        assert_eq!(kept.at("bankAccount.mapping"), &mapped["mapping"]);
        let line = shop.line("Miete").await;
        assert_eq!((&line["date"], &line["amount"]["amount"]), (&json!("2026-04-02"), &json!("-1.50")));
        let mut later = input;
        later["fileId"] = json!(send().await);
        let done = shop.stage_as(later).await;
        assert_eq!(done.at("bankStatementStage.statement.knownLineCount"), 1, "{}", done.body);
    }

    async fn statements_are_for_those_who_see_the_whole_books(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.rows(app, &[(4, "SMS CHRG", "", "17.70", "", "")]).await;
        let line = shop.line("SMS CHRG").await["id"].clone();
        let bank = shop.ledgers["State Bank"].clone();
        let read = format!("{{ bankLines(ledgerId: \"{bank}\") {{ nodes {{ id }} }} }}");
        let node = format!("{{ node(id: {line}) {{ id }} }}");
        let ignore = json!({ "lineId": line, "reason": "no" });

        let cashier = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        assert_eq!(cashier.client.query(&read).await.code(), "FORBIDDEN");
        assert_eq!(cashier.client.query(&node).await.code(), "FORBIDDEN");
        let viewer = shop.seen_by(invited(app, &shop.client, "VIEWER", Value::Null).await);
        assert_eq!(viewer.client.query(&read).await.at("bankLines.nodes.0.id"), &line);
        let refused = viewer.bank("bankLineIgnore", ignore.clone(), "line { id }").await;
        assert_eq!(refused.code(), "FORBIDDEN");
        // Nor can it be granted to who sees only own documents.
        let input = json!({ "name": "Ravi", "email": "ravi@example.com", "role": "STAFF",
            "permissionsAdded": ["BANK_READ"] });
        let refused = shop.bank("userInvite", input, "code").await;
        assert_eq!(refused.refusals("userInvite"), ["INVALID input.permissionsAdded"]);

        // Another tenant, and another business, see nothing of it.
        let other = Shop::open(app, "ravi").await;
        assert_eq!(other.client.query(&read).await.code(), "BAD_USER_INPUT");
        assert_eq!(other.client.query(&node).await.data("node"), &Value::Null);
        let refused = other.bank("bankLineIgnore", ignore.clone(), "line { id }").await;
        assert_eq!(refused.refusals("bankLineIgnore"), ["BANK_LINE_UNKNOWN input.lineId"]);
        let made = shop.bank("businessCreate", json!({ "name": "Second", "country": "IN" }), "business { id }").await;
        let second = made.text("businessCreate.business.id");
        let here = invited(app, &shop.client, "ACCOUNTANT", json!([second])).await;
        let here = shop.seen_by(here);
        assert_eq!(here.client.query(&read).await.code(), "BAD_USER_INPUT");
        let refused = here.bank("bankLineIgnore", ignore.clone(), "line { id }").await;
        assert_eq!(refused.refusals("bankLineIgnore"), ["BANK_LINE_UNKNOWN input.lineId"]);

        let done = shop.bank("bankLineIgnore", ignore, "line { status ignoredReason }").await;
        let now = json!({ "status": "IGNORED", "ignoredReason": "no" });
        assert_eq!(done.at("bankLineIgnore.line"), &now);
        let back = shop.bank("bankLineRestore", json!({ "lineId": line }), "line { status }").await;
        assert_eq!(back.text("bankLineRestore.line.status"), "UNMATCHED");
    }
}
