use std::collections::{BTreeMap, BTreeSet};

use registrywatcher::event::{Event, EventId};
use registrywatcher::watch::WatchName;

use crate::setting::{AUDIT, PAGED};

/// What one sink was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The last event of the time before the sink was known.
    pub(crate) before: Option<EventId>,
    pub(crate) cursor: EventId,
    pub(crate) delivered: BTreeSet<EventId>,
    /// What went to the dead letters, replayed or not.
    pub(crate) buried: BTreeSet<EventId>,
    /// The last event that was delivered for the first time, by watch.
    pub(crate) last: BTreeMap<Option<WatchName>, EventId>,
}

impl Told {
    /// Whether the sink is to be told `event`, and neither was nor has it among its dead letters.
    fn lacks(&self, sink: &str, event: &Event) -> bool {
        let is_admitted = sink == AUDIT || PAGED.contains(&event.kind.name());
        let is_later = self.before.is_some_and(|before| event.id > before);
        let is_settled = self.delivered.contains(&event.id) || self.buried.contains(&event.id);
        is_later && is_admitted && !is_settled
    }
}

/// I9, of progress. Whenever a sink's cursor moves, each event up to it that the sink is to be told was delivered, or is a
/// dead letter.
pub(crate) fn cursor_skips_nothing(
    sink: &str,
    told: &Told,
    from: EventId,
    events: &[Event],
) -> Result<(), String> {
    let passed = events.iter().skip_while(|event| event.id <= from);
    let mut passed = passed.take_while(|event| event.id <= told.cursor);
    match passed.find(|event| told.lacks(sink, event)) {
        Some(event) => Err(format!(
            "sink {sink} was taken for served up to event {}, but was never told event {} ({})",
            told.cursor,
            event.id,
            event.kind.name()
        )),
        None => Ok(()),
    }
}

/// I9, of order. The first deliveries of the events of a watch to a sink come in the order of the events; dead letters that are
/// replayed are exempt.
pub(crate) fn delivery_is_in_order(sink: &str, told: &Told, event: &Event) -> Result<(), String> {
    let last = told.last.get(&event.watch).copied().unwrap_or_default();
    let is_repeated = told.delivered.contains(&event.id) || told.buried.contains(&event.id);
    if is_repeated || event.id > last {
        return Ok(());
    }
    Err(format!(
        "sink {sink} was told event {} after event {last} of the same watch",
        event.id
    ))
}

/// I9, at the end. Each sink was told every event that it is to be told, or has it among its dead letters.
pub(crate) fn everything_is_told(sink: &str, told: &Told, events: &[Event]) -> Result<(), String> {
    match events.iter().find(|event| told.lacks(sink, event)) {
        Some(event) => Err(format!(
            "sink {sink} was never told event {} ({})",
            event.id,
            event.kind.name()
        )),
        None => Ok(()),
    }
}
