//! Period locks, exceptions from them, and accounting years closed and opened again.

mod areas;
mod exceptions;
mod filings;
mod hard;
mod race;
mod years;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::shop::Shop;
use crate::client::{Answer, Client};

const SET: &str = "mutation($input: PeriodLockSetInput!) { periodLockSet(input: $input) {
    periodLocks { kind area lockedThrough reason setBy { name } } replayed
    userErrors { code field message } } }";
const LIFT: &str = "mutation($input: PeriodLockLiftInput!) { periodLockLift(input: $input) {
    periodLocks { kind area lockedThrough } replayed userErrors { code field message } } }";
const HARDEN: &str = "mutation($input: PeriodLockHardenInput!) { periodLockHarden(input: $input) {
    periodLocks { kind area lockedThrough } replayed userErrors { code field message } } }";
const GRANT: &str =
    "mutation($input: LockExceptionGrantInput!) { lockExceptionGrant(input: $input) {
    lockException { id areas from to role reason isInForce revokedAt user { name }
        grantedBy { name } revokedBy { name } }
    replayed userErrors { code field message } } }";
const REVOKE: &str = "mutation($id: ID!, $key: String!) {
    lockExceptionRevoke(id: $id, input: { idempotencyKey: $key }) {
        lockException { isInForce revokedAt revokedBy { name } }
        replayed userErrors { code field message } } }";

/// Calls a mutation that takes an input.
async fn call(client: &Client, mutation: &str, input: Value) -> Answer {
    client.ask(mutation, json!({ "input": input })).await
}

/// Sets a soft lock, which must be accepted.
async fn lock(shop: &Shop, area: &str, through: &str) {
    let key = format!("lock {area} {through}");
    let input = json!({ "idempotencyKey": key, "area": area, "lockedThrough": through,
        "reason": "the month is done" });
    let done = call(&shop.client, SET, input).await;
    assert!(done.refusals("periodLockSet").is_empty(), "{}", done.body);
}

/// Grants an exception, which must be accepted; its id.
async fn grant(client: &Client, input: Value) -> String {
    let done = call(client, GRANT, input).await;
    assert!(done.refusals("lockExceptionGrant").is_empty(), "{}", done.body);
    done.text("lockExceptionGrant.lockException.id")
}

/// The locks that hold, each as `KIND AREA day`.
async fn locks(client: &Client) -> Vec<String> {
    let found = client.query("{ periodLocks { kind area lockedThrough } }").await;
    let word = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let rows = found.at("periodLocks").as_array().unwrap().iter();
    rows.map(|one| {
        format!("{} {} {}", word(one, "kind"), word(one, "area"), word(one, "lockedThrough"))
    })
    .collect()
}

/// A voucher dated on a day.
fn dated(shop: &Shop, key: &str, kind: &str, ledgers: [&str; 2], day: &str) -> Value {
    let mut input = shop.voucher(key, kind, ledgers[0], ledgers[1], "1");
    input["date"] = json!(day);
    input
}

/// A payment dated on a day.
fn payment(shop: &Shop, key: &str, day: &str) -> Value {
    dated(shop, key, "PMT", ["Rent", "Cash"], day)
}

/// The first user error of a posting: code, path, and what it says.
fn refusal(answer: &Answer) -> (String, String) {
    let refused = answer.refusals("voucherPost");
    assert_eq!(refused.len(), 1, "{}", answer.body);
    (refused[0].clone(), answer.text("voucherPost.userErrors.0.message"))
}

/// Posts what a lock through that day must refuse.
async fn is_locked(shop: &Shop, input: &Value, through: &str) {
    let (refused, message) = refusal(&shop.post(input).await);
    assert_eq!(refused, "PERIOD_LOCKED input.date");
    assert!(message.contains(through), "{message} does not name {through}");
}

/// Books of the same owner that began earlier: posting there names the business.
struct Older {
    shop: Shop,
    id: String,
    /// Its years but the opening period, in order.
    years: Vec<Value>,
}

const YEARS: &str = "query($id: ID!) { businessYears(businessId: $id) {
    id label startsOn endsOn isOpening state openedAt closedAt
    acts { kind reason recordedAt actedBy { name } } } }";

impl Older {
    async fn begin(first: &Shop, name: &str, begins: NaiveDate) -> Self {
        let made = call(
            &first.client,
            "mutation($input: BusinessCreateInput!) { businessCreate(input: $input) {
                business { id } userErrors { code field message } } }",
            json!({ "name": name, "country": "IN", "booksBeginOn": begins }),
        )
        .await;
        let id = made.text("businessCreate.business.id");
        let list = "query($id: ID!) { ledgers(businessId: $id, first: 100) { nodes { id name } } }";
        let found = first.client.ask(list, json!({ "id": id })).await;
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let nodes = found.at("ledgers.nodes").as_array().unwrap().iter();
        let ledgers = nodes.map(|one| (text(one, "name"), text(one, "id"))).collect();
        let mut shop = first.seen_by(first.client.clone());
        shop.ledgers = ledgers;
        shop.begins = begins;
        let mut books = Self { shop, id, years: Vec::new() };
        books.read_years().await;
        books
    }

    async fn all_years(&self) -> Vec<Value> {
        let found = self.shop.client.ask(YEARS, json!({ "id": self.id })).await;
        found.at("businessYears").as_array().unwrap().clone()
    }

    async fn read_years(&mut self) {
        self.years = self.all_years().await;
        self.years.retain(|year| year["isOpening"] == false);
    }

    fn voucher(&self, key: &str, day: NaiveDate) -> Value {
        let mut input = payment(&self.shop, key, &day.to_string());
        input["businessId"] = json!(self.id);
        input
    }

    fn year(&self, place: usize) -> String {
        self.years[place]["id"].as_str().unwrap().to_owned()
    }

    fn day(&self, place: usize, field: &str) -> NaiveDate {
        self.years[place][field].as_str().unwrap().parse().unwrap()
    }
}

fn act(field: &str) -> String {
    format!(
        "mutation($input: BusinessYearActInput!) {{ {field}(input: $input) {{
            year {{ state closedAt }} replayed userErrors {{ code field message }} }} }}"
    )
}

/// Closes a year; what was refused.
async fn close(client: &Client, year: &str) -> Vec<String> {
    let done = call(client, &act("businessYearClose"), json!({ "yearId": year })).await;
    done.refusals("businessYearClose")
}

/// Opens a year again; what was refused.
async fn reopen(client: &Client, year: &str) -> Vec<String> {
    let input = json!({ "yearId": year, "reason": "a bill came late" });
    let done = call(client, &act("businessYearReopen"), input).await;
    done.refusals("businessYearReopen")
}
