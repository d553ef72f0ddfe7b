//! The catalogue as this node holds it, and the number by which nodes notice a change of it.

use std::sync::{Arc, PoisonError, RwLock};

use daybook_entity::master::tenant::master_state;
use sea_orm::{ConnectionTrait, EntityTrait};

use super::Catalogue;
use crate::{
    db::{ControlDb, ControlTxn, snapshot, sql::statement},
    error::{Error, Result},
};

/// The newest catalogue that this node has read.
#[derive(Debug, Default)]
pub struct CatalogueCache(RwLock<Arc<Catalogue>>);

impl CatalogueCache {
    /// A cache that has read the catalogue once.
    ///
    /// # Errors
    /// When the master database cannot be read.
    pub async fn load(master: &ControlDb) -> Result<Self> {
        let cache = Self::default();
        cache.refresh(master, i64::MAX).await?;
        Ok(cache)
    }

    /// The catalogue; a request takes it once and works on it to its end.
    pub fn current(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the catalogue anew unless `version` is known already. Its rows and its version come from
    /// one snapshot.
    ///
    /// # Errors
    /// When the master database cannot be read; what was known stays.
    pub async fn refresh(&self, master: &ControlDb, version: i64) -> Result<()> {
        if self.current().version >= version {
            return Ok(());
        }
        let txn = snapshot::begin(master.reader(), master.target().engine()).await?;
        let found = master_state::Entity::find_by_id(1).one(&txn).await?;
        let state =
            found.ok_or_else(|| Error::Internal("the row of master_state is missing".into()))?;
        let read = Catalogue::read(&txn, state.catalogue_version).await?;
        txn.rollback().await?;
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if read.version > current.version {
            *current = Arc::new(read);
        }
        Ok(())
    }
}

/// Raises the catalogue's version within the transaction that changes the catalogue, and returns the
/// new version. The row stays locked until the commit, so versions become visible in order.
///
/// # Errors
/// When the master database cannot be written.
pub async fn touch(txn: &ControlTxn) -> Result<i64> {
    let backend = txn.conn().get_database_backend();
    let raise = "UPDATE master_state SET catalogue_version = catalogue_version + 1 WHERE id = 1";
    txn.conn().execute_raw(statement(backend, raise, [])).await?;
    let read = "SELECT catalogue_version FROM master_state WHERE id = 1";
    let row = txn.conn().query_one_raw(statement(backend, read, [])).await?;
    let row = row.ok_or_else(|| Error::Internal("the row of master_state is missing".into()))?;
    Ok(row.try_get_by_index(0)?)
}
