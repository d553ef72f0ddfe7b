//! What the benchmark asks Daybook for, as bodies of requests.

use std::net::SocketAddr;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::{
    Outcome,
    bare::PAGE,
    load::{Ask, KEY},
    wire::Wire,
};

/// A tenant with what is needed to post and to list.
#[derive(Debug, Clone)]
pub struct Books {
    /// Access token of the owner.
    pub token: String,
    business: String,
    voucher_type: String,
    debtor: String,
    creditor: String,
}

const REGISTER: &str = "mutation ($input: RegisterInput!) { register(input: $input) { \
     session { accessToken } userErrors { code field message } } }";

const POST: &str = "mutation ($input: VoucherPostInput!) { voucherPost(input: $input) { \
     voucher { id number } userErrors { code field message } } }";

/// A registration under a subdomain.
pub fn register(address: SocketAddr, subdomain: &str) -> Ask {
    let input = json!({
        "companyName": format!("Meera Textiles {subdomain}"),
        "subdomain": subdomain,
        "ownerName": "Meera Shah",
        "email": format!("meera@{subdomain}.example"),
        "password": "a long enough passphrase 7",
        "country": "IN",
        "baseCurrency": "INR",
    });
    let body = json!({ "query": REGISTER, "variables": { "input": input } });
    Ask::new(address, None, &body.to_string(), "\"accessToken\":\"")
}

/// The access token in the answer to a registration.
///
/// # Errors
/// When there is none.
pub fn token_in(answer: &[u8]) -> Outcome<String> {
    let answer: Value = serde_json::from_slice(answer)?;
    text(&answer, "/data/register/session/accessToken")
}

/// A small question that opens a tenant.
pub fn knock(address: SocketAddr, token: &str) -> Ask {
    let body = json!({ "query": "{ businesses(first: 1) { nodes { id } } }" });
    Ask::new(address, Some(token), &body.to_string(), "\"nodes\":[{")
}

impl Books {
    /// Registers a tenant and looks up its business and two ledgers.
    ///
    /// # Errors
    /// When Daybook refuses.
    pub async fn open(address: SocketAddr, subdomain: &str, voucher_type: String) -> Outcome<Self> {
        let mut wire = Wire::open(address).await?;
        let token = token_in(register(address, subdomain).once(&mut wire).await?)?;
        let query =
            "{ businesses(first: 1) { nodes { id } } ledgers(first: 100) { nodes { id name } } }";
        let body = json!({ "query": query }).to_string();
        let answer =
            Ask::new(address, Some(&token), &body, "\"nodes\":[{").once(&mut wire).await?.to_vec();
        let answer: Value = serde_json::from_slice(&answer)?;
        let named = |list: &str, member: &str, name: &str| {
            answer
                .pointer(&format!("/data/{list}/nodes"))
                .and_then(Value::as_array)
                .and_then(|nodes| nodes.iter().find(|node| node[member] == name))
                .and_then(|node| node["id"].as_str())
                .map(str::to_owned)
                .ok_or_else(|| format!("no {name} in {list}: {answer}"))
        };
        Ok(Self {
            token,
            business: text(&answer, "/data/businesses/nodes/0/id")?,
            voucher_type,
            debtor: named("ledgers", "name", "Rent")?,
            creditor: named("ledgers", "name", "Capital Account")?,
        })
    }

    /// Posting a voucher of two entries, each time under a fresh key.
    pub fn post(&self, address: SocketAddr, dated: NaiveDate) -> Ask {
        let input = json!({
            "idempotencyKey": KEY,
            "businessId": self.business,
            "voucherTypeId": self.voucher_type,
            "date": dated.to_string(),
            "entries": [
                { "ledgerId": self.debtor, "debit": "104.50" },
                { "ledgerId": self.creditor, "credit": "104.50" },
            ],
        });
        let body = json!({ "query": POST, "variables": { "input": input } });
        Ask::new(address, Some(&self.token), &body.to_string(), "\"userErrors\":[]")
    }

    /// The newest vouchers with their entries and the names of the ledgers.
    pub fn list(&self, address: SocketAddr) -> Ask {
        list(address, Some(&self.token))
    }
}

/// The newest vouchers; without a token for the bare handler, which looks at neither.
pub fn list(address: SocketAddr, token: Option<&str>) -> Ask {
    let query = format!(
        "{{ vouchers(first: {PAGE}) {{ nodes {{ id number date entries {{ debit {{ amount }} \
         credit {{ amount }} ledger {{ name }} }} }} }} }}"
    );
    Ask::new(address, token, &json!({ "query": query }).to_string(), "\"nodes\":[{")
}

/// How many vouchers and entries a list holds.
///
/// # Errors
/// When it is no list.
pub fn shape(answer: &[u8]) -> Outcome<(usize, usize)> {
    let answer: Value = serde_json::from_slice(answer)?;
    let nodes = answer.pointer("/data/vouchers/nodes").and_then(Value::as_array);
    let nodes = nodes.ok_or("an answer without vouchers")?;
    let entries = nodes.iter().filter_map(|node| node["entries"].as_array()).map(Vec::len).sum();
    Ok((nodes.len(), entries))
}

fn text(answer: &Value, path: &str) -> Outcome<String> {
    let found = answer.pointer(path).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| format!("no {path} in {answer}").into())
}
