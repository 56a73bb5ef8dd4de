//! Jobs without deployments: batch, services without `max_parallel`, system jobs of servers before 1.11.

use std::time::Duration;

use chrono::{DateTime, Utc};
use registrywatcher::ports::Progress;

use super::blame::{self, latest_problem};
use super::{Facts, Judged, evaluation, failed};
use crate::job::Job;
use crate::wire::Allocation;

/// How long an allocation must run to count as healthy if the job does not say: Nomad's own default.
const MIN_HEALTHY: Duration = Duration::from_secs(10);

/// So often a task is restarted, or allocations of one version fail, before the image is given up.
const TOO_OFTEN: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Healthy,
    HealthyIn(Duration),
    NotYet,
}

/// Judges a rollout by the allocations of the job's version.
pub(super) fn judge(facts: &Facts, job: &Job, groups: &[String]) -> Judged {
    let current = facts.allocations_of(job.version(), groups);
    if has_given_up(&current) {
        return failed(blame::of_allocations("allocations failed", &current, true)).into();
    }
    let wanted: Vec<_> = current
        .iter()
        .filter(|allocation| allocation.desired_status != "stop")
        .collect();
    let health: Vec<_> = wanted
        .iter()
        .map(|allocation| (allocation, health(allocation, job, facts.now)))
        .collect();
    let healthy = health
        .iter()
        .filter(|(_, health)| *health == Health::Healthy)
        .count();

    let is_complete = if job.kind().starts_with("sys") {
        is_everywhere(facts, job, groups) && healthy == wanted.len()
    } else {
        job.counts(groups).iter().all(|(group, count)| {
            let healthy = health.iter().filter(|(allocation, health)| {
                allocation.task_group == *group && *health == Health::Healthy
            });
            healthy.count() as u64 >= *count
        })
    };
    if is_complete {
        return Progress::Succeeded.into();
    }
    let mut detail = format!(
        "{healthy} of {} allocations are healthy",
        expected_count(job, groups, wanted.len())
    );
    let unplaced = facts.evaluation.as_ref().and_then(evaluation::unplaced);
    for more in [unplaced, latest_problem(&current)].into_iter().flatten() {
        detail = format!("{detail}; {more}");
    }
    let again_in = health
        .iter()
        .filter_map(|(_, health)| match health {
            Health::HealthyIn(rest) => Some(*rest),
            _ => None,
        })
        .min();
    Judged {
        progress: Progress::Rolling { detail },
        again_in,
    }
}

fn expected_count(job: &Job, groups: &[String], placed: usize) -> u64 {
    if job.kind().starts_with("sys") {
        placed as u64
    } else {
        job.counts(groups).values().sum()
    }
}

/// Whether a system job has come to each of its nodes: something is placed, nothing is queued, and none of an older
/// version is left.
fn is_everywhere(facts: &Facts, job: &Job, groups: &[String]) -> bool {
    let queued = facts.evaluation.as_ref().is_some_and(|evaluation| {
        !evaluation.unplaced.is_empty()
            || evaluation
                .queued_allocations
                .iter()
                .any(|(group, queued)| groups.contains(group) && *queued > 0)
    });
    let is_alive = |allocation: &&Allocation| {
        groups.contains(&allocation.task_group)
            && allocation.desired_status == "run"
            && matches!(allocation.client_status.as_str(), "pending" | "running")
    };
    let older = facts
        .allocations
        .iter()
        .filter(is_alive)
        .any(|allocation| allocation.job_version < job.version());
    let placed = !facts.allocations_of(job.version(), groups).is_empty();
    placed && !queued && !older
}

fn health(allocation: &Allocation, job: &Job, now: DateTime<Utc>) -> Health {
    match allocation
        .deployment_status
        .as_ref()
        .and_then(|status| status.healthy)
    {
        Some(true) => return Health::Healthy,
        Some(false) => return Health::NotYet,
        None => {}
    }
    match allocation.client_status.as_str() {
        "complete" if job.kind().ends_with("batch") => Health::Healthy,
        "running" => running_health(allocation, job, now),
        _ => Health::NotYet,
    }
}

fn running_health(allocation: &Allocation, job: &Job, now: DateTime<Utc>) -> Health {
    let in_group = |name: &str| {
        job.tasks()
            .find(|task| task.group() == allocation.task_group && task.name() == name)
    };
    let mut main = allocation
        .task_states
        .iter()
        .filter(|(name, _)| in_group(name).is_none_or(|task| task.is_main()))
        .map(|(_, state)| state)
        .peekable();
    if main.peek().is_none() {
        return Health::NotYet;
    }
    let mut youngest = None;
    for state in main {
        if state.state != "running" {
            return Health::NotYet;
        }
        youngest = youngest.max(state.started_at);
    }
    let wanted = job
        .min_healthy_time(&allocation.task_group)
        .and_then(|nanoseconds| u64::try_from(nanoseconds).ok())
        .map_or(MIN_HEALTHY, Duration::from_nanos);
    let age = youngest.map_or(wanted, |started| {
        (now - started).to_std().unwrap_or_default()
    });
    match wanted.checked_sub(age) {
        Some(rest) if !rest.is_zero() => Health::HealthyIn(rest),
        _ => Health::Healthy,
    }
}

/// Whether Nomad, or patience, has come to its end: an allocation failed and has no successor, or they fail again and
/// again.
fn has_given_up(allocations: &[&Allocation]) -> bool {
    let failed = || {
        allocations
            .iter()
            .filter(|allocation| allocation.client_status == "failed")
    };
    let restarts = allocations
        .iter()
        .flat_map(|allocation| allocation.task_states.values())
        .map(|task| task.restarts);
    failed().any(|allocation| {
        allocation.successor.is_empty() && allocation.followup_evaluation.is_empty()
    }) || failed().count() >= TOO_OFTEN
        || restarts
            .max()
            .is_some_and(|restarts| restarts >= TOO_OFTEN as u64)
}
