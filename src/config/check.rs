//! Whether settings that are fine one by one also fit each other.

use secrecy::{ExposeSecret, SecretString};

use super::{Bad, Config, Environment, Problem, Tls};
use crate::seal::Key;

/// Shortest secret that signs tokens, in characters.
const SECRET_CHARS_MIN: usize = 32;

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

    fn check_secrets(&self, problems: &mut Vec<Problem>) {
        let security = &self.security;
        for (key, secret, is_current) in [
            ("security.jwt_secret", &security.jwt_secret, true),
            ("security.jwt_secret_previous", &security.jwt_secret_previous, false),
        ] {
            match secret {
                Some(secret) if secret.expose_secret().chars().count() < SECRET_CHARS_MIN => {
                    let message = format!("has fewer than {SECRET_CHARS_MIN} characters");
                    problems.push(Problem::new(key, message));
                }
                None if is_current && self.needs_own_secrets() => {
                    problems.push(Problem::new(key, self.why_own_secrets()));
                }
                _ => {}
            }
        }
        for (key, secret, is_current) in [
            ("security.encryption_key", &security.encryption_key, true),
            ("security.encryption_key_previous", &security.encryption_key_previous, false),
        ] {
            match secret {
                Some(secret) => {
                    if let Err(bad) = Key::parse(secret.expose_secret()) {
                        problems.push(Problem::new(key, format!("allowed is {bad}")));
                    }
                }
                None if is_current && self.needs_own_secrets() => {
                    problems.push(Problem::new(key, self.why_own_secrets()));
                }
                None => {}
            }
        }
        if same(&security.jwt_secret, &security.encryption_key) {
            let message = "is the encryption key too; each needs a secret of its own";
            problems.push(Problem::new("security.jwt_secret", message));
        }
    }

    fn why_own_secrets(&self) -> String {
        let why = if self.environment == Environment::Production {
            "in production"
        } else {
            "with main or master on a server, which other machines may share"
        };
        format!("is needed {why}; `openssl rand -hex 32` makes one")
    }

    fn check_bounds(&self, problems: &mut Vec<Problem>) {
        let (limits, nodes) = (&self.limits, &self.nodes);
        let rules = [
            (
                limits.page_rows_default <= limits.page_rows_max,
                "limits.page_rows_default",
                "is above limits.page_rows_max",
            ),
            (
                nodes.poll_ms < nodes.stale_after_ms,
                "nodes.poll_ms",
                "is not below nodes.stale_after_ms: every request would be refused between two polls",
            ),
            (
                nodes.access_fresh_ms <= nodes.stale_after_ms,
                "nodes.access_fresh_ms",
                "is above nodes.stale_after_ms",
            ),
            (
                self.security.argon2_memory_kib
                    >= self.security.argon2_parallelism.saturating_mul(8),
                "security.argon2_memory_kib",
                "is below 8 KiB for each of security.argon2_parallelism",
            ),
        ];
        for (_, key, message) in rules.into_iter().filter(|(fits, ..)| !fits) {
            problems.push(Problem::new(key, message));
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
            problems.push(Problem::new(key, message));
        } else if endpoint.scheme() != "http" {
            let message = "traces go over http:// only; run a collector on this network, \
                which passes them on";
            problems.push(Problem::new(key, message));
        }
    }
}

fn same(a: &Option<SecretString>, b: &Option<SecretString>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.expose_secret() == b.expose_secret())
}
