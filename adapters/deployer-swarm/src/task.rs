use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::spec::Template;

/// One container of a service, or one that is to be or was.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Task {
    #[serde(rename = "ID")]
    pub(crate) id: String,
    /// Which of the replicas it is; 0 where there is one for each node.
    pub(crate) slot: u64,
    #[serde(rename = "NodeID")]
    pub(crate) node: String,
    pub(crate) desired_state: String,
    pub(crate) status: Status,
    spec: Value,
}

/// How a task does.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Status {
    pub(crate) timestamp: Option<DateTime<Utc>>,
    pub(crate) state: String,
    pub(crate) message: String,
    pub(crate) err: String,
}

impl Task {
    pub(crate) fn template(&self) -> Template<'_> {
        Template(&self.spec)
    }

    /// Whether it runs, and is to.
    pub(crate) fn runs(&self) -> bool {
        self.desired_state == "running" && self.status.state == "running"
    }

    /// Whether it came to its end as a job should.
    pub(crate) fn is_complete(&self) -> bool {
        self.status.state == "complete"
    }

    /// Whether it came to an end that was not asked for. Swarm calls it complete when a container exits with 0, even one that
    /// it stopped because it was unhealthy.
    pub(crate) fn has_failed(&self, is_job: bool) -> bool {
        let state = self.status.state.as_str();
        matches!(state, "failed" | "rejected" | "orphaned") || (self.is_complete() && !is_job)
    }

    /// Whether there is to be such a task, and it has not come to its end.
    pub(crate) fn is_wanted(&self) -> bool {
        let desired = self.desired_state.as_str();
        let has_ended = matches!(
            self.status.state.as_str(),
            "complete" | "failed" | "rejected" | "orphaned" | "shutdown" | "remove"
        );
        matches!(desired, "ready" | "running" | "complete") && !has_ended
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        if self.slot > 0 {
            format!("replica {}", self.slot)
        } else {
            format!("task on node {}", self.node)
        }
    }
}
