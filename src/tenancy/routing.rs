//! Routing rows as this node remembers them.
//!
//! A row is remembered until its `changed_in` is passed by a newer version; that a name is unknown is
//! remembered for a short while. What is read while something is being forgotten is used once and not
//! remembered, so no reader can bring an old row back.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use daybook_domain::id::{DatabaseServerId, TenantId};
use daybook_entity::master::tenant::{Engine, database_server, tenant_master};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{
    recent::Recent,
    route::{Route, sqlite_file},
    settings::Settings,
};
use crate::{
    db::{ControlDb, ControlTxn, Target, sql::statement, target::ServerTarget},
    error::{Error, Result},
};

/// Opens the sealed connection details of a tenant on a server: the tenant's own where it has them,
/// else the server's.
pub type Unseal = Arc<
    dyn Fn(&tenant_master::Model, &database_server::Model) -> Result<ServerTarget> + Send + Sync,
>;

/// The node's routing table.
pub(super) struct Routing {
    master: ControlDb,
    unseal: Unseal,
    data_dir: PathBuf,
    negative_for: Duration,
    known: Mutex<Known>,
}

struct Known {
    routes: Recent<TenantId, Arc<Route>>,
    names: Recent<String, TenantId>,
    missing_ids: Recent<TenantId, Instant>,
    missing_names: Recent<String, Instant>,
    servers: HashMap<DatabaseServerId, Arc<database_server::Model>>,
    /// Rises when something is forgotten.
    forgotten: u64,
}

/// What a newer version made old.
#[derive(Debug, Default)]
pub(super) struct Stale {
    /// Tenants whose row changed.
    pub tenants: HashSet<TenantId>,
    /// Servers whose row changed.
    pub servers: Vec<DatabaseServerId>,
}

impl fmt::Debug for Routing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Routing").finish_non_exhaustive()
    }
}

impl Routing {
    /// An empty table over master.
    pub fn new(master: ControlDb, unseal: Unseal, settings: &Settings) -> Self {
        let most = settings.routes_max;
        let known = Known {
            routes: Recent::new(most),
            names: Recent::new(most),
            missing_ids: Recent::new(1_000),
            missing_names: Recent::new(1_000),
            servers: HashMap::new(),
            forgotten: 0,
        };
        Self {
            master,
            unseal,
            data_dir: settings.data_dir.clone(),
            negative_for: settings.negative_for,
            known: Mutex::new(known),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The route of a tenant.
    ///
    /// # Errors
    /// [`Error::TenantNotFound`], or when master cannot be read.
    pub async fn route(&self, id: TenantId) -> Result<Arc<Route>> {
        let forgotten = {
            let mut known = self.known();
            if let Some(route) = known.routes.get(&id) {
                return Ok(route);
            }
            if known.missing_ids.get(&id).is_some_and(|at| at.elapsed() < self.negative_for) {
                return Err(Error::TenantNotFound);
            }
            known.forgotten
        };
        metrics::counter!("daybook_routing_reads_total").increment(1);
        match tenant_master::Entity::find_by_id(id).one(self.master.reader()).await? {
            Some(row) => self.remember(row, forgotten).await,
            None => {
                let mut known = self.known();
                if known.forgotten == forgotten {
                    known.missing_ids.insert(id, Instant::now());
                }
                Err(Error::TenantNotFound)
            }
        }
    }

    /// The route of the tenant with this subdomain; upper and lower case are the same.
    ///
    /// # Errors
    /// As [`Routing::route`].
    pub async fn route_by_subdomain(&self, subdomain: &str) -> Result<Arc<Route>> {
        let name = subdomain.to_ascii_lowercase();
        let forgotten = {
            let mut known = self.known();
            if let Some(id) = known.names.get(&name)
                && let Some(route) = known.routes.get(&id)
                && route.subdomain == name
            {
                return Ok(route);
            }
            if known.missing_names.get(&name).is_some_and(|at| at.elapsed() < self.negative_for) {
                return Err(Error::TenantNotFound);
            }
            known.forgotten
        };
        metrics::counter!("daybook_routing_reads_total").increment(1);
        let found = tenant_master::Entity::find()
            .filter(tenant_master::Column::Subdomain.eq(name.as_str()))
            .one(self.master.reader())
            .await?;
        match found {
            Some(row) => self.remember(row, forgotten).await,
            None => {
                let mut known = self.known();
                if known.forgotten == forgotten {
                    known.missing_names.insert(name, Instant::now());
                }
                Err(Error::TenantNotFound)
            }
        }
    }

    /// Forgets one tenant's row.
    pub fn forget(&self, id: TenantId) {
        let mut known = self.known();
        known.forgotten += 1;
        known.routes.remove(&id);
    }

    /// Forgets what changed after routing version `since`, and says what that was.
    ///
    /// # Errors
    /// When master cannot be read; then nothing was forgotten.
    pub async fn forget_since(&self, since: i64) -> Result<Stale> {
        let reader = self.master.reader();
        let servers = database_server::Entity::find().all(reader).await?;
        let tenants: Vec<TenantId> = tenant_master::Entity::find()
            .select_only()
            .column(tenant_master::Column::Id)
            .filter(tenant_master::Column::ChangedIn.gt(since))
            .into_tuple()
            .all(reader)
            .await?;

        let mut known = self.known();
        known.forgotten += 1;
        let mut changed = Vec::new();
        for server in servers {
            let id = server.id;
            let before = known.servers.insert(id, Arc::new(server));
            if before.is_none() || before.as_ref() != known.servers.get(&id) {
                changed.push(id);
            }
        }
        for id in &tenants {
            known.routes.remove(id);
        }
        known.routes.retain(|route| !changed.contains(&route.server));
        known.missing_ids.retain(|_| false);
        known.missing_names.retain(|_| false);
        Ok(Stale { tenants: tenants.into_iter().collect(), servers: changed })
    }

    async fn remember(&self, row: tenant_master::Model, forgotten: u64) -> Result<Arc<Route>> {
        let remembered = self.known().servers.get(&row.server_id).map(Arc::clone);
        let server = match remembered {
            Some(server) => server,
            None => {
                let found = database_server::Entity::find_by_id(row.server_id)
                    .one(self.master.reader())
                    .await?
                    .ok_or_else(|| Error::Internal("a tenant's server is not listed".into()))?;
                Arc::new(found)
            }
        };
        let route = Arc::new(self.build(row, &server)?);
        let mut known = self.known();
        if known.forgotten == forgotten {
            known.servers.entry(server.id).or_insert(server);
            known.names.insert(route.subdomain.clone(), route.id);
            known.routes.insert(route.id, Arc::clone(&route));
        }
        Ok(route)
    }

    fn build(&self, row: tenant_master::Model, server: &database_server::Model) -> Result<Route> {
        let (target, replica) = if server.engine == Engine::Sqlite {
            let path = sqlite_file(&self.data_dir, &row.database_name)?;
            (Target::Sqlite { path }, None)
        } else {
            let target = (self.unseal)(&row, server)?;
            let replica = replica(&target, server)?;
            (Target::Server(target), replica)
        };
        Ok(Route {
            id: row.id,
            subdomain: row.subdomain,
            company_name: row.company_name,
            country: row.country,
            status: row.status,
            subscription_status: row.subscription_status,
            server: row.server_id,
            database_name: row.database_name,
            target,
            replica,
            schema_version: row.schema_version,
            migration_state: row.migration_state,
            storage_limit_bytes: row.storage_limit_bytes,
            changed_in: row.changed_in,
        })
    }
}

fn replica(target: &ServerTarget, server: &database_server::Model) -> Result<Option<Target>> {
    let Some(host) = &server.replica_address else { return Ok(None) };
    let port = match server.replica_port {
        Some(port) => u16::try_from(port)
            .map_err(|_| Error::Internal(format!("{port} is no port of a replica")))?,
        None => target.port,
    };
    Ok(Some(Target::Server(ServerTarget { host: host.clone(), port, ..target.clone() })))
}

/// Raises the routing version within the transaction that changes a tenant or a server, and returns
/// the new version, to be stored in the `changed_in` of the changed rows. The row stays locked until
/// the commit, so versions become visible in order.
///
/// # Errors
/// When the master database cannot be written.
pub async fn touch(txn: &ControlTxn) -> Result<i64> {
    let backend = txn.conn().get_database_backend();
    let raise = "UPDATE master_state SET routing_version = routing_version + 1 WHERE id = 1";
    txn.conn().execute_raw(statement(backend, raise, [])).await?;
    let read = "SELECT routing_version FROM master_state WHERE id = 1";
    let row = txn.conn().query_one_raw(statement(backend, read, [])).await?;
    let row = row.ok_or_else(|| Error::Internal("the row of master_state is missing".into()))?;
    Ok(row.try_get_by_index(0)?)
}
