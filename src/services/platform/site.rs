//! A throw-away platform for the tests of this folder.

use std::{path::PathBuf, sync::Arc, time::Duration};

use daybook_entity::master::tenant::{Engine, database_server, tenant_master};
use sea_orm::EntityTrait;
use tempfile::TempDir;

use super::{
    bootstrap::{self, Start},
    provision::{self, NewAccount, NewTenant},
};
use crate::{
    clock::Clock,
    db::{Names, Server, Target, connect::SessionLimits, target::ServerTarget},
    error::Result,
    lane::{Actor, Ids},
    master::Catalogue,
    office::{Office, Rules, Servers},
    seal::{Key, KeyRing},
};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const ENGINES: [Engine; 3] = [Engine::Sqlite, Engine::Postgres, Engine::Mysql];

/// A platform whose main and master are files and whose tenants live on one engine.
pub struct Site {
    pub office: Arc<Office>,
    pub catalogue: Arc<Catalogue>,
    pub folder: TempDir,
}

/// Engines that can be reached; the others are named as skipped, or fail where none may be skipped.
pub async fn engines() -> Vec<Engine> {
    let mut reached = Vec::new();
    for engine in ENGINES {
        match server_target(engine) {
            None => reached.push(engine),
            Some(target) => match Server::open(&target, names()).await {
                Ok(server) => {
                    server.close().await;
                    reached.push(engine);
                }
                Err(error) => {
                    let required = std::env::var("DAYBOOK_TEST_ALL_ENGINES").is_ok();
                    assert!(!required, "{engine:?} is required: {error:?}");
                    eprintln!("skipped on {engine:?}: it cannot be reached ({:?})", error.cause());
                }
            },
        }
    }
    reached
}

/// The server of an engine as tests reach it; nothing for SQLite.
pub fn server_target(engine: Engine) -> Option<ServerTarget> {
    let (setting, usual) = match engine {
        Engine::Sqlite => return None,
        Engine::Postgres => ("DAYBOOK_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432"),
        Engine::Mysql => ("DAYBOOK_TEST_MYSQL", "mysql://root@127.0.0.1:3306"),
    };
    let url = std::env::var(setting).unwrap_or_else(|_| usual.to_owned());
    match Target::parse(&url).unwrap() {
        Target::Server(target) => Some(target),
        Target::Sqlite { .. } => panic!("{setting} names a file"),
    }
}

/// A marker of this test alone, so that tests side by side never see each other's databases.
pub fn names() -> Names {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).unwrap();
    Names::new(&format!("t{}", hex::encode(bytes))).unwrap()
}

pub fn keys() -> KeyRing {
    KeyRing::new(Key::parse(KEY).unwrap(), None)
}

/// A ring of another key, with the usual one as the previous where it is still needed.
pub fn ring(current: &str, with_previous: bool) -> KeyRing {
    let previous = with_previous.then(|| Key::parse(KEY).unwrap());
    KeyRing::new(Key::parse(current).unwrap(), previous)
}

/// A registration of an invented business.
pub fn meera(subdomain: &str) -> NewTenant {
    NewTenant {
        company_name: "Meera Textiles".into(),
        subdomain: subdomain.into(),
        owner_name: "Meera Shah".into(),
        email: format!("Meera@{subdomain}.example"),
        password_hash: Some("$argon2id$test".into()),
        country: "IN".into(),
        base_currency: Some("INR".into()),
        ..NewTenant::default()
    }
}

/// Registers within the test's own task, so that armed faults are met.
pub async fn register(site: &Site, new: NewTenant) -> Result<NewAccount> {
    provision::run(&site.office, Arc::clone(&site.catalogue), new, Actor::system()).await
}

pub fn start<'s>(folder: PathBuf, engine: Engine, names: Names, keys: &'s KeyRing) -> Start<'s> {
    Start {
        data: folder,
        tenants: server_target(engine).map(Target::Server),
        names,
        keys,
        clock: Clock::default(),
        sessions: SessionLimits::default(),
    }
}

impl Site {
    pub async fn open(engine: Engine, rules: Rules) -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().to_owned();
        let (names, keys) = (names(), Arc::new(keys()));
        let start = start(data.clone(), engine, names.clone(), &keys);
        let file = |name: &str| Target::Sqlite { path: data.join(name) };
        let (main, master) =
            bootstrap::prepare(&file("main.sqlite"), &file("master.sqlite"), &start).await.unwrap();
        let catalogue = Arc::new(Catalogue::read(master.reader(), 1).await.unwrap());
        let clock = start.clock.clone();
        let ids = Arc::new(Ids::new(clock.clone(), 1, i64::MAX));
        let servers = Servers::new(Arc::clone(&keys), names, data);
        let office = Arc::new(Office { main, master, ids, clock, keys, servers, rules });
        Self { office, catalogue, folder }
    }

    /// The server that tenants live on.
    pub async fn server(&self) -> Arc<Server> {
        let id = daybook_domain::id::DatabaseServerId::new(1);
        self.office.servers.by_id(&self.office.master, id).await.unwrap()
    }

    /// The row of that server.
    pub async fn place(&self) -> database_server::Model {
        database_server::Entity::find().one(self.office.master.reader()).await.unwrap().unwrap()
    }

    pub async fn tenants(&self) -> Vec<tenant_master::Model> {
        tenant_master::Entity::find().all(self.office.master.reader()).await.unwrap()
    }

    /// Makes every lease look expired.
    pub fn wait_out_leases(&self) {
        let lease = u64::try_from(self.office.rules.provision_lease_ms).unwrap();
        let past = Duration::from_millis(lease * 3);
        self.office.clock.advance_ms(i64::try_from(past.as_millis()).unwrap());
    }

    /// Drops everything that carries this site's marker.
    pub async fn close(self) {
        let server = self.server().await;
        for found in server.databases().await.unwrap() {
            server.drop_database(&found.name).await.unwrap();
        }
        for role in server.roles().await.unwrap() {
            server.drop_role(&role).await.unwrap();
        }
        server.drop_group().await.unwrap();
        self.office.servers.close().await;
        self.office.main.close().await;
        self.office.master.close().await;
    }
}
