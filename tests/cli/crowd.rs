//! Far more tenants than may be open: everybody gets their own, and the machine's bounds hold.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future::join_all, stream};

use super::{
    books::Books,
    client::{Answer, Client},
    engine::Engine,
    instance::{Instance, run_on},
    serving::Serving,
};

const TENANTS: usize = 500;
const OPEN_MAX: usize = 50;
const CLIENTS: usize = 64;
const LENGTH: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_millis(50);

/// Connections of one open tenant: its lane's, and `tenants.readers_per_tenant` for reading.
const CONNECTIONS: usize = 1 + 2;
/// sqlx runs each SQLite connection on a thread of its own.
const THREADS_PER_TENANT: usize = CONNECTIONS;
/// Each connection has the database and its log open. The log's index is mapped once per process and
/// file, whatever the number of connections; the lock file is open once.
const DESCRIPTORS_PER_TENANT: usize = CONNECTIONS * 2 + 1 + 1;
/// Main and master have one connection that writes and up to four that read, which are opened when
/// they are first needed; the watch on master has one.
const OFFICE_CONNECTIONS: usize = 5 + 5 + 1;
/// What is there for a moment only. Descriptors: the folder, while a log is made or removed. Threads:
/// of a connection that has closed and told so, and of work with files.
const PASSING: usize = 16;

/// What a process has of the machine.
#[derive(Debug, Clone, Copy, Default)]
struct Usage {
    descriptors: usize,
    threads: usize,
}

impl Usage {
    fn of(process: u32) -> Self {
        let descriptors = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap();
        Self { descriptors, threads: threads.trim().parse().unwrap() }
    }

    fn most(self, other: Self) -> Self {
        Self {
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
        }
    }
}

/// Looks at a process every 50 ms until told to stop: how often, and the most it had.
fn watch(process: u32, stop: Arc<AtomicBool>) -> JoinHandle<(usize, Usage)> {
    std::thread::spawn(move || {
        let (mut count, mut most) = (0, Usage::default());
        while !stop.load(Ordering::Relaxed) {
            most = most.most(Usage::of(process));
            count += 1;
            std::thread::sleep(EVERY);
        }
        (count, most)
    })
}

/// A figure of `/metrics`; 0 while it is not there.
fn figure(text: &str, name: &str) -> usize {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

async fn figures(node: &Serving, http: &reqwest::Client) -> String {
    let address = format!("http://{}/metrics", node.address);
    http.get(address).send().await.unwrap().text().await.unwrap()
}

/// Reads the figures every 50 ms until the end; how often, and most places that were taken at once.
async fn watch_places(node: &Serving, http: &reqwest::Client, end: Instant) -> (usize, usize) {
    let (mut count, mut most) = (0, 0);
    while Instant::now() < end {
        let text = figures(node, http).await;
        let places = ["open", "opening", "draining"]
            .map(|state| figure(&text, &format!("daybook_tenants{{state=\"{state}\"}}")));
        let taken = places.iter().sum::<usize>();
        assert!(taken <= OPEN_MAX, "{places:?} places are taken");
        most = most.max(taken);
        count += 1;
        tokio::time::sleep(EVERY).await;
    }
    (count, most)
}

/// What one client did.
#[derive(Debug, Default)]
struct Tally {
    reads: usize,
    posts: usize,
    throttled: usize,
}

impl Tally {
    /// Whether an answer is one that counts; asserts that no other failure is met.
    fn is_answered(&mut self, answer: &Answer) -> bool {
        match answer.code() {
            "" => true,
            "THROTTLED" => {
                self.throttled += 1;
                false
            }
            _ => panic!("{}", answer.body),
        }
    }
}

fn marker(number: usize) -> String {
    format!("Marker {number} Traders")
}

/// Reads of tenants in random order, and now and then posts; each answer must carry the tenant's own
/// marker, in the routing row, in the tenant's database and on each voucher.
async fn come_and_go(
    number: usize,
    caller: Client,
    tenants: Arc<Vec<Books>>,
    end: Instant,
) -> Tally {
    let mut tally = Tally::default();
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(u64::try_from(number).unwrap() + 1);
    for count in 0.. {
        if Instant::now() >= end {
            break;
        }
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let index = usize::try_from(chance >> 33).unwrap() % tenants.len();
        let books = tenants[index].asked_by(&caller);
        if count % 4 == 3 {
            let answer = books.try_post(&format!("{number}-{count}")).await.unwrap();
            if tally.is_answered(&answer) {
                assert!(answer.refusals("voucherPost").is_empty(), "{}", answer.body);
                tally.posts += 1;
            }
            continue;
        }
        let ask = "{ me { tenant { companyName } } businesses(first: 1) { nodes { name } }
            vouchers(first: 20) { nodes { narration } } }";
        let answer = books.client.query(ask).await;
        if tally.is_answered(&answer) {
            assert_eq!(answer.text("me.tenant.companyName"), marker(index));
            assert_eq!(answer.text("businesses.nodes.0.name"), marker(index));
            let own = format!("{} ", books.subdomain);
            for voucher in answer.at("vouchers.nodes").as_array().unwrap() {
                assert!(voucher["narration"].as_str().unwrap().starts_with(&own), "{voucher}");
            }
            tally.reads += 1;
        }
    }
    tally
}

async fn everybody_gets_their_own(instance: &Instance) {
    let place = instance.place();
    let cap = format!("tenants.open_max={OPEN_MAX}");
    // On a busy machine a look at master may come late; that is not what is tried here.
    let settings = [cap.as_str(), "nodes.stale_after_ms=30000"];

    let node = Serving::start(&place, &settings);
    let begun = Instant::now();
    let registrations = (0..TENANTS).map(|number| {
        let node = &node;
        async move { Books::register(node, &format!("tenant{number}"), &marker(number)).await }
    });
    let tenants: Vec<Books> = stream::iter(registrations).buffered(8).collect().await;
    let made = begun.elapsed();
    println!("{TENANTS} tenants registered in {made:?}");
    assert_eq!(node.terminate().0, Some(0));

    // A new process, in which no tenant is open yet.
    let node = Serving::start(&place, &settings);
    let empty = Usage::of(node.process());
    let stop = Arc::new(AtomicBool::new(false));
    let watching = watch(node.process(), Arc::clone(&stop));
    let tenants = Arc::new(tenants);
    let (end, http) = (Instant::now() + LENGTH, reqwest::Client::new());
    let clients = (0..CLIENTS)
        .map(|number| tokio::spawn(come_and_go(number, node.client(), Arc::clone(&tenants), end)));
    let clients: Vec<_> = clients.collect();
    let (looks, places) = watch_places(&node, &http, end).await;
    let mut all = Tally::default();
    for tally in join_all(clients).await {
        let tally = tally.unwrap();
        all.reads += tally.reads;
        all.posts += tally.posts;
        all.throttled += tally.throttled;
    }
    stop.store(true, Ordering::Relaxed);
    let (samples, most) = watching.join().unwrap();
    let last = figures(&node, &http).await;
    let [opens, evictions, failures] = ["opens", "evictions", "open_failures"]
        .map(|name| figure(&last, &format!("daybook_tenant_{name}_total")));
    println!(
        "{all:?}; {opens} opened, {evictions} closed; at most {places} places in {looks} looks"
    );
    println!("empty {empty:?}, at most {most:?} in {samples} samples");

    assert!(all.reads > 0 && all.posts > 0);
    assert!(all.throttled * 10 <= all.reads + all.posts, "{all:?}");
    assert_eq!(failures, 0);
    assert_eq!(places, OPEN_MAX, "the cap was never reached");
    assert!(
        opens > OPEN_MAX && evictions >= opens - OPEN_MAX,
        "{opens} opened, {evictions} closed"
    );
    // Besides the tenants: what the empty process had, the office's connections, and callers' sockets.
    let descriptors = empty.descriptors
        + OPEN_MAX * DESCRIPTORS_PER_TENANT
        + OFFICE_CONNECTIONS * 2
        + (CLIENTS + 1)
        + PASSING;
    assert!(most.descriptors <= descriptors, "{most:?}, {descriptors} descriptors explained");
    let threads = empty.threads + OPEN_MAX * THREADS_PER_TENANT + OFFICE_CONNECTIONS + PASSING;
    assert!(most.threads <= threads, "{most:?}, {threads} threads explained");

    let mut posted = 0;
    for books in tenants.iter().step_by(25) {
        posted += books.at(&node).are_whole().await.len();
    }
    println!("{posted} vouchers in the books looked into");
    assert_eq!(node.terminate().0, Some(0));
}

#[test]
fn everybody_gets_their_own_where_few_may_be_open() {
    run_on(Engine::Sqlite, |instance| Box::pin(everybody_gets_their_own(instance)));
}
