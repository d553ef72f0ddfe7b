//! The state and size of all databases in the API.

use std::{collections::HashSet, sync::Arc};

use async_graphql::{ComplexObject, Context, Enum, Object, SimpleObject};
use daybook_domain::{id::TenantId, role::Permission};

use super::{
    servers::DatabaseEngine,
    tenants::{self, Tenant},
};
use crate::{
    connection,
    db::page::Page,
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        page::PageAsk,
        scalar::Decimal,
    },
    services::{
        chain::read_cursor,
        platform::system::{self, DatabaseFigures, Health, SystemFigures, Tier},
    },
};

/// How a database stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Health")]
pub enum DatabaseHealth {
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

/// One database of the platform.
#[derive(SimpleObject, Debug, Clone)]
pub struct SystemDatabase {
    /// Its name, without a folder.
    pub name: String,
    /// What serves it.
    pub engine: DatabaseEngine,
    /// What its engine calls its version; null where it cannot be asked.
    pub engine_version: Option<String>,
    /// Size on disk in mebibytes; servers estimate. Null where it cannot be asked.
    pub size_mb: Option<Decimal>,
    /// How it stands.
    pub status: DatabaseHealth,
    /// Name of its newest migration.
    pub schema_version: Option<String>,
    /// The tenant whose it is; null for the main and the master database, and for callers who may not
    /// see tenants.
    pub tenant: Option<Tenant>,
    #[graphql(skip)]
    key: i64,
}

/// The master database: routing and the shared structure.
#[derive(SimpleObject, Debug, Clone)]
pub struct MasterDatabase {
    /// Its name, without a folder.
    pub name: String,
    /// What serves it.
    pub engine: DatabaseEngine,
    /// What its engine calls its version.
    pub engine_version: Option<String>,
    /// Size on disk in mebibytes; servers estimate.
    pub size_mb: Option<Decimal>,
    /// How it stands.
    pub status: DatabaseHealth,
    /// Name of its newest migration.
    pub schema_version: Option<String>,
    /// How many tenants it routes to.
    pub tenants_count: i32,
}

/// The tenants' databases of one engine.
#[derive(SimpleObject, Debug, Clone)]
pub struct EngineFigures {
    /// The engine.
    pub engine: DatabaseEngine,
    /// How many databases.
    pub total: i32,
    /// Their size on disk in mebibytes, where known.
    pub total_size_mb: Decimal,
    /// Versions of the engine that answered.
    pub engine_versions: Vec<String>,
}

/// All tenants' databases.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct TenantDatabases {
    /// How many.
    pub total: i32,
    /// Their size on disk in mebibytes, where known.
    pub total_size_mb: Decimal,
    /// Their average size in mebibytes; null where there is none.
    pub avg_size_mb: Option<Decimal>,
    /// The same by engine.
    pub by_engine: Vec<EngineFigures>,
    #[graphql(skip)]
    figures: Arc<SystemFigures>,
}

/// All databases of the platform: names, engines, sizes, states, counts and versions.
#[derive(SimpleObject, Debug, Clone)]
pub struct SystemDatabases {
    /// The platform's own office.
    pub main_db: Option<SystemDatabase>,
    /// Routing and shared structure.
    pub master_db: Option<MasterDatabase>,
    /// The tenants' books.
    pub tenant_dbs: TenantDatabases,
    /// Size of everything in mebibytes, where known.
    pub total_size_mb: Decimal,
    /// Version of the running program.
    pub program_version: String,
    /// Newest migration of the main database that this release knows.
    pub main_schema_version: String,
    /// Newest migration of the master database that this release knows.
    pub master_schema_version: String,
    /// Newest migration of tenants' databases that this release knows.
    pub tenant_schema_version: String,
}

connection!(
    /// Tenants' databases in the order of their tenants.
    SystemDatabaseConnection, SystemDatabaseEdge, SystemDatabase
);

/// Mebibytes with two decimal places, rounded to the nearest.
fn mebibytes(bytes: i64) -> Decimal {
    let hundredths = (i128::from(bytes.max(0)) * 100 + 524_288) / 1_048_576;
    Decimal(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

fn int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl From<&DatabaseFigures> for SystemDatabase {
    fn from(one: &DatabaseFigures) -> Self {
        Self {
            name: one.name.clone(),
            engine: one.engine.into(),
            engine_version: one.engine_version.clone(),
            size_mb: one.size_bytes.map(mebibytes),
            status: one.health.into(),
            schema_version: one.schema_version.clone(),
            tenant: None,
            key: one.tenant_id().map_or(0, TenantId::get),
        }
    }
}

impl From<SystemFigures> for SystemDatabases {
    fn from(figures: SystemFigures) -> Self {
        let of = |tier| figures.databases.iter().find(|one| one.tier == tier);
        let [main, master, tenant] = figures.newest.clone();
        Self {
            main_db: of(Tier::Main).map(SystemDatabase::from),
            master_db: of(Tier::Master).map(|one| MasterDatabase {
                name: one.name.clone(),
                engine: one.engine.into(),
                engine_version: one.engine_version.clone(),
                size_mb: one.size_bytes.map(mebibytes),
                status: one.health.into(),
                schema_version: one.schema_version.clone(),
                tenants_count: int(figures.tenant_count),
            }),
            total_size_mb: mebibytes(figures.total_bytes),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            main_schema_version: main,
            master_schema_version: master,
            tenant_schema_version: tenant,
            tenant_dbs: TenantDatabases {
                total: int(figures.tenant_count),
                total_size_mb: mebibytes(figures.tenant_bytes),
                avg_size_mb: figures.tenant_bytes_average.map(mebibytes),
                by_engine: by_engine(&figures),
                figures: Arc::new(figures),
            },
        }
    }
}

fn by_engine(figures: &SystemFigures) -> Vec<EngineFigures> {
    let engines = [DatabaseEngine::Sqlite, DatabaseEngine::Postgres, DatabaseEngine::Mysql];
    let mut found = Vec::new();
    for engine in engines {
        let of = || {
            let tenants = figures.databases.iter().filter(|one| one.tier == Tier::Tenant);
            tenants.filter(move |one| DatabaseEngine::from(one.engine) == engine)
        };
        let total = of().count();
        if total == 0 {
            continue;
        }
        let bytes = of().filter_map(|one| one.size_bytes).fold(0_i64, i64::saturating_add);
        let mut engine_versions: Vec<String> =
            of().filter_map(|one| one.engine_version.clone()).collect();
        engine_versions.sort();
        engine_versions.dedup();
        found.push(EngineFigures {
            engine,
            total: i32::try_from(total).unwrap_or(i32::MAX),
            total_size_mb: mebibytes(bytes),
            engine_versions,
        });
    }
    found
}

const BY_TENANT: &str = "tenantDbs:tenant";

#[ComplexObject]
impl TenantDatabases {
    /// Each of them, in the order of their tenants.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn databases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand so.")] status: Option<DatabaseHealth>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<SystemDatabaseConnection> {
        let ask = PageAsk::new(ctx, BY_TENANT, first, after.as_deref())?;
        let tenants = || self.figures.databases.iter().filter(|one| one.tier == Tier::Tenant);
        let mut rows: Vec<SystemDatabase> = tenants()
            .map(SystemDatabase::from)
            .filter(|one| status.is_none_or(|status| status == one.status))
            .collect();
        let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        if let Some(key) = &ask.after {
            let after = read_cursor(key)?;
            rows.retain(|row| row.key > after);
        }
        let mut page = Page::cut(rows, &ask, total, |row| vec![row.key.to_string()]);
        let keys: HashSet<i64> = page.rows.iter().map(|(_, row)| row.key).collect();
        let on_page = tenants()
            .filter_map(|one| one.tenant.as_deref())
            .filter(|row| keys.contains(&row.id.get()));
        let found = tenants::of_rows(ctx.platform()?, on_page.cloned().collect()).await?;
        for (_, row) in &mut page.rows {
            row.tenant = found.get(&row.key).cloned();
        }
        Ok(SystemDatabaseConnection::of(BY_TENANT, &ask, page))
    }
}

/// Queries of the system.
#[derive(Default, Debug)]
pub struct SystemQuery;

#[Object]
impl SystemQuery {
    /// Name, engine, size, state, count, average and versions of the main, the master and all tenants'
    /// databases. Requires: SYSTEM_READ.
    #[graphql(guard = "Requires(Permission::SystemRead)", complexity = "200 + child_complexity")]
    async fn system_databases(&self, ctx: &Context<'_>) -> ApiResult<SystemDatabases> {
        Ok(system::databases(ctx.platform()?).await?.into())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_rounded_to_hundredths_of_a_mebibyte() {
        for (bytes, text) in [
            (0, "0.00"),
            (1_048_576, "1.00"),
            (1_572_864, "1.50"),
            (5_243, "0.01"),
            (5_242, "0.00"),
        ] {
            assert_eq!(super::mebibytes(bytes).0, text, "{bytes}");
        }
    }
}
