//! Database servers in the API.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use daybook_domain::{id::DatabaseServerId, role::Permission};
use daybook_entity::master::tenant::{self, database_server};
use secrecy::SecretString;

use crate::{
    connection,
    db::{credentials::Credentials, page::Page},
    error::{Code, Error, Result},
    graphql::{
        books::ledgers::maybe,
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::DateTime,
    },
    payloads,
    services::platform::servers::{self, ChangeServer, NewServer, ServerFigures},
    user_errors,
};

/// What serves a database.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenant::Engine")]
pub enum DatabaseEngine {
    /// SQLite, in a file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MariaDB or MySQL.
    Mysql,
}

/// Whether new tenants go to a server.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tenant::ServerStatus")]
pub enum DatabaseServerStatus {
    /// They do.
    Open,
    /// It has reached its capacity.
    Full,
    /// It takes no more.
    Retired,
}

/// A place where tenants' databases may live. Its credentials are never shown.
#[derive(SimpleObject, Debug, Clone)]
pub struct DatabaseServer {
    /// Opaque global id.
    pub id: ID,
    /// Its name.
    pub name: String,
    /// What serves it.
    pub engine: DatabaseEngine,
    /// A folder for SQLite, else a host.
    pub address: String,
    /// TCP port; null where the engine's usual one is meant.
    pub port: Option<i32>,
    /// Host of its read replica, which reports use.
    pub replica_address: Option<String>,
    /// TCP port of the replica.
    pub replica_port: Option<i32>,
    /// Most tenants it may hold.
    pub capacity: i32,
    /// Tenants there; null where it was not counted.
    pub tenant_count: Option<i32>,
    /// Whether new tenants go there first.
    pub is_default: bool,
    /// Whether new tenants go there at all.
    pub status: DatabaseServerStatus,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When it was added.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
}

/// The kind of a server's global id.
pub const DATABASE_SERVER: &str = "DatabaseServer";

impl From<database_server::Model> for DatabaseServer {
    fn from(row: database_server::Model) -> Self {
        Self {
            id: id::encode(DATABASE_SERVER, row.id.get()),
            name: row.name,
            engine: row.engine.into(),
            address: row.address,
            port: row.port,
            replica_address: row.replica_address,
            replica_port: row.replica_port,
            capacity: row.capacity,
            tenant_count: None,
            is_default: row.is_default,
            status: row.status.into(),
            version: row.version,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
        }
    }
}

impl From<ServerFigures> for DatabaseServer {
    fn from(figures: ServerFigures) -> Self {
        let tenant_count = Some(i32::try_from(figures.tenants).unwrap_or(i32::MAX));
        Self { tenant_count, ..Self::from(figures.server) }
    }
}

connection!(
    /// Servers in the order in which they were added.
    DatabaseServerConnection, DatabaseServerEdge, DatabaseServer
);

user_errors!(
    /// Something wrong with the input about a server.
    ServerUserError,
    /// What can be wrong with the input about a server.
    ServerErrorCode {
        /// It is not possible for such a server; the message says why.
        NotAllowed,
        /// There is no such server.
        NotFound,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// Another server has this name.
        Taken,
        /// The text is too long.
        TooLong,
    }
);

/// Where a server's read replica answers; it takes the server's own credentials.
#[derive(InputObject, Debug)]
pub struct ReplicaInput {
    /// Host name or address.
    pub address: String,
    /// TCP port; the engine's usual one when left out.
    pub port: Option<i32>,
}

/// A server to be added; it is tried before it is stored.
#[derive(InputObject, Debug)]
pub struct ServerCreateInput {
    /// A unique name for people.
    pub name: String,
    /// POSTGRES or MYSQL; files need no server.
    pub engine: DatabaseEngine,
    /// Host name or address; `?sslmode=` behind it says how the connection is protected.
    pub address: String,
    /// TCP port; the engine's usual one when left out.
    pub port: Option<i32>,
    /// Who may create databases and users there.
    pub admin_user: String,
    /// Their password; stored encrypted and never shown.
    #[graphql(secret)]
    pub admin_password: String,
    /// Most tenants it may hold.
    pub capacity: i32,
    /// Whether new tenants go there first; another default steps back.
    #[graphql(default)]
    pub is_default: bool,
    /// A read replica for reports.
    pub replica: Option<ReplicaInput>,
}

/// What to change of a server; what is left out stays. A server reached differently is tried first.
#[derive(InputObject, Debug)]
pub struct ServerUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// Its name.
    pub name: Option<String>,
    /// Where it answers now, with `?sslmode=` where the connection must be protected.
    pub address: Option<String>,
    /// Its TCP port.
    pub port: Option<i32>,
    /// Who may create databases and users there.
    pub admin_user: Option<String>,
    /// Their password.
    #[graphql(secret)]
    pub admin_password: Option<String>,
    /// Most tenants it may hold.
    pub capacity: Option<i32>,
    /// Whether new tenants go there first; another default steps back.
    pub is_default: Option<bool>,
    /// A read replica for reports; null takes it away.
    pub replica: MaybeUndefined<ReplicaInput>,
    /// Whether new tenants go there at all.
    pub status: Option<DatabaseServerStatus>,
}

payloads! {
    /// The server as it stands now; null when something was wrong.
    server: DatabaseServer, of database_server::Model, or ServerUserError;
    /// What a change of a server did.
    ServerPayload
}

fn port(field: &str, port: Option<i32>) -> Result<Option<u16>> {
    let bad = || {
        let path = format!("input.{field}");
        Error::refused(Code::Invalid, &path, "a port is 1 to 65535")
    };
    let port = port.map(|port| u16::try_from(port).map_err(|_| bad())).transpose()?;
    if port == Some(0) { Err(bad()) } else { Ok(port) }
}

fn replica(input: Option<ReplicaInput>) -> Result<Option<(String, Option<u16>)>> {
    input.map(|input| Ok((input.address, port("replica.port", input.port)?))).transpose()
}

fn to_create(input: ServerCreateInput) -> Result<NewServer> {
    Ok(NewServer {
        name: input.name,
        engine: input.engine.into(),
        address: input.address,
        port: port("port", input.port)?,
        admin: Credentials {
            user: input.admin_user,
            password: SecretString::from(input.admin_password),
        },
        capacity: input.capacity,
        is_default: input.is_default,
        replica: replica(input.replica)?,
    })
}

fn to_change(input: ServerUpdateInput) -> Result<ChangeServer> {
    Ok(ChangeServer {
        name: input.name,
        address: input.address,
        port: port("port", input.port)?,
        admin_user: input.admin_user,
        admin_password: input.admin_password.map(SecretString::from),
        capacity: input.capacity,
        is_default: input.is_default,
        replica: maybe(input.replica).map(replica).transpose()?,
        status: input.status.map(Into::into),
        expected_version: input.expected_version,
    })
}

const BY_AGE: &str = "adminServers:id";

/// Queries of servers.
#[derive(Default, Debug)]
pub struct ServerQuery;

#[Object]
impl ServerQuery {
    /// The servers that tenants may live on, in the order in which they were added.
    /// Requires: SERVER_READ.
    #[graphql(
        guard = "Requires(Permission::ServerRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_servers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<DatabaseServerConnection> {
        let ask = PageAsk::new(ctx, BY_AGE, first, after.as_deref())?;
        let mut rows = servers::list(ctx.platform()?).await?;
        let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        if let Some(key) = &ask.after {
            let after = crate::services::chain::read_cursor(key)?;
            rows.retain(|row| row.server.id.get() > after);
        }
        let page = Page::cut(rows, &ask, total, |row| vec![row.server.id.to_string()]);
        Ok(DatabaseServerConnection::of(BY_AGE, &ask, page))
    }
}

/// Mutations of servers.
#[derive(Default, Debug)]
pub struct ServerMutation;

#[Object]
impl ServerMutation {
    /// Adds a server that tenants may live on. Requires: SERVER_CREATE.
    #[graphql(guard = "Requires(Permission::ServerCreate)", complexity = "50 + child_complexity")]
    async fn server_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The server.")] input: ServerCreateInput,
    ) -> ApiResult<ServerPayload> {
        let outcome = match to_create(input) {
            Ok(new) => servers::add(ctx.platform()?, new).await,
            Err(refused) => Err(refused),
        };
        ServerPayload::of(outcome)
    }

    /// Changes a server; tenants there are reached as it says from then on. Requires: SERVER_UPDATE.
    #[graphql(guard = "Requires(Permission::ServerUpdate)", complexity = "50 + child_complexity")]
    async fn server_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The server's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: ServerUpdateInput,
    ) -> ApiResult<ServerPayload> {
        let server = id::decode(DATABASE_SERVER, &id).map(DatabaseServerId::new);
        let outcome = match to_change(input) {
            Ok(change) => servers::update(ctx.platform()?, server, change).await,
            Err(refused) => Err(refused),
        };
        ServerPayload::of(outcome)
    }
}
