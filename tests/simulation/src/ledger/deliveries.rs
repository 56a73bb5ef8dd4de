use registrywatcher::event::{Event, EventId};

use super::Ledger;
use crate::invariants::{self, Invariant};

impl Ledger {
    /// A sink took an event.
    pub(crate) fn delivered(&mut self, sink: &str, event: &Event) {
        self.tally.deliveries += 1;
        let told = self.sinks.entry(sink.to_owned()).or_default();
        let outcome = invariants::delivery_is_in_order(sink, told, event);
        let is_first = told.delivered.insert(event.id);
        if is_first && !told.buried.contains(&event.id) {
            told.last.insert(event.watch.clone(), event.id);
        }
        self.judge(Invariant::I9, outcome);
    }

    /// A sink is taken for served up to `event`.
    pub(crate) fn served(&mut self, sink: &str, event: EventId) {
        let told = self.sinks.entry(sink.to_owned()).or_default();
        // A sink is told what happens once it is known.
        let last = self.events.last().map_or(event, |last| last.id.max(event));
        told.before.get_or_insert(last);
        let from = told.cursor;
        told.cursor = event.max(from);
        let outcome = invariants::cursor_skips_nothing(sink, told, from, &self.events);
        self.judge(Invariant::I9, outcome);
    }

    /// An event went to the dead letters of a sink.
    pub(crate) fn buried(&mut self, sink: &str, event: EventId) {
        self.trace
            .note(|| format!("event {event} becomes a dead letter of {sink}"));
        let told = self.sinks.entry(sink.to_owned()).or_default();
        told.buried.insert(event);
        self.served(sink, event);
    }

    /// A dead letter was removed: it must have been delivered.
    pub(crate) fn dug_up(&mut self, sink: &str, event: EventId) {
        let told = self.sinks.entry(sink.to_owned()).or_default();
        if !told.delivered.contains(&event) {
            let problem =
                format!("the dead letter {event} of {sink} is gone and was not delivered");
            self.judge(Invariant::I9, Err(problem));
        }
    }

    /// Whether a sink still lacks an event, and which.
    pub(crate) fn untold(&self) -> Option<String> {
        let mut sinks = self.sinks.iter();
        sinks
            .find_map(|(sink, told)| invariants::everything_is_told(sink, told, &self.events).err())
    }
}
