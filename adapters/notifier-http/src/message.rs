//! What is told of an event, before it takes the form of a chat.

mod deployment;
mod notice;
#[cfg(test)]
pub(crate) mod tests;

use chrono::{DateTime, Utc};
use registrywatcher::event::Event;

/// A message that reads alone: what, from where to where, which image, on what, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) tone: Tone,
    /// What happened, in two words of ours.
    pub(crate) title: String,
    /// All that matters, in one line.
    pub(crate) headline: String,
    /// What there is to say beyond the headline; may be empty.
    pub(crate) detail: String,
    pub(crate) facts: Vec<Fact>,
    /// Which event and deployment it is; the same when the event is delivered again, and all ours.
    pub(crate) identity: String,
    pub(crate) at: DateTime<Utc>,
}

/// How a message should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Update,
    Success,
    Warning,
    Error,
}

/// One named value of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    /// Whether it fits beside another.
    pub(crate) short: bool,
}

impl Message {
    /// Tells how a deployment goes and whatever else somebody should look at; nothing of other events.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        deployment::message(event).or_else(|| notice::message(event))
    }
}

impl Fact {
    fn short(name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        Self {
            name,
            value,
            short: true,
        }
    }

    fn long(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            short: false,
            ..Self::short(name, value)
        }
    }
}

fn identity(event: &Event) -> String {
    match event.kind.subject() {
        Some(subject) => format!("event {}, deployment {}", event.id, subject.deployment),
        None => format!("event {}", event.id),
    }
}
