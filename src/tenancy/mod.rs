//! From a token or a subdomain to a tenant's open database.
//!
//! [`Tenancy`] is where to begin: it routes, leases and watches. Below it, `routing` and `watch` know
//! where tenants live; `tenants` keeps them open (`map` are its books, `opener` its way in) and `open`
//! is one of them; `readers` and `sockets` share its connections out; `observer`, `marks` and `hub`
//! tell who wants to know, `anchors` tells master where edit logs end; `nodes` counts the processes.

mod anchors;
pub mod data_lock;
mod gather;
pub mod hub;
pub mod lease;
mod map;
mod marks;
pub mod memory;
mod newest;
pub mod nodes;
mod observer;
pub mod open;
mod opener;
pub mod pulse;
pub mod readers;
mod recent;
pub mod route;
pub mod routing;
pub mod settings;
mod sockets;
mod standing;
pub mod stats;
mod tenants;
#[cfg(test)]
mod tests;
mod watch;

use std::{fmt, sync::Arc, time::Duration};

use daybook_domain::id::TenantId;
use daybook_migration::TenantMigrator;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use data_lock::{DataLock, FileLock};
pub use hub::{Hub, Subscription};
pub use lease::Lease;
pub use nodes::{Node, NodeSettings};
pub use open::OpenTenant;
pub use pulse::Beat;
pub use readers::{Reader, Snapshot};
pub use route::{Route, sqlite_file};
pub use routing::{Unseal, touch};
pub use settings::Settings;
pub use stats::Stats;

use self::{
    anchors::Anchors,
    marks::Marks,
    routing::Routing,
    standing::Standing,
    tenants::{Parts, Tenants},
    watch::Watch,
};
use crate::{
    clock::Clock,
    db::ControlDb,
    error::Result,
    master::{Catalogue, CatalogueCache},
};

/// What a tenancy is made of.
pub struct TenancySetup {
    /// Bounds.
    pub settings: Settings,
    /// The platform's own database.
    pub main: ControlDb,
    /// Routing and shared structure.
    pub master: ControlDb,
    /// This process among the others; it outlives the tenancy.
    pub node: Arc<Node>,
    /// The time.
    pub clock: Clock,
    /// Opens sealed connection details.
    pub unseal: Unseal,
}

/// Every tenant of the platform, as far as this process is concerned.
#[derive(Debug)]
pub struct Tenancy {
    newest: String,
    standing: Arc<Standing>,
    routing: Arc<Routing>,
    catalogue: Arc<CatalogueCache>,
    tenants: Arc<Tenants>,
    marks: Arc<Marks>,
    anchors: Arc<Anchors>,
    hub: Hub,
    watch: Arc<Watch>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// How often unused tenants and readers are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for master at the end; the next commit's anchor covers what is left out.
const LAST_ANCHORS: Duration = Duration::from_secs(2);

impl Tenancy {
    /// Reads master once and begins to watch it.
    ///
    /// # Errors
    /// `Error::Unavailable` when master cannot be read.
    pub async fn start(setup: TenancySetup) -> Result<Arc<Self>> {
        let TenancySetup { settings, main, master, node, clock, unseal } = setup;
        let standing = Arc::new(Standing::new(settings.stale_after, settings.clock_skew_max));
        let routing = Arc::new(Routing::new(master.clone(), unseal, &settings));
        let catalogue = Arc::new(CatalogueCache::load(&master).await?);
        let marks = Arc::new(Marks::new(main.clone(), clock.clone()));
        let anchors = Arc::new(Anchors::new(master.clone(), clock.clone()));
        let hub = Hub::default();
        let tenants = Tenants::new(Parts {
            settings: settings.clone(),
            clock: clock.clone(),
            node,
            routing: Arc::clone(&routing),
            standing: Arc::clone(&standing),
            hub: hub.clone(),
            marks: Arc::clone(&marks),
            anchors: Arc::clone(&anchors),
        });
        let watch = Arc::new(Watch::new(
            &settings,
            main,
            master,
            clock,
            Arc::clone(&standing),
            Arc::clone(&routing),
            Arc::clone(&catalogue),
            Arc::clone(&tenants),
            hub.clone(),
        ));
        watch.look().await?;
        let tenancy = Arc::new(Self {
            newest: daybook_migration::newest::<TenantMigrator>(),
            standing,
            routing,
            catalogue,
            tenants,
            marks,
            anchors,
            hub,
            watch,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        tenancy.start_tasks(settings.mark_every, settings.anchor_every);
        Ok(tenancy)
    }

    fn start_tasks(&self, mark_every: Duration, anchor_every: Duration) {
        let watch = Arc::clone(&self.watch);
        self.spawn(async move { watch.watch_master().await });
        let watch = Arc::clone(&self.watch);
        self.spawn(async move { watch.watch_main().await });
        let marks = Arc::clone(&self.marks);
        self.spawn(async move { marks.keep_writing(mark_every).await });
        let anchors = Arc::clone(&self.anchors);
        self.spawn(async move { anchors.keep_appending(anchor_every).await });
        let tenants = Arc::clone(&self.tenants);
        self.spawn(async move {
            loop {
                tokio::time::sleep(TIDY_EVERY).await;
                tenants.tidy().await;
            }
        });
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move { stop.run_until_cancelled(task).await });
    }

    /// The routing row of a tenant, whatever its status.
    ///
    /// # Errors
    /// `Error::TenantNotFound`, or `Error::Unavailable` when master cannot be read.
    pub async fn route(&self, tenant: TenantId) -> Result<Arc<Route>> {
        self.watch.freshen().await?;
        self.routing.route(tenant).await
    }

    /// The routing row of the tenant with this subdomain, whatever its status.
    ///
    /// # Errors
    /// As [`Tenancy::route`].
    pub async fn route_by_subdomain(&self, subdomain: &str) -> Result<Arc<Route>> {
        self.watch.freshen().await?;
        self.routing.route_by_subdomain(subdomain).await
    }

    /// A lease on a tenant that is served, opened where it is not open.
    ///
    /// # Errors
    /// `Error::TenantNotFound`, `Error::TenantSuspended`, `Error::TenantUpgrading`;
    /// `Error::Throttled` when no place becomes free in time; `Error::Unavailable` when a database
    /// cannot be reached.
    pub async fn lease(&self, tenant: TenantId) -> Result<Lease> {
        let route = self.route(tenant).await?;
        route.check_status()?;
        route.check_schema(&self.newest)?;
        let lease = self.tenants.lease(&route).await?;
        if !Arc::ptr_eq(lease.route(), &route) {
            // The row may have changed while this call waited.
            lease.route().check_status()?;
            lease.route().check_schema(&self.newest)?;
        }
        Ok(lease)
    }

    /// A lease for the platform's office: suspended and closed tenants too.
    ///
    /// # Errors
    /// As [`Tenancy::lease`], save for the status.
    pub async fn lease_any_status(&self, tenant: TenantId) -> Result<Lease> {
        let route = self.route(tenant).await?;
        route.check_schema(&self.newest)?;
        let lease = self.tenants.lease(&route).await?;
        lease.route().check_schema(&self.newest)?;
        Ok(lease)
    }

    /// Closes a tenant here and returns when it is closed. Leases that are out are waited for; bound
    /// the wait where that matters.
    pub async fn evict(&self, tenant: TenantId) {
        self.routing.forget(tenant);
        self.tenants.evict(tenant).await;
    }

    /// The shared structure as this node knows it; take it once for a request.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.current()
    }

    /// Where subscribers listen.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Whether this node knows the present state of routing.
    ///
    /// # Errors
    /// `Error::Unavailable` when the last good reading of master began too long ago.
    pub fn fresh(&self) -> Result<()> {
        self.standing.fresh()
    }

    /// As [`Tenancy::fresh`], but asks master before it refuses.
    ///
    /// # Errors
    /// `Error::Unavailable` when master does not answer in time.
    pub async fn freshen(&self) -> Result<()> {
        self.watch.freshen().await
    }

    /// Follows this node's own change of routing or catalogue, after its commit: when this returns,
    /// requests here see it. If it cannot be followed, requests are refused until it can.
    pub async fn poke(&self) {
        if let Err(error) = self.watch.look().await {
            self.standing.doubt();
            tracing::warn!(cause = ?error.cause(), "an own change could not be followed yet");
        }
    }

    /// How far this machine's clock is ahead of the master server's, in milliseconds.
    pub fn clock_skew_ms(&self) -> i64 {
        self.standing.skew_ms()
    }

    /// How the open tenants are doing.
    pub fn stats(&self) -> Stats {
        self.tenants.stats()
    }

    /// Appends the ends of edit logs that grew here to master now, instead of at the next turn.
    ///
    /// # Errors
    /// When master cannot be written.
    pub async fn anchor(&self) -> Result<()> {
        self.anchors.flush().await
    }

    /// Takes no more callers, waits for leases no longer than `bound`, closes all tenants, tells other
    /// nodes of the last commits, and stops watching.
    pub async fn close(&self, bound: Duration) {
        if !self.tenants.close_all(bound).await {
            tracing::warn!(stats = ?self.stats(), "some tenants were still in use at the end");
        }
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = self.marks.flush().await {
            tracing::warn!(cause = ?error.cause(), "the last marks were not written");
        }
        match tokio::time::timeout(LAST_ANCHORS, self.anchors.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(cause = ?error.cause(), "the last anchors were not appended");
            }
            Err(_) => tracing::warn!("the last anchors were not appended in time"),
        }
        self.watch.close().await;
    }
}

impl fmt::Debug for TenancySetup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TenancySetup").field("settings", &self.settings).finish_non_exhaustive()
    }
}
