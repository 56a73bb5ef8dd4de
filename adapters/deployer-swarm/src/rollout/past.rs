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
        Some(previous) if previous.template().carries(id) => {
            undone(&update, |what| Failure::Orchestrator {
                message: format!("somebody rolled it back: {what}"),
            })
        }
        Some(_) => Progress::Superseded,
        None if Before::of(service.spec()) != expected.handle.before => Progress::Superseded,
        None => undone(&update, |what| {
            let ours = facts
                .tasks
                .iter()
                .filter(|task| task.template().carries(id));
            blame::of(what, ours, service.spec().mode().is_job())
        }),
    }
}

fn undone(update: &UpdateStatus, reason: impl FnOnce(&str) -> Failure) -> Progress {
    let what = update.message.clone();
    match update.state {
        UpdateState::RollbackStarted => Progress::Rolling { detail: what },
        state => Progress::Failed {
            reason: reason(&what),
            restored: state == UpdateState::RollbackCompleted,
        },
    }
}
