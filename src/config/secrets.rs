//! Secrets that a development instance makes for itself, once, and keeps in its data folder.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Config, Source, value::Value};

/// The file in the data folder.
pub const FILE_NAME: &str = "secrets.toml";

/// Something that whoever started the program should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Secrets were made and are kept there; without them, sealed rows cannot be opened again.
    SecretsMade(PathBuf),
}

/// Why there are no secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The settings must bring their own; [`Config::check`] says which.
    #[error("{} is missing, and this instance makes no secrets for itself", .0)]
    OwnNeeded(&'static str),
    /// Others on this machine can read the file.
    #[error("{} can be read by others; run: chmod 600 {}", .0.display(), .0.display())]
    Readable(PathBuf),
    /// The file lacks a secret that only it can know.
    #[error(
        "{} holds no usable {key}; put it back, or move the file away to start over (sealed \
         connection strings then cannot be opened any more)", .file.display()
    )]
    Incomplete {
        /// The file.
        file: PathBuf,
        /// Which secret.
        key: &'static str,
    },
    /// The file is gone, but what was sealed with its key is there.
    #[error(
        "{} is missing, but {} is there, which was made with another secret: new ones would open \
         nothing of it. Put the file back from a copy, or set JWT_SECRET and ENCRYPTION_KEY to what \
         they were; to start over without the data, move the databases away too",
        .file.display(), .database.display()
    )]
    Lost {
        /// The file of secrets.
        file: PathBuf,
        /// A database that it belongs to.
        database: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("{}: {cause}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::SecretsMade(path) = self;
        write!(f, "made new secrets and kept them in {}; keep a copy of it", path.display())
    }
}

/// Fills in the secrets that are missing, from `secrets.toml` in the data folder, which is made when
/// neither it nor a database exists. Does nothing when none is missing.
///
/// # Errors
/// [`SecretsError`] when this instance must bring its own secrets, the file is unusable, or it is gone
/// while databases are there.
pub fn ensure(config: &mut Config) -> Result<Vec<Notice>, SecretsError> {
    let missing = |secret: &Option<SecretString>| secret.is_none();
    let (jwt, encryption) =
        (missing(&config.security.jwt_secret), missing(&config.security.encryption_key));
    if !jwt && !encryption {
        return Ok(Vec::new());
    }
    if config.needs_own_secrets() {
        let key = if jwt { "security.jwt_secret" } else { "security.encryption_key" };
        return Err(SecretsError::OwnNeeded(key));
    }
    let path = config.data.folder.join(FILE_NAME);
    let failed = |cause| SecretsError::File { file: path.clone(), cause };
    let mut made = false;
    if !std::fs::exists(&path).map_err(failed)? {
        if let Some(database) = config.database_files().into_iter().next() {
            return Err(SecretsError::Lost { file: path, database });
        }
        made = make(&config.data.folder, &path)?;
    }
    fill_in(config, read(&path)?, &path);
    Ok(if made { vec![Notice::SecretsMade(path)] } else { Vec::new() })
}

/// Fills in the secrets that are missing where an earlier start has made them, and makes none.
pub fn find(config: &mut Config) {
    let path = config.data.folder.join(FILE_NAME);
    if !config.needs_own_secrets()
        && let Ok(kept) = read(&path)
    {
        fill_in(config, kept, &path);
    }
}

fn fill_in(config: &mut Config, kept: Kept, path: &Path) {
    let Config { security, values, .. } = config;
    for (key, place, secret) in [
        ("security.jwt_secret", &mut security.jwt_secret, kept.jwt_secret),
        ("security.encryption_key", &mut security.encryption_key, kept.encryption_key),
    ] {
        if place.is_none() {
            *place = Some(secret.clone());
            values.set(key, Value::Secret(secret), Source::Kept(path.to_owned()));
        }
    }
}

struct Kept {
    jwt_secret: SecretString,
    encryption_key: SecretString,
}

fn read(path: &Path) -> Result<Kept, SecretsError> {
    let failed = |cause| SecretsError::File { file: path.to_owned(), cause };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if is_open_to_others(&metadata) {
        return Err(SecretsError::Readable(path.to_owned()));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let take = |key: &'static str| {
        let text = table.get(key).and_then(toml::Value::as_str);
        text.filter(|text| is_made_secret(text))
            .map(SecretString::from)
            .ok_or_else(|| SecretsError::Incomplete { file: path.to_owned(), key })
    };
    Ok(Kept { jwt_secret: take("jwt_secret")?, encryption_key: take("encryption_key")? })
}

/// 64 hexadecimal digits: what [`make`] writes.
fn is_made_secret(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Makes the file, whole or not at all; of two processes that try at once, one does. Says whether it
/// was this one.
fn make(folder: &Path, path: &Path) -> Result<bool, SecretsError> {
    let text = Zeroizing::new(format!(
        "# Made by Daybook for development. Whoever has this file can sign in as anybody.\n\
         # Without it, sealed connection strings cannot be opened again.\n\
         jwt_secret = \"{}\"\n\
         encryption_key = \"{}\"\n",
        random()?.expose_secret(),
        random()?.expose_secret(),
    ));
    let failed = |cause| SecretsError::File { file: path.to_owned(), cause };
    make_folder(folder).map_err(failed)?;
    let draft = folder.join(format!(".{FILE_NAME}.{}", std::process::id()));
    let written = write_draft(&draft, text.as_bytes()).and_then(|()| {
        match std::fs::hard_link(&draft, path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    });
    let removed = std::fs::remove_file(&draft);
    let is_mine = written.map_err(failed)?;
    removed.map_err(failed)?;
    Ok(is_mine)
}

/// Makes a folder and those above it where they are missing, for this user alone: what is in there are
/// people's books, whatever mask the process was started with.
///
/// # Errors
/// What the operating system says.
pub fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if folder.as_os_str().is_empty() { Ok(()) } else { builder.create(folder) }
}

/// Opens files for writing; one that is made by it is for this user alone, whatever mask the process was
/// started with.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a new file that only its owner can read, down to the disk.
///
/// # Errors
/// What the operating system says; also when the file exists.
pub fn write_draft(draft: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut file = private().create_new(true).open(draft)?;
    file.write_all(text)?;
    file.sync_all()
}

fn random() -> Result<SecretString, SecretsError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| SecretsError::NoRandomness)?;
    Ok(hex::encode(bytes.as_slice()).into())
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}
