//! An instance whose databases are all on one engine, as an operator would set it up: by the
//! environment. What it made is dropped when the test ends, however it ends.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use tokio::runtime::Handle;

use super::engine::Engine;
use crate::{
    instance::with_databases,
    place::{PASSWORD, Place, Ran, create_tenant},
    serving::Serving,
};

/// The key that seals in tests, in the form that `openssl rand -hex 32` has.
pub const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// How long a set-up that shows no life keeps its claim here; the least that is allowed.
pub const LEASE_MS: u64 = 1_000;

/// An instance, its environment, and where its databases are.
pub struct Instance {
    pub engine: Engine,
    /// What names on the server begin with.
    pub marker: String,
    place: Place,
    env: Vec<(String, String)>,
    runtime: Handle,
}

impl Instance {
    /// Runs a test with an instance of which nothing exists yet, where the engine is there.
    pub fn with(engine: Engine, test: impl FnOnce(&mut Self)) {
        with_databases(engine, |runtime, marker| test(&mut Self::new(engine, runtime, marker)));
    }

    fn new(engine: Engine, runtime: &Handle, marker: &str) -> Self {
        let (runtime, marker) = (runtime.clone(), marker.to_owned());
        let mut instance = Self { engine, marker, place: Place::new(), env: Vec::new(), runtime };
        instance.set("JWT_SECRET", "9f8e7d6c5b4a39281706f5e4d3c2b1a0");
        instance.set("ENCRYPTION_KEY", KEY);
        instance.set("USE_SEPARATE_DB_USERS", "true");
        for (name, value) in [
            ("TENANTS_PROVISION_LEASE_MS", LEASE_MS.to_string().as_str()),
            ("SECURITY_ARGON2_MEMORY_KIB", "8192"),
            ("SECURITY_ARGON2_ITERATIONS", "1"),
            ("SECURITY_REGISTER_PER_HOUR_PER_ADDRESS", "100000"),
            ("SECURITY_LOGIN_FLOOR_MS", "0"),
            ("NODES_STALE_AFTER_MS", "30000"),
            ("OWNER_PASSWORD", PASSWORD),
        ] {
            instance.set(&format!("DAYBOOK_{name}"), value);
        }
        if let Some(server) = engine.server() {
            let marker = instance.marker.clone();
            instance.set("DATABASE_URL", &format!("{server}/{marker}_main"));
            instance.set("MASTER_DATABASE_URL", &format!("{server}/{marker}_master"));
            instance.set("DAYBOOK_TENANTS_SERVER_URL", &server);
            instance.set("DAYBOOK_TENANTS_DATABASE_MARKER", &marker);
        }
        instance
    }

    /// Sets a name of the environment for what is started from now on; empty takes it away.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.env.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The program with this instance's environment.
    pub fn daybook(&self, args: &[&str]) -> Command {
        let mut command = self.place.daybook(args);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.daybook(args).output().unwrap())
    }

    /// Sets up a tenant from the command line.
    pub fn create_tenant(&self, subdomain: &str) -> Command {
        self.daybook(&create_tenant(subdomain, &email_of(subdomain)))
    }

    /// The same, when it must succeed.
    pub fn has_tenant(&self, subdomain: &str) {
        Ran::of(&self.create_tenant(subdomain).output().unwrap()).ok();
    }

    /// The program, about to serve; another folder makes it another node.
    pub fn serve(&self) -> Command {
        self.daybook(&["--set", "server.listen=127.0.0.1:0", "serve"])
    }

    /// A server that is up.
    pub fn serving(&self) -> Serving {
        Serving::of(self.serve())
    }

    /// Another node's folder.
    pub fn elsewhere(&self, place: &Place) -> Command {
        let mut command = self.serve();
        command.current_dir(place.path());
        command
    }

    /// Waits for asynchronous work.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The folder of SQLite tenants.
    pub fn tenants_folder(&self) -> PathBuf {
        self.place.path().join("data").join("tenants")
    }

    /// Opens a database: "main", "master", or a tenant's by its own name.
    pub async fn open(&self, name: &str) -> DatabaseConnection {
        let is_control = ["main", "master"].contains(&name);
        let address = match (self.engine.server(), is_control) {
            (Some(server), true) => format!("{server}/{}_{name}", self.marker),
            (Some(server), false) => format!("{server}/{name}"),
            (None, true) => file(&self.place.path().join("data"), name),
            (None, false) => file(&self.tenants_folder(), name),
        };
        let mut options = ConnectOptions::new(address);
        options.max_connections(1).sqlx_logging(false);
        #[expect(clippy::disallowed_methods, reason = "not the program's own connection")]
        Database::connect(options).await.unwrap()
    }

    /// Runs a statement on one database.
    pub fn execute(&self, database: &str, sql: &str) {
        self.wait(async {
            let connection = self.open(database).await;
            connection.execute_unprepared(sql).await.unwrap();
            connection.close().await.unwrap();
        });
    }

    /// The texts that a query answers, in order.
    pub fn texts(&self, database: &str, sql: &str) -> Vec<String> {
        self.wait(async {
            let connection = self.open(database).await;
            let ask = Statement::from_string(connection.get_database_backend(), sql);
            let rows = connection.query_all_raw(ask).await.unwrap();
            let mut texts: Vec<String> =
                rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
            connection.close().await.unwrap();
            texts.sort();
            texts
        })
    }

    /// The name of a tenant's database.
    pub fn database_of(&self, subdomain: &str) -> String {
        let sql =
            format!("SELECT database_name FROM tenant_master WHERE subdomain = '{subdomain}'");
        self.texts("master", &sql).pop().unwrap()
    }
}

fn file(folder: &Path, name: &str) -> String {
    format!("sqlite://{}", folder.join(format!("{name}.sqlite")).display())
}

/// The owner's address of a tenant.
pub fn email_of(subdomain: &str) -> String {
    format!("owner@{subdomain}.example")
}

/// Makes one test per engine of a function that takes a fresh instance.
macro_rules! on_every_engine {
    ($(fn $name:ident($instance:ident: &mut Instance) $body:block)+) => {$(
        mod $name {
            use super::*;

            fn run($instance: &mut Instance) $body

            #[test]
            fn sqlite() {
                Instance::with(Engine::Sqlite, run);
            }

            #[test]
            fn postgres() {
                Instance::with(Engine::Postgres, run);
            }

            #[test]
            fn mariadb() {
                Instance::with(Engine::MariaDb, run);
            }
        }
    )+};
}
