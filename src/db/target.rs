//! Where a database is.

use std::path::PathBuf;

use daybook_entity::master::tenant::Engine;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// One database: a file, or a name on a server with what it takes to sign in there.
#[derive(Debug, Clone)]
pub enum Target {
    /// An embedded database file.
    Sqlite {
        /// The file; its folder exists.
        path: PathBuf,
    },
    /// A database on a server.
    Server(ServerTarget),
}

/// A database on a PostgreSQL or MySQL/MariaDB server.
#[derive(Debug, Clone)]
pub struct ServerTarget {
    /// Which kind of server.
    pub engine: Engine,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Who signs in.
    pub user: String,
    /// With which password; may be empty.
    pub password: SecretString,
    /// The database's name.
    pub database: String,
}

/// A database URL that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadUrl(String);

impl Target {
    /// Reads `sqlite://path`, `postgres://user:password@host:port/name` or `mysql://…`
    /// (`postgresql` and `mariadb` are understood too).
    ///
    /// # Errors
    /// [`BadUrl`] says which part is missing; it never repeats the password.
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        if let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"))
        {
            let path = path.split('?').next().unwrap_or_default();
            return if path.is_empty() {
                Err(BadUrl("a sqlite URL names a file, as in sqlite://data/main.sqlite".into()))
            } else {
                Ok(Self::Sqlite { path: PathBuf::from(path) })
            };
        }
        let url =
            Url::parse(text).map_err(|error| BadUrl(format!("not a database URL: {error}")))?;
        let engine = match url.scheme() {
            "postgres" | "postgresql" => Engine::Postgres,
            "mysql" | "mariadb" => Engine::Mysql,
            other => {
                return Err(BadUrl(format!(
                    "{other} is not a kind of database; sqlite, postgres and mysql are"
                )));
            }
        };
        let host = url.host_str().ok_or_else(|| BadUrl("the URL names no host".into()))?.to_owned();
        let default_port = if engine == Engine::Postgres { 5432 } else { 3306 };
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        Ok(Self::Server(ServerTarget {
            engine,
            host,
            port: url.port().unwrap_or(default_port),
            user: decode(url.username()),
            password: decode(url.password().unwrap_or_default()).into(),
            database: decode(url.path().trim_start_matches('/')),
        }))
    }

    /// Which engine serves it.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Server(server) => server.engine,
        }
    }

    /// The same server, another database (SQLite: another file in the same folder).
    pub fn sibling(&self, database: &str) -> Self {
        match self {
            Self::Sqlite { path } => {
                Self::Sqlite { path: path.with_file_name(format!("{database}.sqlite")) }
            }
            Self::Server(server) => {
                Self::Server(ServerTarget { database: database.to_owned(), ..server.clone() })
            }
        }
    }

    /// A name for logs and answers: engine, place and database, never a password or a whole path.
    pub fn label(&self) -> String {
        match self {
            Self::Sqlite { path } => {
                path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
            }
            Self::Server(server) => format!("{}:{}/{}", server.host, server.port, server.database),
        }
    }
}

impl PartialEq for ServerTarget {
    fn eq(&self, other: &Self) -> bool {
        (self.engine, &self.host, self.port, &self.user, &self.database)
            == (other.engine, &other.host, other.port, &other.user, &other.database)
            && self.password.expose_secret() == other.password.expose_secret()
    }
}
