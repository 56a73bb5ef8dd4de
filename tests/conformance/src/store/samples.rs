//! What the suite stores: at least one value of every variant, and text that databases trip over.

mod deployments;
mod events;
mod watches;

use chrono::{DateTime, TimeDelta, Utc};
use registrywatcher::deployment::{Cause, Deployment, DeploymentId, Quarantined, State};
use registrywatcher::event::{EventKind, NewEvent};
use registrywatcher::freeze::{Freeze, Stops};
use registrywatcher::image::{Image, PlatformManifest};
use registrywatcher::intent::{Author, Candidate, Intent, RequestId};
use registrywatcher::ports::{ReplicaId, RestraintChange, Step, WatchState};
use registrywatcher::watch::{Unit, WatchName, Workload};
use uuid::Uuid;

pub use deployments::{every_cause, every_deployment, every_state};
pub use events::every_event;
pub use watches::every_watch;

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
        freeze: None,
        requests: Vec::new(),
        workloads: Vec::new(),
        retired: false,
    }
}

/// A watch that was stored so many times.
pub fn at_version(text: &str, version: u64) -> WatchState {
    let watch = watch(text);
    WatchState { version, ..watch }
}

/// A step that stores `watch` and nothing else.
pub fn step(watch: WatchState) -> Step {
    Step {
        watch: Some(watch),
        ..Step::default()
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
        attempt: 1,
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

/// The restraint that [`quarantined`] is.
pub fn quarantine(n: u64) -> RestraintChange {
    RestraintChange::Quarantine(quarantined(n))
}

/// A freeze that was made at the `n`th second.
pub fn freeze(n: i64, stops: Stops) -> Freeze {
    Freeze {
        until: moment(n + 3600),
        reason: HARD_WORDS.to_owned(),
        by: Author::new(HARD_WORDS),
        since: moment(n),
        stops,
    }
}

/// The `n`th process that shares the work.
pub fn replica(n: u64) -> ReplicaId {
    ReplicaId(uuid(n))
}

/// An image that is being applied.
pub fn applying() -> State {
    State::Applying { since: moment(2) }
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
