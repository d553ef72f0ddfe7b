//! A lease on an open tenant: as long as one lives, the tenant stays open.

use std::{fmt, ops::Deref, sync::Arc};

use super::open::OpenTenant;

/// Keeps a tenant open. Clones share one lease.
#[derive(Clone)]
pub struct Lease(Arc<Held>);

struct Held {
    tenant: Arc<OpenTenant>,
    on_return: Box<dyn Fn() + Send + Sync>,
}

impl Lease {
    /// A lease; `on_return` is called once, when its last clone is dropped.
    pub(super) fn new(tenant: Arc<OpenTenant>, on_return: Box<dyn Fn() + Send + Sync>) -> Self {
        Self(Arc::new(Held { tenant, on_return }))
    }
}

impl Deref for Lease {
    type Target = OpenTenant;

    fn deref(&self) -> &OpenTenant {
        &self.0.tenant
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Lease").field(&self.0.tenant.route.id).finish()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        (self.on_return)();
    }
}
