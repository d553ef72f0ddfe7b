//! What a tenant's lane tells the rest of the node.

use std::{
    fmt,
    sync::{Arc, Weak},
};

use daybook_domain::id::TenantId;
use futures_util::future::BoxFuture;

use super::{
    anchors::Anchors, hub::Hub, marks::Marks, pulse::Pulse, routing::Routing, standing::Standing,
    tenants::Tenants,
};
use crate::{
    error::Result,
    lane::{Note, Observer},
};

/// Hears one lane.
pub(super) struct LaneObserver {
    pub tenant: TenantId,
    pub standing: Arc<Standing>,
    pub pulse: Arc<Pulse>,
    pub hub: Hub,
    pub marks: Arc<Marks>,
    pub anchors: Arc<Anchors>,
    pub routing: Arc<Routing>,
    pub tenants: Weak<Tenants>,
}

impl fmt::Debug for LaneObserver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("LaneObserver").field(&self.tenant).finish()
    }
}

impl Observer for LaneObserver {
    fn may_write(&self) -> Result<()> {
        self.standing.may_write()
    }

    fn before_write(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.marks.announce(self.tenant))
    }

    fn committed(&self, note: Note) {
        self.pulse.heard(note);
        self.hub.wake(self.tenant, note.change_seq);
        self.marks.note(self.tenant, note.change_seq);
        if note.is_for_workers {
            self.marks.want(self.tenant, note.change_seq);
        }
        self.anchors.note(self.tenant, note.chain_seq, note.chain_hash);
    }

    fn moved(&self) {
        tracing::info!(tenant = %self.tenant, "the database was moved; the tenant is resolved again");
        self.routing.forget(self.tenant);
        if let Some(tenants) = self.tenants.upgrade() {
            tenants.leave(self.tenant);
        }
    }
}
