//! A tenant's books over HTTP, as a caller sees them who may lose answers.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    client::{Answer, Client, PASSWORD},
    serving::Serving,
};

const POST: &str = "mutation($input: VoucherPostInput!) { voucherPost(input: $input) {
    voucher { id number } replayed userErrors { code field message } } }";

/// One tenant's books, and somebody who may post to them.
#[derive(Clone)]
pub struct Books {
    pub client: Client,
    pub subdomain: String,
    journal: String,
    rent: String,
    sales: String,
    day: String,
}

/// An accepted voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub id: String,
    pub number: String,
    pub replayed: bool,
}

/// Nothing is known about the voucher: no answer came.
#[derive(Debug)]
pub struct Lost;

impl Books {
    /// Registers a tenant at this node.
    pub async fn register(node: &Serving, subdomain: &str, company: &str) -> Self {
        let mut client = node.client();
        let input = json!({
            "companyName": company, "subdomain": subdomain, "ownerName": "Meera Shah",
            "email": format!("owner@{subdomain}.example"), "password": PASSWORD, "country": "IN",
        });
        let answer = client
            .ask(
                "mutation($input: RegisterInput!) { register(input: $input) {
                    session { accessToken refreshToken } userErrors { code field message } } }",
                json!({ "input": input }),
            )
            .await;
        client.take_session(answer.at("register.session"));
        Self::of(client, subdomain).await
    }

    /// The books that this caller's token opens.
    pub async fn of(client: Client, subdomain: &str) -> Self {
        let found = client
            .query(
                "{ ledgers(first: 100) { nodes { id name } }
                   voucherTypes(first: 100) { nodes { id code } }
                   businessYears { startsOn isOpening } }",
            )
            .await;
        let id = |path: &str, key: &str, value: &str| {
            let nodes = found.at(path).as_array().unwrap();
            let node = nodes.iter().find(|one| one[key] == value).unwrap();
            node["id"].as_str().unwrap().to_owned()
        };
        let years = found.at("businessYears").as_array().unwrap();
        let year = years.iter().find(|year| year["isOpening"] == false).unwrap();
        Self {
            subdomain: subdomain.to_owned(),
            journal: id("voucherTypes.nodes", "code", "JRN"),
            rent: id("ledgers.nodes", "name", "Rent"),
            sales: id("ledgers.nodes", "name", "Sales"),
            // Not in the future on any day, so that balances of today hold it.
            day: year["startsOn"].as_str().unwrap().to_owned(),
            client,
        }
    }

    /// The same books through another node, or the same one started again.
    pub fn at(&self, node: &Serving) -> Self {
        self.asked_by(&node.client())
    }

    /// The same books through this caller's connection.
    pub fn asked_by(&self, caller: &Client) -> Self {
        let token = self.client.token.as_ref().unwrap();
        Self { client: caller.with_token(token), ..self.clone() }
    }

    /// The input of a journal voucher over 1.00.
    pub fn voucher(&self, key: &str) -> Value {
        json!({
            "idempotencyKey": key, "voucherTypeId": self.journal, "date": self.day,
            "narration": format!("{} {key}", self.subdomain),
            "entries": [
                { "ledgerId": self.rent, "debit": "1" },
                { "ledgerId": self.sales, "credit": "1" },
            ],
        })
    }

    /// Posts once; the answer, if one came whole.
    pub async fn try_post(&self, key: &str) -> Result<Answer, Lost> {
        let body = json!({ "query": POST, "variables": { "input": self.voucher(key) } });
        let response = self.client.post().json(&body).send().await.map_err(|_| Lost)?;
        let body = response.json().await.map_err(|_| Lost)?;
        Ok(Answer { body })
    }

    /// Posts what must be accepted. Who is told to come back (the machine is busy) does, with the
    /// same key.
    pub async fn post(&self, key: &str) -> Result<Posted, Lost> {
        for _ in 0..200 {
            let answer = self.try_post(key).await?;
            if ["THROTTLED", "UNAVAILABLE"].contains(&answer.code()) {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
            assert!(answer.refusals("voucherPost").is_empty(), "{}", answer.body);
            return Ok(Posted {
                id: answer.text("voucherPost.voucher.id"),
                number: answer.text("voucherPost.voucher.number"),
                replayed: answer.at("voucherPost.replayed") == true,
            });
        }
        panic!("{key} was never taken");
    }

    /// Numbers of all stored vouchers, by their ids.
    pub async fn stored(&self) -> HashMap<String, String> {
        let mut stored = HashMap::new();
        let mut after = Value::Null;
        loop {
            let page = self
                .client
                .ask(
                    "query($after: String) { vouchers(first: 100, after: $after) {
                        nodes { id number narration } pageInfo { hasNextPage endCursor } } }",
                    json!({ "after": after }),
                )
                .await;
            for one in page.at("vouchers.nodes").as_array().unwrap() {
                let text = |name: &str| one[name].as_str().unwrap().to_owned();
                let own = format!("{} ", self.subdomain);
                assert!(text("narration").starts_with(&own), "{one} in the books of {own}");
                assert!(stored.insert(text("id"), text("number")).is_none(), "twice: {one}");
            }
            if page.at("vouchers.pageInfo.hasNextPage") == false {
                return stored;
            }
            after = page.at("vouchers.pageInfo.endCursor").clone();
        }
    }

    /// Asserts that the books are whole: numbers 1 to the count of vouchers, a balanced trial balance
    /// over just these, and an unbroken edit log. What is stored comes back.
    pub async fn are_whole(&self) -> HashMap<String, String> {
        let stored = self.stored().await;
        let mut numbers: Vec<usize> = stored.values().map(|number| sequence(number)).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=stored.len()).collect::<Vec<_>>(), "gaps or doubles");

        let ask = "{ trialBalance { isBalanced totals { debit { amount } credit { amount } } } }";
        let sums = self.client.query(ask).await;
        assert_eq!(sums.at("trialBalance.isBalanced"), true);
        let all = format!("{}.00", stored.len());
        assert_eq!(sums.text("trialBalance.totals.debit.amount"), all);
        assert_eq!(sums.text("trialBalance.totals.credit.amount"), all);

        let ask = "{ auditVerify { ok isComplete firstBroken checkedRows } }";
        let chain = self.client.query(ask).await;
        assert_eq!(chain.at("auditVerify.ok"), true, "{}", chain.body);
        assert_eq!(chain.at("auditVerify.isComplete"), true, "{}", chain.body);
        let rows = chain.at("auditVerify.checkedRows").as_u64().unwrap();
        assert!(rows >= u64::try_from(stored.len()).unwrap(), "{rows} rows in the log");
        stored
    }
}

/// The digits at the end of a voucher's number.
fn sequence(number: &str) -> usize {
    let start = number.rfind(|one: char| !one.is_ascii_digit()).map_or(0, |at| at + 1);
    number[start..].parse().unwrap()
}
