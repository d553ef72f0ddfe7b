//! Settings: defaults, then `daybook.toml`, then the environment, then flags; checked once at start.
//!
//! Every setting is one line in `sections`: that line makes the typed field, its documentation, the
//! parser, `daybook.default.toml`, the table in the README and what `daybook config --explain` says.
//! Whatever is wrong is told at once, with what is allowed, and never with the value of a secret.

mod check;
mod document;
mod explain;
mod old;
mod parse;
mod place;
mod problem;
mod range;
mod resolve;
pub mod secrets;
mod sections;
mod setting;
mod source;
mod strength;
mod tls;
mod value;

use secrecy::{ExposeSecret, SecretString};

pub use document::{default_file, settings_table};
pub use problem::{Bad, Problem};
pub use range::IpRange;
pub use sections::{
    Data, Demo, Files, Jobs, Lane, Limits, Log, Main, Master, Nodes, Security, Server,
    Subscriptions, Telemetry, Tenants, table,
};
pub use setting::{Fallback, Kind, Setting, TimeUnit};
pub use source::{FileText, Source, Sources};
pub use strength::weakness;
pub use tls::{Tls, TlsMode};
pub use value::{Environment, LogFormat, SqliteSynchronous};

use resolve::Values;

/// How names of settings begin in the environment.
const ENV_PREFIX: &str = "DAYBOOK_";

/// The file that is read when no other is named, when it exists.
pub const FILE_NAME: &str = "daybook.toml";

/// All settings of an instance, as they hold.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each section says what it is")]
pub struct Config {
    /// Whether the instance serves others.
    pub environment: Environment,
    pub server: Server,
    pub data: Data,
    pub main: Main,
    pub master: Master,
    pub tenants: Tenants,
    pub security: Security,
    pub limits: Limits,
    pub subscriptions: Subscriptions,
    pub files: Files,
    pub lane: Lane,
    pub nodes: Nodes,
    pub jobs: Jobs,
    pub log: Log,
    pub telemetry: Telemetry,
    pub demo: Demo,
    values: Values,
}

impl Config {
    /// Puts the settings together from their sources, and from nothing else. Whether they fit each
    /// other is [`Config::check`]'s question.
    ///
    /// # Errors
    /// [`Bad`] lists everything that is wrong, what [`Config::check`] would find included.
    pub fn load(sources: &Sources) -> Result<Self, Bad> {
        let (values, mut problems) = resolve::resolve(sources);
        let config = Self::from_values(values).map_err(|problem| Bad(vec![problem]))?;
        if problems.is_empty() {
            return Ok(config);
        }
        // A default stands in for what is wrong; what does not fit it is no further mistake.
        let known: Vec<String> = problems.iter().map(|problem| problem.key.clone()).collect();
        let unfit = config.check().err().into_iter().flat_map(|bad| bad.0);
        problems.extend(unfit.filter(|problem| !known.contains(&problem.key)));
        Err(Bad(problems))
    }

    fn from_values(values: Values) -> Result<Self, Problem> {
        Ok(Self {
            environment: values.field(sections::ENVIRONMENT.key)?,
            server: Server::read(&values)?,
            data: Data::read(&values)?,
            main: Main::read(&values)?,
            master: Master::read(&values)?,
            tenants: Tenants::read(&values)?,
            security: Security::read(&values)?,
            limits: Limits::read(&values)?,
            subscriptions: Subscriptions::read(&values)?,
            files: Files::read(&values)?,
            lane: Lane::read(&values)?,
            nodes: Nodes::read(&values)?,
            jobs: Jobs::read(&values)?,
            log: Log::read(&values)?,
            telemetry: Telemetry::read(&values)?,
            demo: Demo::read(&values)?,
            values,
        })
    }

    /// Where the main database is: as set, or a SQLite file in the data folder.
    pub fn main_url(&self) -> SecretString {
        self.url_or_file(self.main.url.as_ref(), "main")
    }

    /// Where the master database is: as set, or a SQLite file in the data folder.
    pub fn master_url(&self) -> SecretString {
        self.url_or_file(self.master.url.as_ref(), "master")
    }

    /// Whether main or master is on a server, so that other machines can share this instance's data.
    pub fn is_shared(&self) -> bool {
        [&self.main.url, &self.master.url]
            .into_iter()
            .flatten()
            .any(|url| !url.expose_secret().starts_with("sqlite:"))
    }

    /// All that is to say of each setting: its value, where that came from (of a secret only whether
    /// it is set), what it means, what is allowed, its names and its defaults. With a name, of that
    /// setting or section only.
    ///
    /// # Errors
    /// [`Problem`] when nothing has that name.
    pub fn explain(&self, only: Option<&str>) -> Result<String, Problem> {
        explain::explain(&self.values, only)
    }

    fn url_or_file(&self, url: Option<&SecretString>, name: &str) -> SecretString {
        url.cloned().unwrap_or_else(|| {
            let file = self.data.folder.join(format!("{name}.sqlite"));
            // A question mark would begin the URL's parameters, a percent sign a coded letter.
            let path = file.to_string_lossy().replace('%', "%25").replace('?', "%3F");
            format!("sqlite://{path}").into()
        })
    }
}

#[cfg(test)]
mod tests;
