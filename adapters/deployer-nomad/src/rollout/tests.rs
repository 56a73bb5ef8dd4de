mod by_allocations;
mod by_deployment;
mod of_job;

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
