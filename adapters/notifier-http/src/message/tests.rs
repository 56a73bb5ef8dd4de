use registrywatcher::deployment::{DeploymentId, Failure};
use registrywatcher::event::{EventKind, Subject};
use registrywatcher::intent::RequestId;
use registrywatcher_conformance::samples;
use uuid::Uuid;

use super::*;

pub(crate) fn subject() -> Subject {
    Subject {
        deployment: DeploymentId(Uuid::from_u128(7)),
        workload: samples::workload("production", &[("job", "web"), ("task", "server")]),
        repository: "ghcr.io/acme/web".parse().unwrap(),
        tag: samples::tag("v1.4.0"),
        digest: samples::digest(0xab),
        previous_tag: Some(samples::tag("v1.3.0")),
        attempt: 1,
    }
}

pub(crate) fn event(kind: EventKind) -> Event {
    Event {
        id: 42,
        at: samples::at(5),
        watch: Some("web".parse().unwrap()),
        kind,
    }
}

fn message(kind: EventKind) -> Message {
    Message::of(&event(kind)).unwrap()
}

fn image_failure() -> Failure {
    Failure::Image {
        message: "task `server` exited with code 1".to_owned(),
    }
}

#[test]
fn each_kind_reads_alone() {
    for (kind, tone, headline) in [
        (
            EventKind::DeploymentStarted { subject: subject() },
            Tone::Update,
            "web: deploying v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
        ),
        (
            EventKind::DeploymentSucceeded { subject: subject() },
            Tone::Success,
            "web: deployed v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
        ),
        (
            EventKind::DeploymentFailed {
                subject: subject(),
                reason: image_failure(),
                restored: true,
            },
            Tone::Error,
            "web: could not deploy v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
        ),
        (
            EventKind::DeploymentAbandoned {
                subject: subject(),
                reason: "the deadline".to_owned(),
                by: None,
            },
            Tone::Error,
            "web: gave up deploying v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
        ),
    ] {
        let message = message(kind);
        assert_eq!((message.tone, message.headline.as_str()), (tone, headline));
    }
}

#[test]
fn without_a_previous_tag_only_the_new_one_is_named() {
    let subject = Subject {
        previous_tag: None,
        ..subject()
    };
    let message = message(EventKind::DeploymentStarted { subject });
    assert_eq!(
        message.headline,
        "web: deploying v1.4.0 (abababababab) on production:job=web,task=server"
    );
    assert_eq!(message.facts[0].value, "not known");
}

#[test]
fn a_failure_says_what_was_restored_and_what_follows() {
    for (reason, restored, detail, outcome) in [
        (
            image_failure(),
            true,
            "task `server` exited with code 1\nThe image is not deployed by itself again.",
            "failed; the orchestrator restored what ran before",
        ),
        (
            Failure::Orchestrator {
                message: "no capacity".to_owned(),
            },
            false,
            "no capacity\nIt is tried again later.",
            "failed; the orchestrator did not restore what ran before",
        ),
        (
            Failure::Workload {
                message: "job `web` is stopped".to_owned(),
            },
            false,
            "job `web` is stopped\nIt is tried again later; somebody must change something first.",
            "failed; the orchestrator did not restore what ran before",
        ),
    ] {
        let kind = EventKind::DeploymentFailed {
            subject: subject(),
            reason,
            restored,
        };
        let message = message(kind);
        assert_eq!(message.detail, detail);
        assert_eq!(message.facts.last().unwrap().value, outcome);
    }
}

#[test]
fn a_canary_that_waits_is_told_before_the_outcome_is_known() {
    let message = message(EventKind::DeploymentAwaitsPromotion { subject: subject() });
    assert_eq!(message.tone, Tone::Update);
    assert_eq!(
        message.headline,
        "web: waiting for somebody to promote v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server"
    );
    assert_eq!(message.facts.last().unwrap().value, "not known yet");
}

#[test]
fn a_quarantined_image_was_told_with_the_deployment_that_failed() {
    let quarantined = EventKind::ImageQuarantined {
        tag: samples::tag("v1.4.0"),
        digest: samples::digest(0xab),
        reason: "exited with code 1".to_owned(),
    };
    assert!(Message::of(&event(quarantined)).is_none());
}

#[test]
fn a_dropped_request_is_told_with_its_reason() {
    let message = message(EventKind::RequestDropped {
        request: RequestId(Uuid::from_u128(1)),
        reason: "expired".to_owned(),
    });
    assert_eq!(message.tone, Tone::Warning);
    assert_eq!(
        message.headline,
        "web: a request for a deployment was dropped"
    );
    assert_eq!(message.detail, "expired");
    assert_eq!(
        message.facts[0].value,
        "00000000-0000-0000-0000-000000000001"
    );
}

#[test]
fn whatever_somebody_should_look_at_is_told_in_its_own_words() {
    let retired = message(EventKind::WatchRetired);
    assert_eq!(retired.title, "Watch retired");
    assert_eq!(retired.headline, "web: no longer in the configuration");
    let moved = message(EventKind::RepositoryChanged {
        from: "ghcr.io/acme/web".parse().unwrap(),
        to: "ghcr.io/acme/shop".parse().unwrap(),
    });
    assert_eq!(moved.tone, Tone::Warning);
    assert_eq!(
        moved.headline,
        "web: follows ghcr.io/acme/shop instead of ghcr.io/acme/web"
    );
}

#[test]
fn what_is_for_the_record_alone_is_not_told() {
    for kind in [
        EventKind::WatchAdded {
            repository: "ghcr.io/acme/web".parse().unwrap(),
        },
        EventKind::DeploymentAccepted { subject: subject() },
        EventKind::DeploymentSuperseded {
            subject: subject(),
            by: None,
        },
    ] {
        assert_eq!(Message::of(&event(kind)), None);
    }
}
