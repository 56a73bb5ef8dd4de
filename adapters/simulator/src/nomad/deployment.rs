use std::collections::BTreeMap;

use serde::Serialize;

use super::state::JobKey;

pub(super) const RUNNING: &str = "Deployment is running";
pub(super) const NEEDS_PROMOTION: &str = "Deployment is running but requires manual promotion";
pub(super) const AUTO_PROMOTION: &str = "Deployment is running pending automatic promotion";
pub(super) const PAUSED: &str = "Deployment is paused";
pub(super) const SUCCESSFUL: &str = "Deployment completed successfully";
pub(super) const STOPPED_JOB: &str = "Cancelled because job is stopped";
pub(super) const NEWER_JOB: &str = "Cancelled due to newer version of job";
pub(super) const UNHEALTHY: &str = "Failed due to unhealthy allocations";
pub(super) const DEADLINE: &str = "Failed due to progress deadline";
pub(super) const BY_USER: &str = "Deployment marked as failed";

/// The rollout of one version of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Deployment {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) namespace: String,
    #[serde(rename = "JobID")]
    pub(super) job_id: String,
    pub(super) job_version: u64,
    /// The job's `ModifyIndex`, in spite of its name.
    pub(super) job_modify_index: u64,
    /// The job's `JobModifyIndex`.
    pub(super) job_spec_modify_index: u64,
    pub(super) job_create_index: u64,
    pub(super) is_multiregion: bool,
    pub(super) task_groups: BTreeMap<String, GroupState>,
    pub(super) status: &'static str,
    pub(super) status_description: String,
    pub(super) eval_priority: u64,
    pub(super) create_index: u64,
    pub(super) modify_index: u64,
    pub(super) create_time: u64,
    pub(super) modify_time: u64,
}

/// How far the rollout of a task group is.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupState {
    pub(super) auto_revert: bool,
    pub(super) auto_promote: bool,
    /// In nanoseconds.
    pub(super) progress_deadline: u64,
    pub(super) require_progress_by: String,
    pub(super) promoted: bool,
    pub(super) placed_canaries: Option<Vec<String>>,
    pub(super) desired_canaries: u64,
    pub(super) desired_total: u64,
    pub(super) placed_allocs: u64,
    pub(super) healthy_allocs: u64,
    pub(super) unhealthy_allocs: u64,
}

impl Deployment {
    pub(super) fn key(&self) -> JobKey {
        JobKey::new(&self.namespace, &self.job_id)
    }

    pub(super) fn is_active(&self) -> bool {
        matches!(self.status, "running" | "paused")
    }

    pub(super) fn requires_promotion(&self) -> bool {
        let mut groups = self.task_groups.values();
        groups.any(|group| group.desired_canaries > 0 && !group.promoted)
    }

    pub(super) fn promotes_itself(&self) -> bool {
        let mut groups = self.task_groups.values();
        groups.all(|group| group.desired_canaries == 0 || group.auto_promote)
    }

    pub(super) fn is_complete(&self) -> bool {
        let mut groups = self.task_groups.values();
        groups.all(|group| group.healthy_allocs >= group.desired_total)
    }

    pub(super) fn running_description(&self) -> &'static str {
        match (self.requires_promotion(), self.promotes_itself()) {
            (false, _) => RUNNING,
            (true, false) => NEEDS_PROMOTION,
            (true, true) => AUTO_PROMOTION,
        }
    }
}
