//! What an import refuses: bad rows by their lines, other people's files, callers without the permission.

use serde_json::json;

use super::{act, as_tally, file, findings, import, old_books, stage, standing};
use crate::{books::Shop, tenancy::invited};

on_every_engine! {
    async fn bad_rows_are_named_and_nothing_is_written(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let day = shop.day(4);
        let csv = format!("Date,Type,Number,Ledger,Debit,Credit\n\
            {day},Journal,1,Rent,10,\n{day},Journal,1,Sales,,10\n\
            {day},Journal,2,Rent,10,\n{day},Journal,2,Sales,,9\n\
            {day},Journal,3,Rent,1O,\n{day},Journal,3,Sales,,10\n\
            31/02/2026,Journal,4,Rent,10,\n31/02/2026,Journal,4,Sales,,10\n\
            {day},Journal,5,Nobody,10,\n{day},Journal,5,Sales,,10\n\
            {day},Dream,6,Rent,10,\n{day},Dream,6,Sales,,10\n\
            {day},Payment,7,Cash,10,\n{day},Payment,7,Rent,,10\n");
        let part = ("CSV", Some("VOUCHERS"));
        let staged = stage(app, &shop.client, None, part, csv.as_bytes()).await;
        let found = import(&staged, "importStage").clone();
        let mut errors = findings(&found, "ERROR");
        errors.sort_by_key(|one| one.split(' ').next().unwrap().parse::<u32>().unwrap());
        assert_eq!(errors, [
            "4 UNBALANCED Journal 2",
            "6 BAD_AMOUNT Journal 3",
            "8 BAD_DATE Journal 4",
            "10 UNKNOWN_LEDGER Journal 5",
            "12 UNKNOWN_VOUCHER_TYPE Dream 6",
            "14 SIDE_RULE Payment 7",
        ], "{found}");
        assert_eq!(found["counts"]["vouchers"], 1);
        let input = json!({ "idempotencyKey": "k", "importId": found["id"] });
        let refused = act(&shop.client, "Apply", input.clone()).await;
        assert_eq!(refused.refusals("importApply"), ["IMPORT_FAULTY input.importId"]);
        let tried = act(&shop.client, "Try", json!({ "importId": found["id"] })).await;
        assert_eq!(tried.refusals("importTry"), ["IMPORT_FAULTY input.importId"]);
        assert_eq!((shop.count().await, standing(&shop.client, None).await.len()), (0, 0));

        // Pages of findings, errors alone.
        let ask = format!("query($after: String) {{ node(id: {}) {{ ... on Import {{
            findings(severity: ERROR, first: 4, after: $after) {{ totalCount nodes {{ line }}
                pageInfo {{ hasNextPage endCursor }} }} }} }} }}", found["id"]);
        let page = shop.client.ask(&ask, json!({})).await;
        assert_eq!(page.at("node.findings.totalCount"), 6);
        let after = page.at("node.findings.pageInfo.endCursor");
        let page = shop.client.ask(&ask, json!({ "after": after })).await;
        assert_eq!(page.at("node.findings.nodes").as_array().unwrap().len(), 2);
        assert_eq!(page.at("node.findings.pageInfo.hasNextPage"), false);
    }

    async fn a_lock_keeps_all_of_it_out(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let staged = stage(app, &shop.client, None, ("TALLY_XML", None),
            &as_tally(&old_books(&shop))).await;
        let found = import(&staged, "importStage").clone();
        let locked = shop.client.ask(
            "mutation($input: PeriodLockSetInput!) { periodLockSet(input: $input) {
                userErrors { code field message } } }",
            json!({ "input": { "area": "ALL", "lockedThrough": shop.day(9), "idempotencyKey": "l" } }),
        ).await;
        assert!(locked.refusals("periodLockSet").is_empty(), "{}", locked.body);
        let input = json!({ "idempotencyKey": "k", "importId": found["id"] });
        let refused = act(&shop.client, "Apply", input).await;
        assert_eq!(refused.refusals("importApply"), ["PERIOD_LOCKED input.importId"]);
        assert_eq!((shop.count().await, standing(&shop.client, None).await.len()), (0, 0));
        assert!(!shop.client.query("{ accountGroups(first: 100) { nodes { name } } }").await
            .body.to_string().contains("Town Customers"));
    }

    async fn others_imports_are_not_there(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let other = Shop::open(app, "ravi").await;
        let bytes = as_tally(&old_books(&shop));
        let staged = stage(app, &shop.client, None, ("TALLY_XML", None), &bytes).await;
        let found = import(&staged, "importStage").clone();
        let part = "Date,Debit ledger,Credit ledger,Amount\n";
        let own = file(app, &shop.client, None, "CSV", part.as_bytes()).await;

        // Of another tenant: neither the import nor the file.
        let ask = format!("{{ node(id: {}) {{ id }} }}", found["id"]);
        assert!(other.client.query(&ask).await.data("node").is_null());
        let input = json!({ "idempotencyKey": "k", "importId": found["id"] });
        for (name, input) in [
            ("Apply", input.clone()),
            ("Try", json!({ "importId": found["id"] })),
            ("Map", json!({ "importId": found["id"] })),
            ("Discard", json!({ "importId": found["id"] })),
        ] {
            let refused = act(&other.client, name, input).await;
            let field = format!("import{name}");
            assert_eq!(refused.refusals(&field), ["NOT_FOUND input.importId"], "{name}");
        }
        let stolen = json!({ "fileId": own, "format": "CSV", "part": "VOUCHERS" });
        let refused = act(&other.client, "Stage", stolen.clone()).await;
        assert_eq!(refused.refusals("importStage"), ["NOT_FOUND input.fileId"]);

        // Of another business of the same tenant, for who does not see the first.
        let made = shop.client.ask(
            "mutation($input: BusinessCreateInput!) { businessCreate(input: $input) {
                business { id } userErrors { code field message } } }",
            json!({ "input": { "name": "Second", "country": "IN" } })).await;
        let second = made.text("businessCreate.business.id");
        let accountant = invited(app, &shop.client, "ACCOUNTANT", json!([second])).await;
        assert!(accountant.query(&ask).await.data("node").is_null());
        let refused = act(&accountant, "Apply", input.clone()).await;
        assert_eq!(refused.refusals("importApply"), ["NOT_FOUND input.importId"]);
        let mut elsewhere = stolen.clone();
        elsewhere["businessId"] = json!(second);
        let refused = act(&accountant, "Stage", elsewhere).await;
        assert_eq!(refused.refusals("importStage"), ["NOT_FOUND input.fileId"]);

        // Who lacks the permission is refused as a whole.
        let viewer = invited(app, &shop.client, "VIEWER", json!(null)).await;
        let refused = act(&viewer, "Apply", input).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        assert_eq!(viewer.query("{ imports { totalCount } }").await.code(), "FORBIDDEN");
        assert_eq!(viewer.query(&ask).await.code(), "FORBIDDEN");

        // A sheet must say what it holds.
        let bare = json!({ "businessId": null, "fileId": own, "format": "CSV" });
        let many = act(&shop.client, "Stage", bare).await;
        assert_eq!(many.refusals("importStage"), ["BUSINESS_UNKNOWN input.businessId"]);
    }
}
