//! Where settings come from.

use std::{
    collections::BTreeMap,
    fmt,
    num::NonZero,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use super::{ENV_PREFIX, FILE_NAME, Problem, old, sections};

/// Everything that settings are made from; loading reads nothing else.
#[derive(Clone)]
pub struct Sources {
    /// The settings file, when there is one.
    pub file: Option<FileText>,
    /// Names and values of the environment; other names are passed over.
    pub env: BTreeMap<String, String>,
    /// Flags as `section.key` and value; a later one wins.
    pub flags: Vec<(String, String)>,
    /// What could not be read; told together with whatever else is wrong.
    pub problems: Vec<Problem>,
    /// Processor cores of the machine.
    pub cores: usize,
}

/// A settings file.
#[derive(Clone)]
pub struct FileText {
    /// Its name, for messages.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// Where an effective value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The settings file of that name.
    File(String),
    /// The environment, under that name or those names.
    Env(String),
    /// The command line.
    Flag,
    /// Made by the program and kept in that file.
    Kept(PathBuf),
}

impl Default for Sources {
    /// Nothing but defaults, on a machine with one core.
    fn default() -> Self {
        Self { file: None, env: BTreeMap::new(), flags: Vec::new(), problems: Vec::new(), cores: 1 }
    }
}

impl Sources {
    /// What this process was given: the named file (or `daybook.toml` in the working folder, when it
    /// exists), the environment, and what followed each `--set`. The only place that reads the
    /// environment. What cannot be read is among the problems that loading tells.
    pub fn of_process(file: Option<&Path>, set: &[String]) -> Self {
        let mut problems = Vec::new();
        let mut env = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            if !name.starts_with(ENV_PREFIX) && !old::is_old_name(&name) {
                continue;
            }
            match value.into_string() {
                Ok(value) => drop(env.insert(name, value)),
                Err(_) => problems.push(Problem::new(name, "not text in UTF-8").at("environment")),
            }
        }
        let path = file.unwrap_or(Path::new(FILE_NAME));
        let read = match std::fs::read_to_string(path) {
            Ok(text) => Some(FileText { name: path.display().to_string(), text }),
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let key = path.display().to_string();
                problems.push(Problem::new(key, format!("the file cannot be read: {error}")));
                None
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { file: read, env, flags: Vec::new(), problems, cores }.with_set(set)
    }

    /// A password that the environment brings for one command, under a name that is no setting.
    #[expect(clippy::disallowed_methods, reason = "environment is read in this file only")]
    pub fn password_of_process(name: &str) -> Option<SecretString> {
        std::env::var(name).ok().filter(|text| !text.is_empty()).map(SecretString::from)
    }

    /// These sources with what followed each `--set`: `section.key=value`.
    #[must_use]
    pub fn with_set(mut self, set: &[String]) -> Self {
        for text in set {
            match text.split_once('=') {
                Some((key, value)) => self.flags.push((key.trim().to_owned(), value.to_owned())),
                None => {
                    let message = "write --set section.key=value, as in --set log.level=debug";
                    self.problems.push(Problem::new(text, message).at(Source::Flag));
                }
            }
        }
        self
    }

    /// These sources with one more flag.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.flags.push((key.to_owned(), value.to_owned()));
        self
    }

    /// These sources with one more name in the environment.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// These sources with a settings file.
    #[must_use]
    pub fn with_file(mut self, text: &str) -> Self {
        self.file = Some(FileText { name: FILE_NAME.to_owned(), text: text.to_owned() });
        self
    }
}

impl fmt::Debug for Sources {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("file", &self.file)
            .field("env", &self.env.keys())
            .field("flags", &self.flags.iter().map(|(key, _)| key).collect::<Vec<_>>())
            .field("problems", &self.problems)
            .field("cores", &self.cores)
            .finish()
    }
}

impl fmt::Debug for FileText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileText({})", self.name)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File(name) => write!(f, "file {name}"),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::Flag => write!(f, "flag"),
            Self::Kept(path) => write!(f, "made once, kept in {}", path.display()),
        }
    }
}

/// A sentence that names the closest thing that exists, or nothing when none is close.
pub(super) fn nearest(written: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|name| (strsim::damerau_levenshtein(written, &name), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(2))
        .map(|(_, name)| name)
}

/// The key that somebody probably meant: close as a whole, or the same inside another section.
pub(super) fn nearest_key(written: &str) -> Option<String> {
    let keys = || sections::table().iter().map(|setting| setting.key);
    let last = written.rsplit('.').next().unwrap_or(written);
    nearest(written, keys().map(str::to_owned)).or_else(|| {
        let mut same = keys().filter(|key| key.rsplit('.').next() == Some(last));
        same.next().filter(|_| same.next().is_none()).map(str::to_owned)
    })
}
