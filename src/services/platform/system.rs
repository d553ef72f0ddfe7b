//! All databases of the platform: what they are, how large, and how they stand.

use std::collections::HashMap;

use daybook_domain::{id::TenantId, role::Permission};
use daybook_entity::master::tenant::{
    Engine, MigrationState, TenantStatus, database_server, tenant_master,
};
use daybook_migration::{MainMigrator, MasterMigrator, MigratorTrait, TenantMigrator, newest};
use futures_util::{StreamExt, stream};
use sea_orm::{EntityTrait, QueryOrder};

use crate::{
    db::{ControlDb, Server, Target, files, server::version_of},
    error::Result,
    office::Office,
    scope::PlatformScope,
};

/// Servers that are asked at the same time.
const AT_ONCE: usize = 4;

/// Which tier a database belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The platform's own office.
    Main,
    /// Routing and shared structure.
    Master,
    /// A tenant's books.
    Tenant,
}

/// How a database stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It is there, with the tables of this release.
    Current,
    /// It is there, with tables of another release or being changed.
    OtherVersion,
    /// Its tenant is being set up.
    Unfinished,
    /// It is not where its row says.
    Missing,
    /// Its server does not answer.
    Unreachable,
}

/// One database.
#[derive(Debug, Clone)]
pub struct DatabaseFigures {
    /// Its tier.
    pub tier: Tier,
    /// Its name, without a folder.
    pub name: String,
    /// What serves it.
    pub engine: Engine,
    /// Bytes on disk; servers estimate. Nothing where it cannot be asked.
    pub size_bytes: Option<i64>,
    /// How it stands.
    pub health: Health,
    /// Name of its newest migration.
    pub schema_version: Option<String>,
    /// What its engine calls its version; nothing where it cannot be asked.
    pub engine_version: Option<String>,
    /// The routing row of the tenant whose it is.
    pub tenant: Option<Box<tenant_master::Model>>,
}

impl DatabaseFigures {
    /// Whose it is.
    pub fn tenant_id(&self) -> Option<TenantId> {
        self.tenant.as_ref().map(|row| row.id)
    }
}

/// All databases together.
#[derive(Debug, Clone)]
pub struct SystemFigures {
    /// main, master, then the tenants' in the order of their ids.
    pub databases: Vec<DatabaseFigures>,
    /// How many tenants' databases there are.
    pub tenant_count: i64,
    /// Their bytes, where known.
    pub tenant_bytes: i64,
    /// Their bytes on average; nothing where there is none.
    pub tenant_bytes_average: Option<i64>,
    /// Bytes of all three tiers, where known.
    pub total_bytes: i64,
    /// The release's newest migrations: main, master, tenant.
    pub newest: [String; 3],
}

/// Figures of every database. Servers are asked side by side; one that does not answer hides no other.
///
/// # Errors
/// No permission, or main or master cannot be asked.
pub async fn databases(scope: &PlatformScope) -> Result<SystemFigures> {
    scope.require(Permission::SystemRead)?;
    databases_of(&scope.office).await
}

/// [`databases`], for tools that run beside the server.
///
/// # Errors
/// As [`databases`], permission apart.
pub async fn databases_of(office: &Office) -> Result<SystemFigures> {
    let newest = [newest::<MainMigrator>(), newest::<MasterMigrator>(), newest::<TenantMigrator>()];
    let mut databases = vec![
        control::<MainMigrator>(office, &office.main, Tier::Main).await?,
        control::<MasterMigrator>(office, &office.master, Tier::Master).await?,
    ];
    let reader = office.master.reader();
    let servers = database_server::Entity::find().all(reader).await?;
    let tenants =
        tenant_master::Entity::find().order_by_asc(tenant_master::Column::Id).all(reader).await?;
    let asked: HashMap<_, _> = stream::iter(servers)
        .map(|row| async move { (row.id, (row.engine, ask(office, &row).await)) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for row in tenants {
        let (engine, answer) = match asked.get(&row.server_id) {
            Some((engine, answer)) => (*engine, answer.as_ref()),
            None => (Engine::Sqlite, None),
        };
        databases.push(tenant_figures(row, engine, answer));
    }
    let of = |tier: Tier| databases.iter().filter(move |one| one.tier == tier);
    let bytes =
        |total: i64, one: &DatabaseFigures| total.saturating_add(one.size_bytes.unwrap_or(0));
    let tenant_bytes = of(Tier::Tenant).fold(0, bytes);
    let sized = i64::try_from(of(Tier::Tenant).filter(|one| one.size_bytes.is_some()).count());
    Ok(SystemFigures {
        tenant_count: i64::try_from(of(Tier::Tenant).count()).unwrap_or(i64::MAX),
        tenant_bytes,
        tenant_bytes_average: sized.ok().and_then(|count| tenant_bytes.checked_div(count)),
        total_bytes: databases.iter().fold(0, bytes),
        databases,
        newest,
    })
}

/// What one server answered.
struct Answer {
    version: String,
    sizes: HashMap<String, i64>,
}

async fn ask(office: &Office, row: &database_server::Model) -> Option<Answer> {
    let answered = async {
        let server = office.servers.of(row).await?;
        let found = server.databases().await?;
        let sizes = found.into_iter().map(|one| (one.name, one.size_bytes)).collect();
        Ok::<_, crate::error::Error>(Answer { version: server.version().await?, sizes })
    };
    match answered.await {
        Ok(answer) => Some(answer),
        Err(error) => {
            tracing::warn!(server = %row.name, cause = ?error.cause(), "a server does not answer");
            None
        }
    }
}

fn tenant_figures(
    row: tenant_master::Model,
    engine: Engine,
    answer: Option<&Answer>,
) -> DatabaseFigures {
    let size_bytes = answer.and_then(|answer| answer.sizes.get(&row.database_name)).copied();
    let is_current = row.migration_state == MigrationState::Current
        && row.schema_version.as_deref() == Some(newest::<TenantMigrator>().as_str());
    let health = match (answer, size_bytes, row.status) {
        (None, _, _) => Health::Unreachable,
        (_, _, TenantStatus::Provisioning) => Health::Unfinished,
        (_, None, _) => Health::Missing,
        _ if is_current => Health::Current,
        _ => Health::OtherVersion,
    };
    DatabaseFigures {
        tier: Tier::Tenant,
        name: row.database_name.clone(),
        engine,
        size_bytes,
        health,
        schema_version: row.schema_version.clone(),
        engine_version: answer.map(|answer| answer.version.clone()),
        tenant: Some(Box::new(row)),
    }
}

async fn control<M: MigratorTrait>(
    office: &Office,
    db: &ControlDb,
    tier: Tier,
) -> Result<DatabaseFigures> {
    let (name, size_bytes) = match db.target() {
        Target::Sqlite { path } => (db.target().label(), files::size(path).await?),
        Target::Server(place) => {
            let server = Server::open(place, office.servers.names().clone()).await?;
            let size = server.size(&place.database).await;
            server.close().await;
            (place.database.clone(), size?)
        }
    };
    let applied = M::get_applied_migrations(db.reader()).await?;
    let schema_version = applied.last().map(|one| one.name().to_owned());
    let is_current = schema_version.as_deref() == Some(newest::<M>().as_str());
    Ok(DatabaseFigures {
        tier,
        name,
        engine: db.target().engine(),
        size_bytes,
        health: if is_current { Health::Current } else { Health::OtherVersion },
        schema_version,
        engine_version: Some(version_of(db.reader()).await?),
        tenant: None,
    })
}
