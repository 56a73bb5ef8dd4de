//! A job as Nomad gives it: read and edited as raw JSON, so that what this program does not know stays as it is.

mod edit;
mod labels;
mod select;
mod task;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use registrywatcher::deployment::DeploymentId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use edit::Wanted;
pub(crate) use labels::Labelled;
pub(crate) use select::{Obstacle, Selection};
pub(crate) use task::Task;

/// A job's specification, and what Nomad keeps of it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Job(Value);

impl Job {
    #[cfg(test)]
    pub(crate) fn new(raw: Value) -> Self {
        Self(raw)
    }

    pub(crate) fn raw(&self) -> &Value {
        &self.0
    }

    pub(crate) fn id(&self) -> &str {
        self.text("ID")
    }

    pub(crate) fn version(&self) -> u64 {
        self.number("Version")
    }

    /// Moves when the specification changes; `ModifyIndex` moves with its status as well.
    pub(crate) fn job_modify_index(&self) -> u64 {
        self.number("JobModifyIndex")
    }

    pub(crate) fn create_index(&self) -> u64 {
        self.number("CreateIndex")
    }

    /// `service`, `system`, `batch` or `sysbatch`.
    pub(crate) fn kind(&self) -> &str {
        self.text("Type")
    }

    /// Whether an operator stopped it: it runs nothing, and registering it again would keep it so.
    pub(crate) fn is_stopped(&self) -> bool {
        self.0["Stop"] == Value::Bool(true)
    }

    /// Whether a deployment of it succeeded.
    pub(crate) fn is_stable(&self) -> bool {
        self.0["Stable"] == Value::Bool(true)
    }

    /// Whether it runs nothing itself but launches other jobs, at a time or on demand.
    pub(crate) fn launches_others(&self) -> bool {
        !self.0["Periodic"].is_null() || !self.0["ParameterizedJob"].is_null()
    }

    /// Why it must not be edited by us.
    pub(crate) fn refusal(&self) -> Option<String> {
        let parent = self.text("ParentID");
        if self.is_stopped() {
            Some(
                "the job is stopped; start it first, for a registration would keep it stopped"
                    .to_owned(),
            )
        } else if !parent.is_empty() {
            Some(format!(
                "the job was launched by `{parent}`; deploy to that one"
            ))
        } else if !self.0["Multiregion"].is_null() {
            Some("the job spans several regions, each with a deployment of its own; that is not supported".to_owned())
        } else {
            None
        }
    }

    pub(crate) fn tasks(&self) -> impl Iterator<Item = Task<'_>> {
        array(&self.0, "TaskGroups").iter().flat_map(|group| {
            array(group, "Tasks")
                .iter()
                .map(move |task| Task::new(group, task))
        })
    }

    /// Whether a task carries the mark of that deployment.
    pub(crate) fn carries(&self, id: DeploymentId) -> bool {
        self.tasks().any(|task| task.deployment() == Some(id))
    }

    /// How many allocations each of `groups` should have.
    pub(crate) fn counts(&self, groups: &[String]) -> BTreeMap<String, u64> {
        array(&self.0, "TaskGroups")
            .iter()
            .filter_map(|group| {
                Some((
                    group["Name"].as_str()?.to_owned(),
                    group["Count"].as_u64().unwrap_or(1),
                ))
            })
            .filter(|(name, _)| groups.contains(name))
            .collect()
    }

    /// How long an allocation of `group` must run to count as healthy, in nanoseconds, if that is said.
    pub(crate) fn min_healthy_time(&self, group: &str) -> Option<i64> {
        array(&self.0, "TaskGroups")
            .iter()
            .find(|raw| raw["Name"] == group)
            .and_then(|raw| raw["Update"]["MinHealthyTime"].as_i64())
    }

    /// How long Nomad itself gives a deployment: each group's allocations must make progress within the longest deadline.
    pub(crate) fn progress_deadline(&self) -> Option<Duration> {
        let groups = array(&self.0, "TaskGroups");
        let longest = groups
            .iter()
            .filter_map(|group| group["Update"]["ProgressDeadline"].as_u64())
            .max()?;
        let groups = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        Some(Duration::from_nanos(longest).saturating_mul(groups))
    }

    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }

    fn number(&self, field: &str) -> u64 {
        self.0[field].as_u64().unwrap_or_default()
    }
}

/// A list of the API, which is `null` when it is empty.
fn array<'a>(raw: &'a Value, field: &str) -> &'a [Value] {
    raw[field].as_array().map(Vec::as_slice).unwrap_or_default()
}
