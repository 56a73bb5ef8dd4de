use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    super::{
        deployment::{Deployment, GroupState},
        job,
        state::{JobKey, State, Step, Table},
    },
    group_plan::GroupPlan,
};
use crate::clock;

impl State {
    /// The deployment under which the plans are carried out: the one there is, or a new one where this version has had
    /// none and changes more than counts.
    pub(super) fn deployment_for(
        &mut self,
        key: &JobKey,
        job: &Value,
        plans: &mut [GroupPlan],
    ) -> Option<String> {
        if let Some(known) = self.deployment_of(key, job) {
            for plan in plans.iter_mut() {
                let group = known.task_groups.get(&plan.name);
                if group.is_none_or(|group| group.promoted || group.desired_canaries == 0) {
                    plan.canaries = 0;
                }
            }
            return known.is_active().then(|| known.id.clone());
        }
        let system_deployments = self.settings.system_deployments;
        let rolled = plans
            .iter()
            .filter(|plan| plan.has_deployment(job, system_deployments));
        let rolled: Vec<&GroupPlan> = rolled.collect();
        let ran_before = plans.iter().any(|plan| !plan.current.is_empty());
        if rolled.is_empty() || ran_before || self.changes_only_counts(key, job) {
            for plan in plans {
                plan.canaries = 0;
            }
            return None;
        }
        let now = clock::unix_nanos();
        let groups = rolled
            .iter()
            .map(|plan| (plan.name.clone(), plan.group_state(now)));
        let groups: BTreeMap<String, GroupState> = groups.collect();
        Some(self.create_deployment(key, job, groups))
    }

    /// Whether this version's deployment lets nothing be placed: it failed, or is paused.
    pub(super) fn is_held(&self, key: &JobKey, job: &Value) -> bool {
        let own = self.deployment_of(key, job);
        own.is_some_and(|own| !matches!(own.status, "running" | "successful"))
    }

    /// The deployment of exactly this version; a job that was purged before had others.
    fn deployment_of(&self, key: &JobKey, job: &Value) -> Option<&Deployment> {
        let created = job::number(job, "CreateIndex");
        self.deployments.iter().rev().find(|known| {
            known.job_version == job::version(job)
                && known.job_create_index == created
                && known.key() == *key
        })
    }

    fn changes_only_counts(&self, key: &JobKey, job: &Value) -> bool {
        let Some(before) = job::version(job).checked_sub(1) else {
            return false;
        };
        self.job_version(key, before).is_some_and(|before| {
            job::specification_without_counts(before) == job::specification_without_counts(job)
        })
    }

    fn create_deployment(
        &mut self,
        key: &JobKey,
        job: &Value,
        task_groups: BTreeMap<String, GroupState>,
    ) -> String {
        let index = self.write(&[Table::Deployments]);
        let id = self.new_id();
        let now = clock::unix_nanos();
        let deadlines = task_groups.values().map(|group| group.progress_deadline);
        let deadline = deadlines.max().unwrap_or_default();
        let mut deployment = Deployment {
            id: id.clone(),
            namespace: key.namespace.clone(),
            job_id: key.id.clone(),
            job_version: job::version(job),
            job_modify_index: job::number(job, "ModifyIndex"),
            job_spec_modify_index: job::modify_index(job),
            job_create_index: job::number(job, "CreateIndex"),
            is_multiregion: false,
            task_groups,
            status: "running",
            status_description: String::new(),
            eval_priority: job::number(job, "Priority"),
            create_index: index,
            modify_index: index,
            create_time: now,
            modify_time: now,
        };
        let description = deployment.running_description();
        description.clone_into(&mut deployment.status_description);
        self.deployments.push(deployment);
        if deadline > 0 {
            let deployment = id.clone();
            self.later(
                Duration::from_nanos(deadline),
                Step::Deadline { deployment },
            );
        }
        id
    }
}
