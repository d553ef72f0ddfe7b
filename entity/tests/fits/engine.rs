//! A throw-away database on each engine that can be reached.

use std::{
    env,
    hash::{BuildHasher, RandomState},
    io::Write,
    time::Duration,
};

use daybook_migration::MigratorTrait;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};
use tempfile::TempDir;

/// How one engine is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

impl Engine {
    const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// Address without a database; none for SQLite.
    fn server(self) -> Option<String> {
        let (setting, usual) = match self {
            Self::Sqlite => return None,
            Self::Postgres => ("DAYBOOK_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432"),
            Self::Mysql => ("DAYBOOK_TEST_MYSQL", "mysql://root@127.0.0.1:3306"),
        };
        let address = env::var(setting).unwrap_or_else(|_| usual.to_owned());
        Some(address.trim_end_matches('/').to_owned())
    }

    /// The connection from which databases are made and dropped.
    async fn office(self) -> Result<DatabaseConnection, DbErr> {
        let server = self.server().unwrap_or_default();
        let database = if self == Self::Postgres { "postgres" } else { "mysql" };
        connect(format!("{server}/{database}")).await
    }
}

async fn connect(address: String) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(address);
    options
        .max_connections(1)
        .connect_timeout(Duration::from_secs(3))
        .acquire_timeout(Duration::from_secs(3))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite.create_if_missing(true).foreign_keys(true).pragma("recursive_triggers", "ON")
        });
    Database::connect(options).await
}

/// An open throw-away database.
#[derive(Debug, Clone)]
pub struct Books {
    pub engine: Engine,
    pub db: DatabaseConnection,
}

/// What must be thrown away after the test.
struct Place {
    engine: Engine,
    name: String,
    folder: Option<TempDir>,
}

impl Place {
    async fn make(engine: Engine) -> Result<(Self, Books), DbErr> {
        let name = format!("daybook_fits_{:016x}", RandomState::new().hash_one("name"));
        let Some(server) = engine.server() else {
            let folder = TempDir::new().unwrap();
            let file = folder.path().join(&name);
            let db = connect(format!("sqlite://{}", file.display())).await?;
            return Ok((Self { engine, name, folder: Some(folder) }, Books { engine, db }));
        };
        engine.office().await?.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        let db = connect(format!("{server}/{name}")).await?;
        Ok((Self { engine, name, folder: None }, Books { engine, db }))
    }

    async fn clear(self) {
        let Self { engine, name, folder } = self;
        if let Some(folder) = folder {
            folder.close().unwrap();
            return;
        }
        let force = if engine == Engine::Postgres { " WITH (FORCE)" } else { "" };
        let drop = format!("DROP DATABASE {name}{force}");
        engine.office().await.unwrap().execute_unprepared(&drop).await.unwrap();
    }
}

/// Tells whoever started the tests; the harness keeps what `eprintln!` says to itself.
fn say(line: &str) {
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Runs `test` on a fresh database of each engine at hand, migrated by `M`; names what is skipped.
pub async fn on_each_engine<M, F>(test: impl Fn(Books) -> F)
where
    M: MigratorTrait,
    F: Future<Output = ()> + Send + 'static,
{
    for engine in Engine::ALL {
        let (place, books) = match Place::make(engine).await {
            Ok(made) => made,
            Err(why) => {
                let all = env::var("DAYBOOK_TEST_REQUIRE_ALL").is_ok_and(|value| value == "1");
                assert!(!all && engine != Engine::Sqlite, "{engine:?} cannot be reached: {why}");
                say(&format!("skipped on {engine:?}, which does not answer\n"));
                continue;
            }
        };
        let running = test(books.clone());
        let outcome = tokio::spawn(async move {
            M::up(&books.db, None).await.unwrap();
            running.await;
        })
        .await;
        place.clear().await;
        assert!(outcome.is_ok(), "failed on {engine:?}");
    }
}
