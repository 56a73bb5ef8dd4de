//! One service for each SQLite file.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use anyhow::Context;

use crate::config::Config;
use crate::wiring::store_url;

/// Nobody else serves from the same file while it lives, or until the process ends in any way.
#[derive(Debug)]
pub(crate) struct StoreLock {
    _file: File,
}

/// Makes sure that this is the only process that works on a SQLite file; `None` where several may.
///
/// Two would each poll and deploy everything.
pub(crate) fn lock(config: &Config) -> anyhow::Result<Option<StoreLock>> {
    let url = store_url(config)?;
    let Some(database) = url.sqlite_file() else {
        return Ok(None);
    };
    let path = PathBuf::from(format!("{}.lock", database.display()));
    let opened = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let file = opened.with_context(|| format!("store.url: cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(StoreLock { _file: file })),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "store.url: another registrywatcher works on {}; a SQLite file serves one, for several use PostgreSQL",
            database.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("store.url: cannot lock {}", path.display()))
        }
    }
}
