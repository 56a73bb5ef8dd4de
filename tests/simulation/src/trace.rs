use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What happened, a line each with the time at which it did.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    began: Instant,
    lines: Option<Arc<Mutex<Vec<String>>>>,
}

impl Trace {
    pub(crate) fn new(began: Instant, is_on: bool) -> Self {
        let lines = is_on.then(Arc::default);
        Self { began, lines }
    }

    /// How long the run has lasted.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Writes `line` down, which is put together only if somebody reads it.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            let line = format!("{}  {}", stamp(self.elapsed()), line());
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.lines.as_ref();
        lines.map_or_else(Vec::new, |lines| {
            lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
    }
}

/// Minutes, seconds and milliseconds.
pub(crate) fn stamp(time: Duration) -> String {
    let seconds = time.as_secs();
    format!(
        "{:3}:{:02}.{:03}",
        seconds / 60,
        seconds % 60,
        time.subsec_millis()
    )
}
