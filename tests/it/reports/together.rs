//! Several businesses in one statement, groups of one's own, and openings that do not balance.

use serde_json::{Value, json};

use crate::{books::Shop, tenancy::invited};

/// Begins another business with a rented room, paid in cash; the ids of the business and its ledger Rent.
async fn another(
    shop: &Shop,
    name: &str,
    country: &str,
    begins: &str,
    rent: &str,
) -> (String, String) {
    let made = shop
        .client
        .ask(
            "mutation($input: BusinessCreateInput!) { businessCreate(input: $input) {
                business { id } userErrors { code field message } } }",
            json!({ "input": { "name": name, "country": country, "booksBeginOn": begins } }),
        )
        .await;
    let id = made.text("businessCreate.business.id");
    let found = shop
        .client
        .ask(
            "query($id: ID!) { ledgers(businessId: $id, first: 100) { nodes { id name } } }",
            json!({ "id": id }),
        )
        .await;
    let ledger = |name: &str| {
        let mut nodes = found.at("ledgers.nodes").as_array().unwrap().iter();
        nodes.find(|one| one["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let mut input = shop.voucher(name, "PMT", "Rent", "Cash", rent);
    input["businessId"] = json!(id);
    input["entries"][0]["ledgerId"] = json!(ledger("Rent"));
    input["entries"][1]["ledgerId"] = json!(ledger("Cash"));
    shop.number(&input).await;
    (id, ledger("Rent"))
}

async fn own(shop: &Shop) -> String {
    let found = shop.client.query("{ businesses(first: 100) { nodes { id name } } }").await;
    let mut nodes = found.at("businesses.nodes").as_array().unwrap().iter();
    let first = nodes.find(|one| one["name"] == "meera Textiles").unwrap();
    first["id"].as_str().unwrap().to_owned()
}

const TOGETHER: &str = "query($ids: [ID!], $to: Date) {
    profitAndLoss(businessIds: $ids, to: $to) { businesses { id } netProfit { amount { amount } }
        indirectExpense { lines { name level ledger { id business { name } } amount { amount } } } }
    balanceSheet(businessIds: $ids, asAt: $to) { isBalanced difference { amount { amount } }
        profitOfYear { amount { amount } } totalAssets { amount { amount } }
        liabilities { lines { name amount { amount } } } }
    cashFlow(businessIds: $ids, to: $to) { isReconciled net { amount { amount } } }
    fundsFlow(businessIds: $ids, to: $to) { isReconciled }
    trialBalance(businessIds: $ids, asAt: $to) { isBalanced businesses { id } business { id }
        rows { ledger { id } closingDebit { amount } } } }";

on_every_engine! {
    async fn businesses_of_one_currency_add_up(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "1500.25")).await;
        let first = own(&shop).await;
        let begins = shop.begins.to_string();
        let (second, rent) = another(&shop, "Second", "IN", &begins, "20.50").await;
        let ids = json!([first, second, first]);
        let to = json!(shop.day(40));
        let found = shop.client.ask(TOGETHER, json!({ "ids": ids, "to": to })).await;
        assert!(found.body["errors"].is_null(), "{}", found.body);
        assert_eq!(*found.at("profitAndLoss.businesses"), json!([{ "id": first }, { "id": second }]));
        assert_eq!(found.text("profitAndLoss.netProfit.amount.amount"), "-1520.75");
        let lines = found.at("profitAndLoss.indirectExpense.lines");
        let line = |level, id: &str, of: &str, amount: &str| json!({ "name": "Rent", "level": level,
            "ledger": { "id": id, "business": { "name": of } }, "amount": { "amount": amount } });
        assert_eq!(*lines, json!([
            { "name": "Indirect Expenses", "level": 1, "ledger": null, "amount": { "amount": "1520.75" } },
            line(2, &shop.ledgers["Rent"], "meera Textiles", "1500.25"),
            line(2, &rent, "Second", "20.50"),
        ]));
        assert_eq!(*found.at("balanceSheet.isBalanced"), true);
        assert_eq!(found.text("balanceSheet.profitOfYear.amount.amount"), "-1520.75");
        assert_eq!(found.text("balanceSheet.totalAssets.amount.amount"), "-1520.75");
        assert_eq!(found.text("cashFlow.net.amount.amount"), "-1520.75");
        for flow in ["cashFlow", "fundsFlow"] {
            assert_eq!(*found.at(&format!("{flow}.isReconciled")), true);
        }
        assert_eq!(*found.at("trialBalance.isBalanced"), true);
        assert_eq!(found.at("trialBalance.rows").as_array().unwrap().len(), 4);
        assert_eq!(*found.at("trialBalance.business.id"), json!(first));

        // Nobody sees several without naming them, nor what is not theirs.
        let all = shop.client.query("{ profitAndLoss { period { from } } }").await;
        assert_eq!(all.code(), "BAD_USER_INPUT");
        let one = invited(app, &shop.client, "VIEWER", json!([second])).await;
        let alone = one.query("{ profitAndLoss { netProfit { amount { amount } } } }").await;
        assert_eq!(alone.text("profitAndLoss.netProfit.amount.amount"), "-20.50");
        let more = one.ask(TOGETHER, json!({ "ids": [first, second] })).await;
        assert_eq!(more.code(), "BAD_USER_INPUT", "{}", more.body);
    }

    async fn each_business_has_its_own_year(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "100")).await;
        let made = shop
            .client
            .ask(
                "mutation($input: BusinessCreateInput!) { businessCreate(input: $input) {
                    business { id } userErrors { code field message } } }",
                json!({ "input": { "name": "Calendar", "country": "IN", "yearFirstMonth": 1,
                    "booksBeginOn": shop.begins } }),
            )
            .await;
        let second = made.text("businessCreate.business.id");
        let found = shop.client.ask(
            "query($id: ID!) { ledgers(businessId: $id, first: 100) { nodes { id name } } }",
            json!({ "id": second }),
        ).await;
        let nodes = found.at("ledgers.nodes").as_array().unwrap();
        let ledger = |name: &str| nodes.iter().find(|one| one["name"] == name).unwrap()["id"].clone();
        let mut input = shop.voucher("2", "PMT", "Rent", "Cash", "7");
        input["businessId"] = json!(second);
        input["entries"][0]["ledgerId"] = ledger("Rent");
        input["entries"][1]["ledgerId"] = ledger("Cash");
        shop.number(&input).await;
        // In February the calendar year's business has begun anew, the other has not.
        let ids = json!([own(&shop).await, second]);
        let found = shop.client.ask(TOGETHER, json!({ "ids": ids, "to": shop.day(320) })).await;
        assert_eq!(*found.at("balanceSheet.isBalanced"), true, "{}", found.body);
        assert_eq!(found.text("balanceSheet.profitOfYear.amount.amount"), "-100.00");
        let lines = found.at("balanceSheet.liabilities.lines");
        assert_eq!(*lines, json!([{ "name": "Profit & Loss A/c", "amount": { "amount": "-7.00" } }]));
        // The period is one for both.
        assert_eq!(found.text("profitAndLoss.netProfit.amount.amount"), "-107.00");
        assert_eq!(*found.at("trialBalance.isBalanced"), true);
    }

    async fn businesses_of_two_currencies_do_not_add_up(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let begins = shop.begins.to_string();
        let (kenyan, _) = another(&shop, "Nairobi", "KE", &begins, "20.50").await;
        let ids = json!([own(&shop).await, kenyan]);
        let answer = shop.client.ask(TOGETHER, json!({ "ids": ids })).await;
        let message = answer.body["errors"][0]["message"].as_str().unwrap();
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert!(message.starts_with("businessIds") && message.contains("INR and KES"), "{message}");
        let alone = shop.client.ask(TOGETHER, json!({ "ids": kenyan })).await;
        assert_eq!(alone.text("profitAndLoss.netProfit.amount.amount"), "-20.50");
    }

    async fn openings_that_do_not_balance_are_named(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.create_ledger("Cupboards", "FA", json!({ "debit": "12500.50" })).await;
        let sheet = "query($day: Date) { balanceSheet(asAt: $day) { isBalanced
            difference { amount { amount } } openingDifference { amount { amount } }
            totalAssets { amount { amount } } totalLiabilities { amount { amount } }
            liabilities { lines { level ledger { systemCode } amount { amount } } } } }";
        for day in [shop.day(0), shop.begins.pred_opt().unwrap().to_string()] {
            let found = shop.client.ask(sheet, json!({ "day": day })).await;
            let report = found.at("balanceSheet");
            assert_eq!(report["isBalanced"], false, "{day}");
            assert_eq!(report["difference"]["amount"]["amount"], "0.00");
            for figure in ["openingDifference", "totalAssets", "totalLiabilities"] {
                assert_eq!(report[figure]["amount"]["amount"], "12500.50", "{figure} {day}");
            }
            assert_eq!(report["liabilities"]["lines"][1]["ledger"]["systemCode"], "OPENING_DIFFERENCE");
        }
        shop.create_ledger("Owner", "CAP", json!({ "credit": "12500.50" })).await;
        let found = shop.client.ask(sheet, json!({})).await;
        assert_eq!(*found.at("balanceSheet.isBalanced"), true);
        // What the books were opened with flowed in no period of theirs.
        let flow = "query($from: Date) { fundsFlow(from: $from) { isReconciled
            sources { lines { name } } } }";
        let before = json!({ "from": "2001-01-01" });
        let found = shop.client.ask(flow, before).await;
        assert_eq!(*found.at("fundsFlow"), json!({ "isReconciled": true, "sources": { "lines": [] } }));
    }

    async fn own_groups_stand_below_the_shared_ones(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let made = shop
            .client
            .ask(
                "mutation($parent: ID!) { accountSubgroupCreate(input: {
                    name: \"Looms\", parentId: $parent }) { accountGroup { id } } }",
                json!({ "parent": shop.groups["FA"] }),
            )
            .await;
        let looms = made.text("accountSubgroupCreate.accountGroup.id");
        let mut shop = shop;
        shop.groups.insert("LOOMS".to_owned(), looms.clone());
        for (name, group) in [("Jacquard", "LOOMS"), ("Cupboards", "FA")] {
            let made = shop.create_ledger(name, group, Value::Null).await;
            shop.keep_ledger(&made);
            shop.number(&shop.voucher(name, "PMT", name, "State Bank", "250.75")).await;
        }
        let found = shop
            .client
            .query(
                "{ cashFlow { isReconciled investing { lines { name level
                    accountGroup { id } parent { id } payments { amount } } } } }",
            )
            .await;
        assert_eq!(*found.at("cashFlow.isReconciled"), true);
        let fixed = json!({ "id": shop.groups["FA"] });
        let line = |name: &str, level: i32, group: Value, parent: Value, amount: &str| json!({
            "name": name, "level": level, "accountGroup": group, "parent": parent,
            "payments": { "amount": amount },
        });
        let own = json!({ "id": looms });
        assert_eq!(*found.at("cashFlow.investing.lines"), json!([
            line("Fixed Assets", 1, fixed.clone(), Value::Null, "501.50"),
            line("Looms", 2, own.clone(), fixed.clone(), "250.75"),
            line("Jacquard", 3, Value::Null, own, "250.75"),
            line("Cupboards", 2, Value::Null, fixed, "250.75"),
        ]));
    }
}
