use registrywatcher::deployment::{Adopted, FailedRollout, Failure, Setback, Success};
use registrywatcher::freeze::Stops;
use registrywatcher::intent::{Author, Intent, OperatorHold, Request, RequestId, Target};
use registrywatcher::ports::{WatchState, WorkloadState};

use super::{HARD_WORDS, candidate, freeze, id, moment, plain_candidate, task, uuid, watch};
use crate::samples::tag;

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
            freeze: Some(freeze(3, Stops::Everything)),
            requests: vec![request(1, false), request(2, true)],
            workloads: every_workload(),
            ..watch("pinned")
        },
        WatchState {
            intent: waiting,
            freeze: Some(freeze(4, Stops::Automatic)),
            ..watch("held")
        },
        WatchState {
            repository: None,
            retired: true,
            ..watch("imported-and_retired.2")
        },
    ]
}

fn every_workload() -> Vec<WorkloadState> {
    let bare = |inside: &str| WorkloadState {
        workload: task(inside),
        adopted: None,
        success: None,
        failed: None,
        setback: None,
        last_automatic: None,
    };
    let success = Success {
        deployment: id(1),
        candidate: candidate("v1.3.9"),
        at: moment(4),
    };
    let failed = FailedRollout {
        deployment: id(2),
        candidate: candidate("v1.4.0"),
        reason: Failure::Workload {
            message: HARD_WORDS.to_owned(),
        },
        restored: true,
        at: moment(5),
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
            failed: Some(failed),
            setback: Some(Setback {
                consecutive: 3,
                last: moment(5),
                deployment: id(3),
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
        overrides_freeze: n.is_multiple_of(2),
        created_at: moment(1),
        expires_at: moment(3600),
    }
}
