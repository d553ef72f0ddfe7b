//! Environment names of the systems that Daybook replaces, where they still make sense.
//!
//! A name of ours beats them; two of them that mean the same and disagree are refused.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use url::Url;

use super::{
    Problem,
    parse::Raw,
    resolve::Layers,
    sections::{find, table},
    setting::Setting,
    source::Source,
    value::Value,
};

type Env = BTreeMap<String, String>;

/// Whether some setting honours that name.
pub(super) fn is_old_name(name: &str) -> bool {
    table().iter().any(|setting| setting.old.contains(&name) || setting.parts.contains(&name))
}

/// Takes the old names into the layers.
pub(super) fn read(env: &Env, layers: &mut Layers) {
    for setting in table() {
        if given(env, &setting.env()).is_some() {
            continue;
        }
        let mut found: Vec<(String, Value)> = Vec::new();
        for name in setting.old {
            let Some(text) = given(env, name) else { continue };
            let raw = Raw::Text(translate(env, name, text));
            match setting.kind.parse(&raw) {
                Some(value) => found.push(((*name).to_owned(), value)),
                None => layers.refuse(setting, setting.key, &raw, &Source::Env((*name).into())),
            }
        }
        if setting.key == "main.url" {
            found.extend(composed(env, setting, !found.is_empty(), layers));
        }
        agree(setting, found, layers);
    }
}

/// `MASTER_DB_NAME`: the master database on the server of the main one, whoever named that.
pub(super) fn master_beside_main(env: &Env, layers: &mut Layers) {
    let (Some(name), Some(setting)) = (given(env, "MASTER_DB_NAME"), find("master.url")) else {
        return;
    };
    let by_name = match layers.values.get(setting.key) {
        Some((_, Source::Flag)) => return,
        Some((_, Source::Env(source))) if *source == setting.env() => return,
        Some((value, Source::Env(source))) => Some((source.clone(), value.clone())),
        _ => None,
    };
    let main = match layers.values.get("main.url") {
        Some((Value::Secret(url), _)) => Url::parse(url.expose_secret()).ok(),
        _ => None,
    };
    let Some(mut url) = main.filter(|url| url.scheme() != "sqlite" && url.has_host()) else {
        let message = "names a database on the server of the main one, but main is on no server; \
            set DB_NAME with DB_HOST, or DAYBOOK_MASTER_URL";
        layers.problems.push(Problem::new("MASTER_DB_NAME", message).with_value(name));
        return;
    };
    url.set_path(name);
    let value = Value::Secret(url.as_str().into());
    let found = by_name.into_iter().chain([("MASTER_DB_NAME".to_owned(), value)]).collect();
    agree(setting, found, layers);
}

/// Takes what the names agree on.
fn agree(setting: &'static Setting, found: Vec<(String, Value)>, layers: &mut Layers) {
    let Some((first_name, first)) = found.first() else { return };
    match found.iter().find(|(_, value)| !same_place(first, value)) {
        None => layers.values.set(setting.key, first.clone(), Source::Env(first_name.clone())),
        Some((other, _)) => {
            let message = format!(
                "{first_name} and {other} say different things; keep one of them, or set {}",
                setting.env()
            );
            layers.problems.push(Problem::new(setting.key, message).at("environment"));
        }
    }
}

/// Equal values; of database URLs, whether they lead to the same place as the same user.
fn same_place(a: &Value, b: &Value) -> bool {
    if a.same(b) {
        return true;
    }
    let parts = |value: &Value| match value {
        Value::Secret(text) => Url::parse(text.expose_secret()).ok().and_then(|url| {
            let (engine, port) = engine(url.scheme())?;
            Some((
                engine,
                url.host_str()?.to_owned(),
                url.port().unwrap_or(port),
                url.username().to_owned(),
                url.password().unwrap_or_default().to_owned(),
                url.path().to_owned(),
            ))
        }),
        _ => None,
    };
    matches!((parts(a), parts(b)), (Some(a), Some(b)) if a == b)
}

/// `DB_NAME` and its companions, as a URL.
fn composed(
    env: &Env,
    setting: &Setting,
    has_url: bool,
    layers: &mut Layers,
) -> Option<(String, Value)> {
    let of = |name| given(env, name);
    let Some(database) = of("DB_NAME") else {
        // DB_PASSWORD alone belongs to a CONN_STR_LOCAL without one.
        let lost = ["DB_HOST", "DB_USER", "DB_PORT", "DB_DIALECT"];
        for name in lost.into_iter().filter(|name| !has_url && of(name).is_some()) {
            layers.problems.push(Problem::new(name, "is set without DB_NAME").at("environment"));
        }
        return None;
    };
    let port = of("DB_PORT").map(str::parse::<u16>);
    let engine = match (of("DB_DIALECT"), &port) {
        (Some(dialect), _) => engine(&dialect.to_ascii_lowercase()),
        (None, Some(Ok(5432))) => Some(("postgres", 5432)),
        (None, _) => Some(("mysql", 3306)),
    };
    if engine.is_none() {
        let problem = Problem::new("DB_DIALECT", "allowed is postgres, mysql or mariadb");
        let problem = problem.with_value(of("DB_DIALECT").unwrap_or_default());
        layers.problems.push(problem.at("environment"));
    }
    if !matches!(port, None | Some(Ok(1..))) {
        let problem = Problem::new("DB_PORT", "allowed is a port from 1 to 65535");
        let problem = problem.with_value(of("DB_PORT").unwrap_or_default());
        layers.problems.push(problem.at("environment"));
    }
    let (scheme, default_port) = engine?;
    let port = port.unwrap_or(Ok(default_port)).ok().filter(|port| *port > 0)?;
    let host = of("DB_HOST").unwrap_or("127.0.0.1");
    let Ok(mut url) = Url::parse(&format!("{scheme}://host/")) else { return None };
    let user = of("DB_USER").unwrap_or(if scheme == "mysql" { "root" } else { "postgres" });
    let is_set = url.set_host(Some(host)).is_ok()
        && url.set_port(Some(port)).is_ok()
        && url.set_username(user).is_ok()
        && url.set_password(of("DB_PASSWORD")).is_ok();
    url.set_path(database);
    let value = setting.kind.parse(&Raw::Text(url.into())).filter(|_| is_set);
    if value.is_none() {
        let problem = Problem::new("DB_HOST", "allowed is a host name or an address");
        layers.problems.push(problem.with_value(host).at("environment"));
    }
    value.map(|value| ("DB_NAME".to_owned(), value))
}

/// The engine's scheme and usual port, from any of its names.
fn engine(name: &str) -> Option<(&'static str, u16)> {
    match name {
        "postgres" | "postgresql" => Some(("postgres", 5432)),
        "mysql" | "mariadb" => Some(("mysql", 3306)),
        _ => None,
    }
}

/// What an old value means here.
fn translate(env: &Env, name: &str, text: &str) -> String {
    match (name, text) {
        ("NODE_ENV", "test") => "development".to_owned(),
        ("CONN_STR_LOCAL", _) => with_password(text, given(env, "DB_PASSWORD")),
        _ => text.to_owned(),
    }
}

/// The URL with that password, when it names a user and no password.
fn with_password(text: &str, password: Option<&str>) -> String {
    let url = Url::parse(text).ok().filter(|url| {
        engine(url.scheme()).is_some() && !url.username().is_empty() && url.password().is_none()
    });
    let (Some(mut url), Some(password)) = (url, password) else { return text.to_owned() };
    match url.set_password(Some(password)) {
        Ok(()) => url.into(),
        Err(()) => text.to_owned(),
    }
}

/// A name's value; an empty one counts as none.
fn given<'env>(env: &'env Env, name: &str) -> Option<&'env str> {
    env.get(name).map(String::as_str).filter(|value| !value.is_empty())
}
