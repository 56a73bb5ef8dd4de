use registrywatcher::deployment::Failure;
use registrywatcher::image::{Image, ImageReference};
use registrywatcher_conformance::samples::{at, digest, image};
use serde_json::{Value, json};

use super::*;
use crate::address::Address;
use crate::handle::Handle;
use crate::job::Selection;
use crate::job::tests::{address, id};

/// Our deployment 1 made version 4 (index 40) of a job whose version 3 was deployment 9.
struct Case {
    source: ImageReference,
    address: Address,
    image: Image,
    handle: Handle,
    facts: Facts,
}

fn job(version: u64, deployment: u128, number: u8, change: impl FnOnce(&mut Value)) -> Job {
    let mut raw = json!({
        "ID": "web", "Type": "service", "Version": version, "JobModifyIndex": version * 10, "CreateIndex": 1,
        "TaskGroups": [{ "Name": "app", "Count": 2, "Tasks": [{
            "Name": "app", "Driver": "docker",
            "Config": { "image": format!("team/web@{}", digest(number)) },
            "Meta": {
                "registrywatcher_deployment": id(deployment).to_string(),
                "registrywatcher_tag": "v",
                "registrywatcher_digest": digest(number).as_str(),
            },
        }] }],
    });
    change(&mut raw);
    Job::new(raw)
}

fn ours() -> Job {
    job(4, 1, 2, |_| {})
}

fn before(version: u64) -> Job {
    job(version, 9, 1, |_| {})
}

impl Case {
    fn of(current: Job) -> Self {
        let versions = vec![current.clone(), ours(), before(3)];
        Self {
            source: "team/web".parse().unwrap(),
            address: address(None, None),
            image: image(2),
            handle: Handle {
                namespace: "default".into(),
                job: "web".into(),
                evaluation: None,
                job_modify_index: 40,
                version: 4,
                unchanged: false,
            },
            facts: Facts {
                job: Some(current),
                versions,
                now: at(0),
                ..Facts::default()
            },
        }
    }

    fn deployment(mut self, status: &str, description: &str, group: &Value) -> Self {
        let raw = json!({
            "ID": "d", "JobVersion": 4, "JobSpecModifyIndex": 40, "Status": status,
            "StatusDescription": description, "TaskGroups": { "app": group },
        });
        self.facts
            .deployments
            .push(serde_json::from_value(raw).unwrap());
        self
    }

    fn evaluation(mut self, raw: Value) -> Self {
        self.facts.evaluation = Some(serde_json::from_value(raw).unwrap());
        self
    }

    /// An allocation of our version with one task.
    fn allocation(mut self, client_status: &str, task: &Value) -> Self {
        let raw = json!({
            "ID": "a", "JobVersion": 4, "TaskGroup": "app", "DesiredStatus": "run",
            "ClientStatus": client_status, "TaskStates": { "app": task },
        });
        self.facts
            .allocations
            .push(serde_json::from_value(raw).unwrap());
        self
    }

    fn judged(&self) -> Judged {
        judge(
            &self.facts,
            &Expected {
                selection: Selection {
                    address: &self.address,
                    repository: self.source.repository(),
                },
                id: id(1),
                image: &self.image,
                handle: &self.handle,
            },
        )
    }

    #[track_caller]
    fn is(&self, expected: &Progress) {
        assert_eq!(self.judged().progress, *expected);
    }

    #[track_caller]
    fn rolls(&self, words: &str) {
        match self.judged().progress {
            Progress::Rolling { detail } => assert!(detail.contains(words), "{detail}"),
            other => panic!("expected it to roll, got {other:?}"),
        }
    }

    #[track_caller]
    fn fails(&self, fault: fn(&Failure) -> bool, was_restored: bool, words: &str) {
        match self.judged().progress {
            Progress::Failed { reason, restored } => {
                assert!(fault(&reason), "{reason:?}");
                assert_eq!(restored, was_restored, "{reason:?}");
                assert!(reason.message().contains(words), "{reason:?}");
            }
            other => panic!("expected a failure, got {other:?}"),
        }
    }
}

fn by_image(reason: &Failure) -> bool {
    reason.blames_image()
}

fn by_orchestrator(reason: &Failure) -> bool {
    matches!(reason, Failure::Orchestrator { .. })
}

fn by_workload(reason: &Failure) -> bool {
    matches!(reason, Failure::Workload { .. })
}

fn driver_failure(message: &str) -> Value {
    json!({ "State": "dead", "Failed": true, "Events": [{ "Type": "Driver Failure", "DisplayMessage": message }] })
}

const UNHEALTHY: &str = "Failed due to unhealthy allocations";
const ROLLS_BACK: &str = "Failed due to unhealthy allocations - rolling back to job version 3";
const DEADLINE: &str = "Failed due to progress deadline";

#[test]
fn a_deployment_decides_by_its_status() {
    let case = || Case::of(ours());
    case()
        .deployment("successful", "", &json!({}))
        .is(&Progress::Succeeded);
    case()
        .deployment(
            "cancelled",
            "Cancelled due to newer version of job",
            &json!({}),
        )
        .is(&Progress::Superseded);
    case()
        .deployment("cancelled", "Cancelled because job is stopped", &json!({}))
        .fails(by_workload, false, "stopped");
    case()
        .deployment("paused", "", &json!({ "DesiredTotal": 2 }))
        .rolls("the deployment is paused; 0 of 2");
    case()
        .deployment("failed", UNHEALTHY, &json!({}))
        .fails(by_image, false, UNHEALTHY);
    case()
        .deployment("failed", ROLLS_BACK, &json!({}))
        .fails(by_image, true, "version 3");
    let same = "Failed due to unhealthy allocations - not rolling back to stable job version 3 as current job has same \
                specification";
    case()
        .deployment("failed", same, &json!({}))
        .fails(by_image, false, "same specification");
}

#[test]
fn a_promotion_is_awaited_once_all_canaries_are_healthy() {
    let description = "Deployment is running but requires manual promotion";
    let case = |group: Value| Case::of(ours()).deployment("running", description, &group);
    case(json!({ "DesiredCanaries": 2, "HealthyAllocs": 2, "DesiredTotal": 3 }))
        .is(&Progress::AwaitingPromotion);
    case(json!({ "DesiredCanaries": 2, "HealthyAllocs": 1, "DesiredTotal": 3 })).rolls("1 of 3");
    case(json!({ "DesiredCanaries": 2, "HealthyAllocs": 2, "AutoPromote": true })).rolls("healthy");
    case(json!({ "DesiredCanaries": 2, "HealthyAllocs": 2, "Promoted": true })).rolls("healthy");
}

#[test]
fn a_failure_is_blamed_on_what_caused_it() {
    let failed = |description| Case::of(ours()).deployment("failed", description, &json!({}));
    let driver = |message| failed(UNHEALTHY).allocation("failed", &driver_failure(message));
    driver("Failed to pull `x`: manifest unknown").fails(
        by_image,
        false,
        "task `app`: Failed to pull",
    );
    driver("Failed to pull `x`: manifest for x not found").fails(by_image, false, "not found");
    driver("Failed to pull `x`: no matching manifest for linux/arm64")
        .fails(by_image, false, "arm64");
    driver("OCI runtime create failed: exec format error").fails(by_image, false, "exec format");
    driver("Failed to pull `x`: toomanyrequests: You have reached your pull rate limit").fails(
        by_orchestrator,
        false,
        "toomanyrequests",
    );
    driver("Failed to pull `x`: dial tcp: i/o timeout").fails(
        by_orchestrator,
        false,
        "i/o timeout",
    );
    driver("failed to create container: port is already allocated").fails(
        by_orchestrator,
        false,
        "port",
    );

    let started = json!({ "State": "running", "StartedAt": "2026-01-01T00:00:00Z" });
    failed(DEADLINE).fails(by_orchestrator, false, DEADLINE);
    failed(DEADLINE)
        .allocation("running", &started)
        .fails(by_image, false, DEADLINE);
    let never = json!({ "State": "pending", "StartedAt": "0001-01-01T00:00:00Z" });
    failed(DEADLINE)
        .allocation("pending", &never)
        .fails(by_orchestrator, false, DEADLINE);
    let crashed = json!({ "State": "dead", "Failed": true, "StartedAt": "2026-01-01T00:00:00Z",
        "Events": [{ "Type": "Terminated", "DisplayMessage": "Exit Code: 1" }] });
    failed(UNHEALTHY)
        .allocation("failed", &driver_failure("toomanyrequests"))
        .allocation("failed", &crashed)
        .fails(by_image, false, "Exit Code: 1");
}

#[test]
fn what_cannot_be_placed_is_told_while_the_rollout_goes_on() {
    let unplaced = json!({ "Status": "complete", "BlockedEval": "b", "FailedTGAllocs": { "app": {
        "NodesEvaluated": 2, "DimensionExhausted": { "memory": 2 }, "CoalescedFailures": 1 } } });
    let words = "group `app` cannot be placed: memory exhausted on 2 nodes, so for 1 more";
    Case::of(ours())
        .deployment("running", "", &json!({}))
        .evaluation(unplaced.clone())
        .rolls(words);
    Case::of(ours()).evaluation(unplaced).rolls(words);
    let nowhere =
        json!({ "Status": "complete", "FailedTGAllocs": { "app": { "NodesEvaluated": 0 } } });
    Case::of(ours())
        .evaluation(nowhere)
        .rolls("no node is eligible");
}

#[test]
fn an_evaluation_decides_only_what_it_gave_up() {
    Case::of(ours())
        .evaluation(json!({ "Status": "pending" }))
        .rolls("not looked at");
    let failed = json!({ "Status": "failed", "StatusDescription": "maximum attempts reached (5)" });
    Case::of(ours()).evaluation(failed).fails(
        by_orchestrator,
        false,
        "maximum attempts reached (5)",
    );
    Case::of(ours())
        .evaluation(json!({ "Status": "failed", "NextEval": "e" }))
        .rolls("try again");
    Case::of(ours())
        .evaluation(json!({ "Status": "canceled" }))
        .fails(by_orchestrator, false, "canceled");
}

#[test]
fn without_a_deployment_the_allocations_decide() {
    let running = |second: i64| json!({ "State": "running", "StartedAt": at(second).to_rfc3339() });
    Case::of(ours()).rolls("0 of 2");
    let one = || Case::of(ours()).allocation("running", &running(-60));
    one().rolls("1 of 2");
    one()
        .allocation("running", &running(-60))
        .is(&Progress::Succeeded);
    let young = one().allocation("running", &running(-4));
    assert_eq!(
        young.judged().again_in,
        Some(Duration::from_secs(6)),
        "it must run for 10 s"
    );
    one()
        .allocation("pending", &json!({ "State": "pending" }))
        .rolls("1 of 2");
    one().allocation("unknown", &running(-60)).rolls("1 of 2");
    one()
        .allocation(
            "failed",
            &json!({ "Failed": true, "StartedAt": "2026-01-01T00:00:00Z" }),
        )
        .fails(by_image, false, "allocations failed");
    one()
        .allocation(
            "running",
            &json!({ "State": "running", "Restarts": 3, "StartedAt": "2026-01-01T00:00:00Z" }),
        )
        .fails(by_image, false, "task `app`");
}

#[test]
fn a_batch_job_may_be_complete_and_a_group_of_none_has_nothing_to_wait_for() {
    let batch = Case::of(job(4, 1, 2, |raw| {
        raw["Type"] = json!("batch");
        raw["TaskGroups"][0]["Count"] = json!(1);
    }));
    batch
        .allocation("complete", &json!({ "State": "dead" }))
        .is(&Progress::Succeeded);
    Case::of(job(4, 1, 2, |raw| raw["TaskGroups"][0]["Count"] = json!(0))).is(&Progress::Succeeded);
}

#[test]
fn a_system_job_is_done_once_nothing_older_and_nothing_queued_is_left() {
    let system = || Case::of(job(4, 1, 2, |raw| raw["Type"] = json!("system")));
    let running = json!({ "State": "running", "StartedAt": at(-60).to_rfc3339() });
    system().rolls("0 of 0");
    system()
        .allocation("running", &running)
        .is(&Progress::Succeeded);
    let queued = json!({ "Status": "complete", "QueuedAllocations": { "app": 1 } });
    system()
        .allocation("running", &running)
        .evaluation(queued)
        .rolls("1 of 1");
    let mut old = system()
        .allocation("running", &running)
        .allocation("running", &running);
    old.facts.allocations[1].job_version = 3;
    old.rolls("1 of 1");
}

#[test]
fn jobs_that_launch_others_are_done_once_registered() {
    Case::of(job(4, 1, 2, |raw| {
        raw["Periodic"] = json!({ "Spec": "@daily" })
    }))
    .is(&Progress::Succeeded);
    Case::of(job(4, 1, 2, |raw| raw["ParameterizedJob"] = json!({}))).is(&Progress::Succeeded);
}

#[test]
fn a_job_that_is_gone_or_stopped_is_the_workload_s_fault() {
    let mut purged = Case::of(ours());
    purged.facts.job = None;
    purged.fails(by_workload, false, "purged");
    Case::of(job(4, 1, 2, |raw| raw["Stop"] = json!(true))).fails(by_workload, false, "stopped");
}

#[test]
fn a_job_that_was_only_scaled_is_still_ours() {
    let mut scaled = Case::of(job(5, 1, 2, |raw| raw["TaskGroups"][0]["Count"] = json!(9)))
        .deployment(
            "cancelled",
            "Cancelled due to newer version of job",
            &json!({}),
        );
    scaled.facts.deployments.push(Deployment {
        job_spec_modify_index: 50,
        status: "successful".into(),
        ..Deployment::default()
    });
    scaled.is(&Progress::Succeeded);
}

#[test]
fn another_image_over_ours_supersedes_it() {
    let theirs = || Case::of(job(5, 7, 3, |_| {}));
    theirs().is(&Progress::Superseded);
    theirs()
        .deployment(
            "cancelled",
            "Cancelled due to newer version of job",
            &json!({}),
        )
        .is(&Progress::Superseded);
    let mut trimmed = theirs();
    trimmed.facts.versions = vec![job(9, 7, 3, |_| {})];
    trimmed.is(&Progress::Superseded);
}

#[test]
fn nomad_s_own_revert_is_a_failure_that_was_restored() {
    let reverted = || Case::of(before(5));
    reverted()
        .deployment("failed", ROLLS_BACK, &json!({}))
        .fails(by_image, true, ROLLS_BACK);
    reverted().fails(by_image, true, "rolled back");
    let limited = reverted().allocation("failed", &driver_failure("toomanyrequests"));
    limited.fails(by_orchestrator, true, "toomanyrequests");
}

#[test]
fn an_update_that_nomad_lost_is_not_the_image_s_fault() {
    let overwritten = Case::of(before(5)).deployment("successful", "", &json!({}));
    overwritten.fails(by_orchestrator, true, "lost the update");
    let mut stable = Case::of(before(5));
    stable.facts.versions[1] = job(4, 1, 2, |raw| raw["Stable"] = json!(true));
    stable.fails(by_orchestrator, true, "lost the update");
    let mut never_written = Case::of(before(4));
    never_written.facts.versions = vec![before(4), before(3)];
    never_written.fails(by_orchestrator, true, "no version of it with our mark");
}
