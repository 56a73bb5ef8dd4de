use serde_json::Value;

use super::super::{
    allocation::Allocation,
    deployment::GroupState,
    job,
    state::{JobKey, State},
};
use crate::clock;

/// What is to be done for one task group.
#[derive(Debug)]
pub(super) struct GroupPlan {
    pub(super) name: String,
    pub(super) desired: u64,
    /// Allocations of this version.
    pub(super) current: Vec<String>,
    /// Allocations of older versions that can go on under this one.
    pub(super) in_place: Vec<String>,
    /// Allocations of older versions that must be replaced.
    pub(super) outdated: Vec<String>,
    pub(super) canaries: u64,
    pub(super) update: Value,
}

impl GroupPlan {
    pub(super) fn has_deployment(&self, job: &Value, system_deployments: bool) -> bool {
        let kind = job::kind(job);
        let kind_has = kind == "service" || (kind == "system" && system_deployments);
        kind_has && self.desired > 0 && job::number(&self.update, "MaxParallel") > 0
    }

    pub(super) fn group_state(&self, now: u64) -> GroupState {
        let progress_deadline = job::number(&self.update, "ProgressDeadline");
        GroupState {
            auto_revert: self.update["AutoRevert"] == true,
            auto_promote: self.update["AutoPromote"] == true,
            progress_deadline,
            require_progress_by: clock::rfc3339(now + progress_deadline),
            desired_canaries: self.canaries,
            desired_total: self.desired,
            ..GroupState::default()
        }
    }

    /// How many allocations are still to be placed.
    pub(super) fn missing(&self) -> u64 {
        let there = self.current.len() + self.in_place.len();
        self.desired.saturating_sub(there as u64)
    }
}

impl State {
    pub(super) fn plan_group(&self, key: &JobKey, job: &Value, group: &Value) -> GroupPlan {
        let version = job::version(job);
        let mut plan = GroupPlan {
            name: job::name(group).to_owned(),
            desired: match job::kind(job) {
                "system" | "sysbatch" => self.settings.nodes,
                _ => job::number(group, "Count"),
            },
            current: Vec::new(),
            in_place: Vec::new(),
            outdated: Vec::new(),
            canaries: 0,
            update: group["Update"].clone(),
        };
        let wanted = job::destructive_part(job, group);
        let known = self.allocations.iter();
        let known =
            known.filter(|known| known.wanted && known.key == *key && known.group == plan.name);
        for allocation in known {
            let bucket = if allocation.job_version == version {
                &mut plan.current
            } else if allocation.is_live() && self.part_of(allocation).as_ref() == Some(&wanted) {
                &mut plan.in_place
            } else {
                &mut plan.outdated
            };
            bucket.push(allocation.id.clone());
        }
        if !plan.outdated.is_empty() {
            let canary = job::number(&plan.update, "Canary");
            plan.canaries = match job::kind(job) {
                "system" => (plan.desired * canary).div_ceil(100),
                _ => canary,
            };
        }
        plan
    }

    fn part_of(&self, allocation: &Allocation) -> Option<Value> {
        let job = self.job_version(&allocation.key, allocation.job_version)?;
        let group = job::group(job, &allocation.group)?;
        Some(job::destructive_part(job, group))
    }
}
