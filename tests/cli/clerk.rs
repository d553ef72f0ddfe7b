//! Somebody who keeps books over HTTP, and knows what every voucher of theirs must look like.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    books::Lost,
    client::{Answer, Client},
};

/// What is asked of a voucher.
pub const SHOWN: &str = "id number version status total { amount } bills { billId }";

/// Ids that everybody who posts to a tenant's books needs.
#[derive(Debug)]
pub struct Names {
    ids: BTreeMap<String, String>,
    day: String,
}

impl Names {
    /// Looks them up, and opens a customer's ledger that is kept bill by bill.
    pub async fn of(client: &Client) -> Arc<Self> {
        let found = client
            .query(
                "{ ledgers(first: 100) { nodes { id name } } voucherTypes(first: 100) { nodes { id code } }
                   accountGroups(first: 100) { nodes { id code } }
                   businessYears { startsOn isOpening } }",
            )
            .await;
        let mut ids = BTreeMap::new();
        for (list, key) in
            [("ledgers", "name"), ("voucherTypes", "code"), ("accountGroups", "code")]
        {
            for one in found.at(&format!("{list}.nodes")).as_array().unwrap() {
                if let Some(name) = one[key].as_str() {
                    ids.insert(format!("{list} {name}"), one["id"].as_str().unwrap().to_owned());
                }
            }
        }
        let create = "mutation($input: LedgerCreateInput!) { ledgerCreate(input: $input) {
            ledger { id } userErrors { code field message } } }";
        let input = json!({ "name": "Asha", "accountGroupId": ids["accountGroups SD"],
            "isBillWise": true });
        let made = client.ask(create, json!({ "input": input })).await;
        ids.insert("ledgers Asha".to_owned(), made.text("ledgerCreate.ledger.id"));
        let years = found.at("businessYears").as_array().unwrap();
        let year = years.iter().find(|year| year["isOpening"] == false).unwrap();
        Arc::new(Self { ids, day: year["startsOn"].as_str().unwrap().to_owned() })
    }

    fn entry(&self, ledger: &str, side: &str, amount: u64) -> Value {
        json!({ "ledgerId": self.ids[&format!("ledgers {ledger}")], side: amount.to_string() })
    }

    /// A voucher that moves an amount; the debit may open a bill.
    fn voucher(
        &self,
        code: &str,
        debit: &str,
        credit: &str,
        amount: u64,
        bill: Option<&str>,
    ) -> Value {
        let mut entries =
            [self.entry(debit, "debit", amount), self.entry(credit, "credit", amount)];
        if let Some(bill) = bill {
            entries[0]["bills"] =
                json!([{ "kind": "NEW", "reference": bill, "amount": amount.to_string() }]);
        }
        json!({ "voucherTypeId": self.ids[&format!("voucherTypes {code}")], "date": self.day,
            "entries": entries })
    }
}

/// A voucher as it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: String,
    /// Its version.
    pub version: u64,
    /// How it stands.
    pub status: String,
    /// Its total in whole rupees.
    pub total: u64,
}

impl Known {
    /// As the API shows it.
    pub fn shown(voucher: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            number: text(&voucher["number"]),
            version: voucher["version"].as_u64().unwrap(),
            status: text(&voucher["status"]),
            total: text(&voucher["total"]["amount"]).strip_suffix(".00").unwrap().parse().unwrap(),
        }
    }
}

/// A call, and which voucher it is about; none while that does not exist.
#[derive(Debug, Clone)]
pub struct Call {
    field: &'static str,
    input: Value,
    /// The voucher that it changes.
    pub on: Option<String>,
    /// What that must look like afterwards, but for a new number.
    pub then: Known,
}

/// Keeps books: posts an invoice and a receipt, sets one against the other, posts a journal voucher,
/// amends it, takes it back; and begins anew.
#[derive(Debug, Clone)]
pub struct Clerk {
    pub client: Client,
    names: Arc<Names>,
    name: String,
    count: u64,
    /// What was acknowledged, by the voucher's id.
    pub known: BTreeMap<String, Known>,
    /// The last call that was acknowledged.
    last: Option<Call>,
    /// The call that got no answer.
    pub open: Option<Call>,
    /// Receipts that were set against invoices.
    pub allocated: u64,
    invoice: Option<(String, String)>,
    made: Option<String>,
}

impl Clerk {
    pub fn new(client: Client, names: &Arc<Names>, name: String) -> Self {
        Self {
            client,
            names: Arc::clone(names),
            name,
            count: 0,
            known: BTreeMap::new(),
            last: None,
            open: None,
            allocated: 0,
            invoice: None,
            made: None,
        }
    }

    /// Works until no answer comes.
    pub async fn work(mut self) -> Self {
        loop {
            let call = self.next();
            match self.ask(&call).await {
                Ok(answer) => self.acknowledge(call, &answer, false),
                Err(Lost) => {
                    self.open = Some(call);
                    return self;
                }
            }
        }
    }

    /// What the lost call became: it is asked again, under its key. `changed` tells whether its voucher
    /// was found changed, where a change shows.
    pub async fn find_out(&mut self, changed: bool) {
        if let Some(call) = self.open.take() {
            let answer = self.ask(&call).await.unwrap();
            let shows = ["voucherAmend", "voucherCancel"].contains(&call.field);
            let replayed = answer.at(&format!("{}.replayed", call.field)) == true;
            assert!(!shows || replayed == changed, "{}", answer.body);
            self.acknowledge(call, &answer, replayed);
        }
    }

    /// The last call that was acknowledged is known, and done once.
    pub async fn repeat(&self) {
        let Some(call) = &self.last else { return };
        let answer = self.ask(call).await.unwrap();
        assert_eq!(answer.at(&format!("{}.replayed", call.field)), true, "{}", answer.body);
    }

    fn next(&mut self) -> Call {
        self.count += 1;
        let names = &self.names;
        let then =
            |total| Known { number: String::new(), version: 1, status: "POSTED".to_owned(), total };
        let bill = format!("{} {}", self.name, self.count);
        let made = self.made.clone();
        let before = made.as_ref().map(|id| self.known[id].clone());
        let (field, mut input, on, then) = match (self.count - 1) % 6 {
            0 => {
                let invoice = names.voucher("JRN", "Asha", "Sales", 3, Some(&bill));
                ("voucherPost", invoice, None, then(3))
            }
            1 => ("voucherPost", names.voucher("RCT", "Cash", "Asha", 2, None), None, then(2)),
            2 => {
                let (_, bill) = self.invoice.clone().unwrap();
                let input = json!({ "ledgerId": names.ids["ledgers Asha"], "date": names.day,
                    "allocations": [{ "billId": bill, "amount": "1" }] });
                ("billAllocate", input, made, before.unwrap())
            }
            3 => ("voucherPost", names.voucher("JRN", "Rent", "Sales", 5, None), None, then(5)),
            4 => {
                let mut input = names.voucher("JRN", "Rent", "Sales", 7, None);
                input.as_object_mut().unwrap().remove("voucherTypeId");
                let then = Known { version: 2, total: 7, ..before.unwrap() };
                ("voucherAmend", input, made, then)
            }
            _ => {
                let then = Known { status: "CANCELLED".to_owned(), ..before.unwrap() };
                ("voucherCancel", json!({}), made, then)
            }
        };
        input["idempotencyKey"] = json!(bill);
        if let Some(on) = &on {
            input["voucherId"] = json!(on);
        }
        Call { field, input, on, then }
    }

    async fn ask(&self, call: &Call) -> Result<Answer, Lost> {
        let Call { field, input, .. } = call;
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let text = format!(
            "mutation($input: {kind}!) {{ {field}(input: $input) {{
                voucher {{ {SHOWN} }} replayed userErrors {{ code field message }} }} }}"
        );
        let body = json!({ "query": text, "variables": { "input": input } });
        for _ in 0..200 {
            let response = self.client.post().json(&body).send().await.map_err(|_| Lost)?;
            let answer = Answer { body: response.json().await.map_err(|_| Lost)? };
            // Who is told to come back does, with the same key.
            if !["THROTTLED", "UNAVAILABLE"].contains(&answer.code()) {
                return Ok(answer);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{field} was never taken: {input}");
    }

    fn acknowledge(&mut self, call: Call, answer: &Answer, replayed: bool) {
        let field = call.field;
        assert!(answer.refusals(field).is_empty(), "{}: {}", call.input, answer.body);
        assert_eq!(answer.at(&format!("{field}.replayed")), replayed, "{}", answer.body);
        let voucher = answer.at(&format!("{field}.voucher"));
        let id = voucher["id"].as_str().unwrap().to_owned();
        let shown = Known::shown(voucher);
        let number =
            if call.on.is_some() { call.then.number.clone() } else { shown.number.clone() };
        assert_eq!(shown, Known { number, ..call.then.clone() }, "{}", answer.body);
        assert!(call.on.as_ref().is_none_or(|on| *on == id), "{}", answer.body);
        match (field, shown.total) {
            ("voucherPost", 3) => {
                let bill = voucher["bills"][0]["billId"].as_str().unwrap().to_owned();
                self.invoice = Some((id.clone(), bill));
            }
            ("billAllocate", _) => self.allocated += 1,
            _ => {}
        }
        self.made = Some(id.clone());
        self.known.insert(id, shown);
        self.last = Some(call);
    }
}
