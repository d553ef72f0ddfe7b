//! Where a test's databases are: a folder, or databases of their own on a server.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io::Write,
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};

/// What every test's names begin with; 6 digits of the time and 4 by chance follow.
const MARK: &str = "dbit";
const STAMP_DIGITS: usize = 6;
const CHANCE_DIGITS: usize = 4;
/// A test's databases older than this were left behind by one that was killed.
const LEFT_BEHIND_SECONDS: u64 = 3_600;

/// How databases are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
    MariaDb,
}

impl Engine {
    /// Address without a database; none for SQLite.
    #[expect(clippy::disallowed_methods, reason = "a switch of these tests, not a setting")]
    pub fn server(self) -> Option<String> {
        let (name, usual) = match self {
            Self::Sqlite => return None,
            Self::Postgres => ("DAYBOOK_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432"),
            Self::MariaDb => ("DAYBOOK_TEST_MYSQL", "mysql://root@127.0.0.1:3306"),
        };
        let address = std::env::var(name).unwrap_or_else(|_| usual.to_owned());
        Some(address.trim_end_matches('/').to_owned())
    }

    /// The connection from which databases are made and dropped.
    async fn office(self) -> Result<DatabaseConnection, DbErr> {
        let database = if self == Self::Postgres { "postgres" } else { "mysql" };
        let mut options =
            ConnectOptions::new(format!("{}/{database}", self.server().unwrap_or_default()));
        options
            .max_connections(1)
            .connect_timeout(Duration::from_secs(5))
            .acquire_timeout(Duration::from_secs(5))
            .sqlx_logging(false);
        #[expect(clippy::disallowed_methods, reason = "not the program's own connection")]
        Database::connect(options).await
    }

    /// Whether a test can run here; says once what is skipped, or fails where nothing may be.
    #[expect(clippy::disallowed_methods, reason = "a switch of these tests, not a setting")]
    pub async fn is_there(self) -> bool {
        static NAMED: Mutex<Option<HashSet<Engine>>> = Mutex::new(None);
        if self == Self::Sqlite {
            return true;
        }
        let Err(why) = self.office().await else { return true };
        let required = std::env::var("DAYBOOK_TEST_REQUIRE_ALL").is_ok_and(|value| value == "1");
        assert!(!required, "{self:?} does not answer: {why}");
        if NAMED.lock().unwrap().get_or_insert_default().insert(self) {
            let line = format!("skipped: everything on {self:?}, which does not answer\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
        false
    }

    /// Makes a database on the server.
    pub async fn create(self, name: &str) {
        let text = format!("CREATE DATABASE {name}");
        self.office().await.unwrap().execute_unprepared(&text).await.unwrap();
    }

    /// Drops what names of this marker are left, and what killed tests left behind.
    pub async fn clear(self, marker: Option<&str>) {
        if self == Self::Sqlite {
            return;
        }
        let office = self.office().await.unwrap();
        let goes = |name: &str| match marker {
            Some(marker) => name.strip_prefix(marker).is_some_and(|rest| rest.starts_with('_')),
            None => is_left_behind(name),
        };
        let (databases, roles, force) = match self {
            Self::Postgres => (
                "SELECT datname AS name FROM pg_database",
                "SELECT rolname AS name FROM pg_roles",
                " WITH (FORCE)",
            ),
            _ => (
                "SELECT schema_name AS name FROM information_schema.schemata",
                "SELECT User AS name FROM mysql.user WHERE Host = '%'",
                "",
            ),
        };
        for name in names(&office, databases).await.iter().filter(|name| goes(name)) {
            // Templates of PostgreSQL are marked as such and are dropped only without the mark.
            if self == Self::Postgres {
                let unmark = format!("ALTER DATABASE \"{name}\" IS_TEMPLATE false");
                office.execute_unprepared(&unmark).await.ok();
            }
            let drop = match self {
                Self::Postgres => format!("DROP DATABASE IF EXISTS \"{name}\"{force}"),
                _ => format!("DROP DATABASE IF EXISTS `{name}`"),
            };
            // Somebody else's sweep may be dropping the same one.
            if let Err(why) = office.execute_unprepared(&drop).await {
                assert!(marker.is_none(), "{name}: {why}");
            }
        }
        for name in names(&office, roles).await.iter().filter(|name| goes(name)) {
            let drop = match self {
                Self::Postgres => format!("DROP ROLE IF EXISTS \"{name}\""),
                _ => format!("DROP USER IF EXISTS '{name}'@'%'"),
            };
            office.execute_unprepared(&drop).await.ok();
        }
        office.close().await.unwrap();
    }
}

async fn names(office: &DatabaseConnection, query: &str) -> Vec<String> {
    let ask = Statement::from_string(office.get_database_backend(), query);
    let rows = office.query_all_raw(ask).await.unwrap();
    rows.iter().map(|row| row.try_get::<String>("", "name").unwrap()).collect()
}

/// A marker that no other test has: what databases of one test begin with.
pub fn new_marker() -> String {
    let chance = RandomState::new().hash_one("marker");
    format!("{MARK}{}{}", digits(seconds(), STAMP_DIGITS), digits(chance, CHANCE_DIGITS))
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn digits(mut number: u64, count: usize) -> String {
    let mut text: Vec<char> = Vec::new();
    for _ in 0..count {
        text.push(char::from_digit(u32::try_from(number % 36).unwrap(), 36).unwrap());
        number /= 36;
    }
    text.iter().rev().collect()
}

fn is_left_behind(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(MARK) else { return false };
    let Some((stamp, rest)) = rest.split_at_checked(STAMP_DIGITS) else { return false };
    let Ok(made) = u64::from_str_radix(stamp, 36) else { return false };
    let is_ours = rest.split_at_checked(CHANCE_DIGITS).is_some_and(|(_, end)| end.starts_with('_'));
    is_ours && made.saturating_add(LEFT_BEHIND_SECONDS) < seconds()
}

#[test]
fn only_what_tests_left_behind_is_swept() {
    let old = format!("{MARK}{}abcd", digits(seconds() - 2 * LEFT_BEHIND_SECONDS, STAMP_DIGITS));
    assert!(is_left_behind(&format!("{old}_main")));
    assert!(!is_left_behind(&format!("{}_main", new_marker())));
    assert!(!is_left_behind(&old));
    for other in ["daybook_main", "dbit", "dbit_main", "postgres"] {
        assert!(!is_left_behind(other), "{other}");
    }
}
