//! From the sources to one value per setting, each with where it came from.

use std::collections::BTreeMap;

use super::{
    ENV_PREFIX, Problem, old,
    parse::Raw,
    sections::{self, ENVIRONMENT, find, table},
    setting::{Fallback, Setting},
    source::{FileText, Source, Sources, nearest, nearest_key},
    value::{Field, Value},
};

/// Names with our prefix that are not settings: they steer tests and samples, or bring a command a
/// password.
const EXEMPT: &[&str] = &[
    "DAYBOOK_TEST_",
    "DAYBOOK_SAMPLES",
    "DAYBOOK_ADMIN_PASSWORD",
    "DAYBOOK_OWNER_PASSWORD",
    "DAYBOOK_DEMO_PASSWORD",
    // A release knows no faults on demand and refuses to start with this, like any unknown name.
    #[cfg(debug_assertions)]
    "DAYBOOK_FAULT",
];

/// The effective values.
#[derive(Debug, Clone, Default)]
pub(super) struct Values(BTreeMap<&'static str, (Value, Source)>);

impl Values {
    /// A typed field of a section.
    pub(super) fn field<T: Field>(&self, key: &str) -> Result<T, Problem> {
        self.get(key)
            .and_then(|(value, _)| T::from_value(value))
            .ok_or_else(|| Problem::new(key, "the program's table of settings contradicts itself"))
    }

    pub(super) fn get(&self, key: &str) -> Option<&(Value, Source)> {
        self.0.get(key)
    }

    pub(super) fn set(&mut self, key: &'static str, value: Value, source: Source) {
        self.0.insert(key, (value, source));
    }
}

/// The values, complete whatever is wrong (a default stands in), and everything that is wrong.
pub(super) fn resolve(sources: &Sources) -> (Values, Vec<Problem>) {
    let mut layers = Layers { problems: sources.problems.clone(), ..Layers::default() };
    if let Some(file) = &sources.file {
        layers.file(file);
    }
    old::read(&sources.env, &mut layers);
    layers.env(&sources.env);
    layers.flags(&sources.flags);
    old::master_beside_main(&sources.env, &mut layers);
    layers.fall_back(sources.cores);
    (layers.values, layers.problems)
}

/// Values laid over each other, and what was wrong on the way.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) values: Values,
    pub(super) problems: Vec<Problem>,
}

impl Layers {
    /// Takes what was written for a setting, or notes that it is not allowed. It replaces what an
    /// earlier layer said.
    pub(super) fn take(&mut self, setting: &'static Setting, name: &str, raw: &Raw, from: Source) {
        match setting.kind.parse(raw) {
            Some(value) => self.values.set(setting.key, value, from),
            None => self.refuse(setting, name, raw, &from),
        }
    }

    pub(super) fn refuse(&mut self, setting: &Setting, name: &str, raw: &Raw, from: &Source) {
        let allowed = setting.kind.allowed();
        self.problems.push(if setting.is_secret() {
            Problem::new(name, format!("allowed is {allowed}; {}", left_out(&raw.shown()))).at(from)
        } else {
            let problem = Problem::new(name, format!("allowed is {allowed}")).at(from);
            problem.with_value(&raw.shown())
        });
    }

    fn unknown(
        &mut self,
        name: &str,
        raw: &Raw,
        from: impl std::fmt::Display,
        nearest: Option<String>,
    ) {
        let message = match &nearest {
            Some(known) => format!("there is no such setting; {known} is the nearest"),
            None => "there is no such setting; daybook.default.toml lists all".to_owned(),
        };
        let hidden = may_be_secret(name, &raw.shown())
            || nearest.is_some_and(|known| may_be_secret(&known, ""));
        self.problems.push(if hidden {
            Problem::new(name, format!("{message}; {}", left_out(&raw.shown()))).at(from)
        } else {
            Problem::new(name, message).at(from).with_value(&raw.shown())
        });
    }

    fn file(&mut self, file: &FileText) {
        let source = Source::File(file.name.clone());
        let root: toml::Table = match toml::from_str(&file.text) {
            Ok(root) => root,
            Err(error) => {
                // Not the error's own text: it quotes the line, which may hold a secret.
                let before = error.span().and_then(|span| file.text.get(..span.start));
                let line = before.map_or(1, |text| text.matches('\n').count().saturating_add(1));
                let message = format!("line {line} is not TOML (a text needs quotes)");
                self.problems.push(Problem::new(file.name.clone(), message));
                return;
            }
        };
        for (name, value) in root {
            let is_section = sections::table().iter().any(|known| known.section() == name);
            match value {
                toml::Value::Table(section) => {
                    for (key, value) in section {
                        self.file_value(&format!("{name}.{key}"), value, &source);
                    }
                }
                _ if is_section => self.problems.push(
                    Problem::new(name.clone(), format!("is a section; write [{name}]")).at(&source),
                ),
                value => self.file_value(&name, value, &source),
            }
        }
    }

    fn file_value(&mut self, key: &str, value: toml::Value, source: &Source) {
        let raw = raw(value);
        match find(key) {
            Some(setting) => self.take(setting, key, &raw, source.clone()),
            None => self.unknown(key, &raw, source, nearest_key(key)),
        }
    }

    /// Names of ours. An empty value counts as none, as start scripts leave it behind.
    fn env(&mut self, env: &BTreeMap<String, String>) {
        for (name, value) in env {
            if !name.starts_with(ENV_PREFIX)
                || value.is_empty()
                || EXEMPT.iter().any(|exempt| name.starts_with(exempt))
            {
                continue;
            }
            let source = Source::Env(name.clone());
            let raw = Raw::Text(value.clone());
            match table().iter().find(|setting| setting.env() == *name) {
                Some(setting) => self.take(setting, setting.key, &raw, source),
                None => {
                    let nearest = nearest(name, table().iter().map(Setting::env));
                    self.unknown(name, &raw, "environment", nearest);
                }
            }
        }
    }

    fn flags(&mut self, flags: &[(String, String)]) {
        for (key, value) in flags {
            let raw = Raw::Text(value.clone());
            match find(key) {
                Some(setting) => self.take(setting, key, &raw, Source::Flag),
                None => self.unknown(key, &raw, Source::Flag, nearest_key(key)),
            }
        }
    }

    fn fall_back(&mut self, cores: usize) {
        let production = self
            .values
            .get(ENVIRONMENT.key)
            .is_some_and(|(value, _)| value.same(&Value::Text("production".into())));
        for setting in table() {
            if self.values.get(setting.key).is_some() {
                continue;
            }
            let text = match setting.default {
                Fallback::Fixed(text) => text.to_owned(),
                Fallback::Per { production: text, .. } if production => text.to_owned(),
                Fallback::Per { development: text, .. } => text.to_owned(),
                Fallback::Cores => cores.to_string(),
            };
            self.take(setting, setting.key, &Raw::Text(text), Source::Default);
        }
    }
}

/// A value of the file as text, or as a list of texts.
fn raw(value: toml::Value) -> Raw {
    match value {
        toml::Value::String(text) => Raw::Text(text),
        toml::Value::Array(list) => {
            Raw::List(list.into_iter().map(|item| raw(item).shown()).collect())
        }
        other => Raw::Text(other.to_string()),
    }
}

/// Says of a value that it is not repeated, and why.
pub(super) fn left_out(value: &str) -> String {
    let length = value.chars().count();
    format!("the value of {length} characters is left out here, since it may hold a secret")
}

/// Whether a name or a value looks as if it should not be repeated.
fn may_be_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["secret", "key", "pass", "token", "url", "conn", "cred", "jwt"]
        .iter()
        .any(|word| name.contains(word))
        || (value.contains("://") && value.contains('@'))
}
