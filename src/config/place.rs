//! Where main and master are, in words that hold no password, and the files of this instance.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Config, Source};

impl Config {
    /// Where main and master are: name, and engine, address, database and user, or the file; and which
    /// setting said so. Never a password.
    pub fn places(&self) -> [(&'static str, String); 2] {
        [
            ("main", self.place("main.url", &self.main_url())),
            ("master", self.place("master.url", &self.master_url())),
        ]
    }

    fn place(&self, key: &str, url: &SecretString) -> String {
        let mut words = in_words(url);
        match self.values.get(key).map(|(_, source)| source) {
            None | Some(Source::Default) => {}
            Some(Source::Env(name)) if name == "DB_NAME" && words.starts_with("MySQL") => {
                words.push_str(
                    " (environment DB_NAME: MySQL or MariaDB, unless DB_DIALECT=postgres or \
                     DB_PORT=5432 is set)",
                );
            }
            Some(source) => words.push_str(&format!(" ({source})")),
        }
        words
    }

    /// SQLite databases of this instance that are there: main, master, and one of the tenants'.
    pub fn database_files(&self) -> Vec<PathBuf> {
        let control = [self.main_url(), self.master_url()];
        let mut files: Vec<PathBuf> = control.iter().filter_map(file).collect();
        files.retain(|file| file.exists());
        files.extend(a_tenant(&self.data.folder.join("tenants")));
        files
    }
}

/// The file of a SQLite URL.
fn file(url: &SecretString) -> Option<PathBuf> {
    let path = url.expose_secret().strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = percent_decode_str(path.split('?').next()?);
    Some(path.decode_utf8_lossy().into_owned().into())
}

fn a_tenant(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.find(|path| path.extension().is_some_and(|kind| kind == "sqlite"))
}

fn in_words(url: &SecretString) -> String {
    if let Some(file) = file(url) {
        return format!("SQLite, {}", file.display());
    }
    let Ok(url) = Url::parse(url.expose_secret()) else { return "not a URL".to_owned() };
    let (engine, port) = match url.scheme() {
        "postgres" | "postgresql" => ("PostgreSQL", 5432),
        _ => ("MySQL or MariaDB", 3306),
    };
    format!(
        "{engine} at {}:{}, database {}, user {}",
        url.host_str().unwrap_or_default(),
        url.port().unwrap_or(port),
        url.path().trim_start_matches('/'),
        if url.username().is_empty() { "none" } else { url.username() },
    )
}
