use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;

use super::{Expected, Facts};
use crate::blame;
use crate::handle::Before;
use crate::service::{UpdateState, UpdateStatus};

/// Judges a rollout whose service no longer is as it was asked for: Swarm went back, or somebody did, or somebody deployed
/// over it.
pub(super) fn judge(facts: &Facts, expected: &Expected<'_>) -> Progress {
    let service = &facts.service;
    let Some(update) = service.update().filter(|update| update.state.is_rollback()) else {
        return Progress::Superseded;
    };
    let id = expected.apply.id;
    match service.previous() {
        // A rollback that was asked for exchanges the two.
        Some(previous) if previous.template().carries(id) => undone(&update, |_| {
            let message = "somebody rolled it back".to_owned();
            Failure::Orchestrator { message }
        }),
        Some(_) => Progress::Superseded,
        None if Before::of(service.spec()) != expected.handle.before => Progress::Superseded,
        None => undone(&update, |what| {
            let is_job = service.spec().mode().is_job();
            blame::of(what, expected.tasks_of(facts), is_job)
        }),
    }
}

fn undone(update: &UpdateStatus, reason: impl FnOnce(&str) -> Failure) -> Progress {
    let message = update.message.as_str();
    match update.state {
        UpdateState::RollbackStarted => Progress::Rolling {
            detail: message.to_owned(),
        },
        UpdateState::RollbackCompleted => Progress::Failed {
            reason: reason("swarm rolled it back"),
            restored: true,
        },
        _ => Progress::Failed {
            reason: reason(message),
            restored: false,
        },
    }
}
