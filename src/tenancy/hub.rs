//! Wakes subscribers of a tenant when something was posted there, on this node or on another.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use daybook_domain::id::TenantId;
use tokio::sync::watch;

/// Who listens to which tenant. A waking says only how far the tenant's events go; the listener reads
/// them itself.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Mutex<HashMap<TenantId, watch::Sender<i64>>>>);

/// A listener to one tenant. It keeps no lease.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    tenant: TenantId,
    newest: watch::Receiver<i64>,
}

impl Hub {
    fn listened(&self) -> MutexGuard<'_, HashMap<TenantId, watch::Sender<i64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to a tenant from now on. Read the outbox once after this: what came before it wakes
    /// nobody.
    pub fn subscribe(&self, tenant: TenantId) -> Subscription {
        let newest =
            self.listened().entry(tenant).or_insert_with(|| watch::Sender::new(0)).subscribe();
        Subscription { hub: self.clone(), tenant, newest }
    }

    /// Whether anybody listens to anything.
    pub fn is_heard(&self) -> bool {
        !self.listened().is_empty()
    }

    /// Tells that a tenant's events go up to `change_seq`; an older number wakes nobody.
    pub fn wake(&self, tenant: TenantId, change_seq: i64) {
        if let Some(newest) = self.listened().get(&tenant) {
            newest.send_if_modified(|known| {
                let is_newer = change_seq > *known;
                if is_newer {
                    *known = change_seq;
                }
                is_newer
            });
        }
    }

    /// How many tenants are listened to.
    pub fn tenants(&self) -> usize {
        self.listened().len()
    }
}

impl Subscription {
    /// Waits until there are newer events and returns the newest one's number.
    pub async fn woken(&mut self) -> i64 {
        if self.newest.changed().await.is_err() {
            // The sender lives as long as a listener does.
            std::future::pending::<()>().await;
        }
        *self.newest.borrow_and_update()
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut listened = self.hub.listened();
        // This listener still counts.
        if listened.get(&self.tenant).is_some_and(|newest| newest.receiver_count() <= 1) {
            listened.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_hears_the_newest_and_leaves_nothing_behind() {
        let hub = Hub::default();
        let tenant = TenantId::new(1);
        let mut first = hub.subscribe(tenant);
        let second = hub.subscribe(tenant);
        hub.wake(tenant, 3);
        hub.wake(tenant, 2);
        hub.wake(TenantId::new(2), 9);
        assert_eq!(first.woken().await, 3);
        drop(first);
        assert!(hub.is_heard());
        drop(second);
        assert!(!hub.is_heard());
    }
}
