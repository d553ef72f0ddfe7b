//! Locks on files: one server per data folder, and who has a SQLite tenant open.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use crate::{
    db::{Target, files::open_lock},
    error::{Error, Result},
};

/// Holds the data folder for one `serve`; given back when dropped or when the process ends.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the folder.
    ///
    /// # Errors
    /// [`Error::Conflict`] says what to do when another server has it, or why the lock file cannot be
    /// made.
    pub fn take(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join("serve.lock");
        let file = open_lock(&path).map_err(|error| {
            Error::Conflict(format!(
                "{} cannot be opened ({error}); the data folder must exist and be writable",
                path.display()
            ))
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Conflict(format!(
                "another server uses the data folder {}; stop it, or give this one a folder of its \
                 own",
                data_dir.display()
            ))),
            Err(TryLockError::Error(error)) => Err(Error::Conflict(format!(
                "{} cannot be locked ({error}); the data folder must lie on a disk that knows file \
                 locks",
                path.display()
            ))),
        }
    }
}

/// Tells other processes that a SQLite tenant is open here; whoever replaces the file first takes the
/// lock for itself alone.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// The lock file of a database file.
pub fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl FileLock {
    /// Shares the lock with others who have the tenant open.
    ///
    /// # Errors
    /// [`Error::TenantUpgrading`] while somebody replaces the file.
    pub fn share(database: &Path) -> Result<Self> {
        let file = opened(database)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::TenantUpgrading),
            Err(TryLockError::Error(error)) => Err(Error::Unavailable(error.to_string())),
        }
    }

    /// As [`FileLock::share`] for a database that may be on a server: there is nothing to lock then.
    ///
    /// # Errors
    /// As [`FileLock::share`].
    pub fn share_of(target: &Target) -> Result<Option<Self>> {
        match target {
            Target::Sqlite { path } => Self::share(path).map(Some),
            Target::Server(_) => Ok(None),
        }
    }

    /// Takes the lock alone, to replace the file; `None` while anybody has the tenant open.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the lock file cannot be made.
    pub fn alone(database: &Path) -> Result<Option<Self>> {
        let file = opened(database)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::Unavailable(error.to_string())),
        }
    }
}

fn opened(database: &Path) -> Result<File> {
    open_lock(&lock_path(database)).map_err(|error| Error::Unavailable(error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect")]
mod tests {
    use super::*;

    #[test]
    fn one_server_per_folder() {
        let folder = tempfile::tempdir().unwrap();
        let held = DataLock::take(folder.path()).unwrap();
        let refused = DataLock::take(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("another server"));
        drop(held);
        DataLock::take(folder.path()).unwrap();
    }

    #[test]
    fn many_share_a_tenant_and_one_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.sqlite");
        let one = FileLock::share(&database).unwrap();
        let two = FileLock::share(&database).unwrap();
        assert!(FileLock::alone(&database).unwrap().is_none());
        drop((one, two));
        let alone = FileLock::alone(&database).unwrap();
        assert!(alone.is_some());
        assert!(matches!(FileLock::share(&database), Err(Error::TenantUpgrading)));
    }
}
