//! The program is killed while vouchers are posted, amended, cancelled and set against each other: what
//! it acknowledged is there, and nothing is half there. `just crash` kills it more often.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    books::Books,
    clerk::{Clerk, Known, Names, SHOWN},
    client::Client,
    engine::Engine,
    instance::{Instance, run_on},
    serving::Serving,
};

const CLERKS: usize = 12;
/// How often the program is killed, on each engine.
const KILLS: u64 = 10;

/// How often, where somebody asks for more.
#[expect(clippy::disallowed_methods, reason = "a switch of these tests, not a setting")]
fn kills() -> u64 {
    std::env::var("DAYBOOK_CRASH_KILLS").map_or(KILLS, |text| text.parse().unwrap())
}

async fn what_was_acknowledged_survives(instance: &Instance) {
    let place = instance.place();
    let mut node = Serving::start(&place, &[]);
    // Two tenants, so that two lanes are cut off at once.
    let mut tenants: Vec<Vec<Clerk>> = Vec::new();
    for name in ["meera", "ravi"] {
        let client = Books::register(&node, name, name).await.client;
        let names = Names::of(&client).await;
        let clerk = |number| Clerk::new(client.clone(), &names, format!("{name} {number}"));
        tenants.push((0..CLERKS / 2).map(clerk).collect());
    }
    for kill in 0..kills() {
        let working = tenants.iter().flatten().cloned().map(|clerk| tokio::spawn(clerk.work()));
        let working: Vec<_> = working.collect();
        // Another moment each time: in the first batches, or well under way.
        tokio::time::sleep(Duration::from_millis(60 + kill * 137 % 500)).await;
        node.kill();
        let mut back = join_all(working).await.into_iter().map(Result::unwrap);
        for clerks in &mut tenants {
            clerks.iter_mut().for_each(|clerk| *clerk = back.next().unwrap());
        }
        // Nothing of the dead process keeps the next one out.
        node = Serving::start(&place, &[]);
        for clerks in &mut tenants {
            for clerk in clerks.iter_mut() {
                clerk.client = node.client().with_token(clerk.client.token.as_ref().unwrap());
            }
            check(clerks).await;
        }
    }
    let done: u64 = tenants.iter().flatten().map(|clerk| clerk.known.len() as u64).sum();
    println!("{done} vouchers survived {} kills", kills());
    assert!(done > kills() * 4, "hardly anything was posted");
    place.run(&["doctor"]).ok();
    place.run(&["verify"]).ok();
    assert_eq!(node.terminate().0, Some(0));
}

/// All vouchers of a tenant by their ids.
async fn stored(client: &Client) -> BTreeMap<String, Known> {
    let ask = format!(
        "query($after: String) {{ vouchers(first: 100, after: $after) {{ nodes {{ {SHOWN} }}
            pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let mut stored = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let page = client.ask(&ask, json!({ "after": after })).await;
        for one in page.at("vouchers.nodes").as_array().unwrap() {
            let id = one["id"].as_str().unwrap().to_owned();
            assert!(stored.insert(id, Known::shown(one)).is_none(), "twice: {one}");
        }
        if page.at("vouchers.pageInfo.hasNextPage") == false {
            return stored;
        }
        after = page.at("vouchers.pageInfo.endCursor").clone();
    }
}

/// Compares what is stored with what was told, and finds out about what was not.
async fn check(clerks: &mut [Clerk]) {
    let client = clerks[0].client.clone();
    let mut found = stored(&client).await;
    let mut changes = Vec::new();
    for clerk in clerks.iter() {
        let mut changed = false;
        for (id, known) in &clerk.known {
            let now = found.remove(id).unwrap_or_else(|| panic!("{id} is lost: {known:?}"));
            let open = clerk.open.as_ref().filter(|call| call.on.as_ref() == Some(id));
            if now != *known {
                let then = open.map(|call| &call.then);
                assert_eq!(then, Some(&now), "{id} was {known:?}");
                changed = true;
            }
        }
        changes.push(changed);
    }
    // What is left was posted, and its answer lost on the way.
    let lost =
        clerks.iter().filter(|clerk| clerk.open.as_ref().is_some_and(|call| call.on.is_none()));
    assert!(found.len() <= lost.count(), "nobody posted {found:?}");
    for (clerk, changed) in clerks.iter_mut().zip(changes) {
        clerk.repeat().await;
        clerk.find_out(changed).await;
    }
    is_whole(&client, clerks).await;
}

/// Numbers without gaps, sums of what stands, open bills, an unbroken edit log.
async fn is_whole(client: &Client, clerks: &[Clerk]) {
    let all: Vec<&Known> = clerks.iter().flat_map(|clerk| clerk.known.values()).collect();
    assert_eq!(stored(client).await.len(), all.len());
    let mut series: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for known in &all {
        let (prefix, sequence) = known.number.split_once('/').unwrap();
        series.entry(prefix).or_default().push(sequence.parse().unwrap());
    }
    for (prefix, mut numbers) in series {
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "gaps or doubles in {prefix}");
    }
    let standing = all.iter().filter(|known| known.status == "POSTED");
    let total = standing.map(|known| known.total).sum::<u64>();
    let told = client
        .query(
            "{ trialBalance { isBalanced totals { debit { amount } credit { amount } } }
               auditVerify { ok isComplete } }",
        )
        .await;
    assert_eq!(told.at("trialBalance.isBalanced"), true);
    for side in ["debit", "credit"] {
        let sum = told.text(&format!("trialBalance.totals.{side}.amount"));
        assert_eq!(sum, format!("{total}.00"));
    }
    assert_eq!(told.at("auditVerify.ok"), true, "{}", told.body);
    assert_eq!(told.at("auditVerify.isComplete"), true, "{}", told.body);
    let invoiced: u64 = all.iter().filter(|known| known.total == 3).map(|known| known.total).sum();
    let allocated: u64 = clerks.iter().map(|clerk| clerk.allocated).sum();
    assert_eq!(open_bills(client).await, invoiced - allocated);
}

async fn open_bills(client: &Client) -> u64 {
    let ask = "query($after: String) { bills(first: 100, after: $after) {
        nodes { open { amount } } pageInfo { hasNextPage endCursor } } }";
    let (mut sum, mut after) = (0, Value::Null);
    loop {
        let page = client.ask(ask, json!({ "after": after })).await;
        for bill in page.at("bills.nodes").as_array().unwrap() {
            let open = bill["open"]["amount"].as_str().unwrap();
            sum += open.strip_suffix(".00").unwrap().parse::<u64>().unwrap();
        }
        if page.at("bills.pageInfo.hasNextPage") == false {
            return sum;
        }
        after = page.at("bills.pageInfo.endCursor").clone();
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill_on_sqlite() {
    run_on(Engine::Sqlite, |instance| Box::pin(what_was_acknowledged_survives(instance)));
}

#[test]
fn what_was_acknowledged_survives_a_kill_on_postgres() {
    run_on(Engine::Postgres, |instance| Box::pin(what_was_acknowledged_survives(instance)));
}

#[test]
fn what_was_acknowledged_survives_a_kill_on_mariadb() {
    run_on(Engine::MariaDb, |instance| Box::pin(what_was_acknowledged_survives(instance)));
}
