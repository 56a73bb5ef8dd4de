use registrywatcher::deployment::Failure;
use registrywatcher::event::{EventKind, NewEvent, Subject};
use registrywatcher::freeze::{Freeze, Stops};
use registrywatcher::intent::{Author, RequestId, Target};
use registrywatcher::token::Role;

use super::{HARD_WORDS, every_cause, freeze, id, moment, task, uuid};
use crate::samples::{digest, tag};

/// Every kind of event, in the order of their times.
pub fn every_event() -> Vec<NewEvent> {
    let kinds = operators_events().into_iter().chain(deployment_events());
    (1..)
        .zip(kinds)
        .map(|(second, kind)| NewEvent {
            at: moment(second),
            kind,
        })
        .collect()
}

fn operators_events() -> Vec<EventKind> {
    let repository = |text: &str| {
        text.parse()
            .expect("a repository of a test follows the grammar")
    };
    let by = || Author::new(HARD_WORDS);
    let intent = |target, hold| EventKind::IntentChanged {
        by: by(),
        target,
        auto_deploy: false,
        hold,
    };
    vec![
        EventKind::WatchAdded {
            repository: repository("nginx"),
        },
        EventKind::WatchRetired,
        EventKind::RepositoryChanged {
            from: repository("a/b"),
            to: repository("localhost:1/c"),
        },
        intent(Target::Track, None),
        intent(Target::Pin(tag("v1")), Some(HARD_WORDS.to_owned())),
        EventKind::DeploymentAsked {
            request: RequestId(uuid(1)),
            by: by(),
            tag: tag("v1"),
            digest: digest(1),
        },
        EventKind::RequestDropped {
            request: RequestId(uuid(1)),
            reason: HARD_WORDS.to_owned(),
        },
        EventKind::WorkloadAdopted {
            workload: task("web"),
            tag: tag("v1"),
            digest: digest(1),
        },
        EventKind::ImageQuarantined {
            tag: tag("v1"),
            digest: digest(1),
            reason: HARD_WORDS.to_owned(),
        },
        EventKind::QuarantineReleased {
            by: by(),
            deployment: id(1),
            tag: tag("v1"),
            digest: digest(1),
        },
        EventKind::TokenCreated {
            name: "ci".parse().expect("it is a name"),
            role: Role::Deployer,
            by: by(),
        },
        EventKind::TokenRevoked {
            name: "ci".parse().expect("it is a name"),
            by: by(),
        },
        EventKind::DeadLetterReplayed {
            by: by(),
            sink: HARD_WORDS.to_owned(),
            event: 7,
        },
        frozen(Stops::Everything, false),
        frozen(Stops::Automatic, true),
        EventKind::Unfrozen {
            by: by(),
            everywhere: true,
        },
    ]
}

fn frozen(stops: Stops, everywhere: bool) -> EventKind {
    let Freeze {
        until, reason, by, ..
    } = freeze(1, stops);
    EventKind::Frozen {
        by,
        until,
        reason,
        stops,
        everywhere,
    }
}

fn deployment_events() -> Vec<EventKind> {
    let subject = subject(Some("v1.3.9"));
    let failed = |reason| EventKind::DeploymentFailed {
        subject: subject.clone(),
        reason,
        restored: true,
    };
    let superseded = |by| EventKind::DeploymentSuperseded {
        subject: subject.clone(),
        by,
    };
    let message = || HARD_WORDS.to_owned();
    let mut kinds: Vec<EventKind> = every_cause()
        .into_iter()
        .map(|cause| EventKind::DeploymentCreated {
            subject: self::subject(None),
            cause,
        })
        .collect();
    kinds.extend([
        EventKind::DeploymentStarted {
            subject: subject.clone(),
        },
        EventKind::DeploymentAccepted {
            subject: subject.clone(),
        },
        EventKind::DeploymentAwaitsPromotion {
            subject: subject.clone(),
        },
        EventKind::PromotionAsked {
            subject: subject.clone(),
            by: Author::new(HARD_WORDS),
        },
        EventKind::DeploymentSucceeded {
            subject: subject.clone(),
        },
        failed(Failure::Image { message: message() }),
        failed(Failure::Orchestrator { message: message() }),
        failed(Failure::Workload { message: message() }),
        superseded(Some(id(2))),
        superseded(None),
        EventKind::DeploymentAbandoned {
            subject: subject.clone(),
            reason: message(),
            by: Some(Author::new(HARD_WORDS)),
        },
    ]);
    kinds
}

fn subject(previous_tag: Option<&str>) -> Subject {
    Subject {
        deployment: id(1),
        workload: task("web"),
        repository: "ghcr.io/acme/web"
            .parse()
            .expect("a repository of a test is one"),
        tag: tag("v1.4.0"),
        digest: digest(1),
        previous_tag: previous_tag.map(tag),
        attempt: 3,
    }
}
