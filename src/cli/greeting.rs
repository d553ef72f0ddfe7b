//! What a server says when it begins to serve: where it is, and what to do first.

use std::{net::SocketAddr, path::Path};

use crate::config::{Config, table};

/// The words, with commands that work as they stand. `program` runs this program with these settings;
/// `password` is one to register with, which nobody else is shown.
pub fn greeting(config: &Config, address: SocketAddr, program: &str, password: &str) -> String {
    let base = match &config.server.public_url {
        Some(url) => url.to_string().trim_end_matches('/').to_owned(),
        None => format!("http://{}", reachable(address)),
    };
    // http and https become ws and wss.
    let socket = base.replacen("http", "ws", 1);
    let (playground, form) = if config.server.playground {
        (format!("{base}/playground"), "; the playground has a form for it")
    } else {
        ("off; the setting server.playground shows it".to_owned(), "")
    };
    let [(_, main), (_, master)] = config.places();
    format!(
        "\nDaybook serves.\n\n\
         \x20 GraphQL        {base}/graphql\n\
         \x20 Subscriptions  {socket}/graphql/ws\n\
         \x20 Playground     {playground}\n\
         \x20 Health         {base}/healthz and {base}/readyz\n\
         \x20 Metrics        {base}/metrics\n\
         \x20 Main           {main}\n\
         \x20 Master         {master}\n\n\
         \x20 Register a business with the mutation `register`{form}:\n\n\
         {}\n\n\
         \x20 Or load an example, while there is no business yet:\n\n\
         \x20   {program} demo\n\n\
         \x20 Make an administrator of the platform with `{program} admin create`. Stop with Ctrl-C.\n\n",
        register(&base, password)
    )
}

/// A command for the shell that registers a business.
fn register(base: &str, password: &str) -> String {
    format!(
        r#"    curl -sS {base}/graphql -H 'content-type: application/json' --data '{{
      "query": "mutation ($input: RegisterInput!) {{ register(input: $input) {{ session {{ accessToken refreshToken }} userErrors {{ code field message }} }} }}",
      "variables": {{"input": {{"companyName": "Meera Textiles", "subdomain": "meera", "ownerName": "Meera Nair",
        "email": "meera@example.com", "password": "{password}", "country": "IN"}}}}}}'"#
    )
}

/// An address that a client on this machine can call: all addresses are no address.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(mut v4) if v4.ip().is_unspecified() => {
            v4.set_ip(std::net::Ipv4Addr::LOCALHOST);
            v4.into()
        }
        SocketAddr::V6(mut v6) if v6.ip().is_unspecified() => {
            v6.set_ip(std::net::Ipv6Addr::LOCALHOST);
            v6.into()
        }
        known => known,
    }
}

/// How this program was run, for a shell: its path and its settings. A flag with a secret is left out.
pub fn program(file: Option<&Path>, set: &[String]) -> String {
    let mut words =
        vec![std::env::args().next().unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned())];
    if let Some(file) = file {
        words.extend(["--config".to_owned(), file.display().to_string()]);
    }
    let is_secret = |text: &str| {
        let key = text.split('=').next().unwrap_or_default().trim();
        table().iter().any(|setting| setting.key == key && setting.is_secret())
    };
    for text in set.iter().filter(|text| !is_secret(text)) {
        words.extend(["--set".to_owned(), text.clone()]);
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./=:,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn told(settings: &[(&str, &str)], address: &str) -> String {
        let sources = Sources::default();
        let sources = settings.iter().fold(sources, |all, (key, value)| all.with(key, value));
        greeting(&Config::load(&sources).unwrap(), address.parse().unwrap(), "daybook", "p4ss")
    }

    #[test]
    fn what_is_said_is_true_of_the_settings() {
        let here = told(&[], "127.0.0.1:8080");
        for part in [
            "http://127.0.0.1:8080/graphql\n",
            "ws://127.0.0.1:8080/graphql/ws\n",
            "http://127.0.0.1:8080/playground\n",
            "the playground has a form",
            "SQLite, data/main.sqlite",
            "    daybook demo\n",
        ] {
            assert!(here.contains(part), "{part}\n{here}");
        }
        let production = [("environment", "production")];
        let there = told(&production, "0.0.0.0:80");
        assert!(!there.contains("/playground") && !there.contains("has a form"), "{there}");
        assert!(there.contains("http://127.0.0.1:80/graphql\n"), "{there}");
        let public = [("server.public_url", "https://books.example.com/")];
        let public = told(&public, "[::]:80");
        assert!(public.contains("wss://books.example.com/graphql/ws\n"), "{public}");
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        assert_eq!(quoted("--set"), "--set");
        assert_eq!(quoted("data.folder=/tmp/a b"), "'data.folder=/tmp/a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        let set = ["security.jwt_secret=x", "log.level=warn"].map(str::to_owned);
        let words = program(Some(Path::new("my file.toml")), &set);
        assert!(words.ends_with("--config 'my file.toml' --set log.level=warn"), "{words}");
    }
}
