//! What Nomad answers, as far as it is read. Go writes an empty list or map as `null`, so every field takes that.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Evaluation {
    #[serde(rename = "ID")]
    pub(crate) id: String,
    /// `pending`, `complete`, `failed`, `canceled` (with one l) or `blocked`.
    pub(crate) status: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) status_description: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) next_eval: String,
    /// The one that waits for room for what could not be placed.
    #[serde(deserialize_with = "or_default")]
    pub(crate) blocked_eval: String,
    #[serde(rename = "FailedTGAllocs", deserialize_with = "or_default")]
    pub(crate) unplaced: BTreeMap<String, Placement>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) queued_allocations: BTreeMap<String, u64>,
    pub(crate) create_index: u64,
}

/// Why allocations of a group could not be placed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Placement {
    pub(crate) nodes_evaluated: u64,
    #[serde(deserialize_with = "or_default")]
    pub(crate) constraint_filtered: BTreeMap<String, u64>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) class_filtered: BTreeMap<String, u64>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) dimension_exhausted: BTreeMap<String, u64>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) quota_exhausted: Vec<String>,
    pub(crate) coalesced_failures: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Deployment {
    #[serde(rename = "ID")]
    pub(crate) id: String,
    pub(crate) job_version: u64,
    pub(crate) job_create_index: u64,
    pub(crate) job_spec_modify_index: u64,
    /// `running`, `paused`, `pending`, `blocked`, …, or at the end `successful`, `failed`, `cancelled` (with two l).
    pub(crate) status: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) status_description: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) task_groups: BTreeMap<String, DeploymentGroup>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct DeploymentGroup {
    pub(crate) auto_promote: bool,
    pub(crate) promoted: bool,
    pub(crate) desired_canaries: u64,
    pub(crate) desired_total: u64,
    pub(crate) placed_allocs: u64,
    pub(crate) healthy_allocs: u64,
    pub(crate) unhealthy_allocs: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Allocation {
    #[serde(rename = "ID")]
    pub(crate) id: String,
    pub(crate) job_version: u64,
    pub(crate) task_group: String,
    /// `run`, `stop` or `evict`.
    pub(crate) desired_status: String,
    /// `pending`, `running`, `complete`, `failed`, `lost` or `unknown`.
    pub(crate) client_status: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) client_description: String,
    pub(crate) deployment_status: Option<AllocationHealth>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) task_states: BTreeMap<String, TaskState>,
    #[serde(rename = "NextAllocation", deserialize_with = "or_default")]
    pub(crate) successor: String,
    #[serde(rename = "FollowupEvalID", deserialize_with = "or_default")]
    pub(crate) followup_evaluation: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct AllocationHealth {
    pub(crate) healthy: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct TaskState {
    /// `pending`, `running` or `dead`.
    pub(crate) state: String,
    pub(crate) failed: bool,
    pub(crate) restarts: u64,
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) events: Vec<TaskEvent>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct TaskEvent {
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) display_message: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) details: BTreeMap<String, String>,
}

/// A job in the list under `/v1/jobs`, which has nothing of its groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct JobStub {
    #[serde(rename = "ID")]
    pub(crate) id: String,
    /// The job that launched it, if one did.
    #[serde(rename = "ParentID", deserialize_with = "or_default")]
    pub(crate) parent: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) namespace: String,
    /// Whether an operator stopped it. A status of `dead` may also mean that all its allocations failed.
    pub(crate) stop: bool,
    /// Moves with its specification.
    pub(crate) job_modify_index: u64,
    /// When that was submitted: indexes come again after a snapshot was restored, and times do not.
    pub(crate) submit_time: i64,
}

/// The list under `/v1/job/:id/versions`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Versions {
    #[serde(deserialize_with = "or_default")]
    pub(crate) versions: Vec<crate::job::Job>,
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_is_an_empty_list_and_what_is_unknown_is_skipped() {
        let text = r#"{"ID":"d","Status":"running","StatusDescription":null,"TaskGroups":
            {"web":{"PlacedCanaries":null,"DesiredTotal":2,"RequireProgressBy":"0001-01-01T00:00:00Z"}}}"#;
        let deployment: Deployment = serde_json::from_str(text).unwrap();
        assert_eq!(deployment.task_groups["web"].desired_total, 2);
        let allocation: Allocation = serde_json::from_str(
            r#"{"TaskStates":null,"DeploymentStatus":null,"NextAllocation":""}"#,
        )
        .unwrap();
        assert_eq!(allocation, Allocation::default());
    }
}
