//! How a connection to a database server is protected: what a URL's parameters say of it.

use std::{fmt, net::IpAddr, path::PathBuf};

/// Parameters that a database server's URL may have, and their words, for messages.
const ALLOWED: &str = "allowed are sslmode (or ssl-mode) = disable, prefer, require, verify-ca or \
     verify-full, and sslrootcert (or ssl-ca) = a file of certificates";

/// Whether a connection is encrypted, and how the server proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server can.
    Prefer,
    /// Encrypted or not at all; whoever answers is believed.
    Require,
    /// And the server's certificate is signed by an authority that is trusted.
    VerifyCa,
    /// And it was made out to the host's name.
    VerifyFull,
}

/// Each mode by its names; the first is the one that is written.
const MODES: [(TlsMode, [&str; 2]); 5] = [
    (TlsMode::Disable, ["disable", "disabled"]),
    (TlsMode::Prefer, ["prefer", "preferred"]),
    (TlsMode::Require, ["require", "required"]),
    (TlsMode::VerifyCa, ["verify-ca", "verify_ca"]),
    (TlsMode::VerifyFull, ["verify-full", "verify_identity"]),
];

/// Protection of a connection to a database server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// How strict it is, where that was said; else [`Tls::towards`] decides.
    pub mode: Option<TlsMode>,
    /// Whom to trust beside the usual authorities: a file of certificates in PEM.
    pub root: Option<PathBuf>,
}

impl Tls {
    /// Reads the part of a URL after its question mark. Names and words of PostgreSQL and of MySQL are
    /// both understood.
    ///
    /// # Errors
    /// A sentence that names the parameter and what is allowed. The value is repeated only where it
    /// cannot be a secret.
    pub fn parse(query: &str) -> Result<Self, String> {
        let mut tls = Self::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match key.to_ascii_lowercase().as_str() {
                "sslmode" | "ssl-mode" => tls.mode = Some(mode(&key, &value)?),
                "sslrootcert" | "ssl-ca" if !value.is_empty() => {
                    tls.root = Some(PathBuf::from(value.into_owned()));
                }
                _ => return Err(format!("the parameter {key} is not known here; {ALLOWED}")),
            }
        }
        Ok(tls)
    }

    /// How a connection to this host is protected: as was said; else encrypted where the server can, but
    /// not where it never leaves the machine.
    pub fn towards(&self, host: &str) -> TlsMode {
        match self.mode {
            Some(mode) => mode,
            None if self.root.is_none() && is_this_machine(host) => TlsMode::Disable,
            None => TlsMode::Prefer,
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn mode(key: &str, value: &str) -> Result<TlsMode, String> {
    let word = value.to_ascii_lowercase();
    MODES
        .into_iter()
        .find(|(_, words)| words.contains(&word.as_str()))
        .map(|(mode, _)| mode)
        .ok_or_else(|| format!("{key}={value} is not a mode; {ALLOWED}"))
}

/// What [`Tls::parse`] reads, with its question mark; nothing for the default.
impl fmt::Display for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return Ok(());
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some((_, [word, _])) = MODES.into_iter().find(|(mode, _)| Some(*mode) == self.mode) {
            query.append_pair("sslmode", word);
        }
        if let Some(root) = &self.root {
            query.append_pair("sslrootcert", &root.to_string_lossy());
        }
        write!(out, "?{}", query.finish())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (mode, words) in MODES {
            for word in words {
                for text in [format!("sslmode={word}"), format!("SSL-MODE={}", word.to_uppercase())]
                {
                    assert_eq!(Tls::parse(&text).unwrap().mode, Some(mode));
                }
            }
            for root in [None, Some(PathBuf::from("/etc/ssl/our authority.pem"))] {
                let tls = Tls { mode: Some(mode), root };
                let text = tls.to_string();
                assert_eq!(Tls::parse(text.trim_start_matches('?')).unwrap(), tls, "{text}");
            }
        }
        assert_eq!(Tls::default().to_string(), "");
    }

    #[test]
    fn only_what_stays_on_this_machine_goes_unencrypted_unsaid() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert_eq!(Tls::default().towards(host), TlsMode::Disable, "{host}");
            assert_eq!(Tls::parse("sslmode=require").unwrap().towards(host), TlsMode::Require);
            assert_eq!(Tls::parse("sslrootcert=/ca.pem").unwrap().towards(host), TlsMode::Prefer);
        }
        for host in ["books.internal", "10.0.0.7", "localhost.example.com", "::2"] {
            assert_eq!(Tls::default().towards(host), TlsMode::Prefer, "{host}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        let bogus = Tls::parse("sslmode=bogus").unwrap_err();
        assert!(bogus.starts_with("sslmode=bogus is not a mode"), "{bogus}");
        assert!(bogus.contains("verify-full"), "{bogus}");
        let other = Tls::parse("sslmode=require&passphrase=hunter2").unwrap_err();
        assert!(other.contains("passphrase") && !other.contains("hunter2"), "{other}");
        assert!(Tls::parse("ssl-ca=").is_err());
    }
}
