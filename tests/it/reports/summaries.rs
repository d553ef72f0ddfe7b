//! Summaries of groups and registers of vouchers: their sums are those of the rows below them.

use std::collections::BTreeMap;

use chrono::{Datelike, Days};
use serde_json::{Value, json};

use super::model::{Chance, Model, OF_THE_YEAR, minor, trial_balance};

const SUMMARY: &str = "query($group: ID!, $from: Date, $to: Date, $first: Int, $after: String) {
    groupSummary(accountGroupId: $group, from: $from, to: $to) {
        accountGroup { name } opening { amount } debit { amount } credit { amount } carried { amount } closing { amount }
        rows(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            nodes { accountGroup { name } ledger { name } opening { amount } debit { amount }
                credit { amount } carried { amount } closing { amount } } } } }";

/// Rows of a summary by name, each with what it stood at, moved and stands at.
async fn rows(model: &Model, mut asked: Value) -> (Value, Vec<(String, [i64; 5])>) {
    let mut seen = Vec::new();
    loop {
        let found = model.shop.client.ask(SUMMARY, asked.clone()).await;
        let summary = found.at("groupSummary");
        for node in summary["rows"]["nodes"].as_array().unwrap() {
            let name = node["accountGroup"]["name"].as_str().or(node["ledger"]["name"].as_str());
            seen.push((name.unwrap().to_owned(), columns(node)));
        }
        if summary["rows"]["pageInfo"]["hasNextPage"] == false {
            assert_eq!(summary["rows"]["totalCount"], seen.len());
            return (summary.clone(), seen);
        }
        asked["after"] = summary["rows"]["pageInfo"]["endCursor"].clone();
    }
}

fn columns(node: &Value) -> [i64; 5] {
    ["opening", "debit", "credit", "carried", "closing"].map(|column| minor(&node[column]))
}

on_every_engine! {
    async fn a_groups_summary_is_the_sum_of_what_is_below_it(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        let parent = "mutation($parent: ID!) { accountSubgroupCreate(input: { name: \"Counters\", parentId: $parent }) {
            accountGroup { id } userErrors { code field message } } }";
        let made = model.shop.client.ask(parent, json!({ "parent": model.shop.groups["CASH"] })).await;
        let counters = made.text("accountSubgroupCreate.accountGroup.id");
        model.shop.groups.insert("COUNTERS".to_owned(), counters.clone());
        for name in ["Till 1", "Till 2", "Till 3"] {
            let made = model.shop.create_ledger(name, "COUNTERS", Value::Null).await;
            model.shop.keep_ledger(&made);
        }
        model.post_some(&mut Chance(7), 30).await;
        for (till, minor) in [("Till 1", 500), ("Till 3", 900)] {
            model.post("RCT", (till, "Sales"), minor, 3).await;
        }
        model.cancel(app, 4).await;
        let begins = model.shop.begins;
        let second = model.second_year();
        let ranges = [
            (begins, second - Days::new(1)),
            (begins + Days::new(40), second + Days::new(200)),
            (second, second + Days::new(300)),
        ];
        for (from, to) in ranges {
            let balances = trial_balance(&model.shop.client, to).await;
            let asked = |group: &str| json!({ "group": model.shop.groups[group], "from": from, "to": to, "first": 1 });
            let (summary, found) = rows(&model, asked("CA")).await;
            let total = columns(&summary);
            for column in 0..5 {
                assert_eq!(found.iter().map(|(_, row)| row[column]).sum::<i64>(), total[column]);
            }
            assert!(found.iter().all(|(_, row)| row[4] == row[0] + row[1] - row[2] + row[3]));
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["Bank Accounts", "Cash-in-Hand"], "from {from}");
            let cash: i64 = ["Cash", "Till 1", "Till 3"].iter().filter_map(|name| balances.get(*name)).sum();
            assert_eq!(found[1].1[4], cash);
            let (_, found) = rows(&model, asked("CASH")).await;
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["Counters", "Cash"]);
            let (_, found) = rows(&model, asked("COUNTERS")).await;
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            // What never moved is left out.
            assert_eq!(names, ["Till 1", "Till 3"]);
            // Expenses begin anew with the year, and the rest stands in Profit & Loss A/c.
            let (_, found) = rows(&model, asked("IEXP")).await;
            for (name, row) in found {
                assert!(OF_THE_YEAR.contains(&name.as_str()));
                assert_eq!(row[4], balances.get(&name).copied().unwrap_or(0), "{name}");
                let (opening, lines) = model.statement(&name, from, to);
                assert_eq!(row[0], opening, "{name}");
                let carried: i64 = lines.iter().filter(|one| one.voucher.is_none()).map(|one| one.minor).sum();
                assert_eq!(row[3], carried, "{name}");
            }
        }
        let none = model.shop.client.ask(SUMMARY, json!({ "group": "x" })).await;
        assert_eq!(none.code(), "");
        assert!(none.data("groupSummary").is_null());
    }

    async fn registers_count_what_they_list(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        model.post_some(&mut Chance(11), 40).await;
        for place in [2, 9, 30] {
            model.cancel(app, place).await;
        }
        model.amend(app, 12, 999, 100).await;
        let (from, to) = (model.shop.begins, model.shop.begins + Days::new(729));
        let register = "query($type: BaseVoucherType!, $from: Date, $to: Date, $after: String, $months: String) {
            voucherRegister(baseType: $type, from: $from, to: $to) { baseType voucherCount total { amount }
                months(first: 3, after: $months) { totalCount pageInfo { hasNextPage endCursor }
                    nodes { month voucherCount total { amount } } }
                vouchers(first: 4, after: $after) { totalCount pageInfo { hasNextPage endCursor }
                    nodes { id date voucherType { baseType } } } } }";
        for (code, name) in [("RCT", "RECEIPT"), ("PMT", "PAYMENT"), ("CTR", "CONTRA"), ("JRN", "JOURNAL")] {
            let right: Vec<_> = model.standing().into_iter().filter(|one| one.kind == code).collect();
            let mut seen = Vec::new();
            let mut asked = json!({ "type": name, "from": from, "to": to });
            loop {
                let found = model.shop.client.ask(register, asked.clone()).await;
                assert_eq!(found.at("voucherRegister.voucherCount"), right.len());
                assert_eq!(found.at("voucherRegister.vouchers.totalCount"), right.len());
                let total: i64 = right.iter().map(|one| one.minor).sum();
                assert_eq!(minor(found.at("voucherRegister.total")), total);
                for node in found.at("voucherRegister.vouchers.nodes").as_array().unwrap() {
                    assert_eq!(node["voucherType"]["baseType"], name);
                    seen.push(node["id"].as_str().unwrap().to_owned());
                }
                if found.at("voucherRegister.vouchers.pageInfo.hasNextPage") == false {
                    break;
                }
                asked["after"] = found.at("voucherRegister.vouchers.pageInfo.endCursor").clone();
            }
            let ids: Vec<String> = right.iter().map(|one| one.id.clone()).collect();
            assert_eq!(seen, ids, "{name}");

            let mut months: BTreeMap<String, (i64, i64)> = BTreeMap::new();
            for one in &right {
                let month = months.entry(one.day.with_day(1).unwrap().to_string()).or_default();
                *month = (month.0 + 1, month.1 + one.minor);
            }
            let mut seen = BTreeMap::new();
            let mut asked = json!({ "type": name, "from": from, "to": to });
            loop {
                let found = model.shop.client.ask(register, asked.clone()).await;
                assert_eq!(found.at("voucherRegister.months.totalCount"), months.len());
                for node in found.at("voucherRegister.months.nodes").as_array().unwrap() {
                    let tally = (node["voucherCount"].as_i64().unwrap(), minor(&node["total"]));
                    seen.insert(node["month"].as_str().unwrap().to_owned(), tally);
                }
                if found.at("voucherRegister.months.pageInfo.hasNextPage") == false {
                    break;
                }
                asked["months"] = found.at("voucherRegister.months.pageInfo.endCursor").clone();
            }
            assert_eq!(seen, months, "{name}");
        }
        // A day book of one day, which need not be named when it is today.
        let day = model.standing()[0].day;
        let right = model.standing().into_iter().filter(|one| one.day == day).count();
        let book = "query($day: Date) { dayBook(to: $day) { from to voucherCount vouchers(first: 100) {
            nodes { date entries { line debit { amount } credit { amount } } } } } }";
        let found = model.shop.client.ask(book, json!({ "day": day })).await;
        assert_eq!(found.text("dayBook.from"), found.text("dayBook.to"));
        assert_eq!(found.at("dayBook.voucherCount"), right);
        let nodes = found.at("dayBook.vouchers.nodes").as_array().unwrap();
        assert_eq!(nodes.len(), right);
        assert!(nodes.iter().all(|node| node["entries"].as_array().unwrap().len() == 2));
        let today = app.clock.today("Asia/Kolkata").to_string();
        assert_eq!(model.shop.client.query("{ dayBook { to } }").await.text("dayBook.to"), today);
    }
}
