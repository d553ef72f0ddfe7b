//! From what somebody wrote to a value that the setting's kind accepts.

use std::net::SocketAddr;

use tracing_subscriber::EnvFilter;
use url::Url;

use super::{
    range::IpRange,
    setting::{Kind, TimeUnit},
    value::Value,
};

/// What was written: a text, or a list in the file.
#[derive(Clone)]
pub(super) enum Raw {
    Text(String),
    List(Vec<String>),
}

impl Raw {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(list) => list.join(", "),
        }
    }
}

impl Kind {
    /// The value, or `None` when the kind does not allow it ([`Kind::allowed`] says what it does).
    pub(super) fn parse(self, raw: &Raw) -> Option<Value> {
        if let Self::Ranges | Self::Origins = self {
            return self.parse_list(raw);
        }
        let Raw::Text(text) = raw else { return None };
        let text = text.trim();
        match self {
            Self::Flag => flag(text).map(Value::Flag),
            Self::Number(min, max) => within(whole(text)?, min, max),
            Self::Time(unit, min, max) => within(time(text, unit)?, min, max),
            Self::Size(min, max) => within(size(text)?, min, max),
            Self::Word(words) => words
                .iter()
                .find(|word| word.eq_ignore_ascii_case(text))
                .map(|word| Value::Text((*word).to_owned())),
            Self::Secret => {
                (!text.contains(['\n', '\r', '\0'])).then(|| Value::Secret(text.into()))
            }
            Self::Database => (text.is_empty() || is_file(text) || is_server(text, true))
                .then(|| Value::Secret(text.into())),
            Self::DatabaseServer => {
                (text.is_empty() || is_server(text, false)).then(|| Value::Secret(text.into()))
            }
            _ => self.parse_text(text).map(Value::Text),
        }
    }

    fn parse_text(self, text: &str) -> Option<String> {
        let fits = match self {
            Self::Marker => is_marker(text),
            Self::Name => is_name(text),
            Self::Address => text.parse::<SocketAddr>().is_ok(),
            Self::WebUrl => text.is_empty() || web_url(text).is_some(),
            Self::Domain => is_domain(text),
            Self::Folder => !text.is_empty() && !text.contains('\0'),
            Self::Filter => !text.is_empty() && EnvFilter::try_new(text).is_ok(),
            _ => false,
        };
        fits.then(|| if self == Self::Domain { text.to_ascii_lowercase() } else { text.to_owned() })
    }

    fn parse_list(self, raw: &Raw) -> Option<Value> {
        let parts: Vec<&str> = match raw {
            Raw::Text(text) => text.split(',').collect(),
            Raw::List(list) => list.iter().map(String::as_str).collect(),
        };
        let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
        let list: Option<Vec<String>> = match self {
            Self::Ranges => parts
                .map(|part| part.parse::<IpRange>().ok().map(|range| range.to_string()))
                .collect(),
            _ => parts.map(origin).collect(),
        };
        list.map(Value::List)
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn within(number: u64, min: u64, max: u64) -> Option<Value> {
    (min..=max).contains(&number).then_some(Value::Number(number))
}

/// A number and the unit behind it, which may be missing.
fn amount(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    Some((whole(digits)?, unit.trim()))
}

/// A time in the setting's unit; one that is no whole number of it is not understood.
fn time(text: &str, bare: TimeUnit) -> Option<u64> {
    let (number, unit) = amount(text)?;
    let one = match unit {
        "" => bare.milliseconds(),
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    let total = number.checked_mul(one)?;
    let unit = bare.milliseconds();
    (total.checked_rem(unit)? == 0).then(|| total.checked_div(unit)).flatten()
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = amount(text)?;
    let one: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(one)
}

fn is_marker(text: &str) -> bool {
    (2..=14).contains(&text.len())
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/".contains(letter))
}

fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        })
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}

fn origin(text: &str) -> Option<String> {
    let url = web_url(text)?;
    (url.path() == "/").then(|| url.origin().ascii_serialization())
}

/// A SQLite file; a database in memory would be another one for each connection.
fn is_file(text: &str) -> bool {
    text.strip_prefix("sqlite:").is_some_and(|path| {
        let path = path.trim_start_matches("//");
        !path.is_empty() && !path.contains(":memory:") && !path.starts_with('?')
    })
}

fn is_server(text: &str, with_database: bool) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "postgres" | "postgresql" | "mysql" | "mariadb")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && (!with_database || url.path().len() > 1)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn shown(kind: Kind, text: &str) -> Option<String> {
        kind.parse(&Raw::Text(text.into())).map(|value| value.shown())
    }

    #[test]
    fn each_kind_takes_what_it_says_and_nothing_else() {
        let seconds = Kind::Time(TimeUnit::Seconds, 1, 90_000);
        let cases = [
            (Kind::Flag, "YES", Some("true")),
            (Kind::Flag, "0", Some("false")),
            (Kind::Flag, "maybe", None),
            (Kind::Number(1, 9), "9", Some("9")),
            (Kind::Number(1, 9), "10", None),
            (Kind::Number(1, 9), "-1", None),
            (Kind::Number(1, 9), "+1", None),
            (Kind::Number(1, 9), "1.0", None),
            (Kind::Number(0, u64::MAX), "99999999999999999999999", None),
            (seconds, "3600", Some("3600")),
            (seconds, "15m", Some("900")),
            (seconds, "1d", Some("86400")),
            (seconds, "2d", None),
            (seconds, "500ms", None),
            (seconds, "1 h", Some("3600")),
            (seconds, "1y", None),
            (seconds, "m", None),
            (Kind::Size(0, u64::MAX), "5GiB", Some("5368709120")),
            (Kind::Size(0, u64::MAX), "5GB", None),
            (Kind::Size(0, u64::MAX), "99999999999TiB", None),
            (Kind::Word(&["FULL", "NORMAL"]), "full", Some("\"FULL\"")),
            (Kind::Word(&["FULL", "NORMAL"]), "OFF", None),
            (Kind::Marker, "daybook_tenant", Some("\"daybook_tenant\"")),
            (Kind::Marker, "Daybook-tenant", None),
            (Kind::Address, "localhost:80", None),
            (Kind::Address, "[::1]:80", Some("\"[::1]:80\"")),
            (Kind::Ranges, "10.0.0.0/8, ::1", Some("[\"10.0.0.0/8\", \"::1/128\"]")),
            (Kind::Ranges, "10.0.0.1/8", None),
            (Kind::Ranges, "", Some("[]")),
            (Kind::Origins, "https://A.example:443/", Some("[\"https://a.example\"]")),
            (Kind::Origins, "https://a.example/path", None),
            (Kind::WebUrl, "ftp://a.example", None),
            (Kind::WebUrl, "http://user@a.example", None),
            (Kind::WebUrl, "", Some("\"\"")),
            (Kind::Domain, "Books.Example.com", Some("\"books.example.com\"")),
            (Kind::Domain, "-x.com", None),
            (Kind::Folder, "", None),
            (Kind::Filter, "info,sqlx=warn", Some("\"info,sqlx=warn\"")),
            (Kind::Filter, "info,=[", None),
            (Kind::Database, "", Some("not set")),
            (Kind::Database, "postgres://u:p@h/db", Some("set")),
            (Kind::Database, "postgres://u:p@h", None),
            (Kind::Database, "sqlite://data/main.sqlite", Some("set")),
            (Kind::Database, "sqlite://", None),
            (Kind::Database, "sqlite::memory:", None),
            (Kind::DatabaseServer, "mysql://u:p@h:3306", Some("set")),
            (Kind::DatabaseServer, "sqlite://data/x.sqlite", None),
            (Kind::Database, "mongodb://h/db", None),
            (Kind::Secret, "two\nlines", None),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(shown(kind, text).as_deref(), expected, "{kind:?} {text}");
        }
        assert!(Kind::Flag.parse(&Raw::List(vec!["true".into()])).is_none());
    }
}
