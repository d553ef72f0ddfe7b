//! SQLite databases as files: durable copies, sizes, removal.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::server::Found;
use crate::error::{Error, Result};

/// What may stand beside a database file.
const COMPANIONS: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// Ending of a database that is being made.
const UNFINISHED: &str = ".sqlite.making";

/// Where a database is made before it gets its name.
pub fn unfinished(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{UNFINISHED}"))
}

/// Runs blocking work with files on its own thread.
///
/// # Errors
/// [`Error::Unavailable`] with what the operating system says.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(format!("work with files ended badly: {error}")))?
        .map_err(|error| Error::Unavailable(format!("a file: {error}")))
}

/// Makes a file's content durable, gives it its name, and makes the name durable.
///
/// # Errors
/// [`Error::Unavailable`]; also when a journal still stands beside the file, for then the file alone
/// is not the whole database.
pub async fn publish(from: PathBuf, to: PathBuf) -> Result<()> {
    blocking(move || {
        for suffix in ["-wal", "-journal"] {
            let journal = beside(&from, suffix);
            if journal.metadata().is_ok_and(|found| found.len() > 0) {
                return Err(std::io::Error::other("a journal was left beside a closed database"));
            }
        }
        std::fs::File::open(&from)?.sync_all()?;
        std::fs::rename(&from, &to)?;
        match to.parent() {
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    })
    .await
}

/// Copies a closed database file; the copy is not durable yet.
///
/// # Errors
/// [`Error::Unavailable`] with what the operating system says.
pub async fn copy(from: PathBuf, to: PathBuf) -> Result<()> {
    blocking(move || std::fs::copy(from, to).map(|_| ())).await
}

/// Bytes of a database file with its journal; nothing where there is none.
///
/// # Errors
/// [`Error::Unavailable`] with what the operating system says.
pub async fn size(path: &Path) -> Result<Option<i64>> {
    let path = path.to_owned();
    blocking(move || size_now(&path)).await
}

fn size_now(path: &Path) -> std::io::Result<Option<i64>> {
    let length = |path: &Path| match path.metadata() {
        Ok(found) => Ok(Some(i64::try_from(found.len()).unwrap_or(i64::MAX))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let Some(main) = length(path)? else { return Ok(None) };
    let journal = length(&beside(path, "-wal"))?.unwrap_or(0);
    Ok(Some(main.saturating_add(journal)))
}

/// Databases in a folder, the unfinished ones too, each once.
///
/// # Errors
/// [`Error::Unavailable`] with what the operating system says.
pub async fn databases(folder: &Path) -> Result<Vec<Found>> {
    let folder = folder.to_owned();
    blocking(move || {
        let mut found: Vec<Found> = Vec::new();
        for entry in std::fs::read_dir(&folder)? {
            let file = entry?.file_name();
            let file = file.to_string_lossy();
            let name = file.strip_suffix(UNFINISHED).or_else(|| file.strip_suffix(".sqlite"));
            let Some(name) = name else { continue };
            if found.iter().any(|known| known.name == name) {
                continue;
            }
            let size_bytes = size_now(&folder.join(&*file))?.unwrap_or(0);
            found.push(Found { name: name.to_owned(), size_bytes });
        }
        Ok(found)
    })
    .await
}

/// Removes a database and what stands beside it, finished or not.
///
/// # Errors
/// [`Error::Unavailable`] with what the operating system says; a missing file is no failure.
pub async fn remove_database(folder: &Path, name: &str) -> Result<()> {
    let paths = [unfinished(folder, name), folder.join(format!("{name}.sqlite"))];
    let folder = folder.to_owned();
    blocking(move || {
        for path in &paths {
            for suffix in COMPANIONS {
                match std::fs::remove_file(beside(path, suffix)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        std::fs::File::open(&folder)?.sync_all()
    })
    .await
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut whole = path.as_os_str().to_owned();
    whole.push(suffix);
    whole.into()
}
