//! SQLite databases as files: durable copies, sizes, removal.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::server::Found;
use crate::{
    config::secrets::private,
    error::{Error, Result},
};

pub use crate::config::secrets::make_folder;

/// What may stand beside a database file.
const COMPANIONS: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// Ending of a database that is being made.
const UNFINISHED: &str = ".sqlite.making";

/// Where a database is made before it gets its name.
pub fn unfinished(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{UNFINISHED}"))
}

/// Makes a missing database file, empty, for this user alone: SQLite gives journals beside it the same
/// rights.
///
/// # Errors
/// What the operating system says.
pub(super) fn make_private(path: &Path) -> std::io::Result<()> {
    if path == Path::new(":memory:") {
        return Ok(());
    }
    match private().create_new(true).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Opens a file that processes lock, made where it is missing.
///
/// # Errors
/// What the operating system says.
pub fn open_lock(path: &Path) -> std::io::Result<std::fs::File> {
    private().create(true).truncate(false).open(path)
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

/// Makes a file's content durable, gives it its name, and makes the name durable. A closed database of
/// that name is replaced: there is the old one or the new one at every instant.
///
/// # Errors
/// [`Error::Unavailable`]; also when a journal still stands beside either file. Then the new file alone
/// is not the whole database, or SQLite would apply the old one's journal to the new one.
pub async fn publish(from: PathBuf, to: PathBuf) -> Result<()> {
    blocking(move || {
        for path in [&from, &to] {
            for suffix in ["-wal", "-journal"] {
                let journal = beside(path, suffix);
                if journal.metadata().is_ok_and(|found| found.len() > 0) {
                    let why = "a journal was left beside a closed database";
                    return Err(std::io::Error::other(why));
                }
            }
        }
        remove_all(&to, &["-wal", "-shm", "-journal"])?;
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
    blocking(move || {
        std::fs::copy(from, &to)?;
        // The copy has the rights of what was copied, which may be of an older release.
        #[cfg(unix)]
        std::fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(())
    })
    .await
}

/// Whether databases in a folder can grow: it can be written to, and so many bytes are left on its disk.
///
/// # Errors
/// [`Error::Unavailable`] with what the operating system says.
pub async fn has_room(folder: &Path, bytes: u64) -> Result<bool> {
    let folder = folder.to_owned();
    blocking(move || has_room_now(&folder, bytes)).await
}

#[cfg(unix)]
fn has_room_now(folder: &Path, bytes: u64) -> std::io::Result<bool> {
    use rustix::fs::Access;
    if rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Ok(false);
    }
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize) >= bytes)
}

#[cfg(not(unix))]
fn has_room_now(folder: &Path, _: u64) -> std::io::Result<bool> {
    Ok(!folder.metadata()?.permissions().readonly())
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
            remove_all(path, &COMPANIONS)?;
        }
        std::fs::File::open(&folder)?.sync_all()
    })
    .await
}

/// Removes a database that did not get its name, and what stands beside it.
///
/// # Errors
/// [`Error::Unavailable`] with what the operating system says; a missing file is no failure.
pub async fn remove_unfinished(folder: &Path, name: &str) -> Result<()> {
    let path = unfinished(folder, name);
    blocking(move || remove_all(&path, &COMPANIONS)).await
}

fn remove_all(path: &Path, suffixes: &[&str]) -> std::io::Result<()> {
    for suffix in suffixes {
        match std::fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut whole = path.as_os_str().to_owned();
    whole.push(suffix);
    whole.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_does_not_inherit_the_journal_of_the_one_it_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (unfinished(folder.path(), "a"), folder.path().join("a.sqlite"));
        std::fs::write(&from, "new").unwrap();
        std::fs::write(&to, "old").unwrap();
        std::fs::write(beside(&to, "-wal"), "frames of the old one").unwrap();
        std::fs::write(beside(&to, "-shm"), "their index").unwrap();
        assert!(publish(from.clone(), to.clone()).await.is_err());
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "old");

        std::fs::write(beside(&to, "-wal"), "").unwrap();
        publish(from.clone(), to.clone()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "new");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}
