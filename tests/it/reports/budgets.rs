//! Budgets: made and changed, and held against what came.

use serde_json::{Value, json};

use crate::{books::Shop, tenancy::invited};

const REPORT: &str = "query($ids: [ID!]!, $from: Date, $to: Date) {
    budgetReport(budgetIds: $ids, from: $from, to: $to) { months { from }
        lines { basis ledger { name } accountGroup { code } costCentre { name } actual { amount }
            actualByMonth { amount }
            plans { total { ...figure } months { ...figure } } } } }
    fragment figure on BudgetFigure { budget { amount } variance { amount } variancePercent }";

/// First day of a month of the books, counted from 0, and its last.
fn month(shop: &Shop, place: u32) -> (String, String) {
    use chrono::{Days, Months};
    let first = shop.begins.checked_add_months(Months::new(place)).unwrap();
    let next = first.checked_add_months(Months::new(1)).unwrap();
    (first.to_string(), next.checked_sub_days(Days::new(1)).unwrap().to_string())
}

fn figure(one: &Value) -> Value {
    if one.is_null() {
        return Value::Null;
    }
    json!([one["budget"]["amount"], one["variance"]["amount"], one["variancePercent"]])
}

fn input(shop: &Shop, centre: &str) -> Value {
    let (first, _) = month(shop, 0);
    let (second, _) = month(shop, 1);
    let (_, last) = month(shop, 2);
    let by_month =
        json!([{ "month": first, "amount": "100" }, { "month": second, "amount": "80" }]);
    json!({ "name": "Plan", "from": first, "to": last, "lines": [
        { "ledgerId": shop.ledgers["Rent"], "months": by_month },
        { "ledgerId": shop.ledgers["Rent"], "costCentreId": centre, "amount": "90" },
        { "accountGroupId": shop.groups["SAL"], "amount": "1000" },
        { "ledgerId": shop.ledgers["Cash"], "basis": "CLOSING_BALANCE",
            "months": [{ "month": second, "amount": "300" }, { "month": last, "amount": "400" }] },
    ] })
}

on_every_engine! {
    async fn budgets_are_held_against_what_came(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let shops = shop.category("Shops").await;
        let north = shop.centre(&shops, None, "North").await;
        let gate = shop.centre(&shops, Some(&north), "Gate").await;
        let made = shop.keep("budgetCreate", "budget", None, input(&shop, &north)).await;
        let plan = made.text("budgetCreate.budget.id");
        // Rent 100 + 20.50 in the first month, 70 in the second; sales 500 in the second.
        shop.number(&shop.rent("1", "100", 10, &[(&gate, "60")])).await;
        shop.number(&shop.rent("2", "20.50", 12, &[])).await;
        shop.number(&shop.rent("3", "70", 40, &[(&north, "20")])).await;
        let mut sale = shop.voucher("4", "RCT", "Cash", "Sales", "500");
        sale["date"] = json!(shop.day(41));
        shop.number(&sale).await;

        let found = shop.client.ask(REPORT, json!({ "ids": [plan] })).await;
        assert_eq!(found.at("budgetReport.months").as_array().unwrap().len(), 3, "{}", found.body);
        let lines: Vec<Value> = found.at("budgetReport.lines").as_array().unwrap().iter().map(|line| {
            let months: Vec<Value> = line["plans"][0]["months"].as_array().unwrap().iter().map(figure).collect();
            json!([line["ledger"]["name"], line["actual"]["amount"], figure(&line["plans"][0]["total"]), months])
        }).collect();
        let right = json!([
            ["Rent", "190.50", ["180.00", "10.50", "5.8333"],
                [["100.00", "20.50", "20.5"], ["80.00", "-10.00", "-12.5"], null]],
            ["Rent", "80.00", ["90.00", "-10.00", "-11.1111"], [null, null, null]],
            [null, "500.00", ["1000.00", "-500.00", "-50"], [null, null, null]],
            ["Cash", "309.50", ["400.00", "-90.50", "-22.625"],
                [null, ["300.00", "9.50", "3.1667"], ["400.00", "-90.50", "-22.625"]]],
        ]);
        assert_eq!(json!(lines), right);
        let by_month = json!([{ "amount": "60.00" }, { "amount": "20.00" }, { "amount": "0.00" }]);
        assert_eq!(found.at("budgetReport.lines.1.actualByMonth"), &by_month);
        let cash = json!([{ "amount": "-120.50" }, { "amount": "309.50" }, { "amount": "309.50" }]);
        assert_eq!(found.at("budgetReport.lines.3.actualByMonth"), &cash);
        assert_eq!(found.text("budgetReport.lines.2.accountGroup.code"), "SAL");

        // A second budget beside it, over one of the months.
        let (first, end) = month(&shop, 1);
        let other = json!({ "name": "Second", "from": first, "to": end, "lines": [
            { "ledgerId": shop.ledgers["Rent"], "amount": "70" }] });
        let made = shop.keep("budgetCreate", "budget", None, other).await;
        let second = made.text("budgetCreate.budget.id");
        let found = shop.client.ask(REPORT, json!({ "ids": [plan, second], "from": first, "to": end })).await;
        let plans = found.at("budgetReport.lines.0.plans");
        assert_eq!(figure(&plans[0]["total"]), json!(["80.00", "-10.00", "-12.5"]));
        assert_eq!(figure(&plans[1]["total"]), json!(["70.00", "0.00", "0"]));
        assert!(found.at("budgetReport.lines.2.plans")[1].is_null());
        let whole = shop.client.ask(REPORT, json!({ "ids": [second], "from": shop.day(1) })).await;
        assert_eq!(whole.code(), "BAD_USER_INPUT");
        for ids in [json!([]), json!(["x"]), json!([plan, plan])] {
            assert_eq!(shop.client.ask(REPORT, json!({ "ids": ids })).await.code(), "BAD_USER_INPUT");
        }
        let ravi = Shop::open(app, "ravi").await;
        assert_eq!(ravi.client.ask(REPORT, json!({ "ids": [plan] })).await.code(), "BAD_USER_INPUT");
        let hidden = "query($id: ID!) { budget(id: $id) { id } node(id: $id) { id } }";
        let none = ravi.client.ask(hidden, json!({ "id": plan })).await;
        assert!(none.data("budget").is_null() && none.data("node").is_null(), "{}", none.body);
        let viewer = shop.seen_by(invited(app, &shop.client, "VIEWER", Value::Null).await);
        assert_eq!(viewer.keep("budgetArchive", "budget", Some(&plan), json!({})).await.code(), "FORBIDDEN");
        assert_eq!(viewer.client.ask(REPORT, json!({ "ids": [plan] })).await.code(), "");
    }

    async fn a_budget_is_made_and_changed(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let shops = shop.category("Shops").await;
        let north = shop.centre(&shops, None, "North").await;
        let right = input(&shop, &north);
        let create = async |change: &(dyn Fn(&mut Value) + Sync)| {
            let mut input = right.clone();
            change(&mut input);
            shop.keep("budgetCreate", "budget", None, input).await.refusals("budgetCreate")
        };
        assert_eq!(create(&|one| one["from"] = json!(shop.day(1))).await, ["INVALID input.to"]);
        assert_eq!(create(&|one| one["lines"] = json!([])).await, ["TOO_MANY input.lines"]);
        assert_eq!(create(&|one| one["lines"][0]["ledgerId"] = json!("x")).await,
            ["LEDGER_UNKNOWN input.lines.0.ledgerId"]);
        assert_eq!(create(&|one| one["lines"][1]["costCentreId"] = json!(shops)).await,
            ["COST_CENTRE_UNKNOWN input.lines.1.costCentreId"]);
        assert_eq!(create(&|one| one["lines"][2]["accountGroupId"] = json!("x")).await,
            ["ACCOUNT_GROUP_UNKNOWN input.lines.2.accountGroupId"]);
        assert_eq!(create(&|one| one["lines"][2]["ledgerId"] = json!(shop.ledgers["Cash"])).await,
            ["INVALID input.lines.2"]);
        assert_eq!(create(&|one| one["lines"][0]["amount"] = json!("1")).await, ["INVALID input.lines.0"]);
        assert_eq!(create(&|one| one["lines"][0]["months"][0]["month"] = json!(shop.day(300))).await,
            ["INVALID input.lines.0.months.0.month"]);
        assert_eq!(create(&|one| one["lines"][2]["amount"] = json!("0.001")).await,
            ["TOO_PRECISE input.lines.2.amount"]);
        assert_eq!(create(&|one| one["lines"][1] = one["lines"][0].clone()).await, ["TAKEN input.lines.1"]);

        let made = shop.keep("budgetCreate", "budget", None, right.clone()).await;
        let id = made.text("budgetCreate.budget.id");
        assert_eq!(create(&|one| one["name"] = json!("plan")).await, ["TAKEN input.name"]);
        let change = async |input: Value| shop.keep("budgetUpdate", "budget", Some(&id), input).await;
        let same = change(json!({ "name": "Plan", "lines": right["lines"] })).await;
        assert_eq!(same.at("budgetUpdate.budget.version"), 1);
        let stale = change(json!({ "name": "P", "expectedVersion": 9 })).await;
        assert_eq!(stale.refusals("budgetUpdate"), ["STALE input.expectedVersion"]);
        let less = json!({ "lines": [{ "accountGroupId": shop.groups["SAL"], "amount": "-5" }], "description": "less" });
        assert_eq!(change(less).await.at("budgetUpdate.budget.version"), 2);
        let list = "{ budgets { totalCount nodes { name description lines { basis amount { amount }
            months { month } accountGroup { code } ledger { name } costCentre { name } } } } }";
        let found = shop.client.query(list).await;
        let lines = json!([{ "basis": "NET_MOVEMENT", "amount": { "amount": "-5.00" }, "months": [],
            "accountGroup": { "code": "SAL" }, "ledger": null, "costCentre": null }]);
        assert_eq!(found.at("budgets.nodes.0.lines"), &lines);
        let gone = shop.keep("budgetArchive", "budget", Some(&id), json!({})).await;
        assert_eq!(gone.at("budgetArchive.budget.version"), 3);
        let open = shop.client.query("{ budgets(isArchived: false) { totalCount } }").await;
        assert_eq!(open.at("budgets.totalCount"), 0);
        let log = "query($id: ID!) { auditLogs(subjectId: $id, filter: { subjectType: BUDGET }) { nodes { action
            changes { field before after } } } }";
        let log = shop.client.ask(log, json!({ "id": id })).await;
        assert_eq!(log.text("auditLogs.nodes.0.action"), "BUDGET_ARCHIVED");
        let changes = log.at("auditLogs.nodes.1.changes").as_array().unwrap();
        let first = json!({ "field": "lines.0.amounts.0.amount", "before": "100.00", "after": "-5.00" });
        assert!(changes.contains(&first), "{changes:?}");
    }
}
