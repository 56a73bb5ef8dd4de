use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Mutex;

/// A file whose parsed content is kept until its length or its time of change differs.
#[derive(Debug)]
pub(crate) struct WatchedFile<T> {
    path: PathBuf,
    last: Mutex<Option<(Stamp, Arc<T>)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    len: u64,
}

/// Far more than any secret or Docker config file has.
const MAX_LEN: u64 = 1 << 20;

impl<T> WatchedFile<T> {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            last: Mutex::new(None),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The content as `parse` reads it, or `None` where there is no such file.
    pub(crate) async fn read(
        &self,
        parse: impl FnOnce(&str) -> Result<T, String> + Send,
    ) -> Result<Option<Arc<T>>, String> {
        let mut last = self.last.lock().await;
        let Some(stamp) = self.stamp().await? else {
            *last = None;
            return Ok(None);
        };
        if let Some((seen, value)) = &*last
            && *seen == stamp
        {
            return Ok(Some(Arc::clone(value)));
        }
        let text = tokio::fs::read_to_string(&self.path)
            .await
            .map_err(|error| format!("it cannot be read: {error}"))?;
        let value = Arc::new(parse(&text)?);
        *last = Some((stamp, Arc::clone(&value)));
        Ok(Some(value))
    }

    async fn stamp(&self) -> Result<Option<Stamp>, String> {
        let metadata = match tokio::fs::metadata(&self.path).await {
            Ok(metadata) => metadata,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(format!("it cannot be opened: {error}")),
        };
        if !metadata.is_file() {
            return Err("it is not a regular file".to_owned());
        }
        if metadata.len() > MAX_LEN {
            return Err(format!("it has more than {MAX_LEN} bytes"));
        }
        let modified = metadata
            .modified()
            .map_err(|error| format!("its time of change cannot be read: {error}"))?;
        Ok(Some(Stamp {
            modified,
            len: metadata.len(),
        }))
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
