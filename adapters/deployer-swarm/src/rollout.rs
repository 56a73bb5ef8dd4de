//! Judges a rollout by what the manager says at one moment.

mod past;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Apply, Progress};

use crate::blame;
use crate::convergence::Convergence;
use crate::handle::Handle;
use crate::service::{Service, UpdateState};
use crate::task::Task;

/// What the manager said.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) service: Service,
    pub(crate) tasks: Vec<Task>,
    /// Those that are up.
    pub(crate) nodes: BTreeSet<String>,
    /// When, by its own clock.
    pub(crate) now: DateTime<Utc>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) apply: &'a Apply,
    pub(crate) handle: &'a Handle,
}

impl Expected<'_> {
    /// Whether the service is as it was asked for.
    fn is_met_by(&self, service: &Service) -> bool {
        let template = service.spec().template();
        if !self.handle.unchanged {
            return template.carries(self.apply.id);
        }
        let image = template.reference();
        let digest = image.as_ref().and_then(|image| image.digest());
        digest.is_some_and(|digest| self.apply.candidate.image.has_digest(digest, None))
    }

    /// The tasks of the rollout, whatever the service is now.
    fn tasks_of<'f>(&self, facts: &'f Facts) -> impl Iterator<Item = &'f Task> + use<'f> {
        let id = self.apply.id;
        let tasks = facts.tasks.iter();
        tasks.filter(move |task| task.template().carries(id))
    }
}

/// How far the rollout is.
pub(crate) fn judge(facts: &Facts, expected: &Expected<'_>) -> Progress {
    let service = &facts.service;
    if service.id() != expected.handle.service {
        return Progress::Superseded;
    }
    if !expected.is_met_by(service) {
        return past::judge(facts, expected);
    }
    let update = service.update().filter(|update| {
        update.started_at.is_none() || update.started_at != expected.handle.earlier_update
    });
    let Some(update) = update else {
        return by_tasks(facts, false);
    };
    match update.state {
        UpdateState::Paused | UpdateState::RollbackPaused => failed(facts, &update.message),
        UpdateState::Updating | UpdateState::RollbackStarted => rolling(facts, &converge(facts)),
        state => by_tasks(facts, state == UpdateState::Completed),
    }
}

/// Judges a service that Swarm is done with, or never had to update.
fn by_tasks(facts: &Facts, is_completed: bool) -> Progress {
    let convergence = converge(facts);
    let spec = facts.service.spec();
    if !convergence.is_reached() {
        if convergence.is_hopeless {
            return failed(facts, "its tasks do not stay up");
        }
        return rolling(facts, &convergence);
    }
    // Swarm itself has watched the tasks for as long as they are to be watched.
    let was_watched = is_completed && !spec.ignores_failures();
    if was_watched || spec.mode().is_job() {
        return Progress::Succeeded;
    }
    let since = convergence.since.max(facts.service.updated_at());
    let watched = since.map_or(TimeDelta::MAX, |since| facts.now - since);
    if TimeDelta::from_std(spec.monitor()).is_ok_and(|monitor| watched < monitor) {
        return Progress::Rolling {
            detail: format!(
                "all its tasks run; they are watched for {}",
                humantime::format_duration(spec.monitor())
            ),
        };
    }
    Progress::Succeeded
}

fn converge(facts: &Facts) -> Convergence {
    let spec = facts.service.spec();
    Convergence::count(spec.mode(), spec.template(), &facts.tasks, &facts.nodes)
}

fn rolling(facts: &Facts, convergence: &Convergence) -> Progress {
    let Convergence { done, wanted, .. } = convergence;
    let spec = facts.service.spec();
    let is_job = spec.mode().is_job();
    let verb = if is_job {
        "are complete"
    } else {
        "run the image"
    };
    let problem = blame::latest_problem(current(facts), is_job);
    let problem = problem.map_or_else(String::new, |problem| format!("; {problem}"));
    Progress::Rolling {
        detail: format!("{done} of {wanted} tasks {verb}{problem}"),
    }
}

fn failed(facts: &Facts, what: &str) -> Progress {
    Progress::Failed {
        reason: blame::of(what, current(facts), facts.service.spec().mode().is_job()),
        restored: false,
    }
}

fn current(facts: &Facts) -> impl Iterator<Item = &Task> {
    let template = facts.service.spec().template();
    facts
        .tasks
        .iter()
        .filter(move |task| task.template().is(template))
}

/// The task by whose failure the rollout is judged.
pub(crate) fn culprit<'f>(facts: &'f Facts, expected: &Expected<'_>) -> Option<&'f Task> {
    let is_job = facts.service.spec().mode().is_job();
    blame::culprit(expected.tasks_of(facts), is_job)
}

/// What a service that is gone means for its rollout.
pub(crate) fn of_removed_service() -> Progress {
    Progress::Failed {
        reason: Failure::Workload {
            message: "the service was removed".to_owned(),
        },
        restored: false,
    }
}
