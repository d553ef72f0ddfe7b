//! Servers that tenants live on, opened for administrative work when they are needed.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use daybook_domain::id::DatabaseServerId;
use daybook_entity::master::tenant::{Engine, database_server, tenant_master};
use sea_orm::EntityTrait;
use tokio::sync::Mutex;

use crate::{
    db::{
        ControlDb, Names, Server,
        credentials::{Credentials, server_context, tenant_context},
        target::{ServerTarget, parse_address},
    },
    error::{Error, Result},
    seal::KeyRing,
};

/// Where SQLite tenants are kept, inside the data folder: what such a server's row has as its address.
pub const SQLITE_ADDRESS: &str = "tenants";

/// Opens servers by their rows in master, each once.
#[derive(Debug)]
pub struct Servers {
    keys: Arc<KeyRing>,
    names: Names,
    data: PathBuf,
    open: Mutex<HashMap<DatabaseServerId, (i32, Arc<Server>)>>,
}

impl Servers {
    /// None open yet. `data` is the data folder.
    pub fn new(keys: Arc<KeyRing>, names: Names, data: PathBuf) -> Self {
        Self { keys, names, data, open: Mutex::default() }
    }

    /// The forms of names.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The server of a row. One that was opened earlier is asked whether it still answers: its pool
    /// would go on trying for long.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached, [`Error::Internal`] when its credentials do
    /// not open.
    pub async fn of(&self, row: &database_server::Model) -> Result<Arc<Server>> {
        let known = self.known(row).await;
        if let Some(server) = &known {
            match server.answers().await {
                Ok(()) => return Ok(Arc::clone(server)),
                Err(error) => {
                    let cause = error.cause().unwrap_or_default();
                    tracing::warn!(server = %row.name, cause, "a server is gone; signing in anew");
                }
            }
        }
        // Not under the lock: a server that is away makes nobody wait for another one.
        let fresh = Arc::new(self.connect(row).await?);
        let mut open = self.open.lock().await;
        let (server, old) = match open.get(&row.id) {
            Some((version, other))
                if *version == row.version
                    && !known.is_some_and(|known| Arc::ptr_eq(&known, other)) =>
            {
                (Arc::clone(other), Some(fresh))
            }
            _ => {
                let old = open.insert(row.id, (row.version, Arc::clone(&fresh)));
                (fresh, old.map(|(_, old)| old))
            }
        };
        if let Some(old) = old {
            tokio::spawn(async move { old.close().await });
        }
        Ok(server)
    }

    async fn known(&self, row: &database_server::Model) -> Option<Arc<Server>> {
        let open = self.open.lock().await;
        let (version, server) = open.get(&row.id)?;
        (*version == row.version).then(|| Arc::clone(server))
    }

    /// The server of this id.
    ///
    /// # Errors
    /// As [`Servers::of`]; [`Error::Internal`] when there is no such row.
    pub async fn by_id(&self, master: &ControlDb, id: DatabaseServerId) -> Result<Arc<Server>> {
        let row = database_server::Entity::find_by_id(id)
            .one(master.reader())
            .await?
            .ok_or_else(|| Error::Internal(format!("there is no database server {id}")))?;
        self.of(&row).await
    }

    /// Opens a server anew, also one whose row is not stored yet.
    ///
    /// # Errors
    /// As [`Servers::of`].
    pub async fn connect(&self, row: &database_server::Model) -> Result<Server> {
        match self.target(row)? {
            None => Server::folder(self.data.join(SQLITE_ADDRESS), self.names.clone()),
            Some(target) => Server::open(&target, self.names.clone()).await,
        }
    }

    /// How a row's server is reached with the administrator's rights; nothing for a folder.
    ///
    /// # Errors
    /// [`Error::Internal`] when its credentials do not open.
    pub fn target(&self, row: &database_server::Model) -> Result<Option<ServerTarget>> {
        if row.engine == Engine::Sqlite {
            return Ok(None);
        }
        let credentials = match &row.sealed_admin {
            Some(sealed) => Credentials::open(&self.keys, sealed, &server_context(row.id))?,
            None => Credentials { user: String::new(), password: String::new().into() },
        };
        let (host, tls) = parse_address(&row.address)
            .map_err(|error| Error::Internal(format!("server {}: {error}", row.name)))?;
        let usual = if row.engine == Engine::Postgres { 5432 } else { 3306 };
        Ok(Some(ServerTarget {
            engine: row.engine,
            host,
            port: row.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(usual),
            user: credentials.user,
            password: credentials.password,
            database: String::new(),
            tls,
        }))
    }

    /// How a tenant on a server is reached: by its own user where it has one, else by the
    /// administrator. What `tenancy` opens sealed details with.
    ///
    /// # Errors
    /// [`Error::Internal`] for a folder, or when credentials do not open.
    pub fn tenant_target(
        &self,
        tenant: &tenant_master::Model,
        row: &database_server::Model,
    ) -> Result<ServerTarget> {
        let target =
            self.target(row)?.ok_or_else(|| Error::Internal("files have no credentials".into()))?;
        let target = ServerTarget { database: tenant.database_name.clone(), ..target };
        match &tenant.sealed_connection {
            Some(sealed) => {
                let own = Credentials::open(&self.keys, sealed, &tenant_context(tenant.id))?;
                Ok(ServerTarget { user: own.user, password: own.password, ..target })
            }
            None => Ok(target),
        }
    }

    /// Closes all of them.
    pub async fn close(&self) {
        for (_, (_, server)) in self.open.lock().await.drain() {
            server.close().await;
        }
    }
}
