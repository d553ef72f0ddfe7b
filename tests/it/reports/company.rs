//! A small company whose two years stand in `golden/company.journal`, posted through the API, and the
//! figures that hledger worked out from it.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::{app::TestApp, client::Client};

const JOURNAL: &str = include_str!("golden/company.journal");
const FIGURES: &str = include_str!("golden/figures.csv");

/// Amounts by name, in paise, a debit above zero.
pub type Amounts = BTreeMap<String, i64>;

/// The company, with its books kept.
pub struct Company {
    /// Its owner, signed in.
    pub client: Client,
    /// Its id: the owner's second business.
    pub id: String,
}

struct Transaction {
    date: String,
    kind: String,
    words: String,
    /// Account and paise.
    postings: Vec<(String, i64)>,
}

/// Paise of an amount with two places.
pub fn paise(amount: &str) -> i64 {
    amount.replace('.', "").parse().unwrap_or_else(|_| panic!("{amount}"))
}

/// An amount as the API takes and shows it.
pub fn rupees(paise: i64) -> String {
    let sign = if paise < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", paise.abs() / 100, paise.abs() % 100)
}

fn journal() -> Vec<Transaction> {
    let mut found: Vec<Transaction> = Vec::new();
    for line in JOURNAL.lines() {
        if let Some(posting) = line.strip_prefix("    ") {
            let (account, amount) = posting.rsplit_once("  ").unwrap();
            let amount = paise(amount.trim().strip_suffix(" INR").unwrap());
            let last = found.last_mut().unwrap();
            last.postings.push((account.trim().to_owned(), amount));
        } else if line.starts_with("20") {
            let (date, rest) = line.split_once(" (").unwrap();
            let (kind, words) = rest.split_once(") ").unwrap();
            let [date, kind, words] = [date, kind, words].map(str::to_owned);
            found.push(Transaction { date, kind, words, postings: Vec::new() });
        }
    }
    for one in &found {
        let sum: i64 = one.postings.iter().map(|(_, amount)| amount).sum();
        assert_eq!(sum, 0, "{} {}", one.date, one.words);
    }
    found
}

/// What hledger found, by kind, in its order: account and paise.
pub fn figures(kind: &str) -> Vec<(String, i64)> {
    let mut rows = FIGURES.lines().skip(1).map(|line| {
        let [kind, account, amount]: [&str; 3] =
            line.split(',').collect::<Vec<_>>().try_into().unwrap();
        (kind, account.to_owned(), paise(amount))
    });
    let found: Vec<_> = rows
        .by_ref()
        .filter(|(of, _, _)| *of == kind)
        .map(|(_, account, amount)| (account, amount))
        .collect();
    assert!(!found.is_empty(), "no figures of {kind}");
    found
}

/// The one figure of a kind.
pub fn figure(kind: &str) -> i64 {
    let found = figures(kind);
    assert_eq!(found.len(), 1, "{kind}");
    found[0].1
}

/// Name of the ledger of an account.
pub fn ledger(account: &str) -> &str {
    account.rsplit(':').next().unwrap()
}

/// Amounts by ledger.
pub fn by_ledger(kind: &str) -> Amounts {
    figures(kind).into_iter().map(|(account, paise)| (ledger(&account).to_owned(), paise)).collect()
}

/// Whether an account begins anew with each year.
pub fn is_of_the_year(account: &str) -> bool {
    account.starts_with("Income") || account.starts_with("Expenses")
}

impl Company {
    /// Posts all of the journal in a new business.
    pub async fn open(app: &TestApp) -> Self {
        let client = app.register("meera").await;
        let made = client
            .query(
                "mutation { businessCreate(input: { name: \"Cloth House\", country: \"IN\",
                    booksBeginOn: \"2024-04-01\" }) { business { id } userErrors { code field message } } }",
            )
            .await;
        let id = made.text("businessCreate.business.id");
        let found = client
            .ask(
                "query($id: ID!) { ledgers(businessId: $id, first: 100) { nodes { id name } }
                   accountGroups(first: 100) { nodes { id code } }
                   voucherTypes(first: 100) { nodes { id code } } }",
                json!({ "id": id }),
            )
            .await;
        let map = |path: &str, key: &str| -> HashMap<String, String> {
            let nodes = found.at(path).as_array().unwrap().iter();
            let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
            nodes.map(|one| (text(one, key), text(one, "id"))).collect()
        };
        let mut ledgers = map("ledgers.nodes", "name");
        let (groups, types) =
            (map("accountGroups.nodes", "code"), map("voucherTypes.nodes", "code"));
        let company = Self { client, id };
        for (at, one) in journal().into_iter().enumerate() {
            for (account, amount) in &one.postings {
                let name = ledger(account);
                if !ledgers.contains_key(name) {
                    let group = account.rsplit(':').nth(1).unwrap();
                    let opened = one.kind == "OPEN";
                    let opening = opened.then(|| side(*amount));
                    let made = company.open_ledger(name, &groups[group], opening).await;
                    ledgers.insert(name.to_owned(), made);
                }
            }
            if one.kind == "OPEN" {
                continue;
            }
            let entries: Vec<Value> = one
                .postings
                .iter()
                .map(|(account, amount)| {
                    let mut entry = side(*amount);
                    entry["ledgerId"] = json!(ledgers[ledger(account)]);
                    entry
                })
                .collect();
            let input = json!({
                "businessId": company.id, "idempotencyKey": format!("journal {at}"),
                "voucherTypeId": types[&one.kind], "date": one.date, "entries": entries,
                "narration": one.words,
            });
            let posted = company
                .client
                .ask(
                    "mutation($input: VoucherPostInput!) { voucherPost(input: $input) {
                        voucher { number } userErrors { code field message } } }",
                    json!({ "input": input }),
                )
                .await;
            assert!(posted.refusals("voucherPost").is_empty(), "{input}: {}", posted.body);
        }
        company
    }

    async fn open_ledger(&self, name: &str, group: &str, opening: Option<Value>) -> String {
        let input = json!({
            "businessId": self.id, "name": name, "accountGroupId": group, "openingBalance": opening,
        });
        let made = self
            .client
            .ask(
                "mutation($input: LedgerCreateInput!) { ledgerCreate(input: $input) {
                    ledger { id } userErrors { code field message } } }",
                json!({ "input": input }),
            )
            .await;
        made.text("ledgerCreate.ledger.id")
    }

    /// Asks a statement of the company's own books.
    pub async fn ask(&self, query: &str, mut variables: Value) -> crate::client::Answer {
        variables["id"] = json!(self.id);
        let answer = self.client.ask(query, variables).await;
        assert!(answer.body["errors"].is_null(), "{}", answer.body);
        answer
    }
}

fn side(paise: i64) -> Value {
    if paise < 0 { json!({ "credit": rupees(-paise) }) } else { json!({ "debit": rupees(paise) }) }
}
