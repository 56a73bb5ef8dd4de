use std::collections::BTreeMap;
use std::time::Duration;

use super::{App, Sink};
use crate::event::{Event, EventId, EventKind};
use crate::intent::Author;
use crate::ports::{
    DeadLetter, DeadLetterQuery, EventQuery, EventRange, NotifyError, Resource, Scope, StoreError,
};

/// How many events are read at a time.
const BATCH: u32 = 50;

/// What came of delivering events to a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Every event has been delivered, or another replica delivers them.
    All,
    /// There are more.
    Some,
    /// The sink, or the store, cannot take part now; `retry_after` if it says when.
    Later {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
}

/// Why a dead letter was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such sink.
    #[error("there is no sink `{sink}`")]
    UnknownSink {
        /// What was asked for.
        sink: String,
    },
    /// There is no such dead letter.
    #[error("sink `{sink}` has no dead letter of event {event}")]
    NotFound {
        /// Which sink.
        sink: String,
        /// What was asked for.
        event: EventId,
    },
    /// The sink did not take it, and it stays where it is.
    #[error(transparent)]
    Sink(#[from] NotifyError),
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Delivers the next events to one sink, in order, at least once each.
    ///
    /// What a sink refuses for good, or does not take for too long, goes to its dead letters, so that it does not keep back
    /// what follows.
    pub async fn deliver(&self, name: &str) -> Delivered {
        let Some(sink) = self.ports.sinks.get(name) else {
            return Delivered::All;
        };
        if !self.holds(&Resource::Sink(name.to_owned())) {
            return Delivered::All;
        }
        match self.deliver_batch(name, sink).await {
            Ok(delivered) => delivered,
            Err(error) => {
                tracing::warn!(sink = name, "cannot deliver events: {error}");
                Delivered::Later { retry_after: None }
            }
        }
    }

    async fn deliver_batch(&self, name: &str, sink: &Sink) -> Result<Delivered, StoreError> {
        let cursor = self.cursor(name).await?;
        if cursor >= self.world().last_event {
            return Ok(Delivered::All);
        }
        let query = EventQuery {
            watch: None,
            range: EventRange::After(cursor),
            limit: BATCH,
        };
        let events = self.ports.store.events(&query).await?;
        for event in &events {
            if sink.route.admits(event)
                && let Err(error) = sink.notifier.deliver(event).await
                && let Some(retry_after) = self.try_later(name, event, &error).await?
            {
                return Ok(Delivered::Later { retry_after });
            }
            self.pass(name, event.id).await?;
        }
        Ok(if events.len() < BATCH as usize {
            Delivered::All
        } else {
            Delivered::Some
        })
    }

    /// How many events are still to be looked at for each sink that this replica serves.
    pub fn backlog(&self) -> BTreeMap<String, u64> {
        let world = self.world();
        let served = self.ports.sinks.keys();
        let served = served.filter(|sink| self.holds(&Resource::Sink((*sink).clone())));
        let behind = |sink: &String| {
            let cursor = world.cursors.get(sink)?;
            Some((sink.clone(), world.last_event.saturating_sub(*cursor)))
        };
        served.filter_map(behind).collect()
    }

    /// How far a sink has been served, read again where another replica served it before.
    async fn cursor(&self, sink: &str) -> Result<EventId, StoreError> {
        if let Some(cursor) = self.world().cursors.get(sink) {
            return Ok(*cursor);
        }
        let snapshot = self.ports.store.load(&Scope::Shared).await?;
        let cursor = snapshot.cursors.get(sink).copied().unwrap_or_default();
        self.world().cursors.insert(sink.to_owned(), cursor);
        Ok(cursor)
    }

    /// How long to wait before `event` is offered again; `None` if it was given up.
    async fn try_later(
        &self,
        sink: &str,
        event: &Event,
        error: &NotifyError,
    ) -> Result<Option<Option<Duration>>, StoreError> {
        let now = self.ports.clock.monotonic();
        let tries = {
            let mut world = self.world();
            let tries = world.tries.entry(sink.to_owned()).or_default();
            if tries.event != event.id {
                *tries = Tries {
                    event: event.id,
                    since: now,
                    ..Tries::default()
                };
            }
            tries.count = tries.count.saturating_add(1);
            tries.fault = Some(error.to_string());
            tries.clone()
        };
        if let NotifyError::Unavailable { retry_after, .. } = error
            && now < tries.since + self.settings.delivery_deadline
        {
            tracing::warn!(sink, event.id, "cannot notify: {error}");
            return Ok(Some(*retry_after));
        }
        tracing::error!(sink, event.id, "an event goes to the dead letters: {error}");
        let letter = DeadLetter {
            sink: sink.to_owned(),
            event: event.id,
            at: self.ports.clock.now(),
            attempts: tries.count,
            problem: error.to_string(),
        };
        self.ports.store.bury(&letter).await?;
        Ok(None)
    }

    async fn pass(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.ports.store.advance_cursor(sink, event).await?;
        let mut world = self.world();
        world.cursors.insert(sink.to_owned(), event);
        world.tries.remove(sink);
        Ok(())
    }

    /// The events that sinks could not be told.
    pub async fn dead_letters(
        &self,
        query: &DeadLetterQuery,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.ports.store.dead_letters(query).await
    }

    /// Offers a dead letter to its sink again, and removes it once it was taken.
    pub async fn replay(
        &self,
        name: &str,
        event: EventId,
        author: &Author,
    ) -> Result<(), ReplayError> {
        let unknown = || ReplayError::UnknownSink {
            sink: name.to_owned(),
        };
        let sink = self.ports.sinks.get(name).ok_or_else(unknown)?;
        let not_found = || ReplayError::NotFound {
            sink: name.to_owned(),
            event,
        };
        let query = DeadLetterQuery {
            sink: Some(name.to_owned()),
            after: event.saturating_sub(1),
            limit: 1,
        };
        let letters = self.ports.store.dead_letters(&query).await?;
        if letters.first().is_none_or(|letter| letter.event != event) {
            return Err(not_found());
        }
        let query = EventQuery {
            watch: None,
            range: EventRange::After(event.saturating_sub(1)),
            limit: 1,
        };
        let events = self.ports.store.events(&query).await?;
        let stored = events.first().filter(|stored| stored.id == event);
        sink.notifier.deliver(stored.ok_or_else(not_found)?).await?;
        // The letter goes last: if either fails, the sink is told once more rather than nobody who did it.
        self.tell_all(EventKind::DeadLetterReplayed {
            by: author.clone(),
            sink: name.to_owned(),
            event,
        })
        .await?;
        self.ports.store.remove_dead_letter(name, event).await?;
        Ok(())
    }
}

/// How often an event was offered to a sink, since when, and what the sink said.
#[derive(Debug, Clone, Default)]
pub(super) struct Tries {
    event: EventId,
    since: Duration,
    count: u32,
    pub(super) fault: Option<String>,
}
