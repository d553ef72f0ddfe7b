//! The login directory in master: which tenants know an e-mail address, without keeping the address.

use std::{sync::Arc, time::Duration};

use daybook_domain::id::TenantId;
use daybook_entity::master::tenant::login_directory;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::mpsc;

use crate::{
    clock::Clock,
    db::{ControlDb, credentials::DIRECTORY_LABEL, failure, sql::statement},
    error::Result,
    seal::KeyRing,
};

/// Entries that wait for master to come back; what does not fit is found by `daybook doctor`.
const QUEUE_MAX: usize = 1_024;
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_secs(30);

/// Finds the tenants of an address, and enters new ones.
#[derive(Debug, Clone)]
pub struct Directory {
    shelf: Shelf,
    queue: mpsc::Sender<(TenantId, String)>,
}

#[derive(Debug, Clone)]
struct Shelf {
    master: ControlDb,
    keys: Arc<KeyRing>,
    clock: Clock,
}

/// What stands in the directory for an address; `email_key` is the lower-cased address.
pub fn email_hash(keys: &KeyRing, email_key: &str) -> String {
    keys.keyed_hash(DIRECTORY_LABEL, email_key)
}

impl Directory {
    /// The directory of this master. It starts a task that enters what could not be entered at once.
    pub fn new(master: ControlDb, keys: Arc<KeyRing>, clock: Clock) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let shelf = Shelf { master, keys, clock };
        tokio::spawn(enter_late(shelf.clone(), waiting));
        Self { shelf, queue }
    }

    /// Tenants that may know this address, newest first, at most `most`.
    ///
    /// # Errors
    /// When master cannot be read.
    pub async fn tenants_of(&self, email_key: &str, most: u64) -> Result<Vec<TenantId>> {
        let hashes = self.shelf.keys.keyed_hashes(DIRECTORY_LABEL, email_key);
        let rows = login_directory::Entity::find()
            .filter(login_directory::Column::EmailHash.is_in(hashes))
            .order_by_desc(login_directory::Column::TenantId)
            .limit(most * 2)
            .all(self.shelf.master.reader())
            .await?;
        let mut tenants: Vec<TenantId> = rows.into_iter().map(|row| row.tenant_id).collect();
        // During a rotation of keys a tenant may stand under both hashes.
        tenants.dedup();
        tenants.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(tenants)
    }

    /// Enters a user of a tenant, after the tenant's commit. What master does not take now is tried
    /// again until it does.
    pub async fn enter(&self, tenant: TenantId, email_key: &str) {
        let Err(error) = self.shelf.enter(tenant, email_key).await else { return };
        tracing::warn!(%tenant, %error, "a directory entry waits");
        if self.queue.try_send((tenant, email_key.to_owned())).is_err() {
            tracing::error!(%tenant, "a directory entry was lost; daybook doctor --repair finds it");
        }
    }
}

impl Shelf {
    /// Entering twice is entering once.
    async fn enter(&self, tenant: TenantId, email_key: &str) -> Result<()> {
        let writer = self.master.writer();
        let values = [
            email_hash(&self.keys, email_key).into(),
            tenant.get().into(),
            self.clock.now_ms().into(),
        ];
        let sql =
            "INSERT INTO login_directory (email_hash, tenant_id, created_at) VALUES (?, ?, ?)";
        match writer.execute_raw(statement(writer.get_database_backend(), sql, values)).await {
            Ok(_) => Ok(()),
            Err(error) if failure::is_taken(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

async fn enter_late(shelf: Shelf, mut waiting: mpsc::Receiver<(TenantId, String)>) {
    while let Some((tenant, email_key)) = waiting.recv().await {
        let mut pause = RETRY_FIRST;
        while let Err(error) = shelf.enter(tenant, &email_key).await {
            if !matches!(error, crate::error::Error::Unavailable(_)) {
                tracing::error!(%tenant, %error, "a directory entry was refused");
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_LONGEST);
        }
    }
}
