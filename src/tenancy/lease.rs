//! A lease on an open tenant: as long as one lives, the tenant stays open.

use std::{fmt, ops::Deref, sync::Arc};

use super::{open::OpenTenant, route::Route};

/// Keeps a tenant open. Clones share one lease.
#[derive(Clone)]
pub struct Lease(Arc<Held>);

/// Fields are dropped in this order: whoever hears of the return finds the tenant let go of.
struct Held {
    tenant: Arc<OpenTenant>,
    route: Arc<Route>,
    _returning: Returning,
}

struct Returning(Box<dyn Fn() + Send + Sync>);

impl Lease {
    /// A lease; `on_return` is called once, when its last clone is dropped.
    pub(super) fn new(
        tenant: Arc<OpenTenant>,
        route: Arc<Route>,
        on_return: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self(Arc::new(Held { tenant, route, _returning: Returning(on_return) }))
    }

    /// The routing row as this node knew it when the lease was taken; newer than the one by which the
    /// tenant was opened where something else than its place has changed.
    pub fn route(&self) -> &Arc<Route> {
        &self.0.route
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

impl Drop for Returning {
    fn drop(&mut self) {
        (self.0)();
    }
}
