use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::JobKey;
use crate::clock;

/// One copy of a task group on a node.
#[derive(Debug, Clone)]
pub(super) struct Allocation {
    pub(super) id: String,
    pub(super) evaluation_id: String,
    pub(super) name: String,
    pub(super) node: u64,
    pub(super) key: JobKey,
    pub(super) job_type: String,
    pub(super) job_version: u64,
    pub(super) group: String,
    pub(super) deployment_id: Option<String>,
    /// Whether it is to run, or has been told to stop.
    pub(super) wanted: bool,
    pub(super) client_status: &'static str,
    pub(super) canary: bool,
    pub(super) healthy: Option<bool>,
    pub(super) judged_at: u64,
    pub(super) tasks: BTreeMap<String, TaskState>,
    pub(super) create_index: u64,
    pub(super) modify_index: u64,
    pub(super) create_time: u64,
    pub(super) modify_time: u64,
}

/// What the client reports of a task.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskState {
    pub(super) state: &'static str,
    pub(super) failed: bool,
    pub(super) started_at: Option<u64>,
    pub(super) finished_at: Option<u64>,
    pub(super) events: Vec<TaskEvent>,
}

#[derive(Debug, Clone)]
pub(super) struct TaskEvent {
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) time: u64,
}

impl TaskState {
    /// The node has the task and prepares it, which is when an image is pulled.
    pub(super) fn received(now: u64) -> Self {
        let mut task = Self {
            state: "pending",
            ..Self::default()
        };
        task.record("Received", "Task received by client", now);
        task.record("Task Setup", "Building Task Directory", now);
        task
    }

    pub(super) fn start(&mut self, now: u64) {
        self.state = "running";
        self.started_at = Some(now);
        self.record("Started", "Task started by client", now);
    }

    fn record(&mut self, kind: &'static str, message: &str, time: u64) {
        self.events.push(TaskEvent {
            kind,
            message: message.to_owned(),
            time,
        });
    }

    /// Ends the task, with what happened to it.
    pub(super) fn end(&mut self, failed: bool, kind: &'static str, message: &str, now: u64) {
        self.state = "dead";
        self.failed = failed;
        self.finished_at = Some(now);
        self.record(kind, message, now);
    }

    fn to_json(&self) -> Value {
        let time =
            |at: Option<u64>| at.map_or_else(|| clock::GO_ZERO_TIME.to_owned(), clock::rfc3339);
        json!({
            "State": self.state,
            "Failed": self.failed,
            "Restarts": 0,
            "LastRestart": clock::GO_ZERO_TIME,
            "StartedAt": time(self.started_at),
            "FinishedAt": time(self.finished_at),
            "Events": self.events.iter().map(TaskEvent::to_json).collect::<Vec<_>>(),
            "TaskHandle": null,
        })
    }
}

impl TaskEvent {
    fn to_json(&self) -> Value {
        let failed = matches!(self.kind, "Driver Failure" | "Not Restarting");
        json!({
            "Type": self.kind,
            "Time": self.time,
            "Message": "",
            "DisplayMessage": self.message,
            "Details": if self.kind == "Driver Failure" {
                json!({"driver_error": self.message})
            } else {
                json!({})
            },
            "FailsTask": failed,
            "DriverError": if failed { self.message.as_str() } else { "" },
            "ExitCode": 0,
            "Signal": 0,
        })
    }
}

impl Allocation {
    /// Whether it runs, as far as the client knows.
    pub(super) fn is_running(&self) -> bool {
        self.wanted && self.client_status == "running"
    }

    /// Whether it runs or is about to.
    pub(super) fn is_live(&self) -> bool {
        self.wanted && matches!(self.client_status, "pending" | "running")
    }

    /// Tells it to stop, which its client does at once.
    pub(super) fn stop(&mut self, index: u64) {
        let now = clock::unix_nanos();
        self.wanted = false;
        if matches!(self.client_status, "pending" | "running") {
            self.client_status = "complete";
            for task in self.tasks.values_mut() {
                task.end(false, "Killed", "Task successfully killed", now);
            }
        }
        self.modify_index = index;
        self.modify_time = now;
    }

    /// What the list endpoints answer.
    pub(super) fn stub(&self) -> Value {
        let tasks = self.tasks.iter();
        let tasks: serde_json::Map<String, Value> = tasks
            .map(|(name, task)| (name.clone(), task.to_json()))
            .collect();
        json!({
            "ID": self.id,
            "EvalID": self.evaluation_id,
            "Name": self.name,
            "Namespace": self.key.namespace,
            "NodeID": format!("00000000-0000-0000-0000-{:012x}", self.node),
            "NodeName": format!("node-{}", self.node),
            "JobID": self.key.id,
            "JobType": self.job_type,
            "JobVersion": self.job_version,
            "TaskGroup": self.group,
            "DesiredStatus": if self.wanted { "run" } else { "stop" },
            "DesiredDescription": "",
            "ClientStatus": self.client_status,
            "ClientDescription": self.client_description(),
            "DesiredTransition": {"Migrate": null, "Reschedule": null, "ForceReschedule": null},
            "TaskStates": tasks,
            "DeploymentStatus": self.deployment_status(),
            "FollowupEvalID": "",
            "NextAllocation": "",
            "RescheduleTracker": null,
            "PreemptedAllocations": null,
            "PreemptedByAllocation": "",
            "CreateIndex": self.create_index,
            "ModifyIndex": self.modify_index,
            "CreateTime": self.create_time,
            "ModifyTime": self.modify_time,
        })
    }

    fn deployment_status(&self) -> Value {
        if self.healthy.is_none() && !self.canary {
            return Value::Null;
        }
        json!({
            "Healthy": self.healthy,
            "Timestamp": clock::rfc3339(self.judged_at),
            "Canary": self.canary,
            "ModifyIndex": self.modify_index,
        })
    }

    fn client_description(&self) -> &'static str {
        match self.client_status {
            "pending" => "No tasks have started",
            "running" => "Tasks are running",
            "failed" => "Failed tasks",
            "complete" => "All tasks have completed",
            _ => "",
        }
    }
}
