//! Where a database is.

use std::path::PathBuf;

use daybook_entity::master::tenant::Engine;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::Tls;

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
    /// How the connection is protected.
    pub tls: Tls,
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
            return file(path);
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
        let host = url.host_str().ok_or_else(|| BadUrl("the URL names no host".into()))?;
        let default_port = if engine == Engine::Postgres { 5432 } else { 3306 };
        let tls = Tls::parse(url.query().unwrap_or_default()).map_err(BadUrl)?;
        Ok(Self::Server(ServerTarget {
            engine,
            host: without_brackets(host),
            port: url.port().unwrap_or(default_port),
            user: decode(url.username()),
            password: decode(url.password().unwrap_or_default()).into(),
            database: decode(url.path().trim_start_matches('/')),
            tls,
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
            Self::Server(server) => format!("{}/{}", server.place(), server.database),
        }
    }
}

impl ServerTarget {
    /// Host and port, as messages name them.
    pub fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Reads a server's address as master keeps it: a host, and parameters where the connection needs any,
/// as in `books.internal?sslmode=verify-full`.
///
/// # Errors
/// [`BadUrl`] for a parameter that is not known.
pub fn parse_address(text: &str) -> Result<(String, Tls), BadUrl> {
    let (host, query) = text.split_once('?').unwrap_or((text, ""));
    Ok((without_brackets(host), Tls::parse(query).map_err(BadUrl)?))
}

fn file(text: &str) -> Result<Target, BadUrl> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    // That much is done with every file.
    if !matches!(query, "" | "mode=rwc") {
        let why = "a sqlite URL takes no parameters; a question mark in a name is written %3F";
        return Err(BadUrl(why.into()));
    }
    if path.is_empty() {
        return Err(BadUrl("a sqlite URL names a file, as in sqlite://data/main.sqlite".into()));
    }
    Ok(Target::Sqlite { path: PathBuf::from(decode(path)) })
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Brackets part an IPv6 address from its port; by itself it has none.
fn without_brackets(host: &str) -> String {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(host).to_owned()
}

impl PartialEq for ServerTarget {
    fn eq(&self, other: &Self) -> bool {
        (self.engine, &self.host, self.port, &self.user, &self.database, &self.tls)
            == (other.engine, &other.host, other.port, &other.user, &other.database, &other.tls)
            && self.password.expose_secret() == other.password.expose_secret()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use crate::config::TlsMode;

    fn server(url: &str) -> ServerTarget {
        match Target::parse(url).unwrap() {
            Target::Server(server) => server,
            Target::Sqlite { path } => panic!("{}", path.display()),
        }
    }

    fn path(url: &str) -> PathBuf {
        match Target::parse(url).unwrap() {
            Target::Sqlite { path } => path,
            Target::Server(server) => panic!("{}", server.place()),
        }
    }

    #[test]
    fn a_url_says_how_its_connection_is_protected() {
        assert_eq!(server("postgres://u@h/d").tls, Tls::default());
        let strict = server("mysql://u:p@h/d?ssl-mode=verify-full&ssl-ca=/etc/ca.pem").tls;
        assert_eq!(strict.mode, Some(TlsMode::VerifyFull));
        assert_eq!(strict.root, Some(PathBuf::from("/etc/ca.pem")));
        let wrong = Target::parse("postgres://u:secret@h/d?sslmode=bogus").unwrap_err().to_string();
        assert!(wrong.contains("sslmode=bogus") && !wrong.contains("secret"), "{wrong}");
        assert!(Target::parse("postgres://u@h/d?application_name=x").is_err());
        let (host, tls) = parse_address("books.internal?sslmode=require").unwrap();
        assert_eq!((host.as_str(), tls.mode), ("books.internal", Some(TlsMode::Require)));
        assert!(parse_address("books.internal?tls=1").is_err());
    }

    #[test]
    fn a_file_may_have_any_name() {
        assert_eq!(path("sqlite://data/main.sqlite"), PathBuf::from("data/main.sqlite"));
        assert_eq!(path("sqlite:///a%3Fb/100%25.sqlite"), PathBuf::from("/a?b/100%.sqlite"));
        assert_eq!(path("sqlite://x.sqlite?mode=rwc"), PathBuf::from("x.sqlite"));
        assert!(Target::parse("sqlite://x.sqlite?immutable=1").is_err());
        assert!(Target::parse("sqlite://").is_err());
    }

    #[test]
    fn an_address_of_ipv6_is_named_with_brackets() {
        let server = server("postgres://u@[::1]:5999/d");
        assert_eq!((server.host.as_str(), server.place().as_str()), ("::1", "[::1]:5999"));
    }
}
