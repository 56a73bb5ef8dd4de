use poem_openapi::{Enum, Object};
use registrywatcher::event::{self, EventKind};
use uuid::Uuid;

use super::Timestamp;

/// Something that happened.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Event {
    /// Its place in the order of all events; later ones are greater.
    id: u64,
    /// When it happened.
    at: Timestamp,
    /// The watch it belongs to; left out if it concerns all.
    watch: Option<String>,
    /// What happened, in one word, such as `intent_changed` or `deployment_failed`; there may be new ones.
    kind: String,
    /// How urgent it is.
    severity: Severity,
    /// What happened, in a sentence for people.
    message: String,
    /// The operator who did it.
    by: Option<String>,
    /// The request it tells of.
    request: Option<Uuid>,
    /// The deployment it tells of.
    deployment: Option<Uuid>,
    /// The workload it tells of.
    workload: Option<String>,
    /// The tag it tells of.
    tag: Option<String>,
    /// The digest it tells of.
    digest: Option<String>,
}

/// How urgent an event is. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// For the record.
    Info,
    /// Somebody should look, some day.
    Warning,
    /// Something did not work.
    Error,
}

impl From<event::Event> for Event {
    fn from(event: event::Event) -> Self {
        let told = Self {
            id: event.id,
            at: event.at.into(),
            watch: event.watch.map(|name| name.to_string()),
            kind: event.kind.name().to_owned(),
            severity: event.kind.severity().into(),
            message: event.kind.to_string(),
            by: None,
            request: None,
            deployment: None,
            workload: None,
            tag: None,
            digest: None,
        };
        told.with_subject(&event.kind)
    }
}

impl Event {
    /// Its place in the order of all events.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Adds what the event tells of, so that nobody has to read it out of the message.
    fn with_subject(mut self, kind: &EventKind) -> Self {
        match kind {
            EventKind::IntentChanged { by, target, .. } => {
                self.by = Some(by.to_string());
                self.tag = target.pinned().map(ToString::to_string);
            }
            EventKind::DeploymentAsked {
                request,
                by,
                tag,
                digest,
            } => {
                self.request = Some(request.0);
                self.by = Some(by.to_string());
                self.tag = Some(tag.to_string());
                self.digest = Some(digest.to_string());
            }
            EventKind::RequestDropped { request, .. } => self.request = Some(request.0),
            EventKind::DeploymentCreated { cause, .. } => {
                self.request = cause.request().map(|request| request.0);
            }
            EventKind::PromotionAsked { by, .. } => self.by = Some(by.to_string()),
            EventKind::DeploymentAbandoned { by, .. } => {
                self.by = by.as_ref().map(ToString::to_string);
            }
            EventKind::WorkloadAdopted {
                workload,
                tag,
                digest,
            } => {
                self.workload = Some(workload.to_string());
                self.tag = Some(tag.to_string());
                self.digest = Some(digest.to_string());
            }
            EventKind::ImageQuarantined { tag, digest, .. } => {
                self.tag = Some(tag.to_string());
                self.digest = Some(digest.to_string());
            }
            EventKind::QuarantineReleased {
                by,
                deployment,
                tag,
                digest,
            } => {
                self.by = Some(by.to_string());
                self.deployment = Some(deployment.0);
                self.tag = Some(tag.to_string());
                self.digest = Some(digest.to_string());
            }
            EventKind::TokenCreated { by, .. }
            | EventKind::TokenRevoked { by, .. }
            | EventKind::DeadLetterReplayed { by, .. }
            | EventKind::Frozen { by, .. }
            | EventKind::Unfrozen { by, .. } => {
                self.by = Some(by.to_string());
            }
            _ => {}
        }
        if let Some(subject) = kind.subject() {
            self.deployment = Some(subject.deployment.0);
            self.workload = Some(subject.workload.to_string());
            self.tag = Some(subject.tag.to_string());
            self.digest = Some(subject.digest.to_string());
        }
        self
    }
}

impl From<event::Severity> for Severity {
    fn from(severity: event::Severity) -> Self {
        match severity {
            event::Severity::Info => Self::Info,
            event::Severity::Warning => Self::Warning,
            event::Severity::Error => Self::Error,
        }
    }
}
