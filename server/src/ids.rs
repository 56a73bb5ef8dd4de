//! Identities that list in the order of their making.

use registrywatcher::ports::Ids;
use uuid::{ContextV7, Timestamp, Uuid};

/// Makes version 7 UUIDs (RFC 9562): a time stamp, a counter within it, and randomness.
#[derive(Debug)]
pub(crate) struct TimeOrderedIds {
    // Raises a counter within one millisecond, so that even then later ids are greater.
    context: std::sync::Mutex<ContextV7>,
}

impl TimeOrderedIds {
    /// Starts counting.
    pub(crate) fn new() -> Self {
        Self {
            context: std::sync::Mutex::new(ContextV7::new()),
        }
    }
}

impl Default for TimeOrderedIds {
    fn default() -> Self {
        Self::new()
    }
}

impl Ids for TimeOrderedIds {
    fn next(&self) -> Uuid {
        let context = self
            .context
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::now(&*context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    registrywatcher_conformance::ids_suite!(TimeOrderedIds::new);
}
