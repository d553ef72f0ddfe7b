//! Database servers: where tenants may live. A server is tried before it is stored.

use std::collections::{BTreeSet, HashMap};

use daybook_domain::{chain::Canonical, id::DatabaseServerId, role::Permission};
use daybook_entity::master::tenant::{Engine, ServerStatus, database_server, tenant_master};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Expr,
};
use secrecy::SecretString;

use crate::{
    db::{
        ControlTxn,
        credentials::{Credentials, server_context},
        failure,
        target::parse_address,
    },
    error::{Code, Error, Result},
    lane::{Actor, Change},
    office::Office,
    scope::PlatformScope,
    services::books::vouchers::Wrong,
    tenancy,
};

const NAME_CHARS_MAX: usize = 64;
const ADDRESS_CHARS_MAX: usize = 255;

/// A server about to be added. SQLite needs none: its folder is there from the start.
#[derive(Debug, Clone)]
pub struct NewServer {
    /// A unique name for people.
    pub name: String,
    /// PostgreSQL or MySQL.
    pub engine: Engine,
    /// Host name or address.
    pub address: String,
    /// TCP port; by default the engine's usual one.
    pub port: Option<u16>,
    /// Who may create databases and users there.
    pub admin: Credentials,
    /// Most tenants it may hold.
    pub capacity: i32,
    /// Whether new tenants go there first.
    pub is_default: bool,
    /// A read replica for reports.
    pub replica: Option<(String, Option<u16>)>,
}

/// What is to change of a server; what is not named stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeServer {
    /// Its name.
    pub name: Option<String>,
    /// Where it answers now.
    pub address: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// Its administrator.
    pub admin_user: Option<String>,
    /// The administrator's password.
    pub admin_password: Option<SecretString>,
    /// Most tenants it may hold.
    pub capacity: Option<i32>,
    /// Whether new tenants go there first; another default steps back.
    pub is_default: Option<bool>,
    /// A read replica; `Some(None)` takes it away.
    pub replica: Option<Option<(String, Option<u16>)>>,
    /// Whether it takes tenants.
    pub status: Option<ServerStatus>,
    /// The version that was read.
    pub expected_version: Option<i32>,
}

/// A server and how many tenants live there.
#[derive(Debug, Clone)]
pub struct ServerFigures {
    /// Its row.
    pub server: database_server::Model,
    /// Tenants there.
    pub tenants: i64,
}

/// All servers, the oldest first.
///
/// # Errors
/// No permission, or a master that cannot be read.
pub async fn list(scope: &PlatformScope) -> Result<Vec<ServerFigures>> {
    scope.require(Permission::ServerRead)?;
    let reader = scope.office.master.reader();
    let rows = database_server::Entity::find().order_by_asc(database_server::Column::Id);
    let rows = rows.all(reader).await?;
    let counts: Vec<(DatabaseServerId, i64)> = tenant_master::Entity::find()
        .select_only()
        .column(tenant_master::Column::ServerId)
        .column_as(tenant_master::Column::Id.count(), "tenants")
        .group_by(tenant_master::Column::ServerId)
        .into_tuple()
        .all(reader)
        .await?;
    let counts: HashMap<DatabaseServerId, i64> = counts.into_iter().collect();
    let figures = |server: database_server::Model| {
        let tenants = counts.get(&server.id).copied().unwrap_or(0);
        ServerFigures { server, tenants }
    };
    Ok(rows.into_iter().map(figures).collect())
}

/// Servers by their ids, with one question.
///
/// # Errors
/// No permission, or a master that cannot be read.
pub async fn by_ids(
    scope: &PlatformScope,
    ids: impl IntoIterator<Item = DatabaseServerId>,
) -> Result<Vec<database_server::Model>> {
    scope.require(Permission::ServerRead)?;
    let wanted: BTreeSet<DatabaseServerId> = ids.into_iter().collect();
    let rows = database_server::Entity::find().filter(database_server::Column::Id.is_in(wanted));
    Ok(rows.all(scope.office.master.reader()).await?)
}

/// Adds a server that answers.
///
/// # Errors
/// No permission, or refusals: a taken name, values out of form, a server that does not answer.
pub async fn add(scope: &PlatformScope, new: NewServer) -> Result<database_server::Model> {
    scope.require(Permission::ServerCreate)?;
    let row = add_of(&scope.office, new, scope.actor()).await?;
    scope.tenancy.poke().await;
    Ok(row)
}

/// [`add`], for tools that run beside the server.
///
/// # Errors
/// As [`add`], permission apart.
pub async fn add_of(
    office: &Office,
    new: NewServer,
    actor: Actor,
) -> Result<database_server::Model> {
    if new.engine == Engine::Sqlite {
        let why = "files need no server: they are in the data folder";
        return Err(Error::refused(Code::NotAllowed, "input.engine", why));
    }
    let id = DatabaseServerId::new(office.ids.next()?);
    let sealed = new.admin.seal(&office.keys, &server_context(id))?;
    let now = office.clock.now_ms();
    let row = database_server::Model {
        id,
        name: text(&new.name, "name", NAME_CHARS_MAX)?,
        engine: new.engine,
        address: address(&new.address)?,
        port: new.port.map(i32::from),
        sealed_admin: Some(sealed.text),
        key_id: Some(sealed.key_id),
        capacity: capacity(new.capacity)?,
        is_default: new.is_default,
        replica_address: new.replica.as_ref().map(|(address, _)| address.clone()),
        replica_port: new.replica.and_then(|(_, port)| port).map(i32::from),
        status: ServerStatus::Open,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    try_it(office, &row).await?;
    let txn = office.master.begin().await?;
    if row.is_default {
        step_back(&txn).await?;
    }
    database_server::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(txn.conn())
        .await
        .map_err(name_taken)?;
    tenancy::touch(&txn).await?;
    log(office, actor, "SERVER_CREATED", None, &row).await?;
    txn.commit().await?;
    Ok(row)
}

/// Changes a server; where it is reached differently, it is tried first.
///
/// # Errors
/// No permission, or refusals: no such server, a stale version, a taken name, no answer.
pub async fn update(
    scope: &PlatformScope,
    id: Option<DatabaseServerId>,
    change: ChangeServer,
) -> Result<database_server::Model> {
    scope.require(Permission::ServerUpdate)?;
    let row = update_of(&scope.office, id, change, scope.actor()).await?;
    scope.tenancy.poke().await;
    Ok(row)
}

/// [`update`], for tools that run beside the server.
///
/// # Errors
/// As [`update`], permission apart.
pub async fn update_of(
    office: &Office,
    id: Option<DatabaseServerId>,
    change: ChangeServer,
    actor: Actor,
) -> Result<database_server::Model> {
    let unknown = || Error::refused(Code::NotFound, "id", "there is no such server");
    let before = database_server::Entity::find_by_id(id.ok_or_else(unknown)?)
        .one(office.master.writer())
        .await?
        .ok_or_else(unknown)?;
    Error::unless_current(change.expected_version, before.version)?;
    let after = changed(office, &before, change)?;
    if (&after.address, after.port, &after.sealed_admin)
        != (&before.address, before.port, &before.sealed_admin)
    {
        try_it(office, &after).await?;
    }
    let txn = office.master.begin().await?;
    if after.is_default && !before.is_default {
        step_back(&txn).await?;
    }
    let row = after.clone().into_active_model().reset_all();
    let stored = database_server::Entity::update_many()
        .set(row)
        .filter(database_server::Column::Id.eq(before.id))
        .filter(database_server::Column::Version.eq(before.version))
        .exec(txn.conn())
        .await
        .map_err(name_taken)?;
    if stored.rows_affected == 0 {
        return Err(Error::stale());
    }
    // Every tenant there is reached by this row, so that all of them are read anew.
    let version = tenancy::touch(&txn).await?;
    tenant_master::Entity::update_many()
        .col_expr(tenant_master::Column::ChangedIn, Expr::value(version))
        .filter(tenant_master::Column::ServerId.eq(before.id))
        .exec(txn.conn())
        .await?;
    log(office, actor, "SERVER_UPDATED", Some(&before), &after).await?;
    txn.commit().await?;
    Ok(after)
}

fn changed(
    office: &Office,
    before: &database_server::Model,
    change: ChangeServer,
) -> Result<database_server::Model> {
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name = text(name, "name", NAME_CHARS_MAX)?;
    }
    let is_folder = before.engine == Engine::Sqlite;
    let moves = change.address.is_some() || change.port.is_some();
    let signs = change.admin_user.is_some() || change.admin_password.is_some();
    if is_folder && (moves || signs || matches!(change.replica, Some(Some(_)))) {
        let why = "files are in the data folder; they have no address and no administrator";
        return Err(Error::refused(Code::NotAllowed, "input", why));
    }
    if let Some(address) = &change.address {
        after.address = self::address(address)?;
    }
    if let Some(port) = change.port {
        after.port = Some(i32::from(port));
    }
    if signs {
        let context = server_context(before.id);
        let known = before.sealed_admin.as_deref();
        let known = known.map(|sealed| Credentials::open(&office.keys, sealed, &context));
        let known = known.transpose()?;
        let user = change.admin_user.or_else(|| known.as_ref().map(|known| known.user.clone()));
        let password = change.admin_password.or_else(|| known.map(|known| known.password));
        let admin = Credentials {
            user: user.unwrap_or_default(),
            password: password.unwrap_or_else(|| String::new().into()),
        };
        let sealed = admin.seal(&office.keys, &context)?;
        after.sealed_admin = Some(sealed.text);
        after.key_id = Some(sealed.key_id);
    }
    if let Some(most) = change.capacity {
        after.capacity = capacity(most)?;
    }
    if let Some(is_default) = change.is_default {
        after.is_default = is_default;
    }
    if let Some(replica) = change.replica {
        after.replica_address = replica.as_ref().map(|(address, _)| address.clone());
        after.replica_port = replica.and_then(|(_, port)| port).map(i32::from);
    }
    if let Some(status) = change.status {
        after.status = status;
    }
    after.version = before.version.saturating_add(1);
    after.updated_at = office.clock.now_ms();
    Ok(after)
}

/// Signs in and asks for the version, so that a wrong address is noticed now.
async fn try_it(office: &Office, row: &database_server::Model) -> Result<()> {
    let refused = |error: &Error| {
        let cause = error.cause().unwrap_or_default();
        tracing::warn!(server = %row.name, cause, "a server did not answer");
        let why = "the server does not answer, or refuses these credentials";
        Error::refused(Code::Invalid, "input.address", why)
    };
    let server = office.servers.connect(row).await.map_err(|error| refused(&error))?;
    let version = server.version().await;
    server.close().await;
    version.map(|_| ()).map_err(|error| refused(&error))
}

/// There is one default at most.
async fn step_back(txn: &ControlTxn) -> Result<()> {
    database_server::Entity::update_many()
        .col_expr(database_server::Column::IsDefault, Expr::value(false))
        .filter(database_server::Column::IsDefault.eq(true))
        .exec(txn.conn())
        .await?;
    Ok(())
}

async fn log(
    office: &Office,
    actor: Actor,
    action: &'static str,
    before: Option<&database_server::Model>,
    after: &database_server::Model,
) -> Result<()> {
    let mut log = office.write(actor).await?;
    log.audit(&Change {
        action,
        subject_type: "DatabaseServer",
        subject: Some(after.id.get()),
        business: None,
        canonical: Canonical::new()
            .object_if("before", before.map(describe))
            .object("after", describe(after))
            .finish(),
    })
    .await?;
    log.commit().await
}

fn describe(row: &database_server::Model) -> Canonical {
    Canonical::new()
        .text("name", &row.name)
        .text("engine", &row.engine.to_value())
        .text("address", &row.address)
        .int_if("port", row.port.map(i64::from))
        .int("capacity", i64::from(row.capacity))
        .flag("isDefault", row.is_default)
        .text_if("replica", row.replica_address.as_deref())
        .text("status", &row.status.to_value())
}

fn text(value: &str, field: &str, most: usize) -> Result<String> {
    let mut wrong = Wrong::below("input");
    let text = wrong.required(field, value, most);
    wrong.finish_with(Some(text))
}

/// A host, and parameters where the connection needs any.
fn address(value: &str) -> Result<String> {
    let address = text(value, "address", ADDRESS_CHARS_MAX)?;
    match parse_address(&address) {
        Ok((host, _)) if host.is_empty() => {
            Err(Error::refused(Code::Required, "input.address", "this names no host"))
        }
        Ok(_) => Ok(address),
        Err(error) => Err(Error::refused(Code::Invalid, "input.address", error.to_string())),
    }
}

fn capacity(most: i32) -> Result<i32> {
    if most >= 1 {
        Ok(most)
    } else {
        Err(Error::refused(Code::Invalid, "input.capacity", "a server holds at least one tenant"))
    }
}

fn name_taken(error: sea_orm::DbErr) -> Error {
    if failure::is_taken(&error) {
        Error::refused(Code::Taken, "input.name", "another server has this name")
    } else {
        error.into()
    }
}
