//! What is known of one setting: its name, kind, default, bounds, old names, and why it exists.

/// One setting. Everything that reads, lists, explains or refuses settings works from these.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// `section.key`, as in the file and in `--set`.
    pub key: &'static str,
    /// What a value may be.
    pub kind: Kind,
    /// What holds when nobody says otherwise.
    pub default: Fallback,
    /// One sentence: what it does and why one would change it.
    pub why: &'static str,
    /// What else one has to know; empty for most.
    pub note: &'static str,
    /// Environment names of older systems that mean the same.
    pub old: &'static [&'static str],
    /// Environment names of older systems that mean it together.
    pub parts: &'static [&'static str],
}

/// The value of a setting that nobody set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The same everywhere; empty means not set.
    Fixed(&'static str),
    /// Depends on the environment.
    Per {
        /// In development.
        development: &'static str,
        /// In production.
        production: &'static str,
    },
    /// As many as the machine has processor cores.
    Cores,
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Flag,
    /// A whole number within bounds, both included.
    Number(u64, u64),
    /// A length of time in a unit, within bounds in that unit, both included.
    Time(TimeUnit, u64, u64),
    /// A number of bytes within bounds, both included.
    Size(u64, u64),
    /// One of a few words.
    Word(&'static [&'static str]),
    /// Lower-case letters, digits and underscores, a letter first: goes into database names.
    Marker,
    /// A name without spaces.
    Name,
    /// An IP address and port.
    Address,
    /// IP addresses and networks.
    Ranges,
    /// Origins of web pages: scheme, host and port.
    Origins,
    /// An http or https URL, or nothing.
    WebUrl,
    /// A domain name.
    Domain,
    /// A folder.
    Folder,
    /// What to log: a level, or levels per module.
    Filter,
    /// Where a database is; may hold a password.
    Database,
    /// A database server; may hold a password.
    DatabaseServer,
    /// A secret text.
    Secret,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TimeUnit {
    Milliseconds,
    Seconds,
    Hours,
    Days,
}

impl Setting {
    pub(super) const fn new(
        key: &'static str,
        kind: Kind,
        default: Fallback,
        why: &'static str,
    ) -> Self {
        Self { key, kind, default, why, note: "", old: &[], parts: &[] }
    }

    pub(super) const fn old(self, old: &'static [&'static str]) -> Self {
        Self { old, ..self }
    }

    pub(super) const fn parts(self, parts: &'static [&'static str]) -> Self {
        Self { parts, ..self }
    }

    pub(super) const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// All that is said of it: what it does, and what else one has to know.
    pub fn words(&self) -> String {
        if self.note.is_empty() {
            self.why.to_owned()
        } else {
            format!("{} {}", self.why, self.note)
        }
    }

    /// Its name in the environment: `DAYBOOK_SECTION_KEY`.
    pub fn env(&self) -> String {
        format!("{}{}", super::ENV_PREFIX, self.key.replace('.', "_").to_ascii_uppercase())
    }

    /// The section in the file; empty for what stands above all sections.
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or("", |(section, _)| section)
    }

    /// The key inside its section.
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }

    /// The unit of a bare number, or nothing.
    pub fn unit(&self) -> &'static str {
        match self.key.rsplit_once('_') {
            Some((_, "kib")) => "KiB",
            Some((_, "percent")) => "percent",
            _ => self.kind.unit(),
        }
    }

    /// Whether its value is never shown.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::Database | Kind::DatabaseServer)
    }
}

impl Kind {
    /// The unit of a bare number, or nothing.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Time(unit, ..) => unit.name(),
            Self::Size(..) => "bytes",
            _ => "",
        }
    }

    /// What is allowed, for a person who wrote something else.
    pub fn allowed(self) -> String {
        match self {
            Self::Flag => "true or false".into(),
            Self::Number(min, max) => format!("a whole number from {min} to {max}"),
            Self::Time(unit, min, max) => {
                format!(
                    "from {min} to {max} {}, or with a unit as in 500ms, 30s, 15m, 1h, 1d",
                    unit.name()
                )
            }
            Self::Size(min, max) => {
                format!("from {min} to {max} bytes, or with a unit as in 512KiB, 10MiB, 5GiB")
            }
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Marker => {
                "2 to 14 lower-case letters, digits and underscores, a letter first".into()
            }
            Self::Name => "1 to 100 letters, digits and . _ - /".into(),
            Self::Address => "an IP address and a port, as in 127.0.0.1:8080 or [::1]:8080".into(),
            Self::Ranges => {
                "IP addresses and networks, as in 10.0.0.0/8 or ::1 (the host part all zero)".into()
            }
            Self::Origins => {
                "scheme, host and port of web pages, as in https://app.example.com".into()
            }
            Self::WebUrl => {
                "an http:// or https:// URL without user, query or fragment, or empty".into()
            }
            Self::Domain => "a domain name, as in localhost or books.example.com".into(),
            Self::Folder => "a folder's path".into(),
            Self::Filter => {
                "error, warn, info, debug, trace or off, or levels per module as in info,sqlx=warn"
                    .into()
            }
            Self::Database => "sqlite://path, postgres://user:password@host:port/name, \
                 mysql://user:password@host:port/name, or empty"
                .into(),
            Self::DatabaseServer => "postgres://user:password@host:port, \
                 mysql://user:password@host:port, or empty"
                .into(),
            Self::Secret => "a text in one line".into(),
        }
    }
}

impl TimeUnit {
    /// How it is written out.
    pub fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
            Self::Hours => "hours",
            Self::Days => "days",
        }
    }

    /// How long it is.
    pub fn milliseconds(self) -> u64 {
        match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
        }
    }
}
