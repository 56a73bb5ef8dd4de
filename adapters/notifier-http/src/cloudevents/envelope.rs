#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, Utc};
use registrywatcher::event::{Event, EventId, EventKind, Severity};
use registrywatcher::ports::NotifyError;
use registrywatcher::watch::WatchName;
use serde::Serialize;

use crate::error::SinkError;

/// Structured mode: the body is the whole event.
pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

const MAX_INSTANCE: usize = 64;

/// Whose events these are; stands in an id, where a `.` would end it.
#[derive(Debug)]
pub(super) struct Instance(String);

impl Instance {
    pub(super) fn parse(name: &str) -> Result<Self, SinkError> {
        let is_part = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
        if !(1..=MAX_INSTANCE).contains(&name.len()) || !name.bytes().all(is_part) {
            return Err(SinkError::BadInstance {
                instance: name.to_owned(),
            });
        }
        Ok(Self(name.to_owned()))
    }

    /// The same whenever the event is sent, and no other event's, even at a receiver that looks at no `source`.
    pub(super) fn id_of(&self, event: &Event) -> String {
        format!("{}-{}", self.0, event.id)
    }

    fn source(&self) -> String {
        format!("/registrywatcher/{}", self.0)
    }
}

/// The JSON of `CloudEvents` 1.0, in the order of its specification.
#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    /// Left out where the event concerns all watches: an empty one is not allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a WatchName>,
    time: String,
    datacontenttype: &'static str,
    data: Data<'a>,
}

/// The event itself; `kind` brings what it tells of beside its own name.
#[derive(Serialize)]
struct Data<'a> {
    id: EventId,
    at: DateTime<Utc>,
    watch: Option<&'a WatchName>,
    severity: Severity,
    message: String,
    #[serde(flatten)]
    kind: &'a EventKind,
}

pub(super) fn write(instance: &Instance, event: &Event) -> Result<String, NotifyError> {
    let envelope = Envelope {
        specversion: "1.0",
        id: instance.id_of(event),
        source: instance.source(),
        kind: format!("io.registrywatcher.{}.v1", event.kind.name()),
        subject: event.watch.as_ref(),
        time: event.at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        datacontenttype: "application/json",
        data: Data {
            id: event.id,
            at: event.at,
            watch: event.watch.as_ref(),
            severity: event.kind.severity(),
            message: event.kind.to_string(),
            kind: &event.kind,
        },
    };
    serde_json::to_string(&envelope).map_err(|error| NotifyError::Rejected {
        problem: format!("the event cannot be written as JSON: {error}"),
    })
}
