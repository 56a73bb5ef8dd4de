//! Telling people.

use std::time::Duration;

use async_trait::async_trait;

use crate::event::Event;

/// Why an event could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The sink refused it, and would refuse it again.
    #[error("the sink refused the event: {problem}")]
    Rejected {
        /// The sink's words, without its address.
        problem: String,
    },
    /// The sink could not take it now.
    #[error("the sink is unavailable: {problem}")]
    Unavailable {
        /// What went wrong, without its address.
        problem: String,
        /// How long it asks to wait, if it does.
        retry_after: Option<Duration>,
    },
}

impl NotifyError {
    /// Whether the same event may be taken later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Delivers events to one sink.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::notifier_suite!`:
///
/// - An event of a kind that the sink does not tell is `Ok` and sends nothing.
/// - A delivered event arrives once for each `Ok`.
/// - A sink that refuses is [`NotifyError::Rejected`]; one that is down or asks to wait is [`NotifyError::Unavailable`].
/// - A sink that does not answer is given up within a bounded time.
/// - No error names the sink's address, which is a secret.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Delivers `event`, or says why not.
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError>;
}
