//! What an operation costs, and how much of it a tenant and a user may spend.
//!
//! The cost asked is the schema's complexity, known before execution and refused above a bound. Each
//! user and each tenant has a bucket that refills steadily; an empty one answers THROTTLED. What was
//! asked and not used is given back after execution; lists without a page may use more than was known
//! beforehand, and that is charged then.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    Request, Response, ServerError, ValidationResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextValidation},
};

use super::error::coded;
use crate::clock::Clock;

/// Bounds of cost.
#[derive(Debug, Clone, Copy)]
pub struct CostSettings {
    /// Most that one operation may cost.
    pub query_max: u64,
    /// What a user's full bucket holds; a tenant's holds four times as much.
    pub bucket_max: u64,
    /// What flows into a user's bucket each second; into a tenant's four times as much.
    pub per_second: u64,
}

const TENANT_SHARE: u64 = 4;
const SHARDS: usize = 16;
const KEYS_PER_SHARD: usize = 4_096;

/// Whose buckets a request spends from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Spender {
    /// A user (or the address of somebody not signed in).
    User(String),
    /// A tenant.
    Tenant(i64),
}

/// How many nodes share the bounds.
pub type Nodes = Arc<dyn Fn() -> u32 + Send + Sync>;

/// All buckets of this node. Each node holds its share of every bucket: what one caller may spend does
/// not grow with the number of nodes.
pub struct Buckets {
    clock: Clock,
    settings: CostSettings,
    nodes: Nodes,
    shards: Vec<Mutex<HashMap<Spender, Bucket>>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a cost point.
    level: u64,
    filled_at: i64,
}

/// How a bucket stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// What a full bucket holds.
    pub maximum: u64,
    /// What is left now.
    pub available: u64,
    /// What flows in each second.
    pub restore_rate: u64,
}

impl Buckets {
    /// Full buckets for everybody.
    pub fn new(clock: Clock, settings: CostSettings, nodes: Nodes) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { clock, settings, nodes, shards }
    }

    /// The buckets of the only node.
    pub fn alone(clock: Clock, settings: CostSettings) -> Self {
        Self::new(clock, settings, Arc::new(|| 1))
    }

    /// Spends from all of the buckets, or from none: then the milliseconds to wait.
    fn spend(&self, spenders: &[Spender], cost: u64) -> Result<Standing, u64> {
        let now = self.clock.now_ms();
        let mut standing = None;
        for (index, spender) in spenders.iter().enumerate() {
            match self.spend_one(spender, cost, now) {
                Ok(left) => {
                    standing = standing.or(Some(left));
                }
                Err(wait) => {
                    for spent in spenders.iter().take(index) {
                        self.give_back(spent, cost);
                    }
                    return Err(wait);
                }
            }
        }
        Ok(standing.unwrap_or(self.full()))
    }

    /// How the first of the buckets stands, with nothing spent.
    fn standing(&self, spenders: &[Spender]) -> Standing {
        let Some(spender) = spenders.first() else { return self.full() };
        let (maximum, rate) = self.bounds(spender);
        let shard = self.shard(spender).lock().unwrap_or_else(PoisonError::into_inner);
        let level = shard.get(spender).map(|bucket| {
            refilled(bucket, self.clock.now_ms(), rate, maximum.saturating_mul(1_000))
        });
        let available = level.map_or(maximum, |level| level / 1_000);
        Standing { maximum, available, restore_rate: rate }
    }

    fn full(&self) -> Standing {
        let (maximum, restore_rate) =
            (self.part(self.settings.bucket_max), self.part(self.settings.per_second));
        Standing { maximum, available: maximum, restore_rate }
    }

    /// This node's part of what all nodes share.
    fn part(&self, whole: u64) -> u64 {
        (whole / u64::from((self.nodes)().max(1))).max(1)
    }

    fn bounds(&self, spender: &Spender) -> (u64, u64) {
        let share = if matches!(spender, Spender::Tenant(_)) { TENANT_SHARE } else { 1 };
        (
            self.part(self.settings.bucket_max.saturating_mul(share)),
            self.part(self.settings.per_second.saturating_mul(share)),
        )
    }

    fn spend_one(&self, spender: &Spender, cost: u64, now: i64) -> Result<Standing, u64> {
        let (maximum, rate) = self.bounds(spender);
        let full = maximum.saturating_mul(1_000);
        let mut shard = self.shard(spender).lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= KEYS_PER_SHARD && !shard.contains_key(spender) {
            self.make_room(&mut shard, now);
        }
        let bucket = shard.entry(spender.clone()).or_insert(Bucket { level: full, filled_at: now });
        bucket.level = refilled(bucket, now, rate, full);
        bucket.filled_at = now;
        let needed = cost.saturating_mul(1_000).min(full);
        if bucket.level < needed {
            let missing = needed - bucket.level;
            return Err(missing.div_ceil(rate.max(1)).max(1));
        }
        bucket.level -= needed;
        Ok(Standing { maximum, available: bucket.level / 1_000, restore_rate: rate })
    }

    /// Forgets full buckets, which say nothing; where none is, the fullest: its owner gains the least.
    fn make_room(&self, shard: &mut HashMap<Spender, Bucket>, now: i64) {
        let missing = |spender: &Spender, bucket: &Bucket| {
            let (maximum, rate) = self.bounds(spender);
            let full = maximum.saturating_mul(1_000);
            full - refilled(bucket, now, rate, full)
        };
        shard.retain(|spender, bucket| missing(spender, bucket) > 0);
        if shard.len() >= KEYS_PER_SHARD {
            let fullest = shard.iter().min_by_key(|(spender, bucket)| missing(spender, bucket));
            if let Some(fullest) = fullest.map(|(spender, _)| spender.clone()) {
                shard.remove(&fullest);
            }
        }
    }

    fn give_back(&self, spender: &Spender, cost: u64) {
        let full = self.bounds(spender).0.saturating_mul(1_000);
        let mut shard = self.shard(spender).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = shard.get_mut(spender) {
            bucket.level = bucket.level.saturating_add(cost.saturating_mul(1_000)).min(full);
        }
    }

    /// Takes what is there, up to the cost: for what is known only when it has been done.
    fn take(&self, spender: &Spender, cost: u64) {
        let mut shard = self.shard(spender).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = shard.get_mut(spender) {
            bucket.level = bucket.level.saturating_sub(cost.saturating_mul(1_000));
        }
    }

    /// Corrects what was charged beforehand by what the answer really holds.
    pub fn settle(&self, bill: &Bill, data: &Value) {
        let Some(sheet) = &bill.sheet else { return };
        let (asked, actual) = (sheet.read().requested, values_in(data));
        for spender in bill.spenders() {
            if actual > asked {
                self.take(spender, actual - asked);
            } else {
                self.give_back(spender, asked - actual);
            }
        }
        let standing = self.standing(bill.spenders());
        sheet.write(|entries| {
            entries.actual = actual;
            entries.standing = Some(standing);
        });
    }

    fn shard(&self, spender: &Spender) -> &Mutex<HashMap<Spender, Bucket>> {
        static SPARE: std::sync::LazyLock<Mutex<HashMap<Spender, Bucket>>> =
            std::sync::LazyLock::new(Mutex::default);
        let mut hasher = DefaultHasher::new();
        spender.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % 16).unwrap_or(0);
        self.shards.get(place).unwrap_or(&SPARE)
    }
}

/// Cost points per second are thousandths per millisecond.
fn refilled(bucket: &Bucket, now: i64, rate: u64, full: u64) -> u64 {
    let elapsed = u64::try_from(now.saturating_sub(bucket.filled_at)).unwrap_or(0);
    bucket.level.saturating_add(elapsed.saturating_mul(rate)).min(full)
}

/// What one request found out about its cost; shared between the transport and the extension.
#[derive(Debug, Default)]
pub struct Sheet(Mutex<Entries>);

/// The entries of a sheet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries {
    /// The cost asked.
    pub requested: u64,
    /// The cost used.
    pub actual: u64,
    /// Whether execution began: errors before that are errors of the request.
    pub was_executed: bool,
    /// How the caller's bucket stands; none where the operation was not even weighed.
    pub standing: Option<Standing>,
    /// Milliseconds to wait, when a bucket was empty.
    pub wait_ms: Option<u64>,
}

impl Sheet {
    /// What stands on it.
    pub fn read(&self) -> Entries {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, change: impl FnOnce(&mut Entries)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The buckets that a request spends from.
#[derive(Debug, Clone)]
pub struct Spenders(pub Arc<[Spender]>);

/// Who pays for a request, and the sheet on which its cost is written.
#[derive(Debug, Clone, Default)]
pub struct Bill {
    spenders: Option<Spenders>,
    sheet: Option<Arc<Sheet>>,
}

impl Bill {
    /// What the transport has put into a request's data.
    pub fn of(request: &Request) -> Self {
        fn held<T: Any + Clone>(request: &Request) -> Option<T> {
            request.data.get(&TypeId::of::<T>())?.downcast_ref::<T>().cloned()
        }
        Self { spenders: held(request), sheet: held(request) }
    }

    /// The same bill on another request.
    pub fn attach(self, mut request: Request) -> Request {
        if let Some(spenders) = self.spenders {
            request = request.data(spenders);
        }
        if let Some(sheet) = self.sheet {
            request = request.data(sheet);
        }
        request
    }

    fn spenders(&self) -> &[Spender] {
        self.spenders.as_ref().map_or(&[], |spenders| &spenders.0)
    }
}

/// Weighs an operation after its validation and stops there: nothing is executed behind it.
#[derive(Debug, Clone)]
pub struct Scales(pub Arc<Buckets>);

impl ExtensionFactory for Scales {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(Arc::clone(&self.0)))
    }
}

#[async_trait::async_trait]
impl Extension for Scales {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let valid = next.run(ctx).await?;
        let cost = u64::try_from(valid.complexity).unwrap_or(u64::MAX);
        let spenders = ctx.data_opt::<Spenders>().map_or(&[][..], |spenders| &spenders.0);
        let note = |standing: Standing, wait_ms: Option<u64>| {
            if let Some(sheet) = ctx.data_opt::<Arc<Sheet>>() {
                sheet.write(|entries| {
                    entries.requested = cost;
                    entries.standing = Some(standing);
                    entries.wait_ms = wait_ms;
                });
            }
        };
        let most = self.0.settings.query_max;
        if cost > most {
            note(self.0.standing(spenders), None);
            let message =
                format!("this operation costs {cost}; at most {most} is allowed: ask for less");
            return Err(vec![coded(message, "QUERY_TOO_COMPLEX")]);
        }
        match self.0.spend(spenders, cost) {
            Ok(standing) => {
                note(standing, None);
                Ok(valid)
            }
            Err(wait) => {
                note(self.0.standing(spenders), Some(wait));
                let seconds = wait.div_ceil(1_000);
                let message = format!("too much asked in a short time; try again in {seconds} s");
                let mut error = coded(message, "THROTTLED");
                error.extensions.get_or_insert_default().set("retryAfterSeconds", seconds);
                Err(vec![error])
            }
        }
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        if let Some(sheet) = ctx.data_opt::<Arc<Sheet>>() {
            sheet.write(|entries| entries.was_executed = true);
        }
        Response::new(Value::Null)
    }
}

/// Most that one field counts: sums of such costs never overflow.
const FIELD_COST_MAX: usize = 1 << 24;

/// The cost of a list of `count` things.
pub fn of_many(count: usize, child: usize) -> usize {
    count.saturating_mul(child).saturating_add(5).min(FIELD_COST_MAX)
}

/// How many values an answer holds: what the operation really cost.
pub fn values_in(value: &Value) -> u64 {
    match value {
        Value::Object(members) => 1 + members.values().map(values_in).sum::<u64>(),
        Value::List(values) => values.iter().map(values_in).sum(),
        Value::Null => 0,
        _ => 1,
    }
}

impl std::fmt::Debug for Buckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buckets").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn buckets() -> (Clock, Buckets) {
        let clock = Clock::default();
        let settings = CostSettings { query_max: 100, bucket_max: 100, per_second: 10 };
        (clock.clone(), Buckets::alone(clock, settings))
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let (clock, buckets) = buckets();
        let user = [Spender::User("1/1".into())];
        assert_eq!(buckets.spend(&user, 60).unwrap().available, 40);
        let wait = buckets.spend(&user, 60).unwrap_err();
        assert!((1_900..=2_000).contains(&wait), "{wait}");
        clock.advance_ms(2_000);
        assert!(buckets.spend(&user, 60).is_ok());
        assert!(buckets.spend(&[Spender::User("1/2".into())], 60).is_ok());
    }

    #[test]
    fn a_tenant_s_empty_bucket_takes_nothing_from_its_user() {
        let (_, buckets) = buckets();
        let tenant = Spender::Tenant(1);
        for user in 0..4 {
            buckets.spend(&[Spender::User(format!("{user}")), tenant.clone()], 100).unwrap();
        }
        let other = Spender::User("other".into());
        assert!(buckets.spend(&[other.clone(), tenant], 50).is_err());
        assert_eq!(buckets.spend(&[other], 100).unwrap().available, 0);
    }

    #[test]
    fn nodes_share_one_bucket() {
        let clock = Clock::default();
        let settings = CostSettings { query_max: 100, bucket_max: 100, per_second: 10 };
        let live = Arc::new(std::sync::atomic::AtomicU32::new(1));
        let nodes = Arc::clone(&live);
        let relaxed = std::sync::atomic::Ordering::Relaxed;
        let buckets = Buckets::new(clock, settings, Arc::new(move || nodes.load(relaxed)));
        let user = [Spender::User("1/1".into())];
        assert_eq!(buckets.spend(&user, 20).unwrap().available, 80);
        // Another node begins: the half that is its own is taken from here.
        live.store(2, relaxed);
        assert_eq!(buckets.spend(&user, 20).unwrap().available, 30);
        assert!(buckets.spend(&user, 40).is_err());
    }

    #[test]
    fn what_was_not_used_comes_back() {
        let (_, buckets) = buckets();
        let both = [Spender::User("1/1".into()), Spender::Tenant(1)];
        buckets.spend(&both, 90).unwrap();
        both.iter().for_each(|spender| buckets.give_back(spender, 70));
        assert_eq!(buckets.standing(&both).available, 80);
        assert_eq!(buckets.standing(&both[1..]).available, 380);
        both.iter().for_each(|spender| buckets.give_back(spender, 1_000));
        assert_eq!(buckets.standing(&both).available, 100);
    }

    #[test]
    fn buckets_do_not_grow_without_bound() {
        let (clock, buckets) = buckets();
        let count =
            || -> usize { buckets.shards.iter().map(|shard| shard.lock().unwrap().len()).sum() };
        let poor = [Spender::User("poor".into())];
        buckets.spend(&poor, 100).unwrap();
        for user in 0..SHARDS * KEYS_PER_SHARD + 2_000 {
            buckets.spend(&[Spender::User(user.to_string())], 1).unwrap();
        }
        assert!(count() <= SHARDS * KEYS_PER_SHARD, "{}", count());
        // An empty bucket is not the one that is forgotten; some time has passed.
        assert!(buckets.standing(&poor).available < 90);
        // Full ones are forgotten as soon as room is needed.
        clock.advance_ms(60_000);
        for user in 0..SHARDS * KEYS_PER_SHARD {
            buckets.spend(&[Spender::User(format!("late {user}"))], 1).unwrap();
        }
        assert!(count() <= SHARDS * KEYS_PER_SHARD, "{}", count());
    }
}
