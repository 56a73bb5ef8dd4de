//! What the suite stores: at least one value of every variant, and text that databases trip over.

use chrono::{DateTime, TimeDelta, Utc};
use registrywatcher::deployment::{
    Adopted, Cause, Deployment, DeploymentId, Failure, Previous, Quarantined, RolloutHandle,
    Setback, State, Success,
};
use registrywatcher::event::{EventKind, NewEvent, Subject};
use registrywatcher::image::{Image, PlatformManifest};
use registrywatcher::intent::{
    Author, Candidate, Intent, OperatorHold, Request, RequestId, Target,
};
use registrywatcher::ports::{Step, WatchState, WorkloadState};
use registrywatcher::watch::{Unit, WatchName, Workload};
use uuid::Uuid;

use crate::samples::{at, digest, image, tag, workload};

/// Words with quotes, a line break, a NUL and letters beyond ASCII, as the output of a program may hold.
pub const HARD_WORDS: &str = "can't \"pull\"; -- \\u0000 \u{0} \r\n größer 🚢 {\"a\": 1}";

/// The name of a watch.
pub fn name(text: &str) -> WatchName {
    text.parse().expect("a watch of a test has a name")
}

/// An identity of version 7 that is the `n`th in order.
pub fn uuid(n: u64) -> Uuid {
    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + u128::from(n))
}

/// The `n`th deployment's identity.
pub fn id(n: u64) -> DeploymentId {
    DeploymentId(uuid(n))
}

/// A moment with microseconds.
pub fn moment(second: i64) -> DateTime<Utc> {
    at(second) + TimeDelta::microseconds(123_456)
}

/// A unit of the deployer `production`.
pub fn unit(inside: &str) -> Unit {
    Unit::new(
        &"production"
            .parse()
            .expect("a deployer of a test has a name"),
        inside,
    )
}

/// A watch that was never stored: it tracks.
pub fn watch(text: &str) -> WatchState {
    WatchState {
        name: name(text),
        version: 0,
        repository: Some(
            "ghcr.io/acme/web"
                .parse()
                .expect("a repository of a test is one"),
        ),
        intent: Intent::default(),
        requests: Vec::new(),
        workloads: Vec::new(),
        retired: false,
    }
}

/// A step that stores `watch` and nothing else.
pub fn step(watch: WatchState) -> Step {
    Step {
        watch,
        deployments: Vec::new(),
        quarantine_revision: None,
        quarantine: Vec::new(),
        events: Vec::new(),
    }
}

/// An event, told apart by a number.
pub fn event(n: u64) -> NewEvent {
    let kind = EventKind::RequestDropped {
        request: RequestId(uuid(n)),
        reason: format!("{n}"),
    };
    NewEvent {
        at: moment(1),
        kind,
    }
}

/// The `n`th deployment, of a unit of its own.
pub fn deployment(n: u64, watch: &str, state: State) -> Deployment {
    Deployment {
        id: id(n),
        watch: name(watch),
        workload: task("web"),
        unit: unit(&format!("default/{n}")),
        source: "ghcr.io/acme/web"
            .parse()
            .expect("a reference of a test is one"),
        candidate: candidate("v1.4.0"),
        cause: Cause::FirstDeploy,
        forced: false,
        previous: None,
        created_at: moment(1),
        deadline: moment(600),
        superseded_by: None,
        state,
    }
}

/// An image to quarantine, told apart by the deployment that failed.
pub fn quarantined(n: u64) -> Quarantined {
    Quarantined {
        repository: "registry.example:5000/acme/web"
            .parse()
            .expect("a repository of a test is one"),
        candidate: candidate("v1.4.0"),
        deployment: id(n),
        reason: HARD_WORDS.to_owned(),
        since: moment(n.try_into().unwrap_or(i64::MAX)),
    }
}

/// An image that is being applied.
pub fn applying() -> State {
    State::Applying { since: moment(2) }
}

/// Watches that together hold every target, every kind of hold, and every optional part both there and not.
pub fn every_watch() -> Vec<WatchState> {
    let hold = |past| {
        let by = Author::new(HARD_WORDS);
        Some(OperatorHold {
            past,
            by,
            reason: HARD_WORDS.to_owned(),
            since: moment(3),
        })
    };
    let pinned = Intent {
        revision: 7,
        target: Target::Pin(tag("v1.3.9")),
        auto_deploy: false,
        hold: hold(Some(candidate("v1.4.0"))),
    };
    let waiting = Intent {
        revision: 2,
        hold: hold(None),
        ..Intent::default()
    };
    vec![
        watch("tracking"),
        WatchState {
            intent: pinned,
            requests: vec![request(1, false), request(2, true)],
            workloads: every_workload(),
            ..watch("pinned")
        },
        WatchState {
            intent: waiting,
            ..watch("held")
        },
        WatchState {
            repository: None,
            retired: true,
            ..watch("imported-and_retired.2")
        },
    ]
}

/// Deployments that together have every state, every cause, every failure and every optional part both there and not.
pub fn every_deployment(watch: &str) -> Vec<Deployment> {
    let previous = [
        None,
        Some(Previous {
            tag: Some(tag("v1")),
            digest: Some(digest(7)),
        }),
        Some(Previous {
            tag: None,
            digest: None,
        }),
    ];
    (1..)
        .zip(every_state())
        .zip(every_cause().into_iter().cycle())
        .zip(previous.into_iter().cycle())
        .map(|(((n, state), cause), previous)| Deployment {
            cause,
            previous,
            forced: n % 2 == 0,
            superseded_by: (n % 3 == 0).then(|| id(n + 100)),
            candidate: if n % 2 == 0 {
                plain_candidate()
            } else {
                candidate("v1.4.0")
            },
            ..deployment(n, watch, state)
        })
        .collect()
}

/// Every state, and each failure that one of them can carry.
pub fn every_state() -> Vec<State> {
    let handle = || RolloutHandle(HARD_WORDS.to_owned());
    let failed = |reason, restored| State::Failed {
        at: moment(9),
        reason,
        restored,
    };
    let message = || HARD_WORDS.to_owned();
    vec![
        State::Requested,
        applying(),
        State::Rolling {
            since: moment(3),
            handle: handle(),
        },
        State::AwaitingPromotion {
            since: moment(4),
            handle: handle(),
        },
        State::Succeeded { at: moment(5) },
        failed(Failure::Image { message: message() }, true),
        failed(Failure::Orchestrator { message: message() }, false),
        failed(Failure::Workload { message: message() }, false),
        State::Superseded {
            at: moment(6),
            by: Some(id(99)),
        },
        State::Superseded {
            at: moment(6),
            by: None,
        },
        State::Abandoned {
            at: moment(7),
            reason: message(),
        },
    ]
}

/// Every cause.
pub fn every_cause() -> Vec<Cause> {
    vec![
        Cause::Requested {
            by: Author::new(HARD_WORDS),
        },
        Cause::PinChanged,
        Cause::NewerVersion {
            from: tag("v1.3.9"),
            to: tag("v1.4.0"),
        },
        Cause::DigestChanged { tag: tag("latest") },
        Cause::Drift,
        Cause::FirstDeploy,
    ]
}

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
    let intent = |target| EventKind::IntentChanged {
        by: by(),
        target,
        auto_deploy: false,
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
        intent(Target::Track),
        intent(Target::Pin(tag("v1"))),
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
    ]
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
    }
}

fn every_workload() -> Vec<WorkloadState> {
    let bare = |inside: &str| WorkloadState {
        workload: task(inside),
        adopted: None,
        success: None,
        setback: None,
        last_automatic: None,
    };
    let success = Success {
        deployment: id(1),
        candidate: candidate("v1.3.9"),
        at: moment(4),
    };
    vec![
        bare("never-deployed"),
        WorkloadState {
            adopted: Some(Adopted {
                candidate: plain_candidate(),
                at: moment(2),
            }),
            ..bare("adopted")
        },
        WorkloadState {
            success: Some(success),
            setback: Some(Setback {
                consecutive: 3,
                last: moment(5),
            }),
            last_automatic: Some(moment(6)),
            ..bare("deployed")
        },
    ]
}

fn request(n: u64, single: bool) -> Request {
    Request {
        id: RequestId(uuid(n)),
        author: Author::new(HARD_WORDS),
        candidate: candidate("v1.4.0"),
        pending: vec![task("web"), task("worker")],
        single,
        created_at: moment(1),
        expires_at: moment(3600),
    }
}

fn task(name: &str) -> Workload {
    workload(
        "production",
        &[("job", "web"), ("group", HARD_WORDS), ("task", name)],
    )
}

fn candidate(text: &str) -> Candidate {
    let entry = |platform: Option<&str>, n| PlatformManifest {
        platform: platform.map(|text| text.parse().expect("a platform of a test is one")),
        digest: digest(n),
    };
    let platforms = vec![
        entry(Some("linux/amd64"), 11),
        entry(Some("linux/arm/v7"), 12),
        entry(None, 13),
    ];
    Candidate {
        tag: tag(text),
        image: Image::of_index(digest(1), platforms),
    }
}

fn plain_candidate() -> Candidate {
    Candidate {
        tag: tag("latest"),
        image: image(2),
    }
}
