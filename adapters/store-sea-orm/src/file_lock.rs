use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use registrywatcher::ports::StoreError;

use crate::error::unavailable;
use crate::url::StoreUrl;

/// Keeps other processes from taking the same SQLite database for theirs, as long as it lives.
///
/// It is a lock on a file of its own beside the database: one on the database itself would disturb those of SQLite. The file
/// stays when the lock ends, for removing it would let two processes lock two files of one name.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl StoreUrl {
    /// Takes the database for this process alone; `None` for one in memory and for Postgres, which replicas may share.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if another process has it, or the lock file cannot be made.
    pub fn lock_file(&self) -> Result<Option<FileLock>, StoreError> {
        self.sqlite_file().map(lock).transpose()
    }
}

fn lock(database: &Path) -> Result<FileLock, StoreError> {
    let shown = database.display();
    let failed = |problem: io::Error| {
        unavailable(&format!(
            "cannot lock {shown} by a file `{shown}.lock` beside it: {problem}"
        ))
    };
    let path = beside(database).map_err(failed)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(FileLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(unavailable(&format!(
            "{shown} is in use by another registrywatcher: stop that one first, give this one a file of its own, \
             or let both share a Postgres"
        ))),
        Err(TryLockError::Error(problem)) => Err(failed(problem)),
    }
}

/// The same file for all ways to name the database.
fn beside(database: &Path) -> io::Result<PathBuf> {
    let mut path = match database.canonicalize() {
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => to_be_made(database)?,
        found => found?,
    };
    path.as_mut_os_string().push(".lock");
    Ok(path)
}

fn to_be_made(database: &Path) -> io::Result<PathBuf> {
    let folder = database
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize()?;
    Ok(folder.join(database.file_name().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &Path) -> StoreUrl {
        format!("sqlite://{}", path.display()).parse().unwrap()
    }

    #[test]
    fn one_process_at_a_time_has_a_file_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("state.db");
        let first = url(&database).lock_file().unwrap();
        assert!(first.is_some());
        File::create(&database).unwrap();
        std::os::unix::fs::symlink(&database, folder.path().join("link.db")).unwrap();
        for name in ["state.db", "./state.db", "link.db"] {
            let refusal = url(&folder.path().join(name)).lock_file().unwrap_err();
            let refusal = refusal.to_string();
            assert!(
                refusal.contains(name) && refusal.contains("stop that one"),
                "{refusal}"
            );
        }
        assert!(url(&folder.path().join("other.db")).lock_file().is_ok());
        drop(first);
        assert!(url(&database).lock_file().unwrap().is_some());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("gone/state.db");
        let refusal = url(&nowhere).lock_file().unwrap_err().to_string();
        assert!(refusal.contains("gone/state.db.lock"), "{refusal}");
    }

    #[test]
    fn what_replicas_share_or_nobody_else_sees_is_not_locked() {
        for text in ["sqlite::memory:", "postgres://db/rw"] {
            let url: StoreUrl = text.parse().unwrap();
            assert!(url.lock_file().unwrap().is_none());
        }
    }
}
