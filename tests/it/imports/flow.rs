//! An import from its file to the books: staged, mapped, tried, applied; once, whatever happens.

use serde_json::json;

use super::{IMPORT, act, apply, as_tally, findings, import, numbers, old_books, stage, standing};
use crate::{books::Shop, hand::row_of};

on_every_engine! {
    async fn books_of_another_program_come_in_whole(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let file = as_tally(&old_books(&shop));
        let staged = stage(app, &shop.client, None, ("TALLY_XML", None), &file).await;
        let found = import(&staged, "importStage").clone();
        assert_eq!(findings(&found, "ERROR"), [""; 0], "{found}");
        assert_eq!(
            found["counts"],
            json!({ "groups": 1, "newGroups": 1, "ledgers": 3, "newLedgers": 2, "openings": 3,
                "vouchers": 5, "entries": 10, "leftOut": 0 })
        );
        assert_eq!(found["totals"]["openingDebit"]["amount"], "2300.00");
        assert_eq!(found["totals"]["openingCredit"]["amount"], "2300.00");
        assert_eq!(found["totals"]["vouchers"]["amount"], "1105.05");
        assert_eq!(found["totals"]["firstDay"], json!(shop.day(9)));

        // A trial leaves no trace, whatever it judged.
        let tried = act(&shop.client, "Try", json!({ "importId": found["id"] })).await;
        import(&tried, "importTry");
        assert_eq!(tried.at("importTry.judgedVouchers"), 5);
        assert_eq!((shop.count().await, standing(&shop.client, None).await.len()), (0, 0));

        // Two at once, with one key and with another, have one effect.
        let input = |key: &str| json!({ "idempotencyKey": key, "importId": found["id"] });
        let [one, same, other] = [input("a"), input("a"), input("b")]
            .map(|input| act(&shop.client, "Apply", input));
        let (one, same, other) = tokio::join!(one, same, other);
        let mut replayed = [&one, &same, &other].map(|answer| {
            assert_eq!(import(answer, "importApply")["state"], "APPLIED");
            answer.at("importApply.replayed").as_bool().unwrap()
        });
        replayed.sort_unstable();
        assert_eq!(replayed, [false, true, true]);
        let stands = [
            ("Asha & Sons", "1154.00"),
            ("Bank Charges", "1.00"),
            ("Capital Account", "-2300.00"),
            ("Deccan Bank", "1449.95"),
            ("Rent", "49.05"),
            ("Sales", "-354.00"),
        ];
        let stands = stands.map(|(name, amount)| (name.to_owned(), amount.to_owned()));
        assert_eq!(standing(&shop.client, None).await, stands);
        let all = numbers(&shop.client, None).await;
        assert_eq!(all[3..], ["INV/0007", "7", "INV/0009", "RENT-MAY", "JV/0001"]);
        let open = shop.open_bills().await;
        let mut open: Vec<String> = open.as_array().unwrap().iter()
            .map(|bill| format!("{} {}", bill[0].as_str().unwrap(), bill[2].as_str().unwrap()))
            .collect();
        open.sort();
        assert_eq!(open, ["INV/0009 136.00", "OB/1 600.00", "OB/2 500.00"]);

        // What was numbered elsewhere is passed by what is numbered here.
        assert_eq!(shop.number(&shop.voucher("next", "SAL", "Cash", "Sales", "5")).await, "INV/0010");
        let lease = app.app.tenancy.lease(row_of(app, "meera").await.id).await.unwrap();
        let report = daybook::services::platform::verify::verify(&app.app.office, &lease).await;
        let report = report.unwrap();
        assert!(report.difference.is_none(), "{:?}", report.difference);
        drop(lease);
        let ask = format!("{{ node(id: {}) {{ ... on Import {{ {IMPORT} appliedAt }} }} auditVerify {{ ok }} }}",
            found["id"]);
        let node = shop.client.query(&ask).await;
        assert!(node.at("node.appliedAt").is_string());
        assert_eq!(node.at("auditVerify.ok"), true);

        // The same file again is told, and comes in again only where that is said; its openings are here.
        let again = stage(app, &shop.client, None, ("TALLY_XML", None), &file).await;
        let again = import(&again, "importStage").clone();
        assert_eq!(again["duplicateOf"]["id"], found["id"]);
        assert_eq!(findings(&again, "ERROR").len(), 3, "{again}");
        let map = json!({ "importId": again["id"], "takesOpenings": false, "numbers": "NEW" });
        let mapped = act(&shop.client, "Map", map).await;
        assert_eq!(import(&mapped, "importMap")["errorCount"], 0, "{}", mapped.body);
        let mut input = json!({ "idempotencyKey": "c", "importId": again["id"] });
        let refused = act(&shop.client, "Apply", input.clone()).await;
        assert_eq!(refused.refusals("importApply"), ["IMPORT_DUPLICATE input.importId"]);
        input["allowDuplicate"] = json!(true);
        import(&act(&shop.client, "Apply", input).await, "importApply");
        let found = shop.client.query(
            "{ vouchers(first: 100) { nodes { number reference } } }").await;
        let nodes = found.at("vouchers.nodes").as_array().unwrap();
        assert!(nodes.contains(&json!({ "number": "INV/0011", "reference": "INV/0007" })), "{nodes:?}");
    }

    async fn names_get_a_meaning(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let csv = format!("Date,Voucher type,No,Ledger,Debit,Credit\n\
            {day},Tax Invoice,A1,Walk-in,100,\n{day},Tax Invoice,A1,Cloth Sales,,100\n\
            {later},,,Till,40,\n{later},,,Walk-in,,40\n",
            day = shop.day(3), later = shop.day(4));
        let part = ("CSV", Some("VOUCHERS"));
        let staged = stage(app, &shop.client, None, part, csv.as_bytes()).await;
        let found = import(&staged, "importStage").clone();
        assert_eq!(found["unmappedLedgers"]["names"], json!(["Walk-in", "Cloth Sales", "Till"]));
        assert_eq!(found["unmappedVoucherTypes"], json!({ "names": ["Tax Invoice"], "count": 1 }));
        let input = json!({ "idempotencyKey": "x", "importId": found["id"] });
        let refused = act(&shop.client, "Apply", input).await;
        assert_eq!(refused.refusals("importApply"), ["IMPORT_FAULTY input.importId"]);

        let mut map = json!({ "importId": found["id"], "expectedVersion": found["version"],
            "ledgers": [
                { "name": "WALK-IN", "accountGroupId": shop.groups["SD"] },
                { "name": "Cloth sales", "ledgerId": shop.ledgers["Sales"] },
                { "name": "till", "ledgerId": shop.ledgers["Cash"] },
            ],
            "voucherTypes": [{ "name": "tax invoice", "voucherTypeId": shop.types["SAL"] }] });
        let mapped = act(&shop.client, "Map", map.clone()).await;
        let done = import(&mapped, "importMap").clone();
        assert_eq!(done["errorCount"], 0, "{done}");
        assert_eq!(done["counts"]["newLedgers"], 1);
        // Whoever saw an older version is told so.
        let stale = act(&shop.client, "Map", map.clone()).await;
        assert_eq!(stale.refusals("importMap"), ["STALE input.expectedVersion"]);
        map["expectedVersion"] = json!(null);
        map["ledgers"] = json!([{ "name": "Till", "ledgerId": shop.groups["SD"] }]);
        let refused = act(&shop.client, "Map", map).await;
        assert_eq!(refused.refusals("importMap"), ["LEDGER_UNKNOWN input.ledgers.0.ledgerId"]);
        apply(&shop.client, &done).await;
        assert_eq!(
            standing(&shop.client, None).await,
            [("Cash", "40.00"), ("Sales", "-100.00"), ("Walk-in", "60.00")]
                .map(|(name, amount)| (name.to_owned(), amount.to_owned()))
        );
        // Where no type was named, money tells: it came in.
        assert_eq!(numbers(&shop.client, None).await, ["A1", "RC/0001"]);
    }

    async fn years_are_opened_as_needed(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let made = shop.client.ask(
            "mutation($input: BusinessCreateInput!) { businessCreate(input: $input) {
                business { id } userErrors { code field message } } }",
            json!({ "input": { "name": "Old Shop", "country": "IN", "booksBeginOn": "2021-04-01" } }),
        ).await;
        let id = made.text("businessCreate.business.id");
        let csv = "Date,Debit ledger,Credit ledger,Amount\n\
            2024-03-31,Sales,Capital Account,70\n2021-05-01,Cash,Sales,70\n2023-04-01,Rent,Cash,20\n";
        let part = ("CSV", Some("VOUCHERS"));
        let staged = stage(app, &shop.client, Some(&id), part, csv.as_bytes()).await;
        let found = import(&staged, "importStage").clone();
        assert_eq!(found["errorCount"], 0, "{found}");
        let map = json!({ "importId": found["id"], "findsClosing": true });
        let mapped = act(&shop.client, "Map", map).await;
        apply(&shop.client, import(&mapped, "importMap")).await;
        let years = shop.client.ask(
            "query($id: ID) { businessYears(businessId: $id) { label }
                vouchers(businessId: $id, first: 10) { nodes { kind date } } }",
            json!({ "id": id })).await;
        let labels: Vec<&str> = years.at("businessYears").as_array().unwrap().iter()
            .map(|year| year["label"].as_str().unwrap()).collect();
        assert_eq!(labels, ["Opening", "2021-22", "2022-23", "2023-24"]);
        let nodes = years.at("vouchers.nodes").as_array().unwrap();
        assert!(nodes.contains(&json!({ "kind": "CLOSING", "date": "2024-03-31" })), "{nodes:?}");

        // What lies outside is a finding each, with its line.
        let csv = "Date,Debit ledger,Credit ledger,Amount\n\
            2021-03-31,Cash,Sales,70\n2020-05-01,Cash,Sales,70\n2098-04-01,Rent,Cash,20\n";
        let staged = stage(app, &shop.client, Some(&id), part, csv.as_bytes()).await;
        let found = import(&staged, "importStage").clone();
        assert_eq!(findings(&found, "ERROR"), [
            "2 YEAR_NOT_OPEN voucher of 2021-03-31",
            "3 YEAR_NOT_OPEN voucher of 2020-05-01",
            "4 YEAR_NOT_OPEN voucher of 2098-04-01",
        ]);
        let gone = act(&shop.client, "Discard", json!({ "importId": found["id"] })).await;
        assert_eq!(import(&gone, "importDiscard")["state"], "DISCARDED");
        let input = json!({ "idempotencyKey": "d", "importId": found["id"] });
        let refused = act(&shop.client, "Apply", input).await;
        assert_eq!(refused.refusals("importApply"), ["NOT_ALLOWED input.importId"]);
        let list = shop.client.ask("query($id: ID) { imports(businessId: $id, first: 1) {
            totalCount nodes { state } pageInfo { hasNextPage } } }", json!({ "id": id })).await;
        assert_eq!(list.at("imports"), &json!({ "totalCount": 2, "nodes": [{ "state": "DISCARDED" }],
            "pageInfo": { "hasNextPage": true } }));
    }
}
