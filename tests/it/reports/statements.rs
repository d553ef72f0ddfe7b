//! Statements of ledgers: every line with the balance after it, on whatever page it stands.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::model::{Chance, Model, RESULT, minor, told, told_at, trial_balance};

const LEDGERS: [&str; 7] =
    ["Cash", "State Bank", "Rent", "Sales", "Salaries", "Capital Account", RESULT];

/// Ranges of days that begin and end everywhere.
fn ranges(model: &Model) -> Vec<(NaiveDate, NaiveDate)> {
    let begins = model.shop.begins;
    let day = |count: u64| begins.checked_add_days(Days::new(count)).unwrap();
    let second = model.second_year();
    vec![
        (begins, second.pred_opt().unwrap()),
        (begins.pred_opt().unwrap(), day(729)),
        (second, day(729)),
        (second.pred_opt().unwrap(), second),
        (day(31), day(31)),
        (day(45), day(400)),
        (day(300), day(310)),
    ]
}

async fn hold(model: &Model, first: i64) {
    for (from, to) in ranges(model) {
        let balances = trial_balance(&model.shop.client, to).await;
        for ledger in LEDGERS {
            let id = &model.shop.ledgers[ledger];
            let (opening, lines) = model.statement(ledger, from, to);
            let told = told(&model.shop.client, id, (from, to), first).await;
            assert_eq!(told.opening, opening, "{ledger} from {from} to {to}");
            assert_eq!(told.lines, lines, "{ledger} from {from} to {to}");
            assert_eq!(told.total, i64::try_from(lines.len()).unwrap(), "{ledger}");
            let last = lines.last().map_or(opening, |line| line.balance);
            assert_eq!(told.closing, last, "{ledger} from {from} to {to}");
            let balance = balances.get(ledger).copied().unwrap_or(0);
            assert_eq!(told.closing, balance, "{ledger} from {from} to {to}");
        }
    }
}

on_every_engine! {
    async fn the_running_balance_is_right_on_every_page(app: &TestApp) {
        let mut chance = Chance(20_261_122);
        let mut model = Model::open(app, "meera").await;
        model.post_some(&mut chance, 60).await;
        hold(&model, 7).await;
        // The same with some taken back, some amended to another day and amount, and some of those again.
        for place in [3, 14, 15, 41] {
            model.cancel(app, place).await;
        }
        for (place, minor, day) in [(5, 123, 31), (6, 45_600, 372), (20, 1, 0), (5, 700, 62)] {
            model.amend(app, place, minor, day).await;
        }
        model.cancel(app, 6).await;
        hold(&model, 4).await;
    }

    async fn the_books_as_they_were_known(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        let first = model.post("RCT", ("Cash", "Sales"), 50_000, 5).await;
        model.post("PMT", ("Rent", "Cash"), 20_000, 6).await;
        model.post("PMT", ("Salaries", "Cash"), 5_000, 400).await;
        let (from, to) = (model.shop.begins, model.shop.begins + Days::new(500));
        let cash = model.shop.ledgers["Cash"].clone();
        let before: Vec<_> =
            LEDGERS.iter().map(|ledger| model.statement(ledger, from, to)).collect();
        let list = "{ vouchers(first: 1, orderBy: { direction: DESC }) { nodes { recordedAt } } }";
        let known = model.shop.client.query(list).await;
        let known = known.at("vouchers.nodes.0.recordedAt").clone();

        model.cancel(app, 1).await;
        model.amend(app, 0, 70_000, 8).await;
        model.post("PMT", ("Rent", "Cash"), 100, 7).await;
        tokio::time::sleep(Duration::from_millis(2_200)).await;

        let client = &model.shop.client;
        let now = told(client, &cash, (from, to), 2).await;
        assert_eq!((now.opening, now.lines), model.statement("Cash", from, to));
        for (ledger, (opening, lines)) in LEDGERS.iter().zip(before) {
            let id = &model.shop.ledgers[*ledger];
            let then = told_at(client, id, (from, to), 1, &known).await;
            assert_eq!((then.opening, then.total), (opening, i64::try_from(lines.len()).unwrap()));
            assert_eq!(then.lines, lines, "{ledger}");
        }
        let book = "query($to: Date, $known: DateTime) { dayBook(from: \"2000-01-01\", to: $to, asKnownAt: $known) {
            voucherCount total { amount } vouchers { nodes { id version date total { amount } } } } }";
        let then = client.ask(book, json!({ "to": to, "known": known })).await;
        assert_eq!(then.at("dayBook.voucherCount"), 3);
        assert_eq!(then.text("dayBook.total.amount"), "750.00");
        let nodes = then.at("dayBook.vouchers.nodes").as_array().unwrap();
        assert_eq!(nodes[0]["id"], first);
        assert_eq!((&nodes[0]["version"], &nodes[0]["total"]["amount"]), (&json!(1), &json!("500.00")));
        let now = client.ask(book, json!({ "to": to })).await;
        assert_eq!(now.at("dayBook.voucherCount"), 3);
        assert_eq!(now.text("dayBook.total.amount"), "751.00");
        let nodes = now.at("dayBook.vouchers.nodes").as_array().unwrap();
        let versions: Vec<&Value> = nodes.iter().map(|node| &node["version"]).collect();
        assert_eq!(versions, [&json!(1), &json!(2), &json!(1)]);
        // Before anything was posted there is nothing.
        let never = client.ask(book, json!({ "to": to, "known": "2001-01-01T00:00:00Z" })).await;
        assert_eq!(never.at("dayBook.voucherCount"), 0);
    }

    async fn cash_book_and_bank_book(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        for (name, group) in [("Till", "CASH"), ("Overdraft", "BOD")] {
            let made = model.shop.create_ledger(name, group, Value::Null).await;
            model.shop.keep_ledger(&made);
        }
        model.post("RCT", ("Cash", "Sales"), 10_000, 1).await;
        model.post("RCT", ("Till", "Sales"), 2_000, 2).await;
        model.post("CTR", ("State Bank", "Till"), 1_500, 3).await;
        model.post("CTR", ("Cash", "Overdraft"), 700, 4).await;
        model.post("JRN", ("Rent", "Capital Account"), 9_900, 4).await;
        let book = "query($field: Boolean!, $from: Date, $to: Date, $ids: [ID!], $after: String) {
            cashBook(from: $from, to: $to, ledgerIds: $ids) @skip(if: $field) { ...Book }
            bankBook(from: $from, to: $to, ledgerIds: $ids) @include(if: $field) { ...Book } }
            fragment Book on LedgerBook { opening { amount } debit { amount } credit { amount }
                closing { amount } currency businesses { name }
                ledgers { ledger { name } opening { amount } debit { amount } credit { amount } closing { amount } }
                lines(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor }
                    nodes { date ledger { name } counterLedgers { name } balance { amount } } } }";
        let client = &model.shop.client;
        let to = model.shop.day(30);
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let asked = json!({ "field": false, "from": model.shop.day(2), "to": to, "after": after });
            let found = client.ask(book, asked).await;
            assert_eq!(found.text("cashBook.opening.amount"), "100.00");
            assert_eq!(found.text("cashBook.debit.amount"), "27.00");
            assert_eq!(found.text("cashBook.credit.amount"), "15.00");
            assert_eq!(found.text("cashBook.closing.amount"), "112.00");
            let ledgers = found.at("cashBook.ledgers").as_array().unwrap();
            let of: Vec<(String, i64)> = ledgers
                .iter()
                .map(|one| (one["ledger"]["name"].as_str().unwrap().to_owned(), minor(&one["closing"])))
                .collect();
            assert_eq!(of, [("Cash".to_owned(), 10_700), ("Till".to_owned(), 500)]);
            assert_eq!(found.at("cashBook.lines.totalCount"), 3);
            for node in found.at("cashBook.lines.nodes").as_array().unwrap() {
                let text = |value: &Value| value["name"].as_str().unwrap().to_owned();
                seen.push((text(&node["ledger"]), text(&node["counterLedgers"][0]), minor(&node["balance"])));
            }
            if found.at("cashBook.lines.pageInfo.hasNextPage") == false {
                break;
            }
            after = found.at("cashBook.lines.pageInfo.endCursor").clone();
        }
        let right = [("Till", "Sales", 12_000), ("Till", "State Bank", 10_500), ("Cash", "Overdraft", 11_200)];
        let right = right.map(|(one, other, balance)| (one.to_owned(), other.to_owned(), balance));
        assert_eq!(seen, right);
        let bank = client.ask(book, json!({ "field": true, "to": to })).await;
        assert_eq!(bank.text("bankBook.closing.amount"), "8.00");
        assert_eq!(bank.at("bankBook.ledgers").as_array().unwrap().len(), 2);
        let one = json!({ "field": true, "to": to, "ids": [model.shop.ledgers["Overdraft"]] });
        assert_eq!(client.ask(book, one).await.text("bankBook.closing.amount"), "-7.00");
        let wrong = json!({ "field": true, "to": to, "ids": [model.shop.ledgers["Cash"]] });
        assert_eq!(client.ask(book, wrong).await.code(), "BAD_USER_INPUT");
    }

    async fn a_partys_account(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        for (name, group) in [("Asha Stores", "SD"), ("Mill", "SC")] {
            let made = model.shop.create_ledger(name, group, Value::Null).await;
            model.shop.keep_ledger(&made);
        }
        model.post("JRN", ("Asha Stores", "Sales"), 25_000, 1).await;
        model.post("RCT", ("Cash", "Asha Stores"), 10_000, 20).await;
        model.post("JRN", ("Rent", "Mill"), 4_000, 2).await;
        let account = "query($id: ID!, $to: Date) { partyStatement(ledgerId: $id, to: $to) { side
            statement { ledger { name } closing { amount } lines { totalCount nodes { balance { amount } } } } } }";
        let ask = async |ledger: &str| {
            let asked = json!({ "id": model.shop.ledgers[ledger], "to": model.shop.day(40) });
            model.shop.client.ask(account, asked).await
        };
        let found = ask("Asha Stores").await;
        assert_eq!(found.text("partyStatement.side"), "CUSTOMER");
        assert_eq!(found.text("partyStatement.statement.closing.amount"), "150.00");
        assert_eq!(found.at("partyStatement.statement.lines.totalCount"), 2);
        assert_eq!(found.text("partyStatement.statement.lines.nodes.0.balance.amount"), "250.00");
        let found = ask("Mill").await;
        assert_eq!(found.text("partyStatement.side"), "SUPPLIER");
        assert_eq!(found.text("partyStatement.statement.closing.amount"), "-40.00");
        assert_eq!(ask("Rent").await.code(), "BAD_USER_INPUT");
    }

    async fn a_line_names_the_other_side(app: &TestApp) {
        let mut model = Model::open(app, "meera").await;
        let names: Vec<String> = (0..12).map(|count| format!("Shelf {count:02}")).collect();
        for name in &names {
            let made = model.shop.create_ledger(name, "FA", Value::Null).await;
            model.shop.keep_ledger(&made);
        }
        let shop = &model.shop;
        let mut entries = vec![shop.entry("Capital Account", "credit", "60"), shop.entry("Sales", "credit", "60")];
        entries.extend(names.iter().map(|name| shop.entry(name, "debit", "10")));
        let mut input = shop.voucher("many", "JRN", "Rent", "Sales", "1");
        input["entries"] = json!(entries);
        shop.number(&input).await;
        let lines = "query($id: ID!, $to: Date) { ledgerStatement(ledgerId: $id, to: $to) {
            lines { nodes { counterLedgerCount counterLedgers { name } entry { line } } } } }";
        let ask = async |ledger: &str| {
            let asked = json!({ "id": shop.ledgers[ledger], "to": shop.day(20) });
            shop.client.ask(lines, asked).await.at("ledgerStatement.lines.nodes.0").clone()
        };
        let found = ask("Sales").await;
        assert_eq!(found["counterLedgerCount"], 12);
        let named = found["counterLedgers"].as_array().unwrap();
        let named: Vec<&str> = named.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(named, names[..10]);
        assert_eq!(found["entry"]["line"], 2);
        let found = ask("Shelf 03").await;
        assert_eq!(found["counterLedgerCount"], 2);
        assert_eq!(found["counterLedgers"], json!([{ "name": "Capital Account" }, { "name": "Sales" }]));
    }
}
