//! Voucher types of a tenant's own; memoranda and reversing journals, which count in scenarios alone;
//! documents without entries.

use serde_json::{Value, json};

use super::shop::Shop;
use crate::{audit::recomputed, client::Answer};

const TYPE: &str = "voucherType { id code name baseType numberingPrefix numberSuffix numberWidth
    derivedFromId isHidden isSystem version } userErrors { code field message }";

async fn own_type(shop: &Shop, input: Value) -> Answer {
    let text = format!(
        "mutation($input: OwnVoucherTypeCreateInput!) {{ ownVoucherTypeCreate(input: $input) {{ {TYPE} }} }}"
    );
    shop.client.ask(&text, json!({ "input": input })).await
}

async fn change_type(shop: &Shop, id: &str, input: Value) -> Answer {
    let text = format!(
        "mutation($id: ID!, $input: OwnVoucherTypeUpdateInput!) {{
            ownVoucherTypeUpdate(id: $id, input: $input) {{ {TYPE} }} }}"
    );
    shop.client.ask(&text, json!({ "id": id, "input": input })).await
}

/// Closing debit of a ledger in the trial balance of a day, and whether both sides are equal.
async fn stands(shop: &Shop, ledger: &str, day: &str, scenario: &str) -> (String, bool) {
    let ask = format!(
        "{{ trialBalance(asAt: \"{day}\"{scenario}) {{ isBalanced rows {{ ledger {{ name }}
            closingDebit {{ amount }} }} }} }}"
    );
    let found = shop.client.query(&ask).await;
    let rows = found.at("trialBalance.rows").as_array().unwrap().clone();
    let row = rows.iter().find(|row| row["ledger"]["name"] == ledger);
    let amount = row.map_or("none", |row| row["closingDebit"]["amount"].as_str().unwrap());
    (amount.to_owned(), found.at("trialBalance.isBalanced") == true)
}

on_every_engine! {
    async fn a_type_of_ones_own_behaves_as_its_base_and_counts_by_itself(app: &TestApp) {
        let mut shop = Shop::open(app, "meera").await;
        let input = json!({ "code": "RENT", "name": "Rent Journal", "derivedFromId": shop.types["JRN"],
            "numberingPrefix": "RJ{MM}/", "numberSuffix": "/{YY}", "numberWidth": 3 });
        let made = own_type(&shop, input.clone()).await;
        assert!(made.refusals("ownVoucherTypeCreate").is_empty(), "{}", made.body);
        let own = made.at("ownVoucherTypeCreate.voucherType").clone();
        assert_eq!((&own["baseType"], &own["isSystem"]), (&json!("JOURNAL"), &json!(false)));
        assert_eq!(own["derivedFromId"], json!(shop.types["JRN"]));
        shop.types.insert("RENT".to_owned(), own["id"].as_str().unwrap().to_owned());
        let twice = own_type(&shop, input.clone()).await;
        assert_eq!(twice.refusals("ownVoucherTypeCreate"), ["TAKEN input.name"]);
        let shared = json!({ "code": "X", "name": "journal", "derivedFromId": shop.types["JRN"] });
        let refused = own_type(&shop, shared).await;
        assert_eq!(refused.refusals("ownVoucherTypeCreate"), ["TAKEN input.name"]);
        let below_own = json!({ "code": "Y", "name": "Y", "derivedFromId": own["id"] });
        let refused = own_type(&shop, below_own).await;
        assert_eq!(
            refused.refusals("ownVoucherTypeCreate"),
            ["VOUCHER_TYPE_UNKNOWN input.derivedFromId"]
        );
        let tax = json!({ "code": "Z", "name": "Z", "derivedFromId": shop.types["SAL"],
            "numberingPrefix": "INVOICE/", "numberSuffix": "/{FY}" });
        let refused = own_type(&shop, tax).await;
        assert_eq!(
            refused.refusals("ownVoucherTypeCreate"),
            ["NUMBER_TOO_LONG input.numberingPrefix"]
        );

        // The side rules are those of the base; the numbers are its own.
        let cash = shop.post(&shop.voucher("0", "RENT", "Rent", "Cash", "5")).await;
        assert_eq!(cash.refusals("voucherPost"), ["SIDE_RULE input.entries.1"]);
        let (month, year) = (&shop.day(10)[5..7], &shop.day(10)[2..4]);
        let number = shop.number(&shop.voucher("1", "RENT", "Rent", "Sales", "5")).await;
        assert_eq!(number, format!("RJ{month}/001/{year}"));
        assert_eq!(shop.number(&shop.voucher("2", "JRN", "Rent", "Sales", "5")).await, "JV/0001");
        let mut later = shop.voucher("3", "RENT", "Rent", "Sales", "5");
        later["date"] = json!(shop.day(50));
        let number = shop.number(&later).await;
        assert!(number.contains("/001/"), "a new month begins anew: {number}");

        // It is listed, filtered by, read by its id, and changed.
        let listed = shop.client.query(
            "{ voucherTypes(first: 100, filter: { text: \"rent\" }) { totalCount nodes { code } } }",
        ).await;
        assert_eq!(listed.at("voucherTypes"), &json!({ "totalCount": 1, "nodes": [{ "code": "RENT" }] }));
        let ask = format!(
            "{{ node(id: \"{0}\") {{ ... on VoucherType {{ name }} }}
               vouchers(filter: {{ voucherTypeIds: [\"{0}\"] }}) {{ totalCount nodes {{ voucherType {{ name }} }} }} }}",
            shop.types["RENT"],
        );
        let found = shop.client.query(&ask).await;
        assert_eq!(found.text("node.name"), "Rent Journal");
        assert_eq!(found.at("vouchers.totalCount"), 2);
        assert_eq!(found.text("vouchers.nodes.0.voucherType.name"), "Rent Journal");
        let id = shop.types["RENT"].clone();
        let done = change_type(&shop, &id, json!({ "isArchived": true, "expectedVersion": 1 })).await;
        assert_eq!(done.at("ownVoucherTypeUpdate.voucherType.isHidden"), true);
        let stale = change_type(&shop, &id, json!({ "name": "Hire", "expectedVersion": 1 })).await;
        assert_eq!(stale.refusals("ownVoucherTypeUpdate"), ["STALE input.expectedVersion"]);
        let refused = shop.post(&shop.voucher("4", "RENT", "Rent", "Sales", "5")).await;
        assert_eq!(refused.refusals("voucherPost"), ["VOUCHER_TYPE_UNKNOWN input.voucherTypeId"]);

        // Nobody else has it.
        let other = Shop::open(app, "asha").await;
        let mut foreign = other.voucher("1", "JRN", "Rent", "Sales", "5");
        foreign["voucherTypeId"] = json!(id);
        let refused = other.post(&foreign).await;
        assert_eq!(refused.refusals("voucherPost"), ["VOUCHER_TYPE_UNKNOWN input.voucherTypeId"]);
        assert_eq!(recomputed(app).await, []);
    }

    async fn a_memorandum_counts_in_scenarios_until_it_becomes_a_voucher(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "JRN", "Rent", "Sales", "100")).await;
        let id = shop.posted(&shop.voucher("2", "MEM", "Rent", "Cash", "30")).await;
        let ask = format!(
            "{{ voucher(id: \"{id}\") {{ number version affectsBooks appliesUntil status
                entries {{ ledger {{ name }} debit {{ amount }} }} }}
               dayBook(from: \"{0}\", to: \"{0}\") {{ voucherCount }}
               voucherRegister(baseType: MEMORANDUM, from: \"{0}\", to: \"{0}\") {{ voucherCount }} }}",
            shop.day(10),
        );
        let found = shop.client.query(&ask).await;
        assert_eq!(found.at("voucher.affectsBooks"), false);
        assert_eq!(found.text("voucher.entries.0.debit.amount"), "30.00");
        assert_eq!(found.at("dayBook.voucherCount"), 1);
        assert_eq!(found.at("voucherRegister.voucherCount"), 1);
        assert_eq!(shop.balance("Rent").await, "100.00");
        let day = shop.day(20);
        let memoranda = ", scenario: { memoranda: true }";
        assert_eq!(stands(&shop, "Rent", &day, "").await, ("100.00".into(), true));
        assert_eq!(stands(&shop, "Rent", &day, memoranda).await, ("130.00".into(), true));
        let others = ", scenario: { reversingJournals: true }";
        assert_eq!(stands(&shop, "Rent", &day, others).await, ("100.00".into(), true));

        // Amended, it says something else; converted, it counts, once.
        let amended = shop.act("voucherAmend", json!({ "idempotencyKey": "a", "voucherId": id,
            "date": shop.day(12), "entries": [shop.entry("Rent", "debit", "40"),
            shop.entry("Cash", "credit", "40")] })).await;
        assert!(amended.refusals("voucherAmend").is_empty(), "{}", amended.body);
        assert_eq!(stands(&shop, "Rent", &day, memoranda).await, ("140.00".into(), true));
        let convert = json!({ "idempotencyKey": "c", "voucherId": id, "expectedVersion": 2,
            "voucherTypeId": shop.types["PMT"], "date": shop.day(15) });
        let wrong = json!({ "idempotencyKey": "w", "voucherId": id,
            "voucherTypeId": shop.types["JRN"] });
        let refused = shop.act("voucherConvert", wrong).await;
        assert_eq!(refused.refusals("voucherConvert"), ["SIDE_RULE input.entries.1"]);
        for replayed in [false, true] {
            let done = shop.act("voucherConvert", convert.clone()).await;
            assert!(done.refusals("voucherConvert").is_empty(), "{}", done.body);
            assert_eq!(done.at("voucherConvert.replayed"), replayed);
            assert_eq!(done.text("voucherConvert.voucher.total.amount"), "40.00");
            assert_eq!(done.text("voucherConvert.voucher.date"), shop.day(15));
        }
        assert_eq!(stands(&shop, "Rent", &day, "").await, ("140.00".into(), true));
        assert_eq!(stands(&shop, "Rent", &day, memoranda).await, ("140.00".into(), true));
        let mut again = convert.clone();
        again["idempotencyKey"] = json!("d");
        again["expectedVersion"] = Value::Null;
        let refused = shop.act("voucherConvert", again).await;
        assert_eq!(refused.refusals("voucherConvert"), ["VOUCHER_CANCELLED input.voucherId"]);
        let real = json!({ "idempotencyKey": "r", "voucherId": shop.posted(
            &shop.voucher("3", "JRN", "Rent", "Sales", "1")).await, "voucherTypeId": shop.types["JRN"] });
        let refused = shop.act("voucherConvert", real).await;
        assert_eq!(refused.refusals("voucherConvert"), ["NOT_ALLOWED input.voucherId"]);
        let found = shop.client.query("{ auditVerify { ok isComplete } }").await;
        assert_eq!(found.at("auditVerify"), &json!({ "ok": true, "isComplete": true }));
        assert_eq!(recomputed(app).await, []);
    }

    async fn a_reversing_journal_counts_until_its_day(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let mut input = shop.voucher("1", "REV", "Rent", "Sales", "50");
        let refused = shop.post(&input).await;
        assert_eq!(refused.refusals("voucherPost"), ["REQUIRED input.appliesUntil"]);
        input["appliesUntil"] = json!(shop.day(9));
        assert_eq!(shop.post(&input).await.refusals("voucherPost"), ["INVALID input.appliesUntil"]);
        let mut plain = shop.voucher("2", "JRN", "Rent", "Sales", "50");
        plain["appliesUntil"] = json!(shop.day(40));
        assert_eq!(
            shop.post(&plain).await.refusals("voucherPost"),
            ["NOT_ALLOWED input.appliesUntil"]
        );
        input["appliesUntil"] = json!(shop.day(40));
        let id = shop.posted(&input).await;
        let scenario = ", scenario: { reversingJournals: true }";
        for (days, amount) in [(9, "none"), (10, "50.00"), (40, "50.00"), (41, "none")] {
            let found = stands(&shop, "Rent", &shop.day(days), scenario).await;
            assert_eq!(found, (amount.to_owned(), true), "day {days}");
        }
        assert_eq!(stands(&shop, "Rent", &shop.day(20), "").await, ("none".into(), true));
        // The profit of a scenario, and the books' own.
        let ask = |scenario: &str| format!(
            "{{ profitAndLoss(from: \"{}\", to: \"{}\"{scenario}) {{ netProfit {{ amount {{ amount }} }} }}
               voucher(id: \"{id}\") {{ appliesUntil }} }}",
            shop.day(0), shop.day(30),
        );
        let mut half = shop.voucher("3", "REV", "Rent", "Cash", "20");
        half["appliesUntil"] = json!(shop.day(60));
        shop.posted(&half).await;
        let found = shop.client.query(&ask(scenario)).await;
        assert_eq!(found.text("profitAndLoss.netProfit.amount.amount"), "-20.00", "{}", found.body);
        assert_eq!(found.text("voucher.appliesUntil"), shop.day(40));
        let found = shop.client.query(&ask("")).await;
        assert_eq!(found.text("profitAndLoss.netProfit.amount.amount"), "0.00");
        let done = shop.act("voucherCancel", json!({ "idempotencyKey": "c", "voucherId": id })).await;
        assert_eq!(done.text("voucherCancel.voucher.status"), "CANCELLED", "{}", done.body);
        assert_eq!(stands(&shop, "Rent", &shop.day(20), scenario).await, ("20.00".into(), true));
        let found = shop.client.query("{ auditVerify { ok isComplete } }").await;
        assert_eq!(found.at("auditVerify"), &json!({ "ok": true, "isComplete": true }));
    }

    async fn an_order_is_a_document_without_entries(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let items = json!([
            { "description": "Basmati rice", "quantity": "2.5", "unit": "KGS", "unitPrice": "119.99" },
            { "description": "Delivery", "quantity": "1", "unitPrice": "50", "discount": "10.00" },
        ]);
        let input = json!({ "idempotencyKey": "1", "voucherTypeId": shop.types["SO"],
            "date": shop.day(10), "partyId": shop.ledgers["Cash"], "reference": "PO-7", "items": items });
        let shown = "voucher { id number version status total { amount } party { name } affectsBooks
            entries { line } items { line description quantity unit unitPrice gross { amount }
            discount { amount } taxable { amount } } } replayed userErrors { code field message }";
        let ask = |field: &str, kind: &str| {
            format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ {shown} }} }}")
        };
        let post = ask("documentPost", "DocumentPostInput");
        let done = shop.client.ask(&post, json!({ "input": input })).await;
        assert!(done.refusals("documentPost").is_empty(), "{}", done.body);
        let order = done.at("documentPost.voucher").clone();
        assert_eq!(order["total"]["amount"], "339.98");
        assert_eq!((&order["entries"], &order["affectsBooks"]), (&json!([]), &json!(false)));
        assert_eq!(order["items"][0]["gross"]["amount"], "299.98");
        assert_eq!(order["items"][0]["unitPrice"], "119.99");
        assert_eq!(order["items"][1]["taxable"]["amount"], "40.00");
        let again = shop.client.ask(&post, json!({ "input": input })).await;
        assert_eq!(again.at("documentPost.replayed"), true);

        let refusals = [
            (json!({ "voucherTypeId": shop.types["JRN"] }), "NOT_ALLOWED input.voucherTypeId"),
            (json!({ "items": [] }), "REQUIRED input.items"),
            (json!({ "items": [{ "description": "x", "quantity": "0" }] }),
                "INVALID input.items.0.quantity"),
            (json!({ "items": [{ "description": "x", "quantity": "1", "unitPrice": "1",
                "discount": "2" }] }), "INVALID input.items.0.discount"),
            (json!({ "items": [{ "description": "x", "quantity": "1.0000001" }] }),
                "TOO_PRECISE input.items.0.quantity"),
        ];
        for (change, refusal) in refusals {
            let mut wrong = input.clone();
            wrong["idempotencyKey"] = json!("w");
            wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let refused = shop.client.ask(&post, json!({ "input": wrong })).await;
            assert_eq!(refused.refusals("documentPost"), [refusal]);
        }
        let entries = shop.post(&shop.voucher("e", "SO", "Rent", "Sales", "1")).await;
        assert_eq!(entries.refusals("voucherPost"), ["NOT_ALLOWED input.voucherTypeId"]);

        // Amended under its number, then cancelled; no balance and no day book ever saw it.
        let amend = json!({ "idempotencyKey": "a", "voucherId": order["id"], "expectedVersion": 1,
            "date": shop.day(12), "items": [{ "description": "Rice", "quantity": "1", "unitPrice": "7" }] });
        let done = shop.client
            .ask(&ask("documentAmend", "DocumentAmendInput"), json!({ "input": amend })).await;
        assert!(done.refusals("documentAmend").is_empty(), "{}", done.body);
        let amended = done.at("documentAmend.voucher");
        assert_eq!((&amended["version"], &amended["number"]), (&json!(2), &order["number"]));
        assert_eq!(amended["items"].as_array().unwrap().len(), 1);
        let sheet = "{ trialBalance { rows { debit { amount } } isBalanced } dayBook { voucherCount }
            vouchers { nodes { items { description } } } }";
        let found = shop.client.query(sheet).await;
        assert_eq!(found.at("trialBalance"), &json!({ "rows": [], "isBalanced": true }));
        assert_eq!(found.at("dayBook.voucherCount"), 0);
        assert_eq!(found.text("vouchers.nodes.0.items.0.description"), "Rice");
        let cancel = json!({ "idempotencyKey": "c", "voucherId": order["id"] });
        let done = shop.act("voucherCancel", cancel).await;
        assert_eq!(done.text("voucherCancel.voucher.status"), "CANCELLED", "{}", done.body);
        let found = shop.client.query("{ auditVerify { ok isComplete } }").await;
        assert_eq!(found.at("auditVerify"), &json!({ "ok": true, "isComplete": true }));
        assert_eq!(recomputed(app).await, []);
    }
}
