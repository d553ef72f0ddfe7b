//! The engines, where their databases are, and how the benchmark leaves nothing behind.

use std::{fmt, path::PathBuf, time::Duration};

use clap::ValueEnum;

use crate::{
    Outcome,
    options::Options,
    sql::{Connection, Script},
};

/// Names of every database and role that a run makes on a server begin with this: Daybook puts an
/// underscore behind it, the raw side an x.
pub const MARKER: &str = "daybook_bench";

/// A database engine.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Files, in this process.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
    /// A MariaDB or MySQL server.
    Mariadb,
}

impl fmt::Display for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
        })
    }
}

/// One database.
#[derive(Debug, Clone)]
pub enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// A database on a server; an empty name is none in particular.
    Server { engine: Engine, url: String, database: String },
}

impl Place {
    /// Which engine serves it.
    pub fn engine(&self) -> Engine {
        match self {
            Self::File(_) => Engine::Sqlite,
            Self::Server { engine, .. } => *engine,
        }
    }

    /// Another database of the same server, or another file of the same folder.
    pub fn sibling(&self, name: &str) -> Self {
        match self {
            Self::File(path) => Self::File(path.with_file_name(format!("{name}.sqlite"))),
            Self::Server { engine, url, .. } => {
                Self::Server { engine: *engine, url: url.clone(), database: name.to_owned() }
            }
        }
    }

    /// As a URL that the library under test understands.
    pub fn url(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite://{}", path.display()),
            Self::Server { url, database, .. } => format!("{url}/{database}"),
        }
    }
}

/// The place of an engine's server, in no database in particular; none for files.
pub fn server(engine: Engine, options: &Options) -> Option<Place> {
    let (url, database) = match engine {
        Engine::Sqlite => return None,
        Engine::Postgres => (options.postgres.clone(), "postgres"),
        Engine::Mariadb => (options.mariadb.clone(), ""),
    };
    let url = url.trim_end_matches('/').to_owned();
    Some(Place::Server { engine, url, database: database.to_owned() })
}

/// Whether the engine answers within two seconds.
///
/// # Errors
/// Why it does not.
pub async fn knock(engine: Engine, options: &Options) -> Outcome<()> {
    let Some(place) = server(engine, options) else { return Ok(()) };
    let connection =
        tokio::time::timeout(Duration::from_secs(2), Connection::open(&place)).await??;
    connection.close().await
}

/// Makes an empty database.
///
/// # Errors
/// What the server says.
pub async fn create(place: &Place) -> Outcome<()> {
    let Place::Server { engine, database, .. } = place else { return Ok(()) };
    let mut connection = Connection::open(&home(place)).await?;
    let tail = if *engine == Engine::Mariadb {
        " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    } else {
        " TEMPLATE template0 ENCODING 'UTF8'"
    };
    connection.definition(format!("CREATE DATABASE {database}{tail}")).await?;
    connection.close().await
}

fn home(place: &Place) -> Place {
    match place.engine() {
        Engine::Postgres => place.sibling("postgres"),
        _ => place.sibling(""),
    }
}

/// Gives PostgreSQL's planner the statistics that it would have gathered by itself within a minute.
///
/// # Errors
/// What the database says.
pub async fn settle(place: &Place) -> Outcome<()> {
    if place.engine() != Engine::Postgres {
        return Ok(());
    }
    let mut connection = Connection::open(place).await?;
    connection.command("ANALYZE").await?;
    connection.close().await
}

/// Most connections that a server takes at once.
///
/// # Errors
/// What the server says.
pub async fn connections_max(place: &Place) -> Outcome<usize> {
    let mut connection = Connection::open(&home(place)).await?;
    let text = match place.engine() {
        Engine::Postgres => "SELECT current_setting('max_connections')::int8",
        _ => "SELECT CAST(@@max_connections AS SIGNED)",
    };
    let row = connection.row(&Script::new(place.engine(), text), &[]).await?;
    let most = row.big(0)?;
    connection.close().await?;
    Ok(usize::try_from(most).unwrap_or(0))
}

/// Drops every database and role of ours on a server, those of an interrupted run too.
///
/// # Errors
/// What the server says.
pub async fn sweep(place: &Place) -> Outcome<()> {
    let engine = place.engine();
    if engine == Engine::Sqlite {
        return Ok(());
    }
    let mut connection = Connection::open(&home(place)).await?;
    let (databases, roles) = if engine == Engine::Postgres {
        ("SELECT datname::text FROM pg_database", "SELECT rolname::text FROM pg_roles")
    } else {
        (
            "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata",
            "SELECT DISTINCT CAST(user AS CHAR) FROM mysql.user",
        )
    };
    for name in ours(&mut connection, engine, databases).await? {
        if engine == Engine::Postgres {
            let open = format!("ALTER DATABASE \"{name}\" IS_TEMPLATE false");
            connection.definition(open).await?;
            connection.definition(format!("DROP DATABASE \"{name}\" WITH (FORCE)")).await?;
        } else {
            drop_whole(&mut connection, &name).await?;
        }
    }
    for name in ours(&mut connection, engine, roles).await? {
        if engine == Engine::Postgres {
            connection.definition(format!("DROP ROLE \"{name}\"")).await?;
        } else {
            connection.definition(format!("DROP USER IF EXISTS '{name}'@'%'")).await?;
            connection.definition(format!("DROP USER IF EXISTS '{name}'@'localhost'")).await?;
        }
    }
    connection.close().await
}

/// MariaDB drops a database's tables before its folder, and fails where one of them is still being purged;
/// what is left of it goes with the next try.
async fn drop_whole(connection: &mut Connection, name: &str) -> Outcome<()> {
    let text = format!("DROP DATABASE IF EXISTS `{name}`");
    for _ in 0..5 {
        if connection.definition(text.clone()).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    connection.definition(text).await
}

async fn ours(connection: &mut Connection, engine: Engine, text: &str) -> Outcome<Vec<String>> {
    let rows = connection.rows(&Script::new(engine, text), &[]).await?;
    let names: Outcome<Vec<String>> = rows.iter().map(|row| row.text(0)).collect();
    Ok(names?.into_iter().filter(|name| name.starts_with(MARKER)).collect())
}
