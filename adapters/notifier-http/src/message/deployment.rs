use registrywatcher::deployment::Failure;
use registrywatcher::event::{Event, EventKind, Subject};

use super::{Fact, Message, Tone, identity};

/// What one kind of event says about a deployment.
struct Report {
    tone: Tone,
    title: &'static str,
    verb: &'static str,
    detail: String,
    outcome: &'static str,
}

/// Tells that a deployment starts, waits for somebody, succeeded, or did not.
pub(super) fn message(event: &Event) -> Option<Message> {
    let subject = event.kind.subject()?;
    let report = Report::of(&event.kind, subject)?;
    Some(Message {
        tone: report.tone,
        title: report.title.to_owned(),
        headline: format!(
            "{}: {} {} ({}) on {}",
            event.about(),
            report.verb,
            change(subject),
            subject.digest.short(),
            subject.workload
        ),
        detail: report.detail,
        facts: facts(subject, report.outcome),
        identity: identity(event),
        at: event.at,
    })
}

impl Report {
    fn of(kind: &EventKind, subject: &Subject) -> Option<Self> {
        Some(match kind {
            EventKind::DeploymentStarted { .. } => Self {
                tone: Tone::Update,
                title: "Deployment started",
                verb: "deploying",
                detail: "The orchestrator is asked now; how it ends is told in another message."
                    .to_owned(),
                outcome: "not known yet",
            },
            EventKind::DeploymentAwaitsPromotion { .. } => Self {
                tone: Tone::Update,
                title: "Promotion awaited",
                verb: "waiting for somebody to promote",
                detail: "The canaries are healthy; the rest follows once they are promoted."
                    .to_owned(),
                outcome: "not known yet",
            },
            EventKind::DeploymentSucceeded { .. } => Self {
                tone: Tone::Success,
                title: "Deployment succeeded",
                verb: "deployed",
                detail: succeeded(subject.attempt),
                outcome: "runs and is healthy",
            },
            EventKind::DeploymentFailed {
                reason, restored, ..
            } => Self::of_failure(reason, *restored),
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

    /// Says why it failed, and what follows from that.
    fn of_failure(reason: &Failure, restored: bool) -> Self {
        let next = match reason {
            Failure::Image { .. } => "The image is not deployed by itself again.",
            Failure::Orchestrator { .. } => "It is tried again later.",
            Failure::Workload { .. } => {
                "It is tried again later; somebody must change something first."
            }
        };
        Self {
            tone: Tone::Error,
            title: "Deployment failed",
            verb: "could not deploy",
            detail: format!("{reason}\n{next}"),
            outcome: if restored {
                "failed; the orchestrator restored what ran before"
            } else {
                "failed; the orchestrator did not restore what ran before"
            },
        }
    }
}

/// What failed before was told once; how often it did is told here.
fn succeeded(attempt: u32) -> String {
    let now = "The workload runs the image and is healthy.";
    if attempt > 1 {
        format!("{now} It took {attempt} attempts.")
    } else {
        now.to_owned()
    }
}

/// From which tag to which.
fn change(subject: &Subject) -> String {
    match &subject.previous_tag {
        Some(previous) => format!("{previous} → {}", subject.tag),
        None => subject.tag.to_string(),
    }
}

fn facts(subject: &Subject, outcome: &str) -> Vec<Fact> {
    let from = match &subject.previous_tag {
        Some(tag) => tag.as_str(),
        None => "not known",
    };
    let image = format!("{}:{}", subject.repository, subject.tag);
    vec![
        Fact::short("From", from),
        Fact::short("To", subject.tag.as_str()),
        Fact::short("Image", image),
        Fact::short("Digest", subject.digest.short()),
        Fact::long("Workload", subject.workload.to_string()),
        Fact::long("Outcome", outcome),
    ]
}
