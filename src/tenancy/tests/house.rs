//! A platform in a temporary folder.

use std::{path::PathBuf, sync::Arc, time::Duration};

use daybook_domain::id::{DatabaseServerId, TenantId};
use daybook_entity::master::tenant::{
    Engine, MigrationState, ServerStatus, SubscriptionStatus, TenantStatus, database_server,
    tenant_master,
};
use daybook_migration::{MainMigrator, MasterMigrator, MigratorTrait, TenantMigrator, newest};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Set};

use crate::{
    clock::Clock,
    db::{
        ControlDb, Target,
        connect::{self, SessionLimits, Use},
        target::ServerTarget,
    },
    error::{Error, Result},
    lane::{Actor, Change},
    tenancy::{Lease, Node, NodeSettings, Settings, Tenancy, TenancySetup, sqlite_file, touch},
};

pub const FILES: DatabaseServerId = DatabaseServerId::new(1);

/// Main, master, and as many tenants as asked for.
pub struct House {
    pub folder: tempfile::TempDir,
    pub main: ControlDb,
    pub master: ControlDb,
    pub clock: Clock,
    /// The server that tenants without a file live on.
    pub server: Option<ServerTarget>,
}

impl House {
    pub async fn build(tenants: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let main = control::<MainMigrator>(folder.path().join("main.sqlite")).await;
        let master = control::<MasterMigrator>(folder.path().join("master.sqlite")).await;
        let house = Self { folder, main, master, clock: Clock::default(), server: None };
        house.add_server(FILES, Engine::Sqlite).await;
        std::fs::create_dir(house.folder.path().join("tenants")).unwrap();
        let template = house.folder.path().join("template.sqlite");
        migrate::<TenantMigrator>(&Target::Sqlite { path: template.clone() }).await;
        for number in 1..=tenants {
            let path = house.file(number);
            std::fs::copy(&template, &path).unwrap();
            own(&Target::Sqlite { path }, number).await;
            house.add_tenant(number, FILES).await;
        }
        house
    }

    pub fn file(&self, number: i64) -> PathBuf {
        sqlite_file(self.folder.path(), &format!("tenant_{number}")).unwrap()
    }

    pub async fn add_server(&self, id: DatabaseServerId, engine: Engine) {
        let server = database_server::Model {
            id,
            name: format!("server {id}"),
            engine,
            address: "tenants".into(),
            port: None,
            sealed_admin: None,
            key_id: None,
            capacity: 1_000,
            is_default: false,
            replica_address: None,
            replica_port: None,
            status: ServerStatus::Open,
            version: 1,
            created_at: 0,
            updated_at: 0,
        };
        database_server::Entity::insert(server.into_active_model())
            .exec_without_returning(self.master.writer())
            .await
            .unwrap();
    }

    pub async fn add_tenant(&self, number: i64, server: DatabaseServerId) {
        let txn = self.master.begin().await.unwrap();
        let changed_in = touch(&txn).await.unwrap();
        let row = tenant_master::Model {
            id: TenantId::new(number),
            company_name: format!("Company {number}"),
            contact_name: "Asha".into(),
            contact_email: "asha@example.com".into(),
            contact_phone: None,
            country: "IN".into(),
            subdomain: format!("tenant-{number}"),
            server_id: server,
            database_name: format!("tenant_{number}"),
            own_role: false,
            sealed_connection: None,
            key_id: None,
            status: TenantStatus::Active,
            status_reason: None,
            subscription_status: SubscriptionStatus::Trial,
            plan_code: None,
            storage_limit_bytes: 1,
            referral_code: None,
            schema_version: Some(newest::<TenantMigrator>()),
            migration_state: MigrationState::Current,
            migration_error: None,
            provision_step: None,
            provision_lease_until: None,
            changed_in,
            version: 1,
            created_at: 0,
            updated_at: 0,
            activated_at: None,
        };
        tenant_master::Entity::insert(row.into_active_model())
            .exec_without_returning(txn.conn())
            .await
            .unwrap();
        txn.commit().await.unwrap();
    }

    /// Changes a tenant's row the way services do.
    pub async fn change(&self, number: i64, change: impl FnOnce(&mut tenant_master::ActiveModel)) {
        let txn = self.master.begin().await.unwrap();
        let id = TenantId::new(number);
        let row = tenant_master::Entity::find_by_id(id).one(txn.conn()).await.unwrap().unwrap();
        let mut row = row.into_active_model();
        change(&mut row);
        row.changed_in = Set(touch(&txn).await.unwrap());
        row.update(txn.conn()).await.unwrap();
        txn.commit().await.unwrap();
    }

    pub fn settings(&self) -> Settings {
        Settings {
            data_dir: self.folder.path().to_owned(),
            // The machine that runs the tests may be busy.
            stale_after: Duration::from_secs(5),
            lease_wait: Duration::from_secs(20),
            ..Settings::default()
        }
    }

    pub async fn node(&self) -> Arc<Node> {
        let settings = NodeSettings::default();
        Node::join(self.master.clone(), self.clock.clone(), settings, "TEST").await.unwrap()
    }

    pub async fn start(&self, settings: Settings) -> Arc<Tenancy> {
        let node = self.node().await;
        self.start_as(node, settings).await
    }

    pub async fn start_as(&self, node: Arc<Node>, settings: Settings) -> Arc<Tenancy> {
        let server = self.server.clone();
        let setup = TenancySetup {
            settings,
            main: self.main.clone(),
            master: self.master.clone(),
            node,
            clock: self.clock.clone(),
            unseal: Arc::new(move |tenant, _| {
                let server = server.clone().ok_or_else(|| Error::Internal("no server".into()))?;
                Ok(ServerTarget { database: tenant.database_name.clone(), ..server })
            }),
        };
        Tenancy::start(setup).await.unwrap()
    }
}

pub async fn migrate<M: MigratorTrait>(target: &Target) {
    let limits = SessionLimits::default();
    let connection = connect::open(target, Use::Write, 1, limits).await.unwrap();
    M::up(&connection, None).await.unwrap();
    connection.close().await.unwrap();
}

async fn control<M: MigratorTrait>(path: PathBuf) -> ControlDb {
    let target = Target::Sqlite { path };
    migrate::<M>(&target).await;
    ControlDb::open(target, SessionLimits::default()).await.unwrap()
}

/// Says in its fence whose database it is.
pub async fn own(target: &Target, number: i64) {
    let limits = SessionLimits::default();
    let connection = connect::open(target, Use::Write, 1, limits).await.unwrap();
    let text = format!("UPDATE lane SET tenant_id = {number}");
    connection.execute_unprepared(&text).await.unwrap();
    connection.close().await.unwrap();
}

/// The tenant that an open database says it is.
pub async fn asked(lease: &Lease) -> i64 {
    let reader = lease.reader().await.unwrap();
    crate::lane::Fence::read(reader.conn()).await.unwrap().tenant.get()
}

/// Writes something, with an event.
pub async fn write(lease: &Lease) -> Result<i64> {
    lease
        .lane()
        .write(Actor::system(), |writing| {
            Box::pin(async move {
                writing.audit(Change {
                    action: "TESTED",
                    subject_type: "Tenant",
                    subject: None,
                    business: None,
                    canonical: "{}".into(),
                });
                Ok(writing.emit("tested", None, None, String::new()))
            })
        })
        .await
}
