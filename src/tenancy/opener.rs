//! Opens a tenant whose slot says so: finds a place, opens its database, and answers all who wait.

use std::{sync::Arc, time::Instant};

use daybook_domain::id::TenantId;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    map::{Opened, Slot, State},
    observer::LaneObserver,
    open::{OpenTenant, Opening},
    tenants::{Tenants, closing},
};
use crate::{
    db::Target,
    error::{Error, Result},
    lane::Observer,
};

impl Tenants {
    /// Begins opening a tenant whose slot says so.
    pub(super) fn start_opening(&self, id: TenantId) {
        if let Some(tenants) = self.me.upgrade() {
            tokio::spawn(async move { tenants.open(id).await });
        }
    }

    /// Opens a tenant whose slot says so, and answers who waits.
    async fn open(self: Arc<Self>, id: TenantId) {
        loop {
            let opener = Arc::clone(&self);
            // In a task of its own, so that a panic there is an answer here.
            let outcome = tokio::spawn(async move { opener.try_open(id).await }).await;
            let outcome = outcome.unwrap_or_else(|error| {
                Err(Error::Internal(format!("opening a tenant ended badly: {error}")))
            });
            match outcome {
                Ok((place, tenant)) => match self.opened(id, place, tenant) {
                    None => return,
                    // The route changed while it was being opened.
                    Some((place, tenant)) => {
                        tenant.close().await;
                        self.vacate(id, place);
                        if !self.closed(id) {
                            return;
                        }
                    }
                },
                Err(error) => {
                    self.not_opened(id, &error);
                    return;
                }
            }
        }
    }

    async fn try_open(&self, id: TenantId) -> Result<(OwnedSemaphorePermit, OpenTenant)> {
        let place = self.take_place().await?;
        self.counts.enter();
        if let Some(Slot { state: State::Opening { has_place }, .. }) =
            self.map().slots.get_mut(&id)
        {
            *has_place = true;
        }
        let began = Instant::now();
        let bound = self.parts.settings.open_wait;
        let opened = tokio::time::timeout(bound, self.open_database(id)).await;
        match opened {
            Ok(Ok(tenant)) => {
                metrics::histogram!("daybook_tenant_open_seconds").record(began.elapsed());
                self.counts.opened();
                Ok((place, tenant))
            }
            failed => {
                self.vacate(id, place);
                match failed {
                    Ok(Err(error)) => Err(error),
                    _ => Err(Error::Unavailable("the tenant did not open in time".into())),
                }
            }
        }
    }

    async fn open_database(&self, id: TenantId) -> Result<OpenTenant> {
        let parts = &self.parts;
        let route = parts.routing.route(id).await?;
        let sockets = match &route.target {
            Target::Sqlite { .. } => None,
            Target::Server(server) => Some(self.sockets((server.host.clone(), server.port))),
        };
        let observe = Box::new(move |pulse| {
            let observer: Arc<dyn Observer> = Arc::new(LaneObserver {
                tenant: id,
                standing: Arc::clone(&parts.standing),
                pulse,
                hub: parts.hub.clone(),
                marks: Arc::clone(&parts.marks),
                anchors: Arc::clone(&parts.anchors),
                routing: Arc::clone(&parts.routing),
                tenants: self.me.clone(),
            });
            observer
        });
        let (settings, clock, ids) = (&parts.settings, &parts.clock, parts.node.ids());
        OpenTenant::open(route, Opening { settings, clock, ids, sockets, observe }).await
    }

    /// One of the places; where none is free, whoever is unused for longest makes room.
    async fn take_place(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        self.counts.waited();
        let leaving = {
            let mut map = self.map();
            map.wanting += 1;
            map.make_room()
        };
        self.drain_all(leaving);
        let places = Arc::clone(&self.places).acquire_owned();
        let taken = tokio::time::timeout(self.parts.settings.lease_wait, places).await;
        self.map().wanting -= 1;
        match taken {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(closing()),
            Err(_) => Err(Error::Throttled { retry_after_ms: 1_000 }),
        }
    }

    /// Puts an opened tenant into its slot and gives leases to who waits; gives it back when it must
    /// leave at once.
    fn opened(
        &self,
        id: TenantId,
        place: OwnedSemaphorePermit,
        tenant: OpenTenant,
    ) -> Option<(OwnedSemaphorePermit, OpenTenant)> {
        let mut answers = Vec::new();
        let leaving;
        {
            let mut map = self.map();
            let is_closing = map.is_closing;
            let Some(slot) = map.slots.get_mut(&id) else { return Some((place, tenant)) };
            if slot.must_leave || is_closing {
                return Some((place, tenant));
            }
            let tenant = Arc::new(tenant);
            let route = Arc::clone(&tenant.route);
            let waiting = std::mem::take(&mut slot.waiting);
            slot.state = State::Open(Opened {
                tenant,
                place,
                leases: 0,
                idle_key: None,
                idle_since: Instant::now(),
            });
            for waiter in waiting.into_iter().filter(|waiter| !waiter.is_closed()) {
                if let Some(lease) = self.take(&mut map, &route) {
                    answers.push((waiter, lease));
                }
            }
            map.rest(id);
            leaving = map.make_room();
        }
        self.drain_all(leaving);
        for (waiter, lease) in answers {
            // A lease that nobody takes any more gives itself back.
            drop(waiter.send(Ok(lease)));
        }
        None
    }

    fn not_opened(&self, id: TenantId, error: &Error) {
        if !matches!(error, Error::Throttled { .. }) {
            self.counts.failed();
            tracing::warn!(tenant = %id, cause = ?error.cause(), %error, "a tenant was not opened");
        }
        let slot = self.map().slots.remove(&id);
        if let Some(slot) = slot {
            for waiter in slot.waiting {
                drop(waiter.send(Err(again(error))));
            }
            for gone in slot.leaving {
                gone.send(()).ok();
            }
        }
    }
}

/// The same failure for one more of those who waited for it.
fn again(error: &Error) -> Error {
    match error {
        Error::TenantNotFound => Error::TenantNotFound,
        Error::TenantSuspended => Error::TenantSuspended,
        Error::TenantUpgrading => Error::TenantUpgrading,
        Error::Throttled { retry_after_ms } => Error::Throttled { retry_after_ms: *retry_after_ms },
        Error::Unavailable(cause) => Error::Unavailable(cause.clone()),
        other => Error::Internal(other.cause().unwrap_or_else(|| other.to_string())),
    }
}
