//! What became of a rollout: pure judgement of what Nomad says.

mod allocations;
mod blame;
mod deployment;
mod evaluation;
mod expected;
mod past;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;

use crate::job::Job;
use crate::wire::{Allocation, Deployment, Evaluation};

pub(crate) use deployment::awaits_promotion;
pub(crate) use expected::Expected;

/// What Nomad says at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// The job as it stands; `None` when it was purged.
    pub(crate) job: Option<Job>,
    /// The versions that Nomad kept, newest first; read only when the job is no longer as it was wanted.
    pub(crate) versions: Vec<Job>,
    pub(crate) deployments: Vec<Deployment>,
    /// The one that places the job's allocations, or that of our registration when the job is no longer as it was wanted;
    /// `None` when it was forgotten.
    pub(crate) evaluation: Option<Evaluation>,
    pub(crate) allocations: Vec<Allocation>,
    pub(crate) now: DateTime<Utc>,
}

/// How far a rollout is, and when it is worth looking again although nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) progress: Progress,
    pub(crate) again_in: Option<Duration>,
}

impl From<Progress> for Judged {
    fn from(progress: Progress) -> Self {
        Self {
            progress,
            again_in: None,
        }
    }
}

impl Facts {
    /// The deployment that rolls out `job`. Matched by the index of its specification: `JobModifyIndex` of a deployment
    /// is the job's `ModifyIndex` and may be off (hashicorp/nomad#4301).
    pub(crate) fn deployment_of(&self, job: &Job) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| {
            deployment.job_spec_modify_index == job.job_modify_index()
                || (deployment.job_spec_modify_index == 0
                    && deployment.job_version == job.version()
                    && deployment.job_create_index == job.create_index())
        })
    }

    /// The allocations of one version of the job in `groups`.
    fn allocations_of(&self, version: u64, groups: &[String]) -> Vec<&Allocation> {
        self.allocations
            .iter()
            .filter(|allocation| {
                allocation.job_version == version && groups.contains(&allocation.task_group)
            })
            .collect()
    }
}

/// Judges a rollout by the facts, and by nothing that was seen before.
pub(crate) fn judge(facts: &Facts, expected: &Expected<'_>) -> Judged {
    let Some(job) = &facts.job else {
        return failed(workload_fault("the job was purged")).into();
    };
    if !expected.is_met_by(job) {
        return past::judge(facts, job, expected).into();
    }
    if job.is_stopped() {
        return failed(workload_fault("the job was stopped")).into();
    }
    if job.launches_others() {
        return Progress::Succeeded.into();
    }
    if let Some(deployment) = facts.deployment_of(job) {
        return deployment::judge(facts, deployment, &expected.groups(job)).into();
    }
    match facts.evaluation.as_ref().and_then(evaluation::undecided) {
        Some(progress) => progress.into(),
        None => allocations::judge(facts, job, &expected.groups(job)),
    }
}

fn failed(reason: Failure) -> Progress {
    Progress::Failed {
        reason,
        restored: false,
    }
}

fn workload_fault(message: &str) -> Failure {
    Failure::Workload {
        message: message.to_owned(),
    }
}
