//! What the books say after all that, compared with the model, figure by figure.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::{
    Run,
    books::{DIFFERENCE, MONEY, OF_THE_YEAR, PARTIES, RESULT},
    decimal,
};
use crate::audit;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn minor(amount: &Value) -> i64 {
    text(&amount["amount"]).replace('.', "").parse().unwrap()
}

impl Run<'_> {
    /// Trial balances, bills, statements and the list of vouchers are what the model says.
    pub async fn agrees(&self) {
        for year in &self.books.years {
            self.trial_balance(year.ends).await;
        }
        self.open_bills().await;
        self.all_vouchers().await;
        for ledger in ["Cash", "Rent", "Asha"] {
            self.statement(ledger).await;
        }
    }

    async fn trial_balance(&self, day: NaiveDate) {
        let ask = "query($day: Date) { trialBalance(asAt: $day) { isBalanced rows { ledger { name }
            closingDebit { amount } closingCredit { amount } } } }";
        let found = self.shop.client.ask(ask, json!({ "day": day })).await;
        let context = format!("{}: on {day}: {}", self.doing, found.body);
        assert_eq!(found.at("trialBalance.isBalanced"), true, "{context}");
        let rows = found.at("trialBalance.rows").as_array().unwrap();
        let mut said: BTreeMap<String, i64> = rows
            .iter()
            .map(|row| {
                let closing = minor(&row["closingDebit"]) - minor(&row["closingCredit"]);
                (text(&row["ledger"]["name"]), closing)
            })
            .collect();
        let mut own = vec!["Capital Account", RESULT, DIFFERENCE];
        own.extend(MONEY.into_iter().chain(OF_THE_YEAR).chain(PARTIES));
        for ledger in own {
            let said = said.remove(ledger).unwrap_or(0);
            assert_eq!(said, self.books.balance(ledger, day), "{ledger} {context}");
        }
        assert!(said.values().all(|closing| *closing == 0), "{context}");
    }

    async fn pages(&self, ask: &str, list: &str, variables: Value) -> Vec<Value> {
        let mut all = Vec::new();
        let mut variables = variables;
        loop {
            let page = self.shop.client.ask(ask, variables.clone()).await;
            all.extend(page.at(&format!("{list}.nodes")).as_array().unwrap().clone());
            if page.at(&format!("{list}.pageInfo.hasNextPage")) == false {
                return all;
            }
            variables["after"] = page.at(&format!("{list}.pageInfo.endCursor")).clone();
        }
    }

    async fn open_bills(&self) {
        let ask = "query($day: Date, $after: String) { bills(first: 100, after: $after,
            filter: { asAt: $day }) { nodes { id ledger { name } open { amount } }
            pageInfo { hasNextPage endCursor } } }";
        let day = self.books.years[0].begins + Days::new(3_000);
        let rows = self.pages(ask, "bills", json!({ "day": day })).await;
        let said: BTreeMap<String, (String, i64)> = rows
            .iter()
            .map(|row| (text(&row["id"]), (text(&row["ledger"]["name"]), minor(&row["open"]))))
            .collect();
        assert_eq!(said.len(), rows.len(), "a bill twice: {rows:?}");
        let all = self.books.bills.iter().enumerate();
        let right: BTreeMap<String, (String, i64)> = all
            .map(|(place, bill)| (bill, self.books.open(place)))
            .filter(|(_, open)| *open != 0)
            .map(|(bill, open)| (bill.id.clone(), (bill.ledger.to_owned(), open)))
            .collect();
        assert_eq!(said, right, "{}", self.doing);
    }

    async fn all_vouchers(&self) {
        let ask = "query($after: String) { vouchers(first: 100, after: $after) {
            nodes { id number version status date total { amount } }
            pageInfo { hasNextPage endCursor } } }";
        let rows = self.pages(ask, "vouchers", json!({})).await;
        assert_eq!(rows.len(), self.books.vouchers.len(), "{}", self.doing);
        let said: BTreeMap<String, Value> =
            rows.into_iter().map(|row| (text(&row["id"]), row)).collect();
        for (place, one) in self.books.vouchers.iter().enumerate() {
            let right = json!({ "id": one.id, "number": one.number, "version": one.version,
                "status": self.books.status(place), "date": one.content.day,
                "total": { "amount": decimal(one.content.total()) } });
            assert_eq!(said[&one.id], right, "{}", self.doing);
        }
    }

    async fn statement(&self, ledger: &str) {
        let ask = "query($id: ID!, $from: Date, $to: Date, $after: String) {
            ledgerStatement(ledgerId: $id, from: $from, to: $to) { opening { amount }
                closing { amount } lines(first: 100, after: $after) {
                    nodes { date voucher { id } debit { amount } credit { amount } balance { amount } }
                    pageInfo { hasNextPage endCursor } } } }";
        let (from, to) = (self.books.years[0].begins, self.books.years[0].ends);
        let asked = json!({ "id": self.shop.ledgers[ledger], "from": from, "to": to });
        let found = self.shop.client.ask(ask, asked.clone()).await;
        let said = |name: &str| minor(found.at(&format!("ledgerStatement.{name}")));
        let before = self.books.balance(ledger, from - Days::new(1));
        assert_eq!(said("opening"), before, "{ledger} {}", self.doing);
        assert_eq!(said("closing"), self.books.balance(ledger, to), "{ledger} {}", self.doing);
        let lines = self.pages(ask, "ledgerStatement.lines", asked).await;
        let mut balance = before;
        let mut shown = Vec::new();
        for line in &lines {
            let amount = match &line["debit"] {
                Value::Null => -minor(&line["credit"]),
                debit => minor(debit),
            };
            balance += amount;
            assert_eq!(minor(&line["balance"]), balance, "{ledger} {}: {line}", self.doing);
            shown.push((text(&line["date"]), text(&line["voucher"]["id"]), amount));
        }
        assert!(shown.is_sorted_by_key(|line| line.0.clone()), "{ledger} {}", self.doing);
        let mut right = Vec::new();
        for one in self.books.vouchers.iter().filter(|one| !one.is_cancelled) {
            let day = one.content.day;
            let lines = one.content.lines.iter().filter(|(name, _)| *name == ledger);
            for (_, minor) in lines.filter(|_| from <= day && day <= to) {
                right.push((day.to_string(), one.id.clone(), *minor));
            }
        }
        shown.sort_unstable();
        right.sort_unstable();
        assert_eq!(shown, right, "{ledger} {}", self.doing);
    }

    /// The program's own proofs find nothing either.
    pub async fn verifies(&self, subdomain: &str) {
        assert_eq!(audit::recomputed_of(self.app, subdomain).await, []);
        let report = audit::verified_of(self.app, subdomain).await;
        assert!(report.difference.is_none(), "{:?}", report.difference);
    }
}
