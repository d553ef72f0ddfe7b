//! Wakes subscribers of a tenant when something was posted there, on this node or on another.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use daybook_domain::id::TenantId;
use tokio::sync::watch;

/// Who listens to which tenant. A waking says only how far the tenant's events go, or that the tenant
/// itself changed; the listener reads what there is to read.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Mutex<HashMap<TenantId, watch::Sender<News>>>>);

/// What listeners wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct News {
    change_seq: i64,
    rousings: u64,
}

/// Why a listener was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Woken {
    /// Number of the newest event that is known of.
    pub change_seq: i64,
    /// Whether the tenant's routing row changed: it may be suspended, or live elsewhere.
    pub is_roused: bool,
}

/// A listener to one tenant. It keeps no lease.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    tenant: TenantId,
    newest: watch::Receiver<News>,
    rousings: u64,
}

impl Hub {
    fn listened(&self) -> MutexGuard<'_, HashMap<TenantId, watch::Sender<News>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to a tenant from now on. Read the outbox once after this: what came before it wakes
    /// nobody.
    pub fn subscribe(&self, tenant: TenantId) -> Subscription {
        let mut listened = self.listened();
        let newest = listened.entry(tenant).or_default().subscribe();
        let rousings = newest.borrow().rousings;
        drop(listened);
        Subscription { hub: self.clone(), tenant, newest, rousings }
    }

    /// Whether anybody listens to anything.
    pub fn is_heard(&self) -> bool {
        !self.listened().is_empty()
    }

    /// Tells that a tenant's events go up to `change_seq`; an older number wakes nobody.
    pub fn wake(&self, tenant: TenantId, change_seq: i64) {
        if let Some(newest) = self.listened().get(&tenant) {
            newest.send_if_modified(|known| {
                let is_newer = change_seq > known.change_seq;
                if is_newer {
                    known.change_seq = change_seq;
                }
                is_newer
            });
        }
    }

    /// Tells that a tenant's routing row changed: whoever listens is to be judged anew.
    pub fn rouse(&self, tenant: TenantId) {
        if let Some(newest) = self.listened().get(&tenant) {
            newest.send_modify(|known| known.rousings = known.rousings.wrapping_add(1));
        }
    }

    /// How many tenants are listened to.
    pub fn tenants(&self) -> usize {
        self.listened().len()
    }
}

impl Subscription {
    /// Waits until there are newer events, or the tenant itself changed.
    pub async fn woken(&mut self) -> Woken {
        if self.newest.changed().await.is_err() {
            // The sender lives as long as a listener does.
            std::future::pending::<()>().await;
        }
        let News { change_seq, rousings } = *self.newest.borrow_and_update();
        let is_roused = rousings != self.rousings;
        self.rousings = rousings;
        Woken { change_seq, is_roused }
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
        assert_eq!(first.woken().await, Woken { change_seq: 3, is_roused: false });
        hub.rouse(tenant);
        assert_eq!(first.woken().await, Woken { change_seq: 3, is_roused: true });
        drop(first);
        assert!(hub.is_heard());
        drop(second);
        assert!(!hub.is_heard());
    }
}
