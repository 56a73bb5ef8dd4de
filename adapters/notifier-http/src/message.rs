//! What is told of an event, before it takes the form of a sink.

#[cfg(test)]
pub(crate) mod tests;

use chrono::{DateTime, Utc};
use registrywatcher::deployment::Failure;
use registrywatcher::event::{Event, EventKind, Subject};

/// A message that reads alone: what, from where to where, which image, on what, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) tone: Tone,
    /// What happened, in two words.
    pub(crate) title: &'static str,
    /// All that matters, in one line.
    pub(crate) headline: String,
    /// What there is to say beyond the headline.
    pub(crate) detail: String,
    pub(crate) facts: Vec<Fact>,
    /// Which event and deployment it is; the same when the event is delivered again.
    pub(crate) identity: String,
    pub(crate) at: DateTime<Utc>,
}

/// How a message should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Update,
    Success,
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

/// What one kind of event says about a deployment.
struct Report {
    tone: Tone,
    title: &'static str,
    verb: &'static str,
    detail: String,
    outcome: &'static str,
}

impl Message {
    /// Tells that a deployment starts, that it succeeded, or that it did not; nothing of other events.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let subject = event.kind.subject()?;
        let report = Report::of(&event.kind)?;
        Some(Self {
            tone: report.tone,
            title: report.title,
            headline: format!(
                "{}: {} {} ({}) on {}",
                event.watch,
                report.verb,
                change(subject),
                subject.digest.short(),
                subject.workload
            ),
            detail: report.detail,
            facts: facts(subject, report.outcome),
            identity: format!("event {}, deployment {}", event.id, subject.deployment),
            at: event.at,
        })
    }
}

impl Report {
    fn of(kind: &EventKind) -> Option<Self> {
        Some(match kind {
            EventKind::DeploymentStarted { .. } => Self {
                tone: Tone::Update,
                title: "Deployment started",
                verb: "deploying",
                detail: "The orchestrator is asked now; how it ends is told in another message."
                    .to_owned(),
                outcome: "not known yet",
            },
            EventKind::DeploymentSucceeded { .. } => Self {
                tone: Tone::Success,
                title: "Deployment succeeded",
                verb: "deployed",
                detail: "The workload runs the image and is healthy.".to_owned(),
                outcome: "runs and is healthy",
            },
            EventKind::DeploymentFailed {
                reason, restored, ..
            } => Self {
                tone: Tone::Error,
                title: "Deployment failed",
                verb: "could not deploy",
                detail: failure(reason),
                outcome: if *restored {
                    "failed; the orchestrator restored what ran before"
                } else {
                    "failed; the orchestrator did not restore what ran before"
                },
            },
            EventKind::DeploymentAbandoned { reason, .. } => Self {
                tone: Tone::Error,
                title: "Deployment abandoned",
                verb: "gave up deploying",
                detail: reason.clone(),
                outcome: "given up; what runs now is not known",
            },
            _ => return None,
        })
    }
}

/// Why it failed, and what follows from that.
fn failure(reason: &Failure) -> String {
    let next = match reason {
        Failure::Image { .. } => "The image is not deployed by itself again.",
        Failure::Orchestrator { .. } => "It is tried again later.",
        Failure::Workload { .. } => {
            "It is tried again later; somebody must change something first."
        }
    };
    format!("{reason}\n{next}")
}

/// From which tag to which.
fn change(subject: &Subject) -> String {
    match &subject.previous_tag {
        Some(previous) => format!("{previous} → {}", subject.tag),
        None => subject.tag.to_string(),
    }
}

fn facts(subject: &Subject, outcome: &str) -> Vec<Fact> {
    let previous = match &subject.previous_tag {
        Some(tag) => tag.to_string(),
        None => "not known".to_owned(),
    };
    let fact = |name, value, short| Fact { name, value, short };
    vec![
        fact("From", previous, true),
        fact("To", subject.tag.to_string(), true),
        fact(
            "Image",
            format!("{}:{}", subject.repository, subject.tag),
            true,
        ),
        fact("Digest", subject.digest.short().to_owned(), true),
        fact("Workload", subject.workload.to_string(), false),
        fact("Outcome", outcome.to_owned(), false),
    ]
}
