use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Convergence;
use crate::spec::{Mode, Template};
use crate::task::Task;

/// A task of `image` as `GET /tasks` tells of it.
fn task(image: &str, slot: u64, node: &str, desired: &str, state: &str) -> Value {
    json!({
        "ID": format!("{image}{slot}{node}{state}"), "Slot": slot, "NodeID": node,
        "Spec": { "ContainerSpec": { "Image": image }, "ForceUpdate": 0 },
        "DesiredState": desired,
        "Status": { "State": state, "Timestamp": format!("2026-11-24T15:00:0{slot}.25Z") },
    })
}

fn count(mode: Mode, tasks: &[Value]) -> Convergence {
    let read = |task: &Value| serde_json::from_value(task.clone()).unwrap();
    let tasks: Vec<Task> = tasks.iter().map(read).collect();
    let wanted = json!({ "ContainerSpec": { "Image": "v2", "Labels": null } });
    let nodes = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
    Convergence::count(mode, Template(&wanted), &tasks, &nodes)
}

#[track_caller]
fn counts(mode: Mode, tasks: &[Value], done: usize, wanted: usize) {
    let found = count(mode, tasks);
    assert_eq!((found.done, found.wanted), (done, wanted), "{tasks:?}");
    assert_eq!(found.is_reached(), done >= wanted);
}

#[test]
fn replicas_count_that_run_the_new_image_and_are_to() {
    let replicated = Mode::Replicated(2);
    let old = task("v1", 1, "a", "shutdown", "running");
    let new = task("v2", 1, "a", "running", "running");
    let starting = task("v2", 2, "b", "running", "starting");
    counts(replicated, &[], 0, 2);
    counts(replicated, std::slice::from_ref(&old), 0, 2);
    counts(replicated, &[old, new.clone(), starting], 1, 2);
    let going = task("v2", 2, "b", "shutdown", "running");
    counts(replicated, &[new.clone(), going], 1, 2);
    let second = task("v2", 2, "b", "running", "running");
    counts(replicated, &[new.clone(), second.clone()], 2, 2);
    let since = count(replicated, &[new.clone(), second]).since;
    assert_eq!(since, "2026-11-24T15:00:02.25Z".parse().ok());
    // Two in one slot, as while one takes over from the other.
    counts(replicated, &[new.clone(), new.clone()], 1, 2);
    let on_a_node_that_is_down = task("v2", 2, "c", "running", "running");
    counts(replicated, &[new, on_a_node_that_is_down], 1, 2);
    counts(Mode::Replicated(0), &[], 0, 0);
}

#[test]
fn tasks_that_were_replaced_by_force_do_not_count() {
    let mut forced = task("v2", 1, "a", "running", "running");
    forced["Spec"]["ForceUpdate"] = 1.into();
    counts(Mode::Replicated(1), &[forced], 0, 1);
}

#[test]
fn nodes_count_that_have_a_task_and_are_up() {
    let old = task("v1", 0, "a", "running", "running");
    let new = task("v2", 0, "b", "running", "running");
    counts(Mode::Global, &[old, new.clone()], 1, 2);
    let both = task("v2", 0, "a", "running", "running");
    counts(Mode::Global, &[both, new.clone()], 2, 2);
    let down = task("v1", 0, "c", "running", "running");
    counts(Mode::Global, &[new, down], 1, 1);
}

#[test]
fn jobs_count_what_is_complete() {
    let job = Mode::ReplicatedJob(2);
    let complete = |slot| task("v2", slot, "a", "complete", "complete");
    let runs = task("v2", 1, "b", "complete", "running");
    let before = task("v1", 1, "a", "complete", "complete");
    counts(job, &[before, complete(0), runs.clone()], 1, 2);
    counts(job, &[complete(0), complete(1)], 2, 2);
    counts(Mode::GlobalJob, &[], 0, 1);
    counts(Mode::GlobalJob, &[complete(0), runs], 1, 2);
    counts(Mode::GlobalJob, &[complete(0)], 1, 1);
}

#[track_caller]
fn is_hopeless(mode: Mode, tasks: &[Value], expected: bool) {
    assert_eq!(count(mode, tasks).is_hopeless, expected, "{tasks:?}");
}

#[test]
fn a_replica_is_hopeless_that_fails_again_and_again_or_is_not_tried_again() {
    let replicated = Mode::Replicated(1);
    let failed = task("v2", 1, "a", "shutdown", "failed");
    let next = task("v2", 1, "a", "ready", "assigned");
    let runs = task("v2", 1, "a", "running", "running");
    let of_another = task("v1", 1, "a", "shutdown", "failed");
    let thrice = [failed.clone(), failed.clone(), failed.clone()];
    is_hopeless(replicated, &[failed.clone(), next.clone()], false);
    is_hopeless(
        replicated,
        &[&thrice[..], std::slice::from_ref(&next)].concat(),
        true,
    );
    is_hopeless(replicated, &[&thrice[..], &[runs]].concat(), false);
    is_hopeless(replicated, &[failed], true);
    is_hopeless(replicated, &[of_another, next.clone()], false);
    // Which an unhealthy one is as well.
    let exited = task("v2", 1, "a", "shutdown", "complete");
    is_hopeless(replicated, &[exited.clone(), next], false);
    is_hopeless(replicated, std::slice::from_ref(&exited), true);
    is_hopeless(Mode::ReplicatedJob(1), &[exited], false);
}
