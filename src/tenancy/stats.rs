//! How the open tenants are doing, for people and for metrics.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A reading of the open tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Open tenants.
    pub open: usize,
    /// Being opened: they hold a place already.
    pub opening: usize,
    /// Being closed: they hold their place until the end.
    pub draining: usize,
    /// Open tenants that somebody holds a lease on.
    pub leased: usize,
    /// Most places that were ever taken at once.
    pub most: usize,
    /// Leases of a tenant that was open.
    pub hits: u64,
    /// Tenants opened.
    pub opens: u64,
    /// Tenants that could not be opened.
    pub failures: u64,
    /// Tenants closed, for whatever reason.
    pub evictions: u64,
    /// How often somebody waited for a place.
    pub waits: u64,
}

/// What is only counted up.
#[derive(Debug, Default)]
pub(super) struct Counts {
    hits: AtomicU64,
    opens: AtomicU64,
    failures: AtomicU64,
    evictions: AtomicU64,
    waits: AtomicU64,
    places: AtomicUsize,
    most: AtomicUsize,
}

impl Counts {
    pub fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("daybook_tenant_hits_total").increment(1);
    }

    pub fn opened(&self) {
        self.opens.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("daybook_tenant_opens_total").increment(1);
    }

    pub fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("daybook_tenant_open_failures_total").increment(1);
    }

    pub fn evicted(&self) {
        self.evictions.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("daybook_tenant_evictions_total").increment(1);
    }

    pub fn waited(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("daybook_tenant_waits_total").increment(1);
    }

    /// A place is taken.
    pub fn enter(&self) {
        let places = self.places.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(places, Ordering::Relaxed);
    }

    /// A place is given back.
    pub fn exit(&self) {
        self.places.fetch_sub(1, Ordering::Relaxed);
    }

    /// Fills in what is counted here.
    pub fn fill(&self, stats: Stats) -> Stats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Stats {
            most: self.most.load(Ordering::Relaxed),
            hits: read(&self.hits),
            opens: read(&self.opens),
            failures: read(&self.failures),
            evictions: read(&self.evictions),
            waits: read(&self.waits),
            ..stats
        }
    }
}

impl Stats {
    /// Sets the gauges: whoever shows the figures does it first, so that they are of now.
    pub fn export(&self) {
        let gauges = [
            ("open", self.open),
            ("opening", self.opening),
            ("draining", self.draining),
            ("leased", self.leased),
        ];
        for (state, count) in gauges {
            let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            metrics::gauge!("daybook_tenants", "state" => state).set(count);
        }
    }
}
