use std::collections::BTreeSet;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Progress};
use registrywatcher_conformance::samples::{image, tag, workload};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Expected, Facts, judge};
use crate::handle::Handle;
use crate::service::Service;
use crate::spec::{Spec, Wanted};

fn apply() -> Apply {
    Apply {
        id: DeploymentId(Uuid::from_u128(7)),
        workload: workload("swarm", &[("service", "web")]),
        source: "acme/web".parse().unwrap(),
        candidate: Candidate {
            tag: tag("v2"),
            image: image(2),
        },
        forced: false,
        previous: None,
    }
}

/// What the service is before our update.
fn before() -> Value {
    json!({
        "Name": "web", "Mode": { "Replicated": { "Replicas": 1 } },
        "TaskTemplate": { "ContainerSpec": { "Image": "acme/web:v1" }, "ForceUpdate": 0 },
        "UpdateConfig": { "Monitor": 10_000_000_000_u64, "FailureAction": "rollback" },
    })
}

/// What it is by our update.
fn ours() -> Value {
    Spec(&before()).with_image(&Wanted {
        apply: &apply(),
        platforms: None,
    })
}

/// What somebody else makes of it.
fn theirs() -> Value {
    let mut spec = ours();
    spec["TaskTemplate"]["ContainerSpec"]["Image"] = "acme/web:v9".into();
    spec
}

/// A service as `GET /services/web` tells of it, updated at 15:00:00.
fn service(spec: &Value, previous: Option<&Value>, state: Option<&str>) -> Value {
    let mut service = json!({
        "ID": "1t4cwsdtxuj0bf5u2t957z1h2", "Version": { "Index": 43 },
        "UpdatedAt": "2026-11-24T15:00:00Z", "Spec": spec,
    });
    if let Some(previous) = previous {
        service["PreviousSpec"] = previous.clone();
    }
    if let Some(state) = state {
        let (began, message) = ("2026-11-24T14:59:59Z", format!("{state} by docker"));
        service["UpdateStatus"] = json!({ "State": state, "StartedAt": began, "Message": message });
    }
    service
}

/// Its one task of `spec`.
fn task(spec: &Value, desired: &str, state: &str) -> Value {
    let err = if state == "failed" {
        "task: non-zero exit (3)"
    } else {
        ""
    };
    json!({
        "Slot": 1, "NodeID": "n", "Spec": spec["TaskTemplate"], "DesiredState": desired,
        "Status": { "State": state, "Err": err, "Timestamp": "2026-11-24T15:00:01Z" },
    })
}

/// Judges at so many seconds past 15:00:00.
fn judged(service: Value, tasks: &[Value], second: u32) -> String {
    let first = Service::read(self::service(&before(), None, None)).unwrap();
    judged_by(&Handle::over(&first), service, tasks, second)
}

fn judged_by(handle: &Handle, service: Value, tasks: &[Value], second: u32) -> String {
    let read = |task: &Value| serde_json::from_value(task.clone()).unwrap();
    let facts = Facts {
        service: Service::read(service).unwrap(),
        tasks: tasks.iter().map(read).collect(),
        nodes: BTreeSet::from(["n".to_owned()]),
        now: format!("2026-11-24T15:00:{second:02}Z").parse().unwrap(),
    };
    let apply = apply();
    let expected = Expected {
        apply: &apply,
        handle,
    };
    match judge(&facts, &expected) {
        Progress::Rolling { detail } => format!("rolling: {detail}"),
        Progress::Failed { reason, restored } => {
            let whose = if reason.blames_image() {
                "image"
            } else {
                "other"
            };
            format!("failed: {whose}, restored {restored}: {reason}")
        }
        other => format!("{other:?}"),
    }
}

fn updated(state: Option<&str>) -> Value {
    service(&ours(), Some(&before()), state)
}

#[test]
fn an_update_has_succeeded_once_swarm_says_so_and_the_tasks_run() {
    let (old, ready) = (
        task(&before(), "shutdown", "running"),
        task(&ours(), "ready", "ready"),
    );
    let runs = task(&ours(), "running", "running");
    let rolling = "rolling: 0 of 1 tasks run the image";
    assert_eq!(
        judged(updated(None), std::slice::from_ref(&old), 0),
        rolling
    );
    let tasks = [old, ready];
    assert_eq!(judged(updated(Some("updating")), &tasks, 1), rolling);
    let tasks = [runs];
    // Swarm watches them still.
    assert_eq!(
        judged(updated(Some("updating")), &tasks, 30),
        "rolling: 1 of 1 tasks run the image"
    );
    assert_eq!(judged(updated(Some("completed")), &tasks, 2), "Succeeded");
    let gone = judged(updated(Some("completed")), &[], 2);
    assert_eq!(gone, rolling, "it is completed, and does not run");
}

#[test]
fn tasks_that_swarm_does_not_watch_are_watched_by_us() {
    let runs = [task(&ours(), "running", "running")];
    let watched = "rolling: all its tasks run; they are watched for 10s";
    assert_eq!(judged(updated(None), &runs, 10), watched);
    assert_eq!(judged(updated(None), &runs, 11), "Succeeded");
    let mut careless = updated(Some("completed"));
    careless["Spec"]["UpdateConfig"]["FailureAction"] = "continue".into();
    assert_eq!(judged(careless.clone(), &runs, 10), watched);
    assert_eq!(judged(careless.clone(), &runs, 11), "Succeeded");
    let ended = [task(&ours(), "shutdown", "failed")];
    assert_eq!(
        judged(careless, &ended, 11),
        "failed: image, restored false: its tasks do not stay up: replica 1: task: non-zero exit (3)"
    );
}

#[test]
fn an_update_that_is_paused_has_failed() {
    let failed = [task(&ours(), "shutdown", "failed")];
    assert_eq!(
        judged(updated(Some("paused")), &failed, 2),
        "failed: image, restored false: paused by docker: replica 1: task: non-zero exit (3)"
    );
    assert_eq!(
        judged(updated(Some("paused")), &[], 2),
        "failed: other, restored false: paused by docker"
    );
}

#[test]
fn what_is_told_of_an_earlier_update_is_not_of_ours() {
    let earlier = Service::read(service(&before(), None, Some("paused"))).unwrap();
    let handle = Handle::over(&earlier);
    assert_eq!(
        judged_by(&handle, updated(Some("paused")), &[], 2),
        "rolling: 0 of 1 tasks run the image"
    );
}

#[test]
fn swarm_going_back_by_itself_is_a_failure_by_the_tasks_that_are_left() {
    let failed = [
        task(&before(), "running", "running"),
        task(&ours(), "shutdown", "failed"),
    ];
    let reverted = |state| service(&before(), None, Some(state));
    assert_eq!(
        judged(reverted("rollback_started"), &failed, 2),
        "rolling: swarm rolled it back: rollback_started by docker"
    );
    assert_eq!(
        judged(reverted("rollback_completed"), &failed, 2),
        "failed: image, restored true: swarm rolled it back: replica 1: task: non-zero exit (3)"
    );
    assert_eq!(
        judged(reverted("rollback_paused"), &failed, 2),
        "failed: image, restored false: swarm rolled it back: rollback_paused by docker: replica 1: task: non-zero exit (3)"
    );
}

#[test]
fn a_rollback_that_was_asked_for_is_the_image_s_fault_only_where_it_failed() {
    let exchanged = service(&before(), Some(&ours()), Some("rollback_completed"));
    let stopped = [task(&ours(), "shutdown", "shutdown")];
    assert_eq!(
        judged(exchanged.clone(), &stopped, 2),
        "failed: other, restored true: somebody rolled it back"
    );
    let failed = [task(&ours(), "shutdown", "failed")];
    assert_eq!(
        judged(exchanged, &failed, 2),
        "failed: image, restored true: somebody rolled it back: replica 1: task: non-zero exit (3)"
    );
}

#[test]
fn a_rollback_is_known_by_the_tasks_where_the_service_was_changed_since() {
    let scaled = service(&before(), Some(&before()), None);
    let failed = [task(&ours(), "shutdown", "failed")];
    assert_eq!(
        judged(scaled.clone(), &failed, 2),
        "failed: image, restored true: the service is again what it was before: replica 1: task: non-zero exit (3)"
    );
    let stopped = [task(&ours(), "shutdown", "shutdown")];
    assert_eq!(judged(scaled, &stopped, 2), "Superseded");
}

#[test]
fn whoever_deploys_over_ours_supersedes_it() {
    let over = |state| service(&theirs(), Some(&ours()), state);
    assert_eq!(judged(over(None), &[], 2), "Superseded");
    assert_eq!(judged(over(Some("updating")), &[], 2), "Superseded");
    let twice = service(&theirs(), Some(&before()), Some("completed"));
    assert_eq!(judged(twice, &[], 2), "Superseded");
    // Theirs failed, and Swarm went back to what was theirs before.
    let back = service(&theirs(), None, Some("rollback_completed"));
    assert_eq!(judged(back, &[], 2), "Superseded");
    let mut anew = updated(Some("completed"));
    anew["ID"] = "another".into();
    assert_eq!(judged(anew, &[], 2), "Superseded");
}

#[test]
fn a_rollback_to_ours_leaves_it_standing() {
    let back = service(&ours(), None, Some("rollback_completed"));
    let runs = [task(&ours(), "running", "running")];
    assert_eq!(judged(back, &runs, 11), "Succeeded");
}
