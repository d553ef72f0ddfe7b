//! What is wrong with the settings, all of it.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting or name, as it was written.
    pub key: String,
    /// Where it was written; empty for what follows from several settings.
    pub place: String,
    /// The value, unless it is or may be a secret.
    pub value: Option<String>,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// Settings with which the program does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Bad(pub Vec<Problem>);

impl Problem {
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), place: String::new(), value: None, message: message.into() }
    }

    pub(super) fn at(self, place: impl fmt::Display) -> Self {
        Self { place: place.to_string(), ..self }
    }

    /// Shows the value, cut when long.
    pub(super) fn with_value(self, value: &str) -> Self {
        let cut: String = value.chars().take(80).collect();
        let value = if cut.len() < value.len() { format!("{cut}…") } else { cut };
        Self { value: Some(value), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value:?}")?;
        }
        if !self.place.is_empty() {
            write!(f, " ({})", self.place)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "a setting is wrong:").and_then(|()| write!(f, "\n  {one}")),
            all => {
                write!(f, "{} settings are wrong:", all.len())?;
                all.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}
