//! The folder that belongs to one node on SQLite: made private, and held by one `serve` at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

pub fn create_private(dir: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("the data folder {} can't be made", dir.display()))
}

/// Held until dropped, or until the process is gone however it ended.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

impl ServeLock {
    /// Whether a `serve` holds it. Leaves no file behind where there is none.
    pub fn is_held(database: &Path) -> std::io::Result<bool> {
        let file = match OpenOptions::new().write(true).open(lock_file(database)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes the lock beside a SQLite database: two `serve` on one file would each think that they alone
    /// count throttles and hand out runs.
    pub fn take(database: &Path) -> anyhow::Result<Self> {
        let path = lock_file(database);
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.with_context(|| format!("the lock file {} can't be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "another `serve` is running on {}; stop it first, or use another data folder",
                database.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} can't be locked", path.display()))
            }
        }
    }
}

fn lock_file(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".serve-lock");
    path.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_data_folder_is_for_its_owner_alone() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let data = dir.path().join("a/b");
        create_private(&data)?;
        create_private(&data)?;
        assert_eq!(data.metadata()?.permissions().mode() & 0o777, 0o700);
        Ok(())
    }

    #[test]
    fn one_serve_holds_a_database_until_it_is_gone() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let database = dir.path().join("igny8.db");
        let held = ServeLock::take(&database)?;
        let refused = ServeLock::take(&database).expect_err("held");
        assert!(refused.to_string().contains("another `serve` is running"), "{refused}");
        assert!(ServeLock::is_held(&database)?);
        drop(held);
        assert!(!ServeLock::is_held(&database)?);
        ServeLock::take(&database)?;
        Ok(())
    }
}
