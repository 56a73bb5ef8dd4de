//! Judges deployments by what is known of their allocations.
//!
//! The first unhealthy allocation fails a deployment, as where a job has no attempts to reschedule left.

mod commands;
mod health;

use serde_json::Value;

use super::{
    deployment::{self, Deployment, GroupState},
    job,
    state::{JobKey, State, Table},
};
use crate::clock;

/// What an operator's command on a deployment came to.
#[derive(Debug, Default)]
pub(super) struct Commanded {
    pub(super) evaluation: Option<String>,
    pub(super) reverted_job_version: Option<u64>,
    pub(super) index: u64,
}

impl State {
    /// Counts the allocations of a deployment anew.
    pub(super) fn count_allocations(&mut self, id: &str) {
        let index = self.write(&[Table::Deployments]);
        let own: Vec<(String, String, bool, Option<bool>)> = self
            .allocations
            .iter()
            .filter(|known| known.deployment_id.as_deref() == Some(id))
            .map(|known| {
                (
                    known.group.clone(),
                    known.id.clone(),
                    known.canary,
                    known.healthy,
                )
            })
            .collect();
        let Some(deployment) = self.deployment_mut(id) else {
            return;
        };
        for (name, group) in &mut deployment.task_groups {
            let own: Vec<_> = own.iter().filter(|(of, ..)| of == name).collect();
            let healthy =
                |wanted: bool| own.iter().filter(|known| known.3 == Some(wanted)).count() as u64;
            group.placed_allocs = own.len() as u64;
            group.healthy_allocs = healthy(true);
            group.unhealthy_allocs = healthy(false);
            if group.desired_canaries > 0 && !group.promoted {
                let canaries = own.iter().filter(|known| known.2);
                group.placed_canaries = Some(canaries.map(|known| known.1.clone()).collect());
            }
        }
        deployment.modify_index = index;
        deployment.modify_time = clock::unix_nanos();
    }

    /// Decides what a running deployment comes to now.
    fn judge(&mut self, id: &str) {
        self.count_allocations(id);
        let Some(deployment) = self
            .deployment(id)
            .filter(|found| found.status == "running")
        else {
            return;
        };
        let unhealthy = |group: &&GroupState| group.unhealthy_allocs > 0;
        let groups = deployment.task_groups.values();
        let unhealthy: Vec<_> = groups.filter(unhealthy).collect();
        if !unhealthy.is_empty() {
            let roll_back = unhealthy.iter().any(|group| group.auto_revert);
            self.fail_deployment(id, deployment::UNHEALTHY, roll_back);
        } else if deployment.requires_promotion() {
            if deployment.promotes_itself() && unhealthy_canaries(deployment).is_empty() {
                self.promote(id);
            }
        } else if deployment.is_complete() {
            self.succeed(id);
        }
    }

    fn succeed(&mut self, id: &str) {
        self.end_deployment(id, "successful", deployment::SUCCESSFUL);
        if let Some(deployment) = self.deployment(id) {
            let (key, version) = (deployment.key(), deployment.job_version);
            self.touch_job(&key, version, |job| job["Stable"] = true.into());
        }
    }

    pub(super) fn end_deployment(&mut self, id: &str, status: &'static str, why: &str) -> u64 {
        let index = self.write(&[Table::Deployments]);
        if let Some(deployment) = self.deployment_mut(id) {
            deployment.status = status;
            why.clone_into(&mut deployment.status_description);
            deployment.modify_index = index;
            deployment.modify_time = clock::unix_nanos();
        }
        index
    }

    /// Fails a deployment and, where it is asked for and possible, registers the last stable version anew.
    fn fail_deployment(&mut self, id: &str, why: &str, roll_back: bool) -> Commanded {
        let Some(deployment) = self.deployment(id).cloned() else {
            return Commanded::default();
        };
        let key = deployment.key();
        let (why, job) = if roll_back {
            self.rollback(&key, why)
        } else {
            (why.to_owned(), None)
        };
        let mut index = self.end_deployment(id, "failed", &why);
        self.stop_unpromoted_canaries(&deployment);
        let reverted_job_version = job.as_ref().map(job::version);
        if let Some(mut job) = job {
            job["VersionTag"] = Value::Null;
            index = self.add_version(&key, job);
        }
        Commanded {
            evaluation: Some(self.queue_evaluation(&key, "deployment-watcher", index)),
            reverted_job_version,
            index,
        }
    }

    /// What to say when a deployment failed and is to be rolled back, and the job to register anew, if any.
    fn rollback(&self, key: &JobKey, why: &str) -> (String, Option<Value>) {
        let versions = self.jobs.get(key).map_or(&[][..], Vec::as_slice);
        let stable = versions.iter().rev().find(|job| job["Stable"] == true);
        let Some((stable, current)) = stable.zip(versions.last()) else {
            let why = format!("{why} - no stable job version to auto revert to");
            return (why, None);
        };
        let version = job::version(stable);
        if job::specification(stable) == job::specification(current) {
            let why = format!(
                "{why} - not rolling back to stable job version {version} as current job has same \
                 specification"
            );
            return (why, None);
        }
        let why = format!("{why} - rolling back to job version {version}");
        (why, Some(stable.clone()))
    }

    pub(super) fn stop_unpromoted_canaries(&mut self, deployment: &Deployment) {
        let groups = deployment
            .task_groups
            .values()
            .filter(|group| !group.promoted);
        let canaries = groups
            .filter_map(|group| group.placed_canaries.clone())
            .flatten();
        let canaries: Vec<String> = canaries.collect();
        self.stop_allocations(&canaries);
    }

    fn promote(&mut self, id: &str) -> Commanded {
        let index = self.write(&[Table::Deployments, Table::Allocations, Table::Evaluations]);
        for allocation in &mut self.allocations {
            if allocation.deployment_id.as_deref() == Some(id) && allocation.canary {
                allocation.canary = false;
                allocation.modify_index = index;
            }
        }
        let Some(deployment) = self.deployment_mut(id) else {
            return Commanded::default();
        };
        for group in deployment.task_groups.values_mut() {
            group.promoted = group.desired_canaries > 0;
        }
        deployment
            .running_description()
            .clone_into(&mut deployment.status_description);
        deployment.modify_index = index;
        let key = deployment.key();
        let evaluation = self.queue_evaluation(&key, "deployment-watcher", index);
        // Where the canaries are all there is, nothing more has to become healthy.
        self.judge(id);
        Commanded {
            evaluation: Some(evaluation),
            reverted_job_version: None,
            index,
        }
    }

    /// Fails a deployment that made no progress in time, unless it waits for a promotion.
    pub(super) fn meet_deadline(&mut self, id: &str) {
        let Some(deployment) = self
            .deployment(id)
            .filter(|found| found.status == "running")
        else {
            return;
        };
        if deployment.requires_promotion() && unhealthy_canaries(deployment).is_empty() {
            return;
        }
        let late = deployment.task_groups.values();
        let mut late = late.filter(|group| group.healthy_allocs < group.desired_total);
        let roll_back = late.any(|group| group.auto_revert);
        self.fail_deployment(id, deployment::DEADLINE, roll_back);
    }
}

/// The groups whose canaries are not all healthy yet: name, healthy, desired.
fn unhealthy_canaries(deployment: &Deployment) -> Vec<(&str, u64, u64)> {
    let groups = deployment.task_groups.iter();
    groups
        .filter(|(_, group)| group.desired_canaries > group.healthy_allocs)
        .map(|(name, group)| (name.as_str(), group.healthy_allocs, group.desired_canaries))
        .collect()
}
