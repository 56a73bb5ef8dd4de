use std::time::Duration;

use super::App;
use crate::event::EventId;
use crate::ports::{EventQuery, EventRange, NotifyError, StoreError};

/// How many events are read at a time.
const BATCH: u32 = 50;

/// What came of delivering events to a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Every event has been delivered.
    All,
    /// There are more.
    Some,
    /// The sink, or the store, cannot take part now; `retry_after` if it says when.
    Later {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
}

impl App {
    /// Delivers the next events to one sink, in order, at least once each.
    ///
    /// What a sink refuses for good is passed over, so that it does not keep back what follows.
    pub async fn deliver(&self, sink: &str) -> Delivered {
        let Some(notifier) = self.ports.notifiers.get(sink) else {
            return Delivered::All;
        };
        let (cursor, last) = {
            let world = self.world();
            (
                world.cursors.get(sink).copied().unwrap_or_default(),
                world.last_event,
            )
        };
        if cursor >= last {
            return Delivered::All;
        }
        let query = EventQuery {
            watch: None,
            range: EventRange::After(cursor),
            limit: BATCH,
        };
        let events = match self.ports.store.events(&query).await {
            Ok(events) => events,
            Err(error) => return later(sink, &error),
        };
        for event in &events {
            match notifier.deliver(event).await {
                Ok(()) => {}
                Err(NotifyError::Unavailable {
                    problem,
                    retry_after,
                }) => {
                    tracing::warn!(sink, event.id, "cannot notify: {problem}");
                    return Delivered::Later { retry_after };
                }
                Err(error @ NotifyError::Rejected { .. }) => {
                    tracing::error!(sink, event.id, "an event is passed over: {error}");
                }
            }
            if let Err(error) = self.advance_cursor(sink, event.id).await {
                return later(sink, &error);
            }
        }
        if events.len() < BATCH as usize {
            Delivered::All
        } else {
            Delivered::Some
        }
    }

    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.ports.store.advance_cursor(sink, event).await?;
        self.world().cursors.insert(sink.to_owned(), event);
        Ok(())
    }
}

fn later(sink: &str, error: &StoreError) -> Delivered {
    tracing::warn!(sink, "cannot deliver events: {error}");
    Delivered::Later { retry_after: None }
}
