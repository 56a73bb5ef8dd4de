//! Judges deployments: what the clients report of their allocations, and what operators ask for.
//!
//! The first unhealthy allocation fails a deployment, as where a job has no attempts to reschedule left.

use std::collections::BTreeSet;

use super::{
    allocation::Allocation,
    deployment::{self, Deployment},
    error::ApiError,
    job,
    rules::{Fate, fate_of},
    state::{State, Table},
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
    /// Lets the clients report on allocations that are new or were changed.
    pub(super) fn check_health(&mut self, ids: &[String]) {
        let index = self.write(&[Table::Allocations]);
        let mut deployments = BTreeSet::new();
        for id in ids {
            let Some(position) = self.allocations.iter().position(|known| known.id == *id) else {
                continue;
            };
            let fate = self.fate_of(&self.allocations[position]);
            let allocation = &mut self.allocations[position];
            if allocation.wanted && allocation.healthy.is_none() {
                report(allocation, fate.as_ref(), index);
                deployments.extend(allocation.deployment_id.clone());
            }
        }
        for deployment in deployments {
            self.judge(&deployment);
        }
        for id in ids {
            self.end_finished_job(id);
        }
    }

    /// The task whose image has a fate, and the fate.
    fn fate_of(&self, allocation: &Allocation) -> Option<(String, Fate)> {
        let job = self.job_version(&allocation.key, allocation.job_version)?;
        let group = job::group(job, &allocation.group)?;
        job::tasks(group).iter().find_map(|task| {
            let image = task["Config"]["image"].as_str()?;
            let fate = fate_of(&self.rules, image)?;
            Some((job::name(task).to_owned(), fate.clone()))
        })
    }

    /// A batch job is dead when nothing of it runs any more.
    fn end_finished_job(&mut self, allocation: &str) {
        let Some(allocation) = self.allocation_mut(allocation) else {
            return;
        };
        let key = allocation.key.clone();
        if !is_batch(allocation)
            || self
                .allocations
                .iter()
                .any(|known| known.key == key && known.is_live())
        {
            return;
        }
        self.set_job_status(&key, "dead");
    }

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
        let unhealthy = |group: &&deployment::GroupState| group.unhealthy_allocs > 0;
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
        let versions = self.jobs.get(&key).map_or(&[][..], Vec::as_slice);
        let stable = versions.iter().rev().find(|job| job["Stable"] == true);
        let differs = stable
            .zip(versions.last())
            .is_some_and(|(stable, current)| {
                job::specification(stable) != job::specification(current)
            });
        let target = stable.map(job::version);
        let (why, job) = match target {
            _ if !roll_back => (why.to_owned(), None),
            None => (
                format!("{why} - no stable job version to auto revert to"),
                None,
            ),
            Some(version) if differs => {
                let why = format!("{why} - rolling back to job version {version}");
                (why, stable.cloned())
            }
            Some(version) => {
                let why = format!(
                    "{why} - not rolling back to stable job version {version} as current job has \
                     same specification"
                );
                (why, None)
            }
        };
        let mut index = self.end_deployment(id, "failed", &why);
        self.stop_unpromoted_canaries(&deployment);
        let reverted_job_version = job.as_ref().map(job::version);
        if let Some(mut job) = job {
            job["VersionTag"] = serde_json::Value::Null;
            index = self.add_version(&key, job);
        }
        Commanded {
            evaluation: Some(self.queue_evaluation(&key, "deployment-watcher", index)),
            reverted_job_version,
            index,
        }
    }

    fn stop_unpromoted_canaries(&mut self, deployment: &Deployment) {
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
        Commanded {
            evaluation: Some(self.queue_evaluation(&key, "deployment-watcher", index)),
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

    fn active_deployment(&self, id: &str, command: &str) -> Result<&Deployment, ApiError> {
        match self.deployment(id) {
            None => Err(ApiError::rpc("deployment not found")),
            Some(found) if !found.is_active() => Err(ApiError::rpc(format!(
                "can't {command} terminal deployment"
            ))),
            Some(found) => Ok(found),
        }
    }

    pub(super) fn command_promote(&mut self, id: &str) -> Result<Commanded, ApiError> {
        let deployment = self.active_deployment(id, "promote")?;
        if !deployment.requires_promotion() {
            return Err(ApiError::rpc("no canaries to promote"));
        }
        let unhealthy = unhealthy_canaries(deployment);
        if unhealthy.is_empty() {
            return Ok(self.promote(id));
        }
        let count = unhealthy.len();
        let errors = if count == 1 { "error" } else { "errors" };
        let lines = unhealthy.iter().map(|(name, healthy, desired)| {
            format!("\t* Task group {name:?} has {healthy}/{desired} healthy allocations\n")
        });
        let text = format!(
            "{count} {errors} occurred:\n{}\n",
            lines.collect::<String>()
        );
        Err(ApiError::rpc(text))
    }

    pub(super) fn command_fail(&mut self, id: &str) -> Result<Commanded, ApiError> {
        let deployment = self.active_deployment(id, "fail")?;
        let mut groups = deployment.task_groups.values();
        let roll_back = groups.any(|group| group.auto_revert);
        Ok(self.fail_deployment(id, deployment::BY_USER, roll_back))
    }

    pub(super) fn command_pause(&mut self, id: &str, pause: bool) -> Result<Commanded, ApiError> {
        let command = if pause { "pause" } else { "resume" };
        let key = self.active_deployment(id, command)?.key();
        if pause {
            let index = self.end_deployment(id, "paused", deployment::PAUSED);
            return Ok(Commanded {
                index,
                ..Commanded::default()
            });
        }
        let index = self.end_deployment(id, "running", deployment::RUNNING);
        let evaluation = self.queue_evaluation(&key, "deployment-watcher", index);
        self.judge(id);
        Ok(Commanded {
            evaluation: Some(evaluation),
            reverted_job_version: None,
            index,
        })
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

fn is_batch(allocation: &Allocation) -> bool {
    matches!(allocation.job_type.as_str(), "batch" | "sysbatch")
}

/// Writes down what the client found.
fn report(allocation: &mut Allocation, fate: Option<&(String, Fate)>, index: u64) {
    let now = clock::unix_nanos();
    let is_rolled = allocation.deployment_id.is_some();
    if let Some((task, Fate::DriverFailure(message))) = fate {
        fail_to_start(allocation, task, message, now);
    } else if allocation.client_status == "pending" {
        allocation.client_status = "running";
        for state in allocation.tasks.values_mut() {
            state.start(now);
        }
    }
    match fate {
        Some((_, Fate::Stalled)) => {}
        Some(_) => allocation.healthy = is_rolled.then_some(false),
        None if is_batch(allocation) => {
            allocation.client_status = "complete";
            for state in allocation.tasks.values_mut() {
                state.end(false, "Terminated", "Exit Code: 0", now);
            }
        }
        None => allocation.healthy = is_rolled.then_some(true),
    }
    allocation.judged_at = now;
    allocation.modify_index = index;
    allocation.modify_time = now;
}

fn fail_to_start(allocation: &mut Allocation, failed_task: &str, message: &str, now: u64) {
    allocation.client_status = "failed";
    for (task, state) in &mut allocation.tasks {
        if task == failed_task {
            state.end(true, "Driver Failure", message, now);
        } else {
            state.end(false, "Sibling Task Failed", "Task's sibling failed", now);
        }
    }
}
