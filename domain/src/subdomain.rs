//! Subdomains: the name under which a tenant is reached.

/// Fewest characters of a subdomain.
pub const SUBDOMAIN_CHARS_MIN: usize = 3;
/// Most characters; a label of DNS may have 63, and a database name is made of this one.
pub const SUBDOMAIN_CHARS_MAX: usize = 40;

/// Names that the platform keeps, or that would let a tenant pass for it.
const RESERVED: &[&str] = &[
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "backup",
    "beta",
    "billing",
    "blog",
    "broadcasthost",
    "cache",
    "careers",
    "cdn",
    "checkout",
    "client",
    "console",
    "contact",
    "dashboard",
    "daybook",
    "demo",
    "dev",
    "dns",
    "doc",
    "docs",
    "download",
    "downloads",
    "email",
    "events",
    "files",
    "forum",
    "ftp",
    "git",
    "graphiql",
    "graphql",
    "health",
    "healthz",
    "help",
    "home",
    "hostmaster",
    "id",
    "imap",
    "img",
    "images",
    "info",
    "internal",
    "isatap",
    "kb",
    "legal",
    "live",
    "local",
    "localdomain",
    "localhost",
    "login",
    "logout",
    "mail",
    "main",
    "master",
    "media",
    "metrics",
    "monitor",
    "mx",
    "mx1",
    "mx2",
    "mysql",
    "news",
    "noc",
    "noreply",
    "ns",
    "ns1",
    "ns2",
    "ns3",
    "ns4",
    "null",
    "oauth",
    "partner",
    "partners",
    "pay",
    "payment",
    "payments",
    "ping",
    "platform",
    "playground",
    "pop",
    "pop3",
    "portal",
    "postgres",
    "postmaster",
    "pricing",
    "privacy",
    "prod",
    "production",
    "proxy",
    "public",
    "ready",
    "readyz",
    "register",
    "root",
    "sandbox",
    "secure",
    "security",
    "service",
    "sftp",
    "sign-in",
    "sign-up",
    "signin",
    "signup",
    "smtp",
    "ssh",
    "sso",
    "ssl",
    "stage",
    "staging",
    "static",
    "stats",
    "status",
    "support",
    "system",
    "tenant",
    "tenants",
    "terms",
    "test",
    "testing",
    "tls",
    "undefined",
    "update",
    "uploads",
    "user",
    "users",
    "vpn",
    "webhook",
    "webhooks",
    "webmail",
    "webmaster",
    "wpad",
    "www",
    "www1",
    "www2",
];

/// Why a text cannot be a subdomain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubdomainError {
    /// Too short or too long.
    #[error("a subdomain has {SUBDOMAIN_CHARS_MIN} to {SUBDOMAIN_CHARS_MAX} characters")]
    Length,
    /// Something but letters, digits and hyphens.
    #[error("a subdomain is made of the letters a to z, digits and hyphens")]
    Character,
    /// A hyphen first or last, or two at the third place, which mark an encoded name.
    #[error("a subdomain has no hyphen at either end and no two as third and fourth character")]
    Hyphen,
    /// Nothing but digits, which reads like part of an address.
    #[error("a subdomain has at least one letter")]
    OnlyDigits,
    /// Kept for the platform.
    #[error("this subdomain is reserved")]
    Reserved,
}

/// The subdomain that a text names: trimmed, lower-cased, a label of RFC 1123.
///
/// # Errors
/// When it is no such label, or is reserved.
pub fn check(text: &str) -> Result<String, SubdomainError> {
    let name = text.trim().to_ascii_lowercase();
    if !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
        return Err(SubdomainError::Character);
    }
    if !(SUBDOMAIN_CHARS_MIN..=SUBDOMAIN_CHARS_MAX).contains(&name.len()) {
        return Err(SubdomainError::Length);
    }
    // RFC 5891, 4.2.3.1: `xn--` and its kind.
    if name.starts_with('-') || name.ends_with('-') || name.get(2..4) == Some("--") {
        return Err(SubdomainError::Hyphen);
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SubdomainError::OnlyDigits);
    }
    if RESERVED.contains(&name.as_str()) {
        return Err(SubdomainError::Reserved);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_lower_cased() {
        for (text, name) in [
            (" Asha-Traders ", "asha-traders"),
            ("abc", "abc"),
            ("a1b", "a1b"),
            ("24x7", "24x7"),
            ("a--b", "a--b"),
            ("my-admin", "my-admin"),
        ] {
            assert_eq!(check(text), Ok(name.to_owned()), "{text}");
        }
        assert!(check(&"a".repeat(40)).is_ok());
    }

    #[test]
    fn other_names_are_refused_each_for_its_reason() {
        for (text, why) in [
            ("", SubdomainError::Length),
            ("ab", SubdomainError::Length),
            (&*"a".repeat(41), SubdomainError::Length),
            ("a.b", SubdomainError::Character),
            ("a_b", SubdomainError::Character),
            ("a b", SubdomainError::Character),
            ("café", SubdomainError::Character),
            ("\u{212a}iosk", SubdomainError::Character),
            ("-abc", SubdomainError::Hyphen),
            ("abc-", SubdomainError::Hyphen),
            ("xn--abc", SubdomainError::Hyphen),
            ("---", SubdomainError::Hyphen),
            ("12345", SubdomainError::OnlyDigits),
            ("WWW", SubdomainError::Reserved),
            ("api", SubdomainError::Reserved),
            ("graphql", SubdomainError::Reserved),
        ] {
            assert_eq!(check(text), Err(why), "{text}");
        }
    }
}
