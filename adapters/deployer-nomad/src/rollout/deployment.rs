use registrywatcher::ports::Progress;

use super::blame::{self, latest_problem};
use super::{Facts, evaluation, failed, workload_fault};
use crate::wire::{Allocation, Deployment};

/// Judges a rollout by the deployment that Nomad made for it.
pub(super) fn judge(facts: &Facts, deployment: &Deployment, groups: &[String]) -> Progress {
    let allocations = facts.allocations_of(deployment.job_version, groups);
    match deployment.status.as_str() {
        "successful" => Progress::Succeeded,
        "failed" => Progress::Failed {
            reason: blame::of_deployment(deployment, &allocations),
            restored: is_rolled_back(deployment),
        },
        "cancelled" if deployment.status_description.contains("job is stopped") => {
            failed(workload_fault("the job was stopped"))
        }
        "cancelled" => Progress::Superseded,
        _ if awaits_promotion(deployment) => Progress::AwaitingPromotion,
        _ => Progress::Rolling {
            detail: detail(facts, deployment, &allocations),
        },
    }
}

/// Whether Nomad registered the last stable version anew. ` - not rolling back to stable job version N` is the opposite.
pub(super) fn is_rolled_back(deployment: &Deployment) -> bool {
    deployment
        .status_description
        .contains(" - rolling back to job version ")
}

/// Whether all canaries are healthy and somebody must promote them. The status description says that promotion is
/// required long before they are.
pub(crate) fn awaits_promotion(deployment: &Deployment) -> bool {
    let mut canaries = deployment
        .task_groups
        .values()
        .filter(|group| group.desired_canaries > 0 && !group.promoted)
        .peekable();
    deployment.status == "running"
        && canaries.peek().is_some()
        && canaries
            .all(|group| !group.auto_promote && group.healthy_allocs >= group.desired_canaries)
}

fn detail(facts: &Facts, deployment: &Deployment, allocations: &[&Allocation]) -> String {
    let groups = deployment.task_groups.values();
    let healthy: u64 = groups.clone().map(|group| group.healthy_allocs).sum();
    let desired: u64 = groups.clone().map(|group| group.desired_total).sum();
    let unhealthy: u64 = groups.map(|group| group.unhealthy_allocs).sum();

    let mut detail = format!("{healthy} of {desired} allocations are healthy");
    if unhealthy > 0 {
        detail = format!("{detail}, {unhealthy} unhealthy");
    }
    if deployment.status != "running" {
        detail = format!("the deployment is {}; {detail}", deployment.status);
    }
    let unplaced = facts.evaluation.as_ref().and_then(evaluation::unplaced);
    for more in [unplaced, latest_problem(allocations)]
        .into_iter()
        .flatten()
    {
        detail = format!("{detail}; {more}");
    }
    detail
}
