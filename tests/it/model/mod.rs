//! The books beside a plain ledger in memory that predicts every answer, on workloads by chance.
//!
//! `just model SEED STEPS` runs one seed for longer; a failure names its seed and step.

mod acts;
mod agree;
mod books;
mod parts;
mod posts;
mod settings;
mod written;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::books::{Books, Refused, Voucher};
use crate::{app::TestApp, books::Shop, client::Answer, reports::Chance};

/// What is asked of a voucher after each mutation.
const SHOWN: &str = "id number version status date total { amount }
    bills { kind billId ledger { name } amount { amount } } acts { id kind }";
const ERRORS: &str = "replayed dryRun userErrors { code field message }";

/// Seeds of every run, and how many things each does.
const SEEDS: [u64; 2] = [7, 1_947];
const STEPS: u64 = 260;

/// Answers that the seeds must bring about.
const ANSWERS: [&str; 1] = ["voucherPost"];

/// A call that was accepted, to be repeated.
struct Done {
    field: &'static str,
    input: Value,
    vouchers: Vec<usize>,
}

/// A shop with the books that predict it.
struct Run<'a> {
    app: &'a TestApp,
    shop: Shop,
    owner: String,
    books: Books,
    chance: Chance,
    done: Vec<Done>,
    /// How often each answer came, as `field CODE`.
    told: BTreeMap<String, usize>,
    /// What is going on, for whoever reads a failure.
    doing: String,
}

impl<'a> Run<'a> {
    async fn begin(app: &'a TestApp, shop: Shop, seed: u64) -> Self {
        let mut shop = shop;
        for (name, group) in [("Asha", "SD"), ("Ravi", "SC")] {
            let input = json!({ "name": name, "accountGroupId": shop.groups[group],
                "isBillWise": true, "creditDays": 30 });
            let made = shop.try_ledger(input).await;
            shop.keep_ledger(&made);
        }
        let types = "{ me { id } voucherTypes(first: 100) { nodes { code numberingPrefix } } }";
        let found = shop.client.query(types).await;
        let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let types = found.at("voucherTypes.nodes").as_array().unwrap().iter();
        let prefixes: BTreeMap<_, _> =
            types.map(|one| (text(one, "code"), text(one, "numberingPrefix"))).collect();
        let owner = found.text("me.id");
        let books = Books::begin(shop.begins, prefixes);
        let (chance, told) = (Chance(seed), BTreeMap::new());
        Self { app, shop, owner, books, chance, done: Vec::new(), told, doing: String::new() }
    }

    /// One thing that somebody does.
    async fn step(&mut self, step: u64) {
        self.doing = format!("step {step}");
        match self.chance.below(100) {
            0..=37 => self.post().await,
            38..=41 => self.post_many().await,
            42..=46 => self.draft().await,
            47..=54 => self.cancel().await,
            55..=62 => self.amend().await,
            63..=69 => self.reverse().await,
            70..=79 => self.allocate().await,
            80..=83 => self.deallocate().await,
            84..=86 => self.set_opening().await,
            87..=92 => self.repeat().await,
            93..=95 => self.lock().await,
            96..=97 => self.pass().await,
            _ => self.year().await,
        }
    }

    /// Counts an answer, by its first refusal where there is one.
    fn count(&mut self, field: &str, refused: Option<&Refused>) {
        let code = refused.map_or("", |why| why.split(' ').next().unwrap_or_default());
        *self.told.entry(format!("{field} {code}").trim_end().to_owned()).or_default() += 1;
    }

    fn key(&mut self) -> String {
        format!("{} {}", self.doing, self.chance.below(1_000_000))
    }

    /// Whether this is only tried.
    fn is_dry(&mut self) -> bool {
        self.chance.below(16) == 0
    }

    /// One of the vouchers; openings are set, not acted on.
    fn some_voucher(&mut self) -> Option<usize> {
        let fits = |place: &usize| self.books.vouchers[*place].origin != books::Origin::Opening;
        let all: Vec<usize> = (0..self.books.vouchers.len()).filter(fits).collect();
        // Mostly a late one, so that much is done to few.
        let recent = if self.chance.below(3) == 0 { all.len() } else { all.len().min(30) };
        if recent == 0 {
            return None;
        }
        let back = usize::try_from(self.chance.below(u64::try_from(recent).unwrap())).unwrap();
        Some(all[all.len() - 1 - back])
    }

    /// The version that somebody saw, and whether they say so.
    fn seen(&mut self, voucher: usize) -> Option<i64> {
        let version = self.books.vouchers[voucher].version;
        match self.chance.below(10) {
            0 => Some(version + 1),
            1..=3 => Some(version),
            _ => None,
        }
    }

    /// Calls a mutation that takes an input.
    async fn call(&self, field: &str, shown: &str, input: &Value) -> Answer {
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        self.call_as(field, &kind, shown, input).await
    }

    async fn call_as(&self, field: &str, kind: &str, shown: &str, input: &Value) -> Answer {
        let text = format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ {shown} }} }}");
        self.shop.client.ask(&text, json!({ "input": input })).await
    }

    /// Calls what the model has judged already, and compares. What was done takes the model on, and the
    /// ids that it got are learned.
    async fn compare(
        &mut self,
        field: &'static str,
        input: Value,
        after: Books,
        predicted: Result<usize, Refused>,
    ) {
        let shown = format!("voucher {{ {SHOWN} }} {ERRORS}");
        let answer = self.call(field, &shown, &input).await;
        let context = format!("{}: {field} {input}: {}", self.doing, answer.body);
        assert_eq!(answer.code(), "", "{context}");
        self.count(field, predicted.as_ref().err());
        match predicted {
            Err(refused) => assert_eq!(answer.refusals(field), [refused], "{context}"),
            Ok(voucher) => {
                assert_eq!(answer.refusals(field), [""; 0], "{context}");
                assert_eq!(answer.at(&format!("{field}.replayed")), false, "{context}");
                let shown = answer.at(&format!("{field}.voucher")).clone();
                if input["dryRun"] == true {
                    assert_eq!(shown["number"], json!(after.vouchers[voucher].number), "{context}");
                    return;
                }
                self.books = after;
                self.learn(voucher, &shown, &context);
                self.done.push(Done { field, input, vouchers: vec![voucher] });
            }
        }
    }

    /// Compares a voucher as the API shows it, and learns its ids.
    fn learn(&mut self, place: usize, shown: &Value, context: &str) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let status = self.books.status(place);
        let Books { vouchers, bills, .. } = &mut self.books;
        let voucher = &mut vouchers[place];
        if voucher.id.is_empty() {
            voucher.id = text(&shown["id"]);
        }
        assert_eq!(text(&shown["id"]), voucher.id, "{context}");
        assert_eq!(shown["number"], json!(voucher.number), "{context}");
        assert_eq!(shown["version"], json!(voucher.version), "{context}");
        assert_eq!(shown["status"], json!(status), "{context}");
        assert_eq!(shown["date"], json!(voucher.content.day), "{context}");
        assert_eq!(shown["total"]["amount"], json!(decimal(voucher.content.total())), "{context}");
        let rows = shown["bills"].as_array().unwrap();
        assert_eq!(rows.len(), voucher.parts.len(), "{:?} {context}", voucher.parts);
        for (part, row) in voucher.parts.iter().zip(rows) {
            assert_eq!(row["kind"], part.kind.word(), "{context}");
            assert_eq!(row["ledger"]["name"], part.ledger, "{context}");
            assert_eq!(row["amount"]["amount"], json!(decimal(part.minor)), "{context}");
            if let Some(bill) = part.bill {
                if bills[bill].id.is_empty() {
                    bills[bill].id = text(&row["billId"]);
                }
                assert_eq!(text(&row["billId"]), bills[bill].id, "{context}");
            }
        }
        learn_allocations(voucher, shown);
    }

    /// The id of a bill as the API knows it.
    fn bill_id(&self, bill: usize) -> String {
        self.books.bills[bill].id.clone()
    }
}

/// The newest allocation gets the id of the one act that is not known yet.
fn learn_allocations(voucher: &mut Voucher, shown: &Value) {
    let known: Vec<String> = voucher.allocations.iter().map(|one| one.id.clone()).collect();
    let acts = shown["acts"].as_array().unwrap().iter();
    let ids = acts.filter(|act| act["kind"] == "ALLOCATED").map(|act| act["id"].as_str().unwrap());
    let mut new = ids.filter(|id| known.iter().all(|one| one != id));
    for allocation in voucher.allocations.iter_mut().filter(|one| one.id.is_empty()) {
        allocation.id = new.next().unwrap().to_owned();
    }
    assert_eq!(new.next(), None, "{shown}");
}

/// An amount as the API writes it.
fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
}

/// Runs one seed in books of its own; how often each answer came.
async fn one_seed(
    app: &TestApp,
    subdomain: &str,
    seed: u64,
    steps: u64,
) -> BTreeMap<String, usize> {
    println!("seed {seed}, {steps} steps (just model {seed} {steps})");
    let shop = Shop::open(app, subdomain).await;
    let mut run = Run::begin(app, shop, seed).await;
    for step in 0..steps {
        run.step(step).await;
        if step % 50 == 49 {
            run.agrees().await;
        }
    }
    run.doing = "the end".to_owned();
    run.agrees().await;
    run.verifies(subdomain).await;
    println!("{:#?}", run.told);
    run.told
}

/// Seed and steps of a longer run, where somebody asks for one.
#[expect(clippy::disallowed_methods, reason = "a switch of these tests, not a setting")]
fn asked() -> Option<(u64, u64)> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    Some((number("DAYBOOK_MODEL_SEED")?, number("DAYBOOK_MODEL_STEPS").unwrap_or(STEPS)))
}

on_every_engine! {
    async fn a_plain_ledger_predicts_every_answer(app: &TestApp) {
        if let Some((seed, steps)) = asked() {
            one_seed(app, "asked", seed, steps).await;
            return;
        }
        let mut told = BTreeMap::new();
        for seed in SEEDS {
            told.append(&mut one_seed(app, &format!("seed{seed}"), seed, STEPS).await);
        }
        // A model of which nothing is asked would agree with anything.
        for answer in ANSWERS {
            assert!(told.contains_key(answer), "never was {answer}: {told:#?}");
        }
    }
}
