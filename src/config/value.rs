//! Values as they were understood, and the small types that the typed sections hold.

use std::{net::SocketAddr, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::range::IpRange;

/// A value that its setting's kind accepts.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Flag(bool),
    Number(u64),
    Text(String),
    List(Vec<String>),
    Secret(SecretString),
}

impl Value {
    /// For showing; a secret only as whether it is set.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("{text:?}"),
            Self::List(list) => format!("{list:?}"),
            Self::Secret(secret) if secret.expose_secret().is_empty() => "not set".into(),
            Self::Secret(_) => "set".into(),
        }
    }

    /// For showing where something is wrong: without quotes, which are put around it there. Nothing of
    /// a secret.
    pub(super) fn written(&self) -> Option<String> {
        match self {
            Self::Secret(_) => None,
            Self::Text(text) => Some(text.clone()),
            other => Some(other.shown()),
        }
    }

    /// Whether both mean the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Flag(a), Self::Flag(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Secret(a), Self::Secret(b)) => a.expose_secret() == b.expose_secret(),
            _ => false,
        }
    }
}

/// Where an instance runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// On somebody's own machine: listens there only, shows everything, makes its own secrets.
    Development,
    /// For others: needs its own secrets, hides the schema from strangers.
    Production,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person.
    Text,
    /// One JSON object a line, for a program.
    Json,
}

/// What a SQLite commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqliteSynchronous {
    /// Until the disk has it: an acknowledged write survives a power cut.
    Full,
    /// A power cut may lose the last commits; the file stays whole.
    Normal,
}

/// A field of a section, made from its setting's value. `None`: the table and the section disagree.
pub(super) trait Field: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

impl Field for bool {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }
}

macro_rules! number_field {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Number(number) => (*number).try_into().ok(),
                    _ => None,
                }
            }
        }
    )*};
}
number_field!(u64, u32, usize);

impl Field for String {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

macro_rules! text_field {
    ($($type:ty: $read:expr),* $(,)?) => {$(
        impl Field for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Text(text) => $read(text.as_str()),
                    _ => None,
                }
            }
        }
    )*};
}
text_field! {
    PathBuf: |text: &str| Some(PathBuf::from(text)),
    SocketAddr: |text: &str| text.parse().ok(),
    Option<Url>: |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) },
    Environment: |text| match text {
        "development" => Some(Environment::Development),
        "production" => Some(Environment::Production),
        _ => None,
    },
    LogFormat: |text| match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    },
    SqliteSynchronous: |text| match text {
        "FULL" => Some(SqliteSynchronous::Full),
        "NORMAL" => Some(SqliteSynchronous::Normal),
        _ => None,
    },
}

impl Field for Vec<String> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::List(list) => Some(list.clone()),
            _ => None,
        }
    }
}

impl Field for Vec<IpRange> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::List(list) => list.iter().map(|text| text.parse().ok()).collect(),
            _ => None,
        }
    }
}

impl Field for Option<SecretString> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Secret(secret) if secret.expose_secret().is_empty() => Some(None),
            Value::Secret(secret) => Some(Some(secret.clone())),
            _ => None,
        }
    }
}
