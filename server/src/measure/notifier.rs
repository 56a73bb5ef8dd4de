use std::sync::Arc;

use async_trait::async_trait;
use metrics::counter;
use registrywatcher::event::Event;
use registrywatcher::ports::{Notifier, NotifyError};

use super::catalogue::NOTIFICATIONS;

/// Counts what a sink takes and what it does not.
pub(crate) struct MeasuredNotifier {
    sink: String,
    notifier: Arc<dyn Notifier>,
}

impl MeasuredNotifier {
    pub(crate) fn new(sink: &str, notifier: Arc<dyn Notifier>) -> Self {
        Self {
            sink: sink.to_owned(),
            notifier,
        }
    }
}

#[async_trait]
impl Notifier for MeasuredNotifier {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        let outcome = self.notifier.deliver(event).await;
        let name = match &outcome {
            Ok(()) => "delivered",
            Err(NotifyError::Unavailable { .. }) => "unavailable",
            Err(NotifyError::Rejected { .. }) => "rejected",
        };
        count(&self.sink, name, 1);
        outcome
    }
}

pub(super) fn begin(sink: &str) {
    for outcome in ["delivered", "rejected", "unavailable"] {
        count(sink, outcome, 0);
    }
}

fn count(sink: &str, outcome: &'static str, by: u64) {
    counter!(NOTIFICATIONS, "sink" => sink.to_owned(), "outcome" => outcome).increment(by);
}
