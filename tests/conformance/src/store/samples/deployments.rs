use registrywatcher::deployment::{Cause, Deployment, Failure, Previous, RolloutHandle, State};
use registrywatcher::intent::{Author, RequestId};

use super::{HARD_WORDS, applying, candidate, deployment, id, moment, plain_candidate, uuid};
use crate::samples::{digest, tag};

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
            attempt: u32::try_from(n).unwrap_or(u32::MAX),
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
            request: Some(RequestId(uuid(7))),
        },
        Cause::Requested {
            by: Author::new(HARD_WORDS),
            request: None,
        },
        Cause::PinChanged,
        Cause::NewerVersion {
            from: tag("v1.3.9"),
            to: tag("v1.4.0"),
        },
        Cause::DigestChanged { tag: tag("latest") },
        Cause::Restore { failed: id(98) },
        Cause::Drift,
        Cause::FirstDeploy,
    ]
}
