//! Whether settings that are fine one by one also fit each other.

use secrecy::{ExposeSecret, SecretString};

use super::{Bad, Config, Environment, Problem, Tls, strength::weakness};
use crate::seal::Key;

/// Shortest secret that signs tokens, in characters.
const SECRET_CHARS_MIN: usize = 32;
/// How to mend a missing or weak secret.
const MAKE_ONE: &str = "`openssl rand -hex 32` makes one";

impl Config {
    /// Whether a server may start with these settings.
    ///
    /// # Errors
    /// [`Bad`] lists everything that does not fit.
    pub fn check(&self) -> Result<(), Bad> {
        let mut problems = Vec::new();
        self.check_secrets(&mut problems);
        self.check_bounds(&mut problems);
        self.check_telemetry(&mut problems);
        self.check_urls(&mut problems);
        if problems.is_empty() { Ok(()) } else { Err(Bad(problems)) }
    }

    /// Whether secrets must be given, and not made here: others rely on them, or share them.
    pub fn needs_own_secrets(&self) -> bool {
        self.environment == Environment::Production || self.is_shared()
    }

    /// Secrets that somebody could guess, where that does not stop the start: on one's own machine.
    pub fn warnings(&self) -> Vec<Problem> {
        if self.environment == Environment::Production { Vec::new() } else { self.weak_secrets() }
    }

    fn check_secrets(&self, problems: &mut Vec<Problem>) {
        let security = &self.security;
        for (key, secret, is_current) in [
            ("security.jwt_secret", &security.jwt_secret, true),
            ("security.jwt_secret_previous", &security.jwt_secret_previous, false),
        ] {
            match secret {
                Some(secret) => {
                    let length = secret.expose_secret().chars().count();
                    if length < SECRET_CHARS_MIN {
                        let message = format!(
                            "has {length} characters; allowed are {SECRET_CHARS_MIN} or more"
                        );
                        problems.push(self.problem(key, message));
                    }
                }
                None if is_current && self.needs_own_secrets() => {
                    problems.push(self.problem(key, self.why_own_secrets()));
                }
                None => {}
            }
        }
        for (key, secret, is_current) in [
            ("security.encryption_key", &security.encryption_key, true),
            ("security.encryption_key_previous", &security.encryption_key_previous, false),
        ] {
            match secret {
                Some(secret) => {
                    if let Err(bad) = Key::parse(secret.expose_secret()) {
                        let length = secret.expose_secret().chars().count();
                        let message = format!("has {length} characters; allowed is {bad}");
                        problems.push(self.problem(key, message));
                    }
                }
                None if is_current && self.needs_own_secrets() => {
                    problems.push(self.problem(key, self.why_own_secrets()));
                }
                None => {}
            }
        }
        if same(&security.jwt_secret, &security.encryption_key) {
            let message = "is the encryption key too; each needs a secret of its own";
            problems.push(self.problem("security.jwt_secret", message));
        }
        if self.environment == Environment::Production {
            let known: Vec<String> = problems.iter().map(|problem| problem.key.clone()).collect();
            let weak = self.weak_secrets().into_iter();
            problems.extend(weak.filter(|problem| !known.contains(&problem.key)));
        }
    }

    /// Secrets in force that somebody could guess. The encryption key before the current one is not
    /// judged: it seals nothing any more, and is needed for getting rid of it.
    fn weak_secrets(&self) -> Vec<Problem> {
        let security = &self.security;
        let secrets = [
            ("security.jwt_secret", &security.jwt_secret),
            ("security.jwt_secret_previous", &security.jwt_secret_previous),
            ("security.encryption_key", &security.encryption_key),
        ];
        let weak = secrets.into_iter().filter_map(|(key, secret)| {
            let why = weakness(secret.as_ref()?.expose_secret())?;
            let message = format!("looks like one from an example: it {why}; {MAKE_ONE}");
            Some(self.problem(key, message))
        });
        weak.collect()
    }

    fn why_own_secrets(&self) -> String {
        let why = if self.environment == Environment::Production {
            "in production"
        } else {
            "with main or master on a server, which other machines may share"
        };
        format!("is needed {why}; {MAKE_ONE}")
    }

    /// A problem of a setting with the value in force, unless it is a secret, and where that is from.
    fn problem(&self, key: &str, message: impl Into<String>) -> Problem {
        let problem = Problem::new(key, message);
        let Some((value, source)) = self.values.get(key) else { return problem };
        let problem = problem.at(source);
        match value.written() {
            Some(value) => problem.with_value(&value),
            None => problem,
        }
    }

    /// Another setting in words: its name, value and source.
    fn beside(&self, key: &str) -> String {
        let shown = self.values.get(key).map(|(value, source)| (value.shown(), source));
        shown.map_or_else(|| key.to_owned(), |(value, from)| format!("{key} = {value} ({from})"))
    }

    fn check_bounds(&self, problems: &mut Vec<Problem>) {
        let (limits, nodes) = (&self.limits, &self.nodes);
        let rules = [
            (
                limits.page_rows_default <= limits.page_rows_max,
                "limits.page_rows_default",
                "is above",
                "limits.page_rows_max",
                "",
            ),
            (
                nodes.poll_ms < nodes.stale_after_ms,
                "nodes.poll_ms",
                "is not below",
                "nodes.stale_after_ms",
                ": every request would be refused between two polls",
            ),
            (
                nodes.access_fresh_ms <= nodes.stale_after_ms,
                "nodes.access_fresh_ms",
                "is above",
                "nodes.stale_after_ms",
                "",
            ),
            (
                self.security.argon2_memory_kib
                    >= self.security.argon2_parallelism.saturating_mul(8),
                "security.argon2_memory_kib",
                "is below 8 KiB for each thread of",
                "security.argon2_parallelism",
                "",
            ),
        ];
        for (_, key, how, other, so) in rules.into_iter().filter(|(fits, ..)| !fits) {
            problems.push(self.problem(key, format!("{how} {}{so}", self.beside(other))));
        }
    }

    fn check_urls(&self, problems: &mut Vec<Problem>) {
        for (key, url) in [
            ("main.url", &self.main.url),
            ("master.url", &self.master.url),
            ("tenants.server_url", &self.tenants.server_url),
        ] {
            let Some(url) = url else { continue };
            let Some((place, query)) = url.expose_secret().split_once('?') else { continue };
            // Which parameters a file may have is said where it is opened.
            if let Err(wrong) = Tls::parse(query)
                && !place.starts_with("sqlite:")
            {
                problems.push(Problem::new(key, wrong));
            }
        }
    }

    fn check_telemetry(&self, problems: &mut Vec<Problem>) {
        let Some(endpoint) = &self.telemetry.otlp_endpoint else { return };
        let key = "telemetry.otlp_endpoint";
        if !cfg!(feature = "otel") {
            let message =
                "this program was built without the feature `otel` and cannot send traces";
            problems.push(self.problem(key, message));
        } else if endpoint.scheme() != "http" {
            let message = "traces go over http:// only; run a collector on this network, \
                which passes them on";
            problems.push(self.problem(key, message));
        }
    }
}

fn same(a: &Option<SecretString>, b: &Option<SecretString>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.expose_secret() == b.expose_secret())
}
