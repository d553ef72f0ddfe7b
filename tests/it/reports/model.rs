//! A plain list of what was posted, which predicts every line of a statement.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde_json::{Value, json};

use super::hand;
use crate::{
    app::TestApp,
    books::Shop,
    client::{Answer, Client},
};

/// Numbers by chance, the same in every run.
pub struct Chance(pub u64);

impl Chance {
    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// One of these.
    pub fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let place = self.below(u64::try_from(texts.len()).unwrap());
        texts[usize::try_from(place).unwrap()]
    }
}

/// An amount in minor units.
pub fn minor(amount: &Value) -> i64 {
    amount["amount"]
        .as_str()
        .unwrap_or_else(|| panic!("no amount: {amount}"))
        .replace('.', "")
        .parse()
        .unwrap()
}

/// A voucher as the model knows it.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Its global id.
    pub id: String,
    /// Its type's code.
    pub kind: &'static str,
    /// Its day.
    pub day: NaiveDate,
    /// When it was stored, as a place in the order.
    pub order: usize,
    /// The ledger that is debited.
    pub debit: String,
    /// The ledger that is credited.
    pub credit: String,
    /// Its amount.
    pub minor: i64,
    /// Whether it stands.
    pub stands: bool,
}

/// A line as a statement should show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its day.
    pub day: NaiveDate,
    /// The voucher; none for what is carried.
    pub voucher: Option<String>,
    /// The ledger on the other side.
    pub counter: Option<String>,
    /// Debits above zero.
    pub minor: i64,
    /// What the ledger stands at after it.
    pub balance: i64,
}

/// A shop with what was posted in it.
pub struct Model {
    /// The shop.
    pub shop: Shop,
    /// Everything that was posted, in the order of its storing.
    pub posted: Vec<Posted>,
    subdomain: String,
}

/// Ledgers whose balance begins anew each year.
pub const OF_THE_YEAR: [&str; 3] = ["Rent", "Sales", "Salaries"];
/// The ledger that takes over from them.
pub const RESULT: &str = "Profit & Loss A/c";

impl Model {
    /// Opens a shop.
    pub async fn open(app: &TestApp, subdomain: &str) -> Self {
        Self {
            shop: Shop::open(app, subdomain).await,
            posted: Vec::new(),
            subdomain: subdomain.to_owned(),
        }
    }

    /// Posts a voucher of two entries on a day counted from the first.
    pub async fn post(
        &mut self,
        kind: &'static str,
        (debit, credit): (&str, &str),
        minor: i64,
        day: u64,
    ) -> String {
        let order = self.posted.len();
        let amount = format!("{}.{:02}", minor / 100, minor % 100);
        let mut input = self.shop.voucher(&format!("m{order}"), kind, debit, credit, &amount);
        let day = self.shop.day(day);
        input["date"] = json!(day);
        let made = self.shop.post(&input).await;
        assert!(made.refusals("voucherPost").is_empty(), "{}", made.body);
        let id = made.text("voucherPost.voucher.id");
        self.posted.push(Posted {
            id: id.clone(),
            kind,
            day: day.parse().unwrap(),
            order,
            debit: debit.to_owned(),
            credit: credit.to_owned(),
            minor,
            stands: true,
        });
        id
    }

    /// Posts vouchers by chance, all types and all days of two years.
    pub async fn post_some(&mut self, chance: &mut Chance, count: usize) {
        let others = ["Rent", "Sales", "Salaries", "Capital Account"];
        for _ in 0..count {
            let (kind, debit, credit) = match chance.below(4) {
                0 => ("RCT", chance.of(&["Cash", "State Bank"]), chance.of(&others)),
                1 => ("PMT", chance.of(&others), chance.of(&["Cash", "State Bank"])),
                2 => ("CTR", "Cash", "State Bank"),
                _ => {
                    let debit = chance.of(&others);
                    let rest: Vec<&str> = others.into_iter().filter(|one| *one != debit).collect();
                    ("JRN", debit, chance.of(&rest))
                }
            };
            let minor = i64::try_from(1 + chance.below(1_000_000)).unwrap();
            // Many on few days, so that pages end within a day.
            let day = chance.below(24) * 31;
            self.post(kind, (debit, credit), minor, day).await;
        }
    }

    /// Takes a voucher back.
    pub async fn cancel(&mut self, app: &TestApp, place: usize) {
        hand::cancel(app, &self.subdomain, &self.posted[place].id).await;
        self.posted[place].stands = false;
    }

    /// Amends a voucher.
    pub async fn amend(&mut self, app: &TestApp, place: usize, minor: i64, day: u64) {
        let day: NaiveDate = self.shop.day(day).parse().unwrap();
        let order = self.posted.iter().map(|one| one.order).max().unwrap() + 1;
        let one = &mut self.posted[place];
        hand::amend(app, &self.subdomain, &one.id, minor, day).await;
        (one.minor, one.day, one.order) = (minor, day, order);
    }

    /// Vouchers that stand, in the order of a statement.
    pub fn standing(&self) -> Vec<&Posted> {
        let mut all: Vec<&Posted> = self.posted.iter().filter(|one| one.stands).collect();
        all.sort_by_key(|one| (one.day, one.order));
        all
    }

    /// The first day of the second accounting year.
    pub fn second_year(&self) -> NaiveDate {
        self.shop.begins.checked_add_months(Months::new(12)).unwrap()
    }

    /// What the statement of a ledger should show: its opening, and its lines.
    pub fn statement(&self, ledger: &str, from: NaiveDate, to: NaiveDate) -> (i64, Vec<Line>) {
        let second = self.second_year();
        let mut balances: BTreeMap<String, i64> = BTreeMap::new();
        let mut lines = Vec::new();
        let mut has_turned = false;
        let mut opening = 0;
        let turn = |balances: &mut BTreeMap<String, i64>, lines: &mut Vec<Line>| {
            let carried: i64 = OF_THE_YEAR.iter().filter_map(|one| balances.remove(*one)).sum();
            let result = balances.entry(RESULT.to_owned()).or_default();
            *result += carried;
            let minor = if ledger == RESULT { carried } else { 0 };
            let balance = balances.get(ledger).copied().unwrap_or(0);
            lines.push(Line { day: second, voucher: None, counter: None, minor, balance });
        };
        let mut was = 0;
        for one in self.standing() {
            if one.day >= second && !has_turned {
                was = balances.get(ledger).copied().unwrap_or(0);
                turn(&mut balances, &mut lines);
                has_turned = true;
            }
            *balances.entry(one.debit.clone()).or_default() += one.minor;
            *balances.entry(one.credit.clone()).or_default() -= one.minor;
            let (minor, counter) = if one.debit == ledger {
                (one.minor, &one.credit)
            } else if one.credit == ledger {
                (-one.minor, &one.debit)
            } else {
                continue;
            };
            lines.push(Line {
                day: one.day,
                voucher: Some(one.id.clone()),
                counter: Some(counter.clone()),
                minor,
                balance: balances[ledger],
            });
        }
        if !has_turned && to >= second {
            was = balances.get(ledger).copied().unwrap_or(0);
            turn(&mut balances, &mut lines);
        }
        for line in &mut lines {
            if line.voucher.is_none() && OF_THE_YEAR.contains(&ledger) {
                line.minor = -was;
            }
        }
        // What is carried on the first day of the range belongs to its opening.
        for line in &lines {
            if line.day < from || (line.day == from && line.voucher.is_none()) {
                opening = line.balance;
            }
        }
        lines.retain(|line| {
            let is_within = line.day >= from && line.day <= to;
            is_within && (line.voucher.is_some() || (line.minor != 0 && line.day > from))
        });
        (opening, lines)
    }
}

const STATEMENT: &str =
    "query($ledger: ID!, $from: Date, $to: Date, $first: Int, $after: String, $known: DateTime) {
    ledgerStatement(ledgerId: $ledger, from: $from, to: $to, asKnownAt: $known) {
        ledger { name } from to currency opening { amount } debit { amount } credit { amount }
        carried { amount } closing { amount }
        lines(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            nodes { kind date ledger { name } debit { amount } credit { amount } balance { amount }
                voucher { id number } entry { line ledger { name } }
                counterLedgers { name } counterLedgerCount } } } }";

/// A statement as it was answered, all of its pages.
#[derive(Debug)]
pub struct Told {
    /// What the ledger stood at.
    pub opening: i64,
    /// What it stands at.
    pub closing: i64,
    /// Its lines.
    pub lines: Vec<Line>,
    /// How many there are.
    pub total: i64,
}

/// Asks for a statement page by page.
pub async fn told(client: &Client, ledger: &str, days: (NaiveDate, NaiveDate), first: i64) -> Told {
    told_at(client, ledger, days, first, &Value::Null).await
}

/// Asks for a statement as it was known at an instant.
pub async fn told_at(
    client: &Client,
    ledger: &str,
    (from, to): (NaiveDate, NaiveDate),
    first: i64,
    known: &Value,
) -> Told {
    let mut lines = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "ledger": ledger, "from": from, "to": to, "first": first,
            "after": after, "known": known });
        let answer = client.ask(STATEMENT, variables).await;
        let amount = |field: &str| minor(answer.at(&format!("ledgerStatement.{field}")));
        let (opening, closing) = (amount("opening"), amount("closing"));
        let moved = amount("debit") - amount("credit") + amount("carried");
        assert_eq!(closing, opening + moved, "{}", answer.body);
        lines.extend(answer.at("ledgerStatement.lines.nodes").as_array().unwrap().iter().map(line));
        if answer.at("ledgerStatement.lines.pageInfo.hasNextPage") == false {
            let total = answer.at("ledgerStatement.lines.totalCount").as_i64().unwrap();
            return Told { opening, closing, lines, total };
        }
        after = answer.at("ledgerStatement.lines.pageInfo.endCursor").clone();
    }
}

fn line(node: &Value) -> Line {
    let side = |name: &str| if node[name].is_null() { 0 } else { minor(&node[name]) };
    let is_carried = node["kind"] == "CARRIED";
    assert_eq!(is_carried, node["voucher"].is_null(), "{node}");
    assert_eq!(is_carried, node["entry"].is_null(), "{node}");
    let counters = node["counterLedgers"].as_array().unwrap();
    assert_eq!(node["counterLedgerCount"], counters.len());
    Line {
        day: node["date"].as_str().unwrap().parse().unwrap(),
        voucher: node["voucher"]["id"].as_str().map(str::to_owned),
        counter: counters.first().map(|one| one["name"].as_str().unwrap().to_owned()),
        minor: side("debit") - side("credit"),
        balance: minor(&node["balance"]),
    }
}

/// Closing balances of the trial balance of a day, by ledger.
pub async fn trial_balance(client: &Client, day: NaiveDate) -> BTreeMap<String, i64> {
    let found: Answer = client
        .ask(
            "query($asAt: Date) { trialBalance(asAt: $asAt) { rows { ledger { name }
                closingDebit { amount } closingCredit { amount } } } }",
            json!({ "asAt": day }),
        )
        .await;
    let rows = found.at("trialBalance.rows").as_array().unwrap().iter();
    rows.map(|row| {
        let balance = minor(&row["closingDebit"]) - minor(&row["closingCredit"]);
        (row["ledger"]["name"].as_str().unwrap().to_owned(), balance)
    })
    .collect()
}
